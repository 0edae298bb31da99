# SPDX-License-Identifier: Apache-2.0
"""What README.md shows as output is what the program prints."""

import re
import shlex
import tempfile
import unittest

from support import SOURCE, obsctl

README = (SOURCE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def transcripts():
    """Each "$ obsctl …" line of the README's console blocks with the lines shown below it."""
    for block in blocks("console"):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, *shown = part.strip().splitlines()
            yield command, [line for line in shown if line.strip()]


class Readme(unittest.TestCase):
    def test_output_is_what_is_printed(self):
        checked = 0
        with tempfile.TemporaryDirectory() as folder:
            for command, shown in transcripts():
                words = shlex.split(command, comments=True)
                if words[:2] not in (["obsctl", "size"], ["obsctl", "init"]):
                    continue  # what a load test measures differs from machine to machine
                printed = obsctl(*words[1:], cwd=folder).stdout.splitlines()
                for line in shown:
                    if line != "…":
                        self.assertIn(line, printed, command)
                        checked += 1
        self.assertGreater(checked, 4)

    def test_every_command_that_is_shown_exists(self):
        shown = set(re.findall(r"`obsctl ([a-z]+)", README))
        for block in blocks("[a-z]*"):  # a line of the text may begin with the program's name
            shown |= set(re.findall(r"(?m)^(?:\$ )?obsctl ([a-z]+)", block))
        self.assertGreater(len(shown), 3)
        for command in shown:
            self.assertEqual(obsctl("help", command).returncode, 0, command)


if __name__ == "__main__":
    unittest.main()
