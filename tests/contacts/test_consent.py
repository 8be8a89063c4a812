"""Whoever comes in meets what was said before they were a contact: by import, form and API alike."""

import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from adsapp.contacts import opt_outs, people, queries
from adsapp.contacts.identity import Identity, identity_of, user_key
from adsapp.contacts.models import Consent, Contact, Import, OptSource
from adsapp.contacts.opt_outs import Said
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast, csrf_token

KIM, TWIN = "+5491123456789", "+541123456789"
USER = "AR.13491208655302741918"


@pytest.fixture
def said(app: Flask, cast: Cast) -> None:
    """Kim wrote STOP, and nobody knows Kim."""
    with db.organization_context(app, cast.bakery_id):
        opt_outs.opt_out_person([Identity(KIM[1:])], Said(OptSource.KEYWORD, "STOP", "", utcnow()))
        db.session.commit()


def by_form(client: FlaskClient, cast: Cast, phone: str) -> None:
    cast.sign_in(client, "alice")
    form = {"phone": phone, "csrf_token": csrf_token(client)}
    assert client.post("/contacts", data=form).status_code == 303


def by_api(client: FlaskClient, cast: Cast, phone: str) -> None:
    assert client.post("/api/contacts", json={"phone": phone}, headers=cast.headers("alice")).status_code == 201


@pytest.mark.parametrize("come_in", [by_form, by_api])
@pytest.mark.parametrize("phone", [KIM, TWIN])
def test_a_stop_is_met_by_who_is_added(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    said: None,
    come_in: Callable[[FlaskClient, Cast, str], None],
    phone: str,
) -> None:
    come_in(client, cast, phone)
    with db.organization_context(app, cast.bakery_id):
        contact = db.session.scalars(select(Contact)).one()
        (event,) = queries.consent_history(contact)
        assert (contact.opted_out_at, event.detail) == (event.at, "STOP")


def test_a_stop_is_met_by_who_is_imported(
    app: Flask,
    cast: Cast,
    said: None,
    start: Callable[..., uuid.UUID],
    ended: Callable[[uuid.UUID], Import],
    worker: WorkerProcess,
) -> None:
    assert ended(start(f"phone,name\n{KIM},Kim\n{TWIN},Kim\n+12025550181,Jo\n")).created == 3
    with db.organization_context(app, cast.bakery_id):
        out = select(Contact.phone).where(Contact.opted_out_at.is_not(None)).order_by(Contact.phone)
        assert list(db.session.scalars(out)) == [TWIN, KIM]


def test_a_corrected_number_meets_what_was_said_under_it(
    app: Flask, cast: Cast, client: FlaskClient, said: None
) -> None:
    by_api(client, cast, "+12025550181")
    with db.organization_context(app, cast.bakery_id):
        contact = db.session.scalars(select(Contact)).one()
        people.renumber(contact, KIM)
        people.meet(contact)
        assert contact.opted_out_at is not None


def test_what_is_said_stays_in_its_organization(app: Flask, cast: Cast, said: None) -> None:
    with db.organization_context(app, cast.other_id):
        assert opt_outs.persons_out({KIM, TWIN}) == set()
        assert db.session.scalar(select(func.count()).select_from(Consent)) == 0


def test_names_are_sorted_into_number_and_user_id() -> None:
    assert identity_of(KIM, USER) == identity_of(USER, KIM) == Identity(KIM[1:], USER)
    assert identity_of("", "kim") == Identity()
    assert len(user_key(USER)) == 20
    assert not any(map(str.isdigit, user_key(USER)))
