# SPDX-License-Identifier: Apache-2.0
"""The stack's options that change how it runs: TLS, bearer tokens, another metrics backend."""

import re

import pytest

from backends import Prometheus, wait_for
from telemetry import Refused, Sender, TraceSpec

ARRIVAL = 90


def authority(stack) -> str:
    """The certificate authority that a client of this stack is told to trust."""
    found = [path for pattern in ("ca.crt", "ca.pem") for path in stack.directory.rglob(pattern)]
    assert len(found) == 1, f"one CA certificate expected, found {found}"
    return str(found[0])


def token(stack) -> str:
    """The bearer token, from the file that the stack's operator reads it from."""
    for path in sorted((stack.directory / "secrets").iterdir()):
        found = re.search(r"^\w*TOKEN\w*=(\S+)$", path.read_text(), re.M)
        if found:
            return found[1]
    raise AssertionError("no ..TOKEN=.. line in secrets/")


def clients(stack, protocol: str) -> dict:
    """The right client, and each wrong one."""
    right = (("authorization", f"Bearer {token(stack)}"),)
    ca_file = authority(stack)
    plain = {"grpc": stack.address("otel-collector", 4317),
             "http": f"http://{stack.address('otel-collector', 4318)}"}[protocol]
    return {
        "right": stack.sender(protocol, headers=right, ca_file=ca_file),
        "no token": stack.sender(protocol, ca_file=ca_file),
        "wrong token": stack.sender(protocol, ca_file=ca_file,
                                    headers=(("authorization", "Bearer wrong"),)),
        "no TLS": Sender(protocol, plain, headers=right),
    }


# Scope class: stacks publish the same ports, so each is gone before the next class needs them.
@pytest.fixture(scope="class")
def secured(new_stack):
    stack = new_stack("--tls", "self-signed", "--auth", "bearer")
    stack.up()
    yield stack
    stack.down(volumes=True)


@pytest.fixture(scope="class")
def on_victoriametrics(new_stack):
    stack = new_stack("--metrics", "victoriametrics")
    stack.up()
    yield stack
    stack.down(volumes=True)


class TestSecured:
    @pytest.mark.parametrize("protocol", ["grpc", "http"])
    def test_collector_takes_only_the_right_client(self, secured, service, protocol, report):
        for name, client in clients(secured, protocol).items():
            if name == "right":
                client.counter(service, "lab.items", {name: 1})
                continue
            with pytest.raises(Refused) as refusal:
                client.counter(service, "lab.items", {name: 1})
            report(f"{protocol}, {name}: {str(refusal.value)[:70]}")
        expr = f'last_over_time(lab_items_total{{service_name="{service}"}}[15m])'
        found = wait_for(lambda: secured.prometheus().values(expr, "item"), ARRIVAL,
                         "the right client's point in Prometheus")
        assert found == {"right": 1.0}

    @pytest.mark.parametrize("protocol", ["grpc", "http"])
    def test_traces_are_stored(self, secured, service, protocol):
        ids = clients(secured, protocol)["right"].spans(service, [TraceSpec("error")] * 20)
        wait_for(lambda: set(secured.jaeger().traces(service)) == set(ids),
                 ARRIVAL + secured.sampling().decision_seconds, "20 traces over TLS with a token")

    @pytest.mark.needs("loki")
    @pytest.mark.parametrize("protocol", ["grpc", "http"])
    def test_logs_are_stored(self, secured, service, protocol):
        clients(secured, protocol)["right"].logs(service, ["let in"])
        wait_for(lambda: secured.loki().lines(service) == ["let in"], ARRIVAL, "one line in Loki")


class TestVictoriaMetrics:
    def test_pushed_metrics_are_stored(self, on_victoriametrics, service, report):
        stack = on_victoriametrics
        values = {f"item-{number}": number + 1 for number in range(20)}
        stack.sender("grpc").counter(service, "lab.items", values)
        store = Prometheus(f"http://{stack.address('victoriametrics', 8428)}")
        wanted = {key: float(value) for key, value in values.items()}
        expr = f'last_over_time(lab_items_total{{service_name="{service}"}}[15m])'
        wait_for(lambda: store.values(expr, "item") == wanted, ARRIVAL,
                 f"{wanted} in VictoriaMetrics")
        report(f"{len(values)} series pushed, every value equal")

    def test_the_stack_itself_is_scraped(self, on_victoriametrics, about, report):
        store = Prometheus(f"http://{on_victoriametrics.address('victoriametrics', 8428)}")

        def all_up() -> dict:
            up = {job: value for job, value in store.values("up", "job").items()
                  if about(f'"{job}"')}
            return up if up and set(up.values()) == {1.0} else {}

        report(f"up: {', '.join(wait_for(all_up, ARRIVAL, 'every target up in VictoriaMetrics'))}")
