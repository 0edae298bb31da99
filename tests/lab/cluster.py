"""A Kubernetes cluster of one node, of the real programs, that lives as long as the tests that use it.

Exists so that manifests are run and not only compared with schemas: the API server admits them, the controllers
make the pods, a kubelet and containerd run them. All of it is in one process namespace with its own mounts, so
that killing its first process ends everything; what then is left is a bridge and empty control groups.
"""

import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import textwrap
import time

import yaml

from collector import free_port
from labenv import LAB, LabError, bin_dir

NODE = "lab"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
BRIDGE = "obsctl-lab0"
PODS = "10.245.0.0/24"
SERVICES = "10.246.0.0/24"
RUNTIME = pathlib.Path("/run/obsctl-lab-cluster")  # short, because socket paths are limited to 108 bytes
PLUGINS = pathlib.Path("/usr/lib/cni")             # Debian's containernetworking-plugins
PAUSE = "registry.k8s.io/pause:3.10"
READY_SECONDS = 180


def why_not() -> str:
    """Why a cluster cannot run here, or nothing."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [name for name in ("containerd", "runc", "ctr", "ip", "unshare") if not shutil.which(name)]
    if not (PLUGINS / "bridge").exists():
        missing.append("containernetworking-plugins")
    if missing:
        return f"missing: {', '.join(missing)}"
    try:
        address = own_address()
    except OSError as error:
        return f"no address: {error}"
    return "this machine has only loopback addresses" if address.startswith("127.") else ""


def own_address() -> str:
    """An address of this machine that is not loopback. (Connecting UDP sends nothing.)"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


class Cluster:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.address = own_address()
        self.server = f"https://127.0.0.1:{free_port()}"
        self.etcd = f"http://127.0.0.1:{free_port()}"
        self.token = secrets.token_urlsafe(24)
        self.kubeconfig = folder / "kubeconfig"
        self.process: subprocess.Popen | None = None

    # -- what tests use ------------------------------------------------------------------------
    def environment(self) -> dict:
        """For commands as an operator would type them: kubectl is found and knows the cluster."""
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "KUBECONFIG": str(self.kubeconfig)}

    def shell(self, command: str, cwd: pathlib.Path, timeout: int = 120) -> str:
        done = subprocess.run(["bash", "-euc", command], cwd=cwd, env=self.environment(), timeout=timeout,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        done = subprocess.run([f"{self.folder}/bin/kubectl", *words], env=self.environment(), input=stdin,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def get(self, *words: str) -> dict:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def load(self, reference: str) -> None:
        """Gives the node an image of the lab's engine."""
        archive = self.folder / "image.tar"
        subprocess.run(["docker", "save", "-o", archive, reference], check=True)
        subprocess.run(["ctr", "--address", RUNTIME / "containerd.sock", "--namespace", "k8s.io", "images", "import",
                        archive], check=True, stdout=subprocess.DEVNULL)
        archive.unlink()

    # -- life ----------------------------------------------------------------------------------
    def start(self) -> None:
        # Waits for the build in the background when there is one.
        subprocess.run([sys.executable, LAB / "build.py", "kubernetes"], check=True)
        self._clear()
        RUNTIME.mkdir(parents=True)
        (self.folder / "bin").mkdir()
        for name in PROGRAMS:
            (self.folder / "bin" / name).symlink_to((bin_dir() / "kubernetes").resolve())
        self._certificates()
        self._write_files()
        script = "".join(f"{{ {command}; }} >{self.folder}/{name}.log 2>&1 &\n"
                         for name, command in self._commands().items())
        self.process = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--mount",
                                         "--propagation", "shared", "bash", "-c", f"{script}wait"],
                                        cwd=self.folder, env=self.environment(), start_new_session=True)
        self._wait("the API server", lambda: self.kubectl("get", "--raw=/readyz") == "ok")
        self._wait("containerd", lambda: bool(self._ctr("version")))
        self._pause_image()
        self._wait("the node", self._node_is_ready)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(30)
        self._clear()

    # -- parts ---------------------------------------------------------------------------------
    def _clear(self) -> None:
        subprocess.run(["ip", "link", "delete", BRIDGE], stderr=subprocess.DEVNULL, check=False)
        # Only empty groups can be removed, so that another kubelet's are safe.
        subprocess.run(["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/kubepods*", "-exec", "rmdir",
                        "{}", ";"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(RUNTIME, ignore_errors=True)

    def _ctr(self, *words: str) -> str:
        done = subprocess.run(["ctr", "--address", RUNTIME / "containerd.sock", "--namespace", "k8s.io", *words],
                              capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

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
        nodes = self.get("nodes")["items"]
        return any(condition["type"] == "Ready" and condition["status"] == "True"
                   for node in nodes for condition in node["status"]["conditions"])

    def _certificates(self) -> None:
        def openssl(*words: str) -> None:
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=lab")
        names = f"subjectAltName=IP:127.0.0.1,IP:{self.address}\n"
        (self.folder / "names").write_text(names, encoding="utf-8")
        for name in ("server", "client", "kubelet"):
            openssl("req", *key, "-keyout", f"{name}.key", "-out", "request", "-subj", f"/CN={name}")
            openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                    f"{name}.pem", "-days", "2", "-extfile", "names")
        openssl("genrsa", "-out", "accounts.key", "2048")

    def _write(self, name: str, content) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def _write_files(self) -> None:
        self._write("tokens", f"{self.token},admin,admin,system:masters\n")
        self._write("kubeconfig", {
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": self.server,
                                                     "certificate-authority": f"{self.folder}/ca.pem"}}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}]})
        self._write("kubelet.yaml", {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "address": self.address, "port": free_port(), "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False},
                               "x509": {"clientCAFile": f"{self.folder}/ca.pem"}},
            "authorization": {"mode": "AlwaysAllow"},  # of clients with our certificate
            "tlsCertFile": f"{self.folder}/kubelet.pem", "tlsPrivateKeyFile": f"{self.folder}/kubelet.key",
            "cgroupDriver": "cgroupfs", "failSwapOn": False, "makeIPTablesUtilChains": False,
            # A full disk of the machine that runs the tests is not the tests' business.
            "evictionHard": {"imagefs.available": "0%", "nodefs.available": "0%", "memory.available": "0%"},
            "imageGCHighThresholdPercent": 100, "enforceNodeAllocatable": [],
            "podLogsDir": f"{self.folder}/pods", "volumePluginDir": f"{self.folder}/plugins",
            "containerRuntimeEndpoint": f"unix://{RUNTIME}/containerd.sock"})
        self._write("net/10-lab.conflist", json.dumps({
            "cniVersion": "1.0.0", "name": "lab", "plugins": [{
                "type": "bridge", "bridge": BRIDGE, "isGateway": True,
                "ipam": {"type": "host-local", "dataDir": f"{self.folder}/leases", "ranges": [[{"subnet": PODS}]],
                         "routes": [{"dst": "0.0.0.0/0"}]}}]}))
        self._write("containerd.toml", textwrap.dedent(f"""\
            version = 2
            root = "{self.folder}/containerd"
            state = "{RUNTIME}/state"
            [grpc]
            address = "{RUNTIME}/containerd.sock"
            [plugins."io.containerd.grpc.v1.cri"]
            sandbox_image = "{PAUSE}"
            netns_mounts_under_state_dir = true
            disable_apparmor = true
            restrict_oom_score_adj = true
            [plugins."io.containerd.grpc.v1.cri".cni]
            bin_dir = "{PLUGINS}"
            conf_dir = "{self.folder}/net"
            """))

    def _commands(self) -> dict:
        port = self.server.rpartition(":")[2]
        config = f"--kubeconfig={self.kubeconfig}"
        accounts = f"{self.folder}/accounts.key"
        return {
            "etcd": f"etcd --data-dir={self.folder}/etcd --listen-client-urls={self.etcd} "
                    f"--advertise-client-urls={self.etcd} --listen-peer-urls=http://127.0.0.1:{free_port()}",
            "apiserver": f"kube-apiserver --etcd-servers={self.etcd} --secure-port={port} "
                         f"--advertise-address={self.address} --service-cluster-ip-range={SERVICES} "
                         "--tls-cert-file=server.pem --tls-private-key-file=server.key "
                         "--token-auth-file=tokens --authorization-mode=RBAC "
                         "--service-account-issuer=https://kubernetes.default.svc "
                         f"--service-account-key-file={accounts} --service-account-signing-key-file={accounts} "
                         "--kubelet-certificate-authority=ca.pem --kubelet-client-certificate=client.pem "
                         "--kubelet-client-key=client.key --kubelet-preferred-address-types=InternalIP",
            "controllers": f"kube-controller-manager {config} --service-account-private-key-file={accounts} "
                           "--root-ca-file=ca.pem --secure-port=0",
            "scheduler": f"kube-scheduler {config} --secure-port=0",
            "containerd": f"containerd --config {self.folder}/containerd.toml",
            # The first to need a cluster that answers; it would end without one.
            "kubelet": f"until kubectl get --raw=/readyz >/dev/null 2>&1; do sleep 0.5; done; kubelet {config} --config=kubelet.yaml "
                       f"--root-dir={self.folder}/kubelet --cert-dir={self.folder}/kubelet "
                       f"--hostname-override={NODE} --node-ip={self.address}",
        }

    def _pause_image(self) -> None:
        """What keeps a pod's namespaces: any program that does nothing."""
        root = self.folder / "pause"
        (root / "bin").mkdir(parents=True)
        shutil.copy(shutil.which("busybox", path="/bin:/usr/bin"), root / "bin" / "sleep")
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["docker", "import", "--change", 'ENTRYPOINT ["/bin/sleep", "1000000"]', "-", PAUSE],
                           stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)
        self.load(PAUSE)
