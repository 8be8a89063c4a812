"""The dashboard of deploy/grafana as it looks over a real installation: docs/dashboard.png.

A demo with METRICS_PORT works for some minutes (an import, campaigns, an e-mail, people who look at pages), a real
Prometheus scrapes it as deploy/prometheus says and answers the queries of each panel. Grafana itself is not needed:
this draws what they answered, each panel at its place with its title, unit and legend. Needs `prometheus` on the PATH
(Debian: apt install prometheus) and a browser as the tests do.
"""

import argparse
import contextlib
import html
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.config import ROOT
from adsapp.demo import once, seed
from adsapp.demo.http import Api, ApiError, wait_until
from adsapp.demo.stage import free_port
from adsapp.jobs import Queue

DASHBOARD = ROOT / "deploy" / "grafana" / "adsapp.json"
PICTURE = ROOT / "docs" / "dashboard.png"
CELL_W, CELL_H, GAP = 62, 34, 10  # of Grafana's grid of 24 columns
COLOURS = ("#2f6f4f", "#c0562b", "#3d6db5", "#8b5fbf", "#b58a1b", "#b5345f", "#3c8d93", "#777777")
SHOWN = 6  # lines of a legend
UNITS = {"s": " s", "ops": "/s", "reqps": "/s", "percentunit": " %", "bytes": " MB", "short": ""}
SCALES = {"percentunit": 100.0, "bytes": 1e-6}


@dataclass(frozen=True)
class Line:
    """What one query answered for one set of labels."""

    name: str
    points: Sequence[tuple[float, float]]


def main() -> None:
    """Run it and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=180, help="of work: %(default)s")
    parser.add_argument("--to", type=Path, default=PICTURE)
    asked = parser.parse_args()
    program = shutil.which("prometheus") or sys.exit("prometheus is not on the PATH: apt install prometheus")
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    try:
        with _demo(home) as (api, sandbox, metrics), _prometheus(program, home, metrics) as prometheus:
            began = time.time()
            _work(api, sandbox, asked.seconds)
            panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
            drawn = _draw(panels, prometheus, began, time.time())
    finally:
        shutil.rmtree(home, ignore_errors=True)
    _to_png(drawn, asked.to)
    empty = re.findall(r'data-empty="([^"]+)"', drawn)
    print(json.dumps({"bench": "dashboard", "panels": len(panels), "empty": empty, "picture": str(asked.to.name)}))


# --- the installation -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _demo(home: Path) -> Iterator[tuple[Api, str, int]]:
    port, sandbox, metrics = free_port(), free_port(), _free_row()
    told = {"ADSAPP_HOME": str(home), "PORT": str(port), "SANDBOX_PORT": str(sandbox), "METRICS_PORT": str(metrics)}
    environment = {**os.environ, **told, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "adsapp"]
    running = subprocess.Popen([*command, "demo"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: Api(url).get("/readyz"), 240, "the demo")
        asked = [*command, "token", "create", "--organization", seed.SLUG, "--role", "admin"]
        made = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        token = next(word for word in made.stdout.split() if len(word) > 30)
        yield Api(url, token), f"http://127.0.0.1:{sandbox}", metrics
    finally:
        running.terminate()
        running.wait(timeout=60)


def _free_row() -> int:
    """A port after which those of the workers are likely free, too."""
    return max(free_port() // 10 * 10, 20_000)


def _work(api: Api, sandbox: str, seconds: int) -> None:
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(api, over))
    looking.start()
    until = time.monotonic() + seconds
    try:
        once.run(api, sandbox, lambda *_: None)
        while time.monotonic() < until:
            with contextlib.suppress(ApiError):  # one campaign after the other; some may be refused by their checks
                api.post("/api/jobs/bulk-message", _campaign())
            over.wait(min(30.0, max(0.0, until - time.monotonic())))
    finally:
        over.set()
        looking.join()


def _campaign() -> dict[str, Any]:
    return {
        "name": "Spring offer",
        "template": {"name": "welcome", "language": "en_US"},
        "variables": {"1": {"field": "first_name", "fallback": "there"}},
        "audience": {"all": True},
    }


def _look(api: Api, over: threading.Event) -> None:
    while not over.wait(0.2):
        for path in ("/api/jobs", "/api/campaigns", "/api/jobs/stats?days=7", "/api/contacts?limit=50", "/api/nothing"):
            with contextlib.suppress(ApiError, OSError):
                api.get(path)


# --- what was scraped -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _prometheus(program: str, home: Path, metrics: int) -> Iterator[Api]:
    port = free_port()
    at = [f"127.0.0.1:{metrics + place}" for place in range(len(Queue) + 1)]
    jobs = [
        {"job_name": "adsapp-web", "static_configs": [{"targets": at[:1]}]},
        {"job_name": "adsapp-workers", "static_configs": [{"targets": at[1:]}]},
    ]
    told = {"global": {"scrape_interval": "2s"}, "scrape_configs": jobs}
    (home / "prometheus.json").write_text(json.dumps(told), encoding="utf-8")  # YAML reads JSON
    command = [
        program,
        f"--config.file={home / 'prometheus.json'}",
        f"--storage.tsdb.path={home / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    running = subprocess.Popen(command)
    try:
        api = Api(f"http://127.0.0.1:{port}")
        wait_until(lambda: _answers(api), 180, "Prometheus")
        yield api
    finally:
        running.terminate()
        running.wait(timeout=30)


def _answers(prometheus: Api) -> bool:
    with contextlib.suppress(ApiError):  # 503 until it has looked at its disk
        return bool(prometheus.get("/api/v1/status/buildinfo"))
    return False


def _ask(prometheus: Api, target: Mapping[str, str], since: float, until: float) -> list[Line]:
    asked = {"query": target["expr"], "start": since, "end": until, "step": max(1, round((until - since) / 120))}
    answer = prometheus.get(f"/api/v1/query_range?{urllib.parse.urlencode(asked)}")
    return [
        Line(_legend(target["legendFormat"], each["metric"]), _points(each["values"]))
        for each in answer["data"]["result"]
    ]


def _legend(shape: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), shape)


def _points(values: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    return [(at, float(value)) for at, value in values if not math.isnan(float(value))]


# --- the picture ------------------------------------------------------------------------------------------------------


def _draw(panels: Sequence[Mapping[str, Any]], prometheus: Api, since: float, until: float) -> str:
    drawn, height = [], 0
    for panel in panels:
        place = panel["gridPos"]
        x, y = place["x"] * CELL_W + GAP, place["y"] * CELL_H + GAP
        w, h = place["w"] * CELL_W - GAP, place["h"] * CELL_H - GAP
        height = max(height, y + h + GAP)
        if panel["type"] == "row":
            drawn.append(f'<text x="{x}" y="{y + 17}" class="row">{html.escape(panel["title"])}</text>')
            continue
        lines = [line for target in panel["targets"] for line in _ask(prometheus, target, since, until)]
        unit = panel["fieldConfig"]["defaults"]["unit"]
        drawn.append(
            f'<g transform="translate({x} {y})">{_panel(panel["title"], unit, lines, (w, h), since, until)}</g>'
        )
    style = (
        "text{font:12px system-ui,sans-serif;fill:#33413a}.title{font-weight:600}.row{font-size:15px;font-weight:700}"
        ".axis{fill:#77837c;font-size:10.5px}.grid{stroke:#e3e8e4}.frame{fill:#fff;stroke:#d8ded9}"
    )
    width = 24 * CELL_W + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><style>{style}</style>'
        f'<rect width="{width}" height="{height}" fill="#f4f6f4"/>{"".join(drawn)}</svg>'
    )


def _panel(title: str, unit: str, lines: Sequence[Line], size: tuple[int, int], since: float, until: float) -> str:
    w, h = size
    named = f'<text x="12" y="20" class="title">{html.escape(title)}</text>'
    frame = f'<rect class="frame" width="{w}" height="{h}" rx="4"/>{named}'
    lines = sorted((line for line in lines if line.points), key=lambda line: -max(value for _, value in line.points))
    if not lines:
        return (
            f'{frame}<text x="{w // 2 - 25}" y="{h // 2}" class="axis" data-empty="{html.escape(title)}">No data</text>'
        )
    scale = SCALES.get(unit, 1.0)
    top = _round_up(max(value for line in lines for _, value in line.points) * scale)
    left, upper, right, lower = 58, 34, w - 12, h - 22 - 15 * math.ceil(min(len(lines), SHOWN) / 2)
    parts = [frame]
    for step in range(3):
        y = lower - (lower - upper) * step / 2
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="axis" x="{left - 6}" y="{y + 4}" text-anchor="end">{top * step / 2:g}{UNITS[unit]}</text>'
        )
    for place, line in enumerate(lines):
        colour = COLOURS[place % len(COLOURS)]
        wide, high = (right - left) / (until - since), (lower - upper) * scale / top
        path = " ".join(f"{left + wide * (at - since):.1f},{lower - high * value:.1f}" for at, value in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if place < SHOWN:
            x, y = 14 + place % 2 * (w // 2 - 8), lower + 17 + place // 2 * 15
            name = line.name if len(line.name) < 34 else line.name[:33] + "…"
            parts.append(f'<rect x="{x}" y="{y - 7}" width="12" height="3" fill="{colour}"/>')
            parts.append(f'<text class="axis" x="{x + 17}" y="{y}">{html.escape(name or "all")}</text>')
    return "".join(parts)


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value * 0.999)


def _to_png(drawn: str, path: Path) -> None:
    from playwright.sync_api import sync_playwright

    found = subprocess.run([sys.executable, "-m", "tests.browser.find"], capture_output=True, text=True, check=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip() or None)
        page = browser.new_page(viewport={"width": 24 * CELL_W + GAP, "height": 800})
        page.set_content(f'<body style="margin:0">{drawn}</body>')
        page.locator("svg").screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main()
