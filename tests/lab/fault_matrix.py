# SPDX-License-Identifier: Apache-2.0
"""All faults that are injected, the checks that no fault on a real stack can fire, and the table of who found what."""

import os
import pathlib

import faults_containers
import faults_delivery
import faults_watching
from health_faults import Fault
from labenv import cache_dir

FAULTS = [*faults_delivery.FAULTS, *faults_containers.FAULTS, *faults_watching.FAULTS]
WITH_TLS = faults_containers.WITH_TLS

# Checks that no fault here fires: id -> why. Each is judged on evidence in tests/unit/health.
NOT_INJECTED = {
    "COL-001": "no error is known that the OTLP receiver itself makes; what comes from behind it counts as refused",
    "COL-008": "its own settings of queue and retry: test_health_queues.py fires it",
    "ENG-002": "an engine older than 20.10 is not to be had here",
    "HST-002": "it takes the memory of the machine that runs the tests",
    "HST-003": "the clock of the machine that runs the tests would have to lose its synchronisation",
    "GRF-001": "Grafana is a stand-in without metrics of its own",
    "GRF-002": "Grafana is a stand-in without a log of its own",
    "LOK-003": "no input is known that makes this version of Loki panic",
}


def id_of(name: str) -> str:
    return name.partition("/")[2]


def ids_that_fire() -> set:
    return {id_of(name) for fault in [*FAULTS, *WITH_TLS] for name in fault.finds}


class Matrix:
    """What was found in each fault: a row for each fault, a column for each id."""

    def __init__(self) -> None:
        self.rows = {}

    def add(self, fault: Fault, seen: set) -> None:
        expected, found = set(map(id_of, fault.finds)), set(map(id_of, seen))
        self.rows[fault.name] = {**dict.fromkeys(found, "o"), **dict.fromkeys(expected & found, "X")}

    def table(self) -> str:
        """The ids stand upright above their columns."""
        ids = sorted({name for row in self.rows.values() for name in row} | set(NOT_INJECTED))
        width = max(map(len, self.rows), default=0)
        heads = [" " * width + " " + "".join(letters) for letters in zip(*ids)]
        lines = [f"{name:{width}} " + "".join(row.get(one, ".") for one in ids) for name, row in self.rows.items()]
        return "\n".join([*heads, *lines, "X: expected and found, o: effect that may be found, .: not found", ""])

    def write(self) -> pathlib.Path:
        """Beside the results of the run, or into the cache."""
        results = os.environ.get("OBSCTL_LAB_RESULTS")
        file = (pathlib.Path(results).parent if results else cache_dir()) / "health-matrix.txt"
        file.write_text(self.table(), encoding="utf-8")
        return file
