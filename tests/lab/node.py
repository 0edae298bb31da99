# SPDX-License-Identifier: Apache-2.0
"""The cluster's one node: its network, the files of its programs, and the commands that start them.

The network is a namespace with one link to this machine; all that the programs do to the firewall happens inside and
goes with it. This machine has routes to the pods and Services, so that tests can call them.
"""

import json
import pathlib
import subprocess
import textwrap

import yaml

from labenv import LabError

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet", "kubectl",
            "network-policies", "volumes")
NAME = "lab"
NETWORK = "obsctl-lab"
LINK = "obsctl-lab0"     # the machine's end
MACHINE = "10.247.0.1"
ADDRESS = "10.247.0.2"   # the node's end
PODS = "10.245.0.0/24"
SERVICES = "10.246.0.0/24"
KUBERNETES = "10.246.0.1"  # the API server as a Service: always the first of the range
DNS = "10.246.0.10"
SERVER = f"https://{ADDRESS}:6443"
RUNTIME = pathlib.Path("/run/obsctl-lab-cluster")  # short, because socket paths are limited to 108 bytes
PLUGINS = pathlib.Path("/usr/lib/cni")             # Debian's containernetworking-plugins
READY = "answers"         # made when the API server does: without one, programs would end
PAUSE = "registry.k8s.io/pause:3.10"
CTR = ("ctr", "--address", RUNTIME / "containerd.sock", "--namespace", "k8s.io")
# Not `ip netns exec`, which would hide the control groups behind a new /sys.
IN_NETWORK = ("nsenter", f"--net=/run/netns/{NETWORK}")
POLICY_QUEUE = "100"     # of kube-network-policies


def make_network(reachable: str) -> None:
    """Leads pods to one more address, of this machine; whatever else they call is refused at once."""
    def run(*words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"the cluster's network: {' '.join(words)}: {done.stderr}")

    run("ip", "netns", "add", NETWORK)
    run("ip", "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", NETWORK)
    run("ip", "address", "add", f"{MACHINE}/30", "dev", LINK)
    run("ip", "link", "set", LINK, "up")
    for device in ("lo", "eth0"):
        run("ip", "-n", NETWORK, "link", "set", device, "up")
    run("ip", "-n", NETWORK, "address", "add", f"{ADDRESS}/30", "dev", "eth0")
    run("ip", "-n", NETWORK, "route", "add", reachable, "via", MACHINE)
    for subnet in (PODS, SERVICES):
        run("ip", "route", "add", subnet, "via", ADDRESS)
    # kube-network-policies decides about packets that nftables' own queue statement gives it, which not every kernel
    # has. What the node itself sends (probes) is not subject to policies, nor is what an accepted connection sends.
    policies = (*IN_NETWORK, "iptables", "-t", "mangle", "-A", "POSTROUTING")
    run(*policies, "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT")
    run(*policies, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
    for side in ("-s", "-d"):
        run(*policies, side, PODS, "-j", "NFQUEUE", "--queue-num", POLICY_QUEUE)


def drop_network() -> None:
    for words in (("link", "delete", LINK), ("netns", "delete", NETWORK)):
        subprocess.run(["ip", *words], stderr=subprocess.DEVNULL, check=False)


def write_files(folder: pathlib.Path, token: str) -> None:
    certificates(folder)
    contents = {
        "tokens": f"{token},admin,admin,system:masters\n",
        # What pods without the cluster's DNS ask: nothing, wherever this machine's own file points.
        "resolv.conf": "",
        "kubeconfig": {
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": SERVER, "certificate-authority": f"{folder}/ca.pem"}}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}]},
        "kubelet.yaml": kubelet(folder),
        "proxy.yaml": {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
            "clientConnection": {"kubeconfig": f"{folder}/kubeconfig"}, "hostnameOverride": NAME, "clusterCIDR": PODS,
            # The limits of connection tracking are the machine's.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}},
        "net/10-lab.conflist": json.dumps({
            "cniVersion": "1.0.0", "name": "lab", "plugins": [
                {"type": "ptp", "ipam": {"type": "host-local", "dataDir": f"{folder}/leases",
                                         "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}}]}),
        "containerd.toml": containerd(folder)}
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        path.chmod(0o600)
    (folder / "resolv.conf").chmod(0o644)  # pods of any user read it


def certificates(folder: pathlib.Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=lab")
    names = f"subjectAltName=IP:{ADDRESS},IP:{KUBERNETES},DNS:kubernetes.default.svc\n"
    (folder / "names").write_text(names, encoding="utf-8")
    for name in ("server", "client", "kubelet"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", "request", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", "2", "-extfile", "names")
    openssl("genrsa", "-out", "accounts.key", "2048")


def kubelet(folder: pathlib.Path) -> dict:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": ADDRESS, "healthzPort": 0,
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False},
                           "x509": {"clientCAFile": f"{folder}/ca.pem"}},
        "authorization": {"mode": "AlwaysAllow"},  # of clients with our certificate
        "tlsCertFile": f"{folder}/kubelet.pem", "tlsPrivateKeyFile": f"{folder}/kubelet.key",
        "clusterDNS": [DNS], "clusterDomain": "cluster.local", "resolvConf": f"{folder}/resolv.conf",
        "cgroupDriver": "cgroupfs", "failCgroupV1": False, "failSwapOn": False, "makeIPTablesUtilChains": False,
        # A full disk of the machine that runs the tests is not the tests' business.
        "evictionHard": {"imagefs.available": "0%", "nodefs.available": "0%", "memory.available": "0%"},
        "imageGCHighThresholdPercent": 100, "enforceNodeAllocatable": [],
        "podLogsDir": f"{folder}/pods", "volumePluginDir": f"{folder}/plugins",
        "containerRuntimeEndpoint": f"unix://{RUNTIME}/containerd.sock"}


def containerd(folder: pathlib.Path) -> str:
    return textwrap.dedent(f"""\
        version = 2
        root = "{folder}/containerd"
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
        conf_dir = "{folder}/net"
        """)


def commands(folder: pathlib.Path) -> dict:
    """Each program of the node as a shell command, run in the folder."""
    config = f"--kubeconfig={folder}/kubeconfig"
    accounts = f"{folder}/accounts.key"
    etcd = "http://127.0.0.1:2379"
    wait = f"until [ -e {READY} ]; do sleep 0.1; done; "
    return {
        "etcd": f"etcd --data-dir={folder}/etcd --listen-client-urls={etcd} --advertise-client-urls={etcd}",
        "apiserver": f"kube-apiserver --etcd-servers={etcd} --advertise-address={ADDRESS} "
                     f"--service-cluster-ip-range={SERVICES} "
                     "--tls-cert-file=server.pem --tls-private-key-file=server.key "
                     "--token-auth-file=tokens --authorization-mode=RBAC "
                     "--service-account-issuer=https://kubernetes.default.svc "
                     f"--service-account-key-file={accounts} --service-account-signing-key-file={accounts} "
                     "--kubelet-certificate-authority=ca.pem --kubelet-client-certificate=client.pem "
                     "--kubelet-client-key=client.key --kubelet-preferred-address-types=InternalIP",
        "controllers": f"kube-controller-manager {config} --service-account-private-key-file={accounts} "
                       "--root-ca-file=ca.pem --secure-port=0",
        "scheduler": f"kube-scheduler {config} --secure-port=0",
        "containerd": f"containerd --config {folder}/containerd.toml",
        "kubelet": f"{wait}kubelet {config} --config=kubelet.yaml --root-dir={folder}/kubelet "
                   f"--cert-dir={folder}/kubelet --hostname-override={NAME} --node-ip={ADDRESS}",
        "proxy": f"{wait}kube-proxy --config=proxy.yaml",
        "policies": f"{wait}network-policies {NAME}",
        "volumes": f"{wait}volumes {folder}/volumes",
    }
