"""An import is undone: everybody as they were, but for those whom somebody changed or spoke to since."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from adsapp.campaigns.models import CampaignRecipient, InboundMessage, RecipientStatus
from adsapp.contacts import opt_outs, people, queries, service
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.undo import queries as undo_queries
from adsapp.contacts.imports.undo import run as running
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.models import Contact, ContactImport, ContactTag, Import, ImportUndo, OptSource, Tag
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import Job, JobCancelled
from adsapp.organizations.auditing import NOBODY, By
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast
from tests.contacts.conftest import counts
from tests.jobs.steering import confirm

pytestmark = pytest.mark.usefixtures("small_chunks", "worker")

Start = Callable[..., uuid.UUID]
Look = Callable[[uuid.UUID], Import]
Everything = Callable[[], dict[str, Any]]
Finished = Callable[[uuid.UUID], Job]
ALICE = By("Alice")


@pytest.fixture
def small_chunks(app: Flask) -> None:
    """Of three rows, so that there is always more than one; a lease as in production."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"import_chunk_rows": 3, "lease_seconds": 15.0})


@pytest.fixture
def undo(app: Flask, cast: Cast, finished: Finished) -> Callable[[uuid.UUID], ImportUndo]:
    """Undo this import, as the question foretold; what came of it."""

    def call(import_id: uuid.UUID) -> ImportUndo:
        with db.organization_context(app, cast.bakery_id):
            foretold = undo_queries.outlook(import_id)
            job = undoing.ask_undo(get_import(import_id), ALICE)
            db.session.commit()
            job_id = job.id
        assert finished(job_id).state.value == "completed"
        with db.organization_context(app, cast.bakery_id), db.reading():
            done = undo_queries.get_undo(import_id)
            assert done is not None
            assert done.finished_at
            assert (done.deleted, done.restored, done.kept_by_code) == (
                foretold.deleted,
                foretold.restored,
                foretold.kept,
            )
            db.session.expunge_all()
            return done

    return call


@pytest.fixture
def everything(app: Flask, cast: Cast) -> Callable[[], dict[str, Any]]:
    """All that a contact is, by number, tags included."""

    def call() -> dict[str, Any]:
        with db.organization_context(app, cast.bakery_id), db.reading():
            found = {}
            for contact in db.session.scalars(select(Contact)):
                tags = select(Tag.name).join(ContactTag, ContactTag.tag_id == Tag.id)
                names = sorted(db.session.scalars(tags.where(ContactTag.contact_id == contact.id)))
                columns = {c.key: getattr(contact, c.key) for c in Contact.__table__.columns}
                found[contact.phone] = columns | {"tags": names}
            return found

    return call


FIRST = "phone,name,email,tags,city\n" + "".join(f"+120255501{n:02d},P{n},,old,Riga\n" for n in range(4))
SECOND = (
    "phone,name,email,tags,city,shop\n"
    "+12025550100,Pat New,,old,,\n"  # a name
    "+12025550101,,,new,,\n"  # a tag alone
    "+12025550102,,p2@example.com,,Oslo,Quay\n"  # attributes, one of them new
    "+12025550103,P3,,old,,\n" + "".join(f"+120255502{n:02d},N{n},,new,,\n" for n in range(5))  # nothing new
)


def test_everybody_is_as_before_and_no_campaign_is_offered_what_was_undone(
    start: Start,
    ended: Look,
    undo: Callable[..., ImportUndo],
    everything: Everything,
    cast: Cast,
    client: FlaskClient,
) -> None:
    first = ended(start(FIRST))
    before = everything()
    second = ended(start(SECOND))
    assert counts(second) == {"created": 5, "updated": 3, "unchanged": 1}
    assert everything() != before
    done = undo(second.id)
    assert (done.deleted, done.restored, done.kept_by_code) == (5, 3, {})
    assert everything() == before
    page = cast.sign_in(client, "alice").get("/campaigns/new").text
    assert (f'value="{first.id}"' in page, f'value="{second.id}"' in page) == (True, False)


def _edit(phone: str) -> None:
    service.update_contact(_by_phone(phone), ContactIn(phone=phone, name="By hand"), by=ALICE)


def _tag(phone: str) -> None:
    contact = _by_phone(phone)
    known = ContactIn(phone=phone, name=contact.name, first_name=contact.first_name, tags=["by hand"])
    service.update_contact(contact, known, by=ALICE)


def _say_no(phone: str) -> None:
    opt_outs.opt_out(_by_phone(phone), OptSource.KEYWORD, by=NOBODY)


def _say_yes_again(phone: str) -> None:
    _say_no(phone)
    opt_outs.opt_in(_by_phone(phone), OptSource.HAND, by=NOBODY)


def _write_to_us(phone: str) -> None:
    people.heard(_by_phone(phone), utcnow())


def _by_phone(phone: str) -> Contact:
    found = queries.find_by_phone(phone)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (_edit, "changed"),
        (_tag, "changed"),
        (_say_no, "consent"),
        (_say_yes_again, "consent"),
        (_write_to_us, "reply"),
    ],
)
def test_whom_somebody_changed_or_heard_of_since_stays(
    app: Flask,
    cast: Cast,
    start: Start,
    ended: Look,
    undo: Callable[..., ImportUndo],
    everything: Everything,
    act: Callable[[str], None],
    why: str,
) -> None:
    batch = ended(start("phone,name\n+12025550100,A\n+12025550101,B\n"))
    with db.organization_context(app, cast.bakery_id):
        act("+12025550100")
        db.session.commit()
    there = everything()["+12025550100"]
    done = undo(batch.id)
    assert (done.deleted, done.restored, done.kept_by_code) == (1, 0, {why: 1})
    assert everything() == {"+12025550100": there}
    with db.organization_context(app, cast.bakery_id), db.reading():
        listed = undo_queries.kept(batch.id, why).items
        assert [(contact.phone, code) for contact, code in listed] == [("+12025550100", why)]


@pytest.mark.parametrize("trace", [CampaignRecipient, InboundMessage])
def test_whom_a_message_went_to_or_came_from_stays(
    app: Flask,
    cast: Cast,
    start: Start,
    ended: Look,
    undo: Callable[..., ImportUndo],
    everything: Everything,
    trace: Any,
) -> None:
    scene = set_the_scene(app, cast)
    batch = ended(start("phone,name\n+12025550177,A\n+12025550178,B\n"))
    scene.campaign()
    with db.organization_context(app, cast.bakery_id):
        kept = _by_phone("+12025550177").id
        if trace is InboundMessage:
            message = {
                "account_id": scene.account_id,
                "provider_id": "wamid.1",
                "from_number": "12025550177",
                "at": utcnow(),
            }
            db.session.add(InboundMessage(organization_id=cast.bakery_id, contact_id=kept, kind="text", **message))
        else:
            db.session.execute(update(trace).where(trace.status == RecipientStatus.READ).values(contact_id=kept))
        db.session.commit()
    assert undo(batch.id).kept_by_code == {"message": 1}
    assert "+12025550177" in everything()
    assert "+12025550178" not in everything()


def test_of_two_imports_the_later_one_is_undone_first(
    start: Start, ended: Look, undo: Callable[..., ImportUndo], everything: Everything
) -> None:
    first = ended(start(FIRST))
    after_first = everything()
    second = ended(start(SECOND))
    undo(second.id)
    assert everything() == after_first
    assert undo(first.id).deleted == 4
    assert everything() == {}


def test_what_a_later_import_has_is_left_to_that_one(
    start: Start, ended: Look, undo: Callable[..., ImportUndo], everything: Everything
) -> None:
    first = ended(start(FIRST))
    ended(start("phone,name\n+12025550100,Pat New\n+12025550101,P1\n"))  # one changed, one as it was
    assert undo(first.id).kept_by_code == {"later_import": 2}
    assert set(everything()) == {"+12025550100", "+12025550101"}


def test_a_no_in_the_file_stays(
    start: Start, ended: Look, undo: Callable[..., ImportUndo], everything: Everything
) -> None:
    ended(start(FIRST))
    before = everything()["+12025550100"]
    batch = ended(start("phone,name,consent\n+12025550100,Pat New,no\n+12025550109,New,no\n"))
    assert undo(batch.id).kept_by_code == {"no": 1, "consent": 1}
    now = everything()["+12025550100"]
    assert now["name"] == before["name"]
    assert now["opted_out_at"] is not None


class Broken(Exception):
    """The worker is gone."""


def test_a_broken_undo_goes_on_where_it_stood(
    start: Start,
    ended: Look,
    undo: Callable[..., ImportUndo],
    everything: Everything,
    monkeypatch: pytest.MonkeyPatch,
    app: Flask,
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"retry_seconds": 0.01})
    ended(start(FIRST))
    before = everything()
    second = ended(start(SECOND))
    calls, real = [], running.put_back

    def broken(*given: Any) -> None:
        calls.append(given)
        real(*given)
        if len(calls) == 2:
            raise Broken

    monkeypatch.setattr(running, "put_back", broken)
    done = undo(second.id)
    assert (done.deleted, done.restored, done.kept_by_code) == (5, 3, {})
    assert len(calls) == 4  # three chunks, one of them twice
    assert everything() == before


def test_an_undo_that_was_cancelled_goes_on(
    app: Flask,
    cast: Cast,
    start: Start,
    ended: Look,
    finished: Finished,
    everything: Everything,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended(start(FIRST))
    before = everything()
    batch = ended(start(SECOND))
    calls, real = [], running.put_back

    def asks_to_stop(*given: Any) -> None:
        real(*given)
        calls.append(given)
        if len(calls) == 2:
            raise JobCancelled

    def ask() -> Job:
        with db.organization_context(app, cast.bakery_id):
            job_id = undoing.ask_undo(get_import(batch.id), ALICE).id
            db.session.commit()
        return finished(job_id)

    monkeypatch.setattr(running, "put_back", asks_to_stop)
    assert ask().state.value == "cancelled"
    monkeypatch.setattr(running, "put_back", real)
    assert ask().state.value == "completed"
    assert everything() == before


def test_of_two_people_who_undo_at_once_one_is_told_of_the_other(
    app: Flask, cast: Cast, start: Start, ended: Look
) -> None:
    batch = ended(start(FIRST))

    def undo_too(name: str) -> str:
        with db.organization_context(app, cast.bakery_id):
            try:
                undoing.ask_undo(get_import(batch.id), By(name))
                db.session.commit()
            except Conflict as told:
                return told.detail
            return ""

    with ThreadPoolExecutor(2) as both:
        told = sorted(both.map(undo_too, ["Alice", "Adam"]))
    assert told[0] == ""
    assert re.fullmatch("It (is being|was) undone already by (Alice|Adam)", told[1])


def test_an_import_is_undone_once(
    app: Flask, cast: Cast, start: Start, ended: Look, undo: Callable[..., ImportUndo]
) -> None:
    batch = ended(start(FIRST))
    undo(batch.id)
    with db.organization_context(app, cast.bakery_id):
        with pytest.raises(Conflict, match="undone already by Alice"):
            undoing.ask_undo(get_import(batch.id), ALICE)
        with pytest.raises(Conflict, match="upload it again"):
            imports.retry(get_import(batch.id), ALICE)


def test_an_import_that_changed_nobody_or_is_too_old_says_so(
    app: Flask, cast: Cast, start: Start, ended: Look, enqueue: Callable[..., uuid.UUID], finished: Finished
) -> None:
    nobody = ended(start("phone\nnothing\n"))
    old = ended(start(FIRST))
    changed = ended(start(SECOND))
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Import).values(started_at=utcnow() - timedelta(days=91)))
        db.session.commit()
    upkeep = finished(enqueue("keep-history", {}))
    assert upkeep.result is not None
    assert upkeep.result["undo_values"] == 3  # of the contacts that were changed
    with db.organization_context(app, cast.bakery_id):
        assert not db.session.scalars(select(ContactImport.undo).where(ContactImport.undo.is_not(None))).all()
        assert "changed nobody" in undoing.why_not(get_import(nobody.id))
        for each in (old, changed):
            with pytest.raises(Conflict, match="not kept any more: an import can be undone for 90 days"):
                undoing.ask_undo(get_import(each.id), ALICE)


def test_the_question_names_the_numbers_and_the_page_follows(
    app: Flask, cast: Cast, client: FlaskClient, start: Start, ended: Look, finished: Finished
) -> None:
    ended(start(FIRST))
    batch = ended(start(SECOND))
    browser = cast.sign_in(client, "alice")
    page, here = f"/imports/{batch.id}/undo", f"/imports/{batch.id}"
    assert "Undo the import" in browser.get(here).text
    asked = browser.get(page).text
    assert "5 people whom it added will be removed." in asked
    assert "3 people whom it changed will be as before." in asked
    with db.organization_context(app, cast.bakery_id):
        _edit("+12025550200")
        db.session.commit()
    assert "Somebody has changed contacts of this import since you looked" in confirm(browser, asked).text
    again = browser.get(page).text
    assert "1 person stays (changed since)." in again
    assert confirm(browser, again).status_code == 303
    with db.organization_context(app, cast.bakery_id), db.reading():
        done = undo_queries.get_undo(batch.id)
        assert done is not None
        assert done.job_id is not None
        job_id = done.job_id
    finished(job_id)
    assert "4 new contacts removed, 3 put back, 1 left as they are" in browser.get(here).text
    assert "By hand" in browser.get(f"{here}/kept?reason=changed").text
    assert "undone" in browser.get("/imports").text
    told = client.get(f"/api/imports/{batch.id}", headers=cast.headers("alice")).get_json()
    assert told["undo"]["kept_by_code"] == {"changed": 1}
    assert "undone already by Alice" in browser.get(page).text
