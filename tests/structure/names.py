#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that no code decides by the name of a component: what a component is stands in its folder below
templates/components. Texts for people may name one."""

import pathlib
import re
import sys

FOLDERS = ["cli", "commands", "lib"]
# A component's own formulas: <name>.cpp with '_' for '-' may use that one name.
OWN = "lib/sizing/own"
# Literals that must stand, by file and name, with the reason.
ALLOWED = {("lib/size/json.cpp", "kafka"): "a key of the JSON that scripts read",
           ("lib/checks/evidence.hpp", "prometheus"): "the API that is asked, which other servers have too",
           ("commands/health_flags.hpp", "prometheus"): "a format of text",
           ("commands/health_flags.cpp", "prometheus"): "a flag's name; who is meant is found by capability"}

# A string literal (raw ones too), a comment or a character, so that none is mistaken for another.
TOKEN = re.compile(r'R"(?P<mark>[^(\s]*)\((?P<raw>.*?)\)(?P=mark)"|"(?P<text>(?:[^"\\\n]|\\.)*)"'
                   r"|//[^\n]*|/\*.*?\*/|'(?:[^'\\\n]|\\.)+'", re.DOTALL)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE)
COMMANDS = "exec|logs|restart|start|stop|run|up|ps|cp"


def literals(code: str):
    """Line and text of every string literal; adjacent ones are one, as for the compiler."""
    code = INCLUDE.sub("", code)
    line, text, end = 0, None, -1
    for token in TOKEN.finditer(code):
        piece = token["raw"] if token["raw"] is not None else token["text"]
        if piece is None:
            continue
        if text is not None and not code[end:token.start()].strip():
            text += piece
        else:
            if text is not None:
                yield line, text
            line, text = code.count("\n", 0, token.start()) + 1, piece
        end = token.end()
    if text is not None:
        yield line, text


def decides(text: str, name: str) -> bool:
    """True for the name itself, and for a path, address, key, selector or command with it."""
    word = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    if not re.search(r"\s", text):
        return re.search(word, text) is not None
    return any(re.search(pattern, text) for pattern in (
        rf"configs/{re.escape(name)}\b",
        rf"""[=~]\s*\\?["'][^"']*{word}""",
        rf"\b(?:{COMMANDS})\s+(?:-\S+\s+)*{word}"))


# What the check itself must see and must let pass.
CASES = [("loki", True), ("loki/config.yaml", True), ("http://loki:3100", True), ("disk.loki", True),
         ("see configs/loki/config.yaml", True), ('up{job=~\\".*loki.*\\"} == 0 or on() x', True),
         ("docker compose exec -T loki sh", True), ("loki_ingester_memory_streams", False),
         ("print a number, such as loki.memory", False), ("lokinator", False), ("Loki", False)]


def problems(root: pathlib.Path):
    names = sorted(path.name for path in (root / "templates/components").iterdir() if path.is_dir())
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.?pp")):
            place = path.relative_to(root)
            own = path.stem.replace("_", "-") if place.parent.as_posix() == OWN else None
            free = [own] + [name for file, name in ALLOWED if file == place.as_posix()]
            for line, text in literals(path.read_text()):
                for name in names:
                    if name not in free and decides(text, name):
                        yield f'{place}:{line}: "{text}" decides by the name {name}'


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    found = [f"the check is wrong about {text}" for text, expected in CASES
             if decides(text, "loki") != expected]
    found += problems(root)
    for problem in found:
        print(problem)
    checked = sum(1 for folder in FOLDERS for _ in (root / folder).rglob("*.?pp"))
    print(f"{checked} files checked, {len(found)} problems")
    return 1 if found or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
