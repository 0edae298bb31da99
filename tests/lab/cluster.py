# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes cluster of one node, of the real programs, that lives as long as the tests that use it.

Exists so that manifests are run and not only compared with schemas: the API server admits them, the controllers make
the pods, a kubelet and containerd run them, Services and names lead to them, NetworkPolicies are enforced. All of it is
in process, mount and network namespaces of its own, so that killing its first process ends everything and this
machine's firewall is never touched; what then is left is a name of the network and empty control groups.
"""

import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import time
import uuid

import yaml

import node
from labenv import LAB, LabError, bin_dir, built
from manifests import helm_homes

READY_SECONDS = 180


def why_not() -> str:
    """Why a cluster cannot run here, or nothing."""
    if os.geteuid() != 0:
        return "needs root"
    needed = ("containerd", "runc", "ctr", "ip", "iptables", "mount", "nsenter", "setpriv", "unshare")
    missing = [name for name in needed if not shutil.which(name)]
    if not (node.PLUGINS / "ptp").exists():
        missing.append("containernetworking-plugins")
    if missing:
        return f"missing: {', '.join(missing)}"
    try:
        address = own_address()
    except OSError as error:
        return f"no address: {error}"
    return "this machine has only loopback addresses" if address.startswith("127.") else ""


def own_address() -> str:
    """An address of this machine that is not loopback: pods reach it. (Connecting UDP sends nothing.)"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


class Cluster:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(24)
        self.process: subprocess.Popen | None = None

    # -- what tests use ------------------------------------------------------------------------
    def environment(self) -> dict:
        """For commands as an operator would type them: kubectl and helm are found and know the cluster."""
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "KUBECONFIG": f"{self.folder}/kubeconfig", **helm_homes(self.folder / "helm")}

    def shell(self, command: str, cwd: pathlib.Path, timeout: int = 120) -> str:
        return self._run(["bash", "-euc", command], timeout=timeout, cwd=cwd)

    def kubectl(self, *words: str, stdin: str | None = None, timeout: int = 120) -> str:
        return self._run([f"{self.folder}/bin/kubectl", *words], timeout=timeout, input=stdin)

    def helm(self, *words: str, timeout: int = 600) -> str:
        return self._run([bin_dir() / "helm", *words], timeout=timeout)

    def get(self, *words: str) -> dict:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, *documents: dict, namespace: str = "default") -> None:
        self.kubectl("apply", "--namespace", namespace, "-f", "-", stdin=yaml.safe_dump_all(documents))

    def address(self, namespace: str, service: str) -> str:
        """A Service as this machine reaches it (to a NetworkPolicy, it is outside of the cluster)."""
        return self.get("--namespace", namespace, "service", service)["spec"]["clusterIP"]

    def story(self, namespace: str) -> str:
        """What happened in a namespace, for a test that fails to show."""
        here = ("--namespace", namespace)
        parts = [self.kubectl("get", "pods,pvc", "-o", "wide", *here),
                 self.kubectl("get", "events", "--sort-by=.lastTimestamp", *here)]
        for pod in self.get("pods", *here)["items"]:
            for box in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
                words = ("logs", pod["metadata"]["name"], "-c", box["name"], "--prefix", "--tail=15", *here)
                logs = subprocess.run([f"{self.folder}/bin/kubectl", *words], env=self.environment(),
                                      capture_output=True, text=True, check=False)  # one that waits has none
                parts.append(logs.stdout)
        return "\n".join(parts)

    def new_namespace(self, admits: str = "restricted") -> str:
        """A namespace of its own that admits only pods of this Pod Security Standard."""
        name = f"lab-{uuid.uuid4().hex[:8]}"
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {"pod-security.kubernetes.io/enforce": admits}}})
        return name

    def load(self, reference: str) -> None:
        """Gives the node an image of the lab's engine."""
        absent = self.load_all([reference])
        assert not absent, f"the engine has no image {reference}"

    def load_all(self, references) -> list:
        """Gives the node images of the lab's engine; returns those that the engine does not have."""
        present, absent = [], []
        for reference in sorted(set(references)):
            found = subprocess.run(["docker", "image", "inspect", reference], capture_output=True, text=True,
                                   check=False)
            assert found.returncode == 0 or "No such image" in found.stderr, found.stderr
            (absent if found.returncode else present).append(reference)
        if present:
            with subprocess.Popen(["docker", "save", *present], stdout=subprocess.PIPE) as saved:
                subprocess.run([*node.CTR, "images", "import", "-"], stdin=saved.stdout, check=True,
                               stdout=subprocess.DEVNULL)
        return absent

    # -- life ----------------------------------------------------------------------------------
    def start(self) -> None:
        built("kubernetes", "helm")
        self._clear()
        node.RUNTIME.mkdir(parents=True)
        program = (bin_dir() / "kubernetes").resolve()
        (self.folder / "bin").mkdir()
        for name in node.PROGRAMS:
            (self.folder / "bin" / name).symlink_to(program)
        node.write_files(self.folder, self.token)
        node.make_network(own_address())
        script = "mount --make-rshared /\n" + "".join(
            f"{{ {command}; }} >{self.folder}/{name}.log 2>&1 &\n"
            for name, command in node.commands(self.folder).items())
        # Ends with this process, however that ends.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", *node.IN_NETWORK, "unshare", "--pid", "--fork",
                                         "--kill-child=KILL", "--mount-proc", "--mount", "bash", "-c", f"{script}wait"],
                                        cwd=self.folder, env=self.environment(), start_new_session=True)
        self._wait("the API server", lambda: self.kubectl("get", "--raw=/readyz") == "ok")
        (self.folder / node.READY).touch()
        self._wait("containerd", lambda: subprocess.run([*node.CTR, "version"], capture_output=True,
                                                        check=False).returncode == 0)
        self._pause_image()
        addons = (LAB / "addons.yaml").read_text(encoding="utf-8")
        addons = addons.replace("{program}", str(program)).replace("{dns}", node.DNS)
        self._wait("its own namespace", lambda: self.kubectl("apply", "-f", "-", stdin=addons))
        self._wait("the node", self._node_is_ready)
        self._wait("the cluster's DNS", lambda: self.get("--namespace=kube-system", "deployment", "coredns")
                   ["status"].get("availableReplicas") == 1)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(30)
        self._clear()

    # -- parts ---------------------------------------------------------------------------------
    def _run(self, command: list, timeout: int, **options) -> str:
        done = subprocess.run(command, env=self.environment(), timeout=timeout, capture_output=True, text=True,
                              check=False, **options)
        words = " ".join(map(str, command))
        assert done.returncode == 0, f"{words}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _clear(self) -> None:
        node.drop_network()
        # Only empty groups can be removed, so that another kubelet's are safe.
        subprocess.run(["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/kubepods*", "-exec", "rmdir",
                        "{}", ";"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(node.RUNTIME, ignore_errors=True)

    def _wait(self, what: str, ready) -> None:
        deadline = time.monotonic() + READY_SECONDS
        reason = ""
        while time.monotonic() < deadline:
            try:
                if ready():
                    return
            except AssertionError as error:
                reason = str(error)
            time.sleep(0.5)
        logs = "\n".join(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-8:])
                         for log in sorted(self.folder.glob("*.log")))
        raise LabError(f"{what} was not ready after {READY_SECONDS} s: {reason}\n{logs}")

    def _node_is_ready(self) -> bool:
        return any(condition["type"] == "Ready" and condition["status"] == "True"
                   for item in self.get("nodes")["items"] for condition in item["status"]["conditions"])

    def _pause_image(self) -> None:
        """What keeps a pod's namespaces: any program that does nothing."""
        root = self.folder / "pause"
        (root / "bin").mkdir(parents=True)
        shutil.copy(shutil.which("busybox", path="/bin:/usr/bin"), root / "bin" / "sleep")
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["docker", "import", "--change", 'ENTRYPOINT ["/bin/sleep", "1000000"]', "-", node.PAUSE],
                           stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)
        self.load(node.PAUSE)
