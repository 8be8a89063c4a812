"""Every error acts by its class, whichever way it comes: as the answer to a request, or with a report later."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from adsapp.campaigns.consequences import EFFECTS, FAILURE_LIMIT, Effect, effect_of
from adsapp.campaigns.models import CampaignEvent
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.integrations.errors import Action
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.codes import MEANINGS
from adsapp.integrations.whatsapp.errors import classify
from tests.campaigns.rehearsal import Rehearsal, refused
from tests.campaigns.webhooks.bodies import failed, webhook

PEOPLE = [f"+44207946{number:04}" for number in range(500, 506)]
LAST = PEOPLE[-1]

# One code of each class, and what it does: the account's status, is it slowed, the campaign's status, is anybody out.
CLASSES = {
    Action.RETRY: (131000, "active", False, "completed", False),
    Action.SLOW_NUMBER: (130429, "active", True, "completed", False),
    Action.RETRY_RECIPIENT: (131056, "active", False, "completed", False),
    Action.WAIT_24H: (131049, "active", False, "completed", False),
    Action.RECIPIENT: (131026, "active", False, "completed", False),
    Action.OPT_OUT: (131050, "active", False, "completed", True),
    Action.ACCOUNT: (131042, "refused", False, "paused", False),
}


def by_answer(rehearsal: Rehearsal, code: int) -> tuple[Any, ...]:
    """Everybody is taken but one, who is refused with this code."""
    for _ in range(3):
        rehearsal.provider.answers(LAST, refused(code))
    return outcome(rehearsal, lambda: None)


def by_report(rehearsal: Rehearsal, code: int) -> tuple[Any, ...]:
    """Everybody is taken; while the last one waits, the first one's message is reported as failed with this code."""

    def report() -> None:
        newest = rehearsal.provider.newest(PEOPLE[0])
        assert rehearsal.post_webhook(webhook(statuses=[failed(newest.provider_id, code)])) == 200
        rehearsal.apply()

    rehearsal.provider.answers(LAST, refused(131056))  # is tried again later, so that the campaign still runs
    return outcome(rehearsal, report)


def outcome(rehearsal: Rehearsal, meanwhile: Callable[[], None]) -> tuple[Any, ...]:
    rehearsal.contacts(*PEOPLE)
    campaign_id = rehearsal.start_campaign()
    rehearsal.send(campaign_id)
    meanwhile()
    for _ in range(25):
        rehearsal.let_time_pass()
        if rehearsal.send(campaign_id) is None or rehearsal.campaign(campaign_id).status == "paused":
            break
    with rehearsal.organization(), db.reading():
        account = get_account(rehearsal.account_id)
        slowed = account.slowed_until is not None
        out = db.session.scalar(select(Contact.id).where(Contact.opted_out_at.is_not(None))) is not None
        return account.status.value, slowed, rehearsal.campaign(campaign_id).status.value, out


@pytest.mark.parametrize("way", [by_answer, by_report])
@pytest.mark.parametrize(("code", "expected"), [(code, tuple(rest)) for code, *rest in CLASSES.values()])
def test_a_code_acts_by_its_class_whichever_way_it_comes(
    rehearsal: Rehearsal, way: Callable[[Rehearsal, int], tuple[Any, ...]], code: int, expected: tuple[Any, ...]
) -> None:
    assert way(rehearsal, code) == expected


def test_every_class_of_errors_has_its_effect() -> None:
    assert set(EFFECTS) == set(Action)
    of_email = {Action.SAME_REQUEST, Action.IN_DOUBT, Action.QUOTA}
    assert {*CLASSES, Action.CAMPAIGN} == set(Action) - of_email
    assert {effect_of(classify({"code": code})) for code in MEANINGS} == set(Effect) - {
        Effect.UNREACHABLE,
        Effect.DOUBT,
    }


@pytest.mark.parametrize("code", [132015, 132001])
def test_a_report_that_the_template_cannot_be_sent_pauses_the_campaign(rehearsal: Rehearsal, code: int) -> None:
    assert by_report(rehearsal, code) == ("active", False, "paused", False)


def reported(rehearsal: Rehearsal, code: int, count: int) -> dict[str, Any]:
    entries = [failed(rehearsal.provider.newest(number).provider_id, code) for number in PEOPLE[:count]]
    return webhook(statuses=entries)


@pytest.mark.parametrize(("count", "status"), [(FAILURE_LIMIT - 1, "sending"), (FAILURE_LIMIT, "paused")])
def test_several_reports_alike_pause_the_campaign(rehearsal: Rehearsal, count: int, status: str) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.provider.answers(LAST, refused(131056))
    campaign_id = rehearsal.start_campaign()
    rehearsal.send(campaign_id)
    rehearsal.post_webhook(reported(rehearsal, 132000, count))
    rehearsal.apply()
    assert rehearsal.campaign(campaign_id).status == status
    rehearsal.post_webhook(reported(rehearsal, 132000, count))  # delivered again: the same failures, no new ones
    rehearsal.apply()
    assert rehearsal.campaign(campaign_id).status == status


def test_a_campaign_that_is_through_still_marks_its_account(rehearsal: Rehearsal) -> None:
    """With 131042 by webhook 60 of 60 failed, and the account was not marked."""
    rehearsal.contacts(*PEOPLE)
    campaign_id = rehearsal.sent()
    rehearsal.post_webhook(reported(rehearsal, 131042, len(PEOPLE)))
    rehearsal.apply()
    with rehearsal.organization():
        account = get_account(rehearsal.account_id)
        assert account.status == "refused"
        assert "131042" in str(account.status_reason)
    assert rehearsal.campaign(campaign_id).status == "completed"
    assert rehearsal.counts(campaign_id).failed == len(PEOPLE)


def test_an_error_of_the_account_itself_acts_too(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.provider.answers(LAST, refused(131056))
    campaign_id = rehearsal.start_campaign()
    rehearsal.send(campaign_id)
    rehearsal.post_webhook(webhook(errors=[{"code": 131031, "title": "Account locked"}]))
    rehearsal.apply()
    assert rehearsal.campaign(campaign_id).status == "paused"
    with rehearsal.organization():
        assert get_account(rehearsal.account_id).status == "refused"


def test_an_error_that_came_before_our_own_response_acts_once_it_is_known(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.provider.answers(LAST, refused(131056))  # is tried again later, so that the campaign still runs
    rehearsal.post_webhook(webhook(statuses=[failed("wamid.1", 132015)]))
    rehearsal.apply()
    campaign_id = rehearsal.start_campaign()
    rehearsal.send(campaign_id)
    first = next(one.to for one in rehearsal.provider.taken if one.provider_id == "wamid.1")
    assert rehearsal.recipients(campaign_id)[first].error_code == "132015"
    assert rehearsal.campaign(campaign_id).status == "paused"
    assert any(text.startswith("Paused by itself: The template is paused") for text in happened(rehearsal))


def happened(rehearsal: Rehearsal) -> list[str]:
    with rehearsal.organization(), db.reading():
        return list(db.session.scalars(select(CampaignEvent.text)))
