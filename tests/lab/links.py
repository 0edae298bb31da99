# SPDX-License-Identifier: Apache-2.0
"""Who is configured to talk to whom in a release, and who reaches whom.

The first is read from the components' own configurations and never from NetworkPolicies, so that a link that both a
policy and its test forgot is found.
"""

import contextlib
import re
import uuid

import yaml

from backends import get, wait_for
from release import BUSYBOX

# Tries every (host, port) at once, because one that is forbidden is only silent, and twice, because a busy machine is
# silent too; prints those that connect.
TRY = """reach() {{ timeout 5 nc "${{1%:*}}" "${{1#*:}}" -e /bin/true; }}
for pair in {pairs}; do
  (if reach $pair || reach $pair; then echo "reached $pair"; fi) &
done
wait"""


def configured(release) -> dict:
    """Component -> the set of (component, port) that its configuration names."""
    mounted = {name: release.get("configmap", name)["data"] for name in ("otel-collector", "grafana", "jaeger")}
    exporters = yaml.safe_load(mounted["otel-collector"]["config.yaml"])["exporters"].values()
    storage = yaml.safe_load(mounted["jaeger"]["config.yaml"])["extensions"]["jaeger_storage"]
    sources = yaml.safe_load(mounted["grafana"]["provisioning__datasources__datasources.yaml"])["datasources"]
    api = f"{release.prometheus().url}/api/v1"
    asked = [target["scrapeUrl"] for target in get(f"{api}/targets")["data"]["activeTargets"]]
    told = [row["url"] for row in get(f"{api}/alertmanagers")["data"]["activeAlertmanagers"]]
    return {"prometheus": ends([*asked, *told]), "otel-collector": ends(row["endpoint"] for row in exporters),
            "grafana": ends(row["url"] for row in sources),
            "jaeger": ends(row["prometheus"]["endpoint"] for row in storage["metric_backends"].values())}


def ends(urls) -> set:
    found = [re.fullmatch(r"(?:https?://)?([\w-]+):(\d+)(?:/.*)?", url) for url in urls]
    return {(match[1], int(match[2])) for match in found}


def egress_of(release, component: str) -> set:
    """The (component, port) that a policy lets its pod ask others for."""
    rules = release.get("networkpolicy", component)["spec"]["egress"]
    found = {(peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
             for rule in rules for peer in rule.get("to", []) if "podSelector" in peer for port in rule["ports"]}
    return of_others(component, found)


def of_others(component: str, found: set) -> set:
    return {end for end in found if end[0] != component}


def reached_from_components(release, ports: set, wanted: dict) -> dict:
    """Component -> what its pod reaches of the others, and of what it wants of itself: asked by a container beside,
    for which the same policies hold."""
    box = f"links-{uuid.uuid4().hex[:6]}"
    for name in release.services():
        others = of_others(name, ports) | wanted.get(name, set())
        release.kubectl("debug", f"{name}-0", f"--image={BUSYBOX}", "--profile=restricted", f"--container={box}", "--",
                        "sh", "-c", script(others))

    def ended() -> bool:
        states = [row["state"] for pod in release.pods().values()
                  for row in pod["status"].get("ephemeralContainerStatuses", []) if row["name"] == box]
        return len(states) == len(release.services()) and all("terminated" in state for state in states)

    wait_for(ended, 60, "every pod has tried all links")
    return {name: answers(release.kubectl("logs", f"{name}-0", "-c", box)) for name in release.services()}


def script(ends_to_try, suffix: str = "") -> str:
    return TRY.format(pairs=" ".join(f"{host}{suffix}:{port}" for host, port in sorted(ends_to_try)))


def answers(said: str) -> set:
    return {(host.split(".")[0], int(port)) for host, port in re.findall(r"reached (\S+):(\d+)", said)}


class Application(contextlib.AbstractContextManager):
    """A pod that is no part of the stack."""

    def __init__(self, cluster, namespace: str) -> None:
        self.cluster, self.name, self.here = cluster, f"application-{uuid.uuid4().hex[:6]}", ("--namespace", namespace)
        box = {"name": "main", "image": BUSYBOX, "command": ["sleep", "1000"],
               "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
        cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name}, "spec": {
            "terminationGracePeriodSeconds": 0, "containers": [box], "securityContext": {
                "runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}}},
                      namespace=namespace)
        cluster.kubectl(*self.here, "wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=60s")

    def __exit__(self, *_error) -> None:
        self.cluster.kubectl(*self.here, "delete", "pod", self.name, "--wait=false")

    def reaches(self, stack: str, ends_to_try: set) -> set:
        return answers(self.cluster.kubectl(*self.here, "exec", self.name, "--", "sh", "-c",
                                            script(ends_to_try, f".{stack}.svc")))

    def label(self, labels: dict) -> None:
        self.cluster.kubectl(*self.here, "label", "pod", self.name, *(f"{key}={value}" for key, value in labels.items()
                                                                    if key.endswith(("/name", "/instance"))))
