# SPDX-License-Identifier: Apache-2.0
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


def test_kube_score_wants_limits_and_a_policy(kube_score):
    found = {line.split(" ")[0] for line in kube_score(yaml.safe_dump(CARELESS))}
    assert {"container-resources", "container-image-tag", "pod-networkpolicy"} <= found


def test_helm_renders_a_chart_that_has_values_of_its_own(helm, tmp_path):
    chart = tmp_path / "chart"
    helm("create", chart)
    helm("lint", "--strict", chart)
    rendered = list(yaml.safe_load_all(helm("template", "--set", "replicaCount=7", "it", chart)))
    manifests.validate(document for document in rendered if document)
    assert {d["spec"]["replicas"] for d in rendered if d and d["kind"] == "Deployment"} == {7}
    with pytest.raises(AssertionError, match="parse error|unexpected"):
        (chart / "templates" / "broken.yaml").write_text("{{ if }}", encoding="utf-8")
        helm("template", "it", chart)


def test_checkov_wants_no_root(checkov, tmp_path):
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(CARELESS), encoding="utf-8")
    of_folder, of_file = checkov([tmp_path]), checkov([tmp_path / "pod.yaml"])
    assert of_folder == of_file
    assert any(line.startswith("CKV_K8S_23 ") for line in of_file)
