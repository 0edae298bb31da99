#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints how long `size` and `init` take to answer, because nobody waits gladly for a command line.

    tests/bench/answer.py OBSCTL [DIRECTORY]    DIRECTORY: where stacks are generated (default: a temporary one)
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 31


def milliseconds(words, before=lambda: None):
    times = []
    for _ in range(RUNS):
        before()
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return f"median {statistics.median(times):.0f} ms ({min(times):.0f} - {max(times):.0f}, {RUNS} runs)"


def main():
    obsctl = sys.argv[1]
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as root:
        stack = pathlib.Path(root, "stack")
        init = [obsctl, "init", "--tier", "small", "--dir", str(stack), "-q"]
        print("size              ", milliseconds([obsctl, "size", "--tier", "small"]))
        print("init, new         ", milliseconds(init, lambda: shutil.rmtree(stack, ignore_errors=True)))
        print("init, nothing new ", milliseconds(init))


if __name__ == "__main__":
    main()
