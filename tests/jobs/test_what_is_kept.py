"""The daily upkeep removes what came from outside and is kept no longer; the ledger and each no are kept for ever."""

import os
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import func, select

from adsapp.campaigns.models import Campaign, CampaignRecipient, InboundMessage, RecipientStatus
from adsapp.contacts.imports import uploads
from adsapp.contacts.models import Consent, Contact, Import, ImportStatus, OptEvent, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations.models import Account, WebhookDelivery
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Progress
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from huey_tasks.keep_history import KeepHistoryParams, keep_history
from tests.cast import Cast
from tests.jobs.test_retention import id_of

Add = Callable[[datetime], object]


class Committing:
    """As much of a job's progress as the upkeep needs."""

    def commit(self) -> None:
        db.session.commit()

    def advance(self, count: int) -> None:
        assert count > 0


def upkeep(app: Flask, organization_id: uuid.UUID) -> dict[str, Any]:
    with db.organization_context(app, organization_id):
        removed = keep_history(KeepHistoryParams(), cast(Progress, Committing()))
    assert removed is not None
    return removed


def _account() -> Account:
    known = db.session.scalars(select(Account)).first()
    return known or create_account(AccountIn("1", "2", "token", "secret", "verify"), by=NOBODY)


def _add(row: db.Base) -> None:
    db.session.add(row)
    db.session.flush()


def _webhook(then: datetime, applied: bool = True) -> None:
    values = {"digest": uuid.uuid4().hex, "body": b"{}", "received_at": then, "applied_at": then if applied else None}
    _add(WebhookDelivery(organization_id=db.require_organization_id(), account_id=_account().id, **values))


def _reply(then: datetime) -> None:
    values = {"provider_id": uuid.uuid4().hex, "from_number": "+12025550100", "kind": "text", "text": "Hi", "at": then}
    _add(InboundMessage(organization_id=db.require_organization_id(), account_id=_account().id, **values))


def _upload(then: datetime, status: ImportStatus = ImportStatus.MAPPING) -> None:
    batch_id = id_of(then)
    path = f"{db.require_organization_id()}/{batch_id}"
    values = {"file_name": "contacts.csv", "path": path, "sha256": "0" * 64, "size_bytes": 1, "created_at": then}
    _add(Import(id=batch_id, organization_id=db.require_organization_id(), status=status, **values))
    _file(then, uploads.full_path(path))


def _stray(then: datetime, of: uuid.UUID | None = None) -> None:
    _file(then, uploads.own_directory() / f"{of or new_id()}.rows.csv")  # as what is made of a workbook


def _begun(then: datetime) -> None:
    _upload(then, ImportStatus.QUEUED)
    _stray(then, db.session.scalars(select(Import.id)).one())


def _file(then: datetime, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (then.timestamp(), then.timestamp()))


def _contact() -> Contact:
    contact = Contact(
        organization_id=db.require_organization_id(), phone=f"+1{uuid.uuid4().int % 10**10:010}", person_key="1"
    )
    _add(contact)
    return contact


def _no(then: datetime) -> None:
    owner, source = db.require_organization_id(), OptSource.KEYWORD
    _add(OptEvent(organization_id=owner, contact_id=_contact().id, at=then, opted_out=True, source=source))
    key = uuid.uuid4().hex[:20]
    _add(Consent(organization_id=owner, person_key=key, opted_out_at=then, source=source, updated_at=then))


def _message(then: datetime) -> None:
    owner = db.require_organization_id()
    campaign = Campaign(
        organization_id=owner, name="Spring", account_id=_account().id, status=OutboundStatus.COMPLETED,
        template_name="welcome", template_language="en_US", components=[], variables={}, audience={"all": True},
        audience_size=1, created_by="Alice", created_at=then,
    )  # fmt: skip
    _add(campaign)
    _add(
        CampaignRecipient(
            organization_id=owner, campaign_id=campaign.id, contact_id=_contact().id, phone="+12025550100",
            person_key="1", status=RecipientStatus.READ, variables={}, sending_at=then,
        )
    )  # fmt: skip


def rows(table: type[db.Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def files() -> int:
    return len(list(uploads.own_directory().iterdir()))


@pytest.mark.parametrize(
    "add, days, count",
    [
        (_webhook, 30, lambda: rows(WebhookDelivery)),
        (_reply, 365, lambda: rows(InboundMessage)),
        (_upload, 7, lambda: rows(Import)),
        (_upload, 7, files),
        (_stray, 7, files),
    ],
    ids=["webhooks", "replies", "uploads", "files of uploads", "stray files"],
)
def test_what_is_older_than_its_limit_goes_and_what_is_younger_or_another_s_stays(
    app: Flask, cast: Cast, add: Add, days: int, count: Callable[[], int]
) -> None:
    limit = utcnow() - timedelta(days=days)
    for owner in (cast.bakery_id, cast.other_id):
        with db.organization_context(app, owner):
            for then in (limit - timedelta(hours=1), limit + timedelta(hours=1)):
                add(then)
            db.session.commit()
    done = upkeep(app, cast.bakery_id)
    assert sum(done.values()) == 1, done
    for owner, left in ((cast.bakery_id, 1), (cast.other_id, 2)):
        with db.organization_context(app, owner):
            assert count() == left


@pytest.mark.parametrize(
    "add",
    [
        _no,
        _message,
        lambda then: _webhook(then, applied=False),
        _begun,
    ],
    ids=["a no", "the ledger", "a webhook to apply", "an import"],
)
def test_what_holds_for_ever_or_is_still_to_be_done_never_goes(app: Flask, cast: Cast, add: Add) -> None:
    with db.organization_context(app, cast.bakery_id):
        add(utcnow() - timedelta(days=4000))
        db.session.commit()
    assert sum(upkeep(app, cast.bakery_id).values()) == 0


def test_much_goes_in_several_transactions(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adsapp.jobs.retention.BATCH", 2)
    with db.organization_context(app, cast.bakery_id):
        for add in (_webhook, _reply, _upload, _stray):
            for _ in range(5):
                add(utcnow() - timedelta(days=4000))
        db.session.commit()
    done = upkeep(app, cast.bakery_id)
    assert {name: done[name] for name in ("webhooks", "replies", "uploads", "stray_files")} == {
        "webhooks": 5, "replies": 5, "uploads": 5, "stray_files": 5,
    }  # fmt: skip
