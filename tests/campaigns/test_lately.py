"""Before another campaign starts it is said who got one a short while ago, and they can be left out."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from adsapp.campaigns import service
from adsapp.campaigns.compose.preflight import Preflight
from adsapp.campaigns.models import CampaignRecipient
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Organization
from adsapp.organizations.service import set_contact_gap
from tests.campaigns.rehearsal import Rehearsal, refused

PEOPLE = [f"+1202554{place:04}" for place in range(6)]
WELCOME: dict[str, Any] = {"template_name": "welcome", "template_language": "en_US"}
FILLED = {"1": {"field": "first_name", "fallback": "there"}}


def before(
    rehearsal: Rehearsal, template: str = "welcome", starts_in: timedelta | None = None, **audience: Any
) -> Preflight:
    """What would be said before a campaign to everybody."""
    with rehearsal.organization(), db.reading():
        return service.preflight(
            service.CampaignIn(
                name="Next",
                template_name=template,
                template_language="en_US",
                variables=FILLED if template == "welcome" else {},
                audience={"all": True, **audience},
                scheduled_at=utcnow() + starts_in if starts_in else None,
            )
        )


def words(found: Preflight) -> list[str]:
    return [f"{line.text}: {line.value}" for line in found.lines if "last 24 hours" in line.text]


def test_who_got_this_template_and_who_got_any_campaign(rehearsal: Rehearsal) -> None:
    ids = rehearsal.contacts(*PEOPLE)
    assert words(before(rehearsal)) == []
    rehearsal.provider.answers(PEOPLE[0], refused(131026))  # got nothing
    rehearsal.sent(audience={"contact_ids": [str(one) for one in ids[:4]]})
    found = before(rehearsal)
    assert words(found) == ["Got this very template in the last 24 hours: 3"]
    assert (found.messaged_lately, found.same_template_lately, found.will_send) == (3, 3, 6)
    assert words(before(rehearsal, "hello_world")) == ["Got a campaign in the last 24 hours: 3"]


@pytest.mark.both
def test_they_are_left_out_and_the_counts_agree_with_what_is_sent(rehearsal: Rehearsal) -> None:
    ids = rehearsal.contacts(*PEOPLE)
    rehearsal.sent(audience={"contact_ids": [str(one) for one in ids[:4]]})
    spec: dict[str, Any] = {"not_messaged_within_hours": 24}
    found = before(rehearsal, **spec)
    assert found.will_send == 2
    assert words(found) == ["Got a campaign in the last 24 hours: left out: 4"]
    campaign_id = rehearsal.sent(audience={"all": True, **spec})
    people = rehearsal.recipients(campaign_id)
    assert [phone for phone in PEOPLE if people[phone].status == "accepted"] == PEOPLE[4:]
    assert {people[phone].error_code for phone in PEOPLE[:4]} == {"messaged_lately"}


def test_the_other_spelling_of_a_number_is_the_same_person(rehearsal: Rehearsal) -> None:
    old, new = "+551187654321", "+5511987654321"
    ids = rehearsal.contacts(old)
    rehearsal.sent(audience={"contact_ids": [str(ids[0])]})
    rehearsal.contacts(new)
    assert before(rehearsal).messaged_lately == 1


def test_what_is_longer_ago_and_what_the_organization_does_not_want_to_know(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    campaign_id = rehearsal.sent()
    sent_before(rehearsal, campaign_id, hours=3)
    assert before(rehearsal).messaged_lately == len(PEOPLE)
    for hours, said in ((2, 0), (4, len(PEOPLE)), (0, 0)):
        with rehearsal.organization():
            set_contact_gap(db.session.get_one(Organization, rehearsal.cast.bakery_id), hours, by=NOBODY)
            db.session.commit()
        assert before(rehearsal).messaged_lately == said


def test_a_campaign_that_starts_later_counts_back_from_its_start(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    sent_before(rehearsal, rehearsal.sent(), hours=3)
    assert before(rehearsal, starts_in=timedelta(hours=22)).messaged_lately == 0
    soon = before(rehearsal, starts_in=timedelta(hours=20))
    assert soon.messaged_lately == len(PEOPLE)
    assert "Got this very template in the 24 hours before it starts" in [line.text for line in soon.lines]


def sent_before(rehearsal: Rehearsal, campaign_id: uuid.UUID, hours: float) -> None:
    with rehearsal.organization():
        mine = CampaignRecipient.campaign_id == campaign_id
        at = utcnow() - timedelta(hours=hours)
        db.session.execute(update(CampaignRecipient).where(mine).values(sending_at=at))
        db.session.commit()


@pytest.mark.parametrize("hours", [-1, 721, "24", True, 1.5])
def test_hours_that_are_none_are_refused_by_name(rehearsal: Rehearsal, hours: Any) -> None:
    rehearsal.contacts(PEOPLE[0])
    with rehearsal.organization(), pytest.raises(Invalid, match="hours from 1 to 720") as refused:
        service.create_campaign(
            service.CampaignIn(
                name="Next", **WELCOME, variables=FILLED, audience={"all": True, "not_messaged_within_hours": hours}
            ),
            by="Alice",
        )
    assert refused.value.fields[0].field == "audience.not_messaged_within_hours"


def test_the_form_offers_it_and_keeps_what_was_ticked(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.sent()
    client = rehearsal.cast.sign_in(rehearsal.app.test_client(), "alice")
    page = client.get("/campaigns/new?audience=all&leave_out=24").text
    assert 'name="leave_out" value="24" id="field-leave_out" checked' in page
    assert "Got a campaign in the last 24 hours: left out" in page
    assert "got a campaign lately: untick that they are left out" in page
    page = client.get("/campaigns/new?audience=all").text
    assert page.index(f"{len(PEOPLE)} of them got a campaign in the last 24 hours") > page.index("Will be sent to")
    assert page.index("unless you leave them out under Audience") < page.index('formmethod="post"')
