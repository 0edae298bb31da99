# SPDX-License-Identifier: Apache-2.0
"""Faults of the engine, of containers and their settings, of disks, secrets and backups, with what has to be found."""

import contextlib
import json
import os
import time

from health_faults import (COLLECTOR, NODE, PROMETHEUS, Fault, collector_config, container, disk_full, edited,
                           file_changed, found, full_file_system, in_engine, limited, make_room, own_disk,
                           paused, recreated, remove_override, scarce_cpu, stopped, together, volume)
from stack import Stack, run

NOT_SCRAPED = (f"{PROMETHEUS}/PRM-001", f"{PROMETHEUS}/PRM-014")
IMPATIENT = "interval: 1s, retries: 1, start_period: 0s"


@contextlib.contextmanager
def memory_nearly_used(stack: Stack, service: str):
    """A limit that is a little above what is in use."""
    name = container(stack, service)
    used = run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", name]).stdout.split("/")[0].strip()
    limit = f"{float(used.removesuffix('MiB')) * 1.08:.1f}"
    run(["docker", "update", f"--memory={limit}m", f"--memory-swap={limit}m", name])
    try:
        yield
    finally:  # made anew, because the engine would remember a kill
        stack.compose("up", "-d", "--no-deps", "--pull", "never", "--force-recreate", service)


@contextlib.contextmanager
def other_image(stack: Stack, service: str):
    """The same program under another reference, as after an update by hand."""
    image = stack.services()[service]["image"]
    run(["docker", "tag", image, "obsctl.invalid/other:1"])
    try:
        with recreated(stack, service, "{image: 'obsctl.invalid/other:1'}"):
            yield
    finally:
        run(["docker", "rmi", "obsctl.invalid/other:1"], may_fail=True)


@contextlib.contextmanager
def volume_removed(stack: Stack, service: str):
    name = volume(stack, service)
    stack.compose("rm", "--stop", "--force", service)
    run(["docker", "volume", "rm", name])
    try:
        yield
    finally:
        stack.compose("up", "-d", "--no-deps", "--pull", "never", service)


@contextlib.contextmanager
def inodes_used(stack: Stack, service: str):
    """A disk with room for files of any size, and for no more of them."""
    with own_disk(stack, service, "size=512m,nr_inodes=40") as place:
        run([*in_engine(), "sh", "-c", f"for i in $(seq 40); do : >{place}/$i; done"], may_fail=True)
        yield


def state(stack: Stack, **document):
    return file_changed(stack.directory / ".obsctl/state.json",
                        json.dumps({"schema": "obsctl.state/v1", **document}))


def days_ago(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


BACKUP = {"at": days_ago(3), "id": "20260101T000000Z-abc123", "repository": "/backups", "complete": True}

FAULTS = [
    Fault("engine does not answer", lambda s: contextlib.nullcontext(), found("/ENG-001"),
          under=("env", "DOCKER_HOST=unix:///run/nobody.sock")),
    Fault("clocks differ", lambda s: contextlib.nullcontext(), found("/CLK-001"),
          found(f"{PROMETHEUS}/PRM-008"), under=("faketime", "-f", "+90s")),

    Fault("traces' store paused", lambda s: paused(s, "jaeger"),
          found("jaeger/SVC-008", f"{COLLECTOR}/COL-003"),
          found(*NOT_SCRAPED, "jaeger/SVC-004", "jaeger/SVC-009"), fix="jaeger/SVC-008"),
    Fault("logs' store paused", lambda s: paused(s, "loki"),
          found("loki/SVC-008", f"{COLLECTOR}/COL-003"), found(*NOT_SCRAPED, "loki/SVC-004")),
    Fault("metrics' store stopped", lambda s: stopped(s, PROMETHEUS),
          found(f"{PROMETHEUS}/SVC-001", f"{COLLECTOR}/COL-003"), fix=f"{PROMETHEUS}/SVC-001"),
    Fault("logs' store stopped", lambda s: stopped(s, "loki"),
          found("loki/SVC-001", f"{COLLECTOR}/COL-003", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", "grafana/SVC-015"), fix="loki/SVC-001"),
    Fault("collector stopped", lambda s: stopped(s, COLLECTOR),
          found(f"{COLLECTOR}/SVC-001", f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014"),
          fix=f"{COLLECTOR}/SVC-001"),
    Fault("collector paused", lambda s: paused(s, COLLECTOR),
          found(f"{COLLECTOR}/SVC-008", f"{PROMETHEUS}/PRM-001"), found(f"{PROMETHEUS}/PRM-014"),
          fix=f"{COLLECTOR}/SVC-008"),
    Fault("viewer paused", lambda s: paused(s, "grafana"),
          found("grafana/SVC-008"), found(*NOT_SCRAPED, "grafana/SVC-004")),
    Fault("a store stopped and another paused", lambda s: together(stopped(s, "jaeger"), paused(s, "loki")),
          found("jaeger/SVC-001", "loki/SVC-008", f"{COLLECTOR}/COL-003", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", "loki/SVC-004")),

    Fault("not ready", lambda s: collector_config(s, {"extensions": {"health_check": {"endpoint": "0.0.0.0:13134"}}}),
          found(f"{COLLECTOR}/SVC-002")),
    Fault("receiver on loopback", lambda s: collector_config(
        s, {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "localhost:4317"}}}}}),
          found(f"{COLLECTOR}/SVC-007")),
    Fault("health check fails", lambda s: recreated(
        s, "alertmanager", f"{{healthcheck: {{test: [CMD, 'false'], {IMPATIENT}}}}}"), found("alertmanager/SVC-004"),
          found("alertmanager/SVC-002")),
    Fault("impossible health check", lambda s: recreated(
        s, "jaeger", f"{{healthcheck: {{test: [CMD, nosuchprogram, localhost], {IMPATIENT}}}}}"),
          found("jaeger/SVC-006"), found("jaeger/SVC-002")),
    Fault("memory nearly used", lambda s: memory_nearly_used(s, NODE), found(f"{NODE}/SVC-005"),
          found(*(f"{NODE}/SVC-{number}" for number in ("002", "003", "009", "011")), f"{NODE}/HST-004", *NOT_SCRAPED),
          fix=f"{NODE}/SVC-005", values=(("SIZE", "128MB"),)),
    Fault("memory without a limit", lambda s: edited(s, NODE, "memory: ", 'memory: "0" #'),
          found(f"{NODE}/SVC-010"), fix=f"{NODE}/SVC-010"),
    Fault("held back by its CPU limit", lambda s: scarce_cpu(s, NODE, "0.01"), found(f"{NODE}/SVC-011"),
          found(*NOT_SCRAPED, f"{NODE}/SVC-002", f"{NODE}/SVC-004"), fix=f"{NODE}/SVC-011",
          values=(("CORES", "0.2"),)),
    Fault("nothing starts it again", lambda s: edited(s, NODE, "", '    restart: "no"\n'),
          found(f"{NODE}/SVC-012"), fix=f"{NODE}/SVC-012"),
    Fault("log without a limit", lambda s: edited(s, NODE, "", "    logging: {driver: json-file}\n"),
          found(f"{NODE}/SVC-013"), fix=f"{NODE}/SVC-013"),
    Fault("another image", lambda s: other_image(s, NODE), found(f"{NODE}/SVC-014"), fix=f"{NODE}/SVC-014",
          by_hand=remove_override),

    Fault("volume removed", lambda s: volume_removed(s, "alertmanager"),
          found("alertmanager/SVC-001", "/STO-003", f"{PROMETHEUS}/PRM-001"),
          found(f"{PROMETHEUS}/PRM-014", f"{PROMETHEUS}/PRM-015"), fix="/STO-003"),
    Fault("no inodes left", lambda s: inodes_used(s, "alertmanager"), found("/STO-002"),
          found(*(f"alertmanager/SVC-{number}" for number in ("001", "002", "009", "015")), *NOT_SCRAPED)),
    Fault("file system of the host full", full_file_system, found(f"{NODE}/HST-001"),
          found(f"{PROMETHEUS}/PRM-014")),
    Fault("disk of the metrics full", lambda s: disk_full(s, PROMETHEUS, "32m"),
          found("/STO-001", f"{PROMETHEUS}/PRM-012"),
          found(f"{COLLECTOR}/COL-003", f"{COLLECTOR}/COL-004", f"{COLLECTOR}/SVC-015", f"{PROMETHEUS}/SVC-015",
                f"{PROMETHEUS}/PRM-003", f"{PROMETHEUS}/PRM-006", f"{PROMETHEUS}/PRM-013", f"{PROMETHEUS}/PRM-014"),
          fix=f"{PROMETHEUS}/PRM-012", by_hand=lambda s: make_room(s, PROMETHEUS)),
    Fault("disk of the logs full", lambda s: disk_full(s, "loki", "32m"),
          found("/STO-001", "loki/LOK-002"),
          found(f"{COLLECTOR}/COL-003", f"{COLLECTOR}/COL-004", f"{COLLECTOR}/SVC-015", "loki/SVC-015",
                "loki/SVC-002", f"{PROMETHEUS}/PRM-014"),
          fix="loki/LOK-002", by_hand=lambda s: make_room(s, "loki")),

    Fault("secret readable", lambda s: file_changed(next((s.directory / "secrets").iterdir()), None, 0o644),
          found("/SEC-001"), fix="/SEC-001"),
    Fault("backup old and unread", lambda s: state(s, last_backup=BACKUP),
          found("/BAK-001", "/BAK-002", "/BAK-003")),
    Fault("restore half done", lambda s: state(s, open_journal={
        "at": days_ago(0.1), "operation": "restore", "file": "/backups/restore-1.json"}), found("/JRN-001")),

    Fault("collector does not start", lambda s: collector_config(s, {"no such": "part"}),
          found(f"{COLLECTOR}/SVC-009"),
          found(f"{COLLECTOR}/SVC-001", f"{COLLECTOR}/SVC-002", f"{COLLECTOR}/SVC-015", *NOT_SCRAPED)),
    Fault("killed at the memory limit", lambda s: limited(s, COLLECTOR, "16m"),
          found(f"{COLLECTOR}/SVC-003", f"{NODE}/HST-004"),
          found(f"{COLLECTOR}/SVC-001", f"{COLLECTOR}/SVC-002", f"{COLLECTOR}/SVC-005", f"{COLLECTOR}/SVC-009",
                f"{COLLECTOR}/COL-002", *NOT_SCRAPED, f"{COLLECTOR}/SVC-011"),
          fix=f"{COLLECTOR}/SVC-003", values=(("SIZE", "3GB"),)),
]


@contextlib.contextmanager
def certificate_ends(stack: Stack):
    """A server certificate that is valid for five more days."""
    made = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                "/dev/null", "-subj", "/CN=lab", "-days", "5"]).stdout
    (stack.directory / "tls/server.crt").write_text(made, encoding="utf-8")
    try:
        yield
    finally:
        run([os.environ["OBSCTL"], "init", "--dir", stack.directory, "--renew-certs"])


# On a stack with TLS.
WITH_TLS = [
    Fault("certificate ends", certificate_ends, found("/CRT-001"), fix="/CRT-001"),
]
