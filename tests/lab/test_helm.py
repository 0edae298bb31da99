# SPDX-License-Identifier: Apache-2.0
"""A generated chart as helm and the checkers of manifests see it, for the kinds of stacks that differ in it.

How it runs is in test_helm_release.py.
"""

import pathlib
import re
import stat

import pytest
import yaml

import manifests
from labenv import load_yaml
from stack import generate
from test_validators import VARIANTS as STACKS
from test_validators import accepts

NAME = "lab-chart"
OWN_SECRET = "a-secret-that-somebody-put-here"
VARIANTS = {
    "default": [],
    "victorialogs-tempo": ["--logs", "victorialogs", "--traces", "tempo"],
    "victoriametrics": STACKS["victoriametrics"],
    "open": ["--tls", "self-signed", "--auth", "bearer", "--bind", "0.0.0.0"],
    "receivers": STACKS["receivers"],
}


@pytest.fixture(scope="module", params=VARIANTS)
def directory(request, tmp_path_factory) -> pathlib.Path:
    """A chart of each variant, made again after somebody has replaced what is to be replaced in secrets/."""
    options = ("--target", "helm", "--name", NAME, *VARIANTS[request.param])
    made = generate(tmp_path_factory.mktemp(request.param), *options)
    for path in secret_files(made):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"replace\S*with\S*", OWN_SECRET, text), encoding="utf-8")
    return generate(made)


def variants(*names: str):
    return pytest.mark.parametrize("directory", names, indirect=True)


@pytest.fixture
def rendered(directory, helm) -> list:
    return documents(render(helm, directory))


def render(helm, directory: pathlib.Path, *options: str) -> str:
    return helm("template", NAME, directory / "chart", "-n", NAME, "-f", directory / "secrets/values.yaml", *options)


def documents(text: str) -> list:
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(found: list, kind: str) -> dict:
    return {document["metadata"]["name"]: document for document in found if document["kind"] == kind}


def components(directory: pathlib.Path) -> dict:
    return load_yaml(directory / "chart/values.yaml")["components"]


def secret_files(directory: pathlib.Path) -> list:
    """What only its owner may read, without the values that are made of it."""
    found = [*(directory / "secrets").rglob("*"), *(directory / "tls").glob("*.key")]
    return [path for path in found if path.name != "values.yaml"]


def secrets_in(text: str) -> list:
    """The values of a file of variables or, of any other, its longest line."""
    values = re.findall(r"(?m)^[A-Z_]+=(\S+)$", text)
    return values or [max(text.splitlines(), key=len)]


def test_script_that_installs_it_passes_shellcheck(directory):
    accepts(["shellcheck", directory / "apply"])


# -- without a cluster -------------------------------------------------------------------------


def test_helm_finds_nothing_to_say(directory, helm):
    for values in ([], ["-f", directory / "secrets/values.yaml"]):
        helm("lint", "--strict", directory / "chart", *values)


def test_every_component_is_a_stateful_set_and_the_schemas_know_all_fields(directory, rendered):
    manifests.validate(rendered)
    assert set(of_kind(rendered, "StatefulSet")) == set(components(directory))


def test_kube_score_finds_nothing(directory, helm, kube_score):
    assert kube_score(render(helm, directory)) == []


@variants("victorialogs-tempo", "open")
def test_checkov_finds_nothing(directory, helm, checkov, tmp_path):
    (tmp_path / "all.yaml").write_text(render(helm, directory), encoding="utf-8")
    assert checkov([tmp_path / "all.yaml"]) == []


def test_secrets_are_in_their_own_files_only(directory):
    files = secret_files(directory)
    assert [path for path in files if stat.S_IMODE(path.stat().st_mode) != 0o600] == []
    assert stat.S_IMODE((directory / "secrets/values.yaml").stat().st_mode) == 0o600
    secrets = [value for path in files for value in secrets_in(path.read_text(encoding="utf-8"))]
    assert secrets and all(len(value) >= 16 for value in secrets)
    guarded = (directory / "secrets", directory / "tls")
    public = [path for path in directory.rglob("*") if path.is_file() and path.parent not in guarded]
    assert directory / "OPERATIONS.md" in public and directory / "chart/values.yaml" in public
    for path in public:
        text = path.read_text(encoding="utf-8")
        assert not any(value in text for value in secrets), f"a secret is in {path}"


def test_the_chart_is_given_what_the_secret_files_hold(directory, rendered):
    given = "".join(str(document["stringData"]) for document in of_kind(rendered, "Secret").values())
    read_by_pods = [path for path in secret_files(directory) if path.name != "ca.key"]
    missing = [path for path in read_by_pods for value in secrets_in(path.read_text(encoding="utf-8"))
               if value not in given]
    assert missing == []
    assert "ca.key" not in given


def test_operator_of_prometheus_is_given_a_port_of_each_service(directory, helm):
    found = documents(render(helm, directory, "--set", "serviceMonitors.enabled=true"))
    monitors, services = of_kind(found, "ServiceMonitor"), of_kind(found, "Service")
    assert {"otel-collector", "grafana"} < set(monitors)
    for name, monitor in monitors.items():
        selected = monitor["spec"]["selector"]["matchLabels"].items()
        chosen = [service for service in services.values() if selected <= service["metadata"]["labels"].items()]
        assert [service["metadata"]["name"] for service in chosen] == [name]
        ports = {port["name"] for port in chosen[0]["spec"]["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= ports


@variants("default")
def test_an_unknown_value_is_refused(directory, helm):
    with pytest.raises(AssertionError, match="lokki"):
        render(helm, directory, "--set", "components.lokki.image=x")


def test_without_secrets_the_remedy_is_said(directory, helm):
    with pytest.raises(AssertionError, match="add -f secrets/values.yaml, or name a secret of your own in existing"):
        helm("template", NAME, directory / "chart")


def test_a_secret_of_ones_own_replaces_the_charts(directory, helm):
    found = documents(render(helm, directory, "--set", "existingSecrets.grafana=mine"))
    assert "grafana" not in of_kind(found, "Secret")
    pod = of_kind(found, "StatefulSet")["grafana"]["spec"]["template"]["spec"]
    (volume,) = [row["name"] for row in pod["volumes"] if row.get("secret", {}).get("secretName") == "mine"]
    (container,) = pod["containers"]
    assert volume in [row["name"] for row in container["volumeMounts"]] and "envFrom" not in container


# -- as an API server sees it ------------------------------------------------------------------


@pytest.fixture(scope="module")
def warned(cluster):
    """A namespace that admits everything, and warns of what the restricted standard forbids."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": {
        "pod-security.kubernetes.io/enforce": "privileged", "pod-security.kubernetes.io/warn": "restricted"}}})
    yield NAME
    cluster.kubectl("delete", "namespace", NAME, "--wait=false")


def said(cluster, folder: pathlib.Path, found: list) -> list:
    """The API server's warnings of these objects, which it only tries."""
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(found), encoding="utf-8")
    out = cluster.shell("kubectl apply --server-side --dry-run=server -f objects.yaml 2>&1", folder)
    assert out.count("serverside-applied") == len(found), out
    return [line for line in out.splitlines() if line.startswith("Warning")]


def test_only_the_view_of_the_host_needs_a_privileged_namespace(cluster, warned, rendered, tmp_path):
    viewer = [document for document in rendered
              if document["metadata"]["labels"].get("app.kubernetes.io/name") == "node-exporter"]
    others = [document for document in rendered if document not in viewer]
    assert viewer and said(cluster, tmp_path, others) == []
    (warning,) = said(cluster, tmp_path, viewer)
    assert re.search(r"restricted volume types \(volume \"host\" uses restricted volume type \"hostPath\"\)$", warning)
