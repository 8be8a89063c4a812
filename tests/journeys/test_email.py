"""A program sends an e-mail over the API alone: a list goes in, a bounce and a complaint come back, and the second
e-mail leaves those out."""

from typing import Any

from adsapp.jobs import Queue
from tests.journeys.conftest import Journey
from tests.waiting import wait_for

PEOPLE = [f"person{place}@example.com" for place in range(8)]
ODD = {"bounced+1@resend.dev": "bounced", "complained+1@resend.dev": "complained"}


def by_address(journey: Journey, email_id: str) -> dict[str, str]:
    found = journey.api.get(f"/api/emails/{email_id}/recipients?limit=100")["recipients"]
    return {each["email"]: each["status"] for each in found}


def send(journey: Journey, **body: Any) -> str:
    said = {"subject": "Hello {{first_name}}", "html": "<p>Hello {{first_name}}</p>"}
    variables = {"first_name": {"field": "first_name", "fallback": "there"}}
    made = journey.api.post("/api/jobs/send-email", {**said, "variables": variables, **body})
    return str(made["email"]["id"])


def is_through(journey: Journey, email_id: str) -> bool:
    return bool(journey.api.get(f"/api/emails/{email_id}")["email"]["status"] == "completed")


def test_a_list_is_imported_written_to_and_cleaned_by_what_comes_back(journey: Journey) -> None:
    journey.installation.start_sandbox(journey.webhook_url, mail_webhook_url=journey.connect_mail())
    journey.installation.start_web()
    journey.installation.start_worker(Queue.CONTACT_IMPORT, Queue.EMAIL_NOTIFICATION)
    listed = [{"phone": f"+120255503{place:02}", "email": address} for place, address in enumerate([*PEOPLE, *ODD])]
    batch = journey.api.post("/api/jobs/import-contacts", {"contacts": listed})["import"]["id"]
    wait_for(lambda: journey.api.get(f"/api/imports/{batch}")["status"] == "completed", what="the list is in")
    first = send(journey, audience={"import_id": batch})
    expected = {each: {"delivered", "opened", "clicked"} for each in PEOPLE}
    expected |= {each: {what} for each, what in ODD.items()}

    def all_are_told_of() -> bool:
        found = by_address(journey, first)
        return found.keys() == expected.keys() and all(found[each] in expected[each] for each in found)

    wait_for(all_are_told_of, what="a bounce, a complaint and deliveries are heard of")
    suppressed = {each["email"]: each["reason"] for each in journey.api.get("/api/suppressions")["suppressions"]}
    assert suppressed == {"bounced+1@resend.dev": "bounce", "complained+1@resend.dev": "complaint"}
    second = send(journey, audience={"import_id": batch})
    wait_for(lambda: is_through(journey, second), what="the second e-mail is through")
    assert {address for address, status in by_address(journey, second).items() if status == "skipped"} == set(ODD)
    ledger = journey.installation.sandbox("/_sandbox/emails/ledger")["emails"]
    assert sorted(line["to"][0] for line in ledger) == sorted([*PEOPLE, *ODD, *PEOPLE])
