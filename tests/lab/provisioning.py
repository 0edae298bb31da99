# SPDX-License-Identifier: Apache-2.0
"""Checks Grafana provisioning files against Grafana's documented formats.

Exists because Grafana itself cannot be built from Go modules here: what Grafana would refuse or
silently ignore at start (a dashboard without uid, a panel pointing at a data source that is not
provisioned) must still fail a test. Queries are executed elsewhere, against the real backends.
"""

import pathlib

import yaml

import queries

SOURCE_TYPES = {"prometheus", "loki", "jaeger", "tempo", "alertmanager"}
PLUGIN_TYPES = {"victoriametrics-logs-datasource"}  # Grafana has to fetch them
WITH_EXPR = {"prometheus", "loki", "victoriametrics-logs-datasource"}
PANEL_TYPES = {
    "timeseries", "stat", "gauge", "bargauge", "table", "logs", "text", "barchart", "heatmap",
    "histogram", "piechart", "state-timeline", "status-history", "traces", "nodeGraph",
    "alertlist", "dashlist", "row", "trend", "xychart", "flamegraph", "canvas", "news",
}
WITHOUT_QUERY = {"text", "row", "alertlist", "dashlist", "news"}
GRID_WIDTH = 24
OLDEST_SCHEMA = 36                # Grafana 8.3; older ones are migrated in the browser at load
BUILT_IN_SOURCES = {"-- Grafana --", "grafana", "-- Mixed --", "-- Dashboard --"}


def problems(directory: pathlib.Path) -> list:
    """Everything wrong with a stack's Grafana files; an empty list means none."""
    found = []
    sources = _sources(directory, found)
    _providers(directory, found)
    boards = queries.dashboards(directory)
    if not boards:
        found.append("no dashboards")
    for field in ("uid", "title"):
        _unique([board.get(field) for board in boards.values()], f"dashboard {field}", found)
    for path, board in boards.items():
        found += [f"{path.name}: {text}" for text in _dashboard(board, sources)]
    return found


def _unique(values: list, what: str, found: list) -> None:
    for value in set(values):
        if not value:
            found.append(f"{what} is missing")
        elif values.count(value) > 1:
            found.append(f"{what} '{value}' is used {values.count(value)} times")


def _provisioned(directory: pathlib.Path, kind: str, key: str, found: list) -> list:
    rows = []
    for path in sorted((directory / "configs/grafana/provisioning" / kind).glob("*.y*ml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if document.get("apiVersion") != 1:
            found.append(f"{path.name}: apiVersion is not 1")
        rows += document.get(key) or []
    if not rows:
        found.append(f"no {key} provisioned")
    return rows


def _sources(directory: pathlib.Path, found: list) -> dict:
    rows = _provisioned(directory, "datasources", "datasources", found)
    for field in ("name", "uid"):
        _unique([row.get(field) for row in rows], f"data source {field}", found)
    sources = {row.get("uid"): row.get("type") for row in rows}
    for row in rows:
        name = row.get("name")
        if row.get("type") not in SOURCE_TYPES | PLUGIN_TYPES:
            found.append(f"data source {name}: unknown type {row.get('type')}")
        if row.get("access", "proxy") != "proxy":
            found.append(f"data source {name}: access '{row['access']}' is not proxy")
        if not str(row.get("url", "")).startswith(("http://", "https://")):
            found.append(f"data source {name}: no url")
        for uid in _linked(row.get("jsonData")):
            if uid not in sources:
                found.append(f"data source {name} links to unknown uid '{uid}'")
    if sum(bool(row.get("isDefault")) for row in rows) != 1:
        found.append("exactly one data source must be the default")
    return sources


def _linked(node) -> list:
    """Every datasourceUid anywhere in a data source's settings (correlations)."""
    if isinstance(node, list):
        return [uid for child in node for uid in _linked(child)]
    if isinstance(node, dict):
        here = [value for key, value in node.items()
                if key == "datasourceUid" and isinstance(value, str)]
        return here + [uid for child in node.values() for uid in _linked(child)]
    return []


def _providers(directory: pathlib.Path, found: list) -> None:
    for row in _provisioned(directory, "dashboards", "providers", found):
        if row.get("type", "file") != "file" or not (row.get("options") or {}).get("path"):
            found.append(f"dashboard provider {row.get('name')}: needs type file and a path")


def _dashboard(board: dict, sources: dict) -> list:
    found = []
    if int(board.get("schemaVersion", 0)) < OLDEST_SCHEMA:
        found.append(f"schemaVersion {board.get('schemaVersion')} is older than {OLDEST_SCHEMA}")
    if board.get("id") is not None:
        found.append("a provisioned dashboard must not carry a numeric id")
    try:
        values = queries.variables(board, sources)
    except (KeyError, TypeError) as error:
        return found + [f"variables: {error!r}"]
    shown = queries.panels(board)
    _unique([panel.get("id") for panel in shown], "panel id", found)
    found += _overlaps(board.get("panels", []))
    for panel in shown:
        found += [f"panel '{panel.get('title')}': {text}"
                  for text in _panel(panel, sources, values)]
    return found


def _panel(panel: dict, sources: dict, values: dict) -> list:
    found = []
    if panel.get("type") not in PANEL_TYPES:
        found.append(f"unknown panel type {panel.get('type')}")
    targets = panel.get("targets", [])
    if not targets and panel.get("type") not in WITHOUT_QUERY:
        found.append("has no query")
    _unique([target.get("refId") for target in targets], "refId", found)
    for target in targets:
        source = target.get("datasource") or panel.get("datasource") or {}
        try:
            uid = queries.interpolate(str(source.get("uid", "")), values)
            queries.interpolate(str(target.get("expr", "")), values)
        except KeyError as error:
            found.append(str(error))
            continue
        if uid not in sources and uid not in BUILT_IN_SOURCES:
            found.append(f"data source uid '{uid}' is not provisioned")
        elif source.get("type") and sources.get(uid, source["type"]) != source["type"]:
            found.append(f"data source '{uid}' is {sources[uid]}, not {source['type']}")
        if sources.get(uid) in WITH_EXPR and not target.get("expr"):
            found.append(f"query {target.get('refId')} has no expr")
    return found


def _overlaps(panels: list) -> list:
    """Panels outside the grid, or on top of one another."""
    found, taken = [], {}
    for panel in panels:
        place = panel.get("gridPos") or {}
        if not {"x", "y", "w", "h"} <= set(place):
            found.append(f"panel '{panel.get('title')}': gridPos is incomplete")
            continue
        if place["x"] < 0 or place["w"] < 1 or place["x"] + place["w"] > GRID_WIDTH:
            found.append(f"panel '{panel.get('title')}': outside the {GRID_WIDTH} columns")
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])):
            other = taken.setdefault(cell, panel.get("title"))
            if other != panel.get("title"):
                found.append(f"panel '{panel.get('title')}' overlaps '{other}'")
                break
    return found
