#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What sending OTLP costs, as ratios to the bare cost of writing the same bytes to a socket.

    tests/bench/otlp_cost.py build/…/tests/otlp_send [--rounds 15] [--spans 100]

Each round runs the bare writer and the clients one after another, so that what else the machine does meets
all of them; the ratio of a round is taken within the round, and the median over the rounds is printed.
"""

import argparse
import json
import statistics
import subprocess


def run(program: str, mode: str, requests: int, spans: int, *keys: str) -> dict:
    command = [program, mode, str(requests), str(spans), *keys]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if mode != "bare" and result["outcomes"] != {"ok": requests}:
        raise SystemExit(f"{command}: {result}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--spans", type=int, default=100)
    options = parser.parse_args()
    modes = ("bare", "grpc", "http")
    micros: dict[str, list[float]] = {mode: [] for mode in modes}
    size = 0
    for _ in range(options.rounds):
        for mode in modes:
            result = run(options.program, mode, options.requests, options.spans)
            micros[mode].append(result["cpu"] / options.requests * 1e6)
            size = result["bytes"] // options.requests if mode == "bare" else size
    print(f"{options.spans} spans a request, {size} bytes, {options.rounds} rounds of {options.requests}")
    print(f"{'':8}{'CPU µs/request':>16}{'spans/CPU s':>14}{'× bare (median, min … max)':>32}")
    for mode in modes:
        ratios = [own / bare for own, bare in zip(micros[mode], micros["bare"])]
        middle = statistics.median(micros[mode])
        print(f"{mode:8}{middle:16.2f}{options.spans / middle * 1e6:14,.0f}"
              f"{statistics.median(ratios):16.2f} {min(ratios):6.2f} … {max(ratios):.2f}")


if __name__ == "__main__":
    main()
