"""The activity in a browser without JavaScript: who did what to what, how many, before and after, why."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.activity import queries
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Priority, Queue, service
from adsapp.jobs.bulk.target import BulkAction
from adsapp.organizations.auditing import By
from tests.activity.conftest import Note
from tests.cast import Cast
from tests.jobs.steering import confirm
from tests.statements import recorded

Enqueue = Callable[..., uuid.UUID]


def rows(page: str) -> list[str]:
    """The rows of the list as plain text, newest first."""
    found = re.findall(r'<tr id="event-.*?</tr>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def act(app: Flask, cast: Cast, job_id: uuid.UUID, what: Callable[[Job], Any]) -> None:
    with db.organization_context(app, cast.bakery_id):
        what(db.session.get_one(Job, job_id))
        db.session.commit()


def test_what_was_done_is_told_with_who_what_to_what_how_many_and_why(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    first, second = enqueue(title="Import march.csv"), enqueue(title="Import april.csv")
    act(app, cast, first, lambda job: service.set_priority(job, Priority.CRITICAL, By("Bob")))
    both = lambda _job: service.act_on(BulkAction.CANCEL, [first, second], By("Adam", "The wrong files"))  # noqa: E731
    act(app, cast, first, both)
    with db.organization_context(app, cast.bakery_id):
        until = utcnow() + timedelta(hours=1)
        service.pause_queue(Queue.CONTACT_IMPORT, By("Alice", "The files are checked"), until, "import-contacts")
        service.set_limit(Queue.CONTACT_IMPORT, By("Alice"), at_once=3, per_minute=None, waiting=None)
        db.session.commit()
    page = client.get("/activity", headers=cast.headers("adam")).text
    limits, paused, cancelled, priority = rows(page)
    assert "Alice Changed the limits of a queue at once no limit → 3 Contact import" in limits
    assert "Alice Paused a queue only “Import contacts”, until" in paused
    assert paused.endswith("Contact import – The files are checked")
    assert "Adam Cancelled jobs" in cancelled
    assert re.search(r"Import march.csv ?, Import april.csv 2 The wrong files$", cancelled)
    assert "Bob Changed the priority of a job normal → critical Import march.csv" in priority
    for path in (f"/jobs/{first}", f"/jobs/{second}", "/queues/contact-import"):
        assert f'href="{path}"' in page


def test_of_many_jobs_some_are_named_and_the_others_counted(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    ids = [enqueue(title=f"Report {number}") for number in range(5)]
    act(app, cast, ids[0], lambda _job: service.act_on(BulkAction.CANCEL, ids, By("Bob")))
    (row,) = rows(client.get("/activity", headers=cast.headers("alice")).text)
    assert re.search(r"Report 0 ?, Report 1 ?, Report 2 ?, and 2 more 5", row)


@pytest.mark.parametrize("kind", ["job", "campaign", "import", "account", "worker"])
def test_what_is_gone_is_named_and_leads_nowhere(client: FlaskClient, cast: Cast, note: Note, kind: str) -> None:
    gone = new_id()
    note(action="cancel job", subject=f"{kind}:{gone}", title="Spring opening")
    note(action="cancel job", subject=f"{kind}:{gone}")
    answer = client.get("/activity", headers=cast.headers("alice"))
    assert answer.status_code == 200
    assert "Spring opening" in answer.text
    assert "that is gone" in answer.text
    assert str(gone) not in answer.text


def test_an_action_nobody_knows_any_more_is_shown_all_the_same(client: FlaskClient, cast: Cast, note: Note) -> None:
    note(action="water the plants", subject="office", odd={"deep": [1]})
    (row,) = rows(client.get("/activity", headers=cast.headers("alice")).text)
    assert "Water the plants" in row


def test_an_empty_list_says_what_to_do(client: FlaskClient, cast: Cast) -> None:
    assert "Nothing yet" in client.get("/activity", headers=cast.headers("alice")).text
    assert "Nothing fits" in client.get("/activity?q=nobody", headers=cast.headers("alice")).text


@pytest.mark.parametrize(
    "query, seen",
    [
        ("q=ali", "Alice"),
        ("q=EVENING", "Bob"),
        ("q=import+of", "Bob"),
        ("q=started", "Bob"),
        ("q=100%25", ""),
        ("kind=queue", "Alice"),
        ("kind=import", "Bob"),
        ("days=7", "Alice"),
        ("from=2026-01-01&to=2026-01-02", "Bob"),
        ("to=2026-01-01T11:00:00Z", ""),
        ("from=2026-01-01T13:00:00%2B02:00&to=2026-01-01T13:00:01%2B01:00", "Bob"),
        ("kind=queue&q=bob", ""),
    ],
)
def test_the_list_is_narrowed_by_words_person_kind_and_time(
    client: FlaskClient, cast: Cast, note: Note, query: str, seen: str
) -> None:
    note("Alice", at=utcnow() - timedelta(days=1))
    noon = utcnow().replace(year=2026, month=1, day=1, hour=12, minute=0, second=0, microsecond=0)
    note("Bob", "start import", f"import:{new_id()}", title="Import of March", reason="Evening trade", at=noon)
    page = client.get(f"/activity?{query}", headers=cast.headers("alice")).text
    assert re.findall(r'data-label="Who">(\w+)', page) == ([seen] if seen else [])


@pytest.mark.parametrize("query", ["kind=fish", "days=0", "days=x", "days=²", "from=yesterday", "to=2026-13-01"])
def test_a_filter_that_means_nothing_is_refused(client: FlaskClient, cast: Cast, query: str) -> None:
    for path in ("/activity", "/activity.csv", "/api/activity"):
        assert client.get(f"{path}?{query}", headers=cast.headers("alice")).status_code == 422


def test_older_activity_is_on_the_next_page_each_event_once(client: FlaskClient, cast: Cast, note: Note) -> None:
    moment = utcnow()
    ids = [note(reason=f"Reason {number}.", at=moment - timedelta(seconds=number // 3)) for number in range(103)]
    url, seen = "/activity?kind=queue", list[str]()
    cast.sign_in(client, "alice")
    while url:
        page = client.get(url).text
        seen += re.findall(r'id="event-(\d+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        url = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == len(ids)
    assert {int(each) for each in seen} == set(ids)
    for wrong in ("nowhere", "1-", "999999999999999999-1", "-1-1"):
        assert client.get(f"/activity?cursor={wrong}").status_code == 404


def test_words_are_looked_for_in_a_window_and_further_back_on_the_next_page(
    client: FlaskClient, cast: Cast, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "WINDOW", 4)
    note(reason="A needle", at=utcnow() - timedelta(days=1))
    for _ in range(5):
        note(reason="Hay")
    page = client.get("/activity?q=needle", headers=cast.headers("alice")).text
    assert "Nothing in what was looked at so far" in page
    older = re.search(r'href="(/activity\?[^"]*cursor=[^"]+)"', page)
    assert older
    page = client.get(older[1].replace("&amp;", "&"), headers=cast.headers("alice")).text
    assert len(rows(page)) == 1
    assert 'rel="next"' not in page


@pytest.mark.parametrize("path", ["/activity", "/activity.csv", "/api/activity"])
@pytest.mark.parametrize("who, status", [("alice", 200), ("adam", 200), ("bob", 403), ("vera", 403)])
def test_owners_and_admins_see_it(client: FlaskClient, cast: Cast, path: str, who: str, status: int) -> None:
    assert client.get(path, headers=cast.headers(who)).status_code == status
    home = cast.sign_in(client, who).get("/").text
    assert ('href="/activity"' in home) == (status == 200)


@pytest.mark.parametrize("path", ["/activity", "/activity.csv", "/api/activity"])
def test_organizations_never_see_each_others_activity(
    app: Flask, client: FlaskClient, cast: Cast, note: Note, enqueue: Enqueue, path: str
) -> None:
    job_id = enqueue(title="Secret plan")
    note(subject=f"job:{job_id}", reason="Ours alone")
    # the other organization noted something about a job that is not its own
    note("Charlie", "retry jobs", "jobs", jobs=[str(job_id)], changed=1, organization_id=cast.other_id)
    text = client.get(path, headers=cast.headers("charlie")).text
    assert "Charlie" in text
    for hidden in ("Ours alone", "Secret plan", f"/jobs/{job_id}"):
        assert hidden not in text
    ours = client.get(path, headers=cast.headers("alice")).text
    assert "Ours alone" in ours
    assert "Charlie" not in ours


def test_a_page_asks_once_for_each_kind_of_subject_however_many_there_are(
    app: Flask, client: FlaskClient, cast: Cast, note: Note, enqueue: Enqueue
) -> None:
    def statements() -> int:
        with recorded(app) as seen:
            assert client.get("/activity", headers=cast.headers("alice")).status_code == 200
        return len(seen)

    for kind in ("job", "campaign", "import", "account", "worker"):
        note(subject=f"{kind}:{new_id()}")
    statements()  # which notes that the token was used
    few = statements()
    for _ in range(20):
        note(subject=f"job:{enqueue()}")
        note(subject=f"import:{new_id()}")
    assert statements() == few


def test_a_reason_leads_to_where_it_is_seen(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue()
    asked = f"/jobs/actions?verb=cancel&job={job_id}"
    assert 'href="/activity"' in cast.sign_in(client, "adam").get(asked).text.split("<main")[1]
    agent = cast.sign_in(client.application.test_client(), "bob")
    page = agent.get(asked).text
    assert "Others see it on the page of the job" in page
    assert 'href="/activity"' not in page
    assert confirm(agent, page, reason="A mistake in the text").status_code == 303
    assert "A mistake in the text" in agent.get(f"/jobs/{job_id}").text
    assert "A mistake in the text" in client.get("/activity").text
