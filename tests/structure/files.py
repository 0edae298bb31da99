#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a reader finds their way: every file says first what it is for, and none is too long to read."""

import pathlib
import sys

import source

TOPS = ("cli", "commands", "lib", "templates", "tests")
MAX_LINES = 520  # of C++: about 500, and a file that grows beyond is split


def opening(text: str) -> str:
    """The first line that is for a reader: not for the kernel, and not the licence."""
    lines = text.splitlines() or [""]
    return next((line for line in lines if not line.startswith("#!") and "SPDX-License" not in line), "")


def problems(root: pathlib.Path):
    checked = 0
    for path in source.files(root, TOPS, "*.?pp"):
        checked += 1
        name, text = path.relative_to(root).as_posix(), path.read_text()
        if not opening(text).startswith("// "):
            yield f"{name}: does not open with a comment on its job"
        if (count := text.count("\n")) > MAX_LINES:
            yield f"{name}: {count} lines; split it ({MAX_LINES} at most)"
    for path in source.files(root, ("tests",), "*.py"):
        checked += 1
        if not opening(path.read_text()).startswith('"""'):
            yield f"{path.relative_to(root).as_posix()}: does not open with a docstring on its job"
    if checked == 0:
        yield f"no source files below {root}"


if __name__ == "__main__":
    sys.exit(source.report(problems(pathlib.Path(sys.argv[1]))))
