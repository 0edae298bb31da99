# SPDX-License-Identifier: Apache-2.0
"""Checks of Kubernetes manifests that need no cluster: the schemas of several versions, kube-score, checkov."""

import fcntl
import json
import pathlib
import subprocess
import sys

import kubernetes_validate

from labenv import bin_dir, cache_dir

VERSIONS = ("1.29", "1.33", "1.37")  # the oldest that generated files name, one between, the newest known
CHECKOV = "3.3.30"                   # not in requirements.txt: it brings 291 MB, for one test


def helm_homes(folder: pathlib.Path) -> dict:
    """Variables that keep helm away from what the person running the tests has configured."""
    return {f"HELM_{kind.upper()}_HOME": str(folder / kind) for kind in ("cache", "config", "data")}


def validate(documents) -> None:
    """Raises kubernetes_validate.ValidationError for what a schema of any of the versions does not know."""
    for document in documents:
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


def kube_score(manifest: str, kubernetes: str = "v1.37") -> list:
    """What kube-score (sources.yaml) finds wrong with the objects, each as 'check-id Kind/name: message'."""
    done = subprocess.run([bin_dir() / "kube-score", "score", "--output-format=json",
                           f"--kubernetes-version={kubernetes}", "-"], input=manifest,
                          capture_output=True, text=True, check=False)
    assert done.stdout.startswith("["), f"kube-score: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return [f"{check['check']['id']} {scored['type_meta']['kind']}/{scored['object_meta']['name']}: "
            f"{'; '.join(comment['summary'] for comment in check['comments'] or [])}"
            for scored in json.loads(done.stdout) for check in scored["checks"]
            if not check["skipped"] and check["grade"] < 10]


def checkov(paths, framework: str = "kubernetes") -> list:
    """The checks of checkov that files or folders fail, each as 'CKV_… resource: name of the check'. Framework `helm`
    is for charts, where helm is built (as with a cluster)."""
    program = checkov_program()
    words = [word for path in paths for word in ("-d" if pathlib.Path(path).is_dir() else "-f", str(path))]
    done = subprocess.run([program, *words, f"--framework={framework}", "--compact", "--quiet", "--skip-download",
                           "--output=json"], capture_output=True, text=True, check=False)
    assert done.stdout.lstrip().startswith(("[", "{")), f"checkov: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    reports = json.loads(done.stdout)
    return [f"{check['check_id']} {check['resource']}: {check['check_name']}"
            for report in (reports if isinstance(reports, list) else [reports])
            for check in report.get("results", {}).get("failed_checks", [])]


def checkov_program() -> pathlib.Path:
    """checkov in a virtual environment of its own; raises CalledProcessError where pip cannot have it."""
    folder = cache_dir() / f"checkov-{CHECKOV}"
    complete = folder / "complete"  # written last, so that an installation that was killed does not count
    with open(cache_dir() / "checkov.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
                            f"checkov=={CHECKOV}"], check=True)
            complete.touch()
    return folder / "bin" / "checkov"
