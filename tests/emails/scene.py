"""A small organization for the pages of e-mails: an account, a template, five people, and e-mails made to measure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask

from adsapp.contacts.models import Contact, ContactTag, Tag
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.models import Email, EmailEvent, EmailRecipient, Suppression, SuppressionReason
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.templates.service import TemplateIn, create_template
from adsapp.integrations.resend.service import EmailAccountIn, connect_account
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast

SENDER, SUBJECT = "hello@bakery.example", "{{first_name}}, our spring menu is here"
HTML = """\
<h1 style="color:#0f766e">Hello {{first_name}}</h1>
<p>The first strawberries are here. Come by in {{attribute:city}} and taste our new tart.</p>
<p><a href="https://bakery.example/menu">See the spring menu</a></p>
<img src="https://bakery.example/tart.jpg" alt="A strawberry tart">
<p style="color:#666"><a href="{{unsubscribe_url}}">Unsubscribe</a></p>
"""
# (address, first name, city, opted out?): four get e-mail, three of them have a city.
PEOPLE = (
    ("ana@example.com", "Ana", "Boston", False),
    ("ben@example.com", "Ben", "Salem", False),
    ("chidi@example.com", "<b>Chidi</b>", "Boston", False),
    ("dora@example.com", "Dora", "", False),
    ("elif@example.com", "Elif", "Boston", True),
    ("", "Finn", "Boston", False),
)


@dataclass
class EmailScene:
    """Ids of what was made."""

    app: Flask
    cast: Cast
    account_id: uuid.UUID
    template_id: uuid.UUID
    contacts: list[uuid.UUID] = field(default_factory=list)

    def form(self, **more: Any) -> dict[str, Any]:
        """What somebody types into the compose page who makes no mistake: four people get it."""
        return {
            "template": str(self.template_id),
            "audience": "all",
            "source.first_name": "first_name",
            "source.attribute:city": "attribute:city",
            "fallback.attribute:city": "your town",
            **more,
        }

    def email(
        self,
        status: OutboundStatus = OutboundStatus.SENDING,
        people: Mapping[Status, int] | None = None,
        codes: Mapping[Status, str] | None = None,
        contact_id: uuid.UUID | None = None,
        **more: Any,
    ) -> uuid.UUID:
        """An e-mail whose ledger holds so many people of each status, the first of them this contact."""
        people = {Status.DELIVERED: 1, Status.PENDING: 1} if people is None else people
        with db.organization_context(self.app, self.cast.bakery_id):
            email = _email(self, status, sum(people.values()), **more)
            db.session.add(email)
            db.session.flush()
            event = EmailEvent(organization_id=email.organization_id, email_id=email.id, text="Started", by="Alice")
            db.session.add(event)
            states = [state for state, count in people.items() for _ in range(count)]
            rows = [_recipient(email, place, state, (codes or {}).get(state, "")) for place, state in enumerate(states)]
            rows[0].contact_id = contact_id
            db.session.add_all(rows)
            email_id = email.id
            db.session.commit()
        return email_id

    def left_out(self, status: OutboundStatus = OutboundStatus.COMPLETED, count: int = 3) -> uuid.UUID:
        """An e-mail whose people have no city, but one who got it; all have a first name."""
        people, codes = {Status.DELIVERED: 1, Status.SKIPPED: count}, {Status.SKIPPED: "missing_variable"}
        email_id = self.email(status, people, codes)
        with db.organization_context(self.app, self.cast.bakery_id):
            mine = EmailRecipient.email_id == email_id, EmailRecipient.status == Status.SKIPPED
            for each in db.session.scalars(db.db.select(EmailRecipient).where(*mine)):
                each.variables = {"first_name": each.name}
            db.session.commit()
        return email_id

    def suppress(self, address: str, reason: SuppressionReason = SuppressionReason.BOUNCE, detail: str = "") -> int:
        """An address that gets no e-mail."""
        with db.organization_context(self.app, self.cast.bakery_id):
            row = Suppression(
                organization_id=self.cast.bakery_id,
                address=address,
                address_key=address.lower(),
                reason=reason,
                detail=detail,
            )
            db.session.add(row)
            db.session.flush()
            row_id = row.id
            db.session.commit()
        return row_id


def set_the_email_scene(app: Flask, cast: Cast) -> EmailScene:
    """Make it."""
    with db.organization_context(app, cast.bakery_id):
        data = EmailAccountIn(
            "re_key", "hello@bakery.example", sender_name="Harbour Bakery", webhook_secret="whsec_secret99"
        )
        account = connect_account(data, by=NOBODY)
        template = create_template(
            TemplateIn("Spring menu", "{{first_name}}, our spring menu is here", HTML), by=NOBODY
        )
        tag = Tag(organization_id=cast.bakery_id, name="boston")
        contacts = [_contact(cast.bakery_id, place, *person) for place, person in enumerate(PEOPLE)]
        db.session.add_all([tag, *contacts])
        db.session.flush()
        db.session.add_all(
            ContactTag(organization_id=cast.bakery_id, tag_id=tag.id, contact_id=each.id)
            for each in contacts
            if each.attributes.get("city") == "Boston"
        )
        scene = EmailScene(app, cast, account.id, template.id, [each.id for each in contacts])
        db.session.commit()
    return scene


def _contact(organization_id: uuid.UUID, place: int, email: str, name: str, city: str, opted_out: bool) -> Contact:
    phone = f"+120255502{place:02d}"
    return Contact(
        organization_id=organization_id,
        phone=phone,
        person_key=phone,
        email=email,
        name=f"{name} Smith",
        first_name=name,
        attributes={"city": city} if city else {},
        opted_out_at=utcnow() if opted_out else None,
    )


def _email(scene: EmailScene, status: OutboundStatus, size: int, **more: Any) -> Email:
    now = utcnow()
    values: dict[str, Any] = {
        "name": "Spring newsletter",
        "subject": SUBJECT,
        "html": HTML,
        "variables": {"first_name": {"field": "first_name"}, "attribute:city": {"field": "attribute:city"}},
        "sender": f"Harbour Bakery <{SENDER}>",
        "audience": {"all": True},
        "audience_size": size,
        "created_by": "Alice",
        "started_at": now - timedelta(minutes=9),
        "frozen_at": now - timedelta(minutes=9),
        "finished_at": now - timedelta(minutes=4) if status.has_ended else None,
    }
    return Email(organization_id=scene.cast.bakery_id, account_id=scene.account_id, status=status, **values | more)


def _recipient(email: Email, number: int, status: Status, code: str) -> EmailRecipient:
    address = f"person{number}@example.com"
    values: dict[str, Any] = {}
    if status not in (Status.PENDING, Status.SKIPPED):
        values["accepted_at"] = utcnow() - timedelta(minutes=8) + timedelta(seconds=number)
    if hasattr(EmailRecipient, f"{status.value}_at"):
        values[f"{status.value}_at"] = utcnow() - timedelta(minutes=7) + timedelta(seconds=number)
    return EmailRecipient(
        organization_id=email.organization_id,
        email_id=email.id,
        address=address,
        address_key=address,
        name=f"Person {number}",
        variables={"first_name": f"Person {number}", "attribute:city": "Boston"},
        status=status,
        error_code=code,
        **values,
    )
