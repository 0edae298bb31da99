# SPDX-License-Identifier: Apache-2.0
"""What `obsctl health` promises at the command line: whom it asks, what it prints, how it exits."""

import contextlib
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

from support import BINARY, Handler, obsctl, serving

METRICS = b"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1\n"
SAMPLE = ("--sample", "100ms")


def program(status=200, body=METRICS):
    """A program that answers every question alike, and keeps the paths it was asked for."""

    class Program(Handler):
        asked = []
        answers = [status, body]

        def do_GET(self):
            self.asked.append(self.path)
            self.answer(self.answers[1], "text/plain", self.answers[0])

    return Program


class HealthCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-health-"))
        self.addCleanup(shutil.rmtree, self.root, True)

    def health(self, *args, code, **kwargs):
        done = obsctl("health", *args, cwd=kwargs.pop("cwd", self.root), **kwargs)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    @contextlib.contextmanager
    def running(self, kind=None, name="loki"):
        """A program as the flags that name it."""
        with serving(kind or program()) as server:
            yield ("--endpoint", f"{name}={server.url}", "--only", "SVC-002", *SAMPLE)


class Answers(HealthCase):
    def test_a_program_that_answers_is_healthy(self):
        with self.running() as who:
            done = self.health(*who, code=0)
            self.assertRegex(done.stdout, r"^healthy: 1 check of 1 component in \d+\.\d s\n")
            self.assertEqual(done.stderr, "")

    def test_a_program_that_does_not_is_an_error_with_a_fix(self):
        with self.running(program(503)) as who:
            done = self.health(*who, code=3)
            self.assertIn("1 error in 1 check", done.stdout.splitlines()[0])
            self.assertIn("  error    SVC-002 loki: Loki is not ready: HTTP status 503\n", done.stdout)
            self.assertNotIn("docker", done.stdout)
            self.assertIn("fix: ", done.stdout)
            self.health(*who, "--fail-on", "never", code=0)

    def test_a_program_that_the_default_stack_does_not_have(self):
        with self.running(name="tempo") as who:
            self.health(*who, code=0)
        done = self.health("--endpoint", "no-such=http://localhost:1", code=2)
        self.assertIn("unknown value 'no-such' for 'component'", done.stderr)

    def test_the_group_alone_is_its_check(self):
        with self.running() as who:
            self.assertTrue(self.health("check", *who, code=0).stdout.startswith("healthy: "))

    def test_a_stack_is_found_from_below(self):
        self.assertEqual(obsctl("init", "--dir", "shop", "--tier", "small", cwd=self.root).returncode, 0)
        done = self.health("--list", cwd=self.root / "shop" / "configs", code=0)
        self.assertIn("SVC-002", done.stdout)
        self.assertEqual(done.stdout, self.health("--list", "--dir", "shop", code=0).stdout)
        self.assertEqual(done.stdout, self.health("--list", env={"OBSCTL_DIR": "shop"}, code=0).stdout)

    def test_passwords_of_addresses_are_not_shown(self):
        with serving(program(503)) as server:
            url = server.url.replace("//", "//admin:s3cret@")
            for form in ("text", "short", "json", "junit", "nagios", "prometheus", "github", "sarif"):
                done = obsctl("health", "--endpoint", f"loki={url}", *SAMPLE, "-o", form, cwd=self.root)
                self.assertNotIn("s3cret", done.stdout + done.stderr)

    def test_only_what_the_selected_checks_read_is_asked(self):
        kind = program()
        with self.running(kind) as who:
            self.health(*who, code=0)
        self.assertEqual(len(kind.asked), 1, kind.asked)


class Formats(HealthCase):
    def printed(self, form, status=503, code=3):
        with self.running(program(status)) as who:
            return self.health(*who, "-o", form, code=code).stdout

    def test_json(self):
        report = json.loads(self.printed("json"))
        self.assertEqual(report["schema"], "obsctl.health/v1")
        self.assertEqual(report["verdict"], "error")
        self.assertEqual((report["counts"]["checks"], report["counts"]["errors"]), (1, 1))
        [check] = report["checks"]
        self.assertEqual((check["id"], check["component"], check["status"]), ("SVC-002", "loki", "error"))
        self.assertEqual(check["problems"][0]["severity"], "error")
        self.assertEqual(json.loads(self.printed("json", 200, 0))["verdict"], "ok")

    def test_junit(self):
        self.assertEqual(xml.etree.ElementTree.fromstring(self.printed("junit")).get("failures"), "1")

    def test_sarif(self):
        [result] = json.loads(self.printed("sarif"))["runs"][0]["results"]
        self.assertEqual((result["ruleId"], result["level"]), ("SVC-002", "error"))

    def test_github(self):
        self.assertTrue(self.printed("github").startswith("::error title=SVC-002::"))

    def test_short(self):
        self.assertEqual(len(self.printed("short").splitlines()), 2)

    def test_prometheus(self):
        text = self.printed("prometheus")
        self.assertIn('obsctl_health_check_status{id="SVC-002",component="loki",category="services"} 5\n', text)
        self.assertIn("# TYPE obsctl_health_last_run_timestamp_seconds gauge\n", text)

    def test_nagios_has_the_codes_of_plugins(self):
        self.assertRegex(self.printed("nagios", code=2), r"^CRITICAL - [^|\n]+ \| errors=1 [^|\n]+\n$")
        self.assertTrue(self.printed("nagios", 200, 0).startswith("OK - healthy"))
        done = self.health("-o", "nagios", code=3)
        self.assertRegex(done.stdout, r"^UNKNOWN - there is no obsctl.yaml [^\n]+\n$")
        self.assertEqual(done.stderr, "")

    def test_the_list(self):
        with self.running() as who:
            listed = json.loads(self.health(*who, "--list", "-o", "json", code=0).stdout)
            self.assertEqual(listed["schema"], "obsctl.health.checks/v1")
            self.assertIn("SVC-002", [check["id"] for check in listed["checks"]])
            self.assertIn("Loki answers", self.health(*who, "--list", code=0).stdout)

    def test_every_check_is_shown_on_request(self):
        with self.running() as who:
            self.assertIn("  ok       SVC-002 loki: Loki answers\n", self.health(*who, "--all", code=0).stdout)


class AlertProbe(HealthCase):
    """What is printed and how it exits; the lab has the real Alertmanager."""

    def alertmanager(self, receivers):
        class Alertmanager(Handler):
            posted = []

            def do_GET(self):
                config = json.dumps({"route": {"receiver": "a"}, "receivers": receivers})
                path = self.path.partition("?")[0]
                self.answer({
                    "/api/v2/status": json.dumps({"config": {"original": config}}),
                    "/api/v2/alerts": json.dumps([{"receivers": [{"name": "a"}], "status": {"state": "active"}}]),
                    "/metrics": METRICS.decode(),
                }.get(path, "").encode())

            def do_POST(self):
                self.posted.extend(json.loads(self.body()))
                self.answer(b"")

        return Alertmanager

    def test_who_is_told_stands_below_the_report(self):
        kind = self.alertmanager([{"name": "a"}])
        with self.running(kind, name="alertmanager") as who:
            done = self.health(*who, "--probe=alert", code=3)
            self.assertIn("PRB-002: test alert to a: nobody is told", done.stdout)
            self.assertRegex(done.stdout, r"\na +- +nobody is told +- +30 s\n")
            self.assertEqual(done.stderr, "obsctl: a test alert is on its way\n")
            self.assertEqual([alert["labels"]["alertname"] for alert in kind.posted], ["ObsctlProbe"] * 2)
            report = json.loads(self.health(*who, "--probe=alert", "-o", "json", code=3).stdout)
            [row] = [row for row in report["checks"] if row["id"] == "PRB-002"]
            self.assertEqual((row["status"], row["category"]), ("warning", "watching"))

    def test_the_time_is_what_was_asked_for(self):
        with self.running(self.alertmanager([{"name": "a", "email_configs": [{"to": "x"}]}]),
                          name="alertmanager") as who:
            done = self.health(*who, "--probe=alert", "--within", "200ms", code=3)
            self.assertIn("a by email: not delivered: nothing was sent within ", done.stdout)
            self.assertIn("0 of 1 notifications delivered", done.stdout)

    def test_what_is_not_sent_is_refused(self):
        self.assertIn("alert", self.health("--probe=nonsense", code=2).stderr)
        self.assertIn("--probe", self.health("--within", "1s", code=2).stderr)


class Advice(HealthCase):
    """Of programs that obsctl did not generate; a stack's own is a matter of the lab."""

    def program(self, value):
        answer = {"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"mountpoint": "/"}, "value": [1, value]}]}}

        class Program(Handler):
            def do_GET(self):
                self.answer(b"prometheus_tsdb_head_series 5\n", "text/plain")

            def do_POST(self):
                self.body()
                self.answer(json.dumps(answer).encode())

        return Program

    def test_what_to_scale(self):
        for value, code, words in (("0.5", 0, "nothing needs to be scaled"), ("60", 3, "took 1 min in the last hour")):
            with self.subTest(value=value), serving(self.program(value)) as server:
                who = ("scale", "--prometheus", server.url, *SAMPLE)
                self.assertIn(words, self.health(*who, code=code).stdout)
                advice = json.loads(self.health(*who, "-o", "json", code=code).stdout)
                self.assertEqual((advice["schema"], advice["load"]["series"]), ("obsctl.health.scale/v1", 5))
                self.assertEqual(advice["to_scale"], 1 if code else 0)
        done = self.health("scale", "--prometheus", "http://localhost:1", *SAMPLE, code=4)
        self.assertIn("nothing is known\n", done.stdout)

    def test_a_review_of_programs(self):
        with serving(self.program("0.5")) as server:
            done = obsctl("health", "review", "daily", "--prometheus", server.url, *SAMPLE, cwd=self.root)
            self.assertIn("| file systems used | / | 50 % |", done.stdout)


class Refused(HealthCase):
    def refused(self, *args, expect, code=2):
        done = self.health(*args, code=code)
        self.assertEqual(done.stdout, "")
        for text in expect:
            self.assertIn(text, done.stderr)

    def test_no_stack(self):
        self.refused(code=4, expect=["there is no obsctl.yaml", "obsctl init", "--endpoint"])

    def test_names_that_no_check_has(self):
        who = ("--endpoint", "loki=http://127.0.0.1:1")
        self.refused(*who, "--only", "lokki", expect=["'lokki'", "did you mean 'loki'?"])
        self.refused(*who, "--skip", "nothing-like-it", expect=["--list"])
        self.refused(*who, "--skip", "loki", "--only", "loki", expect=["no check is left"])

    def test_endpoints_that_are_none(self):
        self.refused("--endpoint", "http://u:pw@h:1", expect=["COMPONENT=URL"])
        self.refused("--endpoint", "loki=localhost", expect=["http or https URL"])
        self.refused("--endpoint", "lokki=http://h:1", expect=["did you mean 'loki'?"])
        self.refused("--prometheus", "localhost:9090", expect=["'--prometheus'"])

    def test_flags_that_do_not_go_together(self):
        self.refused("--watch", "-o", "json", expect=["--watch"])
        self.refused("--watch", "--wait", "1s", expect=["--wait"])
        self.refused("--list", "-o", "junit", expect=["--list"])
        self.refused("--all", "-o", "json", expect=["--all"])
        self.refused("--dir", ".", "--prometheus", "http://h:1", expect=["--dir"])
        self.refused("--dir", "", expect=["is a variable unset?"])


class Waiting(HealthCase):
    def test_it_ends_when_nothing_fails_any_more(self):
        kind = program(503)
        with self.running(kind) as who:
            threading.Timer(1.5, lambda: kind.answers.__setitem__(0, 200)).start()
            done = self.health(*who, "--wait", "30s", code=0)
            self.assertTrue(done.stdout.startswith("healthy: "))
            self.assertEqual(done.stderr, "obsctl: waiting for SVC-002 loki\n")

    def test_it_ends_when_the_time_is_over(self):
        with self.running(program(503)) as who:
            start = time.monotonic()
            done = self.health(*who, "--wait", "1500ms", code=3)
            self.assertLess(time.monotonic() - start, 10)
            self.assertIn("1 error", done.stdout)


class Hostile(HealthCase):
    """Programs that answer anything but a page of metrics: the check ends in time and in little memory, and says
    unknown."""

    CHUNK = b"a" * 65536

    def endless(self, handler):
        handler.send_response(200)
        handler.send_header("content-type", "text/plain")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(self.CHUNK)

    def slow(self, handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"a")
                handler.wfile.flush()
                time.sleep(0.1)

    @staticmethod
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("location", "http://127.0.0.1:9/other")
        handler.send_header("content-length", "0")
        handler.end_headers()

    def pages(self):
        def page(body, **headers):
            def answer(handler):
                handler.send_response(200)
                for name, value in headers.items():
                    handler.send_header(name.replace("_", "-"), value)
                handler.send_header("content-length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)
            return answer
        return {
            "endless": self.endless, "slow": self.slow, "elsewhere": self.elsewhere,
            "html": page(b"<!doctype html><html><body>log in</body></html>"),
            "gigabyte": page(b"", content_length="1000000000"),
            "wrong gzip": page(b"no gzip", content_encoding="gzip"),
            "invalid UTF-8": page(b'm{a="\xff\xfe"} 1\nm{a="\x1b[31m"} x\n'),
            "no numbers": page(b"otelcol_exporter_queue_size NaN\notelcol_exporter_queue_capacity +Inf\n"),
            "half a line": page(b'otelcol_exporter_queue_size{exporter="a'),
        }

    @staticmethod
    def answering(answer):
        class Program(Handler):
            def do_GET(self):
                answer(self)
                self.close_connection = True

        return Program

    def test_nothing_hangs_crashes_or_is_called_well(self):
        for name, answer in self.pages().items():
            with self.subTest(name), serving(self.answering(answer)) as server:
                start = time.monotonic()
                code, text, memory = self.measured("--endpoint", f"otel-collector={server.url}", "--only", "COL-005",
                                                   *SAMPLE, "--timeout", "1s")
                self.assertEqual(code, 4, text)
                self.assertIn("unknown", text)
                self.assertNotIn("\x1b", text)
                self.assertLess(time.monotonic() - start, 20)
                if not os.environ.get("SANITIZE"):
                    self.assertLess(memory, 64 * 1024, "KiB")

    def test_credentials_are_not_sent_on(self):
        asked = []

        class Other(Handler):
            def do_GET(self):
                asked.append(self.headers.get("authorization"))
                self.answer(METRICS, "text/plain")

        with serving(Other) as other:
            class Program(Handler):
                def do_GET(self):
                    self.send_response(302)
                    self.send_header("location", other.url + "/metrics")
                    self.send_header("content-length", "0")
                    self.end_headers()

            with serving(Program) as server:
                url = server.url.replace("//", "//user:secret@")
                done = self.health("--endpoint", f"otel-collector={url}", "--only", "COL-005", *SAMPLE, code=4)
        self.assertEqual(asked, [])
        self.assertNotIn("secret", done.stdout + done.stderr)

    def measured(self, *args):
        """Exit code, text, and resident memory at most in KiB."""
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([BINARY, "health", *args], cwd=self.root, stdout=out, stderr=out)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            return process.returncode, out.read().decode(errors="replace"), usage.ru_maxrss


class Watching(HealthCase):
    def test_lines_are_appended_where_there_is_no_terminal(self):
        with (self.running(program(503)) as who,
              subprocess.Popen([BINARY, "health", *who, "--watch"], cwd=self.root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process):
            first = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=20)
        self.assertRegex(first, r"^\d{4}-\d\d-\d\dT[\d:]+Z \S+: 1 error in 1 check")
        self.assertEqual(process.returncode, 0, errors)
        self.assertNotIn("\x1b", first + rest)

    def test_a_terminal_is_drawn_again(self):
        with self.running() as who:
            main, other = pty.openpty()
            with subprocess.Popen([BINARY, "health", *who, "--watch"], cwd=self.root, stdin=other,
                                  stdout=other, stderr=other) as process:
                os.close(other)
                screen = b""
                while b"healthy" not in screen and select.select([main], [], [], 20)[0]:
                    screen += os.read(main, 4096)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(timeout=20), 0)
            os.close(main)
        self.assertTrue(screen.startswith(b"\x1b[H"), screen)


if __name__ == "__main__":
    unittest.main()
