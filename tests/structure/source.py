# SPDX-License-Identifier: Apache-2.0
"""What the structure tests share: the files of the source tree and their includes."""

import pathlib
import re
from collections.abc import Iterable, Iterator

FOLDERS = ("cli", "commands", "lib", "templates")
INCLUDE = re.compile(r'^\s*#include\s+["<]([^">]+)[">]', re.MULTILINE)


def folder_of(path: str) -> str:
    """The folder that is one library: lib/base/text.hpp belongs to lib/base."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "lib" else parts[0]


def files(root: pathlib.Path, tops: Iterable[str], pattern: str) -> Iterator[pathlib.Path]:
    for top in tops:
        yield from sorted((root / top).rglob(pattern))


def includes(root: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Every include of the product's own code as (file, included path)."""
    found = False
    for path in files(root, FOLDERS, "*.?pp"):
        for include in INCLUDE.findall(path.read_text()):
            found = True
            yield path.relative_to(root).as_posix(), include
    if not found:
        raise SystemExit(f"no source files below {root}")


def report(problems: Iterable[str]) -> int:
    """Prints the problems; the exit status of the test."""
    found = list(problems)
    print("\n".join(found) if found else "no problems")
    return 1 if found else 0
