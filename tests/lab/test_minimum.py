# SPDX-License-Identifier: Apache-2.0
"""The minimum profile: the whole stack within one small host's cores and memory holds its documented load.

The host is a control group around all containers: 4 cores (as many as this machine has, if fewer) and 8 GB. The load
is the upper end of what the documents promise for such a host. OBSCTL_LAB_SOAK is how long it lasts, in seconds.
"""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

GROUP = "obsctl-minimum"
CORES = min(4, os.cpu_count())
MEMORY = 8 * 10**9
SECONDS = int(os.environ.get("OBSCTL_LAB_SOAK", "30"))
CGROUP = pathlib.Path("/sys/fs/cgroup")


class Host:
    """A control group with the limits of the host; version 1 or 2, whichever the machine has."""

    def __init__(self) -> None:
        self.unified = (CGROUP / "cgroup.controllers").exists()
        self.memory = CGROUP / GROUP if self.unified else CGROUP / "memory" / GROUP
        self.cpu = CGROUP / GROUP if self.unified else CGROUP / "cpu" / GROUP

    def make(self) -> None:
        if self.unified:
            (CGROUP / "cgroup.subtree_control").write_text("+cpu +memory\n")
        for folder in {self.memory, self.cpu}:
            folder.mkdir(exist_ok=True)
        if self.unified:
            (self.memory / "memory.max").write_text(f"{MEMORY}\n")
            (self.cpu / "cpu.max").write_text(f"{CORES * 100_000} 100000\n")
        else:
            (self.memory / "memory.use_hierarchy").write_text("1\n")
            (self.memory / "memory.limit_in_bytes").write_text(f"{MEMORY}\n")
            (self.cpu / "cpu.cfs_period_us").write_text("100000\n")
            (self.cpu / "cpu.cfs_quota_us").write_text(f"{CORES * 100_000}\n")

    def peak(self) -> int:
        name = "memory.peak" if self.unified else "memory.max_usage_in_bytes"
        return int((self.memory / name).read_text())

    def kills(self) -> int:
        """Processes that the kernel ended for want of memory, in the group and in each container."""
        name = "memory.events" if self.unified else "memory.oom_control"
        total = 0
        for file in self.memory.rglob(name):
            total += sum(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith("oom_kill "))
        return total


@pytest.fixture(scope="module")
def host():
    made = Host()
    try:
        made.make()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    return made


@pytest.fixture(scope="module")
def small(new_stack, host):
    stack = new_stack("--profile", "minimum")
    override = {"services": {name: {"cgroup_parent": f"/{GROUP}"} for name in stack.services()}}
    (stack.directory / "docker-compose.override.yml").write_text(yaml.safe_dump(override), encoding="utf-8")
    stack._model = None
    stack.up()
    return stack


def test_the_minimum_host_holds_the_light_load_without_loss(small, host, report):
    done = subprocess.run([os.environ["OBSCTL"], "loadgen", "--stack", small.directory, "--tier", "small", "-d",
                           f"{SECONDS}s", "-o", "json"], capture_output=True, text=True, timeout=SECONDS + 300,
                          check=False)
    assert done.returncode in (0, 3), done.stderr
    result = json.loads(done.stdout)
    lines = result["ledger"]["signals"]
    report(f"minimum host, {SECONDS} s: peak {host.peak() / 1e9:.2f} GB of {MEMORY / 1e9:.0f}, "
           f"{CORES} cores, {host.kills()} kills, accepted "
           + ", ".join(f"{line['received']:.0f} {name}" for name, line in lines.items()))
    assert result["certificate"]["spans_per_second"] == 1000
    absent = small.absent()
    for name, line in lines.items():
        sent = result["signals"][name]
        assert sent["accepted"] == sent["sent"] > 0, (name, sent)
        if not (name == "logs" and "loki" in absent):
            assert line["accounted"] and line["missing"] == 0 and line["export_failed"] == 0, (name, line)
    assert host.kills() == 0
    for name, row in small.containers().items():
        assert row["State"] == "running" or row["ExitCode"] == 0, (name, row)
