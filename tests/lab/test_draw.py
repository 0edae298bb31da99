# SPDX-License-Identifier: Apache-2.0
"""Every panel of every dashboard, drawn with Grafana's own components from a running stack: while all is well, and
with each component dead. The pictures are kept for a person to look at (drawing.pictures())."""

import os
import signal
import subprocess
import time

import pytest

import drawing
import queries
from backends import wait_for
from journey import known

GREEN, RED = "#73bf69", "#f2495c"
LOAD = ["--scenario", "shop", "--rate", "300/s", "--duration", "1h"]
WARM_UP = 330                     # seconds until series that are recorded and rates over five minutes have values
DEATH = 100                       # until the last sample has left every rate of a minute and every recorded series
DEAD = ["loki", "jaeger", "otel-collector", "alertmanager", "node-exporter", "grafana"]


@pytest.fixture(scope="module")
def draw(stack, tmp_path_factory):
    """Returns a function that draws dashboards of the loaded default stack: "uid / title" -> what was drawn."""
    drawing.bundle(drawing.installed())
    log = tmp_path_factory.mktemp("load") / "log"
    with log.open("w") as file, subprocess.Popen(
            [os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, *LOAD], stdout=file, stderr=file) as load:
        time.sleep(WARM_UP)

        def make(name: str, *uids: str) -> dict:
            boards = [board for board in queries.dashboards(stack.directory).values()
                      if not uids or board["uid"] in uids]
            return {panel: row for board in boards
                    for panel, row in drawing.draw(stack, board, f"{name}-{board['uid']}").items()}

        yield make
        load.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def healthy(draw) -> dict:
    return draw("healthy")


def panels_of(stack) -> dict:
    """"uid / title" -> panel."""
    return {f"{board['uid']} / {panel['title']}": panel
            for board in queries.dashboards(stack.directory).values() for panel in queries.panels(board)}


def test_every_panel_is_drawn(stack, healthy, report):
    report(f"{len(healthy)} panels, pictures in {drawing.pictures()}")
    assert set(healthy) == set(panels_of(stack))


def test_no_panel_says_no_data_while_all_is_well(stack, healthy):
    """A panel that is usually empty says why in words of its own; a limit alone is no data."""
    panels, allowed = panels_of(stack), known("allowed_undrawn.yaml")
    empty = [name for name, row in healthy.items()
             if {value["name"] for value in row["values"]} == {"limit"}
             or (row["empty"] and panels[name]["fieldConfig"]["defaults"]["noValue"] == "no data")
             or any(value["text"] == "no data" for value in row["values"])]
    assert [name for name in empty if not any(word in name for word in allowed)] == []


def test_legends_tell_series_apart(healthy):
    wrong = {}
    for name, row in healthy.items():
        names = [value["name"].strip() for value in row["values"]]
        if row["type"] == "timeseries" and ("" in names or "Value" in names or len(set(names)) < len(names)):
            wrong[name] = names
    assert not wrong


def test_tables_say_what_their_values_belong_to(healthy):
    wrong = [name for name, row in healthy.items() if row["type"] == "table" and not row["empty"]
             and not all(any(cell.strip() for cell in line[:-1]) for line in row["rows"])]
    assert not wrong


def test_an_empty_cell_does_not_say_that_the_table_is_empty(stack, healthy):
    panels = panels_of(stack)
    wrong = [name for name, row in healthy.items() if row["type"] == "table" and not row["empty"]
             and any(panels[name]["fieldConfig"]["defaults"]["noValue"] in line for line in row["rows"])]
    assert not wrong


def dashboard_of(stack, component: str) -> str:
    """The uid of the dashboard whose first tile is the component's state."""
    for board in queries.dashboards(stack.directory).values():
        first = queries.panels(board)[0]
        if first["title"] == "State" and f'job="{component}"' in first["targets"][0]["expr"]:
            return board["uid"]
    raise AssertionError(f"no dashboard of {component}")


def is_about(panel: dict, component: str) -> bool:
    """Whether a tile reads the component's own series, not what others say of it."""
    text = " ".join(target["expr"] for target in panel["targets"])
    return "ALERTS" not in text and not ('job="' in text and f'job="{component}"' not in text)


@pytest.mark.parametrize("component", [
    pytest.param(name, marks=pytest.mark.needs("loki")) if name == "loki" else name for name in DEAD])
def test_a_dead_component_is_seen(stack, draw, component):
    uid, panels = dashboard_of(stack, component), panels_of(stack)
    stack.compose("stop", "--timeout", "10", component)
    try:
        wait_for(lambda: stack.prometheus().query(f'up{{job="{component}"}} == 0'), 60, f"{component} down")
        time.sleep(DEATH)
        drawn = draw(f"dead-{component}", uid, "obsctl-overview")
    finally:
        stack.compose("start", component)
        wait_for(stack.is_healthy, 120, f"{component} healthy again")
    state = drawn[f"{uid} / State"]["values"]
    assert [(value["name"], value["color"].lower()) for value in state] == [("Down", RED)]
    green = [name for name, row in drawn.items()
             if name.startswith(uid) and row["type"] in ("stat", "gauge") and is_about(panels[name], component)
             and any(value["color"].lower() == GREEN for value in row["values"])]
    assert not green
    assert drawn["obsctl-overview / Components down"]["values"][0]["color"].lower() == RED
    assert drawn["obsctl-overview / Components"]["rows"][0][:2] == ["down", component]
