"""Figures for Prometheus: they are true, cost nothing while off, and dashboard and alerts name no others."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from adsapp import blueprints, jobs
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.core.observing import metrics
from adsapp.dashboard.figures import figures, show_figures
from adsapp.demo.stage import free_port
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.waiting import wait_for

TOKEN = "figures-token"
SAMPLE = re.compile(r"^(adsapp_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Figures are wanted."""
    return settings.model_copy(update={"metrics_token": TOKEN, "metrics_port": free_port()})


@pytest.fixture
def counting(settings: Settings) -> Iterator[None]:
    metrics.turn_on(settings)
    yield
    metrics.turn_off()


def samples(text: bytes | str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = text.decode() if isinstance(text, bytes) else text
    return {(name, frozenset(LABEL.findall(labels))): float(value) for name, labels, value in SAMPLE.findall(text)}


def value(text: bytes | str, name: str, **labels: str) -> float:
    """The sum of the series that have these labels."""
    wanted = set(labels.items())
    return sum(number for (its, with_labels), number in samples(text).items() if its == name and wanted <= with_labels)


def scrape(port: int, token: str = TOKEN, path: str = "/metrics") -> str:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answer.read().decode())


def test_a_worker_shows_what_it_ran_on_a_port_of_its_own(app: Flask, cast: Cast, counting: None) -> None:
    ids = [_enqueue(app, cast, {"mood": mood}) for mood in ("succeeds", "fails_always")]
    worker = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    worker.start()
    try:
        ended = [_ended(app, cast, job_id) for job_id in ids]
        kept = {"queue": "template-processing", "kind": "demo"}
        wait_for(
            lambda: value(scrape(worker.metrics_port), "adsapp_jobs_total", **kept) == len(ended),
            what="both jobs are counted",
        )
        text = scrape(worker.metrics_port)
        refused = [_status(worker.metrics_port, "wrong"), _status(worker.metrics_port, TOKEN, "/")]
    finally:
        worker.stop()
    assert value(text, "adsapp_jobs_total", **kept, state="completed") == 1
    assert value(text, "adsapp_jobs_total", **kept, state="failed") == 1
    assert value(text, "adsapp_job_retries_total", **kept) == ended[1].attempt - 1
    assert value(text, "adsapp_job_wait_seconds_count", queue="template-processing") == len(ended)
    assert value(text, "adsapp_job_run_seconds_count", **kept) == len(ended)
    assert value(text, "adsapp_worker_threads", queue="template-processing") == 10
    assert value(text, "adsapp_db_up") == 1
    assert value(text, "adsapp_process_memory_bytes") > 1_000_000
    assert 'organization=""' in text
    assert refused == [401, 404]


@pytest.mark.both
def test_the_web_shows_the_queues_of_all_organizations(app: Flask, cast: Cast, counting: None) -> None:
    _enqueue(app, cast, {"mood": "succeeds"})
    with db.organization_context(app, cast.other_id):
        jobs.enqueue("demo", {"mood": "succeeds"})
        db.session.commit()
    text = figures(app)
    assert value(text, "adsapp_queue_jobs", queue="template-processing", state="waiting") == 2
    assert value(text, "adsapp_queue_jobs", queue="contact-import", state="waiting") == 0
    assert value(text, "adsapp_queue_oldest_wait_seconds", queue="template-processing") > 0
    assert value(text, "adsapp_queue_oldest_wait_seconds", queue="contact-import") == 0
    assert value(text, "adsapp_workers") == 0
    assert value(text, "adsapp_broker_up") == 1
    assert value(text, "adsapp_build_info") == 1


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_organizations_are_told_apart_only_if_that_is_wanted(app: Flask, cast: Cast, settings: Settings) -> None:
    _enqueue(app, cast, {"mood": "succeeds"})
    metrics.turn_on(settings.model_copy(update={"metrics_by_organization": True}))
    text = figures(app)
    metrics.turn_on(settings)
    without = figures(app)
    metrics.turn_off()
    assert value(text, "adsapp_queue_jobs", organization=str(cast.bakery_id)) == 1
    assert str(cast.bakery_id).encode() not in without


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_requests_are_counted_by_route_and_no_client_makes_series(
    client: FlaskClient, cast: Cast, counting: None
) -> None:
    for path in ("/api/contacts", "/api/contacts?query=x", "/nowhere/1", "/nowhere/2"):
        client.get(path, headers=cast.headers("alice"))
    client.open("/nowhere/3", method="ODD")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert value(answer.data, "adsapp_http_requests_total", method="GET", route="/api/contacts") == 2
    assert value(answer.data, "adsapp_http_requests_total", route="none") == 3
    assert value(answer.data, "adsapp_http_requests_total", method="other") == 1
    assert value(answer.data, "adsapp_http_request_seconds_count", route="/api/contacts") == 2


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_the_figures_are_for_those_who_have_the_token(client: FlaskClient, counting: None) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    metrics.turn_off()
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_the_web_opens_the_port_that_is_set_and_the_next_process_the_tenth_after_it(
    app: Flask, settings: Settings
) -> None:
    show_figures(app)
    show_figures(app)
    try:
        assert value(scrape(settings.metrics_port), "adsapp_build_info") == 1
        assert value(scrape(settings.metrics_port + 10), "adsapp_build_info") == 1
    finally:
        metrics.turn_off()


def test_two_metrics_have_no_name_in_common() -> None:
    with pytest.raises(ValueError, match="adsapp_jobs_total"):
        metrics.counter("adsapp_jobs_total", "again")


def test_names_and_units_are_those_of_the_field() -> None:
    for each in _declared():
        assert re.fullmatch(r"adsapp_[a-z_]+", each.name)
        assert each.help
        if each.kind == "counter":
            assert each.name.endswith("_total")
        if each.kind == "histogram":
            assert each.name.endswith("_seconds")


def test_the_dashboard_and_the_alerts_name_metrics_and_labels_that_exist() -> None:
    known = {name: set(each.labels) for each in _declared() for name in each.series}
    dashboard = json.loads((ROOT / "deploy/grafana/adsapp.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(asked) > 30
    named = {name for expression in asked for name in re.findall(r"adsapp_\w+", expression)}
    assert named - set(known) == set()
    for expression in asked:
        of_these = set().union(*(known[name] for name in re.findall(r"adsapp_\w+", expression)), {"le", "instance"})
        by = {label.strip() for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(",")}
        assert by <= of_these, expression
    shown = {each.name for each in _declared()}
    assert {each for each in shown if not any(name.startswith(each) for name in named)} == set()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus' own tool is not on the PATH")
@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_prometheus_finds_nothing_wrong_with_rules_and_figures(client: FlaskClient, cast: Cast, counting: None) -> None:
    _enqueue(client.application, cast, {"mood": "succeeds"})
    client.get("/api/contacts", headers=cast.headers("alice"))
    shown = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).data
    for command, told in ((("config", "deploy/prometheus/prometheus.yml"), b""), (("metrics",), shown)):
        checked = subprocess.run(["promtool", "check", *command], cwd=ROOT, input=told, capture_output=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def _declared() -> list[metrics.Instrument]:
    blueprints()  # loads every feature
    import adsapp.contacts.imports.run
    import adsapp.dashboard.figures
    import adsapp.jobs.engine.worker
    import adsapp.outbound.transport  # noqa: F401

    return list(metrics.declared())


def _ended(app: Flask, cast: Cast, job_id: uuid.UUID) -> Job:
    def look() -> Job | None:
        with db.organization_context(app, cast.bakery_id), db.reading():
            job = db.session.get_one(Job, job_id)
            db.session.expunge(job)
            return job if job.is_finished else None

    job = wait_for(look, what="the job ends")
    assert job is not None
    return job


def _enqueue(app: Flask, cast: Cast, payload: dict[str, Any]) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        job = jobs.enqueue("demo", payload)
        db.session.commit()
        return job.id


def _status(port: int, token: str, path: str = "/metrics") -> int:
    try:
        scrape(port, token, path)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
