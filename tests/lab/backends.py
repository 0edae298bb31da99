# SPDX-License-Identifier: Apache-2.0
"""Reads traces, metrics and logs back through the query APIs that people and Grafana use."""

import dataclasses
import json
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


def ask(url: str, **params) -> requests.Response:
    reply = requests.get(url, params=params, timeout=TIMEOUT)
    if reply.status_code != 200:
        raise requests.RequestException(f"{url}: HTTP {reply.status_code}: {reply.text[:300]}")
    return reply


def get(url: str, **params) -> dict:
    return ask(url, **params).json()


# -- traces: ids(service) that a search finds, trace(id) with all its spans ----------------------


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

    def ids(self, service: str) -> set:
        return set(self.traces(service))

    def trace(self, trace_id: str) -> list:
        return get(f"{self.url}/api/traces/{trace_id}")["data"][0]["spans"]

    def services(self) -> list:
        return get(f"{self.url}/api/services").get("data") or []


@dataclasses.dataclass(frozen=True)
class Tempo:
    url: str

    def ids(self, service: str) -> set:
        now = int(time.time())
        reply = get(f"{self.url}/api/search", q=f'{{resource.service.name="{service}"}}',
                    limit=10000, start=now - 3600, end=now + 60)
        # Ids are printed without leading zeros.
        return {row["traceID"].rjust(32, "0") for row in reply.get("traces") or []}

    def trace(self, trace_id: str) -> list:
        found = get(f"{self.url}/api/v2/traces/{trace_id}")["trace"]["resourceSpans"]
        return [{**span, "resource": block["resource"]} for block in found
                for scope in block["scopeSpans"] for span in scope["spans"]]


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


# -- logs: lines(service), records(service) with all that is stored of them, what a panel or a variable
#    of a dashboard gets ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Loki:
    url: str

    def lines(self, service: str) -> list:
        return [value[1] for stream in self.records(service) for value in stream["values"]]

    def records(self, service: str) -> list:
        return self._range(f'{{service_name="{service}"}}', 3600)

    def number(self, expr: str) -> float:
        """The one value of a metric query, 0 when it has none."""
        rows = get(f"{self.url}/loki/api/v1/query", query=expr)["data"]["result"]
        return sum(float(row["value"][1]) for row in rows)

    def panel(self, query: str, _query_type: str) -> list:
        return self._range(query, 900)

    def variable(self, query: dict) -> list:
        return get(f"{self.url}/loki/api/v1/label/{query['label']}/values").get("data") or []

    def _range(self, query: str, seconds: int) -> list:
        now = time.time_ns()
        reply = get(f"{self.url}/loki/api/v1/query_range", query=query, limit=5000,
                    start=now - seconds * 1_000_000_000, end=now + 60_000_000_000)
        return reply["data"]["result"]


@dataclasses.dataclass(frozen=True)
class VictoriaLogs:
    url: str

    def lines(self, service: str) -> list:
        return [record["_msg"] for record in self.records(service)]

    def records(self, service: str) -> list:
        return self._records(f'{{service.name="{service}"}}', 3600)

    def panel(self, query: str, query_type: str) -> list:
        """Asks as Grafana's plugin does (its pkg/plugin/query.go). A statistic over nothing is a zero
        or no number there, not nothing: such series are left out."""
        now, step = int(time.time()), 15
        if query_type == "instant":
            return self._records(query, 900)
        if query_type == "statsRange":
            found = get(f"{self.url}/select/logsql/stats_query_range", query=query, start=now - 900,
                        end=now, step=f"{step}s")["data"]["result"]
            return [row for row in found if any(_says_something(value) for _, value in row["values"])]
        if query_type == "stats":
            if "_time:" not in query.split("|", maxsplit=1)[0]:
                query = f"_time:[{now - 900}, {now}] {query}"
            found = get(f"{self.url}/select/logsql/stats_query", query=query, time=now)
            return [row for row in found["data"]["result"] if _says_something(row["value"][1])]
        raise requests.RequestException(f"the plugin has no type of query '{query_type}'")

    def variable(self, query: dict) -> list:
        now = int(time.time())
        reply = get(f"{self.url}/select/logsql/field_values", query=query["query"],
                    field=query["field"], limit=query["limit"], start=now - 3600, end=now)
        # A field that no record has is answered with one empty value.
        return [row["value"] for row in reply["values"] if row["value"]]

    def _records(self, query: str, seconds: int) -> list:
        now = int(time.time())
        reply = ask(f"{self.url}/select/logsql/query", query=query, limit=5000,
                    start=now - seconds, end=now + 60)
        return [json.loads(line) for line in reply.text.splitlines()]


def _says_something(value: str) -> bool:
    return value not in ("", "NaN") and float(value) != 0
