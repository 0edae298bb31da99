# SPDX-License-Identifier: Apache-2.0
"""A generated chart on a real cluster: installed by its runbook, used, changed, stopped, removed.

The tests run in the order of the file on one release: first as it is, then what its runbook says, then changes.
"""

import json
import os
import pathlib
import re
import tarfile

import pytest
import yaml

import links
import journey
import test_e2e as e2e
from backends import get, wait_for
from health_faults import OF_THE_HOST, findings, unknown
from release import BUSYBOX, Release
from telemetry import TraceSpec

pytestmark = pytest.mark.in_order  # a release is installed, used, broken, upgraded, rolled back and removed
OPTIONS = ("--logs", "victorialogs", "--profile", "minimum")
ARRIVED_AGAIN = 120  # after an outage: exporters wait up to 90 s between tries


@pytest.fixture(scope="module")
def stack(cluster, tmp_path_factory):
    """Installed with the command of its own runbook. Only the API of its Stack is used by what journey.* share."""
    release = Release(cluster, tmp_path_factory.mktemp("release"), *OPTIONS)
    images = {row["image"] for row in release.services().values()}
    assert cluster.load_all([*images, BUSYBOX]) == []
    release.make_namespace()
    release.apply()
    yield release
    release.remove()


@pytest.fixture(scope="module")
def about():
    """Everything of the stack can run here."""
    return lambda _text: True


def lines_of(service: str, number: int) -> list:
    return [f"line {row} of {service}" for row in range(number)]


# -- as it is ----------------------------------------------------------------------------------


def test_helm_test_passes(stack):
    said = stack.shell(f"helm test {stack.name} -n {stack.name} --logs")
    assert [name for name in stack.services() if f"{name} is ready" not in said] == []
    assert all(f"{signal} are accepted" in said for signal in ("traces", "metrics", "logs"))


def test_helm_test_runs_the_checks_of_obsctl(stack, obsctl_image):
    release = f"{stack.name} -n {stack.name}"
    stack.shell(f"helm upgrade {release} chart --reuse-values --set test.healthImage={obsctl_image} --wait")
    said = stack.shell(f"helm test {release} --logs")
    assert re.search(r"\d+ checks", said) and "ok: services" in said, said
    stack.shell(f"helm rollback {release} --wait")


def test_every_pod_runs_and_none_was_restarted(stack):
    pods = stack.pods()
    assert set(pods) == set(stack.services())
    for name, pod in pods.items():
        (box,) = pod["status"]["containerStatuses"]
        assert box["ready"] and box["restartCount"] == 0, f"{name}: {box}"


def test_a_values_file_of_ones_own_counts(stack):
    (box,) = stack.pods()["otel-collector"]["spec"]["containers"]
    assert box["resources"]["requests"]["cpu"] == "50m" and box["resources"]["limits"]["cpu"] != "50m"


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_traces_with_errors_arrive_complete(stack, traces, service, protocol):
    ids = stack.sender(protocol).spans(service, [TraceSpec("error")] * 100)
    assert journey.arrived(stack, service, ids) == set(ids)
    assert {len(traces.trace(trace_id)) for trace_id in ids} == {2}


test_metrics_arrive_exactly = e2e.test_metrics_arrive_exactly
test_logs_arrive_exactly = e2e.test_logs_arrive_exactly
test_rules_load = e2e.test_rules_load
test_every_scrape_target_is_up = e2e.test_every_scrape_target_is_up


def test_each_series_is_found_by_the_name_of_its_component(stack):
    wait_for(lambda: set(stack.prometheus().values("up == 1", "job")) == set(stack.services()), 60,
             "every component is scraped under its name")


def health(stack) -> dict:
    """What `obsctl health` says with the kubectl and the context of the one who operates the stack."""
    said = stack.shell(f"{os.environ['OBSCTL']} health --dir . -o json {' '.join(OF_THE_HOST[1:])} || [ $? = 3 ]")
    return json.loads(said)


def test_health_finds_nothing_and_then_what_is_gone(stack, report):
    wait_for(lambda: findings(health(stack)) == set(), 120, "a release without findings")
    now = health(stack)
    assert unknown(now) == set()
    judged = [check for check in now["checks"] if check["status"] != "skipped"]
    report(f"{len(judged)} of {len(now['checks'])} checks in {now['seconds']:.1f} s")
    assert len(judged) >= 40
    stack.scale("alertmanager", 0)
    wait_for(lambda: "alertmanager/SVC-001" in findings(health(stack)), 30, "Alertmanager is missed")
    stack.scale("alertmanager", 1)


def test_only_the_watchdog_fires(stack):
    allowed = set(journey.known("allowed_firing.yaml")) - {"Watchdog"}

    def firing() -> set:
        return set(stack.prometheus().values('ALERTS{alertstate="firing"}', "alertname")) - allowed

    wait_for(lambda: firing() == {"Watchdog"}, 60, "the watchdog fires and nothing else")
    alerts = f"http://{stack.address('alertmanager', 9093)}/api/v2/alerts"
    wait_for(lambda: "Watchdog" in {alert["labels"]["alertname"] for alert in get(alerts)}, 90, "Alertmanager knows it")


# -- who reaches whom --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ports(stack) -> set:
    """Every (component, port) that pods could ask for."""
    return {(name, port["port"]) for name in stack.services()
            for port in stack.get("service", name)["spec"]["ports"]}


@pytest.fixture(scope="module")
def namespaces(stack, cluster):
    """Of applications: one that may send, and one that may not."""
    made = {label: cluster.new_namespace() for label in ("true", "false")}
    for label, name in made.items():
        cluster.kubectl("label", "namespace", name, f"otel-enabled={label}")
    yield made
    for name in made.values():
        cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_each_component_reaches_what_its_configuration_names_and_nothing_else(stack, ports, report):
    wanted = links.configured(stack)
    report(f"{sum(map(len, wanted.values()))} links, {len(ports)} ports")
    reached = links.reached_from_components(stack, ports, wanted)
    assert reached == {name: wanted.get(name, set()) for name in stack.services()}


def test_policies_admit_no_more_than_the_configurations_name(stack):
    wanted = links.configured(stack)
    for name in stack.services():
        assert links.egress_of(stack, name) == links.of_others(name, wanted.get(name, set())), name


def test_an_application_sends_and_reaches_nothing_else(stack, cluster, namespaces, ports):
    wanted = {("otel-collector", 4317), ("otel-collector", 4318)}
    with links.Application(cluster, namespaces["true"]) as pod:
        wait_for(lambda: pod.reaches(stack.name, wanted) == wanted, 20, "an application sends")
        assert pod.reaches(stack.name, ports) == wanted
    with links.Application(cluster, namespaces["false"]) as pod:
        assert pod.reaches(stack.name, ports) == set()
        # That this is about the label of its namespace, and nothing else kept it out.
        cluster.kubectl("label", "--overwrite", "namespace", namespaces["false"], "otel-enabled=true")
        wait_for(lambda: pod.reaches(stack.name, wanted) == wanted, 20, "it sends once its namespace may")


def test_a_pod_without_labels_in_the_same_namespace_reaches_nothing(stack, cluster, ports):
    with links.Application(cluster, stack.name) as pod:
        assert pod.reaches(stack.name, ports) == set()
        # That this is about labels, and the pod could reach them: now it looks like Grafana's.
        pod.label(stack.pods()["grafana"]["metadata"]["labels"])
        wait_for(lambda: ("prometheus", 9090) in pod.reaches(stack.name, ports), 20, "it is taken for Grafana")


# -- what the runbook says ---------------------------------------------------------------------


# Not run as printed: a part of the command, and why.
LEFT_OUT = {
    "port-forward": "runs until it is stopped; the tests do it themselves",
    "top pods": "needs metrics-server", "delete": "removes, or waits for what is removed",
    "uninstall": "removes; has a test of its own", "--replicas 0": "stops; part of the backup's test",
}
PLACEHOLDER = re.compile(r"\b(NAME|MY-NAMESPACE|REVISION|BLOCK|NEW|SIZE|DAYS)\b|…")
BLOCKS = re.compile(r"```sh\n(.*?)```", re.S)


def printed(runbook: str) -> list:
    """Every command, each once, without the remark behind it."""
    inline = re.findall(r"`((?:kubectl|helm|\./apply)\b[^`]*)`", BLOCKS.sub("", runbook))
    lines = [line for block in BLOCKS.findall(runbook) for line in block.splitlines()]
    found = [re.sub(r"\s+# .*", "", line) for line in [*lines, *inline]]
    return list(dict.fromkeys(line for line in found if line.startswith(("kubectl", "helm", "./apply"))))


def outcome(stack, command: str) -> str:
    """Empty when the command and everything in its pipe end well; grep may find nothing."""
    said = stack.shell(f"set +e\n{command}\necho; echo ${{PIPESTATUS[@]}}")
    first, *rest = map(int, said.splitlines()[-1].split())
    fine = first == 0 and all(code <= (" | grep " in command) for code in rest)
    return "" if fine else f"{command}\n{said}"


def test_commands_of_the_runbook_end_well(stack, report):
    commands = [line for line in printed(stack.runbook()) if not PLACEHOLDER.search(line)]
    left = {part: [line for line in commands if part in line] for part in LEFT_OUT}
    assert all(left.values()), left
    tried = [line for line in commands if not any(part in line for part in LEFT_OUT)]
    tried.sort(key=lambda line: "rollout restart" in line)  # a pod that starts has nothing to say to the others
    assert len(tried) > 40
    failed = [outcome(stack, command) for command in tried]
    report(f"{len(tried)} commands run, {len(commands) - len(tried)} left out")
    stack.kubectl("delete", "pod", "--ignore-not-found", "--wait=false",
                  *{f"{name}-check" for name in stack.services()})
    stack.kubectl("rollout", "status", "statefulset", "jaeger", "--timeout=100s")
    assert not any(failed), "\n".join(filter(None, failed))


@pytest.fixture
def runs_again(stack):
    """For a test that stops everything, so that what follows does not depend on how far it got."""
    yield
    stack.apply()


@pytest.mark.usefixtures("runs_again")
def test_a_backup_is_restored_into_empty_volumes(stack, service, report):
    sender, lines = stack.sender("grpc"), lines_of(service, 100)
    sender.logs(service, lines)
    ids = sender.spans(service, [TraceSpec("error")] * 20)
    sender.counter(service, "lab.items", {"a": 7})

    def all_is_there() -> None:
        journey.lines_arrived(stack, service, lines)
        journey.arrived(stack, service, ids)
        journey.counter_arrived(stack, service, {"a": 7})

    all_is_there()
    # Volumes of a stack in use are larger than this one's.
    stack.kubectl("exec", "jaeger-0", "--", "dd", "if=/dev/urandom", "of=/badger/ballast", "bs=1M", "count=20")
    take, restore = (block for block in BLOCKS.findall(stack.runbook()) if "backups/" in block)
    functions = take.partition("mkdir -p backups")[0]
    stack.shell(take)
    claims = {row["metadata"]["name"] for row in stack.get("pvc")["items"]}
    sizes = {path.name: size_inside(path) for path in (stack.folder / "backups").iterdir()}
    assert set(sizes) == {f"{claim}.tgz" for claim in claims}
    report(", ".join(f"{name} {size // 1024} KiB" for name, size in sorted(sizes.items())))
    stack.shell(f"{functions}\nstop")
    lose_volumes(stack)
    stack.shell(functions + restore)
    all_is_there()


def size_inside(archive: pathlib.Path) -> int:
    """Reads all of it, which fails where a byte is missing."""
    with tarfile.open(archive) as files:
        return sum(len(files.extractfile(row).read()) for row in files if row.isfile())


def lose_volumes(stack) -> None:
    """What a lost disk leaves: an installation whose volumes are new."""
    stack.kubectl("delete", "pvc", "--all", "--timeout=60s")
    stack.apply()


# -- changes -----------------------------------------------------------------------------------


def changed(before: dict, after: dict) -> set:
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def components_of(paths: set) -> set:
    return {path.split("/")[1] for path in paths if path.startswith("configs/")}


def revision(stack) -> int:
    return max(row["revision"] for row in yaml.safe_load(
        stack.shell(f"helm history {stack.name} -n {stack.name} -o yaml")))


def test_an_upgrade_and_its_rollback_lose_nothing_and_restart_only_what_changed(stack, service, report):
    secrets, files, before = stack.secrets(), stack.files(), revision(stack)
    stack.scale("victorialogs", 0)
    lines = lines_of(service, 300)
    for protocol, part in (("grpc", lines[:150]), ("http", lines[150:])):
        stack.sender(protocol).logs(service, part)
    stack.disconnect()
    stack.kubectl("delete", "pod", "otel-collector-0", "--grace-period=0", "--force")
    wait_for(lambda: "otel-collector" in stack.pods(), 30, "another pod of the collector")
    stack.kubectl("wait", "--for=condition=Ready", "pod/otel-collector-0", "--timeout=100s")

    first = stack.uids()
    stack.obsctl("--retention-metrics", "8d")
    expected = components_of(changed(files, stack.files()))
    with pytest.raises(AssertionError, match="the volume prometheus-data-prometheus-0 has 9Gi and the plan wants 10Gi"):
        stack.shell("./apply")
    stack.apply("--set checkVolumes=false")
    second = stack.uids()
    stack.shell(f"helm rollback {stack.name} {before} -n {stack.name} --wait")
    third = stack.uids()

    journey.lines_arrived(stack, service, lines, ARRIVED_AGAIN)
    assert stack.secrets() == secrets
    assert "prometheus" in expected and expected < set(first)
    report(f"restarted: {', '.join(sorted(expected))}")
    assert {name for name in first if first[name] != second[name]} == expected
    assert {name for name in second if second[name] != third[name]} == expected
    with pytest.raises(AssertionError) as refused:
        stack.shell("./apply")
    stack.shell(re.search(r"kubectl -n \S+ patch pvc .*?}'", str(refused.value).replace('\\"', '"'))[0])
    stack.apply()
    assert stack.secrets() == secrets


def test_a_pod_that_cannot_start_is_replaced_when_its_cause_is_gone(stack):
    broken = "example.invalid/none:1"
    stack.shell(f"./apply --wait=hookOnly --set components.jaeger.image={broken}")

    def waits() -> bool:
        (box,) = stack.pods()["jaeger"]["status"].get("containerStatuses") or [{}]
        return box.get("image") == broken and "waiting" in box["state"]

    wait_for(waits, 60, "the pod with an image that is not there")
    stack.apply()
    assert stack.pods()["jaeger"]["status"]["containerStatuses"][0]["ready"]


def test_what_is_removed_keeps_its_volumes_and_finds_them_again(stack, service):
    lines = lines_of(service, 100)
    stack.sender("grpc").logs(service, lines)
    journey.lines_arrived(stack, service, lines)
    claims = {row["metadata"]["name"]: row["metadata"]["uid"] for row in stack.get("pvc")["items"]}
    stack.shell(f"helm uninstall {stack.name} -n {stack.name}")
    wait_for(lambda: not stack.pods(), 100, "no pod is left")
    left = {kind: stack.get(kind)["items"] for kind in ("statefulset", "service", "secret", "networkpolicy")}
    assert not any(left.values()), left
    assert claims == {row["metadata"]["name"]: row["metadata"]["uid"] for row in stack.get("pvc")["items"]}
    stack.apply()
    journey.lines_arrived(stack, service, lines)
