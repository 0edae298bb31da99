# SPDX-License-Identifier: Apache-2.0
"""`obsctl health` on a running stack: nothing is found when all is well, and each fault is found as what it is."""

import json
import os
import subprocess
import time

import pytest

from backends import wait_for
from health_faults import FAULTS, OF_THE_HOST, findings, unknown
from stack import Stack

QUIET_SECONDS = 400   # after a fault: alerts resolve, queues drain, what a log says is five minutes old


def health(stack: Stack, *words) -> dict:
    """The report as JSON, with the exit code as `exit`."""
    command = [os.environ["OBSCTL"], "health", "--dir", stack.directory, "-o", "json", *OF_THE_HOST, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 3, 4), done.stderr
    return {**json.loads(done.stdout), "exit": done.returncode}


def is_well(stack: Stack) -> bool:
    report = health(stack)
    return not findings(report) and not unknown(report)


@pytest.fixture(scope="module")
def load(stack):
    """A little of everything, all the time."""
    process = subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, "-r", "200/s", "-d", "2h",
                                "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait()


def test_idle_stack_is_healthy(stack, report):
    wait_for(lambda: is_well(stack), 120, "a new stack without findings")
    for _ in range(10):
        now = health(stack)
        assert findings(now) == set() and unknown(now) == set() and now["exit"] in (0, 3)
    report(f"{len(now['checks'])} checks in {now['seconds']:.1f} s")
    assert len(now["checks"]) >= 57


def test_loaded_stack_is_healthy(stack, load, report):
    time.sleep(20)
    for _ in range(10):
        now = health(stack)
        assert findings(now) == set() and unknown(now) == set() and now["exit"] in (0, 3)
    ledger = {line["signal"]: line for line in now["ledger"] if line["component"] == "otel-collector"}
    report("; ".join(f"{signal}: accepted {line['accepted']:.0f}/s" for signal, line in ledger.items()))
    assert set(ledger) == {"traces", "metrics", "logs"}
    assert all(line["accepted"] > 0 and not line["lost"] for line in ledger.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found_and_nothing_else(stack, load, fault, report):
    wait_for(lambda: is_well(stack), QUIET_SECONDS, "a healthy stack before the fault")
    start = time.monotonic()
    with fault.inject(stack):
        while not fault.finds <= (seen := findings(health(stack))):
            assert time.monotonic() < start + 60, f"{sorted(fault.finds - seen)} not found, but {sorted(seen)}"
            time.sleep(1)
        report(f"found after {time.monotonic() - start:.0f} s: {', '.join(sorted(seen))}")
        assert seen - fault.finds <= fault.may
