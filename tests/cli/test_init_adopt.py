# SPDX-License-Identifier: Apache-2.0
"""Directories that obsctl 0.1.0 generated become those of this version: nothing that data hangs on changes.

released/0.1.0 holds what matters of its five golden stacks: obsctl.yaml, and the packaging with all names in it.
"""

import hashlib
import json
import pathlib
import re
import shutil
import unittest

from test_init import InitCase, mode

RELEASED = pathlib.Path(__file__).parent / "released/0.1.0"
SECRET = "GF_SECURITY_ADMIN_PASSWORD=chosen long ago\n"
BROUGHT = {"slack-webhook-url": "https://hooks.slack.com/services/T0/B0/x\n", "smtp-password": "a password\n"}


def names(compose):
    """Project, volumes and networks, as the engine knows them."""
    return set(re.findall(r"^(?:    )?name: (\S+)", compose.read_text(), re.M))


class Adopting(InitCase):
    def released(self, variant):
        """A directory as 0.1.0 left it, whose manifest has hashes and no texts."""
        self.stack = self.root / "moved" / variant
        shutil.copytree(RELEASED / variant, self.stack)
        files = {path.name: {"mode": "0644", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
                 for path in self.stack.iterdir()}
        secrets = self.stack / "secrets"
        secrets.mkdir(mode=0o700)
        (secrets / "grafana.env").write_text(SECRET)
        (secrets / "grafana.env").chmod(0o600)
        files["secrets/grafana.env"] = {"mode": "0600", "secret": True}
        if variant == "small-alerting":
            for name, value in BROUGHT.items():
                (secrets / name).write_text(value)
                (secrets / name).chmod(0o600)
                files[f"secrets/{name}"] = {"mode": "0600", "secret": True}
        (self.stack / ".obsctl").mkdir()
        (self.stack / ".obsctl/manifest.json").write_text(
            json.dumps({"schema": "obsctl.manifest/v1", "obsctl": "0.1.0", "files": files}))
        return self.stack / "docker-compose.yml"

    def test_names_volumes_network_and_secrets_stay(self):
        variants = sorted(path.name for path in RELEASED.iterdir())
        self.assertEqual(len(variants), 5)
        for variant in variants:
            with self.subTest(variant=variant):
                compose = self.released(variant)
                before, old = names(compose), compose.read_text()
                self.assertGreater(len(before), 6)
                self.init("--dir", self.stack)
                self.assertNotEqual(compose.read_text(), old)
                self.assertLessEqual(before, names(compose))
                self.assertEqual((self.stack / "secrets/grafana.env").read_text(), SECRET)
                self.assertEqual(mode(self.stack / "secrets/grafana.env"), 0o600)
                self.assertEqual(list(self.stack.rglob("*.new")), [])
                self.assertIn("up to date", self.init("--dir", self.stack).stdout)

    def test_the_url_of_a_webhook_becomes_a_secret(self):
        self.released("small-alerting")
        said = self.init("--dir", self.stack).stdout
        self.assertIn("the URL of alerting.webhook_url is in secrets/alert-webhook-url", said)
        url = self.stack / "secrets/alert-webhook-url"
        self.assertEqual((url.read_text(), mode(url)), ("https://hooks.example.com/alerts\n", 0o600))
        config = (self.stack / "configs/alertmanager/alertmanager.yml").read_text()
        self.assertIn("alert-webhook-url", config)
        self.assertNotIn("hooks.example.com", config)

    def test_a_directory_without_a_name_keeps_the_name_that_was_the_default(self):
        compose = self.released("small")
        before = names(compose)
        spec = self.stack / "obsctl.yaml"
        text = re.sub("^name: .*$", "# name: observability", spec.read_text(), flags=re.M)
        spec.write_text(text)
        self.init("--dir", self.stack, "--retention-logs", "14d")
        self.assertIn("name: observability\n", compose.read_text())
        self.assertLessEqual(before, names(compose))

    def test_a_file_that_was_edited_before_gets_its_new_version_beside_it_once(self):
        compose = self.released("small")
        mine = compose.read_text() + "# mine\n"
        compose.write_text(mine)
        done = self.init("--dir", self.stack, code=3)
        self.assertIn("docker-compose.yml.new  (edited; what obsctl wrote there before is not known)", done.stderr)
        self.assertEqual(compose.read_text(), mine)
        self.assertTrue((self.stack / "configs/loki/config.yaml").exists())
        beside = self.stack / "docker-compose.yml.new"
        compose.write_text(beside.read_text() + "# mine\n")
        beside.unlink()
        self.init("--dir", self.stack, "--retention-traces", "3d")
        self.assertTrue(compose.read_text().endswith("# mine\n"))
        self.assertFalse(beside.exists())


if __name__ == "__main__":
    unittest.main()
