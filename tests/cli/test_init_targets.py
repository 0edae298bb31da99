# SPDX-License-Identifier: Apache-2.0
"""One stack in several packagings: what stays the same, and what a second init does to secrets."""

import re
import unittest

from support import obsctl
from test_init import InitCase, mode, snapshot


class Helm(InitCase):
    def values(self):
        return (self.stack / "secrets/values.yaml").read_text()

    def test_a_chart_with_its_secrets_beside_it(self):
        done = self.fresh("--target", "helm", "--auth", "bearer")
        self.assertIn("  ./apply\n", done.stdout)
        self.assertEqual(mode(self.stack / "apply"), 0o755)
        self.assertIn("while this runs: kubectl -n stack port-forward svc/grafana 3000:3000", done.stdout)
        for name in ("chart/Chart.yaml", "chart/values.schema.json", "chart/templates/loki.yaml", "OPERATIONS.md"):
            self.assertTrue((self.stack / name).is_file(), name)
        self.assertFalse((self.stack / "docker-compose.yml").exists())
        self.assertEqual({mode(p) for p in (self.stack / "secrets").iterdir()}, {0o600})
        password = (self.stack / "secrets/grafana.env").read_text().split("PASSWORD=")[1].strip()
        self.assertIn(password, self.values())
        for path in (self.stack / "chart").rglob("*"):
            self.assertTrue(path.is_dir() or password not in path.read_text(), path)

    def test_running_again_changes_nothing_at_all(self):
        self.fresh("--target", "helm", "--tls", "self-signed", "--auth", "bearer")
        before = snapshot(self.stack)
        self.assertIn("up to date", self.init("--dir", "stack").stdout)
        self.assertEqual(snapshot(self.stack), before)

    def test_a_changed_secret_file_gets_into_the_values_and_is_not_shown(self):
        self.fresh("--target", "helm")
        (self.stack / "secrets/grafana.env").write_text("GF_SECURITY_ADMIN_PASSWORD=a new one\n")
        diff = self.init("--dir", "stack", "--diff").stdout
        self.assertIn("secret 'secrets/values.yaml'", diff)
        self.assertNotIn("a new one", diff)
        self.assertNotIn("a new one", self.values())
        self.assertNotIn("a new one", self.init("--dir", "stack").stdout)
        self.assertIn('GF_SECURITY_ADMIN_PASSWORD: a new one\n', self.values())

    def test_a_secret_that_is_needed_later_is_added_and_the_others_stay(self):
        self.fresh("--target", "helm")
        before = re.search("PASSWORD: .*", self.values())[0]
        self.init("--dir", "stack", "--auth", "bearer")
        self.assertIn(before, self.values())
        self.assertIn("OTLP_AUTH_TOKEN: ", self.values())

    def test_another_target_takes_the_place_of_the_first_and_keeps_its_secrets(self):
        self.fresh()
        password = (self.stack / "secrets/grafana.env").read_bytes()
        config = (self.stack / "configs/loki/config.yaml").read_text()
        self.assertIn("was made for Docker Compose before", self.init("--dir", "stack", "--target", "helm").stdout)
        self.assertFalse((self.stack / "docker-compose.yml").exists())
        self.assertFalse((self.stack / "configs").exists())
        self.assertEqual((self.stack / "secrets/grafana.env").read_bytes(), password)

        def settings(text):
            return [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        # Configurations are the same in every packaging; only the commands in their comments differ.
        self.assertEqual(settings((self.stack / "chart/configs/loki/config.yaml").read_text()), settings(config))

    def test_size_reads_the_limits_of_the_chart(self):
        self.fresh("--target", "helm")
        self.assertEqual(obsctl("size", "--check", cwd=self.stack).returncode, 0)
        values = self.stack / "chart/values.yaml"
        text = re.sub(r"(?s)(  loki:.*?limits: \{cpu: \w+, memory: )\w+", r"\g<1>64Mi", values.read_text(), count=1)
        values.write_text(text)
        done = obsctl("size", "--check", cwd=self.stack)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("loki", done.stdout)
        values.write_text(text.replace("64Mi", "64Miles"))
        done = obsctl("size", "--check", cwd=self.stack)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"'64Miles' is not a limit of memory\n  in: .*chart/values.yaml:\d+")

    def test_an_unknown_target_is_refused(self):
        self.refused("--tier", "small", "--dir", "stack", "--target", "swarm", expect=["swarm", "compose, helm"])
        self.fresh()
        path = self.stack / "obsctl.yaml"
        before = path.read_text()
        self.assertIn("\n# target: compose\n", before)
        path.write_text(before.replace("# target: compose", "target: swarm"))
        self.refused("--dir", "stack", expect=["does not generate the target 'swarm'", "compose and helm"])


if __name__ == "__main__":
    unittest.main()
