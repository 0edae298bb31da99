# SPDX-License-Identifier: Apache-2.0
"""What a stack reads from its host when it is asked to: the logs of all containers."""

import uuid

import pytest
import yaml

from backends import wait_for
from labenv import catalog
from stack import run


@pytest.fixture(scope="module")
def stack(new_stack):
    """The lab's engine keeps its files elsewhere; an override says so, as a person's would."""
    made = new_stack("--collect", "docker-logs", "--logs", "victorialogs")
    root = run(["docker", "info", "--format", "{{.DockerRootDir}}"]).stdout.strip()
    (made.directory / "docker-compose.override.yml").write_text(yaml.safe_dump({"services": {
        "docker-logs": {"volumes": [f"{root}/containers:/var/lib/docker/containers:ro"]}}}))
    made.up()
    return made


def prints(script: str, *options: str) -> str:
    """Runs a script in a container of its own; returns the container's name."""
    name = f"lab-{uuid.uuid4().hex[:10]}"
    busybox = f"{catalog()['busybox']['image']}:{catalog()['busybox']['version']}"
    run(["docker", "run", "--name", name, *options, busybox, "sh", "-c", script])
    return name


@pytest.fixture
def printing():
    """prints(), whose containers go away with the test."""
    names = []
    yield lambda *arguments: names.append(prints(*arguments)) or names[-1]
    run(["docker", "rm", "-f", *names])


def bodies(logs, service: str) -> list:
    return sorted(record["_msg"] for record in logs.records(service))


def test_every_line_with_text_is_one_record_under_its_container(stack, logs, printing):
    name = printing("for i in 1 2 3; do echo line $i; done; echo trouble >&2; echo",
                    "--log-opt", "tag={{.Name}}")
    expected = sorted(["line 1", "line 2", "line 3", "trouble"])
    wait_for(lambda: bodies(logs, name) == expected, 60, f"the lines of {name}")
    streams = {record["_msg"]: record["log.iostream"] for record in logs.records(name)}
    assert (streams["line 1"], streams["trouble"]) == ("stdout", "stderr")


def test_a_line_that_the_engine_cuts_comes_whole(stack, logs, printing):
    name = printing("head -c 40000 /dev/zero | tr '\\0' x; echo", "--log-opt", "tag={{.Name}}")
    wait_for(lambda: bodies(logs, name) == ["x" * 40000], 60, "one record of 40,000 characters")


def test_a_container_without_a_tag_is_called_by_its_id(stack, logs, printing):
    name = printing("echo nameless")
    number = run(["docker", "inspect", "--format", "{{.Id}}", name]).stdout[:12]
    wait_for(lambda: bodies(logs, number) == ["nameless"], 60, f"the line of {number}")


def test_what_is_printed_during_a_restart_is_read_once(stack, logs, printing):
    stack.compose("stop", "docker-logs")
    name = printing("for i in 1 2 3 4 5; do echo line $i; done", "--log-opt", "tag={{.Name}}")
    stack.compose("start", "docker-logs")
    expected = [f"line {number}" for number in range(1, 6)]
    wait_for(lambda: bodies(logs, name) == expected, 60, f"the lines of {name}")
    stack.compose("restart", "docker-logs")
    after = printing("echo after", "--log-opt", "tag={{.Name}}")
    wait_for(lambda: bodies(logs, after) == ["after"], 60, f"the line of {after}")
    assert bodies(logs, name) == expected, "a restart reads a file again"
