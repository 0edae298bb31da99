# SPDX-License-Identifier: Apache-2.0
"""`obsctl loadgen` against its own sink: exact counts, faults, verdicts, interruption, safety."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
import xml.etree.ElementTree as ElementTree

from support import BINARY, obsctl

ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


class Sink:
    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [BINARY, "loadgen", "sink", "--grpc-port=0", "--http-port=0", *flags], env=ENV,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.grpc, self.http = map(int, re.search(r"gRPC port (\d+), HTTP port (\d+)", line).groups())

    def counts(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/counts") as answer:
            return json.load(answer)

    def wait_for_load(self):
        """Returns when a request has come in, answered or not."""
        for _ in range(600):
            seen = self.counts()
            if any(tally["requests"] for tally in seen["signals"].values()) or seen["faults"]:
                return
            time.sleep(0.05)
        raise AssertionError("no request came")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=20)
        return json.loads(out)


@contextlib.contextmanager
def sink(*flags):
    running = Sink(*flags)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def report(to, *flags, code=0, protocol="grpc"):
    port = to.grpc if protocol == "grpc" else to.http
    done = obsctl("loadgen", "-e", f"127.0.0.1:{port}", "--protocol", protocol, "-o", "json", *flags)
    if done.returncode != code:
        raise AssertionError(f"exit {done.returncode}, wanted {code}\n{done.stderr}\n{done.stdout[:2000]}")
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Sending(unittest.TestCase):
    def test_every_signal_over_every_transport_arrives_once_and_is_counted_exactly(self):
        for protocol in ("grpc", "http/protobuf", "http/json"):
            for compression in ("none", "gzip", "zstd"):
                with self.subTest(protocol=protocol, compression=compression), sink() as to:
                    sent = report(to, "-r", "20k/s", "-d", "1s", "--sequence", "--compression",
                                  compression, protocol=protocol)
                    seen = to.stop()
                    for signal_name, tally in sent["signals"].items():
                        got = seen["signals"][signal_name]
                        self.assertEqual(tally["sent"], tally["accepted"])
                        self.assertEqual(got["items"], tally["accepted"])
                        self.assertEqual((got["distinct"], got["duplicates"]), (tally["sent"], 0))
                        self.assertEqual(got["malformed"], 0)
                    self.assertEqual(set(sent["signals"]), {"traces", "metrics", "logs"})

    def test_a_count_is_exact_to_the_item(self):
        for count in (1, 99, 101, 12_345):
            with self.subTest(count=count), sink() as to:
                sent = report(to, "--signals", "traces", "-n", str(count), "-r", "50k/s")
                self.assertEqual(sent["signals"]["traces"]["sent"], count)
                self.assertEqual(to.stop()["signals"]["traces"]["distinct"], count)

    def test_the_worked_example_of_tail_sampling_is_predicted(self):
        with sink() as to:
            sent = report(to, "-s", "sampling", "-n", "10ktraces", "--max", "--keep", "10%",
                          "--slow-threshold", "1s", "-b", "1000")
            self.assertEqual(to.stop()["distinct_traces"], 10_000)
        proof = sent["sampling"]
        self.assertEqual((proof["traces"], proof["errors"], proof["slow"]), (10_000, 50, 200))
        self.assertAlmostEqual(proof["expected_kept"], 1225)
        self.assertAlmostEqual(proof["reduction"], 0.8775)

    def test_a_million_spans_have_a_million_ids(self):
        with sink() as to:
            report(to, "--signals", "traces", "-n", "1M", "--max", "-b", "1000", "--workers", "2")
            seen = to.stop()["signals"]["traces"]
        self.assertEqual((seen["items"], seen["distinct"], seen["duplicates"]), (1_000_000,) * 2 + (0,))

    def test_the_rate_is_the_one_that_was_asked_for(self):
        with sink("--depth=requests") as to:
            sent = report(to, "-r", "777.5/s", "-d", "2s", "-b", "1", "--signals", "logs")
        self.assertEqual(sent["signals"]["logs"]["sent"], 1555)
        self.assertEqual(sent["rate_error"], 0)

    def test_a_profile_is_exact_over_all_signals(self):
        with sink("--depth=requests") as to:
            sent = report(to, "-r", "2k/s", "-d", "2s", "--profile", "spike:3x@500ms+500ms")
        self.assertEqual(sum(tally["sent"] for tally in sent["signals"].values()), 6000)
        self.assertEqual((sent["expected_units"], sent["rate_error"]), (6000, 0))

    def test_the_same_seed_sends_the_same_payload(self):
        def fingerprint(*flags):
            text = obsctl("loadgen", "--dry-run", *flags).stdout
            return re.search(r"Fingerprint +([0-9a-f]{64})", text).group(1)
        one = ("--seed", "1")
        self.assertEqual(fingerprint(*one), fingerprint(*one))
        self.assertNotEqual(fingerprint(*one), fingerprint("--seed", "2"))
        self.assertNotEqual(fingerprint(*one), fingerprint(*one, "-s", "pii"))
        self.assertNotEqual(fingerprint(), fingerprint())  # every run has its own ids

    def test_runs_without_a_seed_never_send_the_same_ids(self):
        with sink() as to:
            for _ in range(2):
                report(to, "--signals", "traces", "-n", "5000", "--max")
            seen = to.stop()["signals"]["traces"]
        self.assertEqual((seen["distinct"], seen["duplicates"]), (10_000, 0))

    def test_shards_send_the_plan_between_them_and_merge(self):
        with sink() as to, tempfile.TemporaryDirectory() as folder:
            for shard in range(3):
                # The threshold is about the whole: a third of it must not fail.
                report(to, "--seed", "7", "--shard", f"{shard}/3", "-r", "9k/s", "-d", "1s", "--sequence",
                       "-t", "rate>8.9k/s", "--report-json", f"{folder}/{shard}.json")
            seen = to.stop()["signals"]
            done = obsctl("loadgen", "merge", *(f"{folder}/{i}.json" for i in range(3)), "-o", "json")
            merged = json.loads(done.stdout)
            for name, tally in merged["signals"].items():
                self.assertEqual(tally["accepted"], seen[name]["items"])
                self.assertEqual(seen[name]["duplicates"], 0)
            self.assertEqual(sum(t["sent"] for t in merged["signals"].values()), 9000)
            self.assertTrue(merged["passed"])
            lacking = obsctl("loadgen", "merge", f"{folder}/2.json", f"{folder}/0.json")
            self.assertEqual(lacking.returncode, 3)
            self.assertIn("MISSED  a report from every shard (measured 2 of 3)", lacking.stdout)
            twice = obsctl("loadgen", "merge", *(f"{folder}/{i}.json" for i in (0, 1, 1)))
            self.assertEqual((twice.returncode, twice.stdout), (1, ""))
            self.assertIn(f"'{folder}/1.json' and '{folder}/1.json' are both about shard 1/3", twice.stderr)
            compared = obsctl("loadgen", "compare", f"{folder}/0.json", f"{folder}/1.json")
            self.assertEqual(compared.returncode, 0, compared.stderr)
            self.assertIn("latency p99.99", compared.stdout)


class Faults(unittest.TestCase):
    def balanced(self, tally):
        parts = ("accepted", "rejected", "refused", "failed", "unknown")
        self.assertEqual(tally["sent"], sum(tally[part] for part in parts))

    def run_with(self, fault, *flags, **more):
        with sink("--fault", fault) as to:
            sent = report(to, "--signals", "traces", "-r", "10k/s", "-d", "1s", *flags, **more)
            return sent["signals"]["traces"], to.stop()["signals"]["traces"], sent

    def test_refused_requests_are_counted_when_nothing_is_retried(self):
        tally, seen, sent = self.run_with("unavailable,share=10%", "--retry", "off", "-b", "100")
        self.balanced(tally)
        self.assertEqual(seen["refused"], tally["requests"] // 10)
        self.assertEqual(tally["refused"], seen["refused_items"])
        self.assertEqual(tally["accepted"], seen["items"])
        self.assertTrue(any("UNAVAILABLE" in cause for cause in sent["causes"]), sent["causes"])

    def test_retries_deliver_everything(self):
        tally, seen, _ = self.run_with("unavailable,share=10%,retry=100ms", "-b", "1000")
        self.balanced(tally)
        self.assertEqual(tally["accepted"], tally["sent"])
        self.assertEqual(seen["distinct"], tally["sent"])
        self.assertGreater(tally["retried"], 0)

    def test_partial_success_is_booked_as_rejected(self):
        tally, seen, _ = self.run_with("partial,rejected=3,share=50%")
        self.balanced(tally)
        self.assertEqual(tally["rejected"], seen["rejected_items"])
        self.assertEqual(tally["accepted"], seen["items"])
        self.assertGreater(tally["rejected"], 0)

    def test_no_answer_means_unknown(self):
        tally, _, sent = self.run_with("hang,share=10%", "--timeout", "300ms", "--retry", "off")
        self.balanced(tally)
        self.assertEqual(tally["unknown"], tally["sent"] - tally["accepted"])
        # Ten of about a hundred requests; a request ends with a whole trace, so few hold exactly 100 spans.
        self.assertTrue(500 <= tally["unknown"] <= 1000, tally)
        self.assertTrue(sent["causes"])

    def test_connections_that_are_reset_do_not_end_the_run(self):
        tally, _, sent = self.run_with("reset,share=5%", "--retry", "off")
        self.balanced(tally)
        self.assertGreater(tally["accepted"], 0)
        self.assertGreater(sent["connections"]["disconnects"], 0)

    def test_a_server_that_asks_for_no_delay_at_all_starts_no_storm(self):
        with sink("--fault", "unavailable,retry=0s") as to:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", "--signals", "logs", "-n", "100", "-d", "1s")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertLess(to.stop()["signals"]["logs"]["requests"], 20)

    def test_http_faults_too(self):
        tally, seen, _ = self.run_with("exhausted,share=10%,retry=1s", "-b", "1000", protocol="http/protobuf")
        self.balanced(tally)
        self.assertEqual(tally["accepted"], tally["sent"])
        self.assertEqual(seen["distinct"], tally["sent"])

    def test_latency_counts_the_waiting_that_service_time_hides(self):
        with sink("--fault", "slow,delay=100ms") as to:
            sent = report(to, "--signals", "traces", "-r", "5k/s", "-d", "1s", "--streams", "1")
        self.assertGreater(sent["latency"]["p99_ns"], 3 * sent["service_time"]["p99_ns"])
        self.assertGreater(sent["late_by_target"], 0)
        self.assertGreater(sent["signals"]["traces"]["unsent"], 0)

    def test_a_target_that_dies_is_part_of_the_report(self):
        to = Sink()
        process = subprocess.Popen(
            [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-r", "1k/s", "-d", "2s", "--retry", "off",
             "-o", "json"], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        to.wait_for_load()
        time.sleep(0.3)  # some answers must get back
        to.process.kill()
        to.process.communicate()
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        tallies = json.loads(out)["signals"].values()
        for tally in tallies:
            self.balanced(tally)
        self.assertGreater(sum(t["failed"] + t["unknown"] for t in tallies), 0)
        self.assertGreater(sum(t["accepted"] for t in tallies), 0)


class Verdicts(unittest.TestCase):
    def test_thresholds_decide_the_exit_code_and_every_report_says_so(self):
        with sink() as to, tempfile.TemporaryDirectory() as folder:
            good = report(to, "-d", "1s", "-t", "errors<0.1%", "-t", "p99<5s")
            self.assertTrue(good["passed"])
            bad = report(to, "-d", "1s", "-t", "p50<0.000001ms", "--report-junit", f"{folder}/j.xml",
                         "--report-markdown", f"{folder}/m.md", code=3)
            self.assertFalse(bad["passed"])
            suite = ElementTree.parse(f"{folder}/j.xml").getroot()
            self.assertEqual((suite.get("tests"), suite.get("failures")), ("1", "1"))
            with open(f"{folder}/m.md", encoding="utf-8") as file:
                self.assertIn("**missed**", file.read())

    def test_find_max_confirms_a_rate(self):
        with sink("--depth=requests", "--fault", "slow,delay=20ms") as to:
            found = report(to, "--find-max", "-r", "2k/s", "-d", "0.5s", "--streams", "1",
                           "--signals", "traces", "-t", "p99<100ms")
        # One stream, 100 spans per 20 ms: never more than 5000 spans/s.
        self.assertGreater(found["search"]["highest_rate"], 1000)
        self.assertLess(found["search"]["highest_rate"], 10000)  # half a second may hide an excess

    def test_text_has_the_histogram_and_the_fates(self):
        with sink() as to:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", "-d", "1s")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("ACCEPTED", "UNKNOWN", "intended send time", "█", "items per CPU second"):
            self.assertIn(word, done.stdout)


class Calibration(unittest.TestCase):
    def test_it_joins_what_a_person_wrote(self):
        ours = "# ours\ntier: small  # why\ntraces:\n  # keep: 10%\n"
        with sink() as to, tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "obsctl.yaml"
            path.write_text(ours, encoding="utf-8")
            for _ in range(2):
                report(to, "--stack", folder, "-n", "200", "--write-calibration")
                written = path.read_text(encoding="utf-8")
                self.assertTrue(written.startswith(ours), written)
                self.assertEqual(written.count("span_size_bytes: "), 1)


class Safety(unittest.TestCase):
    def check(self, code, expected, *words):
        done = obsctl("loadgen", *words)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(expected, done.stderr)

    def test_strangers_are_not_flooded(self):
        self.check(2, "--yes", "-e", "192.0.2.1:4317", "-r", "5k/s")
        self.check(2, "--yes", "-e", "192.0.2.1:4317", "--max")
        self.check(2, "--yes", "-e", "192.0.2.1:4317", "-r", "100/s", "--profile", "spike:100x@1s+1s")
        self.check(2, "--yes", "-e", "127.0.0.1:4317", "-e", "192.0.2.1:4317", "-r", "5k/s")

    def test_nobody_there_is_said_at_once(self):
        self.check(4, "", "-e", f"127.0.0.1:{free_port()}")

    def test_nonsense_is_refused(self):
        self.check(2, "items, traces or requests", "-n", "5spans")
        self.check(2, "rate", "-r", "5")
        self.check(2, "exclude", "-r", "5/s", "--max")
        self.check(2, "'--tier' and '--rate'", "--tier", "small", "-r", "5/s")
        self.check(2, "--stack", "--write-calibration")
        self.check(2, "K/N", "--shard", "3")
        self.check(2, "common seed", "--shard", "1/3")
        self.check(2, "'--shard' and '--find-max'", "--find-max", "--shard", "1/3", "--seed", "1")
        self.check(2, "did you mean 'shop'", "-s", "shpo")
        self.check(2, "unexpected argument", "run", "x.json")
        self.check(2, "two reports", "compare", "x.json")
        self.check(2, "profile", "--profile", "wild")

    def test_what_no_clock_or_counter_can_hold_is_refused(self):
        self.check(2, "'--timeout'", "--timeout", "106752d")
        self.check(2, "'--rate'", "-r", "1e300/s")
        self.check(2, "'--rate'", "-r", "0")
        self.check(2, "'--duration'", "-d", "1e300s")
        self.check(2, "'--warmup'", "--warmup", "1e300s")
        self.check(2, "'--series'", "--series", "0")
        self.check(2, "'--series'", "--series", "1G")

    def test_an_option_without_effect_is_refused(self):
        self.check(2, "'--profile' and '--max'", "--max", "--profile", "ramp")
        self.check(2, "'--unit' and '--max'", "--max", "--unit", "requests")
        for words in (("-n", "5"), ("--max",), ("--profile", "ramp"), ("--keep", "10%"),
                      ("--sink-counts", "http://localhost:1/counts")):
            self.check(2, "exclude each other", "--find-max", *words)
        self.check(2, "no streams", "--protocol", "http/json", "--streams", "3")
        self.check(2, "'--settle'", "--settle", "5s")
        self.check(2, "'--slow-threshold'", "--slow-threshold", "1s")
        self.check(2, "'--decision-wait'", "--decision-wait", "1s")
        self.check(2, "'--template-dir' needs '--stack'", "--template-dir", ".")
        self.check(2, "no plan in the format 'junit'", "--dry-run", "-o", "junit")

    def test_an_interrupted_run_reports_what_it_sent(self):
        for ending, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)):
            with self.subTest(ending=ending), sink() as to:
                process = subprocess.Popen(
                    [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-r", "2k/s", "-d", "60s", "-o", "json"],
                    env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                to.wait_for_load()
                process.send_signal(ending)
                out, err = process.communicate(timeout=20)
                self.assertEqual(process.returncode, code, err)
                sent = json.loads(out)
                self.assertTrue(sent["interrupted"])
                seen = to.stop()
                for name, tally in sent["signals"].items():
                    self.assertEqual(tally["accepted"], seen["signals"][name]["items"])

    def test_a_second_interrupt_stops_at_once(self):
        with sink("--fault", "hang") as to:
            process = subprocess.Popen(
                [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-d", "60s", "--timeout", "50s"],
                env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            to.wait_for_load()
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)  # two signals at once would be one
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)  # draining would wait for the 50 s of --timeout
            self.assertEqual(process.returncode, 130)
            to.process.kill()
            to.process.communicate()


if __name__ == "__main__":
    unittest.main()
