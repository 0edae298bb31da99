# SPDX-License-Identifier: Apache-2.0
"""Draws generated dashboards with Grafana's own components from what a running stack answers.

Exists because a query that is valid and returns data can still be shown as nothing, under the wrong name or in the
colour of the opposite; README.md says what drawing does not prove.
"""

import concurrent.futures
import hashlib
import html
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import requests

import queries
from backends import get
from labenv import LAB, cache_dir

DRAW = LAB / "draw"
BUNDLE = ["--bundle", "--format=iife", "--jsx=automatic", "--define:global=window", "--log-level=error",
          '--define:process.env.NODE_ENV="production"',
          *(f"--loader:.{kind}=dataurl" for kind in ("svg", "woff2", "ttf"))]
WINDOW, STEP, WIDTH = 1800, 15, 1920          # seconds, seconds, pixels
ROW = 38                                      # pixels of a row of the grid, with the gap below it
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="{css}">
<body style="background:#111217;color:#ccccdc;margin:0"><div id="root"></div>
<div hidden><pre id="drawn"></pre><pre id="error"></pre></div>
<script>window.input = {input};</script><script src="{js}"></script>"""


def installed() -> pathlib.Path:
    """The folder in the lab's cache that has the locked packages and the bundle made from them."""
    sources = sorted(path for path in DRAW.iterdir() if path.is_file())
    lock = hashlib.sha256((DRAW / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = cache_dir() / f"draw-{lock}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(DRAW / name, folder)
        _npm(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
        (folder / "complete").touch()
    for path in sources:
        shutil.copy(path, folder)
    return folder


def bundle(folder: pathlib.Path) -> None:
    _npm(["node_modules/.bin/esbuild", "entry.tsx", *BUNDLE, "--outfile=draw.js"], folder)


def _npm(command: list, folder: pathlib.Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


def pictures() -> pathlib.Path:
    """Where pictures are kept: beside the results of the run, or in the cache."""
    results = os.environ.get("OBSCTL_LAB_RESULTS")
    folder = (pathlib.Path(results).parent if results else cache_dir()) / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# -- what the stack answers ---------------------------------------------------------------------


def answers(stack, board: dict, now: float) -> tuple:
    """(panel id -> answers of its queries, panel id -> lines of logs), as Grafana would ask for them. Where a store
    does not answer there is none."""
    values = queries.variables(board, queries.datasource_types(stack.directory))
    found, lines = {}, {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = [(panel, target, pool.submit(_ask, stack, target, queries.interpolate(target["expr"], values), now))
                 for panel in queries.panels(board) for target in panel.get("targets", [])]
    for panel, target, answer in asked:
        result = answer.result()
        if panel["type"] == "logs":
            lines[panel["id"]] = [line for stream in result for _, line in stream["values"]][:30]
        else:
            found.setdefault(panel["id"], []).append(
                {"refId": target["refId"], "legend": target.get("legendFormat"),
                 "table": target.get("format") == "table", "result": result})
    return found, lines


def _ask(stack, target: dict, expr: str, now: float) -> list:
    kind, instant = target["datasource"]["type"], target.get("instant") or target.get("queryType") == "instant"
    base = {"prometheus": lambda: f"{stack.prometheus().url}/api/v1",
            "loki": lambda: f"{stack.loki().url}/loki/api/v1"}[kind]()
    try:
        if instant:
            return get(f"{base}/query", query=expr, time=now)["data"]["result"]
        return get(f"{base}/query_range", query=expr, start=now - WINDOW, end=now, step=STEP)["data"]["result"]
    except requests.RequestException as error:
        if isinstance(error, requests.ConnectionError) or "HTTP 5" in str(error):
            return []
        raise


# -- drawing --------------------------------------------------------------------------------------


def draw(stack, board: dict, name: str) -> dict:
    """Panel title -> what was drawn (entry.tsx, Drawn), of a dashboard; the picture is kept as NAME.png."""
    folder, now = installed(), time.time()
    now -= now % STEP
    found, lines = answers(stack, board, now)
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) * ROW + 8
    data = {"board": board, "answers": found, "lines": lines, "from": (now - WINDOW) * 1000, "to": now * 1000,
            "step": STEP, "width": WIDTH}
    page = pictures() / f"{name}.html"
    page.write_text(PAGE.format(css=folder / "draw.css", js=folder / "draw.js",
                                input=json.dumps(data).replace("</", "<\\/")), encoding="utf-8")
    done = subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom",
         f"--window-size={WIDTH},{height}", "--virtual-time-budget=8000", "--allow-file-access-from-files",
         f"--screenshot={page.with_suffix('.png')}", f"file://{page}"],
        capture_output=True, text=True, timeout=120, check=False)
    page.unlink()
    error = _text(done.stdout, "error")
    assert not error, f"{name}: {error}"
    drawn = json.loads(_text(done.stdout, "drawn") or "[]")
    assert drawn, f"{name}: nothing was drawn\n{done.stderr[-2000:]}"
    return {f"{board['uid']} / {row['title']}": row for row in drawn}


def _text(dom: str, element: str) -> str:
    found = re.search(rf'<pre id="{element}">(.*?)</pre>', dom, re.S)
    return html.unescape(found[1]) if found else ""
