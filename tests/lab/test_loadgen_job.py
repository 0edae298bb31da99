# SPDX-License-Identifier: Apache-2.0
"""The Job of `obsctl loadgen job`: valid by Kubernetes' own schemas, and its pods do what they should.

It runs on a real cluster, with the commands of its comment as an operator would paste them, against a sink on this
machine's own address.
"""

import contextlib
import copy
import json
import os
import re
import shlex
import signal
import subprocess
from concurrent import futures

import pytest
import yaml

import kubernetes_validate
from cluster import own_address
from manifests import VERSIONS, validate

BINARY = os.environ.get("OBSCTL", "")
TOKEN = "t0ken $(HOME) that-nobody-may-see".replace(" ", "-")
PODS = 3


def obsctl(*words: str, cwd=None) -> str:
    done = subprocess.run([BINARY, *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.returncode}\n{done.stderr}\n{done.stdout[:2000]}"
    return done.stdout


def manifests(text: str) -> dict:
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.fixture
def files(tmp_path):
    """Certificates for this machine's address, a client's, a token and a scenario."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    def new(name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-subj", f"/CN={name}")

    openssl("req", "-x509", *new("ca"), "-out", "ca.pem", "-days", "2")
    for name in ("server", "client"):
        (tmp_path / "more").write_text(f"subjectAltName=IP:{own_address()}\n", encoding="utf-8")
        openssl("req", *new(name), "-out", "request")
        openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "2", "-extfile", "more")
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("# $(NOT_A_VARIABLE)\nname: mine\nbase: shop\n", encoding="utf-8")
    return tmp_path


@contextlib.contextmanager
def sink(folder, *flags):
    process = subprocess.Popen([BINARY, "loadgen", "sink", "--listen", own_address(), "--grpc-port=0",
                                "--http-port=0", *flags], cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    ports = re.search(r"gRPC port (\d+), HTTP port (\d+)", process.stderr.readline()).groups()

    def stop():
        process.send_signal(signal.SIGTERM)
        return json.loads(process.communicate(timeout=30)[0])
    try:
        yield ports, stop
    finally:
        if process.poll() is None:
            stop()


ALL = ("--ca-file", "ca.pem", "--cert-file", "client.pem", "--key-file", "client.key", "--bearer-file",
       "token", "-H", f"x-key={TOKEN}", "-s", "mine.yaml", "-r", "6k/s", "-d", "1s", "--sequence", "--seed",
       "77", "--threshold", "errors<0.1%")


def test_the_manifest_is_valid_and_restricted(files):
    text = obsctl("loadgen", "job", "--shards", str(PODS), "-e", "https://192.0.2.1:4317", "--yes", *ALL, cwd=files)
    assert TOKEN not in text
    documents = manifests(text)
    validate(documents.values())
    job = documents["Job"]
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == PODS
    pod = job["spec"]["template"]["spec"]
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/ "Restricted"
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {kind for volume in pod["volumes"] for kind in volume} <= {"name", "secret", "configMap"}
    for box in pod["containers"]:
        assert box["securityContext"]["allowPrivilegeEscalation"] is False
        assert box["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert box["resources"]["requests"] and box["resources"]["limits"]["memory"]
    # A job without anything to mount is valid too.
    small = manifests(obsctl("loadgen", "job", "-e", "192.0.2.1"))
    assert set(small) == {"Job"}
    validate(small.values())


def test_the_schemas_notice_a_mistake(files):
    job = manifests(obsctl("loadgen", "job", "--shards", "2", "-e", "192.0.2.1"))["Job"]
    wrong = copy.deepcopy(job)
    wrong["spec"]["template"]["spec"]["seccompProfil"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)
    wrong = copy.deepcopy(job)
    wrong["spec"]["completions"] = "two"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def pasted(manifest: str, start: str) -> str:
    """The command of the manifest's comment that starts like this, with the lines that belong to it."""
    lines = [line.removeprefix("#").strip() for line in manifest.splitlines() if line.startswith("#")]
    first = next(i for i, line in enumerate(lines) if line.startswith(start))
    last = first
    while lines[last].endswith(("\\", "; do")):
        last += 1
    return "\n".join(lines[first:last + 1])


@pytest.fixture
def here(cluster, namespace):
    """A namespace that admits only restricted pods, as kubectl's own: the commands to paste name none."""
    cluster.kubectl("config", "set-context", "--current", f"--namespace={namespace}")
    yield namespace
    cluster.kubectl("config", "set-context", "--current", "--namespace=default")


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_cluster_runs_the_job(cluster, here, obsctl_image, files, protocol):
    tls = ("--cert-file", "server.pem", "--key-file", "server.key", "--ca-file", "ca.pem")
    with sink(files, *tls) as ((grpc, http), stop):
        port = grpc if protocol == "grpc" else http
        text = obsctl("loadgen", "job", "--shards", str(PODS), "-e", f"https://{own_address()}:{port}", "--yes",
                      "--protocol", protocol, *ALL, cwd=files)
        assert manifests(text)["Job"]["spec"]["template"]["spec"]["containers"][0]["image"] == obsctl_image
        (files / "job.yaml").write_text(text, encoding="utf-8")
        cluster.shell(f"VALUE_OF_x_key={shlex.quote(TOKEN)}; {pasted(text, 'kubectl create secret')}", files)
        cluster.kubectl("apply", "-f", str(files / "job.yaml"))
        try:
            cluster.kubectl("wait", "--for=condition=complete", "job/obsctl-loadgen", "--timeout=90s")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{cluster.story(here)}") from error
        cluster.shell(pasted(text, "for pod in"), files)
        merge = f"obsctl() {{ {shlex.quote(BINARY)} \"$@\"; }}; {pasted(text, 'obsctl loadgen merge')} -o json"
        merged = json.loads(cluster.shell(merge, files))
        seen = stop()["signals"]
    logs = [path.read_text(encoding="utf-8") for path in files.glob("obsctl-loadgen-*.json")]
    assert not any(TOKEN in log for log in logs)
    reports = [json.loads(log) for log in logs]  # nothing but the report is in a pod's log
    assert {report["seed"] for report in reports} == {77}
    assert len({report["fingerprint"] for report in reports}) == 1
    assert sorted((report["shard"], report["shards"]) for report in reports) == [(i, PODS) for i in range(PODS)]
    assert all(sum(t["sent"] for t in report["signals"].values()) > 0 for report in reports)
    assert merged["passed"] and merged["asked_rate"] == pytest.approx(6000)
    assert sum(t["sent"] for t in merged["signals"].values()) == 6000
    for name, tally in merged["signals"].items():
        assert tally["accepted"] == tally["sent"] == seen[name]["items"] == seen[name]["distinct"]
        assert seen[name]["duplicates"] == 0


def test_headers_and_token_arrive_over_grpc(files):
    grpc = pytest.importorskip("grpc")
    got = []

    class Handler(grpc.GenericRpcHandler):
        def service(self, call):
            got.append(dict(call.invocation_metadata))
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        obsctl("loadgen", "-e", f"127.0.0.1:{port}", "-n", "300", "--bearer-file", "token", "-H",
               "X-Tenant=a=b c", cwd=files)
    finally:
        server.stop(0).wait()
    assert got
    for headers in got:
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert headers["x-tenant"] == "a=b c"
        assert headers["user-agent"].startswith("obsctl-loadgen/")
