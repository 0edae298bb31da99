"""The Job of `obsctl loadgen --kubernetes`: valid by Kubernetes' own schemas, and its pods do what they should.

No cluster is needed: what a kubelet would do with a pod (environment, $(VARIABLES), Secrets, ConfigMaps) is
done here, and the commands run as processes against a sink on this machine's own address.
"""

import contextlib
import copy
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
from concurrent import futures

import pytest
import yaml

kubernetes_validate = pytest.importorskip("kubernetes_validate")

BINARY = os.environ.get("OBSCTL", "")
TOKEN = "t0ken $(HOME) that-nobody-may-see".replace(" ", "-")
PODS = 3
VERSIONS = ("1.29", "1.33", "1.37")  # the oldest that the manifest names, one between, the newest known


def own_address() -> str:
    """An address of this machine that is not loopback. (Connecting UDP sends nothing.)"""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
        if not address.startswith("127."):
            return address
    pytest.skip("this machine has only loopback addresses")


def obsctl(*words: str, cwd=None) -> str:
    done = subprocess.run([BINARY, *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.returncode}\n{done.stderr}\n{done.stdout[:2000]}"
    return done.stdout


def manifests(text: str) -> dict:
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def validate(document: dict) -> None:
    for version in VERSIONS:
        kubernetes_validate.validate(document, version, strict=True)


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


class Kubelet:
    """What becomes of a pod's description: files where they are mounted, variables and words expanded."""

    def __init__(self, folder: pathlib.Path, documents: dict, secret: dict):
        self.pod = documents["Job"]["spec"]["template"]["spec"]
        self.box = self.pod["containers"][0]
        self.secret = secret
        self.root = folder / "root"
        volumes = {volume["name"]: volume for volume in self.pod.get("volumes", [])}
        for mount in self.box.get("volumeMounts", []):
            target = pathlib.Path(f"{self.root}{mount['mountPath']}")
            target.mkdir(parents=True)
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                config = documents["ConfigMap"]
                assert volume["configMap"]["name"] == config["metadata"]["name"]
                for key, value in config["data"].items():
                    (target / key).write_text(value, encoding="utf-8")
            else:
                assert volume["secret"]["secretName"] == "obsctl-loadgen"
                assert volume["secret"]["defaultMode"] == 0o440
                for item in volume["secret"]["items"]:
                    (target / item["path"]).write_text(secret[item["key"]], encoding="utf-8")

    @staticmethod
    def expand(text: str, variables: dict) -> str:
        """Kubernetes' rule: $(NAME) is the variable if there is one, $$ is $."""
        return re.sub(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)",
                      lambda m: "$" if m.group(0) == "$$" else variables.get(m.group(1), m.group(0)), text)

    def run(self, index: int) -> str:
        variables: dict = {}
        for entry in self.box["env"]:
            source = entry.get("valueFrom", {})
            if "fieldRef" in source:
                path = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
                assert source["fieldRef"]["fieldPath"] == path
                variables[entry["name"]] = str(index)
            elif "secretKeyRef" in source:
                assert source["secretKeyRef"]["name"] == "obsctl-loadgen"
                variables[entry["name"]] = self.secret[source["secretKeyRef"]["key"]]
            else:
                variables[entry["name"]] = self.expand(entry["value"], variables)
        words = [self.expand(word, variables) for word in (*self.box["command"], *self.box["args"])]
        mounted = [word.replace("=/etc/obsctl/", f"={self.root}/etc/obsctl/") for word in words]
        assert mounted[0] == "obsctl"
        done = subprocess.run([BINARY, *mounted[1:]], cwd="/", env=variables, capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, f"pod {index}: {done.returncode}\n{done.stderr}\n{done.stdout[:2000]}"
        return done.stdout + done.stderr  # `kubectl logs` shows both

    def run_all(self, count: int) -> list:
        with futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(self.run, range(count)))


def secret_of(manifest: str, folder: pathlib.Path, values: dict) -> dict:
    """Runs the comment's `kubectl create secret` in the mind: key → content."""
    command = re.search(r"kubectl create secret(?:.*\\\n)*.*", manifest).group(0)
    out = {}
    for word in shlex.split(command.replace("\\\n#", " ")):
        if word.startswith("--from-file="):
            key, _, file = word.removeprefix("--from-file=").partition("=")
            out[key] = (folder / file).read_text(encoding="utf-8")
        elif word.startswith("--from-literal="):
            key, _, name = word.removeprefix("--from-literal=").partition("=")
            out[key] = values[name.removeprefix("$")]
    return out


ALL = ("--ca-file", "ca.pem", "--cert-file", "client.pem", "--key-file", "client.key", "--bearer-file",
       "token", "-H", f"x-key={TOKEN}", "-s", "mine.yaml", "-r", "6k/s", "-d", "1s", "--sequence", "--seed",
       "77", "--threshold", "errors<0.1%")


def test_the_manifest_is_valid_and_restricted(files):
    text = obsctl("loadgen", "--kubernetes", str(PODS), "-e", "https://192.0.2.1:4317", "--yes", *ALL, cwd=files)
    assert TOKEN not in text
    documents = manifests(text)
    for document in documents.values():
        validate(document)
    job = documents["Job"]
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == PODS
    pod = job["spec"]["template"]["spec"]
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/ "Restricted"
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert set(kind for volume in pod["volumes"] for kind in volume) <= {"name", "secret", "configMap"}
    for box in pod["containers"]:
        assert box["securityContext"]["allowPrivilegeEscalation"] is False
        assert box["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert box["resources"]["requests"] and box["resources"]["limits"]["memory"]
    # A job without anything to mount is valid too.
    small = manifests(obsctl("loadgen", "--kubernetes", "1", "-e", "192.0.2.1"))
    assert set(small) == {"Job"}
    validate(small["Job"])


def test_the_schemas_notice_a_mistake(files):
    job = manifests(obsctl("loadgen", "--kubernetes", "2", "-e", "192.0.2.1"))["Job"]
    wrong = copy.deepcopy(job)
    wrong["spec"]["template"]["spec"]["seccompProfil"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)
    wrong = copy.deepcopy(job)
    wrong["spec"]["completions"] = "two"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_the_pods_send_one_plan_between_them(files, protocol):
    tls = ("--cert-file", "server.pem", "--key-file", "server.key", "--ca-file", "ca.pem")
    with sink(files, *tls) as ((grpc, http), stop):
        port = grpc if protocol == "grpc" else http
        text = obsctl("loadgen", "--kubernetes", str(PODS), "-e", f"https://{own_address()}:{port}", "--yes",
                      "--protocol", protocol, *ALL, cwd=files)
        kubelet = Kubelet(files, manifests(text), secret_of(text, files, {"VALUE_OF_x_key": TOKEN}))
        logs = kubelet.run_all(PODS)
        seen = stop()["signals"]
    reports = [json.loads(log) for log in logs]  # nothing but the report is in a pod's log
    assert not any(TOKEN in log for log in logs)
    assert {report["seed"] for report in reports} == {77}
    assert len({report["fingerprint"] for report in reports}) == 1
    assert sorted((report["shard"], report["shards"]) for report in reports) == [(i, PODS) for i in range(PODS)]
    assert all(sum(t["sent"] for t in report["signals"].values()) > 0 for report in reports)
    for index, log in enumerate(logs):
        (files / f"obsctl-loadgen-{index}.json").write_text(log, encoding="utf-8")
    merged = json.loads(obsctl("loadgen", "merge", "-o", "json",
                               *(f"obsctl-loadgen-{i}.json" for i in range(PODS)), cwd=files))
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
