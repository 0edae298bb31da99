# SPDX-License-Identifier: Apache-2.0
"""What `obsctl loadgen` says about a run is true: rates, fates, duplicates, the collector's counters."""

import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from support import BINARY, Handler, obsctl, serving
from test_loadgen import ENV, report, sink


@contextlib.contextmanager
def server(post=None, get=None):
    """An HTTP server on a free port: `post(path, body)` and `get()` return the body of the answer."""

    class Own(Handler):
        def do_POST(self):
            self.answer(post(self.path, self.body()), "application/x-protobuf")

        def do_GET(self):
            self.answer(get(), "text/plain")

    with serving(Own) as listener:
        yield listener.url


def partial_success(text):
    """An answer that rejects nothing and says `text`."""
    words = text.encode()
    message = b"\x12" + bytes([len(words)]) + words
    return b"\x0a" + bytes([len(message)]) + message


def start(to, *flags):
    return subprocess.Popen(
        [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-o", "json", *flags], env=ENV,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Rates(unittest.TestCase):
    def test_a_batch_stands_for_the_time_until_the_next_one(self):
        with sink("--depth=requests") as to:
            for rate, flags in ((100, ("-n", "200", "-r", "100/s")),
                                (60, ("-n", "90", "-r", "60/s", "-b", "40", "--workers", "2"))):
                with self.subTest(flags=flags):
                    sent = report(to, *flags, "-t", "rate>10k/s", code=3)
                    self.assertAlmostEqual(sent["sent_rate"], rate, delta=rate / 4)
                    self.assertAlmostEqual(sent["accepted_rate"], rate, delta=rate / 4)
                    report(to, *flags, "-t", f"rate>{rate // 2}/s")

    def test_what_a_huge_count_leaves_is_counted_at_once(self):
        with sink() as to:
            process = start(to, "-n", "999999999999999", "--max")
            to.wait_for_load()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
            done = json.loads(out)
        self.assertTrue(done["interrupted"])
        fates = ("accepted", "rejected", "refused", "failed", "unknown", "unsent")
        self.assertEqual(sum(tally[fate] for tally in done["signals"].values() for fate in fates), 999999999999999)

    def test_an_interrupted_run_had_the_rate_that_it_had(self):
        with sink("--depth=requests") as to:
            process = start(to, "-r", "500/s", "-d", "60s")
            to.wait_for_load()
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            sent = json.loads(process.communicate(timeout=20)[0])
        self.assertAlmostEqual(sent["sent_rate"], 500, delta=100)
        self.assertLess(sent["rate_error"], 0.5)  # what was not due yet is not off

    def test_a_single_request_has_no_rate(self):
        with sink() as to:
            for load in (("-r", "100/s"), ("--max",)):
                with self.subTest(load=load):
                    sent = report(to, "-n", "1", *load, "-t", "rate>1/s", code=3)
                    self.assertEqual((sent["sent_rate"], sent["accepted_rate"]), (None, None))
                    self.assertIn("too short", sent["thresholds"][0]["actual"])
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", "-n", "1")
        self.assertRegex(done.stdout, r"Rate +too short to tell, 1 of 1 requested")

    def test_a_generator_that_stood_still_is_late_by_itself(self):
        with sink("--depth=requests") as to:
            process = start(to, "-r", "2k/s", "-d", "4s", "--signals", "logs")
            to.wait_for_load()
            process.send_signal(signal.SIGSTOP)
            time.sleep(1.5)
            process.send_signal(signal.SIGCONT)
            sent = json.loads(process.communicate(timeout=30)[0])
        self.assertGreater(sent["stalled_seconds"], 1)
        self.assertGreater(sent["stalled_requests"], 10)
        self.assertGreater(sent["late_by_generator"], sent["late_by_target"])
        self.assertTrue(sent["generator_bound"])
        self.assertLess(sent["latency"]["max_ns"], 1_000_000_000)
        self.assertGreater(sent["schedule_lateness"]["max_ns"], 1_000_000_000)


class Searches(unittest.TestCase):
    def test_a_trial_sends_what_it_is_asked_for_and_the_search_ends_with_a_number(self):
        with sink() as to:
            found = report(to, "--find-max", "-r", "100/s", "-d", "0.5s", "-t", "rate>0.1%", "-t", "p99<60s",
                           "-t", "rate<150/s")
            self.assertEqual(to.stop()["signals"]["traces"]["duplicates"], 0)
        for trial in found["search"]["trials"]:
            self.assertAlmostEqual(trial["accepted"], trial["asked"], delta=trial["asked"] / 10 + 2)
        self.assertTrue(found["search"]["confirmed"])
        self.assertTrue(100 <= found["search"]["highest_rate"] <= 150, found["search"])

    def test_so_many_traces_are_so_many_whole_traces(self):
        for count in (1, 7, 1500):
            with self.subTest(count=count), sink() as to:
                report(to, "-s", "late-split", "--signals", "traces", "-n", f"{count}traces", "--max")
                self.assertEqual(to.stop()["distinct_traces"], count)

    def test_a_time_ends_a_counted_run_that_is_slower(self):
        with sink() as to:
            for count in ("1000", "50traces"):
                sent = report(to, "-n", count, "--signals", "traces", "-r", "40/s", "-d", "1s")
                self.assertEqual(sent["signals"]["traces"]["sent"], 40)
                self.assertEqual(sent["rate_error"], 0)


@unittest.skipIf(os.environ.get("SANITIZE"), "sanitizers reserve more memory than any limit")
class Limits(unittest.TestCase):
    def test_workers_that_cannot_all_be_started_are_an_error(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

        with sink() as to:
            done = subprocess.run(
                [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-n", "6400", "--workers", "64"], env=ENV,
                preexec_fn=limit, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn("cannot start 64 workers", done.stderr)
        self.assertIn("hint: ", done.stderr)


class Fates(unittest.TestCase):
    def test_a_target_that_rejects_everything_has_not_passed(self):
        for protocol in ("grpc", "http/protobuf", "http/json"):
            with self.subTest(protocol=protocol), sink("--fault", "partial,rejected=100000") as to:
                port = to.grpc if protocol == "grpc" else to.http
                with tempfile.TemporaryDirectory() as folder:
                    path = pathlib.Path(folder) / "report.json"
                    done = obsctl("loadgen", "-e", f"127.0.0.1:{port}", "--protocol", protocol, "-n", "300",
                                  "-r", "2k/s", "--report-json", str(path))
                    self.assertFalse(json.loads(path.read_text(encoding="utf-8"))["passed"])
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("accepted nothing", done.stderr)
                self.assertIn("partial_success", done.stderr)

    def test_a_warning_of_the_target_is_told(self):
        with server(post=lambda path, body: partial_success("old conventions")) as url:
            done = obsctl("loadgen", "-e", url, "--protocol", "http/protobuf", "-n", "200", "-r", "2k/s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"Accepted with a warning:\n +\d+ × .*old conventions")

    def test_the_wait_for_the_last_answers_is_as_long_as_a_request_may_take(self):
        with sink("--fault", "slow,delay=11s") as to:
            sent = report(to, "-n", "100", "--signals", "logs", "--timeout", "30s")
        self.assertEqual(sent["signals"]["logs"]["accepted"], 100)


class Deltas(unittest.TestCase):
    def intervals(self, *flags):
        """Start and end of every delta point by metric and series, in the order of their ends."""
        process = subprocess.Popen(
            [BINARY, "loadgen", "sink", "--grpc-port=0", "--http-port=0", "--print"], env=ENV,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        port = re.search(r"gRPC port (\d+)", process.stderr.readline()).group(1)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout))
        reader.start()
        done = obsctl("loadgen", "-s", "all-metrics", "--signals", "metrics", "-e", f"127.0.0.1:{port}", *flags)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        reader.join()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(done.returncode, 0, done.stderr)
        out = {}
        for line in lines:
            for group in json.loads(line).get("resourceMetrics", []) if line.startswith("{\"resource") else []:
                for metric in (m for scope in group["scopeMetrics"] for m in scope["metrics"]):
                    data = metric.get("sum") or metric.get("histogram") or metric.get("exponentialHistogram") or {}
                    for point in data["dataPoints"] if data.get("aggregationTemporality") == 1 else []:
                        key = (metric["name"], json.dumps([group["resource"], point["attributes"]]))
                        out.setdefault(key, []).append((int(point["timeUnixNano"]), int(point["startTimeUnixNano"])))
        return {key: sorted(points) for key, points in out.items()}

    def test_a_delta_begins_where_the_one_before_ended(self):
        for load in (("-r", "3333/s", "-d", "2s"), ("-r", "3333/s", "-d", "2s", "--workers", "2"),
                     ("-r", "3k/s", "-d", "2s", "--profile", "sine"), ("--max", "-n", "8k")):
            with self.subTest(load=load):
                series = self.intervals(*load, "--series", "700", "-b", "90")
                pairs = [pair for points in series.values() for pair in zip(points, points[1:])]
                self.assertGreater(len(pairs), 500)
                self.assertTrue(all(start == before for (before, _), (_, start) in pairs))


class Twice(unittest.TestCase):
    def run_through_a_repeater(self, *flags):
        """Delivers every request to a sink two times; returns the report and the text."""
        with sink() as to:
            def post(path, body):
                for _ in range(2):
                    request = urllib.request.Request(f"http://127.0.0.1:{to.http}{path}", body,
                                                     {"Content-Type": "application/x-protobuf"})
                    answer = urllib.request.urlopen(request).read()
                return answer

            with server(post=post) as url, tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "report.json"
                done = obsctl("loadgen", "-e", url, "--protocol", "http/protobuf", "-r", "2k/s",
                              "--sink-counts", f"http://127.0.0.1:{to.http}/counts",
                              "--report-json", str(path), *flags)
                return done, json.loads(path.read_text(encoding="utf-8"))

    def test_items_without_identity_are_not_called_unique(self):
        done, sent = self.run_through_a_repeater("-n", "300", "--signals", "metrics")
        self.assertIsNone(sent["sink"]["signals"]["metrics"]["duplicates"])
        self.assertIn("600 points, duplicates: cannot tell", done.stdout)
        self.assertIn("300 more points than were accepted", done.stdout)
        self.assertEqual((done.returncode, sent["passed"]), (3, False))

    def test_items_with_identity_are_counted(self):
        done, sent = self.run_through_a_repeater("-n", "300", "--sequence")
        for tally in sent["sink"]["signals"].values():
            self.assertEqual(tally["duplicates"] * 2, tally["items"])
        self.assertEqual((done.returncode, sent["passed"]), (3, False))
        self.assertIn("that were sent once arrived again", done.stdout)

    def test_a_sink_that_got_what_was_sent_is_no_finding(self):
        for depth in ("full", "items"):
            with self.subTest(depth=depth), sink("--depth", depth) as to:
                sent = report(to, "-n", "300", "-r", "2k/s", "--sink-counts", f"http://127.0.0.1:{to.http}/counts")
                self.assertEqual((sent["passed"], sent["sink"]["findings"]), (True, []))
                self.assertEqual(sent["sink"]["distinct_traces"] is None, depth == "items")


if __name__ == "__main__":
    unittest.main()
