# SPDX-License-Identifier: Apache-2.0
"""What a fault is, and the ways to inject one into a running stack: used by the lists of faults (faults_*.py) and by
the tests of `obsctl health`."""

import contextlib
import dataclasses
import os
import pathlib
import tempfile
import threading
import time
from collections.abc import Callable

import requests
import yaml

from journey import known
from stack import Stack, run
from telemetry import Refused

# What is true of the machine that the lab runs on, whatever the stack does.
OF_THE_HOST = [f"--skip={check}" for check in ("STO-001", "HST-001", "HST-002", "HST-003")]
COLLECTOR, PROMETHEUS, NODE = "otel-collector", "prometheus", "node-exporter"
RULES = "rules.d/injected.yml"
BROKEN = "no: [such, configuration\n"


def findings(report: dict) -> set:
    """"COMPONENT/ID" of every problem, without alerts about the machine that the lab runs on, and those that fire for
    long after their cause is gone."""
    ignored = {*known("allowed_firing.yaml"), "ComponentRestarting", "HostOutOfMemoryKill"}
    return {name_of(check) for check in report["checks"] for problem in check["problems"]
            if problem["labels"].get("alert") not in ignored}


def name_of(check: dict) -> str:
    return f"{check.get('component', '')}/{check['id']}"


def unknown(report: dict) -> set:
    return {f"{name_of(check)}: {check.get('why')}" for check in report["checks"] if check["status"] == "unknown"}


def nothing(_stack: Stack) -> None:
    """The fix asks for nothing but its commands."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """`inject` is a context manager: the fault lasts as long as it is open, or until its fix was carried out."""

    name: str
    inject: Callable
    finds: frozenset        # "COMPONENT/ID", all of which have to be found
    may: frozenset = frozenset()   # effects that come when the fault lasts
    names: tuple = ()       # who or what is at fault, named in the findings
    fix: str = ""           # the "COMPONENT/ID" whose printed fix is carried out
    by_hand: Callable = nothing    # what that fix leaves to a person, done before its commands
    values: tuple = ()      # (placeholder, value) for what a person has to choose in it
    under: tuple = ()       # words in front of obsctl, for a fault of whoever asks


def found(*names: str) -> frozenset:
    return frozenset(names)


# -- containers --------------------------------------------------------------------------------------


def container(stack: Stack, service: str) -> str:
    return stack.containers()[service]["ID"]


def restart(stack: Stack, service: str) -> None:
    stack.compose("restart", "--timeout", "2", service)


def reload(stack: Stack, service: str) -> None:
    stack.compose("kill", "-s", "HUP", service)


@contextlib.contextmanager
def paused(stack: Stack, service: str):
    run(["docker", "pause", container(stack, service)])
    try:
        yield
    finally:
        run(["docker", "unpause", container(stack, service)], may_fail=True)


@contextlib.contextmanager
def stopped(stack: Stack, service: str):
    stack.compose("stop", "--timeout", "2", service)
    try:
        yield
    finally:
        stack.compose("start", service)


@contextlib.contextmanager
def recreated(stack: Stack, service: str, change: str):
    """A service with something else in the Compose file, as YAML."""
    path = stack.directory / "docker-compose.override.yml"
    up = ("up", "-d", "--no-deps", "--pull", "never", service)
    try:
        with file_changed(path, f"services: {{{service}: {change}}}\n"):
            stack.forget()
            stack.compose(*up)
            yield
    finally:
        stack.forget()
        stack.compose(*up)


@contextlib.contextmanager
def edited(stack: Stack, service: str, old: str, new: str):
    """A service whose lines in the Compose file somebody edited and applied; `old` may be empty: a line more."""
    path, head = stack.directory / "docker-compose.yml", f"\n  {service}:\n    <<: *service\n"
    before, found_head, after = path.read_text(encoding="utf-8").partition(head)
    assert found_head and old in after, (service, old)
    up = ("up", "-d", "--wait", "--no-deps", "--pull", "never", service)
    try:
        with file_changed(path, before + head + after.replace(old, new, 1)):
            stack.compose(*up)
            yield
    finally:
        stack.compose(*up)


def remove_override(stack: Stack) -> None:
    (stack.directory / "docker-compose.override.yml").unlink()


@contextlib.contextmanager
def limited(stack: Stack, service: str, memory: str):
    """Less memory than it needs, from now on."""
    name = container(stack, service)
    before = inspect(name, "{{.HostConfig.Memory}}")
    run(["docker", "stop", "--time", "1", name])  # a limit below what is in use is refused
    run(["docker", "update", "--memory", memory, "--memory-swap", memory, name])
    run(["docker", "start", name], may_fail=True)
    try:
        yield
    finally:  # nothing is left to do where the fix made another container
        run(["docker", "update", "--memory", before, "--memory-swap", before, name], may_fail=True)
        run(["docker", "restart", "--time", "1", name], may_fail=True)


@contextlib.contextmanager
def scarce_cpu(stack: Stack, service: str, cores: str):
    name = container(stack, service)
    before = float(inspect(name, "{{.HostConfig.NanoCpus}}")) / 1e9
    run(["docker", "update", "--cpus", cores, name])
    try:
        yield
    finally:
        run(["docker", "update", "--cpus", str(before), name], may_fail=True)


def inspect(name: str, form: str) -> str:
    return run(["docker", "inspect", "--format", form, name]).stdout.strip()


def inner_address(stack: Stack, service: str) -> str:
    """Its address on the stack's network, where this machine reaches what is not published."""
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    return inspect(container(stack, service), form).split()[0]


# -- disks -------------------------------------------------------------------------------------------


def in_engine() -> list:
    """Words in front of a command that is to see the disks that the engine sees: the lab's has its own mounts."""
    socket = pathlib.Path(os.environ["DOCKER_HOST"].removeprefix("unix://"))
    return ["nsenter", f"--mount=/proc/{(socket.parent / 'docker.pid').read_text(encoding='utf-8').strip()}/ns/mnt"]


def volume(stack: Stack, service: str) -> str:
    """The engine's name of the first volume of a service."""
    keys = [row["source"] for row in stack.services()[service]["volumes"] if row["type"] == "volume"]
    return stack.model()["volumes"][keys[0]]["name"]


def folder(stack: Stack, service: str) -> pathlib.Path:
    """Where that volume lies on this machine."""
    name = volume(stack, service)
    return pathlib.Path(run(["docker", "volume", "inspect", "--format", "{{.Mountpoint}}", name]).stdout.strip())


@contextlib.contextmanager
def own_disk(stack: Stack, service: str, options: str = "size=64m"):
    """A service on an empty disk in memory instead of its volume; gives the place."""
    place = folder(stack, service)
    owner = place.stat()
    ids = f"uid={owner.st_uid},gid={owner.st_gid},mode={owner.st_mode & 0o7777:o}"
    stack.compose("stop", "--timeout", "5", service)
    run([*in_engine(), "mount", "-t", "tmpfs", "-o", f"{options},{ids}", "obsctl-lab", place])
    try:
        stack.compose("start", service)
        yield place
    finally:
        stack.compose("stop", "--timeout", "5", service)
        run([*in_engine(), "umount", place])
        stack.compose("start", service)


@contextlib.contextmanager
def disk_full(stack: Stack, service: str, size: str):
    with own_disk(stack, service, f"size={size}") as place:
        time.sleep(5)  # it makes its files first
        fill(place)
        yield


def fill(place: pathlib.Path) -> None:
    run([*in_engine(), "dd", "if=/dev/zero", f"of={place}/filler", "bs=64k"], may_fail=True)


def make_room(stack: Stack, service: str) -> None:
    run([*in_engine(), "rm", "-f", folder(stack, service) / "filler"])


@contextlib.contextmanager
def full_file_system(stack: Stack):
    """A file system of the host, nine tenths full. node-exporter reads the host's list of them and looks at each as the
    engine sees it, which are two places in the lab."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        place, image = pathlib.Path(name) / "disk", pathlib.Path(name) / "image"
        place.mkdir()
        place.parent.chmod(0o755)
        image.write_bytes(b"")
        os.truncate(image, 64 << 20)
        run(["mkfs.ext4", "-q", image])
        for words in ([], in_engine()):
            run([*words, "mount", "-o", "loop", image, place])
        try:
            run([*in_engine(), "dd", "if=/dev/zero", f"of={place}/filler", "bs=1M", "count=54"], may_fail=True)
            restart(stack, NODE)
            yield
        finally:
            stack.compose("stop", "--timeout", "1", NODE)
            for words in ([], in_engine()):
                run([*words, "umount", place])
            stack.compose("start", NODE)


# -- files -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def file_changed(path: pathlib.Path, text: str | None, mode: int | None = None):
    """A file with another content (None: the same) or another mode; afterwards as it was, or gone again."""
    before = path.read_bytes() if path.exists() else None
    old_mode = path.stat().st_mode & 0o777 if before is not None else None
    if text is not None:
        path.write_text(text, encoding="utf-8")
    if mode is not None:
        path.chmod(mode)
    try:
        yield
    finally:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before)
            path.chmod(old_mode)


@contextlib.contextmanager
def config(stack: Stack, service: str, file: str, change: str | Callable, apply: Callable = reload):
    """A file of a configuration with another text, or changed by a function, and read again by `apply`."""
    path = stack.directory / "configs" / service / file
    text = change if isinstance(change, str) else change(path.read_text(encoding="utf-8"))
    try:
        with file_changed(path, text):
            apply(stack, service)
            yield
    finally:
        apply(stack, service)


def broken(text: str) -> str:
    return text + BROKEN


def mended(stack: Stack, service: str, file: str) -> None:
    """Whoever carries out a fix takes the mistake out of their own file."""
    path = stack.directory / "configs" / service / file
    path.write_text(path.read_text(encoding="utf-8").replace(BROKEN, ""), encoding="utf-8")


def replaced(old: str, new: str) -> Callable:
    """A change of a text in which `old` stands."""
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)
    return change


def rules(**rule) -> str:
    """A file with one rule of a person's own."""
    interval = rule.pop("interval", "5s")
    row = {"alert": "Injected", "labels": {"severity": "warning"}, **rule}
    return yaml.safe_dump({"groups": [{"name": "injected", "interval": interval, "rules": [row]}]})


def rule(stack: Stack, expr: str, **more):
    return config(stack, PROMETHEUS, RULES, rules(expr=expr, **more))


def scrape(stack: Stack, *addresses: str, **job):
    """One more job of Prometheus."""
    job = {"job_name": "injected", "scrape_interval": "5s", "scrape_timeout": "2s", **job,
           "static_configs": [{"targets": list(addresses)}]}
    return config(stack, PROMETHEUS, "scrape.d/injected.yml", yaml.safe_dump({"scrape_configs": [job]}))


def collector_config(stack: Stack, changes: dict):
    """The collector with more in its own.yaml."""
    return config(stack, COLLECTOR, "own.yaml", yaml.safe_dump(changes), restart)


# -- senders -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def again_and_again(act: Callable, seconds: float = 0.5):
    """Does something in the background, also while it is refused."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.wait(seconds):
            with contextlib.suppress(requests.RequestException, Refused):
                act()
    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def together(*faults):
    with contextlib.ExitStack() as stack:
        for fault in faults:
            stack.enter_context(fault)
        yield
