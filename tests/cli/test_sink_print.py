# SPDX-License-Identifier: Apache-2.0
"""`obsctl loadgen sink --print` as the debugger of a sender: what is refused, what is named, and at what cost."""

import contextlib
import gzip
import json
import os
import pathlib
import threading
import unittest
import urllib.error
import urllib.request

from support import obsctl
from test_loadgen import sink

MIB = 1 << 20
SPAN = "resourceSpans[0].scopeSpans[0].spans[0]"


def spans(*members):
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b",".join(b"{%s}" % one for one in members) + b"]}]}]}"


def post(to, body, signal="traces", kind="json", **headers):
    """The status and the text of the answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{to.http}/v1/{signal}", data=body, headers={
        "content-type": "application/json" if kind == "json" else "application/x-protobuf",
        **{name.replace("_", "-"): value for name, value in headers.items()}})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


@contextlib.contextmanager
def read_along(to):
    """Reads what a sink prints, more than a pipe holds, until the sink ends; yields the lines of stderr."""
    told = []
    readers = [threading.Thread(target=to.process.stdout.read),
               threading.Thread(target=lambda: told.extend(to.process.stderr.read().splitlines()))]
    for reader in readers:
        reader.start()
    try:
        yield told
    finally:
        to.process.terminate()
        for reader in readers:
            reader.join()
        to.process.wait()
        to.process.stdout.close()
        to.process.stderr.close()


def stop(to):
    """The printed lines and the lines of stderr."""
    to.process.terminate()
    out, err = to.process.communicate(timeout=60)
    return out[:out.rindex("\n{\n") + 1].splitlines() if "\n{\n" in out else [], err.splitlines()


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(tag, inner):
    return varint(tag << 3 | 2) + varint(len(inner)) + inner


def most_memory(to):
    """Bytes that the process had resident at most."""
    status = pathlib.Path(f"/proc/{to.process.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


class Naming(unittest.TestCase):
    REFUSED = {
        b'"traceId":"AAECAwQFBgcICQoLDA0ODw=="': f"{SPAN}.traceId: base64, 16 bytes",
        b'"spanId":"00010203040506"': f"{SPAN}.spanId: 14 hex digits",
        b'"kind":"CLIENT"': f'{SPAN}.kind: "CLIENT" is not a name',
        b'"droppedEventsCount":-1': f"{SPAN}.droppedEventsCount: -1 is negative",
        b'"endTimeUnixNano":1.5': f"{SPAN}.endTimeUnixNano: 1.5 is not written as a whole number",
        b'"attributes":[{"key":"a","value":{"boolValue":"true"}}]':
            f'{SPAN}.attributes[0].value.boolValue: a string found, "true"',
    }
    ACCEPTED = {
        b'"kind":"SPAN_KIND_CLIENT"': f'{SPAN}.kind: "SPAN_KIND_CLIENT", an enum',
        b'"kind":99': f"{SPAN}.kind: 99 is not one of its values",
        b'"trace_id":"000102030405060708090a0b0c0d0e0f"': f"{SPAN}.trace_id: snake_case",
        b'"TraceId":"x"': f"{SPAN}.TraceId: unknown",
        b'"startTimeUnixNano":"1700000000000"': f"{SPAN}.startTimeUnixNano: 1700000000000, which is 1970-01-01",
        b'"name":"caf\xe9"': f"{SPAN}.name: 'caf\\xe9' is not UTF-8",
        b'"parentSpanId":"0000000000000000"': f"{SPAN}.parentSpanId: all zeros",
    }

    def test_what_a_collector_refuses_is_refused_and_named_with_and_without_printing(self):
        with sink("--print") as printing, sink() as silent:
            for member, reason in self.REFUSED.items():
                with self.subTest(member=member):
                    status, answer = post(printing, spans(member))
                    self.assertEqual(status, 400)
                    self.assertIn(reason, json.loads(answer)["message"])
                    self.assertEqual(post(silent, spans(member)), (status, answer))
            counts = silent.counts()["signals"]["traces"]
            self.assertEqual((counts["malformed"], counts["items"]), (len(self.REFUSED), 0))
            printed, told = stop(printing)
        self.assertEqual(printed, [])
        for reason in self.REFUSED.values():
            self.assertTrue(any(line.startswith(f"not OTLP/JSON: {reason}") for line in told), reason)

    def test_what_a_collector_accepts_is_accepted_and_named(self):
        with sink("--print") as printing, sink() as silent:
            for member in self.ACCEPTED:
                self.assertEqual(post(printing, spans(member)), (200, "{}"), member)
                self.assertEqual(post(silent, spans(member)), (200, "{}"), member)
            printed, told = stop(printing)
        for reason in self.ACCEPTED.values():
            self.assertTrue(any(line.startswith(f"not OTLP/JSON: {reason}") for line in told), reason)
        shown = [json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0] for line in printed]
        self.assertIn({"kind": 3}, shown)
        self.assertIn({"kind": 99}, shown)
        self.assertIn({"traceId": "000102030405060708090a0b0c0d0e0f"}, shown)
        self.assertIn({"name": "caf\ufffd"}, shown)
        self.assertIn({"startTimeUnixNano": "1700000000000"}, shown)

    def test_a_request_of_another_signal_says_so(self):
        with sink("--print") as to:
            self.assertEqual(post(to, b'{"resourceLogs":[{}]}')[0], 200)
            log = field(1, field(2, field(2, b"\x09" + b"\1" * 8 + field(5, field(1, b"text")))))
            status, answer = post(to, log, kind="protobuf")
            self.assertEqual(status, 400)
            self.assertIn("reads as a request of logs", answer)
            told = stop(to)[1]
        self.assertIn("not OTLP/JSON: resourceLogs: a request of logs, nothing of it is read; its path is /v1/logs",
                      told)

    def test_the_same_mistake_is_not_told_for_ever(self):
        with sink("--print") as to:
            for _ in range(30):
                self.assertEqual(post(to, spans(*[b'"kind":99'] * 50))[0], 200)
            told = [line for line in stop(to)[1] if "kind: 99" in line]
        self.assertEqual(len(told), 10)
        self.assertIn("(50 like this)", told[0])
        self.assertTrue(told[-1].endswith("(not told again)"))

    def test_what_obsctl_sends_has_no_deviation(self):
        with sink("--print") as to, read_along(to) as told:
            for protocol, port in (("grpc", to.grpc), ("http/json", to.http)):
                done = obsctl("loadgen", "-e", f"127.0.0.1:{port}", "--protocol", protocol, "-n", "300", "-q")
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(any("-> 200 OK" in line for line in told))
        self.assertEqual([line for line in told if line.startswith("not OTLP")], [])


@unittest.skipIf(os.environ.get("SANITIZE"), "sanitizers have memory of their own")
class Limits(unittest.TestCase):
    def test_many_small_parts_get_the_same_answer_in_every_way(self):
        attributes = b"".join(field(9, field(1, b"k%d" % i) + field(2, b"\x18\x01")) for i in range(10))
        protobuf = field(1, field(2, field(2, field(5, b"a") + attributes) * 46_000))
        members = b",".join(b'{"key":"k%d","value":{"intValue":"1"}}' % i for i in range(10))
        text = spans(*[b'"name":"a","attributes":[%s]' % members] * 46_000)
        for flags in ((), ("--print",)):
            for body, kind in ((text, "json"), (protobuf, "protobuf")):
                with self.subTest(flags=flags, kind=kind), sink(*flags) as to, read_along(to):
                    self.assertEqual(post(to, body, kind=kind)[0], 200)
                    self.assertEqual(to.counts()["signals"]["traces"]["items"], 46_000)

    def test_a_small_packed_request_does_not_take_gigabytes(self):
        empty = b'{"resourceSpans":[' + b"{}," * (8 * MIB) + b"{}]}"
        numbers = (b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[' +
                   b"1," * (9 * MIB) + b"1]}]}}]}]}]}")
        with sink() as to:
            self.assertEqual(post(to, gzip.compress(empty), content_encoding="gzip")[0], 200)
            self.assertLess(most_memory(to), 200 * MIB)
            status, answer = post(to, gzip.compress(numbers), signal="metrics", content_encoding="gzip")
            self.assertEqual(status, 400)
            self.assertIn("more than 67108864 bytes as protobuf", answer)
            self.assertLess(most_memory(to), 200 * MIB)


if __name__ == "__main__":
    unittest.main()
