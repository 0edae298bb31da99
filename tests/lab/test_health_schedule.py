# SPDX-License-Identifier: Apache-2.0
"""The CronJob of `obsctl health schedule kubernetes`: valid by Kubernetes' own schemas, and its pod judges a real
program from inside of a cluster that admits only restricted pods."""

import os
import subprocess

import pytest
import requests
import yaml

from backends import wait_for
from cluster import own_address
from collector import free_ports
from manifests import validate


def obsctl(*words: str) -> str:
    done = subprocess.run([os.environ["OBSCTL"], *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.returncode}\n{done.stderr}\n{done.stdout[:2000]}"
    return done.stdout


def schedule(*words: str) -> list:
    return list(yaml.safe_load_all(obsctl("health", "schedule", "kubernetes", *words)))


@pytest.fixture(name="alertmanager")
def an_alertmanager(tmp_path):
    """On an address of this machine that pods reach."""
    address = f"{own_address()}:{free_ports(1)[0]}"
    (tmp_path / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    command = ["alertmanager", f"--config.file={tmp_path / 'config.yml'}", f"--storage.path={tmp_path / 'data'}",
               f"--web.listen-address={address}", "--cluster.listen-address="]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(lambda: is_up(address), 20, "Alertmanager")
    yield address, process
    process.kill()
    process.wait()


def is_up(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_manifest_of_a_chart_is_valid(tmp_path):
    obsctl("init", "--tier", "small", "--target", "helm", "--dir", str(tmp_path / "chart"), "--name", "shop")
    documents = schedule("--dir", str(tmp_path / "chart"))
    validate(documents)
    job, policy = documents
    assert (job["kind"], policy["kind"]) == ("CronJob", "NetworkPolicy")
    assert {one["metadata"]["namespace"] for one in documents} == {"shop"}
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False and "serviceAccountName" not in pod
    assert "--endpoint=loki=http://loki:3100" in pod["containers"][0]["args"]


def run_now(cluster, namespace: str, name: str) -> tuple:
    """How a Job of the CronJob ends, and its pod's log."""
    here = ("--namespace", namespace)
    cluster.kubectl("create", "job", "--from=cronjob/obsctl-health", name, *here)

    def ended() -> set:
        status = cluster.get("job", name, *here)["status"]
        return {one["type"] for one in status.get("conditions", []) if one["status"] == "True"}
    wait_for(lambda: ended() & {"Complete", "Failed"}, 90, f"the end of job {name}: {cluster.story(namespace)}")
    return "Complete" in ended(), cluster.kubectl("logs", f"job/{name}", *here)


def test_a_cluster_runs_the_checks(cluster, namespace, obsctl_image, alertmanager, report):
    address, process = alertmanager
    documents = schedule("--endpoint", f"alertmanager=http://{address}")
    validate(documents)
    (job,) = documents
    assert job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] == obsctl_image
    cluster.apply(job, namespace=namespace)
    assert cluster.get("cronjob", "obsctl-health", "--namespace", namespace)["spec"]["schedule"] == "*/5 * * * *"
    well, log = run_now(cluster, namespace, "well")
    report(log.splitlines()[0])
    assert well and log.startswith("healthy: "), log
    process.kill()
    process.wait()
    well, log = run_now(cluster, namespace, "ill")
    assert not well and "SVC-002 alertmanager" in log, log
