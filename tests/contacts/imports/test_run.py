"""Imports from file to contacts, on both shapes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from adsapp.contacts import opt_outs, queries
from adsapp.contacts.imports import chunk, uploads
from adsapp.contacts.imports import run as importing
from adsapp.contacts.models import Contact, ContactImport, Import, ImportRow, ImportStatus, OptEvent, OptSource
from adsapp.core import db
from adsapp.jobs import Job, JobFailed, transitions
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.organizations.auditing import NOBODY, By
from tests.cast import Cast
from tests.contacts.conftest import counts
from tests.paths import CASES
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("unhurried", "worker")

Start = Callable[..., uuid.UUID]
Look = Callable[[uuid.UUID], Import]
People = Callable[[], dict[str, Contact]]


@pytest.fixture
def unhurried(app: Flask) -> None:
    """A lease as in production: these count attempts, and none is to be lost to a busy machine."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"lease_seconds": 15.0})


@pytest.fixture
def small_chunks(app: Flask, unhurried: None) -> None:
    """Of ten rows: what happens between two chunks happens all the same, and costs no minute of a busy machine."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"import_chunk_rows": 10})


def case(name: str) -> bytes:
    """An input file of a case, by the start of its folder's name and its own."""
    folder, _, file = name.partition("/")
    (path,) = CASES.glob(f"{folder}-*/{file}")
    return path.read_bytes()


def many(rows: int, begin: int = 0) -> str:
    """A file of so many different people."""
    lines = [f"+1202555{number:04d},P{number},p{number}@example.com" for number in range(begin, begin + rows)]
    return "\n".join(["phone,name,email", *lines]) + "\n"


def test_a_file_with_a_byte_order_mark_is_like_any_other(start: Start, ended: Look, people: People) -> None:
    """Case I01."""
    first = ended(start(case("I01/bom_plain_header.csv")))
    assert first.standing is ImportStatus.COMPLETED
    assert counts(first) == {"created": 3}
    assert {c.phone: (c.name, c.email, c.attributes) for c in people().values()} == {
        "+12025550100": ("Ana Test", "ana@example.com", {}),
        "+12025550101": ("Ben Test", "ben@example.com", {}),
        "+12025550102": ("Cy Test", "cy@example.com", {}),
    }
    assert counts(ended(start(case("I01/bom_quoted_header.csv")))) == {"unchanged": 3}


def test_semicolons_and_a_sep_line_cut_no_cell(start: Start, ended: Look, people: People) -> None:
    """Case I02."""
    assert counts(ended(start(case("I02/semicolon.csv")))) == {"created": 3}
    assert counts(ended(start(case("I02/sep_line.csv")))) == {"created": 2}
    found = people()
    assert [(found[f"+1202555010{n}"].name) for n in (3, 4, 5)] == ["Doe, Sam", "Roe, Pat", "Poe, Kit"]
    notes = [next(iter(found[f"+1202555010{n}"].attributes.values())) for n in (3, 4, 5)]
    assert notes == ["tea, coffee", "a; b", "1,5 l"]
    assert {"+12025550106", "+12025550107"} < set(found)


def _opt_out(app: Flask, cast: Cast, phone: str) -> None:
    with db.organization_context(app, cast.bakery_id):
        contact = queries.find_by_phone(phone)
        assert contact is not None
        assert opt_outs.opt_out(contact, OptSource.KEYWORD, "STOP", by=NOBODY)
        db.session.commit()


def test_importing_again_keeps_opt_outs_and_filled_values(
    app: Flask, cast: Cast, start: Start, ended: Look, people: People
) -> None:
    """Case I13."""
    assert counts(ended(start(case("I13/first.csv")))) == {"created": 3}
    _opt_out(app, cast, "+12025550182")
    opted_out_at = people()["+12025550182"].opted_out_at

    second = ended(start(case("I13/second.csv")))
    assert counts(second) == {"created": 1, "updated": 2, "unchanged": 1}
    found = people()
    jo, kim, lee = found["+12025550181"], found["+12025550182"], found["+12025550183"]
    assert (jo.name, jo.email, jo.attributes) == ("Jo Test", "jo.new@example.com", {"city": "Riga"})
    assert kim.opted_out_at == opted_out_at
    assert (lee.name, lee.email) == ("Lee Newname", "lee@example.com")

    ended(start(case("I13/second_with_status.csv")))
    kim = people()["+12025550182"]
    assert kim.opted_out_at == opted_out_at
    assert kim.opt_out_source == "keyword"


def test_with_skip_known_people_stay_as_they_are(start: Start, ended: Look, people: People) -> None:
    ended(start(case("I13/first.csv")))
    before = {phone: (c.name, c.email, c.updated_at) for phone, c in people().items()}
    again = ended(start(case("I13/second.csv"), on_duplicate="skip", tags=["spring"]))
    assert counts(again) == {"created": 1, "duplicate": 3}
    after = people()
    assert {phone: (after[phone].name, after[phone].email, after[phone].updated_at) for phone in before} == before


def test_with_fill_empty_only_gaps_are_filled(start: Start, ended: Look, people: People) -> None:
    ended(start("phone,name,email,city\n+12025550181,Jo Test,,Riga\n"))
    told = "phone,name,email,city,shop\n+12025550181,Someone Else,jo@example.com,Oslo,Quay\n"
    assert counts(ended(start(told, on_duplicate="fill_empty"))) == {"updated": 1}
    jo = people()["+12025550181"]
    assert (jo.name, jo.email, jo.attributes) == ("Jo Test", "jo@example.com", {"city": "Riga", "shop": "Quay"})


def test_a_new_first_name_does_not_stand_beside_an_old_whole_name(start: Start, ended: Look, people: People) -> None:
    ended(start("phone,name\n+12025550181,Jo Test\n"))
    ended(start("phone,first name\n+12025550181,Joanna\n"))
    jo = people()["+12025550181"]
    assert (jo.name, jo.first_name, jo.last_name) == ("Joanna Test", "Joanna", "Test")


def test_a_number_twice_in_a_file_counts_once(start: Start, ended: Look, people: People, settings: Any) -> None:
    lines = ["+12025550181,First", "(202) 555-0181,Same chunk", "bad,Nobody", *many(2500).splitlines()[1:]]
    content = "\n".join(["phone,name", *(line.rsplit(",", 1)[0] if "@" in line else line for line in lines)])
    batch = ended(start(content + "\n202-555-0181,Another chunk\n"))
    # 0181 is also one of the many
    assert counts(batch) == {"created": 2500, "duplicate": 3, "rejected": 1}
    assert people()["+12025550181"].name == "First"


def test_rows_say_why_they_were_not_taken(app: Flask, cast: Cast, start: Start, ended: Look) -> None:
    content = "phone,name,email\n4.479E+11,Sci,\n+12025550181,Ok,not an address\n+12025550182,Wide,a@example.com,more\n"
    batch = ended(start(content))
    assert counts(batch) == {"created": 1, "rejected": 2}
    assert batch.rejected_by_code == {"scientific_notation": 1, "too_many_cells": 1}
    assert batch.noted_by_code == {"email_left_out": 1}
    with db.organization_context(app, cast.bakery_id), db.reading():
        rows = db.session.scalars(select(ImportRow).order_by(ImportRow.row_no)).all()
        assert [(row.row_no, row.outcome, row.column) for row in rows] == [
            (2, "rejected", "phone"),
            (3, "noted", "email"),
            (4, "rejected", ""),
        ]
        assert rows[2].cells == ["+12025550182", "Wide", "a@example.com", "more"]


def test_tags_of_the_row_and_of_the_import_are_put_on_once(app: Flask, cast: Cast, start: Start, ended: Look) -> None:
    assert counts(ended(start("phone,tags\n+12025550181,VIP; regular\n", tags=["March"]))) == {"created": 1}
    assert counts(ended(start("phone,tags\n+12025550181,vip\n"))) == {"unchanged": 1}
    assert counts(ended(start("phone,tags\n+12025550181,new\n"))) == {"updated": 1}
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert [tag.name for tag in queries.tags()] == ["March", "VIP", "new", "regular"]
        (contact,) = db.session.scalars(select(Contact)).all()
        assert queries.tags_of([contact.id])[contact.id] == ["March", "VIP", "new", "regular"]


@pytest.mark.parametrize("policy", ["update", "fill_empty", "skip"])
def test_a_no_in_the_consent_column_opts_out_and_a_yes_never_opts_in(
    app: Flask, cast: Cast, start: Start, ended: Look, people: People, policy: str
) -> None:
    ended(start("phone,opt in\n+12025550181,yes\n"))
    content = "phone,opt in\n+12025550181,no\n+12025550182,no\n"
    batch = ended(start(content, on_duplicate=policy))
    assert counts(batch) == {"created": 1, "updated": 1}
    assert batch.opted_out == 2
    first = {phone: contact.opted_out_at for phone, contact in people().items()}
    assert all(first.values())
    ended(start("phone,opt in\n+12025550181,yes\n+12025550182,yes\n", on_duplicate=policy))
    assert {phone: contact.opted_out_at for phone, contact in people().items()} == first
    with db.organization_context(app, cast.bakery_id), db.reading():
        events = db.session.scalars(select(OptEvent)).all()
        assert [(event.opted_out, event.source) for event in events] == [(True, OptSource.IMPORT)] * 2


def test_two_thousand_rows_come_in_exactly(app: Flask, cast: Cast, start: Start, ended: Look) -> None:
    """Case Q01, the counts; the killed worker is in tests/chaos."""
    batch = ended(start(case("Q01/import_2000.csv")))
    assert counts(batch) == {"created": 2000}
    assert batch.job is not None
    assert (batch.job.progress_total, batch.job.progress_done) == (2000, 2000)
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert queries.contact_count() == 2000
        assert db.session.scalar(select(func.count()).select_from(ContactImport)) == 2000


def test_the_file_is_deleted_once_its_rows_are_in(app: Flask, start: Start, ended: Look) -> None:
    batch = ended(start(many(3)))
    with app.app_context():
        assert not uploads.full_path(batch.path).exists()


class Broken(Exception):
    """Stands for a machine that goes away between two chunks."""


@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_import_goes_on_where_it_stood(
    start: Start, ended: Look, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = chunk.store_chunk
    seen: list[int] = []

    def breaks(plan: Any, judged: Any) -> Any:
        tally = stored(plan, judged)
        seen.append(judged[0].number)
        if len(seen) in (2, 4):  # after the writing, before the commit
            raise Broken
        return tally

    monkeypatch.setattr(importing, "store_chunk", breaks)
    batch = ended(start(many(35) + "bad,Nobody,\n"))
    assert batch.standing is ImportStatus.COMPLETED
    assert batch.job is not None
    assert batch.job.attempt == 3
    assert seen == [1, 11, 11, 21, 21, 31]
    assert counts(batch) == {"created": 35, "rejected": 1}
    assert len(people()) == 35


def test_a_contact_made_meanwhile_makes_the_chunk_look_again(
    app: Flask, cast: Cast, start: Start, ended: Look, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, calls = chunk.store_chunk, []

    def once(plan: Any, judged: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            from sqlalchemy.exc import IntegrityError

            raise IntegrityError("insert", {}, Exception("somebody was faster"))
        return known(plan, judged)

    monkeypatch.setattr(importing, "store_chunk", once)
    batch = ended(start(many(5)))
    assert counts(batch) == {"created": 5}
    assert batch.job is not None
    assert batch.job.attempt == 1


@pytest.mark.usefixtures("small_chunks")
def test_a_cancelled_import_keeps_true_counts(
    start: Start, ended: Look, people: People, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = chunk.store_chunk

    def asks_to_stop(plan: Any, judged: Any) -> Any:
        if judged[0].number == 11:
            job = db.session.scalars(select(Job)).one()
            transitions.cancel(job, By("Alice"))
        if judged[0].number == 21:  # the heartbeat brings the word while this chunk is on its way, or before
            wait_for(lambda: all(held.control.cancelled for held in worker._heartbeat.held()))
        return stored(plan, judged)

    monkeypatch.setattr(importing, "store_chunk", asks_to_stop)
    batch = ended(start(many(90)))
    assert batch.standing is ImportStatus.CANCELLED
    assert batch.rows_read in (20, 30), "it stops at its first look after the word has come"
    assert counts(batch) == {"created": batch.rows_read}
    assert len(people()) == batch.rows_read


def test_a_file_broken_half_way_fails_before_anything_is_stored(start: Start, ended: Look, people: People) -> None:
    batch = ended(start(many(150) + '+12025559999,"never closed,x\n'))
    assert batch.standing is ImportStatus.FAILED
    assert "never closed" in (batch.reason or "")
    assert "line 152" in (batch.reason or "")
    assert batch.rows_read == 0
    assert people() == {}


@pytest.mark.usefixtures("small_chunks")
def test_an_import_retried_from_its_job_goes_on(
    app: Flask, cast: Cast, start: Start, ended: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = chunk.store_chunk

    def refuses(plan: Any, judged: Any) -> Any:
        if judged[0].number > 10:
            raise JobFailed("full", "The disk is full.", permanent=True)
        return stored(plan, judged)

    monkeypatch.setattr(importing, "store_chunk", refuses)
    batch = ended(start(many(15)))
    assert (batch.standing, batch.reason, batch.rows_read) == (ImportStatus.FAILED, "The disk is full.", 10)
    monkeypatch.setattr(importing, "store_chunk", stored)
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get(Job, batch.job_id)
        assert job is not None
        transitions.retry(job, By("Alice"))
        db.session.commit()
    batch = ended(batch.id)
    assert batch.standing is ImportStatus.COMPLETED
    assert counts(batch) == {"created": 15}


def test_another_organization_gets_contacts_of_its_own(
    app: Flask, cast: Cast, start: Start, ended: Look, worker: WorkerProcess
) -> None:
    ended(start(many(3)))
    with db.organization_context(app, cast.other_id), db.reading():
        assert queries.contact_count() == 0
        assert queries.list_contacts(queries.ContactFilter()).items == []
