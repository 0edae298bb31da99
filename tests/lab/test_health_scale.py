# SPDX-License-Identifier: Apache-2.0
"""`obsctl health scale` on a running stack: nothing to do while it is idle, and what is too small under load."""

import json
import os
import subprocess
import time

import pytest

from backends import wait_for
from stack import Stack

CORES = 0.25          # far less than what the load takes
SAMPLE = "5s"


def scale(stack: Stack) -> dict:
    """The advice as JSON, with the exit code as `exit`."""
    command = [os.environ["OBSCTL"], "health", "scale", "--dir", stack.directory, "--sample", SAMPLE, "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 3, 4), done.stderr
    return {**json.loads(done.stdout), "exit": done.returncode}


def of(advice: dict, part: str, measure: str) -> dict:
    (found,) = [one for one in advice["measures"] if (one["part"], one["measure"]) == (part, measure)]
    return found


def to_scale(advice: dict) -> set:
    """How full the disk of this machine is has nothing to do with the stack."""
    return {(one["part"], one["measure"]) for one in advice["measures"]
            if one["must_scale"] and not one["measure"].startswith("disk")}


@pytest.fixture(scope="module", name="small")
def a_stack_with_a_small_collector(new_stack):
    stack = new_stack("--logs", "victorialogs", "--set", f"components.otel-collector.cpus={CORES}")
    stack.up()
    return stack


@pytest.mark.in_order
def test_an_idle_stack_has_room(small, report):
    wait_for(lambda: not scale(small)["unknown"], 60, "answers of every part")
    advice = scale(small)
    assert to_scale(advice) == set() and advice["unknown"] == []
    parts = {one["part"] for one in advice["measures"]}
    assert {"otel-collector", "prometheus", "jaeger", "victorialogs", "grafana", "alertmanager"} <= parts
    assert of(advice, "otel-collector", "CPU")["may_grow"] > 2
    assert advice["tier"] == {"name": "small", "next": "medium", "wanted": "small"}
    report(f"{len(advice['measures'])} measures of {len(parts)} parts")


@pytest.mark.in_order
def test_the_collector_is_the_part_that_is_too_small(small, report):
    command = [os.environ["OBSCTL"], "loadgen", "--stack", small.directory, "-r", "8k/s", "-d", "3m", "-q"]
    load = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(15)
        wait_for(lambda: ("otel-collector", "CPU") in to_scale(scale(small)), 90, "the collector to be at its limit")
        advice = scale(small)
    finally:
        load.terminate()
        load.wait()
    cpu = of(advice, "otel-collector", "CPU")
    report(f"{cpu['says']}; `{advice['size_command']}`")
    assert advice["exit"] == 3 and f"of its {CORES} cores" in cpu["says"]
    assert advice["load"]["spans_per_second"] > 100 and advice["load"]["series"] > 1000
    sized = subprocess.run(["bash", "-c", advice["size_command"].replace("obsctl", '"$OBSCTL"', 1)],
                           capture_output=True, text=True, check=False, timeout=60)
    assert sized.returncode == 3 and "otel-collector" in sized.stdout, sized.stderr
