# SPDX-License-Identifier: Apache-2.0
"""What every command promises: help, errors, exit codes, colour, completion, external commands."""

import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

from support import BINARY, SOURCE, obsctl


def commands():
    """Names of all visible commands, as completion offers them."""
    lines = obsctl("__complete", "--", "").stdout.splitlines()
    return [line.split("\t")[0] for line in lines]


def topics():
    text = obsctl("help").stdout.split("\nTopics:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in text.splitlines()]


def providers(capability):
    """The built-in components that provide a capability, by name."""
    return sorted(path.parent.name for path in (SOURCE / "templates/components").glob("*/component.yaml")
                  if f"\n  {capability}: " in path.read_text())


class Help(unittest.TestCase):
    def test_variables_and_their_flags_stand_apart(self):
        rows = [line.split() for line in obsctl("help", "environment").stdout.splitlines() if line.startswith("  ")]
        self.assertIn(["OTEL_EXPORTER_OTLP_ENDPOINT", "--endpoint", "of", "'loadgen", "run'"], rows)

    def test_every_command_answers_help_on_stdout_only(self):
        self.assertIn("init", commands())
        self.assertIn("size", commands())
        for name in commands():
            for words in ([name, "-h"], [name, "--help"], ["help", name]):
                with self.subTest(words=words):
                    done = obsctl(*words)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(f"obsctl {name}", done.stdout)

    def test_long_help_has_examples_and_every_line_fits(self):
        for name in commands():
            done = obsctl(name, "--help")
            self.assertIn("Examples:", done.stdout, name)
            for line in done.stdout.splitlines():
                if not line.startswith("  obsctl ") and not line.startswith("  source"):
                    self.assertLessEqual(len(line), 100, f"{name}: {line}")

    def test_what_a_page_refers_to_is_there(self):
        for name in commands():
            text = " ".join(obsctl(name, "--help").stdout.split())
            for words in re.findall(r"'obsctl (help [^']+)'", text):
                with self.subTest(command=name, words=words):
                    self.assertEqual(obsctl(*words.split()).returncode, 0)
                    self.assertIn(len(words.split()), (2, 3))

    def test_every_topic_has_a_page(self):
        self.assertTrue({"tiers", "sizing", "environment", "exit-codes", "output", "templates"}
                        <= set(topics()))
        for topic in topics():
            done = obsctl("help", topic)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertGreater(len(done.stdout), 200)

    def test_no_arguments_help_and_version(self):
        self.assertEqual(obsctl().stdout, obsctl("help").stdout)
        self.assertEqual(obsctl("--help").returncode, 0)
        for words in (["--version"], ["-V"], ["version"]):
            self.assertRegex(obsctl(*words).stdout, r"^obsctl \d+\.\d+\.\d+( \([0-9a-f]{12}(-dirty)?\))?\n$")

    def test_version_says_the_same_as_text_and_json(self):
        report = json.loads(obsctl("version", "-o", "json").stdout)
        self.assertRegex(report["commit"], r"^([0-9a-f]{12})?$")
        commit = report["commit"] + ("-dirty" if report["dirty"] else "")
        self.assertEqual(obsctl("version").stdout,
                         f"obsctl {report['version']}" + (f" ({commit})" if commit else "") + "\n")


class Errors(unittest.TestCase):
    def check(self, words, code, *expected):
        done = obsctl(*words)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        for text in expected:
            self.assertIn(text, done.stderr)

    def test_usage_errors_name_the_word_and_suggest(self):
        self.check(["inti"], 2, "unknown command 'inti'", "did you mean 'init'?")
        self.check(["init", "--teir", "small"], 2, "unknown option '--teir'", "'--tier'")
        self.check(["init", "--tier"], 2, "option '--tier' needs a value")
        self.check(["init", "--tier", "meduim"], 2, "'meduim'", "did you mean 'medium'?")
        self.check(["version", "extra"], 2, "unexpected argument 'extra'")
        self.check(["completion"], 2, "missing argument SHELL")
        self.check(["help", "tires"], 2, "did you mean 'tiers'?")
        self.check(["size", "--spans", "5000"], 2, "needs a unit", "5000/s")

    def test_an_error_in_json_is_one_document_on_stderr(self):
        done = obsctl("size", "--tier", "meduim", "-o", "json")
        error = json.loads(done.stderr)
        self.assertEqual(error["schema"], "obsctl.error/v1")
        self.assertEqual((error["code"], error["exit_code"], done.returncode), ("usage", 2, 2))

    def test_a_full_disk_is_a_failure_and_a_closed_pipe_is_not(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = obsctl("help", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)
        shell = subprocess.run(["bash", "-c", f"set -o pipefail; {BINARY} help stack | head -n 1"],
                               capture_output=True, text=True, check=False)
        self.assertEqual((shell.returncode, shell.stderr), (0, ""))


class Colour(unittest.TestCase):
    def test_who_decides(self):
        for env, words, coloured in (({}, [], False),
                                     ({"CLICOLOR_FORCE": "1"}, [], True),
                                     ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, [], False),
                                     ({"NO_COLOR": "1"}, ["--color", "always"], True),
                                     ({"CLICOLOR_FORCE": "1"}, ["--color=never"], False),
                                     ({"OBSCTL_COLOR": "always"}, [], True)):
            with self.subTest(env=env, words=words):
                out = obsctl("help", *words, env=env).stdout
                self.assertEqual("\x1b[" in out, coloured)


class External(unittest.TestCase):
    def test_a_program_on_path_is_a_command(self):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory, "obsctl-hello")
            program.write_text('#!/bin/sh\necho "hello $1 $OBSCTL_BIN"\nexit 7\n', encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            env = {"PATH": f"{directory}:{os.environ['PATH']}"}
            done = obsctl("hello", "--loud", env=env)
            self.assertEqual(done.returncode, 7)
            self.assertEqual(done.stdout, f"hello --loud {os.path.realpath(BINARY)}\n")
            self.assertIn("  hello\n", obsctl("help", env=env).stdout)
            self.assertIn("did you mean 'hello'", obsctl("helo", env=env).stderr)


class Completion(unittest.TestCase):
    def complete(self, *words):
        lines = obsctl("__complete", "--", *words).stdout.splitlines()
        return [line.split("\t")[0] for line in lines]

    def test_commands_flags_and_values(self):
        self.assertEqual(self.complete("ini"), ["init"])
        self.assertIn("--tier", self.complete("init", "--t"))
        self.assertEqual(self.complete("init", "--tier", "sm"), ["small"])
        self.assertEqual(self.complete("init", "--tier=sm"), ["--tier=small"])
        self.assertEqual(self.complete("init", "--tier", "=", "sm"), ["small"])
        self.assertEqual(self.complete("init", "--dir", ""), [":directory"])
        self.assertEqual(self.complete("completion", "z"), ["zsh"])
        self.assertIn("compose", self.complete("init", "--target", ""))
        self.assertTrue(any(v.startswith("traces.") for v in self.complete("init", "--set", "traces.")))
        self.assertTrue(any(v.startswith("components.loki.") for v in
                            self.complete("init", "--set", "components.loki")))

    def test_backends_are_the_components_that_can_be_one(self):
        for command, words in (("init", ["--tier", "small", "--dry-run"]), ("size", [])):
            for signal, capability in (("traces", "traces.store"), ("metrics", "metrics.query"),
                                       ("logs", "logs.store")):
                backends = providers(capability)
                with self.subTest(command=command, signal=signal):
                    self.assertTrue(backends)
                    self.assertEqual(self.complete(command, f"--{signal}", ""), backends)
                    page = " ".join(obsctl(command, "--help").stdout.split())
                    self.assertIn(f"component that stores the {signal}: {', '.join(backends)}", page)
                    # A template directory may have others, so the stack refuses it, not the parser.
                    refused = obsctl(command, f"--{signal}", "nope", *words)
                    self.assertEqual(refused.returncode, 2)
                    self.assertIn(f"unknown value 'nope' for '--{signal}'", refused.stderr)
                    self.assertIn(f"one of: {', '.join(backends)}", refused.stderr)

    def test_scripts_are_valid_and_bash_completes(self):
        for shell in ("bash", "zsh", "fish"):
            script = obsctl("completion", shell).stdout
            done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
        probe = ('source <(obsctl completion bash); COMP_WORDS=(obsctl init --tier l); COMP_CWORD=3; '
                 '_obsctl 2>/dev/null; echo "${COMPREPLY[@]}"')
        env = {**os.environ, "PATH": f"{os.path.dirname(BINARY)}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", probe], capture_output=True, text=True, env=env, check=False)
        self.assertEqual(done.stdout.strip(), "large")


class Documents(unittest.TestCase):
    def test_committed_generated_files_are_current(self):
        done = obsctl("__docs", "--check", str(SOURCE))
        self.assertEqual(done.returncode, 0, f"{done.stderr}run scripts/docs and commit the result")

    def test_manual_pages_are_valid(self):
        pages = sorted((SOURCE / "man").glob("*.[157]"))
        self.assertGreater(len(pages), 8)
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *map(str, pages)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout.strip(), "")


if __name__ == "__main__":
    unittest.main()
