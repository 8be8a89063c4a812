"""Cases T01 and T03 over real HTTP: templates that are made at the sandbox, and what it takes of them."""

import csv
import json
from typing import Any

import pytest

from adsapp.core import db
from adsapp.message_templates.studio import service as studio
from adsapp.message_templates.studio.draft import TemplateDraft, names_in
from adsapp.organizations.auditing import By
from tests.live import Live
from tests.paths import CASES

T01, T03 = CASES / "T01-whitespace-in-parameter", CASES / "T03-named-and-positional-payload"


def approved(live: Live, name: str, body: str) -> None:
    """A template with this text that can be sent at once."""
    examples = {f"body.{each}": "Ana" for each in names_in(body)}
    with live.organization():
        template = studio.submit(TemplateDraft(name, "en", "UTILITY", body, examples=examples), By("Alice"))
        template.status = "APPROVED"
        db.session.commit()
    verdict = {"phone_number_id": live.phone_number_id, "name": name, "language": "en", "verdict": "approve"}
    live.sandbox.call("templates", verdict)


def send(live: Live, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    live.start_worker()
    campaign_id = live.start_campaign(template_name=name, template_language="en", variables=variables)
    live.wait_for_status(campaign_id, "completed")
    return live.recipients(campaign_id)


def test_odd_white_space_is_flattened_and_a_blank_value_leaves_out(live: Live) -> None:
    approved(live, "note", "Hello {{1}}, your note: {{2}} - bye.")
    with (T01 / "contacts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        live.contacts(row["phone"], name=row["name"], attributes={"note": row["note"]})
    found = send(live, "note", {"1": {"field": "name"}, "2": {"field": "attribute:note"}})
    ana, ben, cy = (found[row["phone"]] for row in rows)
    assert ana.variables["body.2"] == "Line one Line two Tab five spaces"
    assert ben.variables["body.2"] == "four    spaces kept or flattened"
    assert (cy.status, cy.error_code) == ("skipped", "missing_variable")
    assert live.sandbox.numbers() == [rows[0]["phone"], rows[1]["phone"]], "the provider took what it was sent"


@pytest.mark.parametrize("kind", ["named", "positional"])
def test_named_and_positional_templates_are_taken_with_their_own_parameters(live: Live, kind: str) -> None:
    case = json.loads((T03 / "payload_expected.json").read_text())[kind]
    approved(live, f"code_{kind}", case["body"])
    live.contacts("+12025550100", attributes=case["values"])
    found = send(live, f"code_{kind}", {key: {"field": f"attribute:{key}"} for key in case["values"]})
    assert found["+12025550100"].variables == {f"body.{key}": value for key, value in case["values"].items()}
    assert live.sandbox.numbers() == ["+12025550100"]
