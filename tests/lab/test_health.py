# SPDX-License-Identifier: Apache-2.0
"""`obsctl health` on a running stack: nothing is found when all is well, each fault is found as what it is, and the
fix that is printed for it ends it."""

import contextlib
import dataclasses
import json
import os
import subprocess
import time

import pytest
import requests

import fix_replay
from backends import wait_for
from fault_matrix import FAULTS, NOT_INJECTED, WITH_TLS, Matrix, id_of, ids_that_fire
from health_faults import (COLLECTOR, OF_THE_HOST, PROMETHEUS, Fault, collector_config, findings, in_engine, restart,
                           unknown)
from stack import Stack, run

pytestmark = pytest.mark.in_order

SETTLED_SECONDS = 150   # after a fault: the stack runs again, queues drain
FOUND_SECONDS = 60
LASTING = {"SVC-015", "PRM-014"}   # logs and alerts tell of a fault for minutes after it
BESIDE = {f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014"}   # a scrape that met a restart, an alert about the fault
RUNS = 10
LOGS_OF_LOAD = 60       # records in a second of load_of(): three of ten items


def health(stack: Stack, fault: Fault | None = None, *more) -> dict:
    """The report as JSON, with the exit code as `exit`."""
    command = [*(fault.under if fault else ()), *in_engine(), os.environ["OBSCTL"], "health", "--dir", stack.directory,
               *more]
    return answer(command, fault)


def answer(command: list, fault: Fault | None = None) -> dict:
    wanted = {f"--skip={id_of(name)}" for name in fault.finds} if fault else set()
    command = [*command, "-o", "json", *(skip for skip in OF_THE_HOST if skip not in wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 3, 4), done.stderr
    return {**json.loads(done.stdout), "exit": done.returncode}


def is_well(stack: Stack) -> bool:
    report = health(stack)
    return not findings(report) and not unknown(report)


def expect_well(stack: Stack) -> dict:
    """Nothing is found in ten runs; gives the last report."""
    for _ in range(RUNS):
        now = health(stack)
        assert findings(now) == set() and unknown(now) == set() and now["exit"] in (0, 3)  # 3: of the machine
    return now


def load_of(stack: Stack):
    """A little of everything, all the time."""
    wait_for(stack.is_healthy, 120, "every container healthy")     # a load without a receiver ends at once
    process = subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, "-r", "200/s", "-d", "2h",
                                "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def load(stack):
    yield from load_of(stack)


@pytest.fixture(scope="module")
def other(new_stack):
    """A stack with TLS that keeps a tenth of the ordinary traces; just started."""
    made = new_stack("--tls", "self-signed", "--keep", "0.1", "--set", "traces.keep_all_below=0")
    made.up()
    return made


@pytest.fixture(scope="module")
def other_load(other):
    yield from load_of(other)


@pytest.fixture(scope="module")
def matrix(request):
    """Printed and kept at the end."""
    kept = Matrix()
    yield kept
    file = kept.write()
    request.config.pluginmanager.getplugin("terminalreporter").write(f"\n\n{kept.table()}{file}\n")


# -- all is well -------------------------------------------------------------------------------------


def test_idle_stack_is_healthy(stack, report):
    wait_for(lambda: is_well(stack), 120, "a new stack without findings")
    now = expect_well(stack)
    report(f"{len(now['checks'])} checks in {now['seconds']:.1f} s")
    assert len(now["checks"]) >= 57


def test_loaded_stack_is_healthy(stack, load, report):
    time.sleep(20)
    ledger = {line["signal"]: line for line in expect_well(stack)["ledger"] if line["component"] == COLLECTOR}
    report("; ".join(f"{signal}: accepted {line['accepted']:.0f}/s" for signal, line in ledger.items()))
    assert set(ledger) == {"traces", "metrics", "logs"}
    assert all(line["accepted"] > 0 and not line["lost"] for line in ledger.values())


# -- each fault --------------------------------------------------------------------------------------


def settle(stack: Stack, fault: Fault) -> set:
    """Waits until nothing is found that this fault is about, and nothing but what earlier faults leave; gives that."""
    start = time.monotonic()
    while True:
        left = findings(health(stack, dataclasses.replace(fault, under=())))
        waiting = left & fault.finds | {name for name in left if id_of(name) not in LASTING}
        if not waiting:
            return left
        assert time.monotonic() < start + SETTLED_SECONDS, f"still found before the fault: {sorted(waiting)}"
        if f"{COLLECTOR}/COL-003" in left and time.monotonic() > start + 10:
            restart(stack, COLLECTOR)  # an exporter that failed for long waits for up to 90 s, a new one tries at once


def expect_found(stack: Stack, fault: Fault, matrix: Matrix, say) -> dict:
    """All that the fault has to show is found, and nothing that it does not explain; gives the report."""
    start = time.monotonic()
    while not fault.finds <= (seen := findings(now := health(stack, fault))):
        assert time.monotonic() < start + FOUND_SECONDS, f"{sorted(fault.finds - seen)} not found, but {sorted(seen)}"
    said = "\n".join(problem["message"] for check in now["checks"] for problem in check["problems"])
    assert all(name in said for name in fault.names), said
    matrix.add(fault, seen)
    say(f"found after {time.monotonic() - start:.0f} s: {', '.join(sorted(seen))}")
    return now


def expect_same_later(stack: Stack, fault: Fault, folder) -> None:
    """The evidence of the fault is kept in a file, and without the stack it is judged as with it."""
    file = folder / "evidence.tar.gz"
    now = health(stack, fault, "--bundle", file)
    later = answer([os.environ["OBSCTL"], "health", "--from", file], fault)
    assert findings(later) == findings(now)
    assert [check["status"] for check in later["checks"]] == [check["status"] for check in now["checks"]]


def expect_fixed(stack: Stack, fault: Fault, found: dict, folder, say) -> None:
    """What the finding prints is done, and ends it."""
    done = fix_replay.carry_out(stack, fault, found, folder)
    wait_for(lambda: fault.fix not in findings(health(stack, fault)), 90, f"no {fault.fix} after {done}")
    say(f"ended by: {'; '.join(done)}")


def judge(stack: Stack, fault: Fault, matrix: Matrix, folder, say) -> None:
    left = settle(stack, fault)
    with fault.inject(stack):
        now = expect_found(stack, fault, matrix, say)
        assert findings(now) - fault.finds - left - BESIDE <= fault.may
        expect_same_later(stack, fault, folder)
        if fault.fix:
            expect_fixed(stack, fault, now, folder, say)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found_and_nothing_else(stack, load, fault, matrix, tmp_path, report):
    judge(stack, fault, matrix, tmp_path, report)


def test_every_check_fires_in_a_fault(stack):
    listed = run([os.environ["OBSCTL"], "health", "--dir", stack.directory, "--list", "-o", "json"])
    ids = {check["id"] for check in json.loads(listed.stdout)["checks"]}
    assert ids_that_fire() | set(NOT_INJECTED) == ids
    assert not ids_that_fire() & set(NOT_INJECTED)


# -- all is well on a stack that is set up otherwise ---------------------------------------------------


def test_stack_that_just_started_is_healthy(other):
    time.sleep(30)
    expect_well(other)


def test_sampled_stack_is_healthy(other, other_load):
    time.sleep(20)
    expect_well(other)


@contextlib.contextmanager
def records_of(stack: Stack, service: str, rate: int):
    """Log records of one service, evenly in time."""
    process = subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", stack.directory, "--signals", "logs",
                                "--service", service, "-r", f"{rate}/s", "-b", "10", "-d", "10m", "-q"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def test_filtering_stack_is_healthy(other, other_load, report):
    """The records of one service are dropped: 400 of the 1,000 in a second."""
    drop = ['resource.attributes["service.name"] == "noise"']
    kept = 600 - LOGS_OF_LOAD
    with collector_config(other, {"processors": {"filter/noise": {"log_conditions": drop}}}):
        wait_for(other.is_healthy, 120, "every container healthy")
        with records_of(other, "kept", kept), records_of(other, "noise", 400):
            time.sleep(20)
            expect_well(other)
            lines = health(other, None, "--sample=20s")["ledger"]
    line = next(line for line in lines if line["signal"] == "logs")
    share = line["filtered"] / line["accepted"]
    report(f"accepted {line['accepted']:.1f}/s, filtered {line['filtered']:.1f}/s: {share:.2%}")
    assert line["filtered"] == pytest.approx(400, rel=0.01)
    assert share == pytest.approx(0.4, abs=0.01)
    assert line["unknown"] == 0 and line["lost"] == {}


def test_printing_stack_is_healthy(other, other_load):
    run([os.environ["OBSCTL"], "init", "--dir", other.directory, "--set", "print_telemetry=true"])
    other.compose("up", "-d", "--pull", "never")
    time.sleep(20)
    expect_well(other)


def test_restarted_stack_is_healthy(other, other_load):
    other.compose("restart", "--timeout", "10")
    wait_for(other.is_healthy, 120, "every container healthy")
    time.sleep(20)
    expect_well(other)


@pytest.mark.parametrize("fault", WITH_TLS, ids=lambda fault: fault.name)
def test_fault_with_tls_is_found(other, other_load, fault, matrix, tmp_path, report):
    judge(other, fault, matrix, tmp_path, report)


def test_old_losses_are_no_finding(stack, load):
    """What the programs counted in the faults before."""
    wait_for(lambda: is_well(stack), 330, "a healthy stack after all faults")
    expect_well(stack)
    page = requests.get(f"http://{stack.address('alertmanager', 9093)}/metrics", timeout=5).text
    assert any(line.startswith("alertmanager_alerts_invalid_total") and not line.endswith(" 0")
               for line in page.splitlines())
