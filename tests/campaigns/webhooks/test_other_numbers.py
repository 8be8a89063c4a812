"""What an event says it is about decides, not the address it came to (case N07)."""

import csv
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from adsapp.campaigns.models import CampaignRecipient, InboundMessage, ParkedStatus
from adsapp.contacts import queries
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.integrations.models import WebhookDelivery
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.message_templates.queries import get_template
from adsapp.organizations.auditing import NOBODY
from tests.campaigns.rehearsal import WABA, Rehearsal
from tests.campaigns.webhooks.bodies import case, failed, preference, webhook
from tests.live import SECRET, TOKEN, VERIFY
from tests.paths import CASES

N07 = CASES / "N07-message-to-another-number"
ANN, BEN, CY = (row["phone"] for row in csv.DictReader((N07 / "people.csv").open()))
OTHER = "999999999999999"


def take(rehearsal: Rehearsal, *bodies: bytes | dict[str, Any]) -> str:
    """Deliver and apply; what stayed with the deliveries."""
    for body in bodies:
        assert rehearsal.post_webhook(body) == 200
    rehearsal.apply()
    with rehearsal.organization(), db.reading():
        return "; ".join(filter(None, db.session.scalars(select(WebhookDelivery.error))))


def connect(rehearsal: Rehearsal, number: str = OTHER, business: str = WABA) -> uuid.UUID:
    with rehearsal.organization():
        account = create_account(AccountIn(number, business, TOKEN, SECRET, VERIFY, "Second number"), by=NOBODY)
        db.session.commit()
        return account.id


def contact(phone: str) -> Contact:
    found = queries.find_by_phone(phone)
    assert found is not None
    return found


@pytest.mark.parametrize("connected", [False, True])
def test_messages_to_another_number_are_no_replies_to_this_one(rehearsal: Rehearsal, connected: bool) -> None:
    other = connect(rehearsal) if connected else None
    rehearsal.contacts(ANN, BEN, CY)
    campaign_id = rehearsal.sent()
    wrong = take(rehearsal, case(N07 / "to_other_number.json"), case(N07 / "stop_to_other_number.json"))
    campaign = rehearsal.campaign(campaign_id)
    assert (campaign.replied_count, campaign.opted_out_count) == (0, 0)
    assert ("another number" in wrong) == (not connected)
    with rehearsal.organization():
        assert [contact(phone).last_inbound_at for phone in (ANN, BEN)] == [None, None]
        assert [contact(phone).opted_out_at is None for phone in (ANN, BEN, CY)] == [True, False, True]
        (said,) = queries.consent_history(contact(BEN))
        assert ("another number" in said.detail) == (not connected)
        assert set(db.session.scalars(select(InboundMessage.account_id))) == ({other} if connected else set())
    text = rehearsal.start_campaign(text="Hello")
    rehearsal.send(text)
    assert {one.error_code for one in rehearsal.recipients(text).values()} == {"outside_window", "opted_out"}


def test_a_preference_told_to_another_number_stops_everything(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANN)
    told = webhook("user_preferences", number=OTHER, user_preferences=[preference("stop", wa_id=ANN[1:])])
    assert "another number" in take(rehearsal, told)
    with rehearsal.organization():
        assert contact(ANN).opted_out_at is not None


@pytest.mark.parametrize("connected", [False, True])
def test_a_report_of_another_number_s_message_never_touches_ours(rehearsal: Rehearsal, connected: bool) -> None:
    """Another program on that number counts its own messages, as we do."""
    if connected:
        connect(rehearsal)
    rehearsal.contacts(ANN)
    campaign_id = rehearsal.sent()
    with rehearsal.organization():
        ours = db.session.scalars(select(CampaignRecipient)).one()
        ours.provider_id, reference = None, str(ours.id)
        db.session.commit()
    theirs = failed("wamid.THEIRS", 131042) | {"biz_opaque_callback_data": reference}
    wrong = take(rehearsal, webhook(number=OTHER, statuses=[theirs]))
    assert rehearsal.recipients(campaign_id)[ANN].status == "accepted"
    with rehearsal.organization():
        assert get_account(rehearsal.account_id).status == "active"
        assert ("another number" in wrong, db.session.scalar(select(ParkedStatus.id)) is None) == (
            not connected,
            not connected,
        )


TEMPLATE = {"message_template_name": "welcome", "message_template_language": "en_US"}
OF_THE_BUSINESS = {
    "template status": ("message_template_status_update", {**TEMPLATE, "event": "PAUSED"}),
    "template category": ("template_category_update", {**TEMPLATE, "new_category": "UTILITY"}),
    "account": ("account_update", {"event": "ACCOUNT_DELETED"}),
    "limit": ("business_capability_update", {"max_daily_conversations_per_business": "TIER_2K"}),
}


@pytest.mark.parametrize(("field", "value"), OF_THE_BUSINESS.values(), ids=OF_THE_BUSINESS)
def test_what_is_said_of_another_business_changes_nothing_here(
    rehearsal: Rehearsal, field: str, value: dict[str, Any]
) -> None:
    wrong = take(rehearsal, webhook(field, number="", business="777", **value))
    assert "another business account: 777" in wrong
    with rehearsal.organization():
        account, template = get_account(rehearsal.account_id), get_template("welcome", "en_US")
        assert (account.status, account.messaging_limit, template.status) == ("active", None, "APPROVED")


def test_what_is_said_of_the_business_holds_for_all_its_numbers(rehearsal: Rehearsal) -> None:
    other = connect(rehearsal)
    take(rehearsal, webhook("business_capability_update", number="", max_daily_conversations_per_business=2000))
    with rehearsal.organization():
        assert [get_account(each).messaging_limit for each in (rehearsal.account_id, other)] == ["2000", "2000"]


def test_a_delivery_of_both_numbers_is_applied_event_by_event(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANN, BEN)
    campaign_id = rehearsal.sent()
    both = json.loads(case(N07 / "to_other_number.json"))
    ours = rehearsal.provider.newest(BEN)
    both["entry"] += webhook(statuses=[{"id": ours.provider_id, "status": "read", "timestamp": "1800000000"}])["entry"]
    assert "another number" in take(rehearsal, both)
    assert rehearsal.recipients(campaign_id)[BEN].status == "read"
