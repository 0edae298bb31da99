"""The checkers of manifests find what a careless person writes: what says nothing about a chart has looked at it."""

import kubernetes_validate
import pytest
import yaml

import manifests

CARELESS = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "careless"},
            "spec": {"containers": [{"name": "main", "image": "busybox"}]}}


def test_schemas_know_the_fields():
    manifests.validate([CARELESS])
    with pytest.raises(kubernetes_validate.ValidationError):
        manifests.validate([{**CARELESS, "spec": {**CARELESS["spec"], "seccompProfil": {}}}])


def test_kube_score_wants_limits_and_a_policy():
    found = {line.split(" ")[0] for line in manifests.kube_score(yaml.safe_dump(CARELESS))}
    assert {"container-resources", "container-image-tag", "pod-networkpolicy"} <= found


def test_checkov_wants_no_root(checkov, tmp_path):
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(CARELESS), encoding="utf-8")
    of_folder, of_file = checkov([tmp_path]), checkov([tmp_path / "pod.yaml"])
    assert of_folder == of_file
    assert any(line.startswith("CKV_K8S_23 ") for line in of_file)
