# SPDX-License-Identifier: Apache-2.0
"""`obsctl health --probe=alert` against the real Alertmanager and a receiver on this machine: what is delivered, what
is not, and what people are left with."""

import datetime
import http.server
import json
import os
import subprocess
import threading
import urllib.parse

import pytest
import requests

from backends import wait_for
from cluster import own_address
from stack import Stack


class Receiver:
    """Keeps what is posted to it, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.status == 200:
                    outer.got.append(message)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((own_address(), 0), Handler)
        self.url = f"http://{own_address()}:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def with_alertmanager(stack: Stack) -> Stack:
    """Without the rest of the stack, which is not asked here."""
    stack.compose("up", "-d", "--wait", "--pull", "never", "alertmanager")
    return stack


@pytest.fixture(scope="module", name="receiver")
def a_receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module", name="told")
def a_stack_with_a_receiver(new_stack, receiver, tmp_path_factory):
    """A stack that tells the receiver."""
    secret = tmp_path_factory.mktemp("secret") / "url"
    secret.write_text(receiver.url + "\n", encoding="utf-8")
    return with_alertmanager(new_stack("--alert-to=webhook", f"--secret=alert-webhook-url={secret}"))


def probe(stack: Stack, *words: str) -> dict:
    """The single row of PRB-002."""
    command = [os.environ["OBSCTL"], "health", "--dir", stack.directory, "--only", "ALM-002", "--probe=alert",
               "-o", "json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, 3, 4), done.stderr
    (row,) = [row for row in json.loads(done.stdout)["checks"] if row["id"] == "PRB-002"]
    return row


def api(stack: Stack, path: str) -> str:
    return f"http://{stack.address('alertmanager', 9093)}/api/v2/{path}"


def open_alerts(stack: Stack) -> list:
    return requests.get(api(stack, "alerts"), timeout=10).json()


def is_over(stack: Stack, receiver: Receiver) -> bool:
    """The end of the alert was sent, so that the next one is a new one."""
    return not open_alerts(stack) and bool(receiver.got) and receiver.got[-1]["status"] == "resolved"


@pytest.mark.in_order
def test_people_get_one_test_and_its_end(told, receiver, report):
    text = subprocess.run([os.environ["OBSCTL"], "health", "--dir", told.directory, "--only", "ALM-002",
                           "--probe=alert"], capture_output=True, text=True, check=True, timeout=120).stdout
    report(text.replace("\n", "\n    "))
    assert "operators  webhook      delivered" in text and "1 of 1 notifications delivered" in text
    (message,) = receiver.got
    (alert,) = message["alerts"]
    assert message["status"] == "firing" and alert["labels"] == {
        "alertname": "ObsctlProbe", "severity": "info", "service": "obsctl-health"}
    assert "is a test" in alert["annotations"]["summary"] and "no action" in alert["annotations"]["runbook"]
    assert open_alerts(told) == []
    wait_for(lambda: is_over(told, receiver), 30, "the message that the test is over")
    assert len(receiver.got) == 2


@pytest.mark.in_order
def test_the_next_one_is_delivered_too(told, receiver):
    row = probe(told)
    assert (row["status"], row["title"]) == ("ok", "a test alert reaches operators by webhook")
    wait_for(lambda: is_over(told, receiver) and len(receiver.got) == 4, 30, "its end")


@pytest.mark.in_order
@pytest.mark.parametrize("status,reason", [(500, "serverError"), (404, "clientError")])
def test_a_receiver_that_refuses(told, receiver, status, reason, report):
    receiver.status = status
    try:
        row = probe(told)
    finally:
        receiver.status = 200
    (problem,) = row["problems"]
    report(f"{problem['message']}; {problem['cause']}")
    assert (row["status"], problem["message"]) == ("error", "test alert to operators by webhook: failed")
    assert problem["cause"].endswith(f"requests failed, reason {reason}")
    assert "logs --tail 50 alertmanager" in problem["fix"]
    assert open_alerts(told) == []


@pytest.mark.in_order
def test_a_silence_is_named(told):
    now = datetime.datetime.now(datetime.UTC)
    silence = {"matchers": [{"name": "alertname", "value": ".+", "isRegex": True}], "createdBy": "lab",
               "comment": "maintenance", "startsAt": now.isoformat(),
               "endsAt": (now + datetime.timedelta(minutes=5)).isoformat()}
    made = requests.post(api(told, "silences"), json=silence, timeout=10).json()["silenceID"]
    try:
        row = probe(told)
    finally:
        requests.delete(api(told, f"silence/{urllib.parse.quote(made)}"), timeout=10)
    assert row["status"] == "warning" and row["problems"][0]["cause"] == f"silence {made}"


@pytest.mark.in_order
def test_a_dead_receiver(told, receiver, report):
    receiver.close()
    row = probe(told)
    report(row["problems"][0]["cause"])
    assert row["status"] == "error" and "failed" in row["problems"][0]["cause"]


@pytest.mark.in_order
def test_a_dead_alertmanager_is_unknown(told):
    told.compose("stop", "--timeout", "1", "alertmanager")
    row = probe(told)
    assert row["status"] == "unknown" and row["why"], row


def test_nobody_is_told_by_default(new_stack):
    row = probe(with_alertmanager(new_stack()))
    assert row["status"] == "warning"
    assert row["problems"][0]["message"] == "test alert to operators: nobody is told"
