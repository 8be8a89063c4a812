"""The whole path in real processes, through the API alone; log, traces and figures tell one story of it, and of
nobody's number, name or key."""

import csv
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from adsapp.demo import once
from adsapp.demo.stage import free_port
from tests.collector import Seen, collecting
from tests.core.observing.test_metrics import value
from tests.installation import NUMBER
from tests.journeys.conftest import Journey

TOLD = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "LOG_PROGRESS_ITEMS": "1", "LOG_PROGRESS_SECONDS": "0"}
PROCESSES = 2  # the web, and a worker of all queues


@pytest.mark.parametrize(
    "shape", ["distributed"], indirect=True
)  # embedded, an installation goes it: test_installed.py
def test_file_to_delivered_message_through_the_api_alone_is_told_and_nobody_in_it(
    journey: Journey, tmp_path: Path
) -> None:
    installation, log = journey.installation, tmp_path / "log"
    installation.start_sandbox(journey.webhook_url, mail_webhook_url=journey.connect_mail())
    with collecting() as collector:
        watched = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "METRICS_PORT": str(free_port())}
        installation.told, installation.log = TOLD | watched, log
        installation.start_web()
        installation.start_worker()
        checks = once.run(journey.api, installation.settings.sandbox_url, lambda *_: None)
        assert [check for check in checks if not check.holds] == []
        figures, accepted = _scraped(log), len(installation.ledger())
        installation.stop()
        spans = collector.spans  # the processes have ended, and said their last words
    text = log.read_text(encoding="utf-8")
    private = _private(journey)
    assert [secret for secret in private if secret in text] == []
    _tells_the_story([json.loads(line) for line in text.splitlines()])
    whole = b"".join(collector.bodies)
    assert [secret for secret in private if secret.encode() in whole] == []
    _shows_the_way(spans)
    _counts_what_was_done(figures, spans, accepted)


def _scraped(log: Path) -> str:
    """The figures of all processes, from the ports that their logs tell."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    ports = [line["port"] for line in lines if line["event"] == "metrics_port"]
    assert len(ports) == PROCESSES
    texts = []
    for port in ports:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            texts.append(answer.read().decode())
    return "\n".join(texts)


def _counts_what_was_done(figures: str, spans: list[Seen], accepted: int) -> None:
    """Each family that a journey touches, by the same truth that log and traces tell."""
    # A report that is quicker than the answer brings a message past this status.
    assert 0 < value(figures, "adsapp_messages_total", status="accepted") <= accepted
    assert value(figures, "adsapp_emails_total", status="delivered") > 0
    webhooks = [span for span in spans if span.name.startswith("POST /webhooks/")]
    assert 0 < len(webhooks) <= value(figures, "adsapp_webhooks_total")  # who is in a hurry drops spans, not counts
    for channel in ("whatsapp", "email"):
        assert value(figures, "adsapp_webhook_lag_seconds_count", channel=channel) > 0
    assert value(figures, "adsapp_import_rows_total") > accepted
    assert value(figures, "adsapp_jobs_total", kind="bulk-message", state="completed") == 1
    assert value(figures, "adsapp_http_requests_total", route="/api/jobs/bulk-message", status="202") == 1
    assert "adsapp_send_limit_per_second " in figures
    assert value(figures, "adsapp_broker_up") == 1
    assert value(figures, "adsapp_broker_latency_seconds") > 0
    assert value(figures, "adsapp_db_up") >= 1
    assert value(figures, "adsapp_build_info") >= 1
    assert value(figures, "adsapp_jobs_in_flight", queue="bulk-messages") == 0


def _shows_the_way(spans: list[Seen]) -> None:
    """From the request that started the campaign to what the webhooks brought of its messages, in one trace."""
    [click] = [span for span in spans if span.name == "POST /api/jobs/bulk-message"]
    assert (click.service, click.parent, click.about["http.response.status_code"]) == ("adsapp-web", "", 202)
    way = [span for span in spans if span.trace == click.trace]
    by_id = {span.id: span for span in way}
    [added] = [span for span in way if span.name == "enqueue bulk-message"]
    attempts = [span for span in way if span.name == "run bulk-message"]
    sent = [span for span in way if span.name == "POST /v25.0/{id}/messages"]
    reports = [span for span in way if span.name == "reports"]
    assert by_id[added.parent] is click
    assert {by_id[span.parent].name for span in attempts} == {"enqueue bulk-message"}
    assert attempts[0].about["adsapp.queue"] == "bulk-messages"
    assert attempts[0].about["adsapp.job.attempt"] == 1
    assert attempts[0].about["adsapp.job.waited"] >= 0
    assert {span.service for span in attempts} == {"adsapp-worker"}
    assert {by_id[span.parent].name for span in sent} == {"run bulk-message"}
    assert len(sent) > 10
    assert {by_id[span.parent].name for span in way if span.name == "batch"} == {"run bulk-message"}
    assert sum(span.about["adsapp.reports"] for span in reports) > len(sent)
    applying = {span.trace for span in spans if span.name == "run apply-webhooks"}
    assert {trace for span in reports for trace in span.links} <= applying
    came = {span.name for span in spans if span.service == "adsapp-web"}
    assert "POST /webhooks/<provider>/<account_id>" in came
    assert not [name for name in came if "static" in name or "readyz" in name]
    mailed = [span for span in spans if span.name == "reports" and span.about["adsapp.channel"] == "email"]
    assert {span.trace for span in mailed} == {span.trace for span in spans if span.name == "POST /resend/emails/batch"}


def _tells_the_story(lines: list[dict[str, Any]]) -> None:
    upload = next(line for line in lines if line["event"] == "request" and line["route"] == "/api/jobs/import-contacts")
    assert (upload["method"], upload["status"]) == ("POST", 202)
    assert upload["ms"] > 0
    imported = [line for line in lines if line.get("request_id") == upload["request_id"] and "job_id" in line]
    story = [line["event"] for line in imported if line.get("kind", "import-contacts") == "import-contacts"]
    assert story[0] == "job_started"
    assert {"import_reads", "job_progress", "import_completed", "job_completed"} <= set(story)
    assert {line["organization"] for line in imported} == {upload["organization"]}
    assert {line["attempt"] for line in imported} == {1}
    ended = next(line for line in imported if line["event"] == "job_completed" and line["kind"] == "import-contacts")
    assert ended["done"] > 0
    assert ended["seconds"] > 0
    events = {line["event"] for line in lines}
    assert {"campaign", "email", "webhooks_applied", "worker_started"} <= events
    assert [line for line in lines if line["level"] == "error"] == []  # a busy machine may have warned of something


def _private(journey: Journey) -> list[str]:
    settings = journey.installation.settings
    with once.SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        cells = {cell for row in csv.DictReader(file) for cell in row.values() if cell}
    people = [cell for cell in cells if "@" in cell or (cell.lstrip("+").isdigit() and len(cell) >= 9) or " " in cell]
    assert len(people) > 20
    secrets = [*journey.cast.tokens.values(), NUMBER.token, NUMBER.app_secret]
    secrets += [settings.secrets.secret_key, *settings.secrets.encryption_keys]
    return [*people, *(cell.lstrip("+") for cell in people), *secrets, "Alice", "@example"]
