# SPDX-License-Identifier: Apache-2.0
"""Where the lab keeps things and which versions it wants: the one place that knows both."""

import os
import pathlib
import subprocess
import sys

try:
    import yaml
except ImportError:  # the lab's own venv has it; a bare interpreter may not
    sys.exit("lab: PyYAML is missing (use tests/lab/run, or install python3-yaml)")

LAB = pathlib.Path(__file__).resolve().parent
REPO = LAB.parent.parent
COMPONENTS = REPO / "templates" / "components"
HELPERS = REPO / "templates" / "shared" / "helpers.yaml"
SOURCES = LAB / "sources.yaml"


class LabError(Exception):
    """A problem that the person running the lab can act on; shown without a traceback."""


def cache_dir() -> pathlib.Path:
    """The lab's cache: everything it builds, installs or stores lives below it."""
    configured = os.environ.get("OBSCTL_LAB_CACHE")
    return pathlib.Path(configured) if configured else pathlib.Path.home() / ".cache" / "obsctl-lab"


def bin_dir() -> pathlib.Path:
    return cache_dir() / "bin"


def load_yaml(path: pathlib.Path) -> dict:
    if not path.is_file():
        raise LabError(f"{path} is missing")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def catalog() -> dict:
    """The product's own components: name -> {image, version}, with the helper of its Compose files."""
    rows = {path.parent.name: load_yaml(path) for path in sorted(COMPONENTS.glob("*/component.yaml"))}
    helper = load_yaml(HELPERS)
    return {**rows, helper["image"]: helper}


def sources() -> dict:
    return load_yaml(SOURCES)


def wanted_version(name: str, source: dict) -> str:
    """The catalog's version without a leading v, or the source's own for tools of the lab."""
    if "version" in source:
        return str(source["version"])
    key = source.get("catalog", name)
    components = catalog()
    if key not in components:
        raise LabError(f"templates/components has no '{key}'")
    return str(components[key]["version"]).removeprefix("v")


def resolve(name: str, source: dict) -> dict:
    """What to build for a catalog version: {version, module_version, builds, ...}."""
    version = wanted_version(name, source)
    known = source.get("versions")
    if known is None:
        row = {"module": f"v{version}"}
    elif version in known:
        row = dict(known[version])
    else:
        raise LabError(
            f"{name}: the catalog asks for {version}, but {SOURCES.name} maps only "
            f"{', '.join(sorted(known))} to a module version; add a row there"
        )
    row.setdefault("builds", version)
    row["version"] = version
    return row


def built(*names: str) -> None:
    """Returns when these of sources.yaml are built; waits for the build in the background when there is one."""
    subprocess.run([sys.executable, LAB / "build.py", *names], check=True)
