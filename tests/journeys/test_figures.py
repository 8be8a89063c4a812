"""Figures of real processes: several that share a port show the sum of all, and one that died shows nothing."""

import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from adsapp.demo.http import Api, wait_until
from adsapp.demo.stage import free_port
from adsapp.processes.commands import web_command
from tests.core.observing.test_metrics import TOKEN, scrape, value
from tests.journeys.conftest import Journey
from tests.waiting import wait_for

ASKED = 12


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_processes_that_share_a_port_show_the_sum_and_the_dead_nothing(journey: Journey) -> None:
    settings = journey.installation.settings.model_copy(update={"web_processes": 2})
    port = free_port()
    told = {"METRICS_TOKEN": TOKEN, "METRICS_PORT": str(port)}
    environment = os.environ | {"TZ": "UTC"} | journey.installation.environment | told
    worker = [sys.executable, "-m", "adsapp", "worker", "--queue", "template-processing"]
    web = subprocess.Popen(web_command(settings), env=environment)
    working = subprocess.Popen(worker, env=environment)
    try:
        wait_until(lambda: Api(settings.base_url).get("/readyz"), 60, "the start of the web server")
        for _ in range(ASKED):
            assert journey.api.get("/api/jobs")
        for of in (settings.port, port, port):
            assert value(scrape(of), "adsapp_http_requests_total", route="/api/jobs", status="200") == ASKED
        wait_for(lambda: _answers(port + 3), what="the worker shows its figures")
        assert value(scrape(port), "adsapp_workers", queue="template-processing") == 1
        working.kill()
        working.wait()
        assert not _answers(port + 3)
    finally:
        web.terminate()
        working.kill()
        assert web.wait(30) == 0


def _answers(port: int) -> bool:
    try:
        return value(scrape(port), "adsapp_build_info") == 1
    except urllib.error.URLError:
        return False
