# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the lab: the product's binary, the real programs, an engine, and stacks on it."""

import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import uuid

import pytest

import cluster as clusters
import given
import manifests
import results
import stack as stacks
from labenv import REPO, bin_dir, built, cache_dir

LATE = {"cluster", "helm", "kube_score", "checkov"}  # what these need is built while the other tests run


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "in_order: the tests of this file are one story and keep their order")
    config.addinivalue_line("markers", "needs(program): not run where this program is not given")
    binary = os.environ.get("OBSCTL", "")
    if not os.environ.get("OBSCTL_LAB_STACK") and not shutil.which(binary):
        raise pytest.UsageError("set OBSCTL to the obsctl binary under test (tests/lab/run does)")
    # Tests trust a stack's own authority; these would silently take precedence over it.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)
    os.environ["PATH"] = f"{bin_dir()}{os.pathsep}{os.environ['PATH']}"
    config.pluginmanager.register(results.Results())
    # Whoever stops the tests wants no stack left running: SIGTERM cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items) -> None:
    results.shuffle(items)
    items.sort(key=lambda item: not LATE.isdisjoint(item.fixturenames))
    absent = given.absent()
    for item in items:
        for mark in item.iter_markers("needs"):
            if mark.args[0] in absent:
                item.add_marker(pytest.mark.skip(reason=given.why_absent(mark.args[0])))


@pytest.fixture(scope="session")
def engine():
    """The lab's Docker engine; without one, end-to-end tests are skipped and say why."""
    reason = os.environ.get("OBSCTL_LAB_NO_ENGINE")
    if not reason:
        probe = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False)
        reason = probe.stderr.strip() if probe.returncode else None
    if reason:
        pytest.skip(f"no container engine: {reason}")


@pytest.fixture(scope="module")
def new_stack(engine, tmp_path_factory):
    """Returns a function that generates a stack; all of them are removed with their volumes."""
    made = []

    def make(*options: str) -> stacks.Stack:
        directory: pathlib.Path = tmp_path_factory.mktemp("stack")
        # A name of its own, so that removing it can never remove another stack's volumes.
        name = f"lab{uuid.uuid4().hex[:8]}"
        stacks.generate(directory, *options, "--name", name)
        stacks.use_free_ports(directory, *options)
        made.append(stacks.Stack(directory))
        return made[-1]

    yield make
    for stack in made:
        stack.down(volumes=True)


@pytest.fixture(scope="module")
def stack(new_stack) -> stacks.Stack:
    """The default stack, exactly as generated, up and healthy."""
    default = new_stack()
    default.up()
    return default


@pytest.fixture(scope="session")
def cluster(engine, tmp_path_factory):
    """A Kubernetes cluster of one node, with DNS, Services, NetworkPolicies, volumes, kubectl and helm; where none can
    run, its tests are skipped and say why."""
    reason = clusters.why_not()
    if reason:
        pytest.skip(f"no Kubernetes cluster: {reason}")
    made = clusters.Cluster(tmp_path_factory.mktemp("cluster"))
    # Its networks have fixed addresses, so two runs of the lab must take turns.
    with open(cache_dir() / "cluster.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def obsctl_image(cluster):
    """The image of obsctl that its source makes, on the cluster's node."""
    version = subprocess.run([os.environ["OBSCTL"], "--version"], capture_output=True, text=True, check=True).stdout
    reference = "obsctl:" + version.split()[1]
    subprocess.run([REPO / "scripts/image"], check=True)
    cluster.load(reference)
    return reference


@pytest.fixture(scope="session")
def helm(tmp_path_factory):
    """Runs helm where it needs no cluster (lint, template, package) and returns what it prints."""
    built("helm")
    environment = {**os.environ, **manifests.helm_homes(tmp_path_factory.mktemp("helm"))}

    def run(*words) -> str:
        done = subprocess.run(["helm", *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"helm {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
        return done.stdout
    return run


@pytest.fixture(scope="session")
def kube_score():
    """manifests.kube_score, with its program built."""
    built("kube-score")
    return manifests.kube_score


@pytest.fixture(scope="session")
def checkov():
    """manifests.checkov; where pip cannot have the program, the test is skipped and says so."""
    try:
        manifests.checkov_program()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"checkov {manifests.CHECKOV} cannot be installed: {error}")
    return manifests.checkov


@pytest.fixture
def namespace(cluster):
    """A namespace of the test alone that admits only restricted pods; removed with all that is in it."""
    name = cluster.new_namespace()
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def traces(stack):
    """The stack's store of traces; where its program is not given, the test is not run and says why."""
    return given_store(stack, stacks.TRACES, stack.traces)


@pytest.fixture
def logs(stack):
    """The stack's store of logs, likewise."""
    return given_store(stack, stacks.LOGS, stack.logs)


def given_store(stack: stacks.Stack, known: dict, reader):
    for name in set(known) & set(stack.absent()):
        pytest.skip(given.why_absent(name))
    return reader()


@pytest.fixture(params=[pytest.param("loki", marks=pytest.mark.needs("loki")), "others"])
def about(request):
    """Makes two tests of one, so that where Loki is not given only what is about Loki is not run:
    returns a function that says whether a query, target or alert belongs to this one."""
    return lambda text: bool(given.ABOUT["loki"].search(text)) == (request.param == "loki")


@pytest.fixture
def report(capsys):
    """Prints what a test measured, even when the test passes."""
    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\n    {text}", end="", flush=True)
    return show


@pytest.fixture
def service() -> str:
    """A service name of this test alone, so that it reads back only what it sent."""
    return f"lab-{uuid.uuid4().hex[:10]}"
