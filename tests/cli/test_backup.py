# SPDX-License-Identifier: Apache-2.0
"""`obsctl backup` and `obsctl restore` on plain directories: there and back, what is kept, who may read it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

from backups import BackupCase, fill, tree
from support import BINARY, obsctl


class RoundTrip(BackupCase):
    def test_everything_comes_back(self):
        before = tree(self.prom), tree(self.graf)
        name = self.create()
        self.assertRegex(name, r"^\d{8}T\d{6}Z-[a-z0-9]{6}$")
        out = self.restored("latest")
        self.assert_same(out / "prom", self.prom)
        self.assert_same(out / "graf", self.graf)
        self.assertEqual((tree(self.prom), tree(self.graf)), before, "the sources were changed")
        self.assertEqual(sorted(path.name for path in out.iterdir()), ["graf", "prom"])
        self.assertEqual(self.leftovers(), [])

    def test_stock_programs_restore_it_by_hand(self):
        name = self.create()
        top = self.repository / name
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "manifest.sha256"], cwd=top, check=True)
        (self.root / "by-hand").mkdir()
        subprocess.run(["tar", "--zstd", "-xpf", top / "volumes" / "prom.tar.zst", "-C", self.root / "by-hand"],
                       check=True)
        self.assert_same(self.root / "by-hand" / "data", self.prom)
        index = subprocess.run(["zstd", "-dc", top / "volumes" / "prom.idx.zst"], check=True, capture_output=True)
        self.assertTrue(all(json.loads(line) for line in index.stdout.splitlines()))

    def test_a_single_volume_and_a_single_file(self):
        name = self.create()
        out = self.restored(name[:12], "--volume", "graf")
        self.assertEqual([path.name for path in out.iterdir()], ["graf"])
        one = self.restored("latest", "--volume", "prom", "--file", "wal/00000001", to="one")
        self.assertEqual([str(path.relative_to(one)) for path in sorted(one.rglob("*"))],
                         ["prom", "prom/wal", "prom/wal/00000001"])
        self.assertEqual((one / "prom/wal/00000001").read_bytes(), (self.prom / "wal/00000001").read_bytes())
        self.assertIn("is in the volumes", self.run_obsctl(
            "restore", "latest", "--to", "two", "--file", "conf.ini", code=2).stderr)

    def test_what_is_not_in_the_set_is_an_error(self):
        self.create()
        for args in (("--volume", "loki"), ("--file", "no/such"), ("--file", "../conf.ini"), ("--file", "/etc/passwd")):
            self.assertIn("hint:", self.run_obsctl("restore", "latest", "--to", "out", *args, code=2).stderr)
        self.assertFalse((self.root / "out").exists())
        self.run_obsctl("restore", "2020", "--to", "out", code=4)

    def test_two_sets_of_one_second_are_two(self):
        names = {self.create(), self.create(), self.create()}
        self.assertEqual(len(names), 3)
        self.assertEqual([one["sequence"] for one in self.listing()["sets"]], [3, 2, 1])

    def test_the_last_proof_is_recorded(self):
        name = self.create("--verify", "quick")
        one = self.listing()["sets"][0]
        self.assertEqual((one["verified"]["level"], one["verified"]["passed"], one["restored"]), ("quick", True, None))
        self.run_obsctl("backup", "verify", name)
        self.restored("latest")
        one = self.listing()["sets"][0]
        self.assertEqual(one["verified"]["level"], "full")
        self.assertGreater(one["restored"]["seconds"], 0)

    def test_only_the_command_line_makes_a_repository_without_asking(self):
        done = self.run_obsctl("backup", "create", *self.paths, code=4)
        self.assertIn("mount its disk; --init makes a new repository", done.stderr)
        self.assertFalse(self.repository.exists())
        self.run_obsctl("backup", "create", *self.paths, "--init")
        self.run_obsctl("backup", "create", *self.paths)
        self.assertEqual(len(self.sets()), 2)

    def test_a_dry_run_writes_nothing(self):
        self.create()
        before = sorted(self.repository.rglob("*"))
        plan = self.run_obsctl("backup", "create", *self.paths, "--dry-run").stdout
        self.assertIn(str(self.prom), plan)
        self.run_obsctl("restore", "latest", "--to", "out", "--dry-run")
        self.assertEqual(sorted(self.repository.rglob("*")), before)
        self.assertFalse((self.root / "out").exists())


class Restore(BackupCase):
    def test_what_is_there_is_never_written_into(self):
        self.create()
        out = self.restored("latest")
        (out / "prom" / "conf.ini").write_text("newer")
        newer = tree(out / "prom")
        self.assertIn("--replace", self.run_obsctl("restore", "latest", "--to", out, code=1).stderr)
        self.assertIn("--yes", self.run_obsctl("restore", "latest", "--to", out, "--replace", code=2).stderr)
        self.assertEqual(tree(out / "prom"), newer)
        done = self.run_obsctl("restore", "latest", "--to", out, "--volume", "prom", "--replace", "--yes", "-o", "json")
        self.assert_same(out / "prom", self.prom)
        copies = json.loads(done.stdout)["safety_copies"]
        self.assertEqual(len(copies), 1)
        self.assertEqual(tree(pathlib.Path(copies[0])), newer)

    def test_an_empty_directory_is_a_free_place(self):
        self.create()
        (self.root / "out" / "prom").mkdir(parents=True)
        self.assert_same(self.restored("latest") / "prom", self.prom)

    def test_a_link_at_the_place_is_not_followed(self):
        self.create()
        (self.root / "elsewhere").mkdir()
        (self.root / "out").mkdir()
        (self.root / "out" / "prom").symlink_to(self.root / "elsewhere")
        self.restored("latest", code=1)
        self.restored("latest", "--replace", "--yes")
        self.assertEqual(list((self.root / "elsewhere").iterdir()), [])
        self.assert_same(self.root / "out" / "prom", self.prom)

    def test_latest_is_neither_partial_nor_unverified(self):
        good = self.create()
        self.killed_at("published", "backup", "create", *self.paths)
        self.assertEqual(len(self.sets()), 2)
        listing = self.listing()
        self.assertEqual(listing["latest"], good)
        self.assertIsNone(listing["sets"][0]["verified"])
        self.run_obsctl("backup", "verify")
        self.assertEqual(self.listing()["latest"], self.sets()[0])

    def test_the_owner_of_the_volume_itself_comes_back(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        os.chown(self.prom, 65534, 472)
        os.chown(self.prom / "wal" / "00000001", 10001, 10001)
        self.create()
        self.assert_same(self.restored("latest") / "prom", self.prom)

    def mounted(self, mount, *args):
        """The program where a shell has mounted something, as root of a user namespace if need be."""
        space = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount", "sh", "-c"]
        if subprocess.run([*space, mount], capture_output=True, check=False).returncode != 0:
            self.skipTest("no permission to mount")
        return subprocess.run([*space, f'{mount} && exec "$@"', "sh", BINARY, *map(str, args)],
                              capture_output=True, text=True, check=False, timeout=60)

    def test_a_mount_is_not_a_place_for_a_volume(self):
        self.create()
        (self.root / "out" / "prom").mkdir(parents=True)
        done = self.mounted(f"mount -t tmpfs none {self.root}/out/prom", "restore", "latest", "-r", self.repository,
                            "--to", self.root / "out")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("another file system is mounted", done.stderr)
        self.assertEqual([path.name for path in (self.root / "out").iterdir()], ["prom"])

    def test_a_repository_that_is_only_read(self):
        self.create()
        done = self.mounted(f"mount --bind {self.repository} {self.repository} && "
                            f"mount -o remount,ro,bind {self.repository}",
                            "restore", "latest", "-r", self.repository, "--to", self.root / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same(self.root / "out" / "prom", self.prom)


class Retention(BackupCase):
    def setUp(self):
        super().setUp()
        self.paths = ("--path", self.graf)

    def test_a_policy_says_why_and_removes_the_rest(self):
        names = [self.create() for _ in range(4)]
        self.run_obsctl("backup", "pin", names[0])
        plan = self.run_obsctl("backup", "prune", "--retain", "last=2", "--dry-run").stdout
        self.assertRegex(plan, rf"{names[0]} +keep +pinned")
        self.assertRegex(plan, rf"{names[1]} +remove +no rule keeps it")
        self.assertEqual(len(self.sets()), 4)
        self.run_obsctl("backup", "prune", "--retain", "last=2")
        self.assertEqual(self.sets(), [names[3], names[2], names[0]])
        self.run_obsctl("backup", "unpin", names[0])
        self.run_obsctl("backup", "prune", "--retain", "last=2")
        self.assertEqual(self.sets(), [names[3], names[2]])
        self.assertEqual(self.leftovers(), [])

    def test_create_removes_after_success_only(self):
        first = self.create()
        second = self.create()
        (self.root / "empty").mkdir()
        self.create("--retain", "last=1", code=1, paths=("--path", self.root / "empty"))
        self.assertEqual(self.sets(), [second, first])
        third = self.create("--retain", "last=1")
        self.assertEqual(self.sets(), [third])

    def test_a_partial_set_neither_counts_nor_prunes(self):
        if os.geteuid() == 0 and shutil.which("setpriv") is None:
            self.skipTest("root reads everything")
        first, second = self.create(), self.create()
        (self.graf / "wal" / "00000001").chmod(0)
        self.assertEqual(self.as_nobody("backup", "create", "-r", self.repository, *self.paths).returncode, 1)
        done = self.as_nobody("backup", "create", "-r", self.repository, *self.paths, "--allow-partial",
                              "--retain", "last=1", "-o", "json")
        self.assertEqual(done.returncode, 3, done.stderr)
        partial = json.loads(done.stdout)
        self.assertEqual(partial["status"], "partial")
        self.assertIn("wal/00000001", json.dumps(partial["volumes"]))
        self.assertEqual(self.sets(), [partial["id"], second, first])
        self.assertEqual(self.listing()["latest"], second)

    def as_nobody(self, *args):
        """As somebody who may not read everything."""
        words = [BINARY, *map(str, args)]
        if os.geteuid() == 0:
            for path in (self.root, *self.root.rglob("*")):
                os.lchown(path, 65534, 65534)
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    def test_what_is_not_a_set_is_never_removed(self):
        self.create()
        strangers = [self.repository / name for name in ("20200101T000000Z", "old", ".tmp-mine", "volumes")]
        for stranger in strangers:
            (stranger / "deep").mkdir(parents=True)
            (stranger / "deep" / "file").write_text("keep")
            os.utime(stranger, (0, 0))
        (self.repository / "20200101T000000Z-abcdef").symlink_to(self.graf)
        os.utime(self.repository, (0, 0))
        data = tree(self.graf)
        latest = self.create("--retain", "last=1")
        self.run_obsctl("backup", "prune", "--retain", "within=1s")
        self.assertEqual(self.sets(), [latest])
        self.assertEqual([(one / "deep" / "file").read_text() for one in strangers], ["keep"] * 4)
        self.assertEqual(tree(self.graf), data)

    def test_a_policy_that_keeps_nothing_is_refused(self):
        self.create()
        for policy in ("last=0", "last=-1", "", "within=0s", "daily=x"):
            self.run_obsctl("backup", "prune", "--retain", policy, code=2)
        self.assertEqual(len(self.sets()), 1)

    def test_the_age_of_files_does_not_decide(self):
        names = [self.create(), self.create()]
        for path in (self.repository / names[1], *(self.repository / names[1]).rglob("*")):
            os.utime(path, (0, 0))
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertEqual(self.sets(), [names[1]])

    def test_a_repository_behind_a_link(self):
        (self.root / "behind").symlink_to(self.repository)
        names = [self.create(), self.create()]
        self.run_obsctl("backup", "prune", "-r", self.root / "behind", "--retain", "last=1")
        self.assertEqual(self.sets(), [names[1]])

    def test_nothing_goes_when_the_last_good_set_lost_a_file(self):
        names = [self.create(), self.create()]
        (self.repository / names[1] / "volumes" / "graf.tar.zst").unlink()
        self.run_obsctl("backup", "prune", "--retain", "last=1", code=5)
        self.assertEqual(self.sets(), [names[1], names[0]])

    def test_other_directories_are_counted_by_themselves(self):
        first = self.create()
        other = self.create(paths=("--path", self.prom))
        third = self.create()
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertEqual(self.sets(), [third, other])
        self.assertNotIn(first, self.sets())


class Sources(BackupCase):
    """What the scripts that people copy get wrong before the first byte is read."""

    def test_a_directory_that_is_not_there_or_empty_is_no_backup(self):
        (self.root / "empty").mkdir()
        self.create(code=4, paths=("--path", self.root / "prometheus-data"))
        self.assertIn("--allow-empty", self.create(code=1, paths=("--path", self.root / "empty")).stderr)
        self.create(code=1, paths=(*self.paths, "--path", self.root / "empty"))
        self.assertEqual(self.sets(), [])
        self.create("--allow-empty", paths=("--path", self.root / "empty"))

    def test_a_volume_that_lost_most_of_its_data_is_refused(self):
        self.create()
        (self.prom / "wal" / "00000001").write_bytes(b"")
        (self.prom / "chunks" / "000001").write_bytes(b"")
        self.assertIn("--accept-shrink", self.create(code=1).stderr)
        self.assertEqual(len(self.sets()), 1)
        self.create("--accept-shrink")

    def test_a_volume_of_a_few_bytes_did_not_shrink(self):
        (self.root / "tiny").mkdir()
        (self.root / "tiny" / "a").write_text("x\n")
        self.create(paths=("--path", self.root / "tiny"))
        self.create(paths=("--path", self.root / "tiny"))

    def test_paths_do_not_depend_on_the_directory(self):
        self.create(paths=("--path", "data/prom"))
        shown = json.loads(self.run_obsctl("backup", "show", "latest", "-o", "json").stdout)
        self.assertEqual(shown["volumes"][0]["path"], str(self.prom.resolve()))

    def test_a_repository_in_its_own_data_is_refused(self):
        self.repository = self.prom / "backups"
        self.create(code=2)
        self.assertFalse(self.repository.exists())

    def test_directories_in_each_other_are_refused(self):
        self.create(code=2, paths=("--path", self.prom, "--path", self.prom / "wal"))
        self.create(code=2, paths=("--path", self.prom, "--path", self.root / "data/../data/prom"))

    def test_directories_of_one_name_are_two_volumes(self):
        other = fill(self.root / "other" / "prom", 3, 1000)
        self.create(paths=("--path", self.prom, "--path", other))
        out = self.restored("latest")
        self.assert_same(out / "prom", self.prom)
        self.assert_same(out / "prom-2", other)

    def test_a_directory_with_other_things_is_no_repository(self):
        self.repository.mkdir()
        (self.repository / "photo.jpg").write_text("keep")
        self.create(code=2)
        self.create("--init", code=2)
        for args in (("list",), ("prune", "--retain", "last=1"), ("verify",), ("pin", "latest")):
            self.run_obsctl("backup", *args, code=2)
        self.assertEqual([path.name for path in self.repository.iterdir()], ["photo.jpg"])

    def test_nobody_else_can_read_it(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.create()
        self.restored("latest")
        for path in (self.repository, *self.repository.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual((self.root / "out").stat().st_mode & 0o077, 0)

    def test_nothing_to_back_up_is_said(self):
        self.assertIn("--path", obsctl("backup", "create", "-r", str(self.repository)).stderr)
        self.assertIn("--repository", obsctl("backup", "list").stderr)


class Texts(BackupCase):
    def test_the_list_fits_a_screen_and_names_the_goals(self):
        self.create()
        text = self.run_obsctl("backup", "list").stdout
        self.assertRegex(text, r"^RPO  the last good set is .* old, within 1 d\nRTO  no restore was measured yet\n")
        self.restored("latest")
        self.assertRegex(self.run_obsctl("backup", "list").stdout, r"RTO  the last restore took .* for .*, within 4 h")
        time.sleep(1.1)
        text = self.run_obsctl("backup", "list", "--rpo", "1ms").stdout
        self.assertRegex(text, r"RPO  .* more than 1 ms")
        self.assertTrue(all(len(line) <= 100 for line in text.splitlines()), text)

    def test_a_set_is_shown_with_its_files(self):
        name = self.create()
        text = self.run_obsctl("backup", "show", name).stdout
        self.assertIn("prom", text)
        self.assertIn("live", text)
        lines = self.run_obsctl("backup", "show", name, "--files").stdout.splitlines()
        self.assertTrue(any(re.fullmatch(r" +200000  [0-9a-f]{12}  prom/wal/00000001", line) for line in lines), lines)
        self.assertTrue(any("odd\\nname" in line for line in lines), lines)


if __name__ == "__main__":
    unittest.main()
