# SPDX-License-Identifier: Apache-2.0
"""Turns the lab's real binaries into local images under the official references.

Exists so that a generated compose file can be run unmodified where no container registry can be
reached: the engine finds every image it names already present, with the official image's user,
paths and entrypoint (images.yaml), and never pulls.
"""

import argparse
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile

import given
from labenv import LAB, LabError, bin_dir, catalog, load_yaml

KEY_LABEL = "obsctl.lab.key"
RECIPE = 1  # raise when this file lays out images differently
CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n" \
         "grafana:x:472:0:grafana:/usr/share/grafana:/bin/false\n"
GROUP = "root:x:0:\nnobody:x:65534:\n"


def reference(name: str) -> str:
    """The image reference that generated files use for a component."""
    row = catalog()[name]
    if row.get("digest"):
        # An engine looks a digest up in a registry; a local image has none.
        raise LabError(f"{name} is pinned by digest; the lab can only stand in for tags")
    return f"{row['image']}:{row.get('tag', row['version'])}"


def busybox() -> pathlib.Path:
    path = shutil.which("busybox", path="/bin:/usr/bin")
    if path is None:
        raise LabError("busybox is missing (Debian package busybox-static)")
    return pathlib.Path(path).resolve()


class Root:
    """An image's file system, written as a deterministic tar stream."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.tar = tarfile.open(fileobj=stream, mode="w|")
        self.seen = set()

    def _info(self, path: str, mode: int, uid: int = 0) -> tarfile.TarInfo:
        info = tarfile.TarInfo(path.lstrip("/"))
        info.mode, info.uid, info.gid = mode, uid, uid
        return info

    def directory(self, path: str, mode: int = 0o755, uid: int = 0) -> None:
        if path in self.seen or path == "/":
            return
        self.directory(str(pathlib.PurePosixPath(path).parent))
        info = self._info(path, mode, uid)
        info.type = tarfile.DIRTYPE
        self.tar.addfile(info)
        self.seen.add(path)

    def text(self, path: str, content: str) -> None:
        self.directory(str(pathlib.PurePosixPath(path).parent))
        data = content.encode()
        info = self._info(path, 0o755 if content.startswith("#!") else 0o644)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def copy(self, path: str, source: pathlib.Path, mode: int = 0o755) -> None:
        self.directory(str(pathlib.PurePosixPath(path).parent))
        info = self._info(path, mode)
        info.size = source.stat().st_size
        with source.open("rb") as stream:
            self.tar.addfile(info, stream)

    def link(self, path: str, target: str) -> None:
        info = self._info(path, 0o777)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(info)


def add_busybox(root: Root) -> None:
    """The part of a busybox or alpine base that stacks can notice."""
    root.copy("/bin/busybox", busybox())
    applets = subprocess.run([busybox(), "--list"], capture_output=True, text=True, check=True)
    for applet in sorted(set(applets.stdout.split()) - {"busybox"}):
        root.link(f"/bin/{applet}", "busybox")
    root.text("/etc/passwd", PASSWD)
    root.text("/etc/group", GROUP)
    root.directory("/tmp", 0o1777)
    root.directory("/home")


def write_root(image: dict, stream: io.BufferedIOBase) -> None:
    root = Root(stream)
    for path, uid in image.get("dirs", {}).items():
        if uid == 1777:  # a world-writable directory, not an owner
            root.directory(path, 0o1777)
        else:
            root.directory(path, 0o775, uid)
    if image["base"] == "busybox":
        add_busybox(root)
    root.copy("/etc/ssl/certs/ca-certificates.crt", CERTIFICATES, 0o644)
    for path, content in image.get("files", {}).items():
        root.text(path, content)
    for path, binary in image.get("binaries", {}).items():
        root.copy(path, (bin_dir() / binary).resolve(strict=True))
    root.tar.close()


def changes(image: dict, key: str) -> list:
    """The image's configuration, as Dockerfile instructions for `docker import`."""
    lines = [f"LABEL {KEY_LABEL}={key}"]
    lines += [f"ENV {name}={value}" for name, value in image.get("env", {}).items()]
    lines += [f"EXPOSE {port}" for port in image.get("expose", [])]
    for field, instruction in (("user", "USER"), ("workdir", "WORKDIR")):
        if field in image:
            lines.append(f"{instruction} {image[field]}")
    for field, instruction in (("volumes", "VOLUME"), ("entrypoint", "ENTRYPOINT"), ("cmd", "CMD")):
        if field in image:
            lines.append(f"{instruction} {json.dumps(image[field])}")
    return lines


def key_of(image: dict) -> str:
    """Changes with the image's description or with any binary in it."""
    paths = [(bin_dir() / name).resolve() for name in image.get("binaries", {}).values()]
    # What is built has a path of its own; what is given can be another program in the same place.
    stored = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in paths]
    text = json.dumps([RECIPE, image, stored], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def present_key(ref: str) -> str:
    template = f'{{{{index .Config.Labels "{KEY_LABEL}"}}}}'
    result = subprocess.run(["docker", "image", "inspect", "--format", template, ref],
                            capture_output=True, text=True, check=False)
    return result.stdout.strip()


def ensure(name: str, image: dict) -> None:
    ref, key = reference(name), key_of(image)
    if present_key(ref) == key:
        print(f"lab: image {ref} is current")
        return
    command = ["docker", "import"]
    for line in changes(image, key):
        command += ["--change", line]
    with subprocess.Popen([*command, "-", ref], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as importer:
        write_root(image, importer.stdin)
        importer.stdin.close()
        if importer.wait() != 0:
            raise LabError(f"docker import of {ref} failed")
    print(f"lab: image {ref} built")


def main() -> int:
    table = load_yaml(LAB / "images.yaml")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("components", nargs="*", help="default: all of images.yaml")
    args = parser.parse_args()
    for name in args.components or table:
        if name not in table:
            raise LabError(f"images.yaml has no '{name}'")
        if name not in given.absent():
            ensure(name, table[name])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"lab: error: {error}")
