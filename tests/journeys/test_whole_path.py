"""The whole path in real processes, through the API alone."""

import pytest

from adsapp.demo import once
from tests.journeys.conftest import Journey


@pytest.mark.parametrize(
    "shape", ["distributed"], indirect=True
)  # embedded, an installation goes it: test_installed.py
def test_file_to_delivered_message_through_the_api_alone(journey: Journey) -> None:
    journey.installation.start_sandbox(journey.webhook_url, mail_webhook_url=journey.connect_mail())
    journey.installation.start_web()
    journey.installation.start_worker()
    checks = once.run(journey.api, journey.installation.settings.sandbox_url, lambda *_: None)
    assert [check for check in checks if not check.holds] == []
