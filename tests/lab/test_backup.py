# SPDX-License-Identifier: Apache-2.0
"""`obsctl backup` and `obsctl restore` on a running stack: nothing that was accepted is lost while a backup runs,
containers run again however obsctl ends, and a stack that was destroyed comes back with what it had."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import uuid

import pytest

import journey
from backends import wait_for
from stack import Stack, run
from telemetry import Refused, TraceSpec

# Where a killed backup dies, with containers stopped or not, and a killed restore.
BACKUP_POINTS = ["begin", "still", "still#3", "read#40", "blob-synced#3", "volume-copied#4", "verified"]
RESTORE_POINTS = ["restore-journal", "restore-stopped", "restore-removed#2", "restore-made", "restore-filled#3"]


class Protected:
    """A stack, its repository, and obsctl called as its operator would."""

    def __init__(self, stack: Stack, repository: pathlib.Path) -> None:
        self.stack, self.repository = stack, repository

    def obsctl(self, *words: str, failpoint: str = "", expected: int = 0) -> subprocess.CompletedProcess:
        environment = {**os.environ, "OBSCTL_BACKUP_REPOSITORY": str(self.repository)}
        if failpoint:
            environment["OBSCTL_FAILPOINT"] = failpoint
        done = subprocess.run([os.environ["OBSCTL"], *words], cwd=self.stack.directory, env=environment,
                              capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == expected, f"{words}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def backup(self, **options) -> dict:
        words = ["backup", "create", "--init", "-o", "json"]
        done = self.obsctl(*words, **options)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def sets(self) -> list:
        return json.loads(self.obsctl("backup", "list", "-o", "json").stdout)["sets"]

    def expect_no_traces_of_a_run(self) -> None:
        """Nothing of ours is left at the engine or in the stack, and everything runs."""
        wait_for(self.stack.is_healthy, 120, f"every container healthy\n{self.stack.why()}")
        helpers = run(["docker", "ps", "-aq", "--filter", "label=io.obsctl.volume-helper"]).stdout
        images = run(["docker", "images", "-q", "obsctl-volume-helper"]).stdout
        assert helpers == "" and images == ""
        assert not (self.stack.directory / ".obsctl/stopped.json").exists()


@pytest.fixture(scope="module")
def protected(stack, tmp_path_factory) -> Protected:
    out = Protected(stack, tmp_path_factory.mktemp("repository"))
    out.backup()  # each test finds a set that has to stay
    return out


class Load:
    """Sends traces, counts and lines again and again, and remembers what was accepted."""

    def __init__(self, stack, service: str) -> None:
        self.stack, self.service = stack, service
        self.ids, self.lines, self.refused = [], [], 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        sender = self.stack.sender("http")
        count = 0
        while not self._ends.is_set():
            count += 1
            line = f"line {count} of {self.service}"
            try:
                ids = sender.spans(self.service, [TraceSpec("error")] * 10)
                self.ids += ids
                sender.logs(self.service, [line])
                self.lines.append(line)
            except (Refused, OSError):  # while the collector stands; an SDK would try again
                self.refused += 1
                sender = self.stack.sender("http")
            time.sleep(0.05)


def arrived_lines(stack, service: str, lines: list) -> None:
    wait_for(lambda: set(lines) <= set(stack.logs().lines(service)), journey.RECOVERY, f"{len(lines)} lines")


def test_a_backup_under_load_loses_nothing(protected, service, report):
    with Load(protected.stack, service) as load:
        time.sleep(2)
        made = protected.backup()
        time.sleep(2)
    assert len(load.ids) > 100
    report(f"{len(load.ids)} spans and {len(load.lines)} lines accepted, {load.refused} requests refused meanwhile")
    journey.arrived(protected.stack, service, load.ids, journey.RECOVERY)
    arrived_lines(protected.stack, service, load.lines)
    assert made["status"] == "complete"
    protected.expect_no_traces_of_a_run()
    protected.obsctl("backup", "verify", "--level", "full")


def test_what_was_stopped_by_somebody_stays_stopped(protected):
    protected.stack.compose("stop", "alertmanager")
    try:
        protected.backup()
        assert protected.stack.containers()["alertmanager"]["State"] == "exited"
    finally:
        protected.stack.compose("start", "alertmanager")


@pytest.mark.parametrize("point", BACKUP_POINTS)
def test_a_killed_backup_leaves_the_stack_running_and_no_set(protected, point):
    before = {one["id"] for one in protected.sets()}
    protected.backup(failpoint=point, expected=-signal.SIGKILL)
    wait_for(lambda: not (protected.stack.directory / ".obsctl/stopped.json").exists(), 60, "the guard has acted")
    after = {one["id"] for one in protected.sets()}
    assert after == before or point == "verified"
    assert before <= after
    protected.backup()
    protected.expect_no_traces_of_a_run()


def is_stopped(process: subprocess.Popen) -> bool:
    """Whether it has come to its failpoint, with the first container stopped."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return "State:\tT" in status


def halted_backup(protected) -> subprocess.Popen:
    """A backup that stands still while a container is stopped."""
    environment = {**os.environ, "OBSCTL_BACKUP_REPOSITORY": str(protected.repository),
                   "OBSCTL_FAILPOINT": "still:stop"}
    backup = subprocess.Popen([os.environ["OBSCTL"], "backup", "create", "--init"],
                              cwd=protected.stack.directory, env=environment, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: is_stopped(backup), 60, "the backup stands still", pause=0.2)
    return backup


def test_ctrl_c_starts_what_was_stopped(protected):
    with halted_backup(protected) as backup:
        assert (protected.stack.directory / ".obsctl/stopped.json").exists()
        backup.send_signal(signal.SIGINT)
        backup.send_signal(signal.SIGCONT)
        assert backup.wait(timeout=120) == 130, backup.stderr.read()
    protected.expect_no_traces_of_a_run()


def test_the_next_run_starts_what_two_kills_left(protected):
    """Also the guard is killed, as by a restart of the host."""
    with halted_backup(protected) as backup:
        journal = protected.stack.directory / ".obsctl/stopped.json"
        (stopped,) = json.loads(journal.read_text(encoding="utf-8"))["stopped"]
        run(["pkill", "-KILL", "-P", str(backup.pid)])
        backup.kill()
    assert protected.stack.containers()[stopped["service"]]["State"] == "exited"
    protected.backup()
    protected.expect_no_traces_of_a_run()


def test_a_volume_that_others_write_to_is_refused(protected):
    name = f"other{uuid.uuid4().hex[:6]}"
    volume = next(iter(protected.stack.model()["volumes"].values()))["name"]
    image = protected.stack.services()["volume-init"]["image"]
    run(["docker", "run", "--detach", "--name", name, "--volume", f"{volume}:/data", image, "sleep", "600"])
    try:
        done = protected.obsctl("backup", "create", expected=1)
        assert name in done.stderr and "--others" in done.stderr
    finally:
        run(["docker", "rm", "--force", name])
    protected.expect_no_traces_of_a_run()


def test_two_backups_at_once(protected):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(subprocess.run, [os.environ["OBSCTL"], "backup", "create", "-r",
                                             str(protected.repository)],
                            cwd=protected.stack.directory, capture_output=True, text=True, check=False)
                for _ in range(2)]
        codes = sorted(one.result().returncode for one in runs)
    assert codes[0] == 0 and codes[1] in (1, 4), [one.result().stderr for one in runs]
    protected.expect_no_traces_of_a_run()


# -- restore -----------------------------------------------------------------------------------


def remember(protected, service: str) -> tuple:
    """Sends what has to be there after a restore, waits for it, and backs it up."""
    sender = protected.stack.sender("http")
    ids = sender.spans(service, [TraceSpec("error")] * 50)
    lines = [f"kept line {number}" for number in range(50)]
    sender.logs(service, lines)
    journey.arrived(protected.stack, service, ids)
    journey.lines_arrived(protected.stack, service, lines)
    return ids, lines, protected.backup()["id"]


def test_a_destroyed_stack_comes_back_in_another_directory(protected, service, tmp_path):
    ids, lines, made = remember(protected, service)
    stack = protected.stack
    stack.down(volumes=True)
    protected.obsctl("restore", made, "--to", str(tmp_path), "--volume", "stack")
    elsewhere = Protected(Stack(tmp_path / "stack"), protected.repository)
    shutil.move(stack.directory, f"{stack.directory}.gone")
    try:
        elsewhere.obsctl("restore", made, "--yes")
        elsewhere.expect_no_traces_of_a_run()
        journey.arrived(elsewhere.stack, service, ids)
        journey.lines_arrived(elsewhere.stack, service, lines)
    finally:
        elsewhere.stack.down()
        shutil.move(f"{stack.directory}.gone", stack.directory)
        stack.up()


@pytest.mark.parametrize("point", RESTORE_POINTS)
@pytest.mark.parametrize("how", ["--resume", "--rollback"])
def test_a_killed_restore_is_completed_or_undone(protected, service, point, how):
    early, _, made = remember(protected, service)
    late = protected.stack.sender("http").spans(service, [TraceSpec("error")] * 20)
    journey.arrived(protected.stack, service, late)
    protected.obsctl("restore", made, "--yes", failpoint=point, expected=-signal.SIGKILL)
    done = protected.obsctl("backup", "create", expected=1)
    assert "--resume" in done.stderr
    protected.obsctl("restore", how)
    protected.expect_no_traces_of_a_run()
    found = journey.arrived(protected.stack, service, early)
    assert (set(late) <= found) == (how == "--rollback")


def test_a_damaged_set_is_refused_before_anything_is_touched(protected, service):
    _, _, made = remember(protected, service)
    blob = next((protected.repository / made / "volumes").glob("prometheus-data.tar.zst"))
    blob.chmod(0o600)
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 0x10
    blob.write_bytes(data)
    before = {name: row["ID"] for name, row in protected.stack.containers().items()}
    done = protected.obsctl("restore", made, "--yes", expected=5)
    assert "prometheus-data" in done.stderr
    assert {name: row["ID"] for name, row in protected.stack.containers().items()} == before
    shutil.rmtree(protected.repository / made)
