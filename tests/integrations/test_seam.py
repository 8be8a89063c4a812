"""The provider seam: who knows Meta's words, the key of limits, and statuses kept by earlier versions."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from adsapp.config import ROOT
from adsapp.core import db
from adsapp.integrations.channels import PROVIDERS, channel_of, meaning_of
from adsapp.integrations.errors import Action, SendError
from adsapp.integrations.events import Source, StatusEvent
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast

METAS_WORDS = re.compile(r"WhatsAppAccount|CloudApi|integrations\.whatsapp|wamid|phone_number_id")
# Outside integrations and the sandbox, with the reason. A line more is a provider's word that leaked.
KNOW_META = {
    "adsapp/campaigns/api.py": "the JSON field wamid",
    "adsapp/campaigns/models.py": "the columns named wamid",
    "adsapp/cli/accounts/whatsapp.py": "connects a WhatsApp number",
    "adsapp/demo/seed.py": "connects the sandbox's number",
    "adsapp/demo/stage.py": "configures the sandbox",
}


def test_metas_words_stay_with_its_provider() -> None:
    sources = [*(ROOT / "adsapp").rglob("*.py"), *(ROOT / "huey_tasks").rglob("*.py")]
    outside = [path for path in sources if not {"integrations", "sandbox"} & set(path.relative_to(ROOT).parts)]
    found = {path.relative_to(ROOT).as_posix() for path in outside if METAS_WORDS.search(path.read_text("utf-8"))}
    assert found == set(KNOW_META)


def test_limits_are_kept_under_the_key_they_always_had(app: Flask, cast: Cast) -> None:
    """A running installation's pace is not forgotten by an upgrade."""
    with db.organization_context(app, cast.bakery_id):
        account = create_account(
            AccountIn("106540352242922", "2", "token", "secret", "verify", messages_per_second=20), by=NOBODY
        )
        channel = channel_of(account)
    assert (channel.key, channel.rate) == ("whatsapp:106540352242922", 20)
    assert "token" not in repr(channel)


def test_a_channel_with_an_unreadable_token_still_takes_webhooks(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        account = create_account(AccountIn("1", "2", "token", "secret", "verify"), by=NOBODY)
        account.token = db.SecretText(b"sealed by somebody else")
        channel = channel_of(account)
        query = {"hub.mode": "subscribe", "hub.challenge": "4711", "hub.verify_token": "verify"}
        assert channel.handshake(query) == "4711"
        answer = channel.check()
    assert not answer.is_good
    assert "cannot be read" in answer.reason


@pytest.mark.parametrize("code, known", [("131026", True), ("999999", True), ("opted_out", False), ("", False)])
def test_a_code_is_explained_by_the_provider_whose_it_is(code: str, known: bool) -> None:
    assert (meaning_of(code) is not None) == known
    assert list(PROVIDERS) == ["whatsapp"]


def test_a_status_is_kept_under_the_names_it_always_had() -> None:
    error = SendError("131026", "no", Action.RECIPIENT, title="Not there", stops_campaign=True)
    event = StatusEvent("wamid.A", "failed", datetime(2026, 11, 1, tzinfo=UTC), "1202", "7", (error,), None, Source())
    assert event.as_json() == {
        "wamid": "wamid.A",
        "status": "failed",
        "recipient": "1202",
        "callback_data": "7",
        "timestamp": "2026-11-01T00:00:00+00:00",
        "errors": [
            {
                "code": "131026",
                "message": "no",
                "action": "recipient",
                "retry_after": None,
                "advice": "",
                "title": "Not there",
                "attempts": None,
                "stops_campaign": True,
            }
        ],
    }


def test_a_status_kept_by_an_earlier_version_is_read() -> None:
    error = {"code": 131026, "message": "no", "action": "recipient", "retry_after": None, "advice": "", "title": "t"}
    kept = {
        "wamid": "wamid.A",
        "status": "failed",
        "recipient": "1202",
        "callback_data": None,
        "timestamp": "2026-11-01T00:00:00+00:00",
        "errors": [error | {"attempts": None}, error | {"code": None, "attempts": 2}],
    }
    event = StatusEvent.from_json(kept)
    assert (event.provider_id, event.reference, event.status) == ("wamid.A", None, "failed")
    assert [one.code for one in event.errors] == ["131026", None]
