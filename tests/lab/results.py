# SPDX-License-Identifier: Apache-2.0
"""Keeps the result of every test as soon as it is known, leaves out what passed before, and changes the order.

Exists so that a killed run of many minutes can go on (scripts/test --resume) and that tests which need the order they
are written in are found (scripts/test --shuffle SEED).
"""

import json
import os
import pathlib
import random

import pytest


class Results:
    """A pytest plugin: OBSCTL_LAB_RESULTS names the file, a line of JSON for each test."""

    def __init__(self) -> None:
        name = os.environ.get("OBSCTL_LAB_RESULTS")
        self.file = pathlib.Path(name) if name else None

    def pytest_collection_modifyitems(self, config, items) -> None:
        if not os.environ.get("OBSCTL_LAB_RESUME") or not self.file or not self.file.exists():
            return
        last = {row["test"]: row["outcome"]
                for row in map(json.loads, self.file.read_text(encoding="utf-8").splitlines())}
        before = [item for item in items if last.get(item.nodeid) == "passed"]
        config.hook.pytest_deselected(items=before)
        items[:] = [item for item in items if item not in before]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report) -> None:
        # A test is its call; setup and teardown only count when they are more than nothing.
        if self.file and (report.when == "call" or report.outcome != "passed"):
            reason = report.longrepr[2].removeprefix("Skipped: ") if report.skipped else ""
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"test": report.nodeid, "outcome": report.outcome, "reason": reason,
                                       "seconds": round(report.duration, 1)}) + "\n")


def shuffle(items: list) -> None:
    """Another order of files, and of tests within them, for OBSCTL_LAB_SHUFFLE; the same for the same seed."""
    seed = os.environ.get("OBSCTL_LAB_SHUFFLE")
    if not seed:
        return
    dice = random.Random(seed)
    files = {item.fspath: dice.random() for item in items}
    # Sorting is stable: what is one story (marked in_order) keeps its order.
    items.sort(key=lambda item: (files[item.fspath], 0 if item.get_closest_marker("in_order") else dice.random()))
