# SPDX-License-Identifier: Apache-2.0
"""All mistakes of a spec are said at once, and what a check finds is printed for the services that show it."""

import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

from support import obsctl

FIVE = """tier: smal
traces:
  retenton: 7d
  keep: 200%
logs:
  retention: 30
ports:
  grafana: many
"""
CONTRADICTIONS = """name: Shop
security:
  tls: files
  tls_cert: /a.crt
"""


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_in(self, *args):
        return obsctl(*args, cwd=self.directory)

    def spec(self, text):
        (self.directory / "obsctl.yaml").write_text(text, encoding="utf-8")


class Mistakes(Case):
    def test_all_are_said_with_their_places(self):
        self.spec(FIVE)
        done = self.run_in("size")
        self.assertEqual(done.returncode, 2)
        places = [line.removeprefix("  in: ") for line in done.stderr.splitlines() if line.startswith("  in: ")]
        self.assertEqual(places, [f"obsctl.yaml:{at}" for at in ("1:7", "3:3", "4:9", "6:14", "8:12")])
        self.assertIn("unknown setting 'traces.retenton'", done.stderr)
        self.assertIn("did you mean 'traces.retention'?", done.stderr)

    def test_json_has_them_all_with_their_subjects(self):
        self.spec(FIVE)
        done = self.run_in("size", "-o", "json")
        error = json.loads(done.stderr)
        self.assertEqual([error["subject"], *(more["subject"] for more in error["more"])],
                         ["tier", "traces.retenton", "traces.keep", "logs.retention", "ports.grafana"])
        self.assertEqual(error["at"], "obsctl.yaml:1:7")

    def test_only_the_first_twenty_are_printed(self):
        self.spec("ports:\n" + "".join(f"  p{i}: x\n" for i in range(25)))
        done = self.run_in("size")
        self.assertEqual(done.stderr.count("error:"), 20)
        self.assertIn("obsctl: 5 more errors are not shown\n", done.stderr)

    def test_contradictions_of_a_file_name_its_keys_and_those_of_flags_the_flags(self):
        self.spec(CONTRADICTIONS)
        done = self.run_in("size")
        self.assertEqual(done.returncode, 2)
        self.assertIn("  in: obsctl.yaml:1:7\n", done.stderr)
        self.assertIn("'security.tls' is 'files', which needs a certificate and a key\n"
                      "  in: obsctl.yaml:3:8\n"
                      "  hint: name the missing file, or use 'self-signed': security.tls_key: FILE\n", done.stderr)
        (self.directory / "obsctl.yaml").unlink()
        done = self.run_in("init", "--tier", "small", "--tls", "files", "--tls-cert", "a.crt")
        self.assertIn("'--tls' is 'files', which needs a certificate and a key\n"
                      "  hint: name the missing file, or use 'self-signed': --tls-key FILE\n", done.stderr)

    def test_what_the_stack_does_not_have_is_shown_in_the_file(self):
        self.spec("tier: small\nports:\n  grafan: 3001\n")
        done = self.run_in("init", "--dry-run")
        self.assertEqual(done.returncode, 2)
        self.assertIn("the stack has no port 'grafan'\n  in: obsctl.yaml:3:11\n", done.stderr)


class Formats(Case):
    SMALL_HOST = ("size", "--tier", "small", "--host-cpus", "1", "--check")

    def test_junit(self):
        done = self.run_in(*self.SMALL_HOST, "-o", "junit")
        self.assertEqual(done.returncode, 3)
        suite = xml.etree.ElementTree.fromstring(done.stdout)
        self.assertEqual(suite.get("failures"), "1")
        failure = suite.find("testcase/failure")
        self.assertEqual(failure.get("type"), "host.cpus")
        self.assertIn("--host-cpus", failure.text)

    def test_sarif(self):
        done = self.run_in(*self.SMALL_HOST, "-o", "sarif")
        self.assertEqual(done.returncode, 3)
        log = json.loads(done.stdout)
        self.assertEqual(log["version"], "2.1.0")
        result = log["runs"][0]["results"][0]
        self.assertEqual((result["ruleId"], result["level"]), ("host.cpus", "error"))

    def test_a_limit_that_is_too_small_has_its_place_in_the_file(self):
        self.spec("tier: small\ncomponents:\n  loki:\n    memory: 1MiB\n")
        done = self.run_in("size", "--check", "-o", "github")
        self.assertEqual(done.returncode, 3)
        self.assertIn("::error title=memory.loki,file=obsctl.yaml,line=4,col=13::loki needs ", done.stdout)

    def test_a_plan_that_fits_passes(self):
        done = self.run_in("size", "--tier", "small", "--check", "-o", "junit")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(xml.etree.ElementTree.fromstring(done.stdout).get("failures"), "0")

    def test_only_a_check_has_findings(self):
        done = self.run_in("size", "-o", "sarif")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'-o sarif' prints what '--check' finds", done.stderr)


if __name__ == "__main__":
    unittest.main()
