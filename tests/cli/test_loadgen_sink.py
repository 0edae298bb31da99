# SPDX-License-Identifier: Apache-2.0
"""`obsctl loadgen sink` as a server: readers that stop, clients at the wrong port, browsers, greed, signals."""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from support import BINARY, obsctl

ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
MIB = 1 << 20


def as_json(body):
    return json.dumps(body).encode()


def log_of(text):
    return as_json({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]})


class Sink:
    """A sink on free ports; `stdout` is a pipe that nobody reads before the end."""

    def __init__(self, *flags, prepare=None, stdout=subprocess.PIPE):
        self.process = subprocess.Popen(
            [BINARY, "loadgen", "sink", "--grpc-port=0", "--http-port=0", *flags], env=ENV,
            stdout=stdout, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)
        self.first = self.process.stderr.readline()
        self.grpc, self.http = map(int, re.search(r"gRPC port (\d+), HTTP port (\d+)", self.first).groups())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ask(self, request, port=None):
        """Sends bytes and returns the answer up to the end of the connection."""
        with socket.create_connection(("127.0.0.1", port or self.http), 20) as peer:
            peer.sendall(request)
            answer = b""
            while block := peer.recv(65536):
                answer += block
        return answer.decode("latin-1")

    def request(self, method, target, *headers, body=b""):
        head = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}", *headers]
        return self.ask("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    def post(self, body, *headers):
        return self.request("POST", "/v1/logs", "Content-Type: application/json", *headers, body=body)

    def counts(self):
        return json.loads(self.request("GET", "/counts").partition("\r\n\r\n")[2])

    def finish(self, *signals):
        """Ends it and returns its exit code, output and messages."""
        for one in signals or (signal.SIGTERM,):
            self.process.send_signal(one)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def memory(self, key):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(key + r":\s+(\d+) kB", status).group(1)) * 1024


class Readers(unittest.TestCase):
    """Whoever reads --print may stop or go: receiving goes on, and the counts are printed."""

    def goes_on(self, sink, requests=20):
        for _ in range(requests):
            self.assertIn(" 200 OK", sink.post(log_of("a" * 9000)).splitlines()[0])
        self.assertEqual(sink.counts()["signals"]["logs"]["requests"], requests)

    def test_a_reader_that_has_stopped(self):
        with Sink("--print") as sink:
            self.goes_on(sink)
            sink.process.send_signal(signal.SIGINT)
            self.assertEqual(sink.process.wait(30), 0)  # though nobody has read
            err = sink.process.stderr.read()
            self.assertRegex(err, r"\d+ requests were not printed: the reader was too slow")
            counts = json.loads(err[err.index("\n{\n"):])
            self.assertEqual(counts["signals"]["logs"]["requests"], 20)

    def test_a_reader_that_has_gone(self):
        with Sink("--print") as sink:
            sink.process.stdout.close()
            self.goes_on(sink)
            sink.process.send_signal(signal.SIGTERM)
            self.assertEqual(sink.process.wait(30), 0)
            err = sink.process.stderr.read()
            self.assertIn("20 requests were not printed: the reader has closed standard output", err)
            self.assertEqual(json.loads(err[err.index("\n{\n"):])["signals"]["logs"]["requests"], 20)

    def test_standard_output_that_was_closed_from_the_start(self):
        with Sink("--print", prepare=lambda: os.close(1)) as sink:
            self.goes_on(sink)
            code, _, err = sink.finish()
            self.assertEqual(code, 1)
            self.assertIn("cannot write the counts: bad file descriptor", err)
            self.assertIn('"schema": "obsctl.sink/v1"', err)

    def test_both_streams_into_one_pipe_that_nobody_reads(self):
        reader, writer = os.pipe()
        process = subprocess.Popen([BINARY, "loadgen", "sink", "--grpc-port=0", "--http-port=0", "--print"], env=ENV,
                                   stdout=writer, stderr=writer)
        try:
            line = os.read(reader, 4096).decode()
            port = int(re.search(r"HTTP port (\d+)", line).group(1))
            body = log_of("a" * 9000)
            head = f"POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", port), 20) as peer:
                    peer.sendall(head.encode() + body)
                    self.assertTrue(peer.recv(100).startswith(b"HTTP/1.1 200"))
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(30), 0)
        finally:
            process.kill()
            process.wait()
            os.close(reader)
            os.close(writer)

    def test_all_that_a_slow_reader_was_sent_arrives_when_it_reads_on(self):
        with Sink("--print") as sink:
            self.goes_on(sink)
            code, out, err = sink.finish()
            self.assertEqual(code, 0, err)
            self.assertEqual(out.count('"resourceLogs"'), 20)
            self.assertTrue(out.endswith("}\n"))
            self.assertNotIn("not printed", err)

    def test_what_a_terminal_would_obey_is_escaped(self):
        with Sink("--print") as sink:
            sink.post(log_of("\u009b31m\x7f\x1b"))
            self.assertIn(" 404 ", sink.ask("GET /\u009b31m HTTP/1.1\r\nConnection: close\r\n\r\n".encode()))
            _, out, err = sink.finish()
        for text in (out, err):
            self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f]")
        self.assertIn("\u009b31m\x7f\x1b", json.dumps(json.loads(out.splitlines()[0]), ensure_ascii=False)
                      .replace("\\u001b", "\x1b"))


class Signals(unittest.TestCase):
    def test_each_of_them_ends_it_with_the_counts(self):
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=one), Sink() as sink:
                sink.post(b"{}")
                code, out, _ = sink.finish(one)
                self.assertEqual(code, 0)
                self.assertEqual(json.loads(out)["signals"]["logs"]["requests"], 1)

    def test_nohup_holds(self):
        with Sink(prepare=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as sink:
            sink.process.send_signal(signal.SIGHUP)
            self.assertIn(" 200 ", sink.post(b"{}"))
            self.assertEqual(sink.finish()[0], 0)


class WrongPorts(unittest.TestCase):
    PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
    HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        folder = pathlib.Path(cls.scratch.name)
        cls.cert, cls.key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-keyout", str(cls.key), "-out", str(cls.cert), "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        cls.tls = ("--cert-file", str(cls.cert), "--key-file", str(cls.key))

    def test_http_at_the_grpc_port(self):
        with Sink() as sink:
            answer = sink.ask(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50000,
                              sink.grpc)
            self.assertTrue(answer.startswith("HTTP/1.1 400 "), answer)
            self.assertIn(f"OTLP over HTTP is port {sink.http}", answer)
            self.assertIn(f"an HTTP client came to the gRPC port {sink.grpc}: OTLP over HTTP is port {sink.http}\n",
                          sink.finish()[2])

    def test_grpc_at_the_http_port(self):
        with Sink() as sink:
            answer = sink.ask(self.PREFACE)
            self.assertIn(f"gRPC is port {sink.grpc}", answer)
            self.assertIn(f"a gRPC client came to the HTTP port {sink.http}: gRPC is port {sink.grpc}\n",
                          sink.finish()[2])

    def test_tls_at_a_plain_port(self):
        with Sink() as sink:
            for port in (sink.grpc, sink.http):
                self.assertTrue(sink.ask(self.HELLO, port).startswith("HTTP/1.1 400 "))
            err = sink.finish()[2]
        self.assertIn("a TLS client came to the gRPC port", err)
        self.assertIn("a TLS client came to the HTTP port", err)

    def test_plain_at_a_tls_port(self):
        with Sink(*self.tls) as sink:
            for port in (sink.grpc, sink.http):
                self.assertIn("use https://", sink.ask(b"GET / HTTP/1.1\r\n\r\n", port))
            self.assertEqual(sink.ask(self.PREFACE, sink.grpc), "")
            err = sink.finish()[2]
        self.assertIn(f"a client without TLS came to the gRPC port {sink.grpc}, which speaks TLS: use https://", err)
        self.assertIn(f"a client without TLS came to the HTTP port {sink.http}, which speaks TLS: use https://", err)

    def test_a_client_that_is_wrong_for_ever_is_not_told_of_for_ever(self):
        with Sink() as sink:
            for _ in range(25):
                sink.ask(self.PREFACE)
            err = sink.finish()[2]
        self.assertEqual(err.count("came to"), 2)
        self.assertIn("(10 times so far)", err)

    def test_each_tls_port_offers_its_own_protocol(self):
        with Sink(*self.tls) as sink:
            for port, offers, chosen in ((sink.http, ["h2", "http/1.1"], "http/1.1"), (sink.http, [], None),
                                         (sink.grpc, ["http/1.1", "h2"], "h2"), (sink.grpc, ["http/1.1"], None)):
                with self.subTest(offers=offers):
                    self.assertEqual(self.alpn(port, offers), chosen)
            with self.assertRaisesRegex(ssl.SSLError, "(?i)no application protocol"):
                self.alpn(sink.http, ["h2"])
            self.assertIn(f"a gRPC client came to the HTTP port {sink.http}: gRPC is port {sink.grpc}\n",
                          sink.finish()[2])

    def test_a_handshake_that_stops_half_way_is_ended(self):
        with Sink(*self.tls) as sink:
            peers = [socket.create_connection(("127.0.0.1", port), 50) for port in (sink.grpc, sink.http)]
            for peer in peers:
                peer.sendall(self.HELLO[:8])
            for peer in peers:
                self.assertEqual(peer.recv(100), b"")  # closed by the sink
                peer.close()
            self.assertEqual(json.loads(sink.finish()[1])["timed_out"], 2)

    def alpn(self, port, offers):
        context = ssl.create_default_context(cafile=str(self.cert))
        if offers:
            context.set_alpn_protocols(offers)
        with socket.create_connection(("127.0.0.1", port), 20) as raw, \
                context.wrap_socket(raw, server_hostname="127.0.0.1") as peer:
            return peer.selected_alpn_protocol()

    def test_a_port_that_is_not_there_is_not_recommended(self):
        done = subprocess.Popen([BINARY, "loadgen", "sink", "--grpc-port=-1", "--http-port=0"], env=ENV,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = done.stderr.readline()
        self.assertIn("no gRPC port", line)
        with socket.create_connection(("127.0.0.1", int(re.search(r"HTTP port (\d+)", line).group(1))), 20) as peer:
            peer.sendall(self.PREFACE)
            peer.recv(1000)
        done.terminate()
        self.assertIn("this sink has no port for gRPC", done.communicate(timeout=30)[1])

    def test_no_port_at_all_is_an_error(self):
        done = obsctl("loadgen", "sink", "--grpc-port=-1", "--http-port=-1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no port to listen on", done.stderr)

    def test_an_address_in_brackets(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("this machine has no IPv6 loopback")
        done = obsctl("loadgen", "sink", "--listen=[::1]", "--grpc-port=0", "--http-port=0", "-d", "0.1s")
        self.assertEqual(done.returncode, 0, done.stderr)


class Browsers(unittest.TestCase):
    ORIGIN = "Origin: http://localhost:3000"

    def test_a_page_may_send(self):
        with Sink() as sink:
            answer = sink.request("OPTIONS", "/v1/traces", self.ORIGIN, "Access-Control-Request-Method: POST",
                                  "Access-Control-Request-Headers: content-type,x-tenant")
            self.assertTrue(answer.startswith("HTTP/1.1 204 "), answer)
            for line in ("Access-Control-Allow-Origin: http://localhost:3000", "Access-Control-Allow-Methods: POST",
                         "Access-Control-Allow-Headers: content-type,x-tenant", "Vary: Origin"):
                self.assertIn(f"\r\n{line}\r\n", answer)
            self.assertTrue(answer.endswith("\r\n\r\n"))
            for body, status in ((b"{}", 200), (b"{broken", 400)):
                answer = sink.post(body, self.ORIGIN)
                self.assertIn(f" {status} ", answer)
                self.assertIn("\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n", answer)

    def test_only_pages_are_told_and_never_the_counts(self):
        with Sink() as sink:
            self.assertNotIn("Access-Control", sink.post(b"{}"))
            self.assertNotIn("Access-Control", sink.request("OPTIONS", "/v1/logs"))
            self.assertNotIn("Access-Control", sink.request("GET", "/counts", self.ORIGIN))


class Limits(unittest.TestCase):
    def test_unfinished_bodies_of_many_clients_stay_within_the_memory(self):
        with Sink("--memory=32MiB") as sink:
            before = sink.memory("VmRSS")
            peers = [socket.create_connection(("127.0.0.1", sink.http), 20) for _ in range(40)]
            for peer in peers:
                peer.sendall(b"POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % (8 * MIB))
            refused = 0
            for _ in range(7):  # 280 MiB
                for peer in peers:
                    try:
                        peer.sendall(b" " * MIB)
                    except OSError:
                        refused += 1
            self.assertIn(" 200 OK", sink.post(b"{}"))  # in the middle of it
            if not os.environ.get("SANITIZE"):
                self.assertLess(sink.memory("VmHWM") - before, 96 * MIB)
            self.assertGreater(sink.counts()["memory_refused"], 20)
            for peer in peers:
                peer.close()
            self.assertEqual(sink.finish()[0], 0)

    def test_a_memory_that_cannot_be_is_refused(self):
        self.assertEqual(obsctl("loadgen", "sink", "--memory=1KiB").returncode, 2)

    def test_without_memory_a_request_is_refused_and_the_sink_lives(self):
        if os.environ.get("SANITIZE"):
            self.skipTest("a sanitizer reserves more address space than there is")
        limit = 160 * MIB
        with Sink(prepare=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) as sink:
            peers = [socket.create_connection(("127.0.0.1", sink.http), 20) for _ in range(6)]
            for peer in peers:
                peer.sendall(b"POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % (60 * MIB))
            for _ in range(40):
                for peer in peers:
                    try:
                        peer.sendall(b" " * MIB)
                    except OSError:
                        pass  # it was refused, and has not read why
            for peer in peers:
                peer.close()
            self.assertIn(" 200 OK", sink.post(b"{}"))
            code, out, _ = sink.finish()
            self.assertEqual(code, 0)
            self.assertGreater(json.loads(out)["memory_refused"], 0)

    def test_silent_clients_that_use_up_the_descriptors_shut_nobody_out(self):
        if os.environ.get("SANITIZE"):
            self.skipTest("UBSan looks into memory through a pipe, and calls every object wrong when it gets none")
        with Sink(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))) as sink:
            peers = [socket.create_connection(("127.0.0.1", sink.http), 20) for _ in range(60)]
            self.assertGreater(sink.counts()["idle_closed"], 0)
            for peer in peers:
                peer.close()
            self.assertIn(" 200 OK", sink.post(b"{}"))
            self.assertIn("too many open files; raise the limit with ulimit -n\n", sink.finish()[2])

    def test_grpc_web_is_refused_in_words(self):
        def field(name, value):
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        block = b"\x83\x86" + field(b":path", b"/opentelemetry.proto.collector.logs.v1.LogsService/Export") \
            + field(b":authority", b"x") + field(b"content-type", b"application/grpc-web+proto")
        with Sink("--print") as sink, socket.create_connection(("127.0.0.1", sink.grpc), 20) as peer:
            peer.sendall(WrongPorts.PREFACE + len(block).to_bytes(3, "big") + b"\1\5\0\0\0\1" + block)
            while "gRPC-Web" not in (line := sink.process.stderr.readline()):
                self.assertTrue(line)
            self.assertIn("HTTP/2", line + sink.finish()[2])


if __name__ == "__main__":
    unittest.main()
