# SPDX-License-Identifier: Apache-2.0
"""The lab's cluster itself: what tests of generated manifests rely on is really there and really enforced."""

import time

import pytest
import requests

import images

BUSYBOX = images.reference("busybox")
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
ANSWER = "it answers"


@pytest.fixture(scope="module", autouse=True)
def image(cluster):
    cluster.load(BUSYBOX)


def pod_spec(command: str, **more) -> dict:
    box = {"name": "main", "image": BUSYBOX, "command": ["sh", "-c", command], "securityContext": RESTRICTED}
    box.update(more.pop("box", {}))
    return {"terminationGracePeriodSeconds": 0, "containers": [box], **more,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "fsGroup": 65534,
                                "seccompProfile": {"type": "RuntimeDefault"}}}


def pod(name: str, command: str) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": pod_spec(command)}


SERVE = pod("server", f"mkdir /tmp/www && echo {ANSWER} >/tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www")
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
           "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]}}


def pods(app: str) -> dict:
    return {"podSelector": {"matchLabels": {"app": app}}}


def policy(name: str, app: str, **rules) -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
            "spec": {**pods(app), "policyTypes": [direction.title() for direction in rules], **rules}}


def wait_ready(cluster, namespace: str, *names: str) -> None:
    try:
        cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", *(f"pod/{name}" for name in names),
                        "--timeout=60s")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{cluster.story(namespace)}") from error


def ask(cluster, namespace: str, client: str, url: str) -> str:
    """What a client gets; busybox's own time limit crashes in Debian's static build."""
    return cluster.kubectl("-n", namespace, "exec", client, "--", "timeout", "5", "wget", "-q", "-O", "-", url).strip()


def ask_until(cluster, namespace: str, client: str, url: str) -> str:
    """An endpoint is known to the proxy, and a name to the DNS server, a moment after its pod is ready."""
    for _ in range(10):
        try:
            return ask(cluster, namespace, client, url)
        except AssertionError as error:
            last = error
            time.sleep(1)
    raise last


def refused(cluster, namespace: str, client: str, url: str) -> bool:
    """The enforcer knows a new policy a moment later."""
    for _ in range(10):
        try:
            ask(cluster, namespace, client, url)
        except AssertionError:
            return True
        time.sleep(0.5)
    return False


def test_a_pod_that_breaks_the_standard_is_refused(cluster, namespace):
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        cluster.kubectl("-n", namespace, "run", "careless", f"--image={BUSYBOX}")


def test_a_service_is_reached_by_its_name_and_from_this_machine(cluster, namespace):
    cluster.apply(SERVE, SERVICE, pod("client", "sleep 1000"), namespace=namespace)
    wait_ready(cluster, namespace, "server", "client")
    assert ask_until(cluster, namespace, "client", "http://web/") == ANSWER
    assert ask(cluster, namespace, "client", f"http://web.{namespace}.svc.cluster.local:80/") == ANSWER
    assert requests.get(f"http://{cluster.address(namespace, 'web')}/", timeout=5).text.strip() == ANSWER


def test_a_policy_admits_one_client_and_no_other(cluster, namespace):
    clients = ("friend", "stranger")
    cluster.apply(SERVE, SERVICE, *(pod(name, "sleep 1000") for name in clients), namespace=namespace)
    wait_ready(cluster, namespace, "server", *clients)
    assert [ask_until(cluster, namespace, name, "http://web/") for name in clients] == [ANSWER, ANSWER]
    cluster.apply(policy("web", "server", ingress=[{"from": [pods("friend")], "ports": [{"port": 8080}]}]),
                  namespace=namespace)
    assert refused(cluster, namespace, "stranger", "http://web/")
    assert ask(cluster, namespace, "friend", "http://web/") == ANSWER


def test_a_policy_of_egress_has_to_admit_dns(cluster, namespace):
    cluster.apply(SERVE, SERVICE, pod("client", "sleep 1000"), namespace=namespace)
    wait_ready(cluster, namespace, "server", "client")
    assert ask_until(cluster, namespace, "client", "http://web/") == ANSWER
    cluster.apply(policy("out", "client", egress=[{"to": [pods("server")]}]), namespace=namespace)
    assert refused(cluster, namespace, "client", "http://web/")
    assert ask(cluster, namespace, "client", f"http://{cluster.address(namespace, 'web')}/") == ANSWER
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
           "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    cluster.apply(policy("dns", "client", egress=[{"to": [dns], "ports": [{"port": 53, "protocol": "UDP"}]}]),
                  namespace=namespace)
    assert ask_until(cluster, namespace, "client", "http://web/") == ANSWER


def test_a_volume_outlives_its_pod(cluster, namespace):
    keep = pod_spec("sleep 1000", box={"volumeMounts": [{"name": "data", "mountPath": "/data"}]})
    cluster.apply({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "store"}, "spec": {
        "serviceName": "store", "replicas": 1, "selector": {"matchLabels": {"app": "store"}},
        "template": {"metadata": {"labels": {"app": "store"}}, "spec": keep},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}}]}}, namespace=namespace)
    rollout = ("-n", namespace, "rollout", "status", "statefulset/store", "--timeout=60s")
    inside = ("-n", namespace, "exec", "store-0", "--", "sh", "-c")
    cluster.kubectl(*rollout)
    cluster.kubectl(*inside, "echo kept >/data/file")
    before = cluster.get("-n", namespace, "pod", "store-0")["metadata"]["uid"]
    cluster.kubectl("-n", namespace, "delete", "pod", "store-0")
    cluster.kubectl(*rollout)
    assert cluster.get("-n", namespace, "pod", "store-0")["metadata"]["uid"] != before
    assert cluster.kubectl(*inside, "cat /data/file").strip() == "kept"


def test_helm_installs_a_chart(cluster, namespace, tmp_path):
    cluster.helm("create", str(tmp_path / "chart"))
    cluster.helm("lint", str(tmp_path / "chart"))
    cluster.helm("install", "-n", namespace, "it", str(tmp_path / "chart"), "--set", "replicaCount=0")
    assert cluster.get("-n", namespace, "deployment", "it-chart")["spec"]["replicas"] == 0
