"""Columns of one's own, whatever they are called: a campaign's checks find them as well as its messages do."""

import pytest

from adsapp.campaigns import service
from adsapp.core import db
from adsapp.outbound import audience
from tests.campaigns.rehearsal import Rehearsal

PEOPLE = ["+12025530100", "+12025530101"]


@pytest.mark.both
@pytest.mark.parametrize(
    "name", ["city", "straße", "πόλη", "город", "积分", "ciudad_2", '5" pipe', "a\\b", "a.b", "it's"]
)
def test_a_column_is_found_by_its_name_in_any_script_and_with_any_sign(rehearsal: Rehearsal, name: str) -> None:
    rehearsal.contacts(PEOPLE[0], attributes={name: "Zürich"})
    rehearsal.contacts(PEOPLE[1], attributes={"other": "Rome"})
    variables = {"1": {"field": f"attribute:{name}"}}
    with rehearsal.organization(), db.reading():
        assert not audience.nobody_has(name)
        assert audience.nobody_has(name + "x")
        found = service.preflight(service.CampaignIn("Next", "welcome", "en_US", variables, {"all": True}))
    assert (found.will_send, found.missing) == (1, 1)
    campaign_id = rehearsal.sent(variables=variables)
    assert rehearsal.provider.numbers() == PEOPLE[:1]
    assert rehearsal.recipients(campaign_id)[PEOPLE[0]].variables == {"body.1": "Zürich"}


def test_nothing_is_claimed_of_contacts_that_were_not_looked_at(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsal.contacts(PEOPLE[0], attributes={"city": "Zürich"})
    rehearsal.contacts(PEOPLE[1], attributes={})
    monkeypatch.setattr(audience, "CONTACTS_SEARCHED", 1)
    with rehearsal.organization(), db.reading():
        assert not audience.nobody_has("city")
        assert not audience.nobody_has("never")


def test_a_name_that_nobody_has_is_not_offered_again(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(PEOPLE[0], attributes={"σχόλια": ""})
    with rehearsal.organization(), db.reading():
        why = audience.why_no_attribute("σχόλια")
    assert why == "No contact has a value in the column “σχόλια”"
