# SPDX-License-Identifier: Apache-2.0
"""Runs the real binary for the black-box tests; OBSCTL names it, SOURCE_DIR is the source tree."""

import contextlib
import http.server
import os
import pathlib
import subprocess
import threading

BINARY = os.environ["OBSCTL"]
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])


def obsctl(*args, cwd=None, env=None, stdin="", stdout=subprocess.PIPE):
    """Runs `obsctl ARGS` with a small clean environment and returns the finished process."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    return subprocess.run([BINARY, *args], cwd=cwd, env={**clean, **(env or {})}, input=stdin,
                          stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


class Handler(http.server.BaseHTTPRequestHandler):
    """Of a server of other people's answers; tests add do_GET and do_POST."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers["content-length"]))

    def answer(self, body, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving(handler):
    """A server on a free port of this machine, which knows its `url`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
