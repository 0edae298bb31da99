# SPDX-License-Identifier: Apache-2.0
"""`obsctl backup` and `obsctl restore` when something goes wrong: killed at every step, a full disk, damaged sets,
two runs at once."""

import hashlib
import json
import os
import signal
import subprocess
import time
import unittest

from backups import BackupCase, flip, limited, tree
from support import BINARY

BEFORE_IT_IS_PUBLISHED = ("begin", "read", "blob", "blob-synced", "index", "volume-copied", "volume-copied#2",
                          "manifest", "manifest-written", "manifest-synced")
AFTER_IT_WAS_PUBLISHED = ("renamed", "published", "verified")


class Killed(BackupCase):
    def test_before_a_set_is_published_there_is_none(self):
        first = self.create()
        for point in BEFORE_IT_IS_PUBLISHED:
            with self.subTest(point=point):
                known = self.sets()
                self.killed_at(point, "backup", "create", *self.paths)
                self.assertEqual(self.sets(), known)
                self.run_obsctl("backup", "verify", first)
                created = self.create()
                self.assertEqual(self.sets(), [created, *known], "the next run works")
                self.assertEqual(self.leftovers(), [], "and clears up")

    def test_afterwards_it_is_whole(self):
        for number, point in enumerate(AFTER_IT_WAS_PUBLISHED):
            with self.subTest(point=point):
                self.killed_at(point, "backup", "create", *self.paths, "--init", "--retain", "last=1")
                self.assertEqual(len(self.sets()), number + 1, "nothing is removed before it is verified")
                self.run_obsctl("backup", "verify", "--all")
        self.assertEqual(self.leftovers(), [])

    def test_a_set_that_is_removed_is_whole_or_gone(self):
        for point in ("remove", "remove-renamed", "remove-begun"):
            with self.subTest(point=point):
                names = [self.create(), self.create()]
                self.killed_at(point, "backup", "prune", "--retain", "last=1")
                self.run_obsctl("backup", "verify", "--all")
                self.assertIn(names[1], self.sets())
                self.run_obsctl("backup", "prune", "--retain", "last=1")
                self.assertEqual((self.sets(), self.leftovers()), ([names[1]], []))

    def test_at_any_moment(self):
        """Whenever it dies, earlier sets verify and no set is half there."""
        first = self.create()
        for milliseconds in range(0, 120, 8):
            with subprocess.Popen([BINARY, "backup", "create", "-r", self.repository, *self.paths],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
                time.sleep(milliseconds / 1000)
                run.kill()
        self.assertIn(first, self.sets())
        self.run_obsctl("backup", "verify", "--all")
        self.create()
        self.assertEqual(self.leftovers(), [])


class KilledRestore(BackupCase):
    def setUp(self):
        super().setUp()
        self.name = self.create()
        self.out = self.restored("latest")
        (self.out / "prom" / "conf.ini").write_text("newer")
        (self.out / "graf" / "conf.ini").write_text("newer")
        self.newer = tree(self.out / "prom"), tree(self.out / "graf")
        self.older = tree(self.prom), tree(self.graf)

    def places(self):
        return tree(self.out / "prom"), tree(self.out / "graf")

    def kill(self, point):
        self.killed_at(point, "restore", "latest", "--to", self.out, "--replace", "--yes")

    def test_before_moving_nothing_was_touched(self):
        for point in ("restore-verified", "journal-written", "volume-written", "volume-written#2"):
            with self.subTest(point=point):
                self.kill(point)
                self.assertEqual(self.places(), self.newer)
        self.assertEqual(len(self.listing()["open_restores"]), 1, "each clears up what the one before left")
        self.run_obsctl("restore", "latest", "--to", self.out, "--replace", "--yes")
        self.assertEqual(self.places(), self.older)
        self.assertEqual(self.leftovers(), [])
        self.assertEqual([path.name for path in self.out.iterdir() if path.name.startswith(".")], [])

    def test_while_moving_it_is_completed_or_undone(self):
        for point in ("moving", "set-aside", "volume-moved", "set-aside#2", "volume-moved#2", "moved"):
            for how, expected in (("--rollback", self.newer), ("--resume", self.older)):
                with self.subTest(point=point, how=how):
                    self.kill(point)
                    self.run_obsctl("backup", "prune", "--retain", "last=1")
                    self.assertIn(self.name, self.sets())
                    refused = self.run_obsctl("restore", "latest", "--to", self.out, "--replace", "--yes", code=1)
                    self.assertIn("--resume", refused.stderr)
                    self.run_obsctl("restore", "--to", self.out, how)
                    self.assertEqual(self.places(), expected)
                    self.assertEqual(self.listing()["open_restores"], [])
                    self.run_obsctl("restore", "--to", self.out, how, code=4)
                    self.make_newer()

    def make_newer(self):
        for copy in self.out.glob("*.before-*"):
            place = self.out / copy.name.split(".before-")[0]
            place.rename(self.root / f"used-{copy.name}")
            copy.rename(place)
        self.assertEqual(self.places(), self.newer)

    def test_a_directory_that_is_gone_is_said_with_the_journal(self):
        self.kill("moving")
        self.out.rename(self.root / "away")
        self.assertIn("remove '", self.run_obsctl("restore", "--to", self.out, "--resume", code=4).stderr)
        self.assertIn("--rollback", self.run_obsctl("backup", "list").stdout)

    def test_the_set_of_an_open_restore_is_not_removed(self):
        self.kill("moving")
        self.create()
        self.create()
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertIn(self.name, self.sets())
        self.run_obsctl("restore", "--to", self.out, "--rollback")
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertNotIn(self.name, self.sets())


class Damage(BackupCase):
    def setUp(self):
        super().setUp()
        self.name = self.create()
        self.top = self.repository / self.name

    def assert_damaged(self, volume, level="full"):
        done = self.run_obsctl("backup", "verify", self.name, "--level", level, code=5)
        self.assertIn(f"'{volume}'", done.stderr)
        refused = self.run_obsctl("restore", self.name, "--to", "out", code=5)
        self.assertIn(f"'{volume}'", refused.stderr)
        self.assertFalse((self.root / "out").exists(), "something was touched")

    def test_a_flipped_bit_anywhere(self):
        for suffix in ("tar.zst", "idx.zst"):
            path = self.top / "volumes" / f"graf.{suffix}"
            whole = path.read_bytes()
            for offset in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
                with self.subTest(suffix=suffix, offset=offset):
                    flip(path, offset, offset % 8)
                    self.assert_damaged("graf")
                    self.assert_damaged("graf", "quick")
                    path.write_bytes(whole)
        self.run_obsctl("backup", "verify", self.name)

    def test_a_file_that_is_shorter_or_longer_or_gone(self):
        path = self.top / "volumes" / "prom.tar.zst"
        whole = path.read_bytes()
        for content in (whole[:-1], whole[:512], b"", whole + b"\0"):
            path.write_bytes(content)
            self.assert_damaged("prom")
        path.unlink()
        self.assert_damaged("prom")
        path.symlink_to("graf.tar.zst")
        self.assert_damaged("prom")

    def test_a_damaged_manifest(self):
        for file in ("manifest.json", "manifest.sha256"):
            whole = (self.top / file).read_bytes()
            for offset in (0, len(whole) // 4, len(whole) // 2, len(whole) - 2):
                with self.subTest(file=file, offset=offset):
                    flip(self.top / file, offset)
                    for args in (("backup", "verify", self.name), ("backup", "show", self.name),
                                 ("restore", self.name, "--to", "out")):
                        self.run_obsctl(*args, code=5)
                    self.assertEqual(self.listing()["sets"][0]["status"], "damaged")
                    self.run_obsctl("restore", "latest", "--to", "out", code=4)
                    (self.top / file).write_bytes(whole)
        self.run_obsctl("backup", "verify", self.name)

    def test_a_damaged_set_is_not_the_latest_and_takes_no_place(self):
        older = self.name
        newer = self.create()
        flip(self.repository / newer / "volumes" / "prom.tar.zst", 1000)
        self.run_obsctl("backup", "verify", code=5)
        listing = self.listing()
        self.assertEqual(listing["latest"], older)
        self.assertFalse(listing["sets"][0]["verified"]["passed"])
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertEqual(self.sets(), [newer, older])

    def test_another_manifest_makes_the_old_proof_void(self):
        manifest = json.loads((self.top / "manifest.json").read_text())
        self.assertEqual(self.listing()["latest"], self.name)
        (self.top / "manifest.json").write_text(json.dumps(manifest))
        self.assertIsNone(self.listing()["latest"])

    def test_a_stranger_in_a_set(self):
        (self.top / "volumes" / "extra.tar.zst").write_text("?")
        done = self.run_obsctl("backup", "verify", self.name, code=5)
        self.assertIn("is in the set and not in its manifest", done.stderr)

    def test_a_newer_format_is_left_alone(self):
        manifest = json.loads((self.top / "manifest.json").read_text())
        manifest["format"] = 2
        (self.top / "manifest.json").write_text(json.dumps(manifest))
        self.assertIn("format 2", self.run_obsctl("backup", "show", self.name, code=2).stderr)
        self.create("--retain", "last=1")
        self.assertIn(self.name, self.sets())

    def test_marks_that_cannot_be_read_keep_the_set(self):
        (self.top / "marks.json").write_text("{")
        self.create()
        self.run_obsctl("backup", "prune", "--retain", "last=1")
        self.assertIn(self.name, self.sets())
        self.run_obsctl("backup", "verify", self.name)


class Hostile(BackupCase):
    """Sets that somebody has made by hand, with every checksum right."""

    def forge(self, path):
        """Gives the file `evil` another path in the archive and its index."""
        (self.graf / "evil").write_text("evil")
        top = self.repository / self.create()
        manifest = json.loads((top / "manifest.json").read_text())
        volume = manifest["volumes"][1]
        tar = self.pipe(["zstd", "-dc"], (top / "volumes" / "graf.tar.zst").read_bytes())
        at = tar.index(b"data/evil\0") // 512 * 512
        header = bytearray(tar[at:at + 512].replace(b"data/evil", path))
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
        tar = tar[:at] + header + tar[at + 512:]
        index = self.pipe(["zstd", "-dc"], (top / "volumes" / "graf.idx.zst").read_bytes())
        index = index.replace(b'"data/evil"', b'"' + path + b'"')
        volume["tar"]["sha256"] = hashlib.sha256(tar).hexdigest()
        blob = self.pack(tar)
        index = index.replace(f'"blob_bytes":{volume["blob"]["bytes"]}'.encode(), f'"blob_bytes":{len(blob)}'.encode())
        for key, suffix, content in (("blob", "tar", blob), ("index", "idx", self.pack(index))):
            volume[key] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            (top / "volumes" / f"graf.{suffix}.zst").write_bytes(content)
        (top / "manifest.json").write_text(json.dumps(manifest))
        names = ["manifest.json"] + [f"volumes/{one['name']}.{suffix}.zst" for one in manifest["volumes"]
                                     for suffix in ("tar", "idx")]
        done = subprocess.run(["sha256sum", *names], cwd=top, check=True, capture_output=True)
        (top / "manifest.sha256").write_bytes(done.stdout)
        return top.name

    def pack(self, data):
        return self.pipe(["zstd", "-c", "--check", f"--stream-size={len(data)}"], data)

    def pipe(self, words, data):
        return subprocess.run(words, input=data, capture_output=True, check=True).stdout

    def test_a_forged_set_that_leads_nowhere_else_is_restored(self):
        name = self.forge(b"data/fine")
        out = self.restored(name)
        self.assertEqual((out / "graf" / "fine").read_text(), "evil")

    def test_a_name_that_leads_out_of_the_volume_is_refused_before_anything_is_touched(self):
        for path in (b"../../xxx", b"/tmp/xxxx", b"data/../x", b"data//xxx"):
            with self.subTest(path=path):
                name = self.forge(path)
                before = sorted(self.root.rglob("*"))
                done = self.run_obsctl("restore", name, "--to", "out", code=5)
                self.assertIn("'graf'", done.stderr)
                self.assertEqual(sorted(self.root.rglob("*")), before)


class FullDisk(BackupCase):
    def test_no_file_may_become_larger(self):
        name = self.create("--init")
        for kilobytes in (0, 1, 4, 16, 64, 128):
            with self.subTest(kilobytes=kilobytes):
                done = limited(kilobytes, "backup", "create", "-r", self.repository, *self.paths, "--retain", "last=1")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(str(self.repository), done.stderr)
                self.assertEqual((self.sets(), self.leftovers()), ([name], []))
        self.run_obsctl("backup", "verify", name)

    def test_a_restore_without_room_touches_nothing(self):
        self.create()
        for kilobytes in (16, 64, 150):
            done = limited(kilobytes, "restore", "latest", "-r", self.repository, "--to", self.root / "out")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(list((self.root / "out").iterdir()), [])
            self.assertEqual(self.leftovers(), [])

    def test_a_disk_that_is_full(self):
        """On a small disk of its own, as root of a user namespace."""
        script = ('mount -t tmpfs -o size=1m none "$ROOT" && "$@"; code=$?; '
                  'ls -A "$ROOT" >&2; find "$ROOT" -name "2*" | grep . && exit 99; exit $code')
        self.repository.mkdir()
        words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", BINARY, "backup",
                 "create", "-r", self.repository, "--path", self.prom, "--path", self.graf]
        (self.prom / "big").write_bytes(os.urandom(2_000_000))
        if subprocess.run([*words[:6], "mount -t tmpfs none /mnt"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no user namespaces")
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "ROOT": self.repository})
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("No space left on device", done.stderr)
        self.assertNotIn(".tmp", done.stderr.replace(str(self.repository), ""))


class Together(BackupCase):
    def held(self, *args, point="blob"):
        """A run that has stopped in the middle."""
        run = subprocess.Popen([BINARY, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={"PATH": os.environ["PATH"], "OBSCTL_FAILPOINT": f"{point}:stop"})
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        while os.waitpid(run.pid, os.WUNTRACED | os.WNOHANG)[0] == 0:
            time.sleep(0.01)
        return run

    def test_the_second_run_says_who_has_the_lock(self):
        self.create()
        first = self.held("backup", "create", "-r", self.repository, *self.paths)
        self.assertIn(f"is locked by pid {first.pid} since 20", self.create(code=4).stderr)
        self.run_obsctl("backup", "create", *self.paths, "--lock-timeout", "300ms", code=4)
        for args in (("prune", "--retain", "last=1"), ("pin", "latest"), ("verify",)):
            self.run_obsctl("backup", *args, code=4)
        self.assertEqual(len(self.sets()), 1, "listing needs no lock")
        first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(30), 0)
        self.assertEqual(len(self.sets()), 2)

    def test_a_dead_holder_does_not_block(self):
        self.create()
        first = self.held("backup", "create", "-r", self.repository, *self.paths)
        first.kill()
        first.wait()
        self.create()
        self.assertEqual((len(self.sets()), self.leftovers()), (2, []))

    def test_waiting_for_the_lock(self):
        self.create()
        first = self.held("backup", "create", "-r", self.repository, *self.paths)
        second = subprocess.Popen([BINARY, "backup", "create", "-r", self.repository, "--lock-timeout", "1m",
                                   *self.paths], stdout=subprocess.DEVNULL)
        first.send_signal(signal.SIGCONT)
        self.assertEqual((first.wait(30), second.wait(30)), (0, 0))
        self.assertEqual(len(self.sets()), 3)

    def test_two_that_verify_do_not_disturb_each_other(self):
        self.create()
        with subprocess.Popen([BINARY, "backup", "verify", "-r", self.repository], stdout=subprocess.DEVNULL) as one:
            self.run_obsctl("backup", "verify")
            self.assertEqual(one.wait(30), 0)

    def test_stopped_by_a_signal_it_clears_up(self):
        self.create()
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            run = self.held("backup", "create", "-r", self.repository, *self.paths)
            run.send_signal(number)
            run.send_signal(signal.SIGCONT)
            self.assertEqual(run.wait(30), code)
            self.assertEqual((len(self.sets()), self.leftovers()), (1, []))

    def test_a_file_that_vanishes_while_it_is_copied(self):
        run = self.held("backup", "create", "-r", self.repository, "--path", self.prom, point="read")
        for path in sorted(self.prom.rglob("*")):
            if path.is_file() and not path.is_symlink():
                path.unlink()
        run.send_signal(signal.SIGCONT)
        self.assertEqual(run.wait(30), 1)
        self.assertIn("was not read whole", run.stderr.read())
        self.assertEqual(self.sets(), [])


if __name__ == "__main__":
    unittest.main()
