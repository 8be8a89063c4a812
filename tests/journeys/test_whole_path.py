"""The whole path in real processes, through the API alone, and its log: one story from the click to the end, and of
nobody's number, name or key."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from adsapp.demo import once
from tests.installation import NUMBER
from tests.journeys.conftest import Journey

TOLD = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "LOG_PROGRESS_ITEMS": "1", "LOG_PROGRESS_SECONDS": "0"}


@pytest.mark.parametrize(
    "shape", ["distributed"], indirect=True
)  # embedded, an installation goes it: test_installed.py
def test_file_to_delivered_message_through_the_api_alone_and_the_log_tells_it_of_nobody(
    journey: Journey, tmp_path: Path
) -> None:
    installation = journey.installation
    installation.start_sandbox(journey.webhook_url, mail_webhook_url=journey.connect_mail())
    installation.told, installation.log = TOLD, tmp_path / "log"
    installation.start_web()
    installation.start_worker()
    checks = once.run(journey.api, installation.settings.sandbox_url, lambda *_: None)
    assert [check for check in checks if not check.holds] == []
    installation.stop()
    text = installation.log.read_text(encoding="utf-8")
    assert [secret for secret in _private(journey) if secret in text] == []
    _tells_the_story([json.loads(line) for line in text.splitlines()])


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
