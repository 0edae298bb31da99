# SPDX-License-Identifier: Apache-2.0
"""Alerts reach people: the real Alertmanager with a generated configuration delivers to local receivers.

Nothing here needs an engine. Only what a local receiver cannot be is exchanged in the configuration: the paths
inside the container, and the addresses of PagerDuty and Telegram, which their receivers do not take from a file.
"""

import http.server
import json
import os
import pathlib
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.request

import pytest
import yaml

from collector import free_ports
from stack import run

ALERT = {"labels": {"alertname": "LokiDown", "severity": "critical", "component": "loki"},
         "annotations": {"summary": "Loki is down", "description": "No log is stored.", "runbook": "Start it."}}
DEADLINE = 30  # seconds; a critical alert waits 10 s for others of its group


class Web(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted, by path."""

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, body))
        answer = b'{"ok": true, "result": {"message_id": 1, "chat": {"id": -100123}}}' if "bot" in self.path else b"ok"
        self.send_response(202 if self.path == "/pagerduty" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much of a mail server as a client with STARTTLS and a login needs."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def line(self):
        return self.rfile.readline().decode().strip()

    def handle(self):
        self.say("220 mail")
        secure = False
        while word := self.line():
            verb = word.split()[0].upper()
            if verb == "EHLO":
                self.say("250-mail")
                self.say("250 AUTH PLAIN" if secure else "250 STARTTLS")
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.connection = self.server.tls.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                secure = True
            elif verb == "DATA":
                self.say("354 go on")
                body = []
                while (row := self.line()) != ".":
                    body.append(row)
                self.server.got.append("\n".join(body))
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.server.said.append(word)
                self.say("235 welcome" if verb == "AUTH" else "250 ok")


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module", name="delivered")
def deliver(tmp_path_factory):
    """Everything that arrives after two pairs of alerts fired; and Alertmanager's own view of them."""
    top = tmp_path_factory.mktemp("receivers")
    directory = top / "stack"
    web = serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web))
    web.got = []
    mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    mail.daemon_threads = True
    mail.got, mail.said = [], []
    at = f"http://127.0.0.1:{web.server_port}"
    for name in ("alert-webhook", "slack-webhook", "msteams-webhook", "discord-webhook", "watchdog"):
        (top / f"{name}-url").write_text(f"{at}/{name}\n", encoding="utf-8")
    (top / "pagerduty-routing-key").write_text("0" * 32, encoding="utf-8")
    (top / "telegram-bot-token").write_text("1:token", encoding="utf-8")
    (top / "smtp-password").write_text("correct horse", encoding="utf-8")
    brought = [f"--secret={path.name}={path}" for path in top.iterdir() if path.is_file()]
    receivers = [f"--alert-to={name}" for name in ("webhook", "slack", "pagerduty", "msteams", "discord", "watchdog")]
    run([os.environ["OBSCTL"], "init", "--tier", "small", "--dir", directory, "--tls", "self-signed", *receivers,
         *brought, "--alert-telegram-chat", "-100123", "--alert-email-to", "a@example.org, b@example.org",
         "--alert-smtp", f"127.0.0.1:{mail.server_address[1]}", "--alert-smtp-user", "apikey"])
    mail.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mail.tls.load_cert_chain(directory / "tls/server.crt", directory / "tls/server.key")
    serve(mail)
    config = configuration(directory, at)
    (port,) = free_ports(1)
    log_path = top / "alertmanager.log"
    api = f"http://127.0.0.1:{port}/api/v2/alerts"
    command = ["alertmanager", f"--config.file={config}", f"--storage.path={top / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with log_path.open("w") as log, subprocess.Popen(
            command, env={**os.environ, "SSL_CERT_FILE": str(directory / "tls/ca.crt")},
            stderr=log, text=True) as process:
        try:
            wait_for(lambda: ask(api) is not None)
            post(api, [ALERT, *others()])
            wait_for(lambda: len({path for path, _ in web.got}) >= 7 and mail.got,
                     lambda: f"arrived: {[path for path, _ in web.got]}, {mail.said}\n{log_path.read_text()}")
            yield {"web": dict(web.got), "mail": mail.got, "said": mail.said, "alerts": ask(api)}
        finally:
            process.terminate()
            web.shutdown()
            mail.shutdown()


def configuration(directory: pathlib.Path, at: str) -> pathlib.Path:
    path = directory / "configs/alertmanager/alertmanager.yml"
    text = path.read_text(encoding="utf-8").replace("/etc/alertmanager/secrets", str(directory / "secrets"))
    config = yaml.safe_load(text)
    operators = next(one for one in config["receivers"] if one["name"] == "operators")
    operators["pagerduty_configs"][0]["url"] = f"{at}/pagerduty"
    operators["telegram_configs"][0]["api_url"] = at
    copy = path.with_name("local.yml")
    copy.write_text(yaml.safe_dump(config), encoding="utf-8")
    return copy


def others() -> list:
    """A pair of levels on one disk, the lower level on another disk, and a warning of a component with a critical."""
    rows = [("CriticalDiskUsage", "critical", {"component": "node-exporter", "mountpoint": "/"}),
            ("HighDiskUsage", "warning", {"component": "node-exporter", "mountpoint": "/"}),
            ("HighDiskUsage", "warning", {"component": "node-exporter", "mountpoint": "/data"}),
            ("PrometheusRuleFailures", "critical", {"component": "prometheus"}),
            ("TargetDown", "warning", {"component": "prometheus"}),
            ("Watchdog", "none", {"component": "prometheus"})]
    return [{"labels": {"alertname": name, "severity": severity, **labels},
             "annotations": {"summary": name, "description": "-", "runbook": "-"}} for name, severity, labels in rows]


def post(url: str, alerts: list) -> None:
    request = urllib.request.Request(url, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


def ask(url: str):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except OSError:
        return None


def wait_for(is_so, otherwise=lambda: "") -> None:
    end = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.2)


def test_every_receiver_is_told(delivered):
    """Each kind of receiver gets the alert in its own form, with what to do."""
    for path in ("/alert-webhook", "/slack-webhook", "/pagerduty", "/msteams-webhook", "/discord-webhook",
                 "/bot1:token/sendMessage", "/watchdog"):
        assert path in delivered["web"], delivered["web"].keys()
    assert json.loads(delivered["web"]["/watchdog"])["commonLabels"]["alertname"] == "Watchdog"
    assert json.loads(delivered["web"]["/pagerduty"])["routing_key"] == "0" * 32


def test_mail_goes_to_all_with_a_login_of_its_own(delivered):
    """Two receivers, the first as the sender, and the user of the mail server."""
    said = "\n".join(delivered["said"])
    assert "MAIL FROM:<a@example.org>" in said
    assert "RCPT TO:<a@example.org>" in said and "RCPT TO:<b@example.org>" in said
    assert "AUTH PLAIN AGFwaWtleQBjb3JyZWN0IGhvcnNl" in said  # \0apikey\0correct horse
    assert "What to do" in "".join(delivered["mail"])


def test_only_the_lower_level_of_one_trouble_is_silent(delivered):
    """A critical alert silences the warning about the same thing, and nothing else of its component."""
    silent = {(one["labels"]["alertname"], one["labels"].get("mountpoint"))
              for one in delivered["alerts"] if one["status"]["inhibitedBy"]}
    assert silent == {("HighDiskUsage", "/")}
