# SPDX-License-Identifier: Apache-2.0
"""Where `obsctl loadgen` sends: TLS, credentials, paths, several endpoints, broken servers, and who may be flooded."""

import contextlib
import json
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from support import Handler, obsctl, serving
from test_loadgen import free_port, sink

PROTOCOLS = ("grpc", "http/protobuf")
TOKEN = "t0ken-that-nobody-may-see"


class Certificates:
    """A CA, one that nobody trusts, and what they signed; made by the openssl program."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("ca", "other"):
            self.openssl("req", "-x509", *self.new_key(name), "-out", self[name], "-days", "2",
                         "-subj", f"/CN={name}")
        here = "DNS:localhost,IP:127.0.0.1"
        for name, issuer, names, days in (
                ("server", "ca", here, 2), ("named", "ca", "DNS:collector.example", 2),
                ("expired", "ca", here, -1), ("client", "ca", "DNS:client", 2),
                ("stranger", "other", "DNS:client", 2)):
            request, more = self.folder / "request", self.folder / "more"
            more.write_text(f"subjectAltName={names}\n", encoding="utf-8")
            self.openssl("req", *self.new_key(name), "-out", request, "-subj", f"/CN={name}")
            self.openssl("x509", "-req", "-in", request, "-CA", self[issuer], "-CAkey",
                         self.key(issuer), "-CAcreateserial", "-out", self[name], "-days", str(days),
                         "-extfile", more)

    def __getitem__(self, name):
        return str(self.folder / f"{name}.pem")

    def key(self, name):
        return str(self.folder / f"{name}.key")

    def new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key(name))

    def pair(self, name):
        return "--cert-file", self[name], "--key-file", self.key(name)

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)


def port_of(to, protocol):
    return to.grpc if protocol == "grpc" else to.http


def run(*flags, **more):
    return obsctl("loadgen", "-r", "300/s", "-d", "0.1s", "--timeout", "1s", "--retry", "off", *flags, **more)


class Case(unittest.TestCase):
    def accepted(self, to, done):
        """Everything that was sent is in the sink; returns the report."""
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        sent = json.loads(done.stdout)
        seen = to.counts()
        for name, tally in sent["signals"].items():
            self.assertGreater(tally["sent"], 0)
            self.assertEqual(tally["accepted"], tally["sent"])
            self.assertEqual(seen["signals"][name]["items"], tally["sent"])
        return sent

    def fails(self, done, code, *texts):
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        if done.stderr.startswith("{"):  # with --output json
            self.assertTrue(json.loads(done.stderr)["hint"])
        else:
            self.assertIn("hint: ", done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.made = Certificates(folder.name)

    @contextlib.contextmanager
    def server(self, name, *flags):
        """Yields, for each protocol, the sink and the flags that reach it; its /counts are not read over TLS."""
        with sink(*self.made.pair(name), *flags) as to:
            yield [(to, ("--protocol", protocol, "-e", f"https://localhost:{port_of(to, protocol)}"))
                   for protocol in PROTOCOLS]
            self.seen = to.stop()

    def arrives(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        sent = json.loads(done.stdout)["signals"]
        self.assertTrue(all(t["accepted"] == t["sent"] > 0 for t in sent.values()), sent)
        return sum(tally["sent"] for tally in sent.values())

    def received(self):
        return sum(signal["items"] for signal in self.seen["signals"].values())

    def test_a_certificate_of_the_named_ca_is_trusted(self):
        total = 0
        with self.server("server") as ways:
            for _, way in ways:
                total += self.arrives(run(*way, "--ca-file", self.made["ca"], "-o", "json"))
                address = way[:-1] + (way[-1].replace("localhost", "127.0.0.1"),)
                total += self.arrives(run(*address, "--ca-file", self.made["ca"], "-o", "json"))
                total += self.arrives(run(*way, "--insecure-skip-verify", "-o", "json"))
        self.assertEqual(self.received(), total)

    def test_another_ca_is_not(self):
        with self.server("server") as ways:
            for _, way in ways:
                port = way[-1].removeprefix("https://")
                for flags in ((), ("--ca-file", self.made["other"])):
                    with self.subTest(way=way, flags=flags):
                        self.fails(run(*way, *flags), 4, port, "certificate refused", "CA file")
        self.assertEqual(self.received(), 0)

    def test_the_name_must_be_the_certificates_own(self):
        trust = ("--ca-file", self.made["ca"])
        with self.server("named") as ways:
            total = 0
            for _, way in ways:
                with self.subTest(way=way):
                    self.fails(run(*way, *trust), 4, "certificate refused", "server name")
                    self.fails(run(*way, *trust, "--server-name", "x.example"), 4, "server name")
                    total += self.arrives(run(*way, *trust, "-o", "json", "--server-name", "collector.example"))
        self.assertEqual(self.received(), total)

    def test_an_expired_certificate_is_named_as_such(self):
        with self.server("expired") as ways:
            for _, way in ways:
                self.fails(run(*way, "--ca-file", self.made["ca"]), 4, "expired", "clock")

    def test_a_server_that_wants_a_client_certificate(self):
        with self.server("server", "--ca-file", self.made["ca"]) as ways:
            total = 0
            for _, way in ways:
                way = (*way, "--ca-file", self.made["ca"])
                port = way[3].removeprefix("https://")
                with self.subTest(way=way):
                    # Over HTTP the refusal comes with the first request: TLS 1.3 tells it late.
                    self.fails(run(*way), 4, port, "client certificate")
                    self.fails(run(*way, *self.made.pair("stranger")), 4, port, "client certificate")
                    total += self.arrives(run(*way, *self.made.pair("client"), "-o", "json"))
        self.assertEqual(self.received(), total)

    def test_tls_and_plain_are_told_apart(self):
        with self.server("server") as ways:
            for _, way in ways:
                plain = way[:-1] + (way[-1].replace("https", "http"),)
                # The HTTP port says it in HTTP, which is an answer.
                code = 1 if "http/protobuf" in way else 4
                self.fails(run(*plain), code, plain[-1].removeprefix("http://"), "https://")
        with sink() as to:
            for protocol in PROTOCOLS:
                where = f"localhost:{port_of(to, protocol)}"
                self.fails(run("--protocol", protocol, "-e", f"https://{where}"), 4, where,
                           "does not speak TLS", "http://")

    def test_what_is_said_about_tls_is_never_ignored(self):
        for name, flags in (("CA file", ("--ca-file", self.made["ca"])),
                            ("client certificate", self.made.pair("client")),
                            ("server name", ("--server-name", "x")),
                            ("skip verification", ("--insecure-skip-verify",))):
            self.fails(run("-e", "localhost:4317", *flags), 2, name, "https://localhost:4317")

    def test_unusable_files_are_named(self):
        way = ("-e", "https://localhost:4317")
        missing = str(self.made.folder / "missing.pem")
        self.fails(run(*way, "--ca-file", missing), 2, missing, "no such file")
        self.fails(run(*way, "--ca-file", self.made.key("ca")), 2, self.made.key("ca"))
        wrong = ("--cert-file", self.made["client"], "--key-file", self.made.key("stranger"))
        self.fails(run(*way, *wrong), 2, self.made["client"], self.made.key("stranger"))
        alone = run(*way, "--cert-file", self.made["client"])
        self.assertEqual(alone.returncode, 2)
        self.assertIn("key", alone.stderr)


class Recorder(Handler):
    """Keeps what it gets and, when `echo` is set, complains with the credentials in it."""

    echo = False

    def do_POST(self):
        self.body()
        self.server.seen.append((self.path, dict(self.headers.items())))
        body = f"bad credentials: {self.headers['authorization']}".encode() if self.echo else b""
        self.answer(body, "text/plain" if self.echo else "application/x-protobuf", 401 if self.echo else 200)


@contextlib.contextmanager
def recorder(handler=Recorder):
    with serving(handler) as server:
        server.seen = []
        yield server, server.url


class Credentials(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.token = pathlib.Path(folder.name, "token")
        self.token.write_text(TOKEN + "\n", encoding="utf-8")

    def test_headers_a_token_and_a_path_arrive(self):
        with recorder() as (server, url):
            done = run("--protocol", "http/protobuf", "-e", url + "/tenant/a/", "-H", "X-Tenant=a=b c",
                       "-H", "x-empty=", "--bearer-file", str(self.token))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual({path for path, _ in server.seen},
                         {f"/tenant/a/v1/{name}" for name in ("traces", "metrics", "logs")})
        for _, headers in server.seen:
            headers = {name.lower(): value for name, value in headers.items()}
            self.assertEqual(headers["x-tenant"], "a=b c")
            self.assertEqual(headers["x-empty"], "")
            self.assertEqual(headers["authorization"], f"Bearer {TOKEN}")
            self.assertEqual(headers["content-type"], "application/x-protobuf")
            self.assertTrue(headers["user-agent"].startswith("obsctl-loadgen/"))

    def test_the_secret_file_of_a_stack_is_a_token_too(self):
        self.token.write_text(f"# made by init\nOTLP_AUTH_TOKEN={TOKEN}\n", encoding="utf-8")
        with recorder() as (server, url):
            run("--protocol", "http/json", "-e", url, "--bearer-file", str(self.token))
        self.assertEqual({headers["authorization"] for _, headers in server.seen}, {f"Bearer {TOKEN}"})

    def test_the_sink_shows_what_was_sent_but_no_secret(self):
        with sink("--print") as to:
            send = ("--signals", "logs", "-n", "3", "-H", "x-tenant=blue", "--bearer-file", str(self.token))
            self.assertEqual(run("-e", f"127.0.0.1:{to.grpc}", *send).returncode, 0)
            self.assertEqual(run("-e", f"127.0.0.1:{to.http}", "--protocol", "http/json", *send).returncode, 0)
            request = urllib.request.Request(f"http://127.0.0.1:{to.http}/v1/logs", data=b"{broken",
                                             headers={"content-type": "application/json"})
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            refused.exception.close()
            to.process.terminate()
            out, err = to.process.communicate(timeout=20)
        documents = out.splitlines()
        self.assertEqual([bool(json.loads(line)["resourceLogs"]) for line in documents[:2]], [True, True])
        self.assertNotIn(TOKEN, out + err)
        grpc_line, http_line, broken = [line for line in err.splitlines() if "->" in line]
        self.assertIn("LogsService/Export -> OK; ", grpc_line)
        self.assertIn("HTTP POST /v1/logs -> 200 OK; ", http_line)
        for line in (grpc_line, http_line):
            self.assertIn("x-tenant: blue", line)
            self.assertIn("user-agent: obsctl-loadgen/", line)
            self.assertIn("authorization: (not shown)", line)
        self.assertIn("HTTP POST /v1/logs -> 400 ", broken)
        self.assertNotIn("400 Bad Request", broken)  # but why

    def test_no_token_is_in_any_output(self):
        echo = type("Echo", (Recorder,), {"echo": True})
        ways = (("--bearer-file", str(self.token)), ("-H", f"authorization=Basic {TOKEN}"))
        with recorder(echo) as (server, url):
            for way in ways:
                for flags in (("-o", "json"), ("-o", "text"), ("-o", "markdown"), ("-o", "junit"), ("--dry-run",)):
                    with self.subTest(way=way, flags=flags):
                        done = run("--protocol", "http/protobuf", "-e", url, *way, *flags)
                        self.assertNotIn(TOKEN, done.stdout + done.stderr)
                        if flags != ("--dry-run",):
                            self.fails(done, 1, url, "HTTP 401", "<authorization>", "credentials")
        self.assertTrue(all(TOKEN in headers["authorization"] for _, headers in server.seen))

    def test_a_password_in_an_address_is_not_shown(self):
        nowhere = f"user:{TOKEN}@127.0.0.1:{free_port()}"
        with sink() as to:
            for flags in (("-e", f"http://{nowhere}"), ("-e", nowhere), ("--ledger", f"http://{nowhere}/metrics"),
                          ("--sink-counts", f"http://{nowhere}/counts")):
                with self.subTest(flags=flags):
                    target = () if flags[0] == "-e" else ("-e", f"127.0.0.1:{to.grpc}")
                    done = run(*target, *flags, "-o", "json")
                    self.assertNotEqual(done.returncode, 0)
                    self.assertNotIn(TOKEN, done.stdout + done.stderr)
            done = run("-e", f"127.0.0.1:{to.grpc}", "-o", "json", "--sink-counts",
                       f"http://user:{TOKEN}@127.0.0.1:{to.http}/counts")
            self.assertEqual(json.loads(done.stdout)["sink"]["url"], f"http://127.0.0.1:{to.http}/counts")

    def test_headers_that_cannot_be_sent_are_refused_without_showing_them(self):
        for header, text in ((f"authorization: Bearer {TOKEN}", "without a colon"),
                             (TOKEN, "NAME=VALUE"), (f"={TOKEN}", "NAME=VALUE"),
                             (f"x y={TOKEN}", "NAME=VALUE"), (f":path={TOKEN}", "NAME=VALUE"),
                             (f"x-a={TOKEN}\r\nx-b: c", "control character"),
                             (f"Content-Type={TOKEN}", "set by the transport"),
                             (f"grpc-timeout={TOKEN}", "set by the transport")):
            with self.subTest(header=header):
                done = run("-H", header)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(text, done.stderr)
                self.assertNotIn(TOKEN, done.stderr)

    def test_a_token_file_holds_one_token(self):
        for content in ("", "two words", "two\nlines"):
            self.token.write_text(content, encoding="utf-8")
            self.fails(run("--bearer-file", str(self.token)), 2, str(self.token), "one token")
        self.token.unlink()
        done = run("--bearer-file", str(self.token))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.token), done.stderr)

    def test_there_is_one_authorization(self):
        done = run("--bearer-file", str(self.token), "-H", "Authorization=Basic x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("exclude each other", done.stderr)


@contextlib.contextmanager
def raw_server(talk):
    """Accepts on loopback and lets `talk` do with each connection what it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            with contextlib.suppress(OSError):
                talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in kept:
            connection.close()


def talk_garbage(connection):
    connection.recv(16)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")
    connection.close()


class BadServers(Case):
    def everywhere(self, talk, *texts, but=()):
        with raw_server(talk) as where:
            for protocol in PROTOCOLS:
                for scheme in ("http", "https"):
                    if (protocol, scheme) in but:
                        continue
                    with self.subTest(protocol=protocol, scheme=scheme):
                        done = run("--protocol", protocol, "-e", f"{scheme}://{where}", "-o", "json")
                        self.fails(done, 4, where, *texts)
                        sent = json.loads(done.stdout)
                        for tally in sent["signals"].values():
                            self.assertEqual(tally["accepted"], 0)
                            self.assertEqual(tally["sent"], tally["failed"] + tally["unknown"])
                        self.assertFalse(sent["passed"])
                        self.assertTrue(sent["failure"])

    def test_garbage_is_not_an_answer(self):
        self.everywhere(talk_garbage, "does not speak")

    def test_a_server_that_accepts_and_hangs(self):
        # Over TLS both wait as one of them does here, for five seconds.
        self.everywhere(lambda connection: None, " in time", but=(("http/protobuf", "https"),))

    def test_a_server_that_hangs_up(self):
        self.everywhere(lambda connection: connection.close(), "")

    def test_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take it
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            for protocol in PROTOCOLS:
                self.fails(run("--protocol", protocol, "-e", where), 4, where, "connection refused")

    def test_the_other_protocols_port(self):
        with sink() as to:
            self.fails(run("-e", f"127.0.0.1:{to.http}"), 4, "HTTP/1.1, not gRPC")
            self.fails(run("--protocol", "http/protobuf", "-e", f"127.0.0.1:{to.grpc}"), 1,
                       f"came to the gRPC port {to.grpc}: OTLP over HTTP is port {to.http}")
        with raw_server(lambda connection: connection.sendall(b"\0\0\0\4\0\0\0\0\0")) as where:  # HTTP/2 SETTINGS
            self.fails(run("--protocol", "http/protobuf", "-e", where), 4, "does not speak HTTP/1.1")

    def test_a_path_that_the_server_does_not_know(self):
        with sink() as to:
            self.fails(run("--protocol", "http/protobuf", "-e", f"http://127.0.0.1:{to.http}/nope"), 1,
                       "HTTP 404", "path")
            self.fails(run("-e", f"http://127.0.0.1:{to.grpc}/nope"), 2, "gRPC", "http/protobuf")


class SeveralEndpoints(Case):
    def test_every_endpoint_gets_its_part(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol), sink() as one, sink() as two:
                flags = [word for to in (one, two)
                         for word in ("-e", f"127.0.0.1:{port_of(to, protocol)}")]
                done = run("--protocol", protocol, *flags, "-b", "1", "-o", "json")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                got = [sum(s["items"] for s in to.stop()["signals"].values()) for to in (one, two)]
                self.assertEqual(sum(got), sum(t["sent"] for t in json.loads(done.stdout)["signals"].values()))
                self.assertTrue(all(got), got)

    def test_shards_that_all_met_a_refusal_fail_when_they_are_merged(self):
        with sink("--fault", "unavailable") as to, tempfile.TemporaryDirectory() as folder:
            names = [f"{folder}/{shard}.json" for shard in range(2)]
            for shard, name in enumerate(names):
                done = run("-e", f"127.0.0.1:{to.grpc}", "--seed", "1", "--shard", f"{shard}/2",
                           "--report-json", name)
                self.assertEqual(done.returncode, 0, done.stderr)
            merged = obsctl("loadgen", "merge", *names)
            self.fails(merged, 1, "accepted nothing", "UNAVAILABLE")
            self.assertIn("REFUSED", merged.stdout)

    def test_one_that_is_missing_is_named(self):
        with sink() as to, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            missing = f"127.0.0.1:{taken.getsockname()[1]}"
            for protocol in PROTOCOLS:
                done = run("--protocol", protocol, "-e", f"127.0.0.1:{port_of(to, protocol)}", "-e", missing)
                self.fails(done, 4, missing, "refused")


def own_address():
    """An address of this machine that is not loopback, or None. (Connecting UDP sends nothing.)"""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address
    return None


class AllowList(Case):
    """A manifest is printed only for targets that may be loaded, so who may be is seen without sending."""

    FAST = ("job", "-r", "5k/s")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def spec(self, text, folder=""):
        path = self.folder / folder / "obsctl.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def allow(self, *targets):
        self.spec("loadgen:\n  targets:\n" + "".join(f"    - '{target}'\n" for target in targets))

    def may(self, *flags):
        done = obsctl("loadgen", *self.FAST, *flags, cwd=self.folder)
        if done.returncode == 0:
            return True
        other_ways = () if "--stack" in flags else ("--stack DIR",)
        self.fails(done, 2, "is not on this machine", "5k/s", "--yes", "loadgen.targets", *other_ways)
        self.assertEqual(done.stdout, "")
        return False

    def test_an_entry_allows_its_host_and_port_only(self):
        self.assertFalse(self.may("-e", "192.0.2.1:4317"))
        self.assertTrue(self.may("-e", "192.0.2.1:4317", "--yes"))
        self.allow("192.0.2.1:4317", "192.0.2.7")
        self.assertTrue(self.may("-e", "192.0.2.1:4317"))
        self.assertTrue(self.may("-e", "https://192.0.2.1"))  # the default port of gRPC
        self.assertFalse(self.may("-e", "192.0.2.1:4318"))
        self.assertFalse(self.may("-e", "192.0.2.1", "--protocol", "http/protobuf"))
        self.assertTrue(self.may("-e", "192.0.2.7:1"))
        self.assertFalse(self.may("-e", "192.0.2.70:4317"))
        self.assertFalse(self.may("-e", "192.0.2.1:4317", "-e", "192.0.2.2:4317"))

    def test_ipv6_is_compared_by_address(self):
        self.allow("[2001:DB8:0::1]:4317")
        self.assertTrue(self.may("-e", "[2001:db8::1]:4317"))
        self.assertFalse(self.may("-e", "[2001:db8::2]:4317"))

    def test_the_list_of_the_stack_counts_instead_of_the_directorys(self):
        self.allow("192.0.2.1")
        self.spec("loadgen: {targets: ['192.0.2.9:4317']}\n", "stack")
        self.assertTrue(self.may("-e", "192.0.2.9:4317", "--stack", "stack"))
        self.assertFalse(self.may("-e", "192.0.2.1:4317", "--stack", "stack"))

    def test_a_stack_outranks_the_endpoint_of_the_environment(self):
        self.spec("tier: small\n", "stack")
        for flags, expected in (((), "http://192.0.2.1:4317"),
                                (("--stack", "stack"), "http://localhost:4317"),
                                (("--stack", "stack", "-e", "192.0.2.2:1"), "http://192.0.2.2:1")):
            done = obsctl("loadgen", "--dry-run", *flags, cwd=self.folder,
                          env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4317"})
            self.assertIn(f"Target          {expected} ", done.stdout, done.stderr)

    def test_a_broken_list_stops_only_who_needs_it(self):
        for text, at in (("loadgen:\n  targets:\n    - https://otel:4317\n", "obsctl.yaml:3:7"),
                         ("loadgen:\n  targets: otel:4317\n", "obsctl.yaml:2:12"),
                         ("tier: [\n", "obsctl.yaml:")):
            self.spec(text)
            done = obsctl("loadgen", *self.FAST, "-e", "192.0.2.1:4317", cwd=self.folder)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(at, done.stderr)
            self.assertTrue(self.may("-e", "192.0.2.1:4317", "--yes"))
            with sink() as to:
                self.accepted(to, obsctl("loadgen", "-e", f"127.0.0.1:{to.grpc}", "-r", "5k/s", "-d",
                                         "0.2s", "-o", "json", cwd=self.folder))
        slow = obsctl("loadgen", "job", "-r", "1k/s", "-e", "192.0.2.1:4317", cwd=self.folder)
        self.assertEqual(slow.returncode, 0, slow.stderr)  # the safe rate needs no list

    def test_it_really_sends_there(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has only loopback addresses")
        self.allow(address)
        with sink("--listen", address) as to:
            way = ("loadgen", "-e", f"{address}:{to.grpc}", "-r", "5k/s", "-d", "0.2s", "-o", "json")
            done = obsctl(*way, cwd=self.folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            (self.folder / "obsctl.yaml").unlink()
            self.fails(obsctl(*way, cwd=self.folder), 2, "is not on this machine")
            seen = to.stop()
        sent = json.loads(done.stdout)["signals"]
        self.assertEqual({name: tally["sent"] for name, tally in sent.items()},
                         {name: tally["items"] for name, tally in seen["signals"].items()})


if __name__ == "__main__":
    unittest.main()
