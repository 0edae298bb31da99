# SPDX-License-Identifier: Apache-2.0
"""What `obsctl health --bundle` and `--from` promise: no secret leaves, and the report is the same elsewhere."""

import base64
import contextlib
import io
import json
import os
import stat
import tarfile
import unittest

from support import Handler, obsctl, serving
from test_health import METRICS, SAMPLE, HealthCase, program

CONTAINER = "0123456789abcdef"
# A secret for each place, and what reads as one by its form.
GIVEN = {
    "secrets/mine.env": "filesecret-0a1b",
    ".env": "environment-2c3d",
    "userinfo": "urlpassword-4e5f",
    "header": "headertoken-6g7h",
    "block": "blocksecret-8i9j",
    "linked": "linkedsecret-0k1l",
    "owner only": "ownersecret-2m3n",
    "log": "logpassword-4o5p",
    "log bearer": "logtoken-6q7r",
}
OWN = f"""\
exporters:
  otlphttp/own:
    endpoint: https://someone:{GIVEN["userinfo"]}@collector.example.com:4318
    headers:
      Authorization: Bearer {GIVEN["header"]}
    tls:
      key_pem: "${{env:OWN_KEY}}"
  other:
    password: |
      {GIVEN["block"]}
    timeout: 5s
"""


def frames(text):
    """A log as an engine sends it."""
    lines = [f"2026-11-26T02:54:04.5Z {line}\n".encode() for line in text.splitlines()]
    return b"".join(b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line for line in lines)


@contextlib.contextmanager
def engine(log):
    """A container engine with one container that wrote this; yields the environment that names it."""
    answers = {
        "/info": {"NCPU": 2, "MemTotal": 2**33, "Name": "there", "DockerRootDir": "/nowhere/docker",
                  "ServerVersion": "20.10.24"},
        "/containers/json": [{"Id": CONTAINER, "Names": ["/shop-loki-1"], "State": "running", "Status": "Up",
                              "Image": "grafana/loki:1", "ImageID": "sha256:11", "Labels":
                              {"com.docker.compose.service": "loki", "com.docker.compose.project": "shop"}}],
        f"/containers/{CONTAINER}/json": {"State": {"Status": "running", "Running": True},
                                          "Config": {"Image": "grafana/loki:1"}},
    }

    class Engine(Handler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            if path.endswith("/logs"):
                self.answer(frames(log), "application/octet-stream")
            else:
                known = answers.get(path)
                self.answer(json.dumps(known or {}).encode(), status=200 if known else 404)

    with serving(Engine) as server:
        yield {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"}


def compared(report):
    """What two reports of the same evidence have in common."""
    parts = json.loads(report)
    return [parts[key] for key in ("at", "seconds", "verdict", "counts", "checks", "ledger")]


class BundleCase(HealthCase):
    def unpacked(self, name="b.tar.gz"):
        with tarfile.open(self.root / name) as archive:
            self.assertTrue(all(one.isfile() for one in archive))
            return {one.name.removeprefix("obsctl-health/"): archive.extractfile(one).read() for one in archive}

    def stack(self):
        done = obsctl("init", "--dir", "shop", "--tier", "small", "--tls", "self-signed", "--auth", "bearer",
                      cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.root / "shop"


class Archive(BundleCase):
    def secrets_of(self, shop):
        """Every secret of the stack by its place; those that are given are put there."""
        own = shop / "configs/otel-collector"
        (own / "own.yaml").write_text(OWN)
        (shop / "secrets/mine.env").write_text(f"# Mine.\nMINE={GIVEN['secrets/mine.env']}\n")
        (shop / ".env").write_text(f"ANY_NAME={GIVEN['.env']}\n")
        outside = self.root / "outside.yaml"
        outside.write_text(f"plain: {GIVEN['linked']}\n")
        (own / "link.yaml").symlink_to(outside)
        (shop / "configs/closed").symlink_to(self.root)
        closed = own / "closed.yaml"
        closed.write_text(f"plain: {GIVEN['owner only']}\n")
        closed.chmod(0o600)
        out = dict(GIVEN)
        for path in [*(shop / "secrets").iterdir(), *(shop / "tls").glob("*.key")]:
            for line in path.read_text().splitlines():
                if not line.startswith(("#", "-----")):
                    # The values of variables, the lines of a private key.
                    key, sign, value = line.partition("=")
                    out[f"{path.name}: {line}"] = value if sign and key.isupper() else line
        return out

    def assert_none_in(self, secrets, files):
        self.assertGreater(len(secrets), len(GIVEN) + 5)
        everything = b"\n".join(files.values())
        for place, secret in secrets.items():
            for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")):
                self.assertNotIn(form.encode(), everything, place)
            for before in (b"u:", b"us:", b"use:"):
                whole = base64.b64encode(before + secret.encode()).decode()
                self.assertNotIn(whole.encode(), everything, place)

    def test_no_secret_of_the_stack_is_in_it(self):
        shop = self.stack()
        secrets = self.secrets_of(shop)
        known = GIVEN["secrets/mine.env"]
        log = "\n".join((f"level=info user=a password={GIVEN['log']} b=c",
                         f"header: Bearer {GIVEN['log bearer']}",
                         f"plain {known} and {base64.b64encode(b'admin:' + known.encode()).decode()}",
                         "caller=compactor.go msg=\"a harmless line\""))
        with engine(log) as there:
            done = self.health("--bundle", self.root / "b.tar.gz", *SAMPLE, cwd=shop, env=there, code=3)
        self.assertIn("obsctl: wrote the support archive", done.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(self.root / "b.tar.gz").st_mode), 0o600)
        files = self.unpacked()
        self.assert_none_in(secrets, files)
        log = files["logs/shop-loki-1.log"].decode()
        self.assertTrue(log.startswith("2026-11-26T02:54:04Z level=info user=a password=REDACTED b=c\n"), log)
        self.assertIn('msg="a harmless line"\n', log)
        own = files["stack/configs/otel-collector/own.yaml"].decode()
        self.assertIn("endpoint: https://REDACTED@collector.example.com:4318\n", own)
        self.assertIn('key_pem: "${env:OWN_KEY}"\n', own)
        self.assertIn("password: REDACTED\n    timeout: 5s\n", own)
        self.assertEqual(files["stack/.env"], b"ANY_NAME=REDACTED\n")
        # What is no secret is as it was.
        for path in ("obsctl.yaml", "docker-compose.yml", "configs/loki/config.yaml"):
            self.assertEqual(files[f"stack/{path}"], (shop / path).read_bytes(), path)
        self.assertFalse([path for path in files if path.startswith(("stack/secrets", "stack/tls"))])

    def test_it_says_what_it_has_and_what_not(self):
        shop = self.stack()
        self.secrets_of(shop)
        (shop / "configs/large").write_bytes(b"x" * 600_000)
        (shop / "configs/binary").write_bytes(b"\xff\xfe")
        with engine("one") as there:
            done = self.health("--bundle", self.root / "b.tar.gz", *SAMPLE, cwd=shop, env=there, code=3)
        files = self.unpacked()
        about = json.loads(files["bundle.json"])
        self.assertEqual(about["schema"], "obsctl.health.bundle/v1")
        self.assertEqual(about["engine"]["version"], "20.10.24")
        self.assertEqual(about["containers"][0]["image_id"], "sha256:11")
        self.assertIn("loki", [one["component"] for one in about["components"]])
        left_out = {one["path"]: one["why"] for one in about["left_out"]}
        self.assertEqual(left_out["stack/configs/large"], "it is too large")
        self.assertEqual(left_out["stack/configs/binary"], "it is no text")
        self.assertEqual(left_out["stack/configs/otel-collector/closed.yaml"], "only its owner may read it")
        self.assertEqual(files["report.txt"].splitlines()[0].decode(), done.stdout.splitlines()[0])
        self.assertEqual(json.loads(files["report.json"])["schema"], "obsctl.health/v1")

    def test_the_password_of_a_given_address_is_not_in_it(self):
        secret = "addresspassword-1a2b"
        with serving(program(200, METRICS + f'seen{{by="{secret}"}} 1\n'.encode())) as server:
            url = server.url.replace("//", f"//someone:{secret}@")
            self.health("--endpoint", f"otel-collector={url}", *SAMPLE, "--bundle", "b.tar.gz", "--fail-on", "never",
                        code=4)
        files = self.unpacked()
        self.assertIn(b'"by": "REDACTED"', files["evidence.json"])
        self.assertNotIn(secret.encode(), b"".join(files.values()))

    def test_a_stack_in_trouble(self):
        shop = self.stack()
        (shop / ".obsctl/manifest.json").write_text("damaged")
        self.health("--bundle", "b.tar.gz", *SAMPLE, cwd=shop, env={"DOCKER_HOST": "tcp://127.0.0.1:1"}, code=3)
        files = self.unpacked("shop/b.tar.gz")
        self.assertIn("stack/obsctl.yaml", files)
        self.assertIn("stack/configs/loki/config.yaml", files)
        self.assertEqual({one["path"]: one["why"].partition(" ")[0]
                          for one in json.loads(files["bundle.json"])["left_out"]}, {"stack": "the", "logs": "no"})

    def test_a_secret_that_cannot_be_looked_for_is_an_error(self):
        shop = self.stack()
        (shop / "secrets/large").write_bytes(b"x" * (17 << 20))
        done = self.health("--bundle", "b.tar.gz", *SAMPLE, cwd=shop, code=2)
        self.assertIn("secrets/large' is larger than 16 MiB", done.stderr)
        self.assertFalse((shop / "b.tar.gz").exists())

    def test_a_file_that_is_there_stays_unless_forced(self):
        kind = program()
        with self.running(kind) as who:
            (self.root / "b").write_text("mine")
            done = self.health(*who, "--bundle", "b", code=2)
            self.assertIn("'b' is there already", done.stderr)
            done = self.health(*who, "--bundle", "nowhere/b", code=4)
            self.assertIn("hint: make that folder (`mkdir -p 'nowhere'`)", done.stderr)
            self.assertEqual(((self.root / "b").read_text(), kind.asked), ("mine", []))
            self.health(*who, "--bundle", "b", "--force", code=0)
        self.assertIn("evidence.json", self.unpacked("b"))


class Judged(BundleCase):
    def test_the_report_is_the_same_without_the_programs(self):
        for status, code in ((200, 0), (503, 3)):
            with self.subTest(status):
                with self.running(program(status)) as who:
                    live = self.health(*who, "--bundle", "b", "--force", "-o", "json", code=code).stdout
                again = self.health("--from", "b", "--only", "SVC-002", "-o", "json", code=code).stdout
                self.assertEqual(compared(again), compared(live))
                report = json.loads(again)
                self.assertEqual(report["subject"], f"{json.loads(live)['subject']}, recorded {report['at']}")

    def test_a_stack_is_judged_elsewhere(self):
        shop = self.stack()
        with engine("level=error msg=\"a line\"") as there:
            live = self.health("--bundle", self.root / "b", "-o", "json", *SAMPLE, cwd=shop, env=there, code=3).stdout
            diagnosis = self.health("diagnose", "--from", self.root / "b", code=3).stdout
        (self.root / "evidence").write_bytes(self.unpacked("b")["evidence.json"])
        for name in ("b", "evidence"):
            self.assertEqual(compared(self.health("--from", name, "-o", "json", code=3).stdout), compared(live))
            self.assertEqual(self.health("diagnose", "--from", name, code=3).stdout, diagnosis)
        self.assertRegex(self.health("--from", "b", code=3).stdout, r"^shop, recorded \d{4}-\S+Z: \d+ errors")
        done = self.health("--from", "b", "-o", "nagios", code=2)
        self.assertTrue(done.stdout.startswith("CRITICAL - "), done.stdout)
        self.assertIn("SVC-002", self.health("--from", "b", "--list", code=0).stdout)

    def test_what_is_no_evidence_is_refused(self):
        (self.root / "text").write_text("hello")
        (self.root / "other").write_text('{"schema": "obsctl.health/v1"}')
        with tarfile.open(self.root / "tar", "w:gz") as archive:
            entry = tarfile.TarInfo("../evidence.json")
            entry.size = 2
            archive.addfile(entry, io.BytesIO(b"{}"))
        self.health("--from", "none", code=4)
        for name in ("text", "other", "tar"):
            for command in ((), ("diagnose",)):
                done = self.health(*command, "--from", name, code=2)
                self.assertIn(f"'{name}' is no evidence of health: ", done.stderr)
                self.assertIn("--bundle", done.stderr)

    def test_flags_that_do_not_go_together(self):
        for flags in (("--from", "x", "--dir", "."), ("--from", "x", "--bundle", "y"), ("--from", "x", "--wait", "1s"),
                      ("--from", "x", "--probe"), ("--bundle", "x", "--list"), ("--force",)):
            self.health(*flags, code=2)


if __name__ == "__main__":
    unittest.main()
