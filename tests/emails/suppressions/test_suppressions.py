"""Who gets no e-mail: put on the list, taken off it, and one list with the provider's."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.emails.models import Suppression, SuppressionReason
from adsapp.emails.suppressions import queries, service
from adsapp.emails.suppressions.sync import sync
from adsapp.integrations.errors import ProviderError
from adsapp.jobs import Job
from tests.campaigns.rehearsal import ByHand
from tests.emails.rehearsal import ALICE, MailRehearsal

ANA = "Ana@Example.com"


def listed(mail: MailRehearsal) -> dict[str, SuppressionReason]:
    with mail.organization(), db.reading():
        return {row.address: row.reason for row in db.session.scalars(select(Suppression).order_by(Suppression.id))}


def add(mail: MailRehearsal, *addresses: str, detail: str = "") -> int:
    with mail.organization():
        count = service.add(addresses, detail=detail, by=ALICE)
        db.session.commit()
        return count


def synced(mail: MailRehearsal, *released: str) -> dict[str, int]:
    with mail.organization():
        return sync(released, ByHand(None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spelled", ["ana@example.com", "ANA@EXAMPLE.COM", " ana@Example.com ", "Ana Lima <ana@example.com>"]
)
def test_an_address_is_one_however_it_is_spelled(mail: MailRehearsal, spelled: str) -> None:
    assert (add(mail, ANA), add(mail, spelled)) == (1, 0)
    mail.contacts("ana@example.com")
    email_id = mail.sent()
    assert [one.error_code for one in mail.people(email_id).values()] == ["suppressed"]
    assert mail.mailer.addresses() == []


def test_a_domain_in_unicode_and_in_punycode_is_one(mail: MailRehearsal) -> None:
    assert (add(mail, "ana@bücher.example"), add(mail, "ana@xn--bcher-kva.example")) == (1, 0)


def test_what_is_no_address_is_named_and_nothing_is_kept(mail: MailRehearsal) -> None:
    with mail.organization(), pytest.raises(Invalid) as refused:
        service.add(["ben@example.com", "nobody", ""], by=ALICE)
    assert [each.field for each in refused.value.fields] == ["emails[1]", "emails[2]"]
    assert listed(mail) == {}


def test_the_first_reason_stays(mail: MailRehearsal) -> None:
    add(mail, ANA)
    with mail.organization():
        service.suppress("ana@example.com", SuppressionReason.BOUNCE, by=ALICE)
        db.session.commit()
    assert listed(mail) == {ANA: SuppressionReason.MANUAL}


@pytest.mark.both
def test_both_lists_become_one(mail: MailRehearsal) -> None:
    add(mail, ANA, "ben@example.com")
    mail.mailer.listed["old@example.com"] = "complaint"
    assert synced(mail) == {"released": 0, "told": 2, "heard": 3}
    assert set(mail.mailer.listed) == {ANA, "ben@example.com", "old@example.com"}
    assert listed(mail)["old@example.com"] is SuppressionReason.COMPLAINT
    assert synced(mail)["told"] == 0


def test_a_release_reaches_the_provider_and_does_not_come_back(mail: MailRehearsal) -> None:
    add(mail, ANA)
    synced(mail)
    with mail.organization():
        [row] = queries.list_suppressions().items
        service.release(row, by=ALICE)
        db.session.commit()
        job = db.session.scalars(
            select(Job).where(Job.processor == "sync-suppressions").order_by(Job.id.desc())
        ).first()
        assert job is not None
        released = job.payload.open()["release"]
    synced(mail, *released)
    assert (mail.mailer.listed, listed(mail)) == ({}, {})


def test_a_provider_that_is_away_loses_nothing(mail: MailRehearsal) -> None:
    add(mail, ANA)
    mail.mailer.is_away = True
    with pytest.raises(ProviderError):
        synced(mail)
    mail.mailer.is_away = False
    assert synced(mail)["told"] == 1


def test_the_api_lists_adds_and_releases(mail: MailRehearsal, client: FlaskClient) -> None:
    adam, vera = mail.cast.headers("adam"), mail.cast.headers("vera")
    sent = {"emails": [ANA, "ben@example.com"], "detail": "asked by phone"}
    assert client.post("/api/suppressions", json=sent, headers=adam).get_json() == {"added": 2, "known": 0}
    assert client.post("/api/suppressions", json=sent, headers=vera).status_code == 403
    found = client.get("/api/suppressions?search=ana", headers=adam).get_json()["suppressions"]
    assert [(each["email"], each["reason"], each["detail"]) for each in found] == [(ANA, "manual", "asked by phone")]
    masked = client.get("/api/suppressions", headers=vera).get_json()["suppressions"]
    assert {each["email"] for each in masked} == {"A•••@Example.com", "b•••@example.com"}
    assert client.get("/api/suppressions?reason=boredom", headers=adam).status_code == 422
    assert client.delete(f"/api/suppressions/{found[0]['id']}", headers=adam).status_code == 204
    assert client.delete(f"/api/suppressions/{found[0]['id']}", headers=adam).status_code == 404
    assert set(listed(mail)) == {"ben@example.com"}
