# SPDX-License-Identifier: Apache-2.0
"""A store that is away is found before anything is lost, by the first check after something waits for it, and how long
that takes is said right within a fifth, whatever the queues and the retries of the collector are."""

import contextlib
import dataclasses
import json
import os
import subprocess
import time

import pytest
import yaml

import given
from backends import wait_for
from health_faults import COLLECTOR, paused
from queue_watch import QueueWatch, look_at

LOAD = ["-r", "200/s", "-b", "20", "-d", "2h"]
FILLS = 60          # seconds that each queue lasts, by its size
CALIBRATION = 30    # seconds in which it is measured what arrives
SETTLE = 15         # seconds until the sampler keeps as much as it does later
DRAINED = 120
WINDOW = 12         # seconds of one check (HA-2)
OFF = 0.2           # of a prediction (HA-2)


@dataclasses.dataclass(frozen=True)
class Setting:
    name: str
    gives_up: str = "0s"     # retry_on_failure.max_elapsed_time
    on_disk: bool = True
    runs: int = 2

    def __str__(self) -> str:
        return self.name


SETTINGS = [Setting("never gives up, queue on disk", runs=7),     # three stores each: 21 of 21
            Setting("gives up after 30 s", gives_up="30s"),
            Setting("gives up after 300 s", gives_up="300s"),
            Setting("queue in memory", on_disk=False)]
RUNS = [pytest.param(setting, id=f"{setting}, {number}") for setting in SETTINGS
        for number in range(1, setting.runs + 1)]


class Bed:
    """A loaded stack whose collector has small queues."""

    def __init__(self, stack) -> None:
        self.stack = stack
        rows = stack.config("otel-collector/config.yaml")["exporters"]
        self.exporters = {name: row for name, row in rows.items()
                          if any(store in row.get("endpoint", "") for store in stack.stores())}
        self.sizes = dict.fromkeys(self.exporters, 100_000_000)
        self.setting = None

    @property
    def page(self) -> str:
        return f"http://{self.stack.address(COLLECTOR, 8888)}/metrics"

    def configure(self, setting: Setting) -> None:
        path = self.stack.directory / "configs/otel-collector/own.yaml"
        path.write_text(yaml.safe_dump({"exporters": {name: self.changed(name, setting) for name in self.exporters}}),
                        encoding="utf-8")
        self.setting = setting

    def use(self, setting: Setting) -> None:
        """A collector with this setting that sends on what arrives."""
        if setting != self.setting:
            self.configure(setting)
            self.stack.compose("restart", "--timeout", "20", COLLECTOR)
        wait_for(self.is_drained, DRAINED, "a collector that sends everything on")
        time.sleep(SETTLE)

    def changed(self, exporter: str, setting: Setting) -> dict:
        """Small queues, small batches, and retries that come soon after a store is back."""
        queue = {"queue_size": self.sizes[exporter]}
        if "batch" in self.exporters[exporter]["sending_queue"]:
            queue["batch"] = {"min_size": 20_000, "max_size": 100_000}
        if not setting.on_disk:
            queue["storage"] = None
        return {"sending_queue": queue,
                "retry_on_failure": {"max_interval": "2s", "max_elapsed_time": setting.gives_up}}

    def is_drained(self) -> bool:
        looks = look_at(self.page)
        return set(looks) >= set(self.exporters) and all(
            looks[name].sent > 0 and looks[name].size < 0.1 * looks[name].capacity for name in self.exporters)

    @contextlib.contextmanager
    def stores_away(self):
        with contextlib.ExitStack() as stores:
            for store in self.stack.stores():
                stores.enter_context(paused(self.stack, store))
            yield

    def calibrate(self) -> None:
        """Makes each queue as large as what arrives in FILLS seconds."""
        self.use(self.setting)
        with QueueWatch(self.page) as watch, self.stores_away():
            time.sleep(CALIBRATION)
            watch.stop()
        self.sizes = {name: int(watch.growth(name) * FILLS) for name in self.exporters}


@dataclasses.dataclass(frozen=True)
class Check:
    """One run of `obsctl health`; problems: exporter -> id of a check -> its problem."""

    began: float
    ended: float
    problems: dict

    def found(self, exporter: str, id_: str) -> dict | None:
        return self.problems.get(exporter, {}).get(id_)


def check(stack) -> Check:
    began = time.monotonic()
    done = subprocess.run([os.environ["OBSCTL"], "health", "--dir", stack.directory, "-o", "json"], capture_output=True,
                          text=True, check=False, timeout=60)
    ended = time.monotonic()
    assert done.returncode in (0, 3, 4), done.stderr
    problems: dict = {}
    for result in json.loads(done.stdout)["checks"]:
        for problem in result["problems"]:
            if exporter := problem["labels"].get("exporter"):
                problems.setdefault(exporter, {})[result["id"]] = problem
    return Check(began, ended, problems)


def outage(bed: Bed) -> tuple:
    """All stores away until each exporter lost something: (what was seen of the queues, all checks)."""
    checks = []
    with QueueWatch(bed.page) as watch, bed.stores_away():
        end = time.monotonic() + 3 * FILLS
        while time.monotonic() < end and not all(map(watch.loses_at, bed.exporters)):
            checks.append(check(bed.stack))
        watch.stop()
    return watch, checks


@contextlib.contextmanager
def load(stack):
    process = subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, "-q", *LOAD],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def bed(new_stack):
    # With a store of logs, whether Loki is given or not.
    stack = new_stack(*(["--logs", "victorialogs"] if "loki" in given.absent() else []))
    one = Bed(stack)
    one.configure(Setting("to measure what arrives"))
    stack.up()
    with load(stack):
        one.calibrate()
        yield one


@pytest.mark.parametrize("setting", RUNS)
def test_an_outage_is_found_before_anything_is_lost(bed, setting, report):
    bed.use(setting)
    watch, checks = outage(bed)
    for exporter in bed.exporters:
        since, lost = watch.waits_since(exporter), watch.loses_at(exporter)
        first = next(one for one in checks if one.began >= since)
        stuck, gives_up = first.found(exporter, "COL-003"), first.found(exporter, "COL-008")
        assert stuck, f"{exporter}: not found by the first check, which began {first.began - since:.1f} s after"
        assert first.ended - first.began <= WINDOW
        assert "queue full in" in stuck["message"]
        # The queue lasts longer than 30 s, so giving up is what loses data first.
        assert bool(gives_up) == (setting.gives_up == "30s")
        said, true = (gives_up or stuck)["seconds_to_loss"], lost - first.ended
        report(f"{exporter}: {'gives up' if gives_up else 'full'} in {said:.1f} s, was {true:.1f} s")
        assert abs(said - true) <= OFF * true
