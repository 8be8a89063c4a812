"""What the provider says of accounts, numbers, templates and prices is written down, and raises attention."""

import csv
import io
from typing import Any

import pytest

from adsapp.core import db
from adsapp.integrations.queries import get_account
from adsapp.message_templates.queries import get_template
from tests.campaigns.rehearsal import Rehearsal
from tests.campaigns.webhooks.bodies import webhook

ANN = "+442079460411"
SHOWN = "+1 555 078 3881"
TEMPLATE = {"message_template_name": "welcome", "message_template_language": "en_US", "message_template_id": 1}
TIER = {"tier": "25000001:50000000", "pricing_category": "UTILITY", "region": "India", "effective_month": "2026-11"}
LIMITED = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1900000000}

# field, value, what is asked about, what it is then, what stands under "Needs attention" ("" for nothing)
NOTICES: dict[str, tuple[str, dict[str, Any], str, Any, str]] = {
    "disabled": (
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "May 1"}},
        "account.status",
        "refused",
        "is disabled",
    ),
    "restricted": (
        "account_update",
        {"event": "ACCOUNT_RESTRICTION", "restriction_info": [LIMITED]},
        "account.status",
        "refused",
        "restricts the account",
    ),
    "violation": (
        "account_update",
        {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}},
        "account.status",
        "active",
        "broke a policy: scam",
    ),
    "price tier": (
        "account_update",
        {"event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": TIER},
        "account.pricing_tiers",
        {"UTILITY India": "25000001:50000000 in 2026-11"},
        "",
    ),
    "alert": (
        "account_alerts",
        {"alert_type": "OBA_ELIGIBLE", "alert_severity": "CRITICAL", "alert_description": "Look at it"},
        "account.status",
        "active",
        "oba eligible",
    ),
    "quality": (
        "phone_number_quality_update",
        {"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_2K"},
        "account.quality",
        "RED",
        "its quality is low",
    ),
    "lower limit": (
        "phone_number_quality_update",
        {"display_phone_number": "15550783881", "event": "DOWNGRADE", "current_limit": "TIER_250"},
        "account.messaging_limit",
        "TIER_250",
        "Fewer people",
    ),
    "capability": (
        "business_capability_update",
        {"max_daily_conversations_per_business": "TIER_10K"},
        "account.messaging_limit",
        "TIER_10K",
        "",
    ),
    "template paused": (
        "message_template_status_update",
        {**TEMPLATE, "event": "PAUSED", "reason": "NONE"},
        "template.status",
        "PAUSED",
        "“welcome” (en_US) is paused",
    ),
    "template quality": (
        "message_template_quality_update",
        {**TEMPLATE, "previous_quality_score": "GREEN", "new_quality_score": "RED"},
        "template.quality",
        "RED",
        "is low",
    ),
    "template category": (
        "template_category_update",
        {**TEMPLATE, "previous_category": "UTILITY", "new_category": "AUTHENTICATION"},
        "template.category",
        "AUTHENTICATION",
        "is authentication now",
    ),
}


def say(rehearsal: Rehearsal, field: str, **value: Any) -> None:
    with rehearsal.organization():
        get_account(rehearsal.account_id).display_phone_number = SHOWN
        db.session.commit()
    assert rehearsal.post_webhook(webhook(field, number="", **value)) == 200
    rehearsal.apply()


def attention(rehearsal: Rehearsal) -> str:
    return rehearsal.cast.sign_in(rehearsal.app.test_client(), "alice").get("/home/attention").text


@pytest.mark.parametrize(("field", "value", "asked", "state", "shown"), NOTICES.values(), ids=NOTICES)
def test_a_notice_changes_its_row_and_is_shown(
    rehearsal: Rehearsal, field: str, value: dict[str, Any], asked: str, state: Any, shown: str
) -> None:
    say(rehearsal, field, **value)
    with rehearsal.organization():
        found = {"account": get_account(rehearsal.account_id), "template": get_template("welcome", "en_US")}
        row, column = asked.split(".")
        assert getattr(found[row], column) == state
    page = attention(rehearsal)
    assert shown in page
    assert bool(shown) or "Another" not in page


BETTER: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "template": (
        "message_template_status_update",
        {**TEMPLATE, "event": "PAUSED"},
        {**TEMPLATE, "event": "REINSTATED"},
    ),
    "quality": (
        "phone_number_quality_update",
        {"display_phone_number": SHOWN, "event": "FLAGGED"},
        {"display_phone_number": SHOWN, "event": "UNFLAGGED"},
    ),
    "account": (
        "account_update",
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
        {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
    ),
}


@pytest.mark.parametrize(("field", "worse", "better"), BETTER.values(), ids=BETTER)
def test_attention_ends_when_the_provider_says_something_better(
    rehearsal: Rehearsal, field: str, worse: dict[str, Any], better: dict[str, Any]
) -> None:
    say(rehearsal, field, **worse)
    assert "Needs attention" in attention(rehearsal)
    say(rehearsal, field, **better)
    with rehearsal.organization():
        assert get_account(rehearsal.account_id).status == "active"
    page = attention(rehearsal)
    assert not any(word in page for word in ("is paused", "quality is low", "disabled"))


def test_another_s_number_of_the_same_business_is_not_marked(rehearsal: Rehearsal) -> None:
    say(rehearsal, "phone_number_quality_update", display_phone_number="15550009999", event="FLAGGED")
    with rehearsal.organization():
        assert get_account(rehearsal.account_id).quality is None


# --- prices -------------------------------------------------------------------------------------------------------


def priced(category: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "pricing": {"category": category, "type": kind, "pricing_model": "PMP", "billable": kind == "regular", **more}
    }


ORDERS = [("sent", "delivered"), ("delivered", "sent"), ("sent", "read"), ("read", "sent")]


@pytest.mark.parametrize("order", ORDERS)
def test_the_price_of_what_was_delivered_is_kept_and_exported(rehearsal: Rehearsal, order: tuple[str, ...]) -> None:
    rehearsal.contacts(ANN)
    campaign_id = rehearsal.sent()
    newest = rehearsal.provider.newest(ANN)
    prices = {"sent": priced("utility", "regular")}
    for status in order:
        price = prices.get(status, priced("marketing", "free_entry_point"))
        entry = {"id": newest.provider_id, "status": status, "timestamp": "1800000000", **price}
        rehearsal.post_webhook(webhook(statuses=[entry]))
        rehearsal.apply()
    kept = rehearsal.recipients(campaign_id)[ANN]
    assert (kept.price_category, kept.price_type, kept.price_model, kept.billable) == (
        "marketing",
        "free_entry_point",
        "PMP",
        False,
    )
    client = rehearsal.cast.sign_in(rehearsal.app.test_client(), "alice")
    (row,) = csv.DictReader(io.StringIO(client.get(f"/campaigns/{campaign_id}/people.csv").text.lstrip("\ufeff")))
    assert (row["price_category"], row["price_type"], row["billable"]) == ("marketing", "free_entry_point", "no")


def test_the_price_of_a_report_that_came_too_early_is_kept(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANN)
    entry = {"id": "wamid.1", "status": "sent", "timestamp": "1800000000", **priced("marketing", "regular")}
    rehearsal.post_webhook(webhook(statuses=[entry]))
    rehearsal.apply()
    campaign_id = rehearsal.sent()
    assert rehearsal.provider.newest(ANN).provider_id == "wamid.1"
    assert rehearsal.recipients(campaign_id)[ANN].price_category == "marketing"
