# SPDX-License-Identifier: Apache-2.0
"""Every command and URL that a Compose stack prints, in its runbook and after init, works as printed for that stack:
with ports moved or not published, with TLS and a token, with other stores."""

import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from backends import wait_for
from stack import run

VARIANTS = {
    "default": [],
    "secured": ["--tls", "self-signed", "--auth", "bearer", "--bind", "0.0.0.0", "--bind-ui", "0.0.0.0"],
    "others": ["--traces", "tempo", "--metrics", "victoriametrics", "--logs", "victorialogs"],
}
PROGRAMS = ("docker", "curl", "openssl", "grep", "df", "obsctl", "sed", "timedatectl")
BLOCKS = re.compile(r"```sh\n(.*?)```", re.S)
PLACEHOLDER = re.compile(r"\b(NAME|LINE|NEW|SIZE|DAYS|CORES|RATE|COUNT|SHARE|N|USER|URL|BLOCK)\b|…")
# Not run as printed: a part of the command, and why.
LEFT_OUT = {
    "down": "removes; the restore has a test of its own",
    "compose stop": "stops; part of the backup's test",
    "logs -f": "runs until it is stopped",
    "prune": "removes what others left on this engine",
    "compose pull": "the lab's engine has no registry",
    "obsctl init --force": "for an older obsctl",
    "obsctl init --export-templates": "makes templates of its own, which later commands would use",
    "obsctl init --bind-ui": "another stack",
    "public_urls": "another stack",
    "obsctl backup": "has tests of its own (test_backup.py)",
    "obsctl restore": "has tests of its own (test_backup.py)",
    "timedatectl": "asks an init system that the lab has not",
}
# Exit codes that are an answer and no failure: nothing found; a finding about this machine, a port not published.
ANSWERS = {"grep ": (1,), "obsctl health": (3, 4)}


@pytest.fixture(scope="module", params=VARIANTS)
def running(request, new_stack):
    stack = new_stack(*VARIANTS[request.param])
    if request.param == "others":  # what is not published is asked from inside
        published = [name for name in ("tempo", "victorialogs") if name in stack.services()]
        run([os.environ["OBSCTL"], "init", "--dir", stack.directory, *(f"--port={name}=0" for name in published)])
        stack.forget()
    stack.up()
    yield stack
    stack.down(volumes=True)


def runbook(stack) -> str:
    return (stack.directory / "OPERATIONS.md").read_text(encoding="utf-8")


def printed(text: str) -> list:
    """Every command, each once, without the remark behind it and without loops, which have a test of their own."""
    inline = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", BLOCKS.sub("", text))]
    lines = [line for block in BLOCKS.findall(text) if "for v in" not in block for line in block.splitlines()]
    found = [re.sub(r"\s+# .*", "", line) for line in [*lines, *inline]]
    return list(dict.fromkeys(line for line in found if line.split(" ")[0] in PROGRAMS and " " in line))


def shell(stack, command: str, timeout: int = 240) -> subprocess.CompletedProcess:
    binary = str(pathlib.Path(os.environ["OBSCTL"]).parent)
    return subprocess.run(["bash", "-c", command], cwd=stack.directory, text=True, capture_output=True, check=False,
                          timeout=timeout, env={**os.environ, "PATH": f"{binary}:{os.environ['PATH']}"})


def outcome(stack, command: str) -> str:
    """Empty when the command and everything in its pipe end well."""
    done = shell(stack, f"{command}\ncodes=(${{PIPESTATUS[@]}}); echo; echo ${{codes[@]}}")
    first, *rest = map(int, done.stdout.splitlines()[-1].split())
    may_find_nothing = " | grep " in command or command.startswith("grep ")
    also_fine = next((codes for start, codes in ANSWERS.items() if command.startswith(start)), ())
    fine = first in (0, *also_fine) and all(code <= may_find_nothing for code in rest)
    return "" if fine else f"{command}\n{done.stdout[-600:]}\n{done.stderr[-600:]}"


def changes(command: str) -> bool:
    return bool(re.search(r"compose (up|restart|kill|start)|obsctl init(?! --d)", command))


def test_commands_of_the_runbook_end_well(running, report):
    commands = [line for line in printed(runbook(running)) if not PLACEHOLDER.search(line)]
    tried = [line for line in commands if not any(part in line for part in LEFT_OUT)]
    tried.sort(key=changes)  # a service that starts has nothing to say to the others
    assert len(tried) > 20
    failed = []
    for command in tried:
        failed.append(outcome(running, command))
        if changes(command):
            wait_for(running.is_healthy, 120, f"every container healthy after {command}")
    report(f"{len(tried)} commands run, {len(commands) - len(tried)} left out")
    assert not any(failed), "\n".join(filter(None, failed))


def test_commands_that_are_printed_after_init_end_well(running):
    done = shell(running, "cd .. && obsctl init --dir " + running.directory.name + " -o json")
    assert done.returncode == 0, done.stderr
    commands = " && ".join(json.loads(done.stdout)["next"])
    done = shell(running, f"cd .. && {commands}")
    assert done.returncode == 0, f"{commands}\n{done.stderr}"
    wait_for(running.is_healthy, 120, "every container healthy")


def test_printed_addresses_answer(running, report):
    text = runbook(running)
    authority = running.directory / "tls/ca.crt"
    context = ssl.create_default_context(cafile=str(authority)) if authority.exists() else None
    urls = set(re.findall(r"https?://localhost:\d+", re.sub(r"ssh -L.*", "", text)))
    assert len(urls) > 3
    for url in sorted(urls):
        try:
            with urllib.request.urlopen(url, timeout=10, context=context if url.startswith("https") else None):
                pass
        except urllib.error.HTTPError as answer:  # a receiver has no page at /, nor has the lab's Prometheus
            assert answer.code != 400, f"{url} speaks something else"
    places = set(re.findall(r"`localhost:(\d+)`", text))
    for port in places:
        with socket.create_connection(("localhost", int(port)), timeout=5):
            pass
    report(f"{len(urls)} URLs and {len(places)} addresses answer")


def test_a_backup_is_restored_into_empty_volumes(running, service):
    take, restore = (block for block in BLOCKS.findall(runbook(running)) if "backups" in block)
    done = shell(running, f"set -e\n{take}")
    assert done.returncode == 0, done.stderr[-1500:]
    saved = sorted((running.directory / "backups").iterdir())
    assert {path.name for path in saved} >= {"prometheus-data.tgz", "grafana-data.tgz"}
    done = shell(running, f"set -e\n{restore}")
    assert done.returncode == 0, f"{service}: {done.stderr[-1500:]}"
    wait_for(running.is_healthy, 120, "every container healthy after the restore")
