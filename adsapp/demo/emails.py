"""E-mail in the demo: a template, one e-mail that was sent from it some days ago, and who gets no more."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.demo.people import Person
from adsapp.emails import reasons
from adsapp.emails.models import (
    Email,
    EmailEvent,
    EmailRecipient,
    EmailRecipientStatus,
    EmailTemplate,
    Suppression,
    SuppressionReason,
)
from adsapp.emails.templates.service import TemplateIn, create_template
from adsapp.integrations.models import EmailAccount
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus

AUDIENCE: Final = 600
A_SECOND: Final = 10
Contacts = Sequence[tuple[uuid.UUID, Person]]

SUBJECT: Final = "{{first_name}}, our spring bread is here"
HTML: Final = """\
<div style="max-width:560px;margin:0 auto;font-family:Georgia,serif;color:#2b2622">
  <h1 style="font-size:26px;color:#0f766e">Hello {{first_name}},</h1>
  <p style="font-size:16px;line-height:1.6">spring is in the oven: rhubarb buns, wild garlic focaccia and the first
  strawberry tarts. Come by in {{attribute:city}} before ten, while they are warm.</p>
  <p style="margin:24px 0"><a href="https://harbour-bakery.example/spring"
     style="background:#0f766e;color:#ffffff;padding:12px 20px;border-radius:8px;text-decoration:none">See what we
     bake</a></p>
  <p style="font-size:13px;color:#6f6d67">You get this because you asked for our news.
  <a href="{{unsubscribe_url}}" style="color:#6f6d67">Unsubscribe</a></p>
</div>
"""
SOURCES: Final = {
    "first_name": {"field": "first_name", "fallback": "there"},
    "attribute:city": {"field": "attribute:city", "fallback": "your town"},
}
# How the e-mail went, for each two hundred people; the rest got it.
OUTCOMES: Final = (
    (3, EmailRecipientStatus.BOUNCED, "bounced"),
    (1, EmailRecipientStatus.COMPLAINED, "complained"),
    (1, EmailRecipientStatus.FAILED, "failed"),
    (4, EmailRecipientStatus.SKIPPED, reasons.OPTED_OUT),
    (2, EmailRecipientStatus.SENT, ""),
    (14, EmailRecipientStatus.CLICKED, ""),
    (62, EmailRecipientStatus.OPENED, ""),
)


def add_emails(account: EmailAccount, contacts: Contacts) -> None:
    """A template, an e-mail made from it that is through, and the suppressions that came of it."""
    template = create_template(TemplateIn("Spring bread", SUBJECT, HTML, variables=SOURCES), by=By("Alice"))
    _add_sent_email(account, template, contacts[:AUDIENCE])


def _add_sent_email(account: EmailAccount, template: EmailTemplate, audience: Contacts) -> None:
    began = utcnow() - timedelta(hours=50)
    ended = began + timedelta(seconds=len(audience) / A_SECOND)
    email = Email(
        organization_id=account.organization_id,
        name="Spring bread",
        account_id=account.id,
        template_id=template.id,
        status=OutboundStatus.COMPLETED,
        sender=account.sender,
        subject=template.subject,
        html=template.html,
        variables=template.variables,
        audience={"all": True},
        audience_size=len(audience),
        created_by="Alice",
        created_at=began,
        started_at=began,
        frozen_at=began,
        finished_at=ended,
    )
    db.session.add(email)
    db.session.flush()
    rows = [_recipient(email, position, *one) for position, one in enumerate(audience)]
    db.session.execute(insert(EmailRecipient), rows)
    db.session.execute(insert(Suppression), [_suppression(email, row) for row in rows if row["status"] in SUPPRESSES])
    for at, text, by in ((began, f"Started, with an audience of {len(audience):,}", "Alice"), (ended, "Completed", "")):
        event = EmailEvent(organization_id=email.organization_id, email_id=email.id, at=at, text=text, by=by)
        db.session.add(event)


def _recipient(email: Email, position: int, contact_id: uuid.UUID, person: Person) -> dict[str, Any]:
    status, code = _outcome(position)
    accepted = email.created_at + timedelta(seconds=position / A_SECOND)
    went_out = status is not EmailRecipientStatus.SKIPPED
    return {
        "organization_id": email.organization_id,
        "email_id": email.id,
        "contact_id": contact_id,
        "address": person.email,
        "address_key": person.email.lower(),
        "name": f"{person.first_name} {person.last_name}",
        "variables": {"first_name": person.first_name, "attribute:city": person.city},
        "status": status,
        "error_code": code,
        "error_message": reasons.explain(code).title if code else None,
        "attempts": int(went_out),
        "provider_id": f"demo-{position:06d}" if went_out else None,
        "created_at": email.created_at,
        "updated_at": accepted,
        **_moments(status, accepted if went_out else None),
    }


def _moments(status: EmailRecipientStatus, accepted: datetime | None) -> dict[str, datetime | None]:
    """When it was accepted, and what came after that."""
    moments: dict[str, datetime | None] = dict.fromkeys(MOMENTS)
    if accepted is None:
        return moments
    steps = dict.fromkeys(("accepted", "sent", *REACHED.get(status, ()), status.value))
    return moments | {f"{step}_at": accepted + timedelta(seconds=AFTER.get(step, 4)) for step in steps}


AFTER: Final = {"accepted": 0, "sent": 1, "delivered": 3, "opened": 400, "clicked": 460}
REACHED: Final = {  # what came before it
    EmailRecipientStatus.COMPLAINED: ("delivered",),
    EmailRecipientStatus.OPENED: ("delivered",),
    EmailRecipientStatus.CLICKED: ("delivered", "opened"),
}
MOMENTS: Final = tuple(
    f"{step}_at" for step in ("accepted", "sent", "delivered", "opened", "clicked", "bounced", "complained", "failed")
)


SUPPRESSES: Final = {
    EmailRecipientStatus.BOUNCED: (SuppressionReason.BOUNCE, "550 5.1.1 The mailbox does not exist"),
    EmailRecipientStatus.COMPLAINED: (SuppressionReason.COMPLAINT, ""),
}


def _suppression(email: Email, row: dict[str, Any]) -> dict[str, Any]:
    reason, detail = SUPPRESSES[row["status"]]
    return {
        "organization_id": email.organization_id,
        "address": row["address"],
        "address_key": row["address_key"],
        "reason": reason,
        "detail": detail,
        "email_id": email.id,
        "created_at": row["updated_at"],
        "told_at": row["updated_at"],  # the provider knows them: it told us
    }


def _outcome(position: int) -> tuple[EmailRecipientStatus, str]:
    place = position * 37 % 200  # spread over the list, the same each time
    for share, status, code in OUTCOMES:
        if place < share:
            return status, code
        place -= share
    return EmailRecipientStatus.DELIVERED, ""
