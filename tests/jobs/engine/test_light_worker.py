"""A worker process is light: it carries the engine, and of the features only what it has run."""

import json
import subprocess
import sys
from pathlib import Path

from adsapp.config import ROOT

HEAVY = (
    "aiohttp",
    "phonenumbers",
    "argon2",
    "flask_wtf",
    "rich",
    "prometheus_client",
    "opentelemetry.sdk.trace",
    "opentelemetry.exporter",
    "sentry_sdk",
    "adsapp.campaigns.sending.job",
    "adsapp.contacts.imports.run",
)

START_AND_TELL = """
import json, sys
from adsapp.cli import adsapp as command
command.get_command(None, "worker")
from adsapp.cli.readiness import open_app
open_app(check_schema=False)
from adsapp.core.observing.start import observe
from adsapp.config import Settings
observe(Settings(), "adsapp-worker")
import adsapp.jobs.engine.worker, adsapp.schedules.dispatcher
print(json.dumps(sorted(sys.modules)))
"""


def test_a_worker_that_has_run_nothing_carries_no_feature(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", START_AND_TELL],
        cwd=ROOT,
        env={"ADSAPP_HOME": str(tmp_path), "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(ended.stdout))
    assert "huey_tasks.bulk_message" in loaded
    assert [name for name in HEAVY if name in loaded] == []
