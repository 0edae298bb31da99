# SPDX-License-Identifier: Apache-2.0
"""What the tests of backups share: data to back up, a repository, and the program with faults."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import stat
import subprocess
import tempfile
import unittest

from support import BINARY, obsctl


def fill(directory, seed, size=200_000):
    """A small tree like that of a store: blocks, a log, links, odd names; the same for the same seed."""
    rng = random.Random(seed)
    (directory / "wal").mkdir(parents=True)
    (directory / "chunks" / "empty").mkdir(parents=True)
    (directory / "wal" / "00000001").write_bytes(rng.randbytes(size))
    (directory / "chunks" / "000001").write_bytes(rng.randbytes(size // 2) + bytes(size))
    (directory / "chunks" / "0").write_bytes(b"")
    (directory / "conf.ini").write_text(f"[server]\nseed = {seed}\n")
    (directory / "odd\nname \xe4").write_text("odd")
    (directory / "link").symlink_to("wal/00000001")
    os.link(directory / "conf.ini", directory / "same.ini")
    (directory / "conf.ini").chmod(0o640)
    directory.chmod(0o2750)
    return directory


def tree(directory):
    """Everything that must come back: path to type, mode, owner, time and content."""
    out = {}
    for path in (directory, *sorted(directory.rglob("*"))):
        info = path.lstat()
        kind = stat.S_IFMT(info.st_mode)
        content = (os.readlink(path) if stat.S_ISLNK(kind) else
                   hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(kind) else "")
        mode = 0 if stat.S_ISLNK(kind) else info.st_mode
        out[str(path.relative_to(directory))] = (kind, mode, info.st_uid, info.st_gid, info.st_mtime_ns, content)
    return out


class BackupCase(unittest.TestCase):
    """Two directories, `prom` and `graf`, and a repository that is not there yet."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="obsctl-backup-"))
        self.addCleanup(shutil.rmtree, self.root, True)
        self.prom = fill(self.root / "data" / "prom", 1)
        self.graf = fill(self.root / "data" / "graf", 2, 10_000)
        self.repository = self.root / "backups"
        self.paths = ("--path", self.prom, "--path", self.graf)

    def run_obsctl(self, *args, code=0, env=None):
        done = obsctl(*map(str, args), cwd=self.root,
                      env={"OBSCTL_BACKUP_REPOSITORY": str(self.repository), **(env or {})})
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}{done.stderr}")
        if code:
            self.assert_hint(done.stderr) if code not in (-9, 3) else None
        return done

    def assert_hint(self, text):
        """Every error says what to do."""
        last = text.splitlines()[-1]
        hint = json.loads(last)["hint"] if last.startswith("{") else "hint:" in text
        self.assertTrue(hint, text)

    def create(self, *args, code=0, env=None, paths=None):
        """Makes a set and returns its name."""
        done = self.run_obsctl("backup", "create", "-r", self.repository, *(paths or self.paths), "-o", "json", *args,
                               code=code, env=env)
        return json.loads(done.stdout)["id"] if code in (0, 3) else done

    def killed_at(self, point, *args):
        return self.run_obsctl(*args, code=-9, env={"OBSCTL_FAILPOINT": point})

    def listing(self):
        return json.loads(self.run_obsctl("backup", "list", "-o", "json").stdout)

    def sets(self):
        """Newest first."""
        return [one["id"] for one in self.listing()["sets"]]

    def restored(self, *args, code=0, to="out"):
        self.run_obsctl("restore", "--to", self.root / to, *args, code=code)
        return self.root / to

    def assert_same(self, restored, original):
        self.assertEqual(tree(restored), tree(original))

    def leftovers(self):
        return sorted(path.name for path in self.repository.iterdir()
                      if path.name.startswith((".", "restore-")))


def limited(kilobytes, *args):
    """The program where no file may become larger."""
    words = ["sh", "-c", f'ulimit -f {kilobytes * 2}; exec "$@"', "sh", BINARY, *map(str, args)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})


def flip(path, offset, bit=0):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    path.write_bytes(data)
