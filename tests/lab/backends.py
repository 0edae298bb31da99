"""Reads traces, metrics and logs back through the query APIs that people and Grafana use."""

import dataclasses
import time

import requests

TIMEOUT = 20


def wait_for(check, seconds: float, what: str, pause: float = 1.0):
    """Calls check until it returns something true; says what was last seen when it never does."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            last = check()
            if last:
                return last
        except requests.RequestException as error:
            last = error
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds:.0f} s, last: {last!r}")


def get(url: str, **params) -> dict:
    reply = requests.get(url, params=params, timeout=TIMEOUT)
    if reply.status_code != 200:
        raise requests.RequestException(f"{url}: HTTP {reply.status_code}: {reply.text[:300]}")
    return reply.json()


@dataclasses.dataclass(frozen=True)
class Jaeger:
    url: str

    def traces(self, service: str, limit: int = 10000) -> dict:
        """Trace id -> list of spans, for every stored trace of a service."""
        now = time.time_ns() // 1000
        reply = get(f"{self.url}/api/traces", service=service, limit=limit,
                    start=now - 86_400_000_000, end=now + 60_000_000)
        # A span id is 64 bits and printed without leading zeros by some versions: pad.
        return {row["traceID"].rjust(32, "0"): row["spans"] for row in reply.get("data") or []}

    def services(self) -> list:
        return get(f"{self.url}/api/services").get("data") or []


def tags(span: dict) -> dict:
    return {tag["key"]: tag["value"] for tag in span["tags"]}


@dataclasses.dataclass(frozen=True)
class Prometheus:
    """Prometheus, or anything with its query API."""

    url: str

    def query(self, expr: str) -> list:
        return get(f"{self.url}/api/v1/query", query=expr)["data"]["result"]

    def number(self, expr: str) -> float:
        """The one value of an expression, 0 when it has none."""
        return sum(float(row["value"][1]) for row in self.query(expr))

    def values(self, expr: str, label: str) -> dict:
        return {row["metric"].get(label): float(row["value"][1]) for row in self.query(expr)}

    def range(self, expr: str, seconds: int = 900, step: int = 15) -> list:
        now = time.time()
        return get(f"{self.url}/api/v1/query_range", query=expr, start=now - seconds, end=now,
                   step=step)["data"]["result"]

    def label_values(self, label: str, match: str | None = None) -> list:
        params = {"match[]": match} if match else {}
        return get(f"{self.url}/api/v1/label/{label}/values", **params)["data"]

    def syntax_tree(self, expr: str) -> dict:
        return get(f"{self.url}/api/v1/parse_query", query=expr)["data"]


@dataclasses.dataclass(frozen=True)
class Loki:
    url: str

    def lines(self, selector: str, seconds: int = 3600, limit: int = 5000) -> list:
        return [value[1] for stream in self.streams(selector, seconds, limit)
                for value in stream["values"]]

    def number(self, expr: str) -> float:
        """The one value of a metric query, 0 when it has none."""
        rows = get(f"{self.url}/loki/api/v1/query", query=expr)["data"]["result"]
        return sum(float(row["value"][1]) for row in rows)

    def streams(self, query: str, seconds: int = 3600, limit: int = 5000) -> list:
        now = time.time_ns()
        reply = get(f"{self.url}/loki/api/v1/query_range", query=query, limit=limit,
                    start=now - seconds * 1_000_000_000, end=now + 60_000_000_000)
        return reply["data"]["result"]
