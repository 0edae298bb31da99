#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs suites of tests by name and says at the end what passed, failed or was not run, and why.

Exists so that nothing is skipped in silence and a killed run can go on: each result is kept in build/results by the
state of the source tree that it belongs to.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import xml.etree.ElementTree as xml

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
MARK = "OBSCTL_TEST_RUN"  # in the environment of everything a suite starts
NOT_RUN = 4
CLEANUP_SECONDS = 120  # a stack is taken down with its volumes


def suites() -> dict:
    return yaml.safe_load((ROOT / "tests/suites.yaml").read_text(encoding="utf-8"))


def git(*words: str, **environment: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
                          check=True).stdout.strip()


def source_state() -> str:
    """The commit, or for a tree with changes the hash of all its files: results belong to exactly that."""
    try:
        if not git("status", "--porcelain"):
            return git("rev-parse", "--short=12", "HEAD")
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            git("add", "--all", **index)
            return f"tree-{git('write-tree', **index)[:12]}"
    except (OSError, subprocess.CalledProcessError):
        return "unversioned"


class Suite:
    """One row of suites.yaml while it is run, and its results."""

    def __init__(self, name: str, row: dict, results: pathlib.Path) -> None:
        self.name, self.row = name, row
        self.file = results / f"{name}.jsonl"
        self.seconds = 0.0
        self.problem = ""  # what failed outside of any test

    @property
    def command(self) -> str:
        return f"scripts/test --suite {self.name}"

    def note(self, test: str, outcome: str, reason: str = "") -> None:
        """outcome: passed, failed or skipped. The last line about a test is the one that counts."""
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": test, "outcome": outcome, "reason": reason}) + "\n")

    def outcomes(self) -> dict:
        """test -> its last result."""
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        return {row["test"]: row for row in map(json.loads, lines)}

    def count(self, outcome: str) -> int:
        return sum(row["outcome"] == outcome for row in self.outcomes().values())

    def failed(self) -> bool:
        return bool(self.problem) or self.count("failed") > 0

    def not_run(self) -> dict:
        """reason -> number of tests that were not run for it."""
        reasons: dict = {}
        for row in self.outcomes().values():
            if row["outcome"] == "skipped":
                reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
        return reasons

    def ran_before(self) -> bool:
        """All of it passed already for this state of the sources."""
        return self.file.with_suffix(".complete").exists()


class Runner:
    def __init__(self, results: pathlib.Path, resume: bool, shuffle: str | None) -> None:
        self.results, self.resume, self.shuffle = results, resume, shuffle
        self.mark = ""
        self.builds: dict = {}  # preset -> the process that builds it meanwhile
        self.engine_started = False

    # -- running one suite -----------------------------------------------------------------------

    def run(self, suite: Suite) -> None:
        if self.resume and suite.ran_before():
            print(f"\n== {suite.name}: passed before with the same sources", flush=True)
            return
        if not self.resume:
            suite.file.unlink(missing_ok=True)
        suite.file.with_suffix(".complete").unlink(missing_ok=True)
        print(f"\n== {suite.name}: {suite.row['about']}", flush=True)
        start, self.mark = time.monotonic(), uuid.uuid4().hex
        kind = next(kind for kind in ("check", "ctest", "lab", "program") if kind in suite.row)
        getattr(self, f"run_{kind}")(suite)
        suite.seconds = time.monotonic() - start
        self.expect_no_process_left(suite)
        if not suite.failed() and suite.outcomes():
            suite.file.with_suffix(".complete").touch()

    def run_check(self, suite: Suite) -> None:
        for name, command in suite.row["check"].items():
            done = self.call(["bash", "-o", "pipefail", "-ec", command])
            suite.note(name, "failed" if done else "passed")

    def run_ctest(self, suite: Suite) -> None:
        preset = suite.row["ctest"]
        if preset in self.builds:
            self.builds.pop(preset).wait()  # what went wrong there is said by building again
        if self.call(["bash", "-ec", f". scripts/lib.sh; build {preset}"]):
            suite.problem = "it does not build"
            return
        report = self.results / f"{suite.name}.xml"
        report.unlink(missing_ok=True)
        # Tests of the command line mostly wait for programs that they have started.
        self.call(["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--schedule-random",
                   "-j", str(2 * os.cpu_count()), "--output-junit", str(report)])
        if not report.exists():
            suite.problem = "ctest wrote no report"
            return
        for case in xml.parse(report).iter("testcase"):
            skipped = case.find("skipped")
            failed = case.get("status") not in ("run", "passed") and skipped is None
            outcome = "skipped" if skipped is not None else "failed" if failed else "passed"
            suite.note(case.get("name", "?"), outcome, skipped.get("message", "") if skipped is not None else "")

    def run_lab(self, suite: Suite) -> None:
        self.start_engine()
        environment = {"OBSCTL": str(BUILD / "ci/bin/obsctl"), "OBSCTL_LAB_RESULTS": str(suite.file),
                       "OBSCTL_LAB_RESUME": "1" if self.resume else "", "OBSCTL_LAB_SHUFFLE": self.shuffle or ""}
        code = self.call(["tests/lab/run", "--", *suite.row["lab"]], environment)
        if code and not suite.count("failed"):
            suite.problem = f"tests/lab/run ended with {code}"

    def run_program(self, suite: Suite) -> None:
        program = suite.row["program"]
        log = self.results / f"{suite.name}.log"
        code = self.call(["bash", "-o", "pipefail", "-c", f'"{program}" 2>&1 | tee "{log}"'])
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = lines[-1] if lines else ""
        outcome = {0: "passed", NOT_RUN: "skipped"}.get(code, "failed")
        suite.note(program, outcome, last if outcome == "skipped" else "")

    def call(self, command: list, more: dict | None = None) -> int:
        """Runs a command in a session of its own; when this program is stopped, the command may clean up first."""
        environment = {**os.environ, MARK: self.mark, **(more or {})}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        try:
            return process.wait()
        except BaseException:
            kill_group(process.pid)
            deadline = time.monotonic() + CLEANUP_SECONDS
            while marked_processes(self.mark) and time.monotonic() < deadline:
                time.sleep(0.2)
            for pid in marked_processes(self.mark):
                kill(pid)
            raise

    def build_meanwhile(self, preset: str) -> None:
        """The lab mostly waits for its peers: what is tested last is compiled then, when nobody else wants the
        processor."""
        command = [ROOT / "scripts/idle", "bash", "-ec", f". scripts/lib.sh; build {preset}"]
        self.builds[preset] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # -- what a run leaves behind ----------------------------------------------------------------

    def start_engine(self) -> None:
        """The lab's engine outlives one call of tests/lab/run: suites share it, and the end stops it."""
        engine = ROOT / "tests/lab/engine.sh"
        if not self.engine_started and subprocess.run([engine, "status"], capture_output=True, check=False).returncode:
            # An engine is no leftover of a suite, so it does not carry the mark.
            self.engine_started = subprocess.run([engine, "start"], check=False).returncode == 0
            if self.engine_started:
                subprocess.run([engine, "clean"], check=True)

    def stop(self) -> None:
        for process in self.builds.values():
            kill_group(process.pid)
        if self.engine_started:
            subprocess.run([ROOT / "tests/lab/engine.sh", "stop"], check=False)

    def expect_no_process_left(self, suite: Suite) -> None:
        left = marked_processes(self.mark)
        if left:
            suite.problem = "processes left behind: " + "; ".join(left.values())
        for pid in left:
            kill(pid)


def marked_processes(mark: str) -> dict:
    """pid -> command line of every process that still runs with this mark in its environment."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(folder.name)] = words.strip()[:120]
        except OSError:
            continue  # it ended, or is somebody else's
    return found


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass


# -- what is said at the end ---------------------------------------------------------------------


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def table(ran: list, left_out: list, state: str) -> str:
    lines = [f"\n{'suite':<12}{'passed':>8}{'failed':>8}{'not run':>9}{'time':>9}   ({state})"]
    for suite in ran:
        lines.append(f"{suite.name:<12}{suite.count('passed'):>8}{suite.count('failed'):>8}"
                     f"{suite.count('skipped'):>9}{clock(suite.seconds):>9}"
                     + (f"   FAILED: {suite.problem}" if suite.problem else ""))
    for suite in left_out:
        lines.append(f"{suite.name:<12}{'-':>8}{'-':>8}{'-':>9}{'-':>9}   not part of this run: {suite.command}")
    for suite in ran:
        for test, row in suite.outcomes().items():
            if row["outcome"] == "failed":
                lines.append(f"FAILED {suite.name}: {test}")
    for suite in ran:
        for reason, number in suite.not_run().items():
            lines.append(f"not run, {suite.name}: {number} test{'s' if number != 1 else ''}: {reason}")
    return "\n".join(lines)


def list_of(rows: dict) -> str:
    lines = [f"{'suite':<12}{'runs':<22}{'minutes':>7}  what it shows"]
    for name, row in rows.items():
        lines.append(f"{name:<12}{', '.join(row.get('in', [])) or '--suite ' + name:<22}{row['minutes']:>7}  "
                     f"{row['about']}")
    return "\n".join(lines)


def chosen(rows: dict, arguments: argparse.Namespace) -> list:
    """Names in the order of the file; with those that the named ones need."""
    if not arguments.suite:
        run = "quick" if arguments.quick else "all" if arguments.all else "default"
        return [name for name, row in rows.items() if run in row.get("in", [])]
    for name in arguments.suite:
        if name not in rows:
            sys.exit(f"scripts/test: there is no suite '{name}'; 'scripts/test --list' lists them")
    wanted = set(arguments.suite).union(*(rows[name].get("needs", []) for name in arguments.suite))
    return [name for name in rows if name in wanted]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/test", description="Run tests; without options what CI runs.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--quick", action="store_true", help="formatting, unit, golden and command-line tests")
    group.add_argument("--all", action="store_true", help="everything that belongs before a release")
    group.add_argument("--suite", action="append", default=[], metavar="NAME", help="only this suite (repeatable)")
    group.add_argument("--list", action="store_true", help="list the suites")
    parser.add_argument("--resume", action="store_true", help="leave out what passed with exactly these sources")
    parser.add_argument("--shuffle", metavar="SEED", help="run the lab's tests in another order")
    return parser.parse_args()


def stop_on_signal(number, _frame) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    arguments, rows = parse(), suites()
    if arguments.list:
        print(list_of(rows))
        return 0
    state = source_state()
    results = BUILD / "results" / state
    results.mkdir(parents=True, exist_ok=True)
    runner = Runner(results, arguments.resume, arguments.shuffle)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)
    names = chosen(rows, arguments)
    ran = [Suite(name, rows[name], results) for name in names]
    try:
        for number, suite in enumerate(ran):
            if "lab" in suite.row:
                for later in ran[number + 1:]:
                    if "ctest" in later.row and later.row["ctest"] not in runner.builds:
                        runner.build_meanwhile(later.row["ctest"])
            runner.run(suite)
    finally:
        runner.stop()
    print(table(ran, [Suite(name, row, results) for name, row in rows.items() if name not in names], state))
    if any(suite.failed() for suite in ran):
        return 1
    asked = [suite for suite in ran if suite.name in arguments.suite]
    return NOT_RUN if any(not suite.count("passed") for suite in asked) else 0


if __name__ == "__main__":
    sys.exit(main())
