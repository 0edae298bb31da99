# SPDX-License-Identifier: Apache-2.0
"""`obsctl health schedule`: systemd itself accepts its units, and a shell runs its line of a crontab."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support import BINARY, obsctl

STACK = 'my 100% "$HOME" it\'s'


class Schedule(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-schedule-"))
        self.addCleanup(shutil.rmtree, self.root, True)
        self.stack = self.root / STACK
        self.assertEqual(obsctl("init", "--tier", "small", "--dir", str(self.stack), "--name", "shop").returncode, 0)

    def schedule(self, *args, code=0):
        done = obsctl("health", "schedule", *args, cwd=self.stack)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_accepts_the_units(self):
        for more in ((), ("--textfile", self.root / "text file", "--on-failure", "pager@%n.service")):
            with self.subTest(more=more):
                self.schedule("systemd", "--every", "10m", "--to", self.root / "units", *map(str, more))
                units = sorted((self.root / "units").iterdir())
                self.assertEqual([unit.name for unit in units],
                                 ["obsctl-health-shop.service", "obsctl-health-shop.timer"])
                # Where the program will be installed it is not yet.
                units[0].write_text(units[0].read_text().replace("ExecStart=obsctl", f"ExecStart={BINARY}"))
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True,
                                      timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_units_are_printed_one_after_the_other(self):
        text = self.schedule("systemd").stdout
        self.assertTrue(text.startswith("# obsctl-health-shop.service\n"))
        self.assertIn("\n# obsctl-health-shop.timer\n[Unit]\n", text)
        self.assertIn(f"\nUser={os.getuid()}\n", text)

    def test_what_is_accepted_is_left_out(self):
        accepted = ("--skip", "HST-003", "--skip", "storage", "--fail-on", "error")
        words = "--skip=HST-003 --skip=storage --fail-on=error"
        self.assertIn(words, self.schedule("cron", *accepted).stdout)
        self.assertIn(words, self.schedule("systemd", *accepted).stdout)
        self.assertIn("no check has the name 'HST-999'", self.schedule("cron", "--skip", "HST-999", code=2).stderr)
        done = self.schedule("kubernetes", "--endpoint", "prometheus=http://prometheus:9090", "--skip", "PRM-014")
        self.assertIn("- --skip=PRM-014\n", done.stdout)

    def run_line(self, text):
        """As cron runs the line: without its time, and with percent signs unescaped."""
        line = text.splitlines()[-1].removeprefix("*/5 * * * * ").replace("\\%", "%")
        (self.root / "bin").mkdir(exist_ok=True)
        link = self.root / "bin/obsctl"
        if not link.exists():
            link.symlink_to(BINARY)
        return subprocess.run(["/bin/sh", "-c", line], cwd="/", capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": f"{self.root}/bin:/usr/bin:/bin", "HOME": "/nonexistent",
                                   "DOCKER_HOST": "unix:///nonexistent"})

    def test_a_line_of_a_crontab_prints_what_is_wrong(self):
        done = self.run_line(self.schedule("cron").stdout)
        self.assertIn("ENG-001", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_a_line_of_a_crontab_hands_metrics_over(self):
        (self.root / "text file").mkdir()
        done = self.run_line(self.schedule("cron", "--textfile", str(self.root / "text file")).stdout)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "", ""))
        [page] = (self.root / "text file").iterdir()
        self.assertEqual((page.name, page.stat().st_mode & 0o777), ("obsctl-health-shop.prom", 0o644))
        self.assertIn('obsctl_health_check_status{id="ENG-001",', page.read_text())

    def test_what_cannot_be_is_refused(self):
        self.assertIn("--every 7m", self.schedule("cron", "--every", "7m", code=2).stderr)
        self.assertIn("is not in a cluster", self.schedule("kubernetes", code=2).stderr)
        self.assertIn("SCHEDULER", self.schedule(code=2).stderr)
        done = self.schedule("systemd", "--endpoint", "loki=http://me:s3cret@logs:3100", code=2)
        self.assertNotIn("s3cret", done.stdout + done.stderr)

    def test_the_result_goes_to_a_file_as_a_whole(self):
        done = obsctl("health", "--endpoint", "loki=http://localhost:1", "--only", "SVC-002", "--sample", "100ms",
                      "-o", "json", "--to", "result.json", cwd=self.root)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertTrue((self.root / "result.json").read_text().startswith("{"))
        done = obsctl("health", "--to", str(self.root / "no/such/file"), "--endpoint", "loki=http://localhost:1",
                      "--only", "SVC-002", "--sample", "100ms")
        self.assertEqual(done.returncode, 4)
        self.assertIn("no/such/file", done.stderr)


if __name__ == "__main__":
    unittest.main()
