#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the archives of `obsctl backup` against `tar | gzip` and `tar | zstd -T0` on the same trees.

Each round packs a tree with all of them, one after the other, and every file that is made is synced to the disk
before the clock stops. Printed are medians of the rounds and the median of the rounds' ratios to `tar | zstd -T0`
(unpacking: to `tar --zstd -xf`). Other work on the machine slows all of a round: only ratios mean something there,
and those of CPU seconds most. Trees: 1 GiB in two files, half random, half text; 100,000 small files.

    tests/bench/backup.py BACKUP_ARCHIVE [--rounds N] [--mib N] [--files N] [--dir DIRECTORY]

BACKUP_ARCHIVE is tests/backup_archive of a release build (ninja backup_archive).
"""

import argparse
import json
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def two_files(top, mib):
    half = mib * 2**20 // 2
    top.mkdir()
    with open(top / "random", "wb") as file:
        for _ in range(half // 2**20):
            file.write(os.urandom(2**20))
    with open(top / "text", "wb") as file:
        number = 0
        while file.tell() < half:
            file.write(b"".join(b"%d\n" % n for n in range(number, number + 100_000)))
            number += 100_000
    (top / "zz-small").write_bytes(b"one file at the end\n")


def small_files(top, count):
    draw = random.Random(1)
    for number in range(count):
        if number % 500 == 0:
            folder = top / f"{number // 500:04}"
            folder.mkdir(parents=True)
        (folder / str(number)).write_bytes(b"%d line of text\n" % number * draw.randint(1, 100))


def seconds(command, cwd):
    """Of the clock, and of all processors."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(["bash", "-o", "pipefail", "-ec", command], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak(tool, *words):
    done = subprocess.run([tool, *map(str, words)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["peak_rss_bytes"] / 2**20


def line(name, times, base, size=0):
    ratios = [statistics.median(a[i] / b[i] for a, b in zip(times, base, strict=True)) for i in (0, 1)]
    wall, cpu = (statistics.median(one[i] for one in times) for i in (0, 1))
    rate = f", {size / wall:.0f} MiB/s" if size else ""
    print(f"  {name:34} {wall:7.2f} s, ratio {ratios[0]:5.2f}; {cpu:6.2f} CPU s, ratio {ratios[1]:5.2f}{rate}")


def measure(title, work, tree, tool, rounds):
    """Packs, verifies and unpacks one tree; the last file of it is read alone."""
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    last = max(path for path in tree.rglob("*") if path.is_file()).relative_to(tree).as_posix()
    calls = {
        "tar | zstd -T0": f"tar -C {tree} -cf - . | zstd -q -T0 -c > z.tar.zst; sync z.tar.zst",
        "tar | gzip, as the seed's script": f"tar -C {tree} -cf - . | gzip -c > g.tar.gz; sync g.tar.gz",
        "obsctl": f"{tool} pack {tree} set",
        "obsctl, verified by reading back": f"{tool} pack {tree} set; {tool} verify set full",
        "verify quick": f"{tool} verify set quick",
        "verify full": f"{tool} verify set full",
        "tar --zstd -xf": "rm -rf to; mkdir to; tar --zstd -C to -xpf z.tar.zst; sync -f to",
        "unpack, synced": f"rm -rf to; mkdir to; {tool} unpack set to",
        "one file": f"{tool} cat set 'data/{last}'",
    }
    times = {name: [] for name in calls}
    seconds(f"tar -C {tree} -cf - . | cat", work)  # into the cache
    for _ in range(rounds):
        for name, command in calls.items():
            times[name].append(seconds(command, work))
    print(f"{title}, {size / 2**20:.0f} MiB, {rounds} rounds")
    for name in calls:
        base = "tar --zstd -xf" if name in ("tar --zstd -xf", "unpack, synced") else "tar | zstd -T0"
        line(name, times[name], times[base], size / 2**20 if name in ("obsctl", "unpack, synced") else 0)
    shutil.rmtree(work / "to")
    (work / "to").mkdir()
    memory = [peak(tool, "pack", tree, work / "set"), peak(tool, "verify", work / "set", "full"),
              peak(tool, "unpack", work / "set", work / "to")]
    print(f"  peak memory: pack {memory[0]:.0f}, verify {memory[1]:.0f}, unpack {memory[2]:.0f} MiB")
    for name in ("z.tar.zst", "g.tar.gz", "set.tar.zst", "set.idx.zst"):
        print(f"  {name:12} {(work / name).stat().st_size / 2**20:8.1f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--dir", help="where to work (default: a temporary directory)")
    args = parser.parse_args()
    tool = str(pathlib.Path(args.tool).resolve())
    for program in ("tar", "zstd", "gzip"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed")
    for title, make, amount in (("two files", two_files, args.mib), ("small files", small_files, args.files)):
        with tempfile.TemporaryDirectory(dir=args.dir) as folder:
            work = pathlib.Path(folder)
            make(work / "tree", amount)
            measure(title, work, work / "tree", tool, args.rounds)


if __name__ == "__main__":
    main()
