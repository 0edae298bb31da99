# SPDX-License-Identifier: Apache-2.0
"""Panels of a generated stack as promtool tests: expressions from its dashboards, series from panel_cases.yaml."""

import pathlib

import yaml

import queries

CASES = pathlib.Path(__file__).with_suffix(".yaml")


def promtool_tests(directory: pathlib.Path) -> dict:
    """A file for `promtool test rules`."""
    expressions = _expressions(directory)
    rows = yaml.load(CASES.read_text(encoding="utf-8"), yaml.BaseLoader)  # 0x10 is ten zeros, not sixteen
    return {"rule_files": [], "evaluation_interval": "1m",
            "tests": [_test(name, row, expressions[row["panel"]]) for name, row in rows.items()]}


def _expressions(directory: pathlib.Path) -> dict:
    found = {}
    for board in queries.dashboards(directory).values():
        for panel in queries.panels(board):
            for target in panel.get("targets", []):
                name = f"{board['uid']} / {panel['title']}"
                expr = queries.interpolate(target["expr"], {**queries.BUILT_IN, "service": ".+"})
                found[name] = found[f"{name} / {target.get('legendFormat')}"] = expr
    return found


def _test(name: str, row: dict, expr: str) -> dict:
    shown = [{"labels": "{}", "value": float(row["value"])}] if "value" in row else []
    return {"name": name, "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in row["series"].items()],
            "promql_expr_test": [{"expr": expr, "eval_time": row["at"], "exp_samples": shown}]}
