"""Who cannot be sent a message is counted exactly before the button, by the rules that then leave them out."""

from typing import Any

import pytest

from adsapp.campaigns import service
from adsapp.campaigns.compose.preflight import Preflight
from adsapp.core import db
from tests.campaigns.rehearsal import Rehearsal

ANA, BEN, CHIDI, DORA = "+12025530100", "+12025530101", "+12025530102", "+12025530103"
DUE = {"field": "attribute:due", "format": {"name": "date", "locale": "de"}}


def spring(variables: dict[str, Any]) -> dict[str, Any]:
    return {
        "template_name": "spring_opening",
        "template_language": "en",
        "variables": {"1": {"field": "first_name"}, "2": {"value": "Saturday"}, "button.1.1": {"value": "x"}}
        | variables,
    }


def looked_at(rehearsal: Rehearsal, message: dict[str, Any]) -> Preflight:
    with rehearsal.organization(), db.reading():
        return service.preflight(service.CampaignIn(name="Next", audience={"all": True}, **message))


def test_who_has_a_message_that_is_too_long_is_counted_and_left_out(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANA)
    rehearsal.contacts(BEN, name="Ben Test", first_name="x" * 150, attributes={"note": "y" * 950})
    rehearsal.contacts(CHIDI, attributes={"note": "y   " * 300})  # its blanks are counted, too
    rehearsal.contacts(DORA, attributes={"note": "y\n\n\n\n" * 250})  # 1,250 characters, and 500 as they are sent
    message = spring({"2": {"field": "attribute:note", "fallback": "-"}})
    found = looked_at(rehearsal, message)
    assert (found.audience, found.too_long, found.will_send) == (4, 2, 2)
    line = next(line for line in found.lines if line.text.startswith("Too long"))
    assert "Ben Test: The text has 1,1" in line.note
    assert "characters, 1,024 are allowed" in line.note
    campaign_id = rehearsal.sent(**message)
    assert rehearsal.provider.numbers() == [ANA, DORA]
    rows = rehearsal.recipients(campaign_id)
    assert {rows[phone].error_code for phone in (BEN, CHIDI)} == {"too_long"}
    assert "characters, 1,024 are allowed" in str(rows[BEN].error_message)


def test_a_link_is_as_long_as_it_is_once_it_is_escaped(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANA, attributes={"place": "ü" * 300})
    rehearsal.contacts(BEN, attributes={"place": "ü" * 400})
    message = spring({"button.1.1": {"field": "attribute:place"}})
    found = looked_at(rehearsal, message)
    assert (found.too_long, found.will_send) == (1, 1)
    rehearsal.sent(**message)
    assert rehearsal.provider.numbers() == [ANA]


@pytest.mark.both
def test_what_is_no_date_is_no_value_and_counted_as_such(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANA, attributes={"due": "2026-12-01"})
    rehearsal.contacts(BEN, attributes={"due": "soon"})
    rehearsal.contacts(CHIDI, attributes={"due": ""})
    rehearsal.contacts(DORA, attributes={"due": " 2.12.2026 "})
    message = spring({"2": DUE})
    found = looked_at(rehearsal, message)
    assert (found.missing, found.will_send) == (2, 2)
    campaign_id = rehearsal.sent(**message)
    rows = rehearsal.recipients(campaign_id)
    assert rows[ANA].variables["body.2"] == "1. Dezember 2026"
    assert rows[DORA].variables["body.2"] == "2. Dezember 2026"
    assert rows[BEN].error_message == "No value for {{2}} (column “due”): “soon” is no date"
    assert rows[CHIDI].error_message == "No value for {{2}} (column “due”)"


def test_a_default_counts_for_those_for_whom_its_condition_holds(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANA, first_name="", country="DE")
    rehearsal.contacts(BEN, first_name="", country="FR")
    rehearsal.contacts(CHIDI, first_name="CHIDI", country="FR")
    defaults = [{"field": "country", "is": "DE", "value": "Nachbarin"}]
    message = spring({"1": {"field": "first_name", "format": "title", "defaults": defaults}})
    found = looked_at(rehearsal, message)
    assert (found.missing, found.will_send) == (1, 2)
    rows = rehearsal.recipients(rehearsal.sent(**message))
    assert {phone: row.variables.get("body.1") for phone, row in rows.items()} == {
        ANA: "Nachbarin",
        BEN: None,
        CHIDI: "Chidi",
    }
