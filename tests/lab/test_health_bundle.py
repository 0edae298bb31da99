# SPDX-License-Identifier: Apache-2.0
"""A support archive of a running stack: no secret is in it, and elsewhere it is judged as the stack was here."""

import base64
import json
import os
import subprocess
import tarfile
import uuid

import pytest

from backends import wait_for
from stack import Stack, run

OWN = """\
exporters:
  otlp_http/own:
    endpoint: https://someone:{userinfo}@collector.example.com:4318
    headers:
      Authorization: Bearer {header}
"""
COMPARED = ("at", "seconds", "verdict", "counts", "checks", "ledger")


def obsctl(*words, cwd) -> str:
    command = [os.environ["OBSCTL"], *map(str, words)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, 3, 4), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def planted() -> dict:
    """A secret for each place that no file of secrets has."""
    return {place: f"{place}-{uuid.uuid4().hex}" for place in ("userinfo", "header", "key", "bearer")}


@pytest.fixture(scope="module")
def stack(new_stack, planted):
    """A secured stack with load, with a part of its own and with a container that logs secrets."""
    made = new_stack("--tls", "self-signed", "--auth", "bearer", "--logs", "victorialogs")
    (made.directory / "configs/otel-collector/own.yaml").write_text(OWN.format(**planted), encoding="utf-8")
    made.up()
    project = made.model()["name"]
    loud = f"{project}-loud"
    run(["docker", "run", "-d", "--name", loud, "--network", "none",
         "--label", f"com.docker.compose.project={project}", "--label", "com.docker.compose.service=loud",
         "busybox:1.37.0", "sh", "-c",
         f"echo level=info password={planted['key']} user=x; echo sent: Bearer {planted['bearer']}; sleep 3600"])
    with subprocess.Popen([os.environ["OBSCTL"], "loadgen", "--stack", made.directory, "-r", "200/s", "-d", "1h", "-q"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as load:
        yield made
        load.terminate()
    run(["docker", "rm", "-f", loud])


def secrets(stack: Stack, planted: dict):
    """Every secret by its place: values of variables, lines of private keys, and what was planted."""
    yield from planted.items()
    for path in [*(stack.directory / "secrets").iterdir(), *(stack.directory / "tls").glob("*.key")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-----")):
                name, sign, value = line.partition("=")
                yield path.name, value if sign and name.isupper() else line


def recorded(stack: Stack, folder) -> tuple:
    """The report here, the report of the archive elsewhere, and the archive."""
    archive = folder / "support.tar.gz"
    here = json.loads(obsctl("health", "-o", "json", "--bundle", archive, "--force", cwd=stack.directory))
    there = json.loads(obsctl("health", "-o", "json", "--from", archive, cwd=folder))
    return here, there, archive


def test_an_archive_is_judged_as_the_stack_was(stack, planted, tmp_path, report):
    wait_for(lambda: json.loads(obsctl("health", "-o", "json", cwd=stack.directory))["ledger"], 60, "load")
    here, there, archive = recorded(stack, tmp_path)
    assert [here[key] for key in COMPARED] == [there[key] for key in COMPARED]
    with tarfile.open(archive) as tar:
        files = {one.name: tar.extractfile(one).read() for one in tar}
    found = 0
    for place, secret in secrets(stack, planted):
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        found += 1
        for name, text in files.items():
            assert secret.encode() not in text and encoded.encode() not in text, (place, name)
    logs = [name for name, text in files.items() if "/logs/" in name and text]
    assert any(b"password=REDACTED user=x" in files[name] for name in logs)
    report(f"{len(here['checks'])} checks alike; {found} secrets in none of {len(files)} files; "
           f"{len(logs)} logs; {archive.stat().st_size / 1000:.0f} KB")
    assert found >= 12 and len(logs) >= 5


def test_a_fault_is_found_elsewhere(stack, tmp_path, report):
    stack.compose("pause", "victorialogs")
    try:
        reports = []

        def is_found() -> bool:
            reports.append(recorded(stack, tmp_path))
            return {"SVC-008", "COL-003"} <= {check["id"] for check in reports[-1][1]["checks"] if check["problems"]}
        wait_for(is_found, 90, "the paused store and the exporter that waits for it")
    finally:
        stack.compose("unpause", "victorialogs")
    here, there, archive = reports[-1]
    assert [here[key] for key in COMPARED] == [there[key] for key in COMPARED]
    diagnosis = obsctl("health", "diagnose", "--from", archive, cwd=tmp_path)
    report(diagnosis.splitlines()[0])
    assert "VictoriaLogs is paused" in diagnosis
