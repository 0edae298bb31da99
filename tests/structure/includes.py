#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the direction of includes, so that the layers of ARCHITECTURE.md stay layers: no arrow that is not
promised, no promise that is not kept, none that runs back up."""

import pathlib
import sys

import source

# What each folder includes besides itself, lowest floor first: a row names folders above it only, so that
# no arrow runs back up and none closes a circle. A folder that is missing here may not exist, and a name that
# no include uses may not stand here.
ALLOWED = {
    "templates": [],
    "lib/base": [],
    "lib/io": ["lib/base"],
    "lib/archive": ["lib/base", "lib/io"],
    "lib/ui": ["lib/base", "lib/io"],
    "lib/findings": ["lib/base", "lib/ui"],
    "lib/yaml": ["lib/base"],
    "lib/model": ["lib/base", "lib/yaml"],
    "lib/catalog": ["lib/base", "lib/findings", "lib/yaml", "lib/model", "templates"],
    "lib/sizing": ["lib/base", "lib/findings", "lib/model", "lib/catalog"],
    "lib/template": ["lib/base", "lib/io", "templates"],
    "lib/topology": ["lib/base", "lib/model", "lib/catalog", "lib/sizing", "lib/template"],
    "lib/prom": ["lib/base", "lib/io"],
    "lib/engine": ["lib/base", "lib/io"],
    "lib/quiesce": ["lib/base", "lib/io", "lib/engine"],
    "lib/otlp": ["lib/base", "lib/io"],
    "lib/sink": ["lib/base", "lib/otlp"],
    "lib/loadgen": ["lib/base", "lib/io", "lib/ui", "lib/prom", "lib/otlp", "lib/yaml", "lib/model", "lib/sizing",
                    "lib/template", "templates"],
    "lib/pki": ["lib/base"],
    "lib/render": ["lib/base", "lib/io", "lib/yaml", "lib/model", "lib/catalog",
                   "lib/topology", "lib/template"],
    "lib/targets": ["lib/base", "lib/io", "lib/yaml", "lib/model", "lib/catalog", "lib/sizing",
                    "lib/topology", "lib/template", "lib/render"],
    "lib/apply": ["lib/base", "lib/io", "lib/render"],
    "lib/stack": ["lib/base", "lib/io", "lib/model", "lib/sizing", "lib/template", "lib/topology", "lib/targets",
                  "lib/pki", "templates"],
    "lib/size": ["lib/base", "lib/io", "lib/ui", "lib/model", "lib/sizing", "lib/prom", "lib/targets", "lib/stack",
                 "lib/findings"],
    "lib/init": ["lib/base", "lib/io", "lib/ui", "lib/model", "lib/catalog", "lib/sizing", "lib/render", "lib/engine",
                 "lib/apply", "lib/pki", "lib/stack", "lib/findings"],
    "lib/checks": ["lib/base", "lib/findings", "lib/prom", "lib/catalog"],
    "lib/explain": ["lib/base", "lib/catalog", "lib/template"],
    "lib/sources": ["lib/base", "lib/io", "lib/prom", "lib/engine", "lib/model", "lib/catalog", "lib/template",
                    "lib/render", "lib/stack", "lib/checks", "lib/explain"],
    "lib/probe": ["lib/base", "lib/io", "lib/ui", "lib/yaml", "lib/prom", "lib/engine", "lib/otlp", "lib/catalog",
                  "lib/loadgen", "lib/stack", "lib/sources"],
    "lib/health": ["lib/base", "lib/io", "lib/ui", "lib/findings", "lib/yaml", "lib/prom", "lib/catalog",
                   "lib/template", "lib/checks", "lib/explain", "lib/sources"],
    "lib/bundle": ["lib/base", "lib/io", "lib/model", "lib/engine", "lib/otlp", "lib/apply", "lib/stack", "lib/checks",
                   "lib/sources", "lib/health"],
    "lib/backup": ["lib/base", "lib/io", "lib/ui", "lib/archive"],
    "lib/protect": ["lib/base", "lib/io", "lib/catalog", "lib/archive", "lib/engine", "lib/quiesce", "lib/stack",
                    "lib/backup"],
    "commands": ["lib"],
    "cli": ["commands", "lib", "templates"],
}
# Headers that only these files may include, because they are heavy or leak their conventions.
CONFINED = {
    "CLI/": ["cli/parser.cpp"],
    "yaml-cpp/": ["lib/yaml/read.cpp"],
    "yaml.h": ["lib/yaml/write.cpp"],
    "curl/": ["lib/io/http.cpp", "lib/otlp/http_client.cpp"],
}


def row_for(folder: str, target: str):
    """The entry of a folder's row that allows it to include from `target`."""
    return next((entry for entry in ALLOWED[folder]
                 if target == entry or target.startswith(entry + "/")), None)


def wrong_order():
    """Entries that do not stand above their row."""
    above: list[str] = []
    for folder, row in ALLOWED.items():
        for entry in row:
            if not any(name == entry or name.startswith(entry + "/") for name in above):
                yield f"{folder} may not include {entry}, which stands below it in {pathlib.Path(__file__).name}"
        above.append(folder)


def problems(root: pathlib.Path):
    yield from wrong_order()
    unused = {(folder, entry) for folder, row in ALLOWED.items() for entry in row}
    for name, include in source.includes(root):
        folder, target = source.folder_of(name), source.folder_of(include)
        if folder not in ALLOWED:
            yield f"{name}: folder '{folder}' has no row in {pathlib.Path(__file__).name}"
            continue
        for prefix, owners in CONFINED.items():
            if include.startswith(prefix) and name not in owners:
                yield f"{name}: only {', '.join(owners)} includes <{include}>"
        if target in ALLOWED and target != folder:
            entry = row_for(folder, target)
            if entry is None:
                yield f"{name}: may not include {include}"
            unused.discard((folder, entry))
    for folder, entry in sorted(unused):
        yield f"{folder} is allowed to include {entry}, and no file there does"


if __name__ == "__main__":
    sys.exit(source.report(problems(pathlib.Path(sys.argv[1]))))
