"""The people on an e-mail's page, and the e-mail as one of them reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for
from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.emails import queries, reasons
from adsapp.emails.console import presenter, preview
from adsapp.emails.console.dialogs import PLACE
from adsapp.emails.console.preview import Shown
from adsapp.emails.content.rendering import EmailContent, Filled, render
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.queries import Counts
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import person_of
from adsapp.outbound.console.people import (
    NOBODY_EVER,
    NOBODY_YET,
    PEOPLE,
    Narrowed,
    People,
    chips_of,
    contact_url,
    pages_of,
    time_shape,
    without_search,
)
from adsapp.outbound.statuses import OutboundStatus

LOOKED_AT: Final = 25
LISTED_ARGS: Final = ("status", "code", "search", "cursor")
NOBODY_HERE: Final = ("Nobody here", "Nobody in this e-mail matches.")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A recipient in the list; `is_late`: a soft bounce, it may arrive still; `came_back`: it bounced although it had
    been opened."""

    id: int
    name: str
    address: str
    status: str
    why: str
    is_late: bool
    came_back: bool
    has_unsubscribed: bool
    at: datetime
    time_shape: str
    url: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The e-mail as one person reads it, and the ways to the next and the previous one."""

    shown: Shown
    frame_url: str
    previous_url: str | None = None
    next_url: str | None = None
    contact_url: str | None = None


def people_of(email: Email, counts: Counts, args: Mapping[str, str], *, by_address: bool) -> People[PersonRow]:
    """The page of the ledger that is asked for; `by_address`: whoever asks may look for parts of one."""
    narrowed = Narrowed.read(args)
    page = queries.recipients(
        email,
        narrowed.status or None,
        args.get("cursor") or None,
        PEOPLE,
        narrowed.code or None,
        narrowed.search,
        by_address=by_address,
    )
    next_url, first_url = pages_of(PLACE, email, page, args, ("status", "code", "search"))
    return People(
        rows=tuple(_row(email, recipient, args) for recipient in page.items),
        chips=chips_of(PLACE, email, presenter.chips(counts), args),
        note=reasons.explain(narrowed.code).title
        if narrowed.code
        else "by their latest status, in the order of sending"
        if page.items
        else "",
        narrowed=narrowed,
        searched="Name or address" if by_address else "Name",
        all_url=without_search(PLACE, email, args),
        export_url=url_for("emails.ask_to_export", email_id=email.id, **narrowed.query),
        next_url=next_url,
        first_url=first_url,
        nobody=NOBODY_HERE if counts.total else _nobody_yet(email),
    )


def _nobody_yet(email: Email) -> tuple[str, str]:
    return NOBODY_EVER if email.status is OutboundStatus.CANCELLED else NOBODY_YET


def _row(email: Email, recipient: EmailRecipient, args: Mapping[str, str]) -> PersonRow:
    moment = presenter.moment_of(recipient)
    return PersonRow(
        id=recipient.id,
        name=recipient.name,
        address=recipient.address,
        status=recipient.status.value,
        why=reasons.explain(recipient.error_code).title if recipient.error_code else "",
        is_late=recipient.delayed_at is not None and recipient.status in (Status.ACCEPTED, Status.SENT),
        came_back=recipient.bounced_at is not None and recipient.status is not Status.BOUNCED,
        has_unsubscribed=recipient.unsubscribed_at is not None,
        at=moment,
        time_shape=time_shape(moment),
        url=PLACE.page_with(email, "preview", args, LISTED_ARGS, person=recipient.id),
    )


def content_of(email: Email) -> EmailContent:
    """What it says."""
    return EmailContent(email.subject, email.html, email.text, email.variables)


def shown_to(email: Email, recipient: EmailRecipient) -> Shown:
    """The e-mail as this recipient got it, or would."""
    values = {str(name): str(value) for name, value in recipient.variables.items()}
    rendered = render(content_of(email), values, preview.OWN_LINK)
    return Shown(recipient.name, recipient.address, rendered, Filled(values, ()))


def preview_of(email: Email, recipient_id: int | None, args: Mapping[str, str]) -> Preview:
    """For this recipient, else for the first who gets it; before there is one, for somebody of the audience."""
    frame = url_for("emails.preview_email", email_id=email.id, person=recipient_id)
    found = recipient_at(email, recipient_id)
    if found is None:
        return Preview(expected(email), frame)
    before = select(EmailRecipient.id).where(EmailRecipient.email_id == email.id, EmailRecipient.id < found.id)
    after = select(EmailRecipient.id).where(EmailRecipient.email_id == email.id, EmailRecipient.id > found.id)
    previous_id = db.session.scalar(before.order_by(EmailRecipient.id.desc()).limit(1))
    next_id = db.session.scalar(after.order_by(EmailRecipient.id).limit(1))

    def url(person: int | None) -> str | None:
        return PLACE.page_with(email, "preview", args, LISTED_ARGS, person=person) if person else None

    return Preview(shown_to(email, found), frame, url(previous_id), url(next_id), contact_url(found.contact_id))


def recipient_at(email: Email, recipient_id: int | None) -> EmailRecipient | None:
    """This recipient or the next, else the first who gets it; None before there is one."""
    mine = select(EmailRecipient).where(EmailRecipient.email_id == email.id).order_by(EmailRecipient.id)
    if recipient_id:
        return db.session.scalars(mine.where(EmailRecipient.id >= recipient_id).limit(1)).first()
    found = db.session.scalars(mine.limit(LOOKED_AT)).all()
    return next((each for each in found if each.status is not Status.SKIPPED), found[0] if found else None)


def expected(email: Email) -> Shown:
    """As somebody who is in its audience now would read it."""
    content = content_of(email)
    audience = audiences.from_stored(email.audience)
    willing = preview.willing().where(audience.condition)
    contact = db.session.scalars(willing.order_by(Contact.id).limit(1)).first()
    if contact is None:
        return preview.example(content)
    return preview.shown_to(content, contact.display_name, contact.email, person_of(contact))
