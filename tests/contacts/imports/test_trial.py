"""A trial tells exactly what an import would do, and changes nothing; an undo takes back exactly what it did."""

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, example, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.run import run_import
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.trial.run import run_trial
from adsapp.contacts.imports.undo import queries as undo_queries
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.imports.undo.run import run_undo
from adsapp.contacts.models import Consent, Contact, ContactImport, ContactTag, Import, ImportRow, OptEvent
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.jobs import Job, State
from adsapp.organizations.auditing import By
from tests.cast import Cast, csrf_token
from tests.contacts.conftest import COUNTS, counts

ALICE = By("Alice")
HEADER = ("phone", "first name", "email", "tags", "consent", "City", "shop")
# Two numbers of one person (Argentina's two forms), the same number in two spellings, and some that are none.
PHONES = ("+5491123456789", "+541123456789", "+12025550101", "(202) 555-0101", "+12025550102", "+12025550103", "", "12")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(PHONES),
        st.sampled_from(["", "Ann", "Bo"]),
        st.sampled_from(["", "a@example.com", "b@example.com", "nonsense"]),
        st.sampled_from(["", "red", "Red, blue"]),
        st.sampled_from(["", "", "", "yes", "no"]),
        st.sampled_from(["", "Riga", "Oslo"]),
        st.sampled_from(["", "Quay"]),
    ),
    min_size=1,
    max_size=9,
)
BO = ("+12025550103", "Bo", "", "", "", "", "")
ARGENTINE, THE_SAME = (("+5491123456789", "", "", "", "no", "", ""), ("+541123456789", "", "", "", "", "", ""))
POLICIES = st.sampled_from(["update", "fill_empty", "skip"])


class Straight:
    """The progress of a job that runs here and now, without a worker."""

    def __init__(self, job_id: uuid.UUID) -> None:
        self.job_id = job_id

    def start(self, *_: Any, **__: Any) -> None:
        """Nobody looks."""

    check = advance = start

    def commit(self) -> None:
        """As the worker's."""
        db.session.commit()


class Bench:
    """Harbour Bakery with nobody in it, where imports, trials and undos run one after another in this thread."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast

    def clear(self) -> None:
        """Nobody is known, nothing was said."""
        with db.organization_context(self.app, self.cast.bakery_id):
            for model in (Import, Contact, Consent):
                db.session.execute(delete(model))
            db.session.commit()

    def upload(self, rows: list[tuple[str, ...]], policy: str) -> tuple[uuid.UUID, ImportOptions]:
        text = io.StringIO()
        csv.writer(text).writerows([HEADER, *rows])
        with db.organization_context(self.app, self.cast.bakery_id):
            try:
                batch = imports.receive(io.BytesIO(text.getvalue().encode()), "people.csv", by=ALICE)
            except Invalid:  # blank lines alone, which is said at once
                reject()
            db.session.commit()
            return batch.id, ImportOptions(default_country="US", on_duplicate=policy, tags=["all"])

    def run(self, import_id: uuid.UUID, options: ImportOptions, act: Callable[..., Any]) -> dict[str, Any]:
        """Begin it and run its job."""
        with db.organization_context(self.app, self.cast.bakery_id):
            batch = get_import(import_id)
            if act is run_undo:
                job = undoing.ask_undo(batch, ALICE)
            else:
                wanted = options.model_copy(update={"dry_run": act is run_trial})
                job = imports.start_import(batch, imports.proposed(batch), wanted, by=ALICE)
            job_id = job.id
            db.session.commit()
        with db.organization_context(self.app, self.cast.bakery_id):
            act(import_id, Straight(job_id))
            db.session.get_one(Job, job_id).state = State.COMPLETED
            db.session.commit()
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            batch = get_import(import_id)
            counted = ("rows_read", *COUNTS, "opted_out", "rejected_by_code", "noted_by_code")
            found = (batch.trial or {}) if act is run_trial else vars(batch)
            return {name: found[name] for name in counted}

    def everything(self) -> dict[str, Any]:
        """All that is known of everybody, consent aside, by number; who has said something; rows of imports."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            tags = db.session.execute(select(ContactTag.contact_id, ContactTag.tag_id)).all()
            people = {
                contact.phone: {c.key: getattr(contact, c.key) for c in Contact.__table__.columns}
                | {"tags": {tag_id for contact_id, tag_id in tags if contact_id == contact.id}}
                for contact in db.session.scalars(select(Contact))
            }
            rows = db.session.scalars(select(ImportRow.id)).all()
            touched = db.session.execute(select(ContactImport.import_id, ContactImport.contact_id)).all()
            said = db.session.scalars(select(Consent.person_key)).all()
            return {"people": people, "rows": rows, "touched": set(touched), "said": set(said)}


@pytest.fixture
def bench(app: Flask, cast: Cast) -> Bench:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"import_chunk_rows": 2})
    return Bench(app, cast)


def test_trial_equals_import_and_undo_equals_before(bench: Bench, shape: str) -> None:
    @settings(
        max_examples=25 if shape == "embedded" else 8,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
    )
    @example(before=[BO], after=[ARGENTINE, BO, THE_SAME], policy="update")
    @given(before=ROWS, after=ROWS, policy=POLICIES)
    def holds(before: list[tuple[str, ...]], after: list[tuple[str, ...]], policy: str) -> None:
        bench.clear()
        bench.run(*bench.upload(before, "update"), run_import)
        found = bench.everything()
        import_id, options = bench.upload(after, policy)
        tried = bench.run(import_id, options, run_trial)
        assert bench.everything() == found
        done = bench.run(import_id, options, run_import)
        assert tried == done
        assert sum(done[name] for name in COUNTS) == done["rows_read"] <= len(after)
        _undo(bench, import_id, options, found)

    holds()


def _undo(bench: Bench, import_id: uuid.UUID, options: ImportOptions, before: dict[str, Any]) -> None:
    """Everybody is as before, but those who have said something: they are there, and silent."""
    with db.organization_context(bench.app, bench.cast.bakery_id), db.reading():
        changed = undo_queries.outlook(import_id)
        silent = set(db.session.scalars(select(Contact.phone).where(Contact.opted_out_at.is_not(None))))
        talked = set(db.session.scalars(select(Contact.phone).join(OptEvent, OptEvent.contact_id == Contact.id)))
    if not changed.changes and not changed.kept:
        return
    bench.run(import_id, options, run_undo)
    people = bench.everything()["people"]
    spared = silent | talked
    assert {phone: each for phone, each in people.items() if phone not in spared} == {
        phone: each for phone, each in before["people"].items() if phone not in spared
    }
    assert set(before["people"]) <= set(people)
    assert spared <= set(people)


@pytest.mark.usefixtures("worker")
def test_a_file_is_tried_by_a_program_and_then_imported(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    ended: Callable[[uuid.UUID], Import],
    look: Callable[..., Import],
    finished: Callable[..., Job],
) -> None:
    ask = {"contacts": [{"phone": "+12025550101", "name": "Ann"}, {"phone": "12"}], "options": {"dry_run": True}}
    alice = cast.headers("alice")
    answer = client.post("/api/jobs/import-contacts", json=ask, headers=alice)
    assert answer.status_code == 202
    here = answer.get_json()["import"]["links"]["self"]
    finished(uuid.UUID(answer.get_json()["job"]["id"]))
    tried = client.get(here, headers=alice).get_json()
    assert (tried["status"], tried["rows_read"], tried["dry_run"]["state"]) == ("mapping", 0, "completed")
    assert {name: tried["dry_run"][name] for name in COUNTS if tried["dry_run"][name]} == {"created": 1, "rejected": 1}

    assert client.post(f"{here}/start", headers=alice).status_code == 202
    assert counts(ended(uuid.UUID(tried["id"]))) == {"created": 1, "rejected": 1}
    assert client.post(f"{here}/start", headers=alice).status_code == 409


@pytest.mark.both
@pytest.mark.usefixtures("worker")
def test_a_file_is_tried_on_its_page_and_then_imported(
    client: FlaskClient,
    cast: Cast,
    start: Callable[..., uuid.UUID],
    ended: Callable[[uuid.UUID], Import],
    look: Callable[..., Import],
    finished: Callable[..., Job],
) -> None:
    ended(start("phone,name\n+12025550101,Ann\n"))
    browser = cast.sign_in(client, "alice")
    token = csrf_token(browser)
    content = {"file": (io.BytesIO(b"phone,name,email\n+12025550101,Anna,ann@example.com\nbad,,\n"), "again.csv")}
    here = browser.post("/imports", data={"csrf_token": token, **content}).location
    columns = {"column-0": "phone", "column-1": "name", "column-2": "email", "default_country": "US"}
    assert browser.post(f"{here}/try", data={"csrf_token": token, **columns, "tags": "vip"}).status_code == 303
    batch = look(uuid.UUID(here.rpartition("/")[2]))
    assert batch.trial_job_id is not None
    assert browser.get(f"{here}/live").status_code == 200
    finished(batch.trial_job_id)
    page = browser.get(here).text
    assert "0 + 1 + 0 + 0 + 1 = 2 rows read" in page
    for part in ("Whole name: Ann → Anna;", "E-mail: nothing → ann@example.com;", "tags added: vip"):
        assert part in page
    assert 'value="vip"' in browser.get(f"{here}?columns=1").text
    assert browser.post(f"{here}/start", data={"csrf_token": token, "as_tried": "1"}).status_code == 303
    assert counts(ended(batch.id)) == {"updated": 1, "rejected": 1}
