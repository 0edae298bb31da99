# SPDX-License-Identifier: Apache-2.0
"""What `obsctl size` promises at the command line: formats, sources of the load, checks, errors."""

import contextlib
import csv
import io
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml
from support import Handler, obsctl, serving

class Prometheus(Handler):
    """Answers 100 to every query."""

    def do_POST(self):
        body = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"100"]}]}}'
        self.body()
        self.answer(body)


@contextlib.contextmanager
def prometheus():
    with serving(Prometheus) as server:
        yield server.server_port


# Of the small tier's 5,000 spans/s the first 1,000, and of the rest 10 % and all errors and slow traces.
KEPT = 0.2 + 0.8 * 0.1225


class SizeCase(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-size-"))
        self.addCleanup(shutil.rmtree, self.root, True)

    def size(self, *args, code=0, **kwargs):
        done = obsctl("size", *args, cwd=kwargs.pop("cwd", self.root), **kwargs)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def report(self, *args, **kwargs):
        return json.loads(self.size(*args, "-o", "json", **kwargs).stdout)

    def refused(self, *args, expect, **kwargs):
        done = self.size(*args, code=2, **kwargs)
        self.assertEqual(done.stdout, "")
        self.assertIn("obsctl: error: ", done.stderr)
        for text in expect:
            self.assertIn(text, done.stderr)

    def test_a_password_in_the_address_is_neither_shown_nor_written(self):
        self.spec("tier: small\n")
        with prometheus() as port:
            address = f"http://admin:s3cret@127.0.0.1:{port}"
            for form in ("text", "json"):
                done = self.size("--from-prometheus", address, "--write-calibration", "-o", form)
                self.assertNotIn("s3cret", done.stdout + done.stderr)
        written = (self.root / "obsctl.yaml").read_text(encoding="utf-8")
        self.assertIn(f"http://127.0.0.1:{port}", written)
        self.assertNotIn("s3cret", written)
        self.assertNotIn("s3cret", self.size("--from-prometheus", address, code=4).stderr)

    def spec(self, text, directory="."):
        path = self.root / directory / "obsctl.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


class Formats(SizeCase):
    def test_json_names_its_schema_first_and_has_no_infinity(self):
        text = self.size("-o", "json").stdout
        self.assertTrue(text.startswith('{\n  "schema": "obsctl.size/v1"'))
        report = json.loads(text, parse_constant=lambda word: self.fail(f"not JSON: {word}"))
        full = {disk["component"]: disk["full_after"]["value"] for disk in report["disks"]}
        self.assertIsNone(full["jaeger"])  # never: the recommended disk holds the retention
        documented = self.report("--model", "documented")
        full = {disk["component"]: disk["full_after"]["value"] for disk in documented["disks"]}
        self.assertAlmostEqual(full["jaeger"], 100 / (432 * KEPT))

    def test_yaml_says_the_same_as_json(self):
        text = self.size("--tier", "medium", "-o", "yaml").stdout
        self.assertEqual(yaml.safe_load(text), self.report("--tier", "medium"))

    def test_csv_has_every_number_with_its_formula(self):
        rows = list(csv.DictReader(io.StringIO(self.size("-o", "csv").stdout)))
        self.assertGreater(len(rows), 100)
        daily = next(row for row in rows if row["NUMBER"] == "traces received per day")
        self.assertEqual((daily["VALUE"], daily["ID"], daily["UNIT"]), ("432", "F01", "GB/day"))
        for row in rows:
            self.assertTrue(row["ID"] and row["FORMULA"] and row["INPUTS"] and row["SOURCE"], row)

    def test_markdown_has_a_table_per_section(self):
        text = self.size("-o", "markdown", "--compare", "medium").stdout
        for heading in ("Signals", "Components", "Cost", "Models", "Tiers compared", "Notes"):
            self.assertIn(f"## {heading}\n", text)
        for line in text.splitlines():
            if line.startswith("|---"):
                self.assertTrue(set(line) <= set("|-:"))

    def test_text_fits_the_terminal(self):
        for args in ([], ["--tier", "medium"], ["--tier", "medium", "--explain"], ["--check"],
                     ["--models", "--costs", "--notes"], ["--model", "documented"]):
            done = obsctl("size", *args, cwd=self.root, env={"COLUMNS": "80"})
            self.assertNotIn("\x1b", done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 84)
        for args in ([], ["--tier", "medium"], ["--tier", "large"], ["--spans", "10k/s"]):
            lines = obsctl("size", *args, cwd=self.root, env={"COLUMNS": "80"}).stdout.splitlines()
            self.assertLessEqual(max(map(len, lines)), 80, args)
            self.assertLessEqual(len(lines), 40, args)

    def test_the_first_screen_says_what_to_buy_what_fills_up_and_what_was_assumed(self):
        text = self.size().stdout
        for part in ("Needs: ", "Host: ", "FULL AFTER", "DOCUMENTED", "PER MONTH", "Assumed: ", "--explain"):
            self.assertIn(part, text)
        self.assertIn("Does not fit", self.size("--host-memory", "4GiB").stdout)

    def test_no_id_or_line_of_the_documents_is_shown(self):
        for args in (["--models", "--costs", "--notes"], ["--tier", "medium", "--notes"], ["--explain"],
                     ["--explain", "loki.memory"], ["--explain", "traces.stored"], ["--check"],
                     ["--tier", "large", "--ha", "--explain"], ["--tier", "large", "--compare", "xlarge"]):
            for form in ("text", "json", "yaml", "csv", "markdown"):
                text = self.size(*args, "-o", form).stdout
                # Formulas have ids that docs/sizing.md explains: D04, F01, P02, R03, S01.
                found = re.search(r"\b\d{3}:\d+|\bCT-\d+|\b[A-CEGIJKTY]-?\d\d\b", text)
                self.assertIsNone(found and text[max(0, found.start() - 60):found.end() + 20], (args, form))

    def test_explain_says_how_one_number_came_about_on_one_screen(self):
        text = self.size("--explain", "otel-collector.num_traces").stdout
        for part in ("otel-collector.num_traces = 50k traces", "decision wait", "10 s", "tier small",
                     "processors.tail_sampling.num_traces", "https://"):
            self.assertIn(part, text)
        for row in self.report("--explain")["components"]:
            for setting in row["settings"].values():
                lines = self.size("--explain", setting["name"], env={"COLUMNS": "80"}).stdout.splitlines()
                self.assertLessEqual(len(lines), 40, setting["name"])
        self.refused("--explain", "loki.memmory", expect=["did you mean 'loki.memory'?"])

    def test_the_documented_formulas_stay_one_column_and_a_whole_answer(self):
        beside = {s["name"]: s["stored_documented"]["value"] for s in self.report()["signals"]}
        whole = {s["name"]: s["stored"]["value"] for s in self.report("--model", "documented")["signals"]}
        self.assertEqual(beside, whole)
        self.assertAlmostEqual(whole["traces"], 432 * KEPT * 7)

    def test_every_price_has_a_day_and_a_source(self):
        for tier in ("small", "medium", "large", "xlarge"):
            cost = self.report("--tier", tier)["cost"]
            for row in cost["providers"]:
                self.assertRegex(row["price_date"], r"^20\d\d-\d\d$")
                self.assertTrue(row["price_source"])
            whole = [row["low"]["value"] for row in cost["providers"] if row["storage_low"]]
            if whole:
                self.assertGreaterEqual(cost["tco_low"]["value"], min(whole))


class Load(SizeCase):
    def test_without_anything_it_is_the_small_tier(self):
        report = self.report()
        self.assertEqual((report["tier"], report["spec"], report["model"]), ("small", None, "recommended"))

    def test_the_obsctl_yaml_of_a_parent_directory_is_used_and_flags_win(self):
        self.spec("tier: medium\ntraces:\n  spans: 20k/s\n  retention: 5d\n")
        below = self.root / "a" / "b"
        below.mkdir(parents=True)
        report = self.report("--spans", "30k/s", cwd=below)
        self.assertEqual(report["spec"], "../../obsctl.yaml")
        self.assertEqual(report["tier"], "medium")
        traces = report["signals"][0]
        self.assertEqual(traces["rate"]["value"], 30000)
        self.assertEqual(traces["retention_days"], 5)

    def test_the_load_chooses_the_tier(self):
        self.assertEqual(self.report("--spans", "2000/s", "--lines", "1000/s")["tier"], "small")
        self.assertEqual(self.report("--spans", "60k/s", "--lines", "90k/s")["tier"], "large")
        report = self.report("--events", "1M/s")
        self.assertEqual((report["tier"], report["events"]["value"]), ("xlarge", 1e6))
        self.assertEqual([s["rate"]["value"] for s in report["signals"]], [5e5, 5e6, 5e5])
        self.assertEqual(self.report("--series", "50M")["tier"], "xlarge")

    def test_a_rate_that_nobody_gives_is_0_and_said(self):
        report = self.report("--spans", "10k/s")
        self.assertEqual([s["rate"]["value"] for s in report["signals"]], [10000, 0, 0])
        self.assertEqual(report["unstated"], ["metrics", "logs"])
        self.assertIn("no logs, because no rate was given", " ".join(self.size("--spans", "10k/s").stdout.split()))

    def test_a_given_tier_stays_and_the_report_says_which_one_fits(self):
        report = self.report("--tier", "small", "--spans", "60k/s")
        self.assertEqual((report["tier"], report["tier_by_load"]), ("small", "medium"))
        text = self.size("--tier", "small", "--spans", "60k/s").stdout
        self.assertIn("This load belongs to the medium tier", text)

    def test_reduction_and_keep_mean_what_they_say(self):
        kept = self.report("--reduction", "87.75%")["signals"][0]["kept"]["value"]
        self.assertAlmostEqual(kept, 0.1225)
        kept = self.report("--keep", "100%")["signals"][0]["kept"]["value"]
        self.assertAlmostEqual(kept, 1)

    def test_a_spec_from_standard_input(self):
        report = self.report("--spec", "-", stdin="tier: large\n")
        self.assertEqual((report["tier"], report["spec"]), ("large", "standard input"))

    def test_compare_puts_tiers_side_by_side(self):
        report = self.report("--compare", "medium", "--compare", "large", "--model", "table")
        days = [report["stored_per_day"]["value"]] + [r["stored_per_day"]["value"] for r in report["compared"]]
        for day, expected in zip(days, (50, 475, 2300)):
            self.assertAlmostEqual(day, expected)


class Check(SizeCase):
    MODEST = ("--spans", "300/s", "--series", "20k", "--lines", "300/s", "--check")

    def test_what_holds_is_0_and_what_does_not_is_3(self):
        self.assertIn("everything declared is large enough for the load", self.size(*self.MODEST).stdout)
        done = self.size(*self.MODEST, "--host-memory", "4GiB", code=3)
        self.assertIn("FAIL host.memory", done.stdout)
        report = self.report(*self.MODEST, "--host-disk", "1GB", code=3)
        self.assertEqual([f["id"] for f in report["findings"] if f["severity"] == "error"], ["host.disk"])

    def test_the_generated_configs_are_held_against_the_load(self):
        done = obsctl("init", "--tier", "small", "--dir", "stack", cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        stack = self.root / "stack"
        codes = [f["id"] for f in self.report(*self.MODEST, cwd=stack)["findings"]]
        self.assertNotIn("tail_sampling.num_traces", codes)
        config = stack / "configs" / "otel-collector" / "config.yaml"
        lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
        edited = ["    num_traces: 100\n" if "num_traces:" in line else line for line in lines]
        self.assertNotEqual(edited, lines)
        config.write_text("".join(edited), encoding="utf-8")
        report = self.report(*self.MODEST, cwd=stack, code=3)
        found = [f for f in report["findings"] if f["id"] == "tail_sampling.num_traces"]
        self.assertEqual(len(found), 1)
        self.assertIn("600", found[0]["message"])  # 10 s x 300 spans/s / 5 spans
        self.assertIn("configs/otel-collector/config.yaml", found[0]["hint"])

    def test_a_stack_generated_for_less_is_found(self):
        done = obsctl("init", "--tier", "small", "--dir", "s", "--spans", "100/s", "--series", "1k", "--lines", "100/s",
                      cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.size("--check", cwd=self.root / "s")
        report = self.report("--check", "--spans", "8k/s", cwd=self.root / "s", code=3)
        codes = {f["id"] for f in report["findings"]}
        self.assertIn("memory.otel-collector", codes)


    def test_an_edited_limit_of_a_container_is_held_against_the_load_in_any_notation(self):
        done = obsctl("init", "--tier", "small", "--dir", "s", cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        compose = self.root / "s" / "docker-compose.yml"
        generated = compose.read_text(encoding="utf-8")

        def edit(limit):
            compose.write_text(re.sub(r"memory: ['\"]?\d+M['\"]?", f"memory: {limit}", generated), encoding="utf-8")

        for limit, small in (("65536k", True), ("64mb", True), ("67108864", True), ("64g", False), ("64GB", False)):
            edit(limit)
            done = obsctl("size", "--check", "-o", "json", cwd=self.root / "s")
            codes = {f["id"] for f in json.loads(done.stdout)["findings"]}
            self.assertEqual("memory.loki" in codes, small, limit)
        edit("lots")
        self.refused("--check", expect=["docker-compose.yml:", "'lots' is not a limit of memory"], cwd=self.root / "s")


class Errors(SizeCase):
    def test_bare_numbers_are_refused(self):
        self.refused("--spans", "5000", expect=["'--spans'", "50k/s"])
        self.refused("--retention-logs", "30", expect=["'--retention-logs'", "14d"])
        self.refused("--span-size", "1000", expect=["'--span-size'", "500B"])
        self.refused("--events", "10k", expect=["'--events'"])

    def test_contradictions_are_refused(self):
        self.refused("--events", "10k/s", "--spans", "5k/s", expect=["exclude each other"])
        self.refused("--keep", "10%", "--reduction", "90%", expect=["exclude each other"])
        self.refused("--reduction", "99%", expect=["impossible", "97.5%"])
        self.refused("--write-calibration", expect=["--from-prometheus"])
        self.refused("--model", "measured", expect=["calibration"])
        self.refused("--replication", "0", expect=["'--replication' is less than any stack has"])
        self.refused("--kafka-brokers", "2.5", expect=["whole number"])

    def test_slips_of_the_keyboard_are_refused(self):
        self.refused("--spans", "1e300/s", expect=["'--spans' is more than any stack has"])
        self.refused("--retention-logs", "1e9d", expect=["'--retention-logs'"])
        self.refused("--kafka-brokers", "1e30", expect=["'--kafka-brokers'"])

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = obsctl("size", cwd=self.root, stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("obsctl: error: ", done.stderr)

    def test_unknown_names_get_a_suggestion(self):
        self.refused("--tier", "smal", expect=["small"])
        self.refused("--compare", "lage", expect=["did you mean 'large'?"])
        self.refused("--set", "traces.kep=1%", expect=["did you mean 'traces.keep'?"])

    def test_a_component_that_is_not_there_is_refused_in_every_tier(self):
        for tier in ("small", "medium", "large", "xlarge"):
            self.refused("--tier", tier, "--traces", "bogus", expect=["unknown value 'bogus' for '--traces'"])
            self.refused("--tier", tier, "--set", "stack.add=bogus", expect=["there is no component 'bogus'"])

    def test_a_store_that_the_tier_does_not_have_is_refused(self):
        self.refused("--tier", "large", "--logs", "victorialogs",
                     expect=["'--logs' has no effect in the large tier, which has Loki and not VictoriaLogs",
                             "--tier small"])
        self.refused("--tier", "medium", "--set", "metrics.backend=prometheus", expect=["'metrics.backend'", "Mimir"])
        self.size("--tier", "large", "--logs", "loki", "--traces", "tempo")
        self.size("--traces", "tempo", "--logs", "victorialogs", "--compare", "large")

    def test_mistakes_in_the_spec_are_located(self):
        self.spec("tier: small\nlogs:\n  retention: 30\n")
        self.refused(expect=["obsctl.yaml:3:14"])


if __name__ == "__main__":
    unittest.main()
