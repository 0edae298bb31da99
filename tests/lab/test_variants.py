"""The stack's options that change how it runs: TLS, bearer tokens, another metrics backend."""

import re

import pytest

from backends import Prometheus, wait_for
from telemetry import Refused, Sender, TraceSpec

ARRIVAL = 90


def authority(stack) -> str:
    """The certificate authority that a client of this stack is told to trust."""
    found = [path for path in sorted((stack.directory / "certs").glob("ca.*"))
             if path.suffix in (".crt", ".pem")]
    assert len(found) == 1, f"one CA certificate expected in certs/, found {found}"
    return str(found[0])


def token(stack) -> str:
    """The bearer token, from the file or .env line that the stack's operator reads it from."""
    for path in sorted((stack.directory / "secrets").glob("*token*")):
        return path.read_text().strip()
    found = re.search(r"^\w*TOKEN\w*=(\S+)$", (stack.directory / ".env").read_text(), re.M)
    assert found, "no token in secrets/ or .env"
    return found[1]


@pytest.fixture(scope="module")
def secured(new_stack):
    stack = new_stack("--tls", "self-signed", "--auth", "bearer")
    stack.up()
    yield stack
    stack.down(volumes=True)


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


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_secured_collector_takes_only_the_right_client(secured, service, protocol, report):
    for name, client in clients(secured, protocol).items():
        if name == "right":
            client.logs(service, ["let in"])
            continue
        with pytest.raises(Refused) as refusal:
            client.logs(service, [f"sneaked in with {name}"])
        report(f"{protocol}, {name}: {str(refusal.value)[:70]}")
    selector = f'{{service_name="{service}"}}'
    wait_for(lambda: secured.loki().lines(selector), ARRIVAL, "the right client's line in Loki")
    assert secured.loki().lines(selector) == ["let in"]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_secured_stack_stores_traces(secured, service, protocol):
    ids = clients(secured, protocol)["right"].spans(service, [TraceSpec("error")] * 20)
    wait_for(lambda: set(secured.jaeger().traces(service)) == set(ids),
             ARRIVAL + secured.sampling().decision_seconds, "20 traces over TLS with a token")


@pytest.fixture(scope="module")
def on_victoriametrics(new_stack):
    stack = new_stack("--metrics", "victoriametrics")
    stack.up()
    yield stack
    stack.down(volumes=True)


def test_victoriametrics_stores_pushed_metrics(on_victoriametrics, service, report):
    stack, values = on_victoriametrics, {f"item-{number}": number + 1 for number in range(20)}
    assert "prometheus" not in stack.services() or "victoriametrics" in stack.services()
    stack.sender("grpc").counter(service, "lab.items", values)
    store = Prometheus(f"http://{stack.address('victoriametrics', 8428)}")
    wanted = {key: float(value) for key, value in values.items()}
    expr = f'last_over_time(lab_items_total{{service_name="{service}"}}[15m])'
    wait_for(lambda: store.values(expr, "item") == wanted, ARRIVAL, f"{wanted} in VictoriaMetrics")
    report(f"{len(values)} series pushed, every value equal")


def test_victoriametrics_scrapes_the_stack(on_victoriametrics, report):
    store = Prometheus(f"http://{on_victoriametrics.address('victoriametrics', 8428)}")
    up = wait_for(lambda: store.values("up", "job"), 60, "scraped targets in VictoriaMetrics")
    report(f"up: {up}")
    assert set(up.values()) == {1.0}
