"""An audience counted by the rules of freezing: who gets the message, and who is left out for which reason."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, false, func, or_, select, true

from adsapp.campaigns import lately, reasons
from adsapp.campaigns.compose.draft import Message
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.outbound.audience import Audience
from adsapp.outbound.lacking import lacks_value

SAMPLE = 5


@dataclass(frozen=True)
class Tally:
    """The audience counted, each contact once: total = duplicates + opted_out + missing + outside + will_send, and
    `lately` if those who got a campaign lately are left out. `same_template`: those of them who got this template.
    `hours`: how long ago is lately."""

    total: int
    duplicates: int
    opted_out: int
    missing: int
    outside_window: int
    lately: int = 0
    same_template: int = 0
    no_marketing: int = 0  # of those who get it: whose provider delivers no marketing to their country
    hours: int = 0
    leaves_out_lately: bool = False
    starts_later: bool = False

    @property
    def when_lately(self) -> str:
        """In the last 24 hours; in the hour before it starts."""
        hours = "hour" if self.hours == 1 else f"{self.hours} hours"
        return f"in the {hours} before it starts" if self.starts_later else f"in the last {hours}"

    @property
    def will_send(self) -> int:
        """Persons who get the message."""
        left_out = self.duplicates + self.opted_out + self.missing + self.outside_window
        return self.total - left_out - (self.lately if self.leaves_out_lately else 0)


def count(
    audience: Audience,
    message: Message | None,
    no_marketing_in: Collection[str] = (),
    starts_at: datetime | None = None,
) -> Tally:
    """Count by the rules of freezing, in one statement: one message a person, nobody who opted out.

    `no_marketing_in`: countries to which the provider delivers no marketing. `starts_at`: when, if not now; who got a
    campaign lately is counted from then.
    """
    person = Contact.person_key
    hours = audience.not_within_hours or lately.organization_hours()
    template = message.template if message else None
    conditions = {
        "missing": _missing(message),
        "outside": _outside(message),
        "lately": lately.got_campaign(hours, before=starts_at),
        "same": lately.got_campaign(hours, template.name, before=starts_at) if template else false(),
        "refused": _is_refused(message, no_marketing_in),
    }
    rows = (
        select(
            func.row_number().over(partition_by=person, order_by=Contact.id).label("nth"),
            func.max(case((Contact.opted_out_at.is_not(None), 1), else_=0)).over(partition_by=person).label("out"),
            *(case((condition, 1), else_=0).label(name) for name, condition in conditions.items()),
        )
        .where(Contact.organization_id == db.require_organization_id(), audience.condition)
        .subquery()
    )
    willing = (rows.c.nth == 1, rows.c.out == 0)
    complete = (*willing, rows.c.missing == 0)
    leaves_out = audience.not_within_hours > 0
    allowed = (*complete, rows.c.outside == 0)
    counted = db.session.execute(
        select(
            func.count(),
            func.count().filter(rows.c.nth > 1),
            func.count().filter(rows.c.nth == 1, rows.c.out == 1),
            func.count().filter(*willing, rows.c.missing == 1),
            func.count().filter(*complete, rows.c.outside == 1),
            func.count().filter(*allowed, rows.c.lately == 1),
            func.count().filter(*allowed, rows.c.same == 1),
            func.count().filter(*allowed, rows.c.refused == 1, rows.c.lately == 0 if leaves_out else true()),
        ).select_from(rows),
        execution_options={"names_organization": True},  # the session's own filter does not reach a subquery
    ).one()
    return Tally(*counted, hours=hours, leaves_out_lately=leaves_out, starts_later=starts_at is not None)


def missing_sample(audience: Audience, message: Message | None) -> tuple[str, ...]:
    """Names of some people who have no value for a variable."""
    found = db.session.scalars(
        select(Contact)
        .where(audience.condition, _missing(message), Contact.opted_out_at.is_(None))
        .order_by(Contact.id)
        .limit(SAMPLE)
    )
    return tuple(dict.fromkeys(contact.display_name or "a contact without a name" for contact in found))


def _missing(message: Message | None) -> ColumnElement[bool]:
    """SQL: this contact has no value for some variable that has no fallback."""
    return lacks_value(message.sources.values() if message else ())


def _is_refused(message: Message | None, countries: Collection[str]) -> ColumnElement[bool]:
    """SQL: this contact lives where the provider delivers no marketing, and this is marketing."""
    if message is None or message.template is None or message.template.category.upper() != "MARKETING":
        return false()
    return Contact.country.in_(countries)


def _outside(message: Message | None) -> ColumnElement[bool]:
    """SQL: a text may not be sent to this contact now."""
    if message is None or message.text is None:
        return false()
    return or_(Contact.last_inbound_at.is_(None), Contact.last_inbound_at < utcnow() - reasons.SERVICE_WINDOW)
