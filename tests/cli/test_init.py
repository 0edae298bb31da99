# SPDX-License-Identifier: Apache-2.0
"""What `obsctl init` promises on a real disk: idempotence, edits, names, secrets, errors, kills, full disks."""

import datetime
import fcntl
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

from support import BINARY, obsctl


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def snapshot(directory):
    """Every regular file below a directory except obsctl's lock: path → digest and mode."""
    return {path.relative_to(directory).as_posix():
            (hashlib.sha256(path.read_bytes()).hexdigest(), mode(path))
            for path in sorted(directory.rglob("*"))
            if path.is_file() and not path.as_posix().endswith("/.obsctl/lock")}


def active(path):
    """The lines of a YAML file that say something: no comment, and no section without a value below it."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    following = [*lines[1:], ""]
    return [line for line, after in zip(lines, following)
            if line.startswith(" ") or not line.endswith(":") or after.startswith(" ")]


class InitCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-init-"))
        self.addCleanup(shutil.rmtree, self.root, True)
        self.stack = self.root / "stack"

    def init(self, *args, code=0, **kwargs):
        done = obsctl("init", *args, cwd=self.root, **kwargs)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def fresh(self, *args):
        return self.init("--tier", "small", "--dir", "stack", *args)

    def refused(self, *args, expect, code=2, **kwargs):
        """Runs init, which must fail with these texts on stderr and leave everything as it was."""
        before = snapshot(self.root)
        done = self.init(*args, code=code, **kwargs)
        for text in expect:
            self.assertIn(text, done.stderr)
        self.assertEqual(snapshot(self.root), before)
        return done


class Generating(InitCase):
    def test_a_new_stack_says_what_to_do_next(self):
        done = self.fresh()
        self.assertEqual(done.stderr, "")
        self.assertIn("files created", done.stdout)
        self.assertIn("\n  Grafana  http://localhost:3000 (login admin, password in stack/secrets/grafana.env)\n",
                      done.stdout)
        self.assertNotIn("login admin", self.init("--tier", "small", "--dir", "closed", "--port", "grafana=0").stdout)
        self.assertIn("cd stack", done.stdout)
        self.assertIn("docker compose up -d", done.stdout)
        password = (self.stack / "secrets/grafana.env").read_text().split("PASSWORD=")[1].strip()
        self.assertGreaterEqual(len(password), 24)
        self.assertNotIn(password, done.stdout)
        for name in ("docker-compose.yml", "obsctl.yaml", ".obsctl/manifest.json", ".gitignore"):
            self.assertTrue((self.stack / name).is_file(), name)
        self.assertEqual(sorted(p.name for p in self.root.iterdir()), ["closed", "stack"])

    def test_a_password_on_an_open_port_is_said(self):
        note = "Grafana's password travels unencrypted"
        self.assertNotIn(note, self.fresh().stdout)
        opened = ("--tier", "small", "--bind-ui", "0.0.0.0")
        done = self.init("--dir", "open", *opened)
        self.assertIn(f"{note}: --tls self-signed encrypts it", done.stdout)
        self.assertNotIn(note, self.init("--dir", "unseen", "--port", "grafana=0", *opened).stdout)
        done = self.init("--dir", "encrypted", "--tls", "self-signed", *opened)
        self.assertNotIn(note, done.stdout)
        self.assertIn("Grafana  https://localhost:3000", done.stdout)

    def test_open_receivers_do_not_open_the_dashboards_and_say_so(self):
        note = "Grafana stays on 127.0.0.1, for this host alone"
        opened = ("--tier", "small", "--bind", "0.0.0.0", "--auth", "bearer", "--tls", "self-signed")
        done = self.init("--dir", "open", *opened)
        self.assertIn(f"{note}: --bind-ui 0.0.0.0 publishes it", done.stdout)
        self.assertIn('"127.0.0.1:3000:3000"', (self.root / "open/docker-compose.yml").read_text())
        self.assertIn("ssh -L 3000:127.0.0.1:3000 this-host", (self.root / "open/OPERATIONS.md").read_text())
        self.assertNotIn(note, self.init("--dir", "decided", "--bind-ui", "127.0.0.1", *opened).stdout)
        self.assertNotIn(note, self.init("--dir", "cluster", "--target", "helm", *opened).stdout)

    def test_a_secret_reaches_its_reader_as_it_stands_in_the_file(self):
        self.fresh("--auth", "bearer")
        script = self.script_of_volume_init()
        work = self.root / "volumes"
        for line, value in (("OTLP_AUTH_TOKEN=old\nOTLP_AUTH_TOKEN=a=b $HOME 'c'\r\n", "a=b $HOME 'c'"),
                            ("# x\nexport OTLP_AUTH_TOKEN=\"quoted\"", "quoted"),
                            ("OTLP_AUTH_TOKEN='quoted'\n", "quoted")):
            (self.stack / "secrets/otlp.env").write_bytes(line.encode())
            folder = work / "otel-collector-secrets"
            folder.mkdir(parents=True, exist_ok=True)
            # Who could write here before must not lead the copy elsewhere.
            (folder / "OTLP_AUTH_TOKEN.new").symlink_to(self.root / "elsewhere")
            done = self.run_volume_init(script, work)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((folder / "OTLP_AUTH_TOKEN").read_text(), value)
            self.assertEqual(mode(folder / "OTLP_AUTH_TOKEN"), 0o400)
            self.assertFalse((self.root / "elsewhere").exists())
        (self.stack / "secrets/otlp.env").write_text("OTLP_AUTH_TOKEN=\n")
        done = self.run_volume_init(script, work)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("OTLP_AUTH_TOKEN in secrets/otlp.env is empty or missing", done.stderr)

    def script_of_volume_init(self):
        """As Compose reads it."""
        lines = (self.stack / "docker-compose.yml").read_text().splitlines()
        start = next(n for n, line in enumerate(lines) if line.endswith("umask 077"))
        end = next(n for n in range(start, len(lines)) if not lines[n].startswith(" " * 8))
        return "\n".join(line[8:] for line in lines[start:end]).replace("$$", "$")

    def run_volume_init(self, script, volumes):
        """Here instead of in its container, where it may give files away."""
        script = script.replace("/volumes/", f"{volumes}/").replace("/from/", f"{self.stack}/")
        for name in ("jaeger-data", "otel-collector-storage", "grafana-secrets"):
            (volumes / name).mkdir(parents=True, exist_ok=True)
        return subprocess.run(["sh", "-euc", f"chown() {{ :; }}\n{script}"], text=True, capture_output=True,
                              check=False)

    def test_an_error_names_the_flag_that_was_given(self):
        self.refused("--tier", "small", "--dir", "stack", "--traces", "bogus", expect=["for '--traces'"])
        self.refused("--tier", "small", "--dir", "stack", "--set", "traces.backend=bogus",
                     expect=["for 'traces.backend'"])
        self.refused("--tier", "small", "--dir", "stack", "--port", "bogus=1",
                     expect=["no port 'bogus' for '--port'"])
        self.refused("--tier", "small", "--dir", "stack", "--port", "grafana=x", expect=["'--port grafana'"])

    def test_secrets_are_private_random_and_kept(self):
        self.fresh("--auth", "bearer")
        secrets = self.stack / "secrets"
        self.assertEqual(mode(secrets), 0o700)
        first = {p.name: p.read_bytes() for p in secrets.iterdir()}
        self.assertEqual({mode(p) for p in secrets.iterdir()}, {0o600})
        (secrets / "grafana.env").chmod(0o644)
        self.init("--dir", "stack", "--keep", "30%")
        self.assertEqual({p.name: p.read_bytes() for p in secrets.iterdir()}, first)
        self.assertEqual(mode(secrets / "grafana.env"), 0o600)
        self.init("--tier", "small", "--dir", "other", "--auth", "bearer")
        for name, content in first.items():
            self.assertNotEqual((self.root / "other/secrets" / name).read_bytes(), content)

    def test_the_umask_keeps_others_out_but_not_the_containers(self):
        subprocess.run(["sh", "-c", f"umask 077; '{BINARY}' init --tier small --dir stack -q"],
                       cwd=self.root, check=True)
        self.assertEqual(mode(self.stack / "docker-compose.yml"), 0o644)
        self.assertEqual(mode(self.stack), 0o700)
        self.assertEqual(mode(self.stack / "obsctl.yaml"), 0o600)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.init("--dir", "stack", "--keep", "30%")
        self.assertEqual(mode(self.stack / "obsctl.yaml"), 0o600)

    def test_what_came_with_a_directory_is_said_before_it_is_used(self):
        (self.stack / "secrets").mkdir(parents=True)
        (self.stack / "secrets/grafana.env").write_text("GF_SECURITY_ADMIN_PASSWORD=known\n")
        template = self.stack / ".obsctl/templates/targets/compose/docker-compose.yml"
        template.parent.mkdir(parents=True)
        template.write_text("services: {}\n")
        notes = ("obsctl: templates of this directory are used: 1 file in .obsctl/templates\n",
                 "obsctl: kept secrets that were already here: secrets/grafana.env; ")
        done = self.fresh("--dry-run")
        self.assertFalse((self.stack / "docker-compose.yml").exists())
        for note in notes:
            self.assertIn(note, done.stderr)
        self.fresh()
        again = self.init("--dir", "stack").stderr
        self.assertIn(notes[0], again)
        self.assertNotIn("kept secrets", again)
        named = json.loads(self.init("--dir", "stack", "-o", "json").stdout)["notes"]
        self.assertIn("templates of this directory are used: 1 file in .obsctl/templates", named)

    def test_an_empty_directory_name_is_refused(self):
        self.refused("--tier", "small", "--dir", "", expect=["'--dir' is empty"])

    def test_a_limit_of_the_file_size_is_an_error_and_leaves_nothing(self):
        done = subprocess.run(["sh", "-c", f"ulimit -f 8; '{BINARY}' init --tier small --dir stack"],
                              cwd=self.root, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_same_spec_same_bytes(self):
        self.fresh()
        self.init("--tier", "small", "--dir", "again", "--name", "stack")
        one, two = snapshot(self.stack), snapshot(self.root / "again")
        for name in ("secrets/grafana.env",):
            one.pop(name), two.pop(name)
        self.assertEqual(one, two)

    def test_running_again_changes_nothing_at_all(self):
        self.fresh()
        times = {p: p.stat().st_mtime_ns for p in self.stack.rglob("*") if p.is_file()}
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.assertIn("up to date", obsctl("init", cwd=self.stack).stdout)
        times.pop(self.stack / ".obsctl/lock", None)
        self.assertEqual({p: p.stat().st_mtime_ns for p in times}, times)

    def test_quiet_dry_run_and_json(self):
        self.assertEqual(self.fresh("-q").stdout, "")
        done = self.refused("--dir", "stack", "--retention-logs", "14d", "--dry-run", expect=[], code=0)
        self.assertIn("update", done.stdout)
        self.assertIn("nothing has been written", done.stdout)
        new = json.loads(self.refused("--tier", "small", "--dir", "new", "-n", "-o", "json", code=0,
                                      expect=[]).stdout)
        self.assertEqual((new["schema"], new["written"]), ("obsctl.init/v1", False))
        self.assertEqual(new["counts"]["create"], len(new["files"]))
        self.assertIn("secrets/grafana.env", new["secrets"])
        self.assertFalse((self.root / "new").exists())

    def test_a_diff_can_be_applied_and_shows_no_secret(self):
        self.fresh()
        copy = self.root / "copy"
        shutil.copytree(self.stack, copy)
        done = self.init("--dir", "stack", "--retention-logs", "14d", "--auth", "bearer", "--diff")
        self.assertIn("+++ b/obsctl.yaml", done.stdout)
        self.assertIn("(content not shown)", done.stdout)
        self.assertNotIn("OTLP_AUTH_TOKEN=" + "A", done.stdout)
        subprocess.run(["patch", "-s", "-p1"], cwd=copy, input=done.stdout, text=True, check=True)
        self.init("--dir", "stack", "--retention-logs", "14d", "--auth", "bearer")
        for path in self.stack.rglob("*"):
            name = path.relative_to(self.stack)
            if path.is_file() and name.parts[0] not in (".obsctl", "secrets"):
                self.assertEqual(path.read_bytes(), (copy / name).read_bytes(), name)

    def test_a_file_that_is_not_needed_any_more_goes(self):
        self.fresh("--metrics", "victoriametrics")
        with_vm = set(snapshot(self.stack))
        done = self.init("--dir", "stack", "--metrics", "prometheus")
        gone = with_vm - set(snapshot(self.stack))
        for name in gone:
            self.assertIn(name, done.stdout)

    def test_a_directory_goes_with_its_last_file_and_stays_with_one_of_the_users(self):
        self.fresh("--logs", "loki")
        self.assertTrue((self.stack / "configs/loki").is_dir())
        self.init("--dir", "stack", "--logs", "victorialogs")
        self.assertFalse((self.stack / "configs/loki").exists())
        self.init("--dir", "stack", "--logs", "loki")
        mine = self.stack / "configs/loki/mine.yaml"
        mine.write_text("a: b\n")
        self.init("--dir", "stack", "--logs", "victorialogs")
        self.assertEqual(list(mine.parent.iterdir()), [mine])

    def test_a_spec_from_standard_input_and_precedence(self):
        spec = "tier: small\ntraces:\n  keep: 20%\n  slow_threshold: 700ms\n"
        self.init("--spec", "-", "--dir", "stack", "--set", "traces.keep=30%", "--keep", "40%",
                  stdin=spec)
        written = (self.stack / "obsctl.yaml").read_text()
        self.assertIn("keep: 40%", written)
        self.assertIn("slow_threshold: 700ms", written)


class Asked(InitCase):
    """obsctl.yaml holds what was asked for, so that better defaults of a later obsctl arrive."""

    def setUp(self):
        super().setUp()
        self.spec = self.stack / "obsctl.yaml"

    def test_only_the_tier_and_what_was_given(self):
        self.fresh()
        head = ["schema: obsctl.stack/v1", "name: stack", "tier: small"]
        self.assertEqual(active(self.spec), head)
        self.assertIn("\n  # keep: 10%\n", self.spec.read_text())
        self.init("--dir", "stack", "--retention-logs", "14d")
        self.assertEqual(active(self.spec), [*head, "logs:", "  retention: 14d"])
        self.init("--dir", "stack", "--set", "traces.keep=10%")  # a default that is asked for stays
        self.assertEqual(active(self.spec), [*head, "traces:", "  keep: 10%", "logs:", "  retention: 14d"])
        self.assertIn("up to date", self.init("--dir", "stack").stdout)

    def test_any_line_can_be_uncommented_and_commented_out_again(self):
        self.fresh()
        before = self.spec.read_text()
        compose = (self.stack / "configs/otel-collector/config.yaml").read_text()
        self.spec.write_text(before.replace("  # keep: 10%", "  keep: 30%"))
        self.init("--dir", "stack")
        self.assertIn("  keep: 30%", active(self.spec))
        self.assertNotEqual((self.stack / "configs/otel-collector/config.yaml").read_text(), compose)
        self.spec.write_text(before)
        self.init("--dir", "stack")
        self.assertEqual(self.spec.read_text(), before)
        self.assertEqual((self.stack / "configs/otel-collector/config.yaml").read_text(), compose)

    def test_a_file_with_every_default_written_out_is_left_as_it_is(self):
        self.fresh()
        frozen = "".join(line.replace("# ", "", 1) if ": " in line and "(" not in line else line
                         for line in self.spec.read_text().splitlines(keepends=True)[4:])
        self.spec.write_text(frozen)
        self.assertIn("  keep: 10%", active(self.spec))
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.init("--dir", "stack", "--keep", "20%")
        self.assertEqual(self.spec.read_text(), frozen.replace("keep: 10%", "keep: 20%"))

    def test_the_file_always_names_the_tier(self):
        self.init("--spec", "-", "--dir", "stack", stdin="traces:\n  keep: 20%\n")
        self.assertIn("tier: small", active(self.spec))
        self.spec.write_text("# ours\ntraces:\n  keep: 20%\n")
        self.init("--dir", "stack")
        self.assertEqual(self.spec.read_text(), "tier: small\n# ours\ntraces:\n  keep: 20%\n")

    def test_a_certificate_goes_with_its_setting(self):
        self.fresh("--tls", "self-signed")
        before = self.spec.read_text()
        for setting in ("tls_cert", "tls_key"):
            self.assertIn(f"  # {setting}: ''\n", before)
        self.spec.write_text(before.replace("  # tls_cert: ''", '  tls_cert: "/a"  # ours')
                             .replace("  # tls_key: ''", '  tls_key: "/b"'))
        self.init("--dir", "stack", "--tls", "off")
        self.assertEqual(active(self.spec)[3:], ["security:", "  tls: 'off'"])
        self.assertIn('  # tls_cert: "/a"  # ours\n', self.spec.read_text())


class Versions(InitCase):
    def test_what_changed_with_a_newer_version_is_said_once(self):
        self.fresh()
        manifest = self.stack / ".obsctl/manifest.json"
        known = json.loads(manifest.read_text())
        self.assertRegex(known["components"]["prometheus"], r"^3\.")
        known["components"]["prometheus"] = "3.14.0"
        manifest.write_text(json.dumps(known))
        said = self.init("--dir", "stack", "--retention-logs", "14d").stdout
        self.assertIn("(was 3.14.0): --log.level; now runtime.log_level. The flag is deprecated", said)
        self.assertNotIn("storage.tsdb.retention", said)  # older than what ran
        self.assertNotIn("was 3.14.0", self.init("--dir", "stack", "--retention-logs", "7d").stdout)


class Editing(InitCase):
    """What becomes of edits: kept, merged, or the new version beside them; the rest is always applied."""

    def edit(self, name, old, new):
        path = self.stack / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))
        return path

    def test_an_edited_file_is_kept_silently_while_there_is_nothing_new_for_it(self):
        self.fresh()
        file = self.edit("configs/loki/config.yaml", "auth_enabled", "# mine\nauth_enabled")
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        done = self.init("--dir", "stack", "--retention-traces", "3d")
        self.assertNotIn("loki", done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertIn("# mine", file.read_text())
        self.assertIn("spans: 72h", (self.stack / "configs/jaeger/config.yaml").read_text())
        rows = json.loads(self.init("--dir", "stack", "-o", "json").stdout)["files"]
        self.assertIn({"path": "configs/loki/config.yaml", "action": "keep", "reason": "edited"}, rows)
        self.assertIn("(edited)", self.init("--dir", "stack", "-v").stdout)

    def test_edits_and_a_new_version_are_merged(self):
        self.fresh()
        file = self.stack / "configs/jaeger/config.yaml"
        file.write_text("# mine\n" + file.read_text())
        asked = ("--dir", "stack", "--retention-traces", "3d")
        before = snapshot(self.stack)
        self.assertIn("merge     configs/jaeger/config.yaml", self.init(*asked, "--dry-run").stdout)
        self.assertNotIn("-# mine", self.init(*asked, "--diff").stdout)
        self.assertEqual(snapshot(self.stack), before)
        self.assertIn("merge     configs/jaeger/config.yaml  (your edits and the new version)",
                      self.init(*asked).stdout)
        self.assertTrue(file.read_text().startswith("# mine\n"))
        self.assertIn("spans: 72h", file.read_text())
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.init("--dir", "stack", "--force")
        self.assertNotIn("# mine", file.read_text())

    def test_where_both_changed_the_same_lines_the_new_version_lies_beside_and_the_rest_is_applied(self):
        self.fresh("--retention-traces", "2d")
        file = self.edit("configs/jaeger/config.yaml", "spans: 48h", "spans: 50h")
        beside = file.with_name("config.yaml.new")
        asked = ("--dir", "stack", "--retention-traces", "3d")
        shown = self.init(*asked, "--diff", code=3)
        self.assertIn("-            spans: 50h\n+            spans: 72h\n", shown.stdout)
        self.assertIn("would be written", shown.stderr)
        self.assertFalse(beside.exists())
        done = self.init(*asked, code=3)
        self.assertIn("beside    configs/jaeger/config.yaml.new", done.stdout)
        self.assertIn("you and the new version changed the same lines", done.stderr)
        self.assertIn("diff -u stack/configs/jaeger/config.yaml stack/configs/jaeger/config.yaml.new", done.stderr)
        self.assertIn("spans: 50h", file.read_text())
        self.assertIn("spans: 72h", beside.read_text())
        self.assertIn("retention: 3d", (self.stack / "obsctl.yaml").read_text())
        again = self.init("--dir", "stack")
        self.assertIn("wait      configs/jaeger/config.yaml.new", again.stdout)
        self.assertEqual(again.stderr, "")
        beside.unlink()
        self.assertNotIn("config.yaml", self.init("--dir", "stack").stdout)
        self.assertIn("spans: 50h", file.read_text())

    def test_a_new_version_that_was_taken_over_is_the_file(self):
        self.fresh("--retention-traces", "2d")
        file = self.edit("configs/jaeger/config.yaml", "spans: 48h", "spans: 50h")
        self.init("--dir", "stack", "--retention-traces", "3d", code=3)
        file.with_name("config.yaml.new").rename(file)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.init("--dir", "stack", "--retention-traces", "4d")
        self.assertIn("spans: 96h", file.read_text())

    def test_a_merge_that_no_program_could_read_is_not_written(self):
        self.fresh()
        broken = self.stack / "configs/jaeger/config.yaml"
        broken.write_text("mine: [\n" + broken.read_text())
        self.init("--dir", "stack", "--retention-traces", "3d", code=3)
        self.assertTrue(broken.read_text().startswith("mine: [\n"))
        self.assertTrue(broken.with_name("config.yaml.new").exists())

    def test_an_edited_file_of_a_component_that_goes_is_left_to_its_owner(self):
        self.fresh()
        file = self.stack / "configs/loki/config.yaml"
        file.write_text(file.read_text() + "# mine\n")
        done = self.init("--dir", "stack", "--logs", "victorialogs")
        self.assertIn("release   configs/loki/config.yaml  (no longer part of the stack; it was edited and is yours",
                      done.stdout)
        self.assertTrue(file.exists())
        self.assertNotIn("loki/config.yaml", self.init("--dir", "stack", "-v").stdout)

    def test_a_deleted_file_comes_back_and_a_directory_in_its_place_stops_only_itself(self):
        self.fresh()
        file = self.stack / "configs/loki/config.yaml"
        file.unlink()
        self.assertIn("was generated before and is missing", self.init("--dir", "stack").stdout)
        file.unlink()
        file.mkdir()  # as an engine does for a mount that is not there
        done = self.init("--dir", "stack", "--retention-traces", "3d", code=3)
        self.assertIn("a directory is in its place", done.stderr)
        self.assertIn("spans: 72h", (self.stack / "configs/jaeger/config.yaml").read_text())
        file.rmdir()
        self.init("--dir", "stack")
        self.assertTrue(file.is_file())

    def test_files_of_the_user_are_never_touched(self):
        self.stack.mkdir()
        (self.stack / "notes.txt").write_text("mine")
        self.fresh()
        (self.stack / "configs/prometheus/rules/mine.yml").write_text("groups: []\n")
        self.init("--dir", "stack", "--retention-logs", "14d", "--force")
        self.assertEqual((self.stack / "notes.txt").read_text(), "mine")
        self.assertTrue((self.stack / "configs/prometheus/rules/mine.yml").exists())

    def test_files_of_ones_own_are_made_once_and_never_written_over(self):
        self.fresh()
        own = self.stack / "configs/otel-collector/own.yaml"
        fragment = own.read_text() + "receivers: {otlp/own: {protocols: {http: }}}\n"
        own.write_text(fragment)
        mine = [self.stack / "configs" / name for name in (
            "prometheus/scrape.d/shop.yml", "prometheus/rules.d/shop.yml", "grafana/own-dashboards/shop.json",
            "grafana/provisioning/datasources/shop.yaml")]
        for path in mine:
            self.assertTrue(path.parent.is_dir(), path)
            path.write_text("{}")
        (self.stack / "docker-compose.override.yml").write_text("services: {}\n")
        labels = re.findall("obsctl.config: .*", (self.stack / "docker-compose.yml").read_text())
        self.init("--dir", "stack", "--force")
        self.init("--dir", "stack", "--name", "other", "--force")
        self.init("--dir", "stack", "--name", "stack", "--force")
        self.assertEqual(own.read_text(), fragment)
        self.assertEqual({path.read_text() for path in mine}, {"{}"})
        self.assertEqual((self.stack / "docker-compose.override.yml").read_text(), "services: {}\n")
        self.assertEqual(re.findall("obsctl.config: .*", (self.stack / "docker-compose.yml").read_text()), labels)
        own.unlink()  # the collector does not start without it
        self.init("--dir", "stack")
        self.assertNotIn("otlp/own", own.read_text())

    def test_beside_a_foreign_file_lies_the_generated_one(self):
        self.stack.mkdir()
        (self.stack / "docker-compose.yml").write_text("services: {}\n")
        done = self.init("--tier", "small", "--dir", "stack", code=3)
        self.assertIn("docker-compose.yml.new  (the file there was not generated by obsctl)", done.stderr)
        self.assertEqual((self.stack / "docker-compose.yml").read_text(), "services: {}\n")
        self.assertTrue((self.stack / "configs/loki/config.yaml").exists())
        (self.stack / "docker-compose.yml.new").rename(self.stack / "docker-compose.yml")
        self.assertIn("up to date", self.init("--dir", "stack").stdout)

    def test_obsctl_yaml_keeps_the_comments_of_the_user(self):
        self.fresh()
        spec = self.stack / "obsctl.yaml"
        spec.write_text(spec.read_text().replace("  # keep: 10%", "  keep: 15%  # agreed with finance"))
        self.init("--dir", "stack")
        self.assertIn("keep: 15%  # agreed with finance", spec.read_text())
        self.init("--dir", "stack", "--keep", "20%", "--retention-logs", "14d")
        self.assertIn("keep: 20%  # agreed with finance", spec.read_text())
        self.assertIn("\n  retention: 14d\n", spec.read_text())

    def test_a_second_writer_is_told(self):
        self.fresh()
        (self.stack / ".obsctl/lock").touch()
        with open(self.stack / ".obsctl/lock", "r+", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refused("--dir", "stack", "--keep", "20%", code=1,
                         expect=["is locked by another obsctl"])
            self.init("--dir", "stack", "--keep", "20%", "--dry-run")
        self.init("--dir", "stack", "--keep", "20%")


class Names(InitCase):
    def name(self, directory="stack"):
        return re.search("^name: (.*)$", (self.root / directory / "docker-compose.yml").read_text(), re.M)[1]

    def test_a_new_stack_is_called_after_its_directory(self):
        for directory, name in (("blue", "blue"), ("My Shop_2.0", "my-shop-2-0"), ("2024", "stack-2024"),
                                ("...", "observability"), ("x" * 45, "x" * 40), (f"{'y' * 39}-z", "y" * 39)):
            with self.subTest(directory=directory):
                self.init("--tier", "small", "--dir", directory, "-q")
                self.assertEqual(self.name(directory), name)
        self.init("--tier", "small", "--dir", "blue/../green/", "-q")
        self.assertEqual(self.name("green"), "green")
        here = self.root / "here"
        here.mkdir()
        self.assertEqual(obsctl("init", "--tier", "small", cwd=here).returncode, 0)
        self.assertEqual(self.name("here"), "here")
        self.init("--tier", "small", "--dir", "red", "--name", "shop")
        self.assertEqual(self.name("red"), "shop")

    def test_a_stack_keeps_its_name_when_its_directory_is_moved_or_its_obsctl_yaml_is_lost(self):
        self.fresh()
        moved = self.stack.rename(self.root / "moved")
        self.assertIn("up to date", self.init("--dir", "moved").stdout)
        (moved / "obsctl.yaml").unlink()
        self.init("--dir", "moved", "--tier", "small")
        self.assertEqual(self.name("moved"), "stack")
        self.assertIn("name: stack", active(moved / "obsctl.yaml"))


class Templates(InitCase):
    def test_exported_templates_replace_the_built_in_ones(self):
        self.init("--export-templates", "mine")
        self.fresh("--template-dir", "mine")
        self.init("--tier", "small", "--dir", "plain", "--name", "stack")
        self.assertEqual((self.stack / "docker-compose.yml").read_bytes(),
                         (self.root / "plain/docker-compose.yml").read_bytes())
        template = self.root / "mine/targets/compose/docker-compose.yml"
        template.write_text("# ours\n" + template.read_text())
        self.init("--dir", "stack", "--template-dir", "mine")
        self.assertTrue((self.stack / "docker-compose.yml").read_text().startswith("# ours\n"))
        self.refused("--export-templates", "mine", expect=["targets/compose/docker-compose.yml", "--force"])
        own = self.stack / ".obsctl/templates/targets/compose"
        own.mkdir(parents=True)
        shutil.copy(template, own)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)

    def test_alerts_and_pages_can_be_added_to_a_template_directory(self):
        loki = self.root / "mine/components/loki"
        pages = self.root / "mine/catalog/dashboards"
        for folder in (loki, pages):
            folder.mkdir(parents=True)
        (loki / "alerts.yaml").write_text(
            "alerts:\n  Quiet:\n    severity: warning\n    expr: up{[% sel.loki %]} == 1\n    summary: s\n"
            "    description: d\n    runbook: See `[% cmd.logs_50.loki %]`.\n")
        self.refused("--tier", "small", "--dir", "stack", "--template-dir", "mine",
                     expect=["this tests no alert", "'LokiDown'", "alert 'Quiet' has no test",
                             "mine/components/loki/alerts.yaml:2:3"])
        (loki / "alerts.test.yaml").write_text("Quiet:\n  fires: {'up{[% sel.loki %]}': 1x40}\n"
                                               "  quiet: {'up{[% sel.loki %]}': 0x40}\n")
        (pages / "mine.yaml").write_text("uid: mine\ntitle: Mine\ndescription: d\npanels:\n"
                                         "  - {kind: stat, title: A, expr: up, description: d}\n")
        self.init("--tier", "small", "--dir", "stack", "--template-dir", "mine")
        rules = (self.stack / "configs/prometheus/rules/loki-alerts.yml").read_text()
        self.assertIn('up{job="loki"} == 1', rules)
        self.assertNotIn("LokiDown", rules)
        self.assertTrue((self.stack / "configs/grafana/dashboards/mine.json").exists())
        (loki / "alerts.yaml").rename(loki / "alert.yaml")
        self.refused("--dir", "stack", "--template-dir", "mine",
                     expect=["no built-in template", "did you mean 'components/loki/alerts.yaml'"])

    def test_a_component_is_a_folder(self):
        echo = self.root / "mine/components/echo"
        echo.mkdir(parents=True)
        (echo / "component.yaml").write_text(
            "title: Echo\nimage: example/echo\nversion: 1.0.0\nuid: 1000\npurpose: answers\n"
            "needs: [{capability: logs.store, carries: its logs, start: healthy}]\n"
            "environment: {LOGS: '[% providers.logs.store.endpoint %]'}\n"
            "configs: {mount: /etc/echo, files: [echo.yaml]}\n"
            "ports: [{name: echo, number: 8000, exposure: loopback, purpose: Echo}]\n"
            "probe: {port: echo, path: /, wget: true}\nmetrics: {port: echo}\n")
        (echo / "sizing.yaml").write_text("cpus: {floor: 0.1, source: x}\nmemory: {floor: 64MiB, source: x}\n")
        (echo / "echo.yaml").write_text("memory: [% self.memory_mib %]\n")
        self.init("--tier", "small", "--dir", "stack", "--template-dir", "mine", "--set", "stack.add=echo")
        compose = (self.stack / "docker-compose.yml").read_text()
        self.assertIn("image: example/echo:1.0.0", compose)
        self.assertIn("LOGS: 'http://loki:3100/otlp'\n", compose)
        self.assertIn("memory: 64M", compose)
        self.assertEqual((self.stack / "configs/echo/echo.yaml").read_text(), "memory: 64\n")
        self.assertIn('["echo:8000"]', (self.stack / "configs/prometheus/prometheus.yml").read_text())
        self.every_command_knows_echo("--template-dir", self.root / "mine")
        self.every_command_knows_echo(env={"OBSCTL_TEMPLATE_DIR": str(self.root / "mine")})
        shutil.copytree(self.root / "mine", self.stack / ".obsctl/templates")
        self.every_command_knows_echo()
        shutil.rmtree(self.stack / ".obsctl/templates")
        unknown = obsctl("size", cwd=self.stack)
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("there is no component 'echo'", unknown.stderr)
        good = (echo / "component.yaml").read_text()
        for text, key in (("purpose: '[% nope %]'", "purpose"), ("purpose: x\nenvironment: {A: '[% nope %]'}",
                                                               "environment.A")):
            (echo / "component.yaml").write_text(good.split("purpose:")[0] + text + "\n")
            self.refused("--dir", "stack", "--template-dir", "mine",
                         expect=["'nope'", f"in: {self.root}/mine/components/echo/component.yaml\n",
                                 f"filling in '{key}'"])
        (echo / "component.yaml").write_text("title: Echo\nimage: x\nversion: latest\nuid: 1\npurpos: x\n")
        self.refused("--dir", "stack", "--template-dir", "mine",
                     expect=["echo/component.yaml:5:1", "did you mean 'purpose'", "moves"])
        (echo / "component.yaml").write_text(good)
        (echo / "sizing.yaml").unlink()
        for name in ("Echo", "2echo", "my_echo"):
            shutil.copytree(echo, self.root / "mine/components" / name)
        refused = self.refused("--dir", "stack", "--template-dir", "mine",
                               expect=["mine/components/echo/sizing.yaml", "component 'echo' has no sizing.yaml",
                                       "memory: {floor: 64MiB, source: WHY}"])
        for name in ("Echo", "2echo", "my_echo"):
            self.assertIn(f"'{name}' cannot be a component's name", refused.stderr)
            self.assertIn(f"mine/components/{name}", refused.stderr)

    def every_command_knows_echo(self, *flags, env=None):
        for command, expect in ((("init", "--dry-run"), "would be"), (("size",), "echo"),
                                (("size", "--check"), "large enough"),
                                (("size", "--explain", "echo.memory"), "67.1 MB"),
                                (("loadgen", "--stack", ".", "--tier", "small", "--dry-run"), "4317")):
            with self.subTest(command=command, flags=flags, env=env):
                done = obsctl(*command, *map(str, flags), cwd=self.stack, env=env)
                self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
                self.assertIn(expect, done.stdout)

    def test_mistakes_in_templates_have_a_position(self):
        self.init("--export-templates", "mine")
        template = self.root / "mine/components/loki/config.yaml"
        good = template.read_text()
        for text, expect in (("a: 1\nb: [% nope %]\n", ["'nope'", "loki/config.yaml:2:4"]),
                             ("a: 1\n[%# tls %]\nb: 1\n", ["never closed", "loki/config.yaml:2:1"]),
                             ("a: 1\nb: 2\na: 3\n", ["duplicate key 'a'", "config.yaml:3:1",
                                                     "components/loki/config.yaml"])):
            with self.subTest(text=text):
                template.write_text(text)
                self.refused("--tier", "small", "--dir", "stack", "--template-dir", "mine",
                             expect=expect)
        template.write_text(good)
        template.rename(template.with_name("confg.yaml"))
        self.refused("--tier", "small", "--dir", "stack", "--template-dir", "mine",
                     expect=["no built-in template", "did you mean 'components/loki/config.yaml'"])
        self.refused("--tier", "small", "--dir", "stack", "--template-dir", "none",
                     expect=["there is no template directory 'none'"])


class Mistakes(InitCase):
    def test_each_is_named_with_a_hint_and_nothing_is_written(self):
        small = ["--tier", "small", "--dir", "stack"]
        for words, expect in (
                ([], ["no obsctl.yaml", "--tier"]),
                (["--tier", "small", "--dir", ""], ["'--dir' is empty"]),
                (["--tier", "smal", "--dir", "x"], ["'smal'", "did you mean 'small'"]),
                (["--tier", "medium", "--dir", "x"], ["'medium'", "obsctl size --tier medium"]),
                ([*small, "--name", "ends-"], ["'ends-'", "at most 40", "not ending in '-'"]),
                ([*small, "--target", "swarm"], ["'swarm'", "compose"]),
                ([*small, "--set", "traces.kep=1%"], ["'traces.kep'", "'traces.keep'"]),
                ([*small, "--set", "nonsense"], ["key=value"]),
                ([*small, "--retention-logs", "14"], ["needs a unit", "--retention-logs"]),
                ([*small, "--keep", "120%"], ["--keep"]),
                ([*small, "--tls", "files"], ["--tls-cert"]),
                ([*small, "--tls-cert", "a", "--tls-key", "b"], ["'--tls-cert'", "'security.tls' is 'off'"]),
                ([*small, "--tls", "files", "--tls-cert", "a", "--tls-key", "b"], ["/a'"]),
                ([*small, "--cors-origin", "*"], ["CORS"]),
                ([*small, "--bind", "everywhere"], ["IP address"]),
                ([*small, "--slow-threshold", "30s"], ["decision_wait"]),
                ([*small, "--port", "grafna=3001"], ["'grafna'", "did you mean 'grafana'"]),
                ([*small, "--port", "grafana"], ["NAME=N"]),
                ([*small, "--port", "grafana=70000"], ["70000"]),
                ([*small, "--port", "grafana=9090"], ["'grafana'", "'prometheus'", "9090"]),
                ([*small, "--set", "components.lokki.cpus=1"], ["'lokki'", "'loki'"]),
                ([*small, "--renew-certs"], ["nothing to renew"]),
                ([*small, "--alert-email-to", "a@b.example"], ["--alert-smtp"]),
                ([*small, "--alert-email-to", "a"], ["'a' is not an e-mail address for '--alert-email-to'"])):
            with self.subTest(words=words):
                code = 4 if "/a'" in expect else 2
                done = self.refused(*words, expect=expect, code=code)
                self.assertEqual(done.stdout, "")
                self.assertFalse(self.stack.exists())

    def test_mistakes_in_obsctl_yaml_have_a_position(self):
        self.fresh()
        spec = self.stack / "obsctl.yaml"
        for text, expect in (("tier: small\ntier: small\n", ["duplicate key", "stack/obsctl.yaml:2:1"]),
                             ("tier: small\nlogs:\n  retention: 30\n", ["unit", "obsctl.yaml:3:14"]),
                             ("tier: small\ntrace:\n  keep: 1%\n",
                              ["'trace'", "obsctl.yaml:2:1", "did you mean 'traces'?"]),
                             ("tier: [small\n", ["YAML", "obsctl.yaml:"])):
            with self.subTest(text=text):
                spec.write_text(text)
                self.refused("--dir", "stack", expect=expect)

    def test_a_directory_that_cannot_be_written(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        closed = self.root / "closed"
        closed.mkdir(mode=0o755)
        self.root.chmod(0o755)
        before = snapshot(self.root)
        binary = self.root / "obsctl"
        shutil.copy(BINARY, binary)
        done = subprocess.run([binary, "init", "--tier", "small", "--dir", "closed/stack"], cwd=self.root,
                              user=65534, group=65534, extra_groups=[], capture_output=True, text=True,
                              check=False)
        binary.unlink()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("Permission denied", done.stderr)
        self.assertIn("nothing has been changed", done.stderr)
        self.assertEqual(snapshot(self.root), before)

    def test_the_target_is_a_file(self):
        self.stack.write_text("x")
        self.refused("--tier", "small", "--dir", "stack", expect=["is not a directory"])


class Certificates(InitCase):
    def openssl(self, *args):
        return subprocess.run(["openssl", *args], cwd=self.stack / "tls", capture_output=True, text=True,
                              check=False)

    def test_self_signed_certificates_work_and_are_kept(self):
        done = self.fresh("--tls", "self-signed")
        self.assertIn("tls/ca.crt", done.stdout)
        tls = self.stack / "tls"
        self.assertEqual((mode(tls), mode(tls / "ca.key"), mode(tls / "server.key")),
                         (0o700, 0o600, 0o600))
        for check in (["-verify_hostname", "localhost"], ["-verify_hostname", "otel-collector"],
                      ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]):
            verified = self.openssl("verify", "-CAfile", "ca.crt", *check, "server.crt")
            self.assertEqual(verified.returncode, 0, verified.stderr)
        before = snapshot(tls)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.assertEqual(snapshot(tls), before)
        renewed = self.init("--dir", "stack", "--renew-certs").stdout
        self.assertIn("renewed the server certificate (on request)", renewed)
        self.assertNotIn("restart otel-collector", renewed)  # it reads a renewed certificate by itself
        after = snapshot(tls)
        changed = {name for name in before if before[name] != after[name]}
        self.assertEqual(changed, {"server.crt", "server.key"})
        self.assertEqual(self.openssl("verify", "-CAfile", "ca.crt", "server.crt").returncode, 0)

    def test_a_new_name_renews_and_a_lost_ca_key_is_explained(self):
        self.fresh("--tls", "self-signed")
        done = self.init("--dir", "stack", "--bind", "192.0.2.7", "--auth", "bearer")
        self.assertIn("it does not name 192.0.2.7", done.stdout)
        self.assertEqual(self.openssl("verify", "-CAfile", "ca.crt", "-verify_ip", "192.0.2.7",
                                      "server.crt").returncode, 0)
        (self.stack / "tls/ca.key").unlink()
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.refused("--dir", "stack", "--renew-certs", expect=["tls/ca.key is not there"])

    def test_names_that_were_asked_for_are_in_the_certificate(self):
        self.fresh("--tls", "self-signed", "--tls-name", "otel.example.com", "--tls-name", "192.0.2.9")
        self.assertIn("    - otel.example.com\n    - '192.0.2.9'\n", (self.stack / "obsctl.yaml").read_text())
        for check in (["-verify_hostname", "otel.example.com"], ["-verify_ip", "192.0.2.9"]):
            self.assertEqual(self.openssl("verify", "-CAfile", "ca.crt", *check, "server.crt").returncode, 0)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)

    def test_bound_to_every_network_it_names_this_machine(self):
        addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
        self.fresh("--tls", "self-signed", "--auth", "bearer", "--bind", "0.0.0.0")
        for address in addresses:
            verified = self.openssl("verify", "-CAfile", "ca.crt", "-verify_ip", address, "server.crt")
            self.assertEqual(verified.returncode, 0, address)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)

    def test_the_end_of_the_certificate_is_watched(self):
        rules = self.stack / "configs/prometheus/rules"
        self.fresh()
        self.assertNotIn("certificate_ends", (rules / "collector-recording.yml").read_text())
        self.init("--dir", "stack", "--tls", "self-signed")
        end = self.openssl("x509", "-in", "server.crt", "-noout", "-enddate").stdout.strip().removeprefix("notAfter=")
        seconds = int(datetime.datetime.strptime(end, "%b %d %H:%M:%S %Y GMT")
                      .replace(tzinfo=datetime.UTC).timestamp())
        self.assertIn(f"expr: vector({seconds})", (rules / "collector-recording.yml").read_text())
        self.assertIn("CertificateExpiresSoon", (rules / "collector-alerts.yml").read_text())

    def other_authority(self, *options):
        """Files of an authority that obsctl did not make."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=other", "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "o.key",
                        "-out", "o.crt", *options], cwd=self.root, check=True, capture_output=True)
        return (self.root / "o.crt").read_bytes(), (self.root / "o.key").read_bytes()

    def refuses(self, *args, expect):
        """Refused, and every TLS file is what it was."""
        before = snapshot(self.stack / "tls")
        self.refused("--dir", "stack", *args, expect=expect)
        self.assertEqual(snapshot(self.stack / "tls"), before)

    def test_foreign_and_half_authorities_are_refused(self):
        self.fresh("--tls", "self-signed")
        tls = self.stack / "tls"
        certificate, key = self.other_authority()
        own_key = (tls / "ca.key").read_bytes()
        (tls / "ca.key").write_bytes(key)
        self.refuses(expect=["the key 'tls/ca.key' does not belong to 'tls/ca.crt'", "get a new CA"])
        self.refuses("--renew-certs", expect=["does not belong to"])
        (tls / "ca.key").write_bytes(own_key)
        own = (tls / "ca.crt").read_bytes()
        (tls / "ca.crt").unlink()
        self.refuses(expect=["tls/ca.key is there, but tls/ca.crt is not", "put tls/ca.crt back"])
        (tls / "ca.crt").write_bytes((tls / "server.crt").read_bytes())
        self.refuses(expect=["'tls/ca.crt' is not the certificate of an authority"])
        (tls / "ca.crt").write_bytes(own)
        (tls / "server.key").write_bytes(key)
        self.refuses(expect=["the key 'tls/server.key' does not belong to 'tls/server.crt'", "--renew-certs"])
        (tls / "server.crt").write_bytes(certificate)
        self.refuses(expect=["'tls/server.crt' was not issued by 'tls/ca.crt'", "--renew-certs"])
        self.init("--dir", "stack", "--renew-certs")
        self.assertEqual(self.openssl("verify", "-CAfile", "ca.crt", "server.crt").returncode, 0)

    def test_an_expired_authority_is_refused(self):
        self.fresh("--tls", "self-signed")
        _, key = self.other_authority()
        (self.root / "index.txt").touch()
        (self.root / "ca.cnf").write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\n"
                                          "rand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\n"
                                          "commonName = supplied\n[v3]\nbasicConstraints = critical,CA:TRUE\n")
        for command in (["req", "-new", "-key", "o.key", "-subj", "/CN=old", "-out", "old.csr"],
                        ["ca", "-batch", "-selfsign", "-notext", "-config", "ca.cnf", "-extensions", "v3",
                         "-keyfile", "o.key", "-in", "old.csr", "-out", "old.crt",
                         "-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]):
            subprocess.run(["openssl", *command], cwd=self.root, check=True, capture_output=True)
        (self.stack / "tls/ca.crt").write_bytes((self.root / "old.crt").read_bytes())
        (self.stack / "tls/ca.key").write_bytes(key)
        self.refuses(expect=["'tls/ca.crt' expired on", "get a new CA"])

    def test_an_authority_near_its_end_is_said_and_limits_what_it_signs(self):
        self.fresh("--tls", "self-signed")
        tls = self.stack / "tls"
        certificate, key = self.other_authority("-days", "10")
        (tls / "ca.crt").write_bytes(certificate)
        (tls / "ca.key").write_bytes(key)
        self.assertIn("tls/ca.crt expires on", self.init("--dir", "stack", "--renew-certs").stdout)
        ends = [self.openssl("x509", "-in", name, "-noout", "-enddate").stdout for name in ("ca.crt", "server.crt")]
        self.assertEqual(ends[0], ends[1])
        self.assertIn("up to date", self.init("--dir", "stack").stdout)  # a new one would end as soon

    def test_client_certificates_are_asked_for(self):
        certificate, _ = self.other_authority()
        self.refused("--tier", "small", "--dir", "stack", "--client-ca", "o.crt",
                     expect=["client certificates need TLS", "--tls self-signed"])
        (self.root / "none.crt").write_text("nonsense")
        self.refused("--tier", "small", "--dir", "stack", "--tls", "self-signed", "--client-ca", "none.crt",
                     expect=["is not a PEM certificate"])
        self.fresh("--tls", "self-signed", "--client-ca", "o.crt")
        self.assertEqual((self.stack / "tls/client-ca.crt").read_bytes(), certificate)
        config = (self.stack / "configs/otel-collector/config.yaml").read_text()
        self.assertEqual(config.count("client_ca_file: /etc/otelcol-tls/client-ca.crt"), 1)
        self.assertIn("tls: *tls", config)
        self.assertIn("tls/client-ca.crt", (self.stack / "docker-compose.yml").read_text())

    def test_a_weak_certificate_is_said(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=w", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", "w.key", "-out", "w.crt"], cwd=self.root,
                       check=True, capture_output=True)
        done = self.fresh("--tls", "files", "--tls-cert", "w.crt", "--tls-key", "w.key")
        self.assertIn("has a 1024 bit RSA key; current clients refuse it", done.stdout)

    def test_own_certificates_are_checked_and_copied(self):
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-addext",
                            "subjectAltName=DNS:localhost", "-keyout", f"{name}.key", "-out",
                            f"{name}.crt"], cwd=self.root, check=True, capture_output=True)
        self.refused("--tier", "small", "--dir", "stack", "--tls", "files", "--tls-cert", "a.crt",
                     "--tls-key", "b.key", expect=["does not belong to"])
        self.fresh("--tls", "files", "--tls-cert", "a.crt", "--tls-key", "a.key")
        self.assertEqual((self.stack / "tls/server.crt").read_bytes(), (self.root / "a.crt").read_bytes())
        self.assertEqual(mode(self.stack / "tls/server.key"), 0o600)
        self.assertIn("up to date", obsctl("init", cwd=self.stack).stdout)
        self.init("--dir", "stack", "--tls", "off")
        self.init("--dir", "stack", "--tls", "self-signed")


class AlertReceivers(InitCase):
    SMALL = ("--tier", "small", "--dir", "stack")

    def test_a_secret_that_nobody_brought_is_an_error_and_nothing_is_written(self):
        self.refused(*self.SMALL, "--alert-slack-channel", "#ops", "--alert-to", "pagerduty", expect=[
            "'secrets/slack-webhook-url' is needed and not there", "'secrets/pagerduty-routing-key' is needed",
            "'--secret slack-webhook-url=FILE'"])
        self.assertFalse(self.stack.exists())

    def test_secrets_come_from_files_and_standard_input_and_are_kept(self):
        (self.root / "slack").write_text("https://hooks.slack.com/services/T/B/x")
        self.init(*self.SMALL, "--alert-to", "slack", "--secret", "slack-webhook-url=slack")
        secret = self.stack / "secrets/slack-webhook-url"
        self.assertEqual((mode(secret), secret.read_text()), (0o600, "https://hooks.slack.com/services/T/B/x\n"))
        for path in self.stack.rglob("*"):
            if path.is_file() and path != secret:
                self.assertNotIn(b"services/T/B/x", path.read_bytes(), path)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        done = obsctl("init", "--dir", "stack", "--secret", "slack-webhook-url=-", cwd=self.root,
                      stdin="https://hooks.slack.com/services/T/B/y\n")
        self.assertEqual((done.returncode, secret.read_text()), (0, "https://hooks.slack.com/services/T/B/y\n"))
        self.init("--dir", "stack", "--alert-to", "watchdog", "--alert-webhook", "https://hooks.example/T0K3N",
                  "--secret", "watchdog-url=slack")
        self.assertEqual((self.stack / "secrets/alert-webhook-url").read_text(), "https://hooks.example/T0K3N\n")
        self.assertNotIn("T0K3N", (self.stack / "obsctl.yaml").read_text())
        self.assertIn("    - slack\n    - watchdog\n    - webhook\n", (self.stack / "obsctl.yaml").read_text())

    def test_an_example_or_nonsense_is_no_secret(self):
        for value, why in (("https://hooks.slack.com/services/replace/with/yours", "holds the example"),
                           ("", "is empty"), ("hooks.slack.com/x", "does not hold a URL"),
                           ("https://a\nb", "is not one line of text")):
            (self.root / "value").write_text(value)
            self.refused(*self.SMALL, "--alert-to", "slack", "--secret", "slack-webhook-url=value", expect=[why])
        self.refused(*self.SMALL, "--secret", "slack-webhook-url=value", expect=["does not read a secret"])
        self.refused(*self.SMALL, "--secret", "value", expect=["not of the form NAME=FILE"])
        self.refused(*self.SMALL, "--alert-to", "slak", expect=["'slak'", "did you mean 'slack'"])
        self.refused(*self.SMALL, "--alert-to", "telegram", expect=["--alert-telegram-chat"])


class Accidents(InitCase):
    def test_killed_at_any_moment_it_is_the_old_or_the_new_stack(self):
        self.fresh()
        old = snapshot(self.stack)
        keep = self.root / "keep"
        shutil.copytree(self.stack, keep)
        changes = ["--dir", "stack", "--retention-logs", "14d", "--metrics", "victoriametrics"]
        self.init(*changes)
        new = snapshot(self.stack)
        rng = random.Random(11)
        seen = {"old": 0, "new": 0}
        for attempt in range(40):
            shutil.rmtree(self.stack)
            shutil.copytree(keep, self.stack)
            with subprocess.Popen([BINARY, "init", *changes, "-q"], cwd=self.root) as process:
                time.sleep(rng.uniform(0, 0.06))
                process.kill()
            # Whatever opens the stack next completes or discards; an init that then refuses does so too.
            self.init("--dir", "stack", "--tls", "files", code=2)
            now = snapshot(self.stack)
            self.assertIn(now, (old, new), f"attempt {attempt}")
            seen["old" if now == old else "new"] += 1
            self.init(*changes)
            self.assertEqual(snapshot(self.stack), new)
        self.assertGreater(seen["old"], 0)

    def test_killed_while_making_a_new_stack(self):
        rng = random.Random(12)
        for _ in range(15):
            with subprocess.Popen([BINARY, "init", "--tier", "small", "--dir", "stack", "-q"],
                                  cwd=self.root) as process:
                time.sleep(rng.uniform(0, 0.06))
                process.kill()
            complete = self.stack.exists()
            if complete:
                self.assertTrue((self.stack / ".obsctl/manifest.json").is_file())
            self.assertIn("up to date" if complete else "created", self.fresh().stdout)
            self.assertEqual([p.name for p in self.root.iterdir()], ["stack"])
            shutil.rmtree(self.stack)

    def test_a_full_disk_changes_nothing(self):
        small = self.root / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "none", small],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("needs the right to mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        self.refused("--tier", "small", "--dir", "small/stack", code=1,
                     expect=["No space left", "nothing has been changed", "free some space"])
        self.assertEqual(list(small.iterdir()), [])
        subprocess.run(["mount", "-o", "remount,size=3m", small], check=True)
        self.init("--tier", "small", "--dir", "small/stack")
        used = shutil.disk_usage(small)
        filler = small / "filler"
        filler.write_bytes(b"x" * max(used.free - 8192, 0))
        self.refused("--dir", "small/stack", "--retention-logs", "14d", code=1,
                     expect=["No space left", "nothing has been changed"])
        filler.unlink()
        self.init("--dir", "small/stack", "--retention-logs", "14d")


if __name__ == "__main__":
    unittest.main()
