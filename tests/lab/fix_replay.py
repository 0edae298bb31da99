# SPDX-License-Identifier: Apache-2.0
"""Carries out the fix that a finding prints: its commands as they stand there, by a shell in the stack's directory."""

import os
import pathlib
import re
import subprocess

from health_faults import Fault, name_of
from stack import Stack

# What stands in backticks is a command when it begins with one of these.
PROGRAMS = ("chmod", "curl", "docker", "obsctl", "sed")


def commands(fix: str, values: tuple) -> list:
    """The commands of a printed fix, with a person's choice for each placeholder."""
    for placeholder, value in values:
        assert placeholder in fix, f"'{placeholder}' is not in: {fix}"
        fix = fix.replace(placeholder, value)
    return [text for text in re.findall(r"`([^`]+)`", fix) if text.split()[0] in PROGRAMS]


def printed_fix(report: dict, name: str) -> str:
    return next(problem["fix"] for check in report["checks"] if name_of(check) == name
                for problem in check["problems"])


def carry_out(stack: Stack, fault: Fault, report: dict, folder: pathlib.Path) -> list:
    """Does what the fix of the fault says and returns the commands. The name obsctl is the binary under test."""
    link = folder / "obsctl"
    if not link.exists():
        link.symlink_to(os.environ["OBSCTL"])
    todo = commands(printed_fix(report, fault.fix), fault.values)
    assert todo, f"no command in the fix of {fault.fix}"
    fault.by_hand(stack)
    for command in todo:
        # One that shows what is wrong may fail: the check decides.
        subprocess.run(["sh", "-c", command], cwd=stack.directory, timeout=120, check=False, capture_output=True,
                       env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"})
    stack.forget()
    return todo
