# SPDX-License-Identifier: Apache-2.0
"""Builds the real components from their Go modules into the lab's cache.

Exists because generated configs count as correct only once the program of the pinned version
accepts them, and no container registry is needed for that: each component is a Go module.
A build is keyed by everything that shapes it, so an unchanged pin is never built twice, and is
published by rename, so a kill at any moment leaves the old binary or the new one.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import given
from labenv import LAB, LabError, bin_dir, cache_dir, resolve, sources, wanted_version

RECIPE = 1  # raise when this file changes what it produces from the same inputs
NICE = ["nice", "-n", "5"]


def go_env() -> dict:
    """Static binaries (they go into FROM-scratch images), and no workspace of the module's own."""
    env = dict(os.environ)
    env.update(CGO_ENABLED="0", GOWORK="off", GOFLAGS="-trimpath -buildvcs=false")
    return env


def run(command: list, cwd: pathlib.Path, env: dict | None = None) -> str:
    """Runs a command quietly; its output is shown only when it fails."""
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env or go_env(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-30:])
        raise LabError(f"{' '.join(map(str, command))} failed ({result.returncode}):\n{tail}")
    return result.stdout


def go_version() -> str:
    if shutil.which("go") is None:
        raise LabError("Go is not installed; the lab needs it to build the components")
    return run(["go", "version"], LAB).split()[2]


def key_of(name: str, source: dict, pin: dict) -> str:
    """Changes whenever the binary could: pin, flags, manifest, compiler or this recipe."""
    parts = [name, source, pin, RECIPE, go_version()]
    if "manifest" in source:
        parts.append((LAB / source["manifest"]).read_text(encoding="utf-8"))
    if "folder" in source:
        parts += [path.read_text(encoding="utf-8")
                  for path in sorted((LAB / source["folder"]).iterdir())]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def extract(source: dict, version: str, into: pathlib.Path) -> pathlib.Path:
    """A writable copy of a module: its own go.mod then applies, replace directives included."""
    work = into / "src"
    if "folder" in source:
        return shutil.copytree(LAB / source["folder"], work)
    out = run(["go", "mod", "download", "-json", f"{source['module']}@{version}"], into)
    shutil.copytree(json.loads(out)["Dir"], work)
    run(["chmod", "-R", "u+w", work], into)
    return work


def build_go(source: dict, pin: dict, temp: pathlib.Path) -> list:
    work = extract(source, pin["module"], temp)
    if source.get("edit"):
        run(["go", "mod", "edit", *source["edit"]], work)
    for relative in source.get("without", []):
        (work / relative).unlink()
    for relative in source.get("placeholder", []):
        path = work / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<!doctype html><title>user interface not built in the lab</title>\n")
    ldflags = "-s -w " + source.get("ldflags", "").format(version=pin["builds"])
    built = []
    for package, binary in source["packages"].items():
        target = temp / "out" / binary
        run([*NICE, "go", "build", "-mod=mod", "-tags", ",".join(source.get("tags", [])),
             "-ldflags", ldflags, "-o", target, package], work)
        built.append(target)
    return built


def build_ocb(source: dict, pin: dict, temp: pathlib.Path) -> list:
    """Builds the builder, then lets it build the collector from our manifest."""
    builder = build_go(source, pin, temp)[0]
    manifest = (LAB / source["manifest"]).read_text(encoding="utf-8")
    for placeholder, value in (("{version}", pin["builds"]), ("{stable}", pin["stable"])):
        manifest = manifest.replace(placeholder, value)
    config = temp / "manifest.yaml"
    config.write_text(manifest, encoding="utf-8")
    # The builder downloads and generates; compiling is done here, with the lab's own flags.
    run([builder, "--config", config, "--skip-compilation"], temp)
    generated = temp / "generated"
    target = temp / "out" / source["binary"]
    run([*NICE, "go", "build", "-ldflags", "-s -w", "-o", target, "."], generated)
    builder.unlink()
    return [target]


def link(target: pathlib.Path, name: str) -> None:
    """Points bin/<name> at a stored binary in one atomic step."""
    bin_dir().mkdir(parents=True, exist_ok=True)
    temporary = bin_dir() / f".{name}.new"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(target, bin_dir()))
    os.replace(temporary, bin_dir() / name)


def ensure(name: str, source: dict) -> dict:
    """Returns the build record of a component, building it first when it is not stored."""
    pin = resolve(name, source)
    store = cache_dir() / "store" / f"{name}-{pin['builds']}-{key_of(name, source, pin)}"
    record = store / "build.json"
    if not record.is_file():
        work = cache_dir() / "work"
        work.mkdir(parents=True, exist_ok=True)
        print(f"lab: building {name} {pin['builds']} ...", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=work, prefix=f"{name}-") as temp_name:
            temp = pathlib.Path(temp_name)
            builder = build_ocb if source.get("kind") == "ocb" else build_go
            binaries = builder(source, pin, temp)
            report = {"name": name, "version": pin["version"], "builds": pin["builds"],
                      "module": f"{source.get('module', 'tests/lab')}@{pin['module']}",
                      "seconds": round(time.monotonic() - started, 1),
                      "binaries": sorted(path.name for path in binaries)}
            (temp / "out" / "build.json").write_text(json.dumps(report, indent=1))
            store.parent.mkdir(parents=True, exist_ok=True)
            if store.exists():  # a store without a record is the rest of a removed one
                shutil.rmtree(store)
            os.replace(temp / "out", store)
    report = json.loads(record.read_text())
    for binary in report["binaries"]:
        link(store / binary, binary)
    return report


def take_given(name: str, source: dict) -> str:
    """Points bin/<name> at the program this machine provides, or at nothing; returns what to say."""
    wanted = wanted_version(name, source)
    path = given.find(name, wanted)
    if path is None:
        (bin_dir() / name).unlink(missing_ok=True)  # what is there was given or built before
        return f"{name} {wanted}: not given, tests that need it are not run ({given.remedy()})"
    link(path, name)
    version = given.version_of(path)
    differs = "" if version == wanted else f" (the catalog says {wanted})"
    return f"{name} {version}{differs}: given, {path}"


def drop_stale_work() -> None:
    """A killed build leaves its work tree; nobody else uses it while the lock is held."""
    shutil.rmtree(cache_dir() / "work", ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("components", nargs="*", help="default: all of sources.yaml not marked `asked`")
    parser.add_argument("--now", action="store_true", help="only those not marked `later`")
    parser.add_argument("--later", action="store_true", help="only those marked `later`")
    args = parser.parse_args()
    table = sources()
    unknown = set(args.components) - set(table)
    if unknown:
        raise LabError(f"unknown component(s) {', '.join(sorted(unknown))}; "
                       f"known: {', '.join(table)}")
    wanted = args.components or [name for name, source in table.items() if not source.get("asked")
                                 and not (args.now if source.get("later") else args.later)]
    cache_dir().mkdir(parents=True, exist_ok=True)
    with open(cache_dir() / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would only fight for the cores
        drop_stale_work()
        for name in wanted:
            if table[name].get("given"):
                print(f"lab: {take_given(name, table[name])}", flush=True)
                continue
            report = ensure(name, table[name])
            differs = "" if report["builds"] == report["version"] else \
                f" (the catalog says {report['version']}; see sources.yaml)"
            print(f"lab: {name} {report['builds']}{differs}: "
                  f"{', '.join(report['binaries'])}, built in {report['seconds']} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"lab: error: {error}")
