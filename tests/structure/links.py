#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each library links exactly what its files include: PUBLIC what its headers need, PRIVATE what only
its sources need. A name too many hides a dependency that is gone, a missing one works by accident."""

import pathlib
import re
import sys

import source

# Libraries by the start of the headers that come from them; protozero has headers only.
LIBRARIES = {
    "fmt/": "fmt::fmt",
    "tl/expected.hpp": "tl::expected",
    "nlohmann/": "nlohmann_json::nlohmann_json",
    "yaml-cpp/": "yaml-cpp",
    "yaml.h": "PkgConfig::yaml",
    "curl/": "CURL::libcurl",
    "openssl/ssl.h": "OpenSSL::SSL",
    "openssl/": "OpenSSL::Crypto",
    "nghttp2/": "PkgConfig::nghttp2",
    "zstd.h": "PkgConfig::zstd",
    "zlib.h": "ZLIB::ZLIB",
    "CLI/": "CLI11::CLI11",
}
# obsctl_base brings these to everybody.
FROM_BASE = {"fmt::fmt", "tl::expected"}

DECLARATION = re.compile(r"obsctl_library\(\s*(\w+)([^)]*)\)")


def links(root: pathlib.Path):
    """Folder → (name of its library, PUBLIC names, PRIVATE names)."""
    for path in source.files(root, ("cli", "commands", "lib"), "CMakeLists.txt"):
        for name, words in DECLARATION.findall(path.read_text()):
            lists: dict[str, set[str]] = {"PUBLIC": set(), "PRIVATE": set()}
            kind = ""
            for word in words.split():
                if word in lists:
                    kind = word
                else:
                    lists[kind].add(word)
            yield path.parent.relative_to(root).as_posix(), (name, lists["PUBLIC"], lists["PRIVATE"])


def library_of(include: str, declared) -> str | None:
    folder = source.folder_of(include)
    if folder == "templates":
        return "obsctl_templates"
    if folder in declared:
        return declared[folder][0]
    return next((name for start, name in LIBRARIES.items() if include.startswith(start)), None)


def expected(root: pathlib.Path, declared) -> dict[str, tuple[set[str], set[str]]]:
    """Folder → the PUBLIC and PRIVATE names that its includes ask for."""
    needs: dict[str, dict[str, set[str]]] = {folder: {"hpp": set(), "cpp": set()} for folder in declared}
    for name, include in source.includes(root):
        folder, library = source.folder_of(name), library_of(include, declared)
        # The program itself, below cli/main, is not the library.
        if folder in declared and library and not name.startswith("cli/main/"):
            needs[folder][name[-3:]].add(library)
    out = {}
    for folder, by_kind in needs.items():
        public, given = by_kind["hpp"], {declared[folder][0]}
        if folder == "lib/base":
            public = public | FROM_BASE
        else:
            given |= FROM_BASE
        out[folder] = (public - given, by_kind["cpp"] - public - given)
    return out


def call(name: str, public: set[str], private: set[str]) -> str:
    parts = [f"{kind} {' '.join(sorted(names))}" for kind, names in (("PUBLIC", public), ("PRIVATE", private)) if names]
    return f"obsctl_library({' '.join([name, *parts])})"


def problems(root: pathlib.Path):
    declared = dict(links(root))
    for folder, (public, private) in expected(root, declared).items():
        name, *lists = declared[folder]
        if lists != [public, private]:
            given, asked = set.union(*lists), public | private
            yield (f"{folder}/CMakeLists.txt: too many: {' '.join(sorted(given - asked)) or 'none'}, "
                   f"missing: {' '.join(sorted(asked - given)) or 'none'}; its includes ask for\n  "
                   + call(name, public, private))


if __name__ == "__main__":
    sys.exit(source.report(problems(pathlib.Path(sys.argv[1]))))
