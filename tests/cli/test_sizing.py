# SPDX-License-Identifier: Apache-2.0
"""Sizing drives generation: what `init` writes holds the load, or `init` says what does and that is true."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import tempfile
import unittest

from support import Handler, obsctl, serving

PROFILES = {  # the documents' throughput of each host, at its upper end
    "minimum": ("1k/s", "100k", "1k/s"),
    "recommended": ("10k/s", "500k", "10k/s"),
    "production": ("50k/s", "1M", "50k/s"),
}
# The sanitizers make a run ten times as long, and the unit test goes through as many loads again.
RUNS = 30 if os.environ.get("SANITIZE") else 100


@contextlib.contextmanager
def engine(cpus, gib):
    """A container engine that only says what its host is; yields the environment that names it."""
    answer = json.dumps({"NCPU": cpus, "MemTotal": int(gib * 2**30), "Name": "there",
                         "DockerRootDir": "/nowhere/docker"}).encode()

    class Info(Handler):
        def do_GET(self):
            self.answer(answer)

    with serving(Info) as server:
        yield {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"}


class SizingCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-sizing-"))
        self.addCleanup(shutil.rmtree, self.root, True)

    def init(self, directory, *args, code=0):
        done = obsctl("init", "--tier", "small", "--dir", directory, *args, "-o", "json", cwd=self.root)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def check(self, directory):
        done = obsctl("size", "--check", "-o", "json", cwd=self.root / directory)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done.returncode, json.loads(done.stdout)["findings"]

    def assert_fits_or_says(self, directory, *args):
        """Returns whether the load fitted as it was asked for."""
        report = self.init(directory, *args)
        errors = [f for f in report["does_not_fit"] if f["severity"] == "error"]
        code, findings = self.check(directory)
        if not errors:
            self.assertEqual(code, 0, (args, findings))
            return True
        # What init named before it wrote is what the check finds, and what it named as fitting fits.
        self.assertEqual(code, 3, args)
        settings = []
        for finding in errors:
            self.assertTrue(finding["hint"], finding)
            self.assertTrue(finding["settings"], finding)
            for key, value in finding["settings"].items():
                settings += ["--set", f"{key}={value}"]
        report = self.init(directory, *settings)
        left = [f for f in report["does_not_fit"] if f["severity"] == "error"]
        self.assertEqual(left, [], (args, settings))
        self.assertEqual(self.check(directory)[0], 0, (args, settings))
        return False


class Promises(SizingCase):
    def test_the_default_stack_holds_its_own_load(self):
        self.assertTrue(self.assert_fits_or_says("default"))

    def test_every_profile_with_every_metrics_store_at_its_documented_throughput(self):
        for profile, (spans, series, lines) in PROFILES.items():
            for backend in ("prometheus", "victoriametrics"):
                with self.subTest(profile=profile, backend=backend):
                    fitted = self.assert_fits_or_says(
                        f"{profile}-{backend}", "--profile", profile, "--metrics", backend, "--spans", spans,
                        "--series", series, "--lines", lines)
                    if profile == "minimum":
                        self.assertTrue(fitted)

    def test_random_loads(self):
        dice = random.Random(20261125)
        fitted = 0
        for number in range(RUNS):
            args = ["--profile", dice.choice(list(PROFILES)), "--metrics",
                    dice.choice(["prometheus", "victoriametrics"])]
            for flag, low, high, unit in (("spans", 10, 60000, "/s"), ("series", 1000, 2_000_000, ""),
                                          ("lines", 10, 60000, "/s")):
                if dice.random() < 0.75:
                    args += [f"--{flag}", f"{low * (high / low) ** dice.random():.0f}{unit}"]
            if dice.random() < 0.5:
                args += ["--keep", f"{dice.randint(0, 100)}%"]
            if dice.random() < 0.5:
                args += ["--retention-logs", f"{dice.randint(1, 60)}d"]
            if dice.random() < 0.3:
                args += ["--host-memory", f"{dice.randint(2, 64)}GiB"]
            if dice.random() < 0.3:
                args += ["--host-disk", f"{dice.randint(50, 5000)}GB"]
            with self.subTest(number=number, args=" ".join(args)):
                fitted += self.assert_fits_or_says("stack", *args)
            shutil.rmtree(self.root / "stack")
        self.assertTrue(RUNS / 10 < fitted < RUNS * 0.9, fitted)

    def test_strict_writes_nothing(self):
        done = obsctl("init", "--tier", "small", "--dir", "s", "--spans", "50k/s", "--strict", "--host-cpus", "4",
                      cwd=self.root)
        self.assertEqual(done.returncode, 3)
        self.assertIn("does not fit", done.stderr)
        self.assertRegex(done.stderr, r"hint: at most this load, or a larger host: --spans \S+/s, or --host-cpus")
        self.assertFalse((self.root / "s").exists())

    def test_hints_can_be_pasted(self):
        load = ("--lines", "5k/s", "--spans", "5k/s", "--series", "500k")
        for words, expect in (((*load, "--profile", "minimum"), ["--lines", "--profile recommended"]),
                              ((*load, "--host-cpus", "4"), ["--lines", "--host-cpus"]),
                              (("--spans", "1k/s", "--host-cpus", "2"), ["--host-cpus"]),
                              (("--lines", "1k/s", "--host-disk", "30GB"), ["--retention-logs"]),
                              (("--set", "components.loki.memory=1GiB"), ["--set components.loki.memory="])):
            done = obsctl("init", "--tier", "small", "--dir", "s", "-n", *words, cwd=self.root)
            hints = [line for line in done.stderr.splitlines() if line.startswith("  hint: ")]
            self.assertEqual(len(hints), 1, done.stderr)
            flags = hints[0].split(": ")[2].split(", or ")
            self.assertEqual(len(flags), len(expect), hints)
            for paste, start in zip(flags, expect):
                with self.subTest(words=words, paste=paste):
                    self.assertTrue(paste.startswith(start), paste)
                    pasted = obsctl("init", "--tier", "small", "--dir", "s", "-n", *words, *paste.split(),
                                    cwd=self.root)
                    self.assertEqual((pasted.returncode, pasted.stderr), (0, ""))

    def test_a_host_without_room_for_anything_is_named(self):
        done = obsctl("init", "--tier", "small", "--dir", "s", "--host-memory", "512MiB", "--strict", cwd=self.root)
        self.assertEqual(done.returncode, 3)
        self.assertIn("of memory and the host has 537 MB, less than the 1.07 GB that the kernel and the container "
                      "engine keep", done.stderr)
        self.assertIn("a larger host, because not even an idle stack fits: --host-cpus", done.stderr)

    def test_the_engines_host_gets_flags_that_keep_within_it(self):
        for cpus, gib, expect in ((8, 16, None), (4, 8, "--profile minimum keeps within it, with less load"),
                                  (6, 7, "--host-cpus 6 --host-memory 7GiB keeps within it, with less load"),
                                  (1, 1, "and no less than")):
            with self.subTest(cpus=cpus, gib=gib), engine(cpus, gib) as environment:
                done = obsctl("init", "--tier", "small", "--dir", "s", "-n", "--spans", "5k/s", "--lines", "5k/s",
                              "--series", "100k", cwd=self.root, env=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                if expect:
                    self.assertIn(f"the engine's host 'there' has {cpus} CPUs", done.stdout)
                    self.assertIn(expect, done.stdout)
                else:
                    self.assertNotIn("the engine's host", done.stdout)

    def test_what_does_not_fit_is_said_before_anything_is_written(self):
        done = obsctl("init", "--tier", "small", "--dir", "s", "--spans", "50k/s", "--host-cpus", "2", cwd=self.root)
        self.assertEqual(done.returncode, 0)
        self.assertIn("does not fit", done.stderr)
        self.assertTrue((self.root / "s" / "obsctl.yaml").exists())

    def test_a_calibration_reaches_the_generated_files(self):
        self.init("s")
        spec = self.root / "s" / "obsctl.yaml"
        spec.write_text(spec.read_text(encoding="utf-8") +
                        "\ncalibration:\n  measured_at: \"2026-11-21T00:00:00Z\"\n  source: \"http://x\"\n"
                        "  spans_per_second: 50\n  lines_per_second: 50\n  series: 2000\n  samples_per_second: 130\n",
                        encoding="utf-8")
        before = (self.root / "s" / "docker-compose.yml").read_text(encoding="utf-8")
        report = self.init("s")
        self.assertEqual(report["sizing"]["spans_per_second"], 50)
        self.assertNotEqual(before, (self.root / "s" / "docker-compose.yml").read_text(encoding="utf-8"))
        assumed = obsctl("size", cwd=self.root / "s").stdout.split("Assumed: ")[1]
        self.assertNotIn("the rates of", assumed)  # measured is not assumed
        self.assertIn("the rates of the tier small", obsctl("size", cwd=self.root).stdout)
        self.assertEqual(self.check("s")[0], 0)


if __name__ == "__main__":
    unittest.main()
