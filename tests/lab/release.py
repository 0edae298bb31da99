# SPDX-License-Identifier: Apache-2.0
"""A generated chart installed on the lab's cluster: its commands, its pods, ways to its components.

It is a Stack whose addresses are port-forwards, because NetworkPolicies admit nobody from outside of the cluster: what
asks a stack on the engine asks this one as well.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import uuid

import yaml

import images
import stack as stacks
from backends import wait_for
from cluster import Cluster

PART_OF = "app.kubernetes.io/part-of"
OWN_VALUES = "own-values.yaml"  # smaller requests: the node has two CPUs
BUSYBOX = images.reference("busybox")


class Release(stacks.Stack):
    def __init__(self, cluster: Cluster, folder: pathlib.Path, *options: str) -> None:
        self.cluster, self.folder = cluster, folder
        self.name = f"lab{uuid.uuid4().hex[:8]}"
        self.obsctl("--tier", "small", "--target", "helm", "--name", self.name, *options)
        super().__init__(folder / "chart")  # configs/ is below it
        small = {"resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}
        own = {"components": dict.fromkeys(self.services(), small)}
        (folder / OWN_VALUES).write_text(yaml.safe_dump(own), encoding="utf-8")
        self.here = ("--namespace", self.name)
        self._forwards = contextlib.ExitStack()
        self._addresses: dict = {}

    # -- what was generated --------------------------------------------------------------------

    def model(self) -> dict:
        return {"services": yaml.safe_load((self.directory / "values.yaml").read_text("utf-8"))["components"]}

    def services(self) -> dict:
        return self.model()["services"]

    def runbook(self) -> str:
        return (self.folder / "OPERATIONS.md").read_text(encoding="utf-8")

    def files(self) -> dict:
        """Of the chart: path -> content."""
        return {str(path.relative_to(self.directory)): path.read_bytes()
                for path in self.directory.rglob("*") if path.is_file()}

    def secrets(self) -> tuple:
        """Grafana's, as the cluster has it, and the file that it is made of."""
        return self.get("secret", "grafana")["data"], (self.folder / "secrets/grafana.env").read_bytes()

    # -- life ----------------------------------------------------------------------------------

    def obsctl(self, *options: str) -> str:
        return stacks.run([os.environ["OBSCTL"], "init", "--dir", self.folder, *options]).stdout

    def make_namespace(self) -> None:
        """One that admits the view of the host."""
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": {
            "pod-security.kubernetes.io/enforce": "privileged"}}})

    def apply(self, more: str = "") -> None:
        try:
            self.shell(f"./apply {more}")
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"{error}\n{self.cluster.story(self.name)}") from error

    def remove(self) -> None:
        self.disconnect()
        self.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")

    def shell(self, command: str, timeout: int = 300) -> str:
        """A command of the runbook. Pods may be others after it."""
        self.disconnect()
        return self.cluster.shell(command, self.folder, timeout)

    def kubectl(self, *words: str) -> str:
        return self.cluster.kubectl(*self.here, *words)

    def get(self, *words: str) -> dict:
        return self.cluster.get(*self.here, *words)

    def pods(self) -> dict:
        """Component -> its pod."""
        found = self.get("pods", "-l", f"{PART_OF}={self.name}")["items"]
        return {pod["metadata"]["labels"]["app.kubernetes.io/name"]: pod for pod in found}

    def uids(self) -> dict:
        return {name: pod["metadata"]["uid"] for name, pod in self.pods().items()}

    def scale(self, component: str, replicas: int) -> None:
        self.disconnect()
        self.kubectl("scale", "statefulset", component, f"--replicas={replicas}")
        self.kubectl("rollout", "status", "statefulset", component, "--timeout=100s")
        wait_for(lambda: (component in self.pods()) == bool(replicas), 60, f"{replicas} of {component}")

    # -- ways in -------------------------------------------------------------------------------

    def address(self, service: str, port: int) -> str:
        """Leads to the pod that is there now: disconnect() before one is replaced."""
        if (service, port) not in self._addresses:
            command = [self.cluster.folder / "bin/kubectl", *self.here, "port-forward", f"svc/{service}", f":{port}"]
            forward = self._forwards.enter_context(subprocess.Popen(
                command, env=self.cluster.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
            self._forwards.callback(forward.kill)
            line = forward.stdout.readline()
            found = re.match(r"Forwarding from (127\.0\.0\.1:\d+) ", line)
            assert found, f"{command}\n{line}"
            self._addresses[service, port] = found[1]
        return self._addresses[service, port]

    def disconnect(self) -> None:
        self._forwards.close()
        self._addresses.clear()
