# SPDX-License-Identifier: Apache-2.0
"""What a load test reads and writes besides telemetry: reports, plans, scenario files, the environment."""

import json
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from support import BINARY, obsctl
from test_loadgen import ENV, free_port, sink
from test_loadgen_targets import recorder

QUICK = ("-n", "20", "--max")


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name):
        return str(self.folder / name)


class Reports(Folder):
    def test_a_report_goes_through_a_pipe_and_behind_a_link(self):
        os.mkfifo(self.path("fifo"))
        os.symlink("target.json", self.path("link"))
        with sink() as to, subprocess.Popen(["cat", self.path("fifo")], stdout=subprocess.PIPE) as reader:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--report-json", self.path("fifo"),
                          "--report-junit", self.path("link"), "--report-markdown", "/dev/stderr")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(json.loads(reader.communicate(timeout=20)[0])["passed"])
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.path("fifo")).st_mode))
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(ElementTree.parse(self.path("target.json")).getroot().tag, "testsuite")
        self.assertIn("## Load test", done.stderr)

    def test_stdout_takes_one_report_in_place_of_the_text(self):
        with sink() as to:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--report-json", "-")
            self.assertTrue(json.loads(done.stdout)["passed"])
            # As a file it comes after the text, whatever stdout is.
            with open(self.path("out"), "w+", encoding="utf-8") as out:
                obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--report-json", "/dev/stdout", stdout=out)
                out.seek(0)
                text = out.read()
        self.assertTrue(text.startswith("Load "), text[:200])
        self.assertTrue(json.loads(text[text.index("\n{\n"):])["passed"])
        two = obsctl("loadgen", "--report-json", "-", "--report-junit", "-")
        self.assertEqual((two.returncode, two.stdout), (2, ""))

    def test_a_file_that_cannot_be_written_is_found_out_before_anything_is_sent(self):
        (self.folder / "file").write_text("", encoding="utf-8")
        with sink() as to:
            for name in ("file/below.json", "."):
                done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--report-json", self.path(name))
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertEqual(to.stop()["signals"]["logs"]["requests"], 0)

    def test_a_full_disk_costs_the_file_and_not_the_result(self):
        os.symlink("/dev/full", self.path("full"))
        with sink() as to:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--report-json", self.path("full"),
                          "--report-junit", self.path("new/folder/j.xml"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)
        self.assertIn("ACCEPTED", done.stdout)
        self.assertEqual(ElementTree.parse(self.path("new/folder/j.xml")).getroot().get("failures"), "0")

    def test_a_target_that_is_not_there_is_a_failure_in_every_report(self):
        done = obsctl("loadgen", "-e", f"127.0.0.1:{free_port()}", "--report-json", self.path("r.json"),
                      "--report-junit", self.path("j.xml"), "--report-markdown", self.path("m.md"))
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        report = json.loads((self.folder / "r.json").read_text(encoding="utf-8"))
        self.assertFalse(report["passed"])
        self.assertIn("connection refused", report["failure"])
        self.assertEqual(ElementTree.parse(self.path("j.xml")).getroot().get("failures"), "1")
        self.assertIn("connection refused", (self.folder / "m.md").read_text(encoding="utf-8"))

    def test_counters_that_are_gone_after_the_run_do_not_take_its_result_along(self):
        with sink() as to, sink() as other:
            process = subprocess.Popen(
                [BINARY, "loadgen", "-e", f"127.0.0.1:{to.grpc}", "-d", "2s", "-o", "json", "--sink-counts",
                 f"http://127.0.0.1:{other.http}/counts"], env=ENV, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)
            to.wait_for_load()
            other.stop()
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, err)
        self.assertIn("/counts", json.loads(out)["failure"])

    def test_a_plan_is_printed_as_json(self):
        plan = json.loads(obsctl("loadgen", "--dry-run", "-o", "json", "-r", "50/s", "-d", "2s").stdout)
        self.assertEqual(plan["schema"], "obsctl.loadgen-plan/v1")
        self.assertEqual((plan["expected_units"], set(plan["signals"])), (100, {"traces", "metrics", "logs"}))


class Inputs(Folder):
    def test_files_without_end_or_without_a_writer_are_refused(self):
        os.mkfifo(self.path("fifo"))
        endless = "larger than 16 MiB"
        os.symlink("/dev/zero", self.path("zero.yaml"))
        for text, words in ((endless, ("loadgen", "-s", self.path("zero.yaml"), "--dry-run")),
                            (endless, ("loadgen", "--bearer-file", "/dev/zero", "--dry-run")),
                            (endless, ("loadgen", "merge", "/dev/zero")),
                            (endless, ("size", "--spec", "/dev/zero")),
                            ("nobody writes", ("size", "--spec", self.path("fifo")))):
            with self.subTest(words=words):
                done = obsctl(*words)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(text, done.stderr)

    def test_names_attributes_and_signals_are_given_without_a_scenario_file(self):
        with sink("--print") as to:
            done = obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", *QUICK, "--signals", "traces,logs", "-o", "json",
                          "--service", "cart", "--attribute", "retries=3", "--attribute", 'zip="01234"')
            self.assertEqual(set(json.loads(done.stdout)["signals"]), {"traces", "logs"}, done.stderr)
            to.process.terminate()
            lines, _ = to.process.communicate(timeout=20)
        self.assertIn('{"key":"service.name","value":{"stringValue":"cart"}}', lines)
        self.assertNotIn("api-gateway", lines)
        self.assertIn('{"key":"retries","value":{"intValue":"3"}}', lines)
        self.assertIn('{"key":"zip","value":{"stringValue":"01234"}}', lines)

    def test_a_scenario_comes_through_a_pipe(self):
        done = subprocess.run(["bash", "-c", '"$0" loadgen --dry-run -s <(echo "{name: piped, base: shop}")', BINARY],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("piped", done.stdout, done.stderr)


def lower_headers(server):
    return [{name.lower(): value for name, value in headers.items()} for _, headers in server.seen]


class Environment(unittest.TestCase):
    def send(self, variables, *flags):
        variables = {f"OTEL_EXPORTER_OTLP_{name}": value for name, value in variables.items()}
        return obsctl("loadgen", *QUICK, "-o", "json", *flags, env=variables)

    def test_the_standard_variables_configure_a_run_and_the_report_says_so(self):
        with recorder() as (server, url):
            done = self.send({"ENDPOINT": url, "PROTOCOL": "http/protobuf", "COMPRESSION": "gzip", "TIMEOUT": "3000",
                              "HEADERS": "x-tenant=a%20b, x-other = c"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(server.seen)
            for headers in lower_headers(server):
                self.assertEqual((headers["x-tenant"], headers["x-other"], headers["content-encoding"]),
                                 ("a b", "c", "gzip"))
        origins = json.loads(done.stdout)["environment"]
        self.assertEqual(origins, {name.lower(): f"OTEL_EXPORTER_OTLP_{name}" for name in
                                   ("ENDPOINT", "PROTOCOL", "COMPRESSION", "TIMEOUT", "HEADERS")})

    def test_options_outrank_variables_and_a_signals_own_outrank_the_general_ones(self):
        with recorder() as (server, url):
            nowhere = f"http://127.0.0.1:{free_port()}"
            done = self.send({"ENDPOINT": nowhere, "PROTOCOL": "grpc", "HEADERS": "x-a=env,x-b=env"}, "-e", url,
                             "--protocol", "http/json", "-H", "X-A=flag")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual({(h["x-a"], h["x-b"]) for h in lower_headers(server)}, {("flag", "env")})
            self.assertEqual(list(json.loads(done.stdout)["environment"]), ["headers"])
            done = self.send({"ENDPOINT": nowhere, "TRACES_ENDPOINT": f"{url}/v1/traces", "PROTOCOL": "http/json"},
                             "--signals", "traces")
            self.assertEqual(done.returncode, 0, done.stderr)
            three = {f"{name.upper()}_ENDPOINT": f"{url}/v1/{name}" for name in ("traces", "metrics", "logs")}
            done = self.send({**three, "PROTOCOL": "http/json"})
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_cannot_be_meant_names_its_variable(self):
        for name, value in (("TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces"), ("METRICS_HEADERS", "a=b"),
                            ("PROTOCOL", "smoke"), ("COMPRESSION", "lzma"), ("TIMEOUT", "10s"), ("TIMEOUT", "0"),
                            ("HEADERS", "s3cret")):
            with self.subTest(name=name, value=value):
                done = self.send({name: value})
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"OTEL_EXPORTER_OTLP_{name}", done.stderr)
                self.assertNotIn("s3cret", done.stderr)


if __name__ == "__main__":
    unittest.main()
