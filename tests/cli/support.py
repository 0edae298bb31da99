# SPDX-License-Identifier: Apache-2.0
"""Runs the real binary for the black-box tests; OBSCTL names it, SOURCE_DIR is the source tree."""

import os
import pathlib
import subprocess

BINARY = os.environ["OBSCTL"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])


def obsctl(*args, cwd=None, env=None, stdin="", stdout=subprocess.PIPE):
    """Runs `obsctl ARGS` with a small clean environment and returns the finished process."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    return subprocess.run([BINARY, *args], cwd=cwd, env={**clean, **(env or {})}, input=stdin,
                          stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
