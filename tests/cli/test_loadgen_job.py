# SPDX-License-Identifier: Apache-2.0
"""`obsctl loadgen job`: what points to this machine is translated for a pod, and no secret is printed."""

import pathlib
import re
import shlex
import tempfile
import unittest

from support import obsctl

TOKEN = "t0ken-that-nobody-may-see"
SECRET = "/etc/obsctl/secret"

def words(manifest):
    """The pods' arguments as they stand in the manifest."""
    args = manifest.split("          args:\n")[1].split("          #")[0]
    return [line.strip().removeprefix("- ").strip('"') for line in args.splitlines()]


class Kubernetes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("token", "ca.pem", "cert.pem", "key.pem"):
            (self.folder / name).write_text(TOKEN, encoding="utf-8")

    def job(self, *flags, code=0):
        done = obsctl("loadgen", "job", "--shards", "3", *flags, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_what_points_to_this_machine_is_translated(self):
        carried = {
            "header": ("x-key=" + TOKEN, "--header=x-key=$(OBSCTL_HEADER_1)"),
            "bearer-file": ("token", f"--bearer-file={SECRET}/bearer-file"),
            "ca-file": ("ca.pem", f"--ca-file={SECRET}/ca-file"),
            "cert-file": ("cert.pem", f"--cert-file={SECRET}/cert-file"),
            "key-file": ("key.pem", f"--key-file={SECRET}/key-file"),
            "scenario": ("pii", "--scenario=pii"),
            "seed": ("42", "--seed=42"),
        }
        more = {"cert-file": ["--key-file", "key.pem"], "key-file": ["--cert-file", "cert.pem"]}
        for flag, (value, expected) in carried.items():
            with self.subTest(flag=flag):
                got = words(self.job("-e", "https://192.0.2.1", f"--{flag}", value, *more.get(flag, [])))
                self.assertIn("--endpoint=https://192.0.2.1:4317", got)
                self.assertIn(expected, got)
                for word in ("--yes", "--quiet", "--output=json"):
                    self.assertEqual(got.count(word), 1)
                self.assertEqual(sum(w.startswith("--seed=") for w in got), 1)

    def test_what_one_pod_cannot_see_is_no_option(self):
        for flag in ("--shard", "--ledger", "--find-max", "--report-json", "--keep"):
            with self.subTest(flag=flag):
                error = self.job("-e", "192.0.2.1", flag, "1", code=2)
                self.assertIn(f"'{flag}' is an option of 'obsctl loadgen run'", error)

    def test_a_pod_is_not_this_machine(self):
        for flags in ((), ("-e", "127.0.0.1:4317"), ("-e", "[::1]"), ("-e", "192.0.2.1", "-e", "localhost")):
            error = self.job(*flags, code=2)
            self.assertIn("inside a pod it refers to the pod", error)

    def test_the_image_has_a_version(self):
        version = obsctl("--version").stdout.split()[1]
        manifest = self.job("-e", "192.0.2.1")
        self.assertIn(f"image: 'obsctl:{version}'", manifest)
        self.assertNotIn("latest", manifest)
        self.assertIn("image: 'registry.example/obsctl@sha256:0'\n",
                      self.job("-e", "192.0.2.1", "--image", "registry.example/obsctl@sha256:0"))

    def test_the_image_cannot_leave_its_line(self):
        text = self.job("-e", "192.0.2.1", "--image", "registry.example/obsctl:1")
        self.assertIn("#   scripts/image 'registry.example/obsctl:1'\n", text)
        self.assertIn("control character", self.job("-e", "192.0.2.1", "--image", "x:1\nkind: Secret", code=2))

    def test_memory_covers_what_can_be_on_its_way(self):
        def mebibytes(*flags):
            sizes = re.findall(r"memory: (\d+)Mi", self.job("-e", "192.0.2.1", *flags))
            self.assertEqual(len(set(sizes)), 1)  # requested and limit
            return int(sizes[0])
        self.assertEqual(mebibytes(), 256)
        # 10,000 spans of 1 KB and 64 requests in flight are 640 MB.
        self.assertGreater(mebibytes("-b", "10000", "--span-size", "1KB"), 640)
        # Over HTTP one request is in flight per connection.
        self.assertEqual(mebibytes("-b", "10000", "--span-size", "1KB", "--protocol", "http/protobuf"), 256)

    def test_dollars_stay_dollars(self):
        got = words(self.job("-e", "https://192.0.2.1", "--server-name", "$(HOSTNAME)$$"))
        self.assertIn("--server-name=$$(HOSTNAME)$$$$", got)

    def test_a_scenario_file_is_embedded_byte_by_byte(self):
        for text in ("base: shop\nname: mine\n", "# $(HOME)\n\nbase: shop\n\nname: mine\n",
                     " \nbase: shop\nname: mine", "base: shop\r\nname: mine\r\n\n"):
            (self.folder / "mine.yaml").write_bytes(text.encode())
            manifest = self.job("-e", "192.0.2.1", "-s", "mine.yaml")
            self.assertIn("--scenario=/etc/obsctl/scenario/scenario.yaml", words(manifest))
            data = manifest.split("  scenario.yaml: ")[1].split("---\n")[0]
            if data.startswith("|\n"):
                kept = "".join(line.removeprefix("    ") for line in data[2:].splitlines(keepends=True))
            else:
                kept = data.strip().strip('"').replace("\\n", "\n").replace("\\r", "\r")
            self.assertEqual(kept, text)

    def test_secrets_are_asked_for_by_name(self):
        manifest = self.job("-e", "https://192.0.2.1", "--bearer-file", "token", "--ca-file", "ca.pem",
                            "-H", "x-a=1", "-H", f"X-B={TOKEN}")
        command = re.search(r"kubectl create secret(?:.*\\\n)*.*", manifest).group(0)
        created = shlex.split(command.replace("\\\n#", " "))
        self.assertIn("--from-file=bearer-file=token", created)
        self.assertIn("--from-file=ca-file=ca.pem", created)
        self.assertIn('--from-literal=header-2=$VALUE_OF_x_b', created)
        self.assertIn("--header=x-b=$(OBSCTL_HEADER_2)", words(manifest))

    def test_files_that_are_not_there_are_named(self):
        self.assertIn("nope.pem", self.job("-e", "https://192.0.2.1", "--ca-file", "nope.pem", code=4))

    def test_a_stack_gives_its_endpoint_and_its_secrets(self):
        made = obsctl("init", "--tier", "small", "--dir", "stack", "--set", "security.bind=192.0.2.5",
                      "--set", "security.tls=self-signed", "--set", "security.auth=bearer", cwd=self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.job("--stack", "stack", "-r", "50k/s", code=2)  # it is not on this machine
        manifest = self.job("--stack", "stack", "-r", "50k/s", "--yes")
        self.assertIn("--endpoint=https://192.0.2.5:4317", words(manifest))
        self.assertIn("--from-file=bearer-file='stack/secrets/otlp.env'", manifest)
        self.assertRegex(manifest, "--from-file=ca-file='[^']*stack/tls/ca.crt'")
        secret = (self.folder / "stack/secrets/otlp.env").read_text(encoding="utf-8")
        token = re.search(r"OTLP_AUTH_TOKEN=(\S+)", secret).group(1)
        self.assertNotIn(token, manifest)
        self.assertIn("--stack", self.job("--stack", "stack", "--tier", "small", code=2))

    def test_strangers_are_not_flooded_by_way_of_a_cluster(self):
        self.assertIn("--yes", self.job("-e", "192.0.2.1", "-r", "80k/s", code=2))
        self.assertIn("--rate=80k/s", words(self.job("-e", "192.0.2.1", "-r", "80k/s", "--yes")))

    def test_the_example_in_the_manual_works(self):
        example = re.search(r"obsctl (loadgen job .*--shards .*)", obsctl("loadgen", "job", "--help").stdout).group(1)
        done = obsctl(*shlex.split(example))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
