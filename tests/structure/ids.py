#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every formula id in code and data stands in a table of docs/sizing.md or docs/sources.md, and that no
other id or line number of the reference documents does: nobody could look it up."""

import pathlib
import re
import sys

FOLDERS = ["cli", "commands", "lib", "templates"]
SUFFIXES = {".cpp", ".hpp", ".yaml", ".yml", ".tmpl", ".md", ".json", ".conf", ".alloy"}
DOCS = ["docs/sizing.md", "docs/sources.md"]
# One letter and two digits, as formulas are numbered; percentiles and hexadecimal words are not ids.
FORMULA = re.compile(r"(?<![\w.#\\%-])[A-OQ-Z]\d{2}(?![\w.])|(?<![\w.#\\%-])P0\d(?![\w.])")
# Contradictions, golden numbers and lines of the reference documents: "CT-08", "G-07", "004:3655".
PRIVATE = re.compile(r"(?<![\w-])(?:CT|G|S)-\d{1,2}(?![\w-])|(?<![\w:.])00[1-9]:\d+")
ROW = re.compile(r"^\| ([A-Z]\d{2}) \|", re.MULTILINE)

# What the check itself must see and must let pass.
CASES = [("(F05)", True), ("see CT-08", True), ("at 004:3655 it says", True), ("P02 and", True), ("S-01", True),
         ("P99 latency", False), ("\\u001B", False), ("0xF05", False), ("UTF-8", False), ("A04.png", False),
         ("TLS-12x", False), ("12:004:30", False)]


def ids(text: str) -> list[str]:
    return FORMULA.findall(text) + PRIVATE.findall(text)


def problems(root: pathlib.Path, known: set[str]):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for found in ids(line):
                    if found not in known:
                        yield f"{path.relative_to(root)}:{number}: '{found}' stands in none of {', '.join(DOCS)}"


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    known = {found for doc in DOCS for found in ROW.findall((root / doc).read_text())}
    found = [f"the check is wrong about {text}" for text, expected in CASES if bool(ids(text)) != expected]
    found += problems(root, known)
    for problem in found:
        print(problem)
    print(f"{len(known)} ids known, {len(found)} problems")
    return 1 if found or not known else 0


if __name__ == "__main__":
    sys.exit(main())
