#!/usr/bin/env python3
"""Checks the direction of includes, so that the layers of ARCHITECTURE.md stay layers."""

import pathlib
import re
import sys

# What each folder may include besides itself. A folder that is missing here may not exist.
ALLOWED = {
    "lib/base": [],
    "lib/io": ["lib/base"],
    "lib/ui": ["lib/base", "lib/io"],
    "lib/findings": ["lib/base", "lib/ui"],
    "lib/yaml": ["lib/base"],
    "lib/model": ["lib/base", "lib/yaml"],
    "templates": [],
    "lib/catalog": ["lib/base", "lib/yaml", "lib/model", "templates"],
    "lib/sizing": ["lib/base", "lib/findings", "lib/model", "lib/catalog"],
    "lib/template": ["lib/base", "lib/io", "templates"],
    "lib/topology": ["lib/base", "lib/model", "lib/catalog", "lib/sizing", "lib/template"],
    "lib/prom": ["lib/base", "lib/io"],
    "lib/engine": ["lib/base", "lib/io"],
    "lib/otlp": ["lib/base", "lib/io"],
    "lib/sink": ["lib/base", "lib/otlp"],
    "lib/loadgen": ["lib/base", "lib/io", "lib/ui", "lib/prom", "lib/otlp", "lib/yaml", "templates"],
    "lib/pki": ["lib/base", "lib/io"],
    "lib/render": ["lib/base", "lib/io", "lib/yaml", "lib/model", "lib/catalog", "lib/sizing",
                   "lib/topology", "lib/template", "templates"],
    "lib/targets": ["lib/base", "lib/io", "lib/yaml", "lib/model", "lib/catalog", "lib/sizing",
                    "lib/topology", "lib/template", "lib/render"],
    "lib/apply": ["lib/base", "lib/io", "lib/render"],
    "commands": ["lib", "templates"],
    "cli": ["commands", "lib", "templates"],
}
# Headers that only these files may include, because they are heavy or leak their conventions.
CONFINED = {
    "CLI/": ["cli/parser.cpp"],
    "yaml-cpp/": ["lib/yaml/read.cpp"],
    "curl/": ["lib/io/http.cpp", "lib/otlp/http_client.cpp"],
}

INCLUDE = re.compile(r'^\s*#include\s+["<]([^">]+)[">]', re.MULTILINE)


def folder_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "lib" else parts[0]


def allowed(folder: str, target: str) -> bool:
    return target == folder or any(
        target == entry or target.startswith(entry + "/") for entry in ALLOWED[folder])


def problems(root: pathlib.Path):
    for top in ("cli", "commands", "lib", "templates"):
        for path in sorted((root / top).rglob("*.?pp")):
            name = path.relative_to(root).as_posix()
            folder = folder_of(name)
            if folder not in ALLOWED:
                yield f"{name}: folder '{folder}' has no row in {pathlib.Path(__file__).name}"
                continue
            for include in INCLUDE.findall(path.read_text()):
                target = folder_of(include)
                if target in ALLOWED and not allowed(folder, target):
                    yield f"{name}: may not include {include}"
                for prefix, owners in CONFINED.items():
                    if include.startswith(prefix) and name not in owners:
                        yield f"{name}: only {', '.join(owners)} includes <{include}>"


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    found = list(problems(root))
    for problem in found:
        print(problem)
    checked = sum(1 for top in ("cli", "commands", "lib") for _ in (root / top).rglob("*.?pp"))
    print(f"{checked} files checked, {len(found)} problems")
    return 1 if found or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
