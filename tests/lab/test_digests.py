# SPDX-License-Identifier: Apache-2.0
"""`obsctl init --pin-digests` against a real registry: what is pinned is what is pulled, also after a tag has moved."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from backends import get, wait_for
from collector import free_ports
from stack import run

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture(scope="module")
def registry(engine, tmp_path_factory):
    """host:port of an empty registry on this machine."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("not run: there is no docker-registry (Debian's package of that name)")
    folder, port = tmp_path_factory.mktemp("registry"), free_ports(1)[0]
    (folder / "config.yml").write_text(CONFIG.format(root=folder / "data", port=port))
    with subprocess.Popen([program, "serve", folder / "config.yml"]) as process:
        try:
            wait_for(lambda: get(f"http://127.0.0.1:{port}/v2/") == {}, 20, "the registry answers")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def push(image: str, reference: str) -> None:
    run(["docker", "tag", image, reference])
    run(["docker", "push", reference])
    run(["docker", "rmi", reference])


@pytest.fixture(scope="module")
def pinned(registry, tmp_path_factory):
    """A stack whose images come from that registry, pinned there."""
    folder = tmp_path_factory.mktemp("pinned")
    plain, templates = folder / "plain", folder / "templates"
    run([os.environ["OBSCTL"], "init", "--tier", "small", "--dir", plain])
    services = yaml.safe_load((plain / "docker-compose.yml").read_text())["services"]
    for image in {service["image"] for service in services.values()}:
        push(image, f"{registry}/{image}")
    run([os.environ["OBSCTL"], "init", "--export-templates", templates])
    for path in [*templates.glob("components/*/component.yaml"), templates / "shared/helpers.yaml"]:
        path.write_text(re.sub(r"^image: ", f"image: {registry}/", path.read_text(), flags=re.M))
    run([os.environ["OBSCTL"], "init", "--tier", "small", "--dir", folder / "stack", "--template-dir", templates,
         "--name", "labpinned", "--pin-digests"])
    return folder / "stack"


def images(stack) -> set:
    services = yaml.safe_load((stack / "docker-compose.yml").read_text())["services"]
    return {service["image"] for service in services.values()}


def test_every_image_is_pinned_to_what_the_engine_pulls(pinned, report):
    found = images(pinned)
    assert len(found) > 6
    for image in found:
        assert re.search(r":[^@/]+@sha256:[0-9a-f]{64}$", image), image
        run(["docker", "pull", image])
    report(f"{len(found)} images pinned and pulled by their digests")


def test_a_tag_that_moves_moves_nothing(pinned, registry):
    before = images(pinned)
    victim = next(image for image in before if "/prom/alertmanager:" in image)
    push("busybox:1.37.0", victim.partition("@")[0])
    run([os.environ["OBSCTL"], "init", "--dir", pinned, "--template-dir", pinned.parent / "templates"])
    assert images(pinned) == before
    run(["docker", "pull", victim])
    assert "alertmanager" in run(["docker", "inspect", "--format", "{{.Config.Entrypoint}}", victim]).stdout
    run([os.environ["OBSCTL"], "init", "--dir", pinned, "--template-dir", pinned.parent / "templates", "--pin-digests"])
    assert len(images(pinned) - before) == 1
