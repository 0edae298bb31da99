#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every source file names its licence, because files travel without their repository.

Templates and what is generated from them belong to whoever generates a stack, and carry no licence of ours.
"""

import pathlib
import re
import subprocess
import sys

LINE = "SPDX-License-Identifier: Apache-2.0"
SUFFIXES = {".cpp", ".hpp", ".h", ".S", ".py", ".sh", ".go", ".cmake"}
NAMES = {"CMakeLists.txt", "Dockerfile", "build_info.cpp.in"}
# Files of users, generated files, and inputs whose bytes matter.
WITHOUT = ("templates/catalog/", "templates/components/", "templates/shared/", "templates/stacks/",
           "templates/targets/", "completions/", "man/", "tests/golden/", "tests/fuzz/corpus/")


def is_source(name: str, first: str) -> bool:
    """True for a file that somebody wrote as code; `first` is its first line."""
    path = pathlib.PurePosixPath(name)
    if name.startswith(WITHOUT):
        return False
    return path.suffix in SUFFIXES or path.name in NAMES or first.startswith("#!")


def has_licence(text: str) -> bool:
    """True when the first line is the licence, or the second one behind '#!'."""
    lines = text.split("\n", 2)
    line = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    return re.fullmatch(rf"(//|#) {re.escape(LINE)}", line) is not None


def sources(root: pathlib.Path):
    """Every source file, in order: those that git knows, or all of an archive without a repository."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    for name in sorted(names):
        path = root / name
        if not path.is_file() or name.startswith("build/"):
            continue
        with path.open("rb") as file:
            first = file.readline(200).decode(errors="replace")
        if is_source(name, first):
            yield path


def missing(root: pathlib.Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in sources(root) if not has_licence(path.read_text())]


# What the check itself must see and must let pass.
SOURCES = [("lib/a.cpp", "", True), ("scripts/run", "#!/usr/bin/env bash\n", True), ("scripts/packages", "# x", False),
           ("templates/targets/helm/apply", "#!/bin/sh\n", False), ("templates/embedded.hpp", "", True)]
LICENSED = [(f"// {LINE}\n// Job.\n", True), (f"#!/bin/sh\n# {LINE}\n", True), (f"// Job.\n// {LINE}\n", False),
            ("", False), ("#!/bin/sh", False)]


def main() -> int:
    for name, first, wanted in SOURCES:
        assert is_source(name, first) == wanted, name
    for text, wanted in LICENSED:
        assert has_licence(text) == wanted, text
    without = missing(pathlib.Path(sys.argv[1]))
    for name in without:
        print(f"{name}: the first line is not '{LINE}'")
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
