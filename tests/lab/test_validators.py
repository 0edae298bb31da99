# SPDX-License-Identifier: Apache-2.0
"""The real programs' own checkers on generated files, for every kind of stack init can write.

Nothing here needs an engine or a network: it is the part of the lab that always runs. Each test
fails when the program of the pinned version would refuse the file at start.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

import drawing
import panel_cases
import provisioning
import queries
from labenv import LAB, REPO
from stack import generate, run

BROUGHT = LAB / "brought"  # secrets and an authority of nobody
VARIANTS = {
    "default": [],
    "tls": ["--tls", "self-signed"],
    "bearer": ["--auth", "bearer"],
    "tls-bearer": ["--tls", "self-signed", "--auth", "bearer"],
    "victoriametrics": ["--metrics", "victoriametrics"],
    "victorialogs": ["--logs", "victorialogs"],
    "tempo": ["--traces", "tempo"],
    "own component": ["--template-dir", str(LAB / "own"), "--set", "stack.add=edge"],
    "cors": ["--cors-origin", "https://app.example.org"],
    "retention": ["--retention-traces", "3d", "--retention-metrics", "45d",
                  "--retention-logs", "14d"],
    "keep-all": ["--keep", "100%", "--slow-threshold", "250ms"],
    "receivers": [*(f"--alert-to={name}" for name in ("webhook", "slack", "pagerduty", "msteams", "discord",
                                                      "watchdog")),
                  "--alert-slack-channel", "#oncall", "--alert-telegram-chat", "-100123", "--alert-email-to",
                  "oncall@example.org", "--alert-email-from", "stack@example.org", "--alert-smtp",
                  "mail.example.org:587",
                  *(f"--secret={name}-url={BROUGHT / 'url'}" for name in (
                      "alert-webhook", "slack-webhook", "msteams-webhook", "discord-webhook", "watchdog")),
                  *(f"--secret={name}={BROUGHT / 'token'}" for name in (
                      "pagerduty-routing-key", "telegram-bot-token", "smtp-password"))],
    "client certificates": ["--tls", "self-signed", "--client-ca", str(BROUGHT / "ca.crt")],
    "ports": ["--port", "grafana=3001", "--bind", "127.0.0.2"],
    "forward": ["--forward", "https://otlp.example.com", "--forward-header", "x-api-key",
                f"--secret=forward-header={BROUGHT / 'token'}"],
}


@pytest.fixture(scope="module", params=VARIANTS)
def directory(request, tmp_path_factory) -> pathlib.Path:
    """A freshly generated stack of each variant."""
    return generate(tmp_path_factory.mktemp(request.param), *VARIANTS[request.param])


def compose_model(directory: pathlib.Path) -> dict:
    out = run(["docker-compose", "config", "--format", "json"], directory).stdout
    return json.loads(out)


def in_place(directory: pathlib.Path, model: dict, service: str, tmp_path: pathlib.Path,
             relative: str) -> pathlib.Path:
    """A config file with the container's paths replaced by where their files really are.

    Validators open the files that a config names (rules, certificates, tokens); inside the
    container those are mounts of the generated directory, or paths that volumes provide."""
    text = (directory / relative).read_text(encoding="utf-8")
    definition = model["services"][service]
    mounts = [(row["target"], row["source"]) for row in definition.get("volumes", [])
              if row["type"] == "bind" and row["target"] != "/"]
    for kind in ("secrets", "configs"):
        for row in definition.get(kind) or []:
            target = row.get("target") or row["source"]
            target = target if target.startswith("/") else f"/run/secrets/{target}"
            mounts.append((target, model[kind][row["source"]]["file"]))
    for target, source in sorted(mounts, key=lambda pair: -len(pair[0])):
        text = re.sub(re.escape(target) + r"(?=[\s/\"'\]},]|$)", source, text, flags=re.M)
    copy = tmp_path / pathlib.Path(relative).name
    copy.write_text(text, encoding="utf-8")
    return copy


def environment(directory: pathlib.Path, service: str) -> dict:
    """A program's environment in its container, on top of ours."""
    model = compose_model(directory)["services"][service]
    settings = {key: value or "" for key, value in (model.get("environment") or {}).items()}
    return {**os.environ, **settings}


def accepts(command: list, env: dict | None = None, seconds: int = 120) -> str:
    """Runs a validator and shows all it says when it refuses."""
    result = subprocess.run([str(part) for part in command], env=env, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout[-3000:]}"
    return result.stdout


def test_collector_accepts_its_config(directory, tmp_path):
    config = in_place(directory, compose_model(directory), "otel-collector", tmp_path,
                      "configs/otel-collector/config.yaml")
    accepts(["otelcol", "validate", f"--config={config}",
             f"--config={directory / 'configs/otel-collector/own.yaml'}"], environment(directory, "otel-collector"))


def test_metrics_of_two_senders_never_share_a_request(directory):
    """A store of metrics refuses a request as a whole, so the queue before it must not put requests together."""
    model = yaml.safe_load((directory / "configs/otel-collector/config.yaml").read_text(encoding="utf-8"))
    (metrics,) = model["service"]["pipelines"]["metrics/stored"]["exporters"]
    queues = {name: exporter["sending_queue"] for name, exporter in model["exporters"].items()
              if "sending_queue" in exporter}
    assert {name for name, queue in queues.items() if "batch" not in queue} == {metrics}
    assert len(queues) >= 3


def test_files_of_ones_own_are_read(directory, tmp_path):
    """What a person puts into the places made for it counts: a mistake in each of them is found."""
    mine = tmp_path / "stack"
    shutil.copytree(directory, mine)
    model = compose_model(mine)
    command = model["services"]["otel-collector"]["command"]
    files = [in_place(mine, model, "otel-collector", tmp_path, f"configs/otel-collector/{word.rpartition('/')[2]}")
             for word in command if word.startswith("--config=")]
    assert len(files) == 2
    files[1].write_text("service: {pipelines: {logs/own: {receivers: [otlp], exporters: [nowhere]}}}\n")
    with pytest.raises(AssertionError, match="nowhere"):
        accepts(["otelcol", "validate", *(f"--config={file}" for file in files)],
                environment(mine, "otel-collector"))
    config = in_place(mine, model, "prometheus", tmp_path, "configs/prometheus/prometheus.yml")
    for name, text in (("scrape.d/shop.yml", "scrape_configs: [{job_name: prometheus}]\n"),
                       ("scrape.d/shop.yaml", "nonsense: 1\n"), ("rules.d/shop.yml", "groups: [{}]\n")):
        own = mine / "configs/prometheus" / name
        own.write_text(text)
        with pytest.raises(AssertionError, match="(?s)shop|prometheus.*job"):
            accepts(["promtool", "check", "config", config])
        own.unlink()
    accepts(["promtool", "check", "config", config])


def test_collector_uses_no_renamed_component(directory, tmp_path):
    """A deprecated alias still loads, with a warning: it would break at a later version."""
    config = in_place(directory, compose_model(directory), "otel-collector", tmp_path,
                      "configs/otel-collector/config.yaml")
    said = accepts(["otelcol", "validate", f"--config={config}"],
                   environment(directory, "otel-collector"))
    assert "deprecated" not in said.lower(), said


def test_prometheus_accepts_its_config(directory, tmp_path):
    config = directory / "configs/prometheus/prometheus.yml"
    if not config.is_file():
        pytest.skip("this variant has no Prometheus")
    copy = in_place(directory, compose_model(directory), "prometheus", tmp_path,
                    "configs/prometheus/prometheus.yml")
    accepts(["promtool", "check", "config", copy])


def test_promtool_accepts_the_rules(directory, report):
    files = queries.rule_files(directory)
    assert files, "no rule files"
    said = accepts(["promtool", "check", "rules", "--lint=all", "--lint-fatal", *files])
    report(" ".join(re.findall(r"\d+ rules found", said)))


def test_every_alert_explains_itself(directory):
    for path in queries.rule_files(directory):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    notes, labels = rule.get("annotations", {}), rule.get("labels", {})
                    missing = [key for key in ("summary", "description") if not notes.get(key)]
                    assert not missing, f"{rule['alert']}: no {missing}"
                    assert any("runbook" in key for key in notes), f"{rule['alert']}: no runbook"
                    assert labels.get("severity"), f"{rule['alert']}: no severity"


def test_alertmanager_accepts_its_config(directory, tmp_path):
    copy = in_place(directory, compose_model(directory), "alertmanager", tmp_path,
                    "configs/alertmanager/alertmanager.yml")
    accepts(["amtool", "check-config", copy])


def variants(*names: str, all_but: str = ""):
    """Runs a test on these variants only, because the others do not have what it is about."""
    return pytest.mark.parametrize("directory", names or [name for name in VARIANTS if name != all_but],
                                   indirect=True)


@pytest.mark.needs("loki")
@variants(all_but="victorialogs")
def test_loki_accepts_its_config(directory):
    accepts(["loki", "-verify-config", "-config.expand-env=true",
             f"-config.file={directory / 'configs/loki/config.yaml'}"],
            environment(directory, "loki"))


@pytest.mark.needs("tempo")
@variants("tempo")
def test_tempo_accepts_its_config(directory):
    said = accepts(["tempo", "-config.verify", f"-config.file={directory / 'configs/tempo/config.yaml'}"],
                   environment(directory, "tempo"))
    assert "level=warn" not in said, said


@variants(all_but="tempo")
def test_jaeger_accepts_its_config(directory):
    accepts(["jaeger", "validate", "--config", directory / "configs/jaeger/config.yaml"],
            environment(directory, "jaeger"))


@variants("own component")
def test_added_component_accepts_its_config(directory, tmp_path):
    config = in_place(directory, compose_model(directory), "edge", tmp_path, "configs/edge/config.yaml")
    accepts(["otelcol", "validate", f"--config={config}"], environment(directory, "edge"))


def test_compose_accepts_the_file(directory):
    accepts(["docker-compose", "--project-directory", directory,
             "-f", directory / "docker-compose.yml", "config", "-q"])


def test_compose_starts_only_pinned_images_with_limits(directory):
    for name, service in compose_model(directory)["services"].items():
        assert re.search(r":v?\d+\.\d+", service["image"]), f"{name}: {service['image']}"
        if service.get("restart"):  # one-shots end by themselves
            limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
            assert service.get("mem_limit") or limits.get("memory"), f"{name}: no memory limit"


def test_grafana_files_follow_its_formats(directory, report):
    found = provisioning.problems(directory)
    report(f"{len(queries.dashboards(directory))} dashboards, "
           f"{len(queries.panel_queries(directory))} queries")
    assert not found, "\n".join(found)


def test_grafana_knows_every_id_in_the_dashboards(directory, report):
    """Units, reducers, transformations and matchers, against the lists in Grafana's own code."""
    said = accepts(["node", drawing.installed() / "registry.mjs", *queries.dashboards(directory)])
    report(said.splitlines()[-1])


@variants("default", "victoriametrics", "victorialogs", "tempo")
def test_grafana_knows_every_key_in_the_dashboards(directory):
    """Against Grafana's own types."""
    accepts(["node", drawing.installed() / "keys.mjs", *queries.dashboards(directory)])


@variants("default")
def test_panels_tell_the_truth(directory, tmp_path, report):
    document = panel_cases.promtool_tests(directory)
    tests = tmp_path / "panels_test.yml"
    tests.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    accepts(["promtool", "test", "rules", tests])
    report(f"{len(document['tests'])} cases")


def test_grafana_fetches_the_plugins_of_its_data_sources(directory):
    environment = compose_model(directory)["services"]["grafana"]["environment"]
    fetched = environment.get("GF_PLUGINS_PREINSTALL", "")
    plugins = set(queries.datasource_types(directory).values()) & provisioning.PLUGIN_TYPES
    assert {row.split("@")[0] for row in fetched.split(",") if row} == plugins
    assert all(re.search(r"@\d+\.\d+", row) for row in fetched.split(",") if row), "without a version"


def test_yaml_is_tidy(directory):
    rules = "{extends: default, rules: {line-length: disable, document-start: disable, " \
            "braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}}}"
    files = sorted(path for pattern in ("*.yml", "*.yaml") for path in directory.rglob(pattern)
                   if "certs" not in path.parts)
    assert files
    accepts(["yamllint", "--strict", "-d", rules, *(path for path in files if path.name != "obsctl.yaml")])
    # Its commented-out settings stand below their section, also where the section has nothing else.
    accepts(["yamllint", "--strict", "-d", rules.replace("rules: {", "rules: {comments-indentation: disable, "),
             directory / "obsctl.yaml"])


def is_private(path: pathlib.Path) -> bool:
    """Closed to others by its own mode, or by its directory's: files that a container's user must
    read through a mount are world-readable inside a closed directory."""
    return path.stat().st_mode & 0o007 == 0 or path.parent.stat().st_mode & 0o077 == 0


def test_secrets_are_private_and_nothing_is_default(directory):
    secret = [path for path in directory.rglob("*") if path.is_file()
              and ("secrets" in path.parts or path.suffix == ".key")]
    assert secret, "a stack without any secret has default credentials"
    assert [path.name for path in secret if not is_private(path)] == []
    text = "\n".join(path.read_text() for path in directory.glob("*.yml"))
    assert not re.search(r"PASSWORD[:=]\s*[\"']?admin", text)
    assert ":latest" not in text


def rule_tests(directory: pathlib.Path) -> list:
    """Rule tests written for the generated rules: beside the stack's rules or in tests/rules."""
    own, generated = (REPO / "tests" / "rules").glob("*.y*ml"), directory.glob("**/*_test.y*ml")
    return sorted(own) + sorted(generated)


def split_by_rule_file(document: dict, files: list) -> dict:
    """Rule file -> the test document for its alerts; promtool evaluates every rule it is given for
    every case, so cases that see only their own file (and the recording rules) are 3x faster."""
    recording = [str(path) for path in files if "alert:" not in path.read_text()]
    documents = {}
    for path in files:
        groups = yaml.safe_load(path.read_text())["groups"]
        names = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
        cases = [case for case in document["tests"] if case["name"].split()[0] in names]
        if cases:
            documents[path] = {**document, "rule_files": [*recording, str(path)], "tests": cases}
    return documents


# The variants with rules of their own; where only those of one component differ from the default's, which.
WITH_RULES = {"default": "", "victoriametrics": "", "victorialogs": "victorialogs", "tempo": "tempo",
              "own component": "edge"}


@variants(*WITH_RULES)
def test_rules_fire_and_keep_silent(directory, request, tmp_path, report):
    """Every alert has a case in which it fires and one in which it stays silent."""
    component = WITH_RULES[request.node.callspec.params["directory"]]
    sources, files = rule_tests(directory), queries.rule_files(directory)
    assert sources, "no rule tests"
    cases = []
    for source in sources:
        for path, document in split_by_rule_file(yaml.safe_load(source.read_text()), files).items():
            if component not in path.name:
                continue
            copy = tmp_path / f"{source.stem}-{path.name}"
            copy.write_text(yaml.safe_dump(document, sort_keys=False))
            accepts(["promtool", "test", "rules", copy], seconds=600)
            cases += [case["name"] for case in document["tests"]]
    rules = [query.where.split(" / ") for query in queries.rules(directory) if query.alert]
    alerts = {name for file, name in rules if component in file}
    untested = [name for name in sorted(alerts) for verb in ("fires", "stays silent")
                if f"{name} {verb}" not in cases and name != "Watchdog"]
    report(f"{len(alerts)} alerts, {len(cases)} cases")
    assert alerts and not untested
