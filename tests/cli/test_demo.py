# SPDX-License-Identifier: Apache-2.0
"""`obsctl demo` against a sink on the ports of a stack: what arrives, how it ends, a stack that is not up."""

import contextlib
import pathlib
import signal
import subprocess
import tempfile
import unittest

from support import BINARY, obsctl
from test_loadgen import ENV, free_port, sink


@contextlib.contextmanager
def stack(grpc):
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder) / "stack"
        made = obsctl("init", "-q", "--tier=small", f"--dir={directory}", f"--port=otlp-grpc={grpc}")
        assert made.returncode == 0, made.stderr
        yield directory


class Demo(unittest.TestCase):
    def test_every_signal_arrives_and_the_summary_counts_it(self):
        with sink() as to, stack(to.grpc) as directory:
            done = obsctl("demo", "-d", "2s", "-r", "100/s", cwd=directory)
            self.assertEqual((done.returncode, done.stdout),
                             (0, "sent 200 items in 2 s: 200 accepted, 0 not\n"), done.stderr)
            self.assertIn("dashboards: http://localhost:3000", done.stderr)
            for signal_name, tally in to.counts()["signals"].items():
                self.assertGreater(tally["items"], 0, signal_name)

    def test_ctrl_c_ends_it_with_the_summary(self):
        with sink() as to, stack(to.grpc) as directory:
            running = subprocess.Popen([BINARY, "demo", "--stack", directory], env=ENV, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertIn("until Ctrl-C", running.stderr.readline())
            running.send_signal(signal.SIGINT)
            out, error = running.communicate(timeout=20)
            self.assertEqual(running.returncode, 130, error)
            self.assertRegex(out, r"^sent \d+ items in \d+ s: \d+ accepted, 0 not\n$")

    def test_a_stack_that_is_not_up_is_said_at_once_with_the_command_that_starts_it(self):
        with stack(free_port()) as directory:
            done = obsctl("demo", cwd=directory)
            self.assertEqual(done.returncode, 4)
            self.assertIn("connection refused", done.stderr)
            self.assertIn(f"start the stack first, in '{directory}': docker compose up -d", done.stderr)


if __name__ == "__main__":
    unittest.main()
