# SPDX-License-Identifier: Apache-2.0
"""Programs that the lab uses where it is given them, and never builds or downloads.

Exists for components whose licence is not for this repository to choose (sources.yaml, `given`).
Whoever runs the lab provides them; tests that need a missing one are reported by name as not run.
"""

import os
import pathlib
import re
import shutil
import subprocess

from labenv import LabError, bin_dir, cache_dir, sources

# Names, labels and data sources by which a query, a target or an alert is about a program's own data.
ABOUT = {"loki": re.compile(r'\bloki_|["/]loki"|sent_log_records'),
         "tempo": re.compile(r'\btempo(db)?_|["/]tempo"|sent_spans')}


def given_dir() -> pathlib.Path:
    return cache_dir() / "given"


def find(name: str, version: str) -> pathlib.Path | None:
    """The program in the folder, best the wanted version; then the one on PATH."""
    candidates = [given_dir() / f"{name}-{version}", given_dir() / name,
                  *sorted(given_dir().glob(f"{name}-[0-9]*"))]
    for path in candidates:
        if os.access(path, os.X_OK):
            return path
    # The lab's own bin only points at what was found here.
    folders = [folder for folder in os.get_exec_path() if pathlib.Path(folder) != bin_dir()]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return pathlib.Path(found) if found else None


def version_of(path: pathlib.Path) -> str:
    """What the program says it is."""
    try:
        said = subprocess.run([path, "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, check=False).stdout
    except OSError as error:
        raise LabError(f"{path} cannot be run: {error.strerror}") from error
    found = re.search(r"version v?(\d[\w.+-]*)", said)
    return found[1] if found else "unknown"


def absent() -> list:
    """The programs that only can be given, and are not."""
    return [name for name, source in sources().items()
            if source.get("given") and not (bin_dir() / name).exists()]


def remedy() -> str:
    return f"put it into {given_dir()} or PATH"


def why_absent(name: str) -> str:
    return f"not run: {name} is only used when given ({remedy()})"
