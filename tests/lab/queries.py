# SPDX-License-Identifier: Apache-2.0
"""Finds every PromQL, LogQL, LogsQL and Jaeger query in generated dashboards and rule files.

Exists so that the lab executes exactly the queries that people will see, against the running
backends, instead of trusting that metric and label names in JSON files are right.
"""

import dataclasses
import json
import pathlib
import re

import yaml

# What Grafana puts in for its own variables, for a dashboard looked at with 15 s steps.
BUILT_IN = {
    "__rate_interval": "1m", "__interval": "15s", "__interval_ms": "15000", "__range": "15m",
    "__range_s": "900", "__auto": "1m", "__all": ".*",
}
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]|\$([A-Za-z_]\w*)")  # not the $1 of label_replace()
LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<match>.+?)\s*,\s*)?(?P<label>\w+)\s*\)$", re.S)


@dataclasses.dataclass(frozen=True)
class Query:
    where: str                    # dashboard uid / panel title, or rule file / rule name
    kind: str                     # the type of its data source
    expr: str
    alert: bool = False
    type: str = ""                # how the data source is to read it (queryType), where it asks


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of a dashboard whose values come from a data source."""

    where: str
    kind: str
    query: str | dict

    def label_values(self) -> tuple:
        """(label, selector or None) of PromQL's label_values()."""
        found = LABEL_VALUES.match(self.query.strip())
        return found["label"], found["match"]


def dashboards(directory: pathlib.Path) -> dict:
    """Path -> parsed dashboard."""
    files = sorted((directory / "configs/grafana/dashboards").rglob("*.json"))
    return {path: json.loads(path.read_text(encoding="utf-8")) for path in files}


def panels(dashboard: dict) -> list:
    """All panels that show something; those inside collapsed rows too."""
    found = []
    for panel in dashboard.get("panels", []):
        if panel.get("type") == "row":
            found += panel.get("panels", [])
        else:
            found.append(panel)
    return found


def datasource_types(directory: pathlib.Path) -> dict:
    """Data source uid -> type, from the provisioning files."""
    found = {}
    for path in sorted((directory / "configs/grafana/provisioning/datasources").glob("*.y*ml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")).get("datasources", []):
            found[row["uid"]] = row["type"]
    return found


def variables(dashboard: dict, types: dict) -> dict:
    """Variable name -> the text that the lab puts in for it ('all' wherever that is offered)."""
    chosen = dict(BUILT_IN)
    for row in dashboard.get("templating", {}).get("list", []):
        kind = row.get("type")
        if kind == "datasource":
            chosen[row["name"]] = next((uid for uid, of in types.items() if of == row["query"]), "")
        elif kind == "query":
            chosen[row["name"]] = row.get("allValue") or ".*"
        else:  # custom, constant, interval, textbox: the value that opens with the dashboard
            value = (row.get("current") or {}).get("value") or str(row.get("query", ""))
            value = value[0] if isinstance(value, list) else value
            chosen[row["name"]] = str(value).split(",", maxsplit=1)[0]
            if chosen[row["name"]] == "$__all":
                chosen[row["name"]] = row.get("allValue") or ".*"
    return chosen


def interpolate(expr: str, values: dict) -> str:
    def replace(found: re.Match) -> str:
        name = next(group for group in found.groups() if group)
        if name not in values:
            raise KeyError(f"unknown dashboard variable ${name} in {expr}")
        return values[name]
    return VARIABLE.sub(replace, expr)


def panel_queries(directory: pathlib.Path) -> list:
    types, found = datasource_types(directory), []
    for dashboard in dashboards(directory).values():
        values = variables(dashboard, types)
        for panel in panels(dashboard):
            where = f"{dashboard['uid']} / {panel.get('title', panel.get('id'))}"
            for target in panel.get("targets", []):
                source = target.get("datasource") or panel.get("datasource") or {}
                kind = types.get(interpolate(source.get("uid", ""), values), "unknown")
                expr = target.get("expr") or json.dumps(
                    {key: target[key] for key in ("queryType", "service", "operation", "tags",
                                                  "query") if key in target})
                found.append(Query(where, kind, interpolate(expr, values),
                                   type=target.get("queryType", "")))
    return found


def variable_queries(directory: pathlib.Path) -> list:
    """Every variable that asks a data source for its values."""
    types = datasource_types(directory)
    return [Variable(f"{dashboard['uid']} / ${row['name']}", types[row["datasource"]["uid"]], row["query"])
            for dashboard in dashboards(directory).values()
            for row in dashboard.get("templating", {}).get("list", []) if row.get("type") == "query"]


def rule_files(directory: pathlib.Path) -> list:
    return sorted((directory / "configs/prometheus/rules").glob("*.y*ml"))


def rules(directory: pathlib.Path) -> list:
    """Every alerting and recording rule as a Query."""
    found = []
    for path in rule_files(directory):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule.get("record")
                found.append(Query(f"{path.name} / {name}", "prometheus", str(rule["expr"]),
                                   alert="alert" in rule))
    return found


def selectors(tree) -> list:
    """Every vector selector of a PromQL syntax tree, as (text by name only, full text)."""
    found = []
    if isinstance(tree, list):
        for node in tree:
            found += selectors(node)
    elif isinstance(tree, dict):
        if tree.get("type") in ("vectorSelector", "matrixSelector"):
            names = [row for row in tree["matchers"] if row["name"] == "__name__"]
            found.append((_selector_text(names), _selector_text(tree["matchers"])))
        for child in tree.values():
            if isinstance(child, (dict, list)):
                found += selectors(child)
    return found


def _selector_text(matchers: list) -> str:
    return "{" + ",".join(f'"{row["name"]}"{row["type"]}{json.dumps(row["value"])}'
                          for row in matchers) + "}"
