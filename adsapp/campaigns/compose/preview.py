"""The message as its first recipients would see it, and who is left out."""

from dataclasses import dataclass

from sqlalchemy import select

from adsapp.campaigns import reasons
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Message
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.message_templates.rendering import Rendered
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import Audience, person_of


@dataclass(frozen=True)
class Preview:
    """The message as the n-th person of the audience sees it. `rendered` is None for a text; `left_out` says why
    this person will not get it, "" if they will."""

    index: int
    total: int
    contact: Contact
    rendered: Rendered | None
    text: str | None
    left_out: str


def preview(data: CampaignIn, index: int = 0) -> Preview | None:
    """The message for the person at `index` (from 0, the last if there are fewer); None for an empty audience.

    Raises Invalid if message or audience are not complete.
    """
    message = draft.message_of(data)
    audience = audiences.parse(data.audience)
    total = audiences.count_of(audience).total
    if total == 0:
        return None
    index = min(max(index, 0), total - 1)
    contact = db.session.scalars(
        select(Contact).where(audience.condition).order_by(Contact.id).offset(index).limit(1)
    ).one()
    renderer = message.renderer
    rendered = renderer.render(person_of(contact)) if renderer else None
    return Preview(index, total, contact, rendered, message.text, _left_out(contact, message, rendered))


PEOPLE_LOOKED_AT = 25


def first_to_get_it(message: Message, audience: Audience) -> tuple[Contact, Rendered | None] | None:
    """Somebody of the audience as it is now who would get the message, and their message (None for a text)."""
    willing = select(Contact).where(audience.condition, Contact.opted_out_at.is_(None))
    for contact in db.session.scalars(willing.order_by(Contact.id).limit(PEOPLE_LOOKED_AT)):
        rendered = message.renderer.render(person_of(contact)) if message.renderer else None
        if rendered is None or rendered.fits:
            return contact, rendered
    return None


def _left_out(contact: Contact, message: Message, rendered: Rendered | None) -> str:
    if contact.opted_out_at is not None:
        return "Opted out: gets nothing"
    if rendered is not None and rendered.missing:
        return f"No value for {', '.join(rendered.missing)}: gets nothing"
    if rendered is not None and rendered.too_long:
        return f"{rendered.too_long[0].in_words}: gets nothing"
    last = contact.last_inbound_at
    if message.text is not None and (last is None or last < utcnow() - reasons.SERVICE_WINDOW):
        return "Wrote more than 24 hours ago, or never: a text is not allowed"
    return ""
