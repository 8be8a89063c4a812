"""An audience counted by the rules of freezing: who gets the message, and who is left out for which reason."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select, true

from adsapp.campaigns import lately, reasons
from adsapp.campaigns.compose.draft import Message
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.message_templates.rendering import Rendered
from adsapp.outbound.audience import Audience
from adsapp.outbound.lacking import lacks_value
from adsapp.outbound.lengths import may_be_too_long, those_too_long

SAMPLE = 5


@dataclass(frozen=True)
class Tally:
    """The audience counted, each contact once: total = duplicates + opted_out + missing + too_long + outside_window +
    will_send, and `lately` if those who got a campaign lately are left out.

    `same_template`: those of them who got this template. `hours`: how long ago is lately."""

    total: int
    duplicates: int
    opted_out: int
    missing: int
    outside_window: int
    lately: int = 0
    same_template: int = 0
    too_long: int = 0  # whose message is longer than the provider allows once it is filled in
    too_long_sample: tuple[str, ...] = ()  # names, and what does not fit
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
        left_out = self.duplicates + self.opted_out + self.missing + self.too_long + self.outside_window
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
        "long": _may_be_too_long(message),
    }
    rows = (
        select(
            func.row_number().over(partition_by=person, order_by=Contact.id).label("nth"),
            func.max(case((Contact.opted_out_at.is_not(None), 1), else_=0)).over(partition_by=person).label("out"),
            *(case((condition, 1), else_=0).label(name) for name, condition in conditions.items()),
            Contact.id.label("contact_id"),
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
            func.count().filter(*allowed, rows.c.long == 1),
        ).select_from(rows),
        execution_options={"names_organization": True},  # the session's own filter does not reach a subquery
    ).one()
    total, duplicates, opted_out, missing, outside, got_one, same, refused, perhaps_long = counted
    tally = Tally(
        total,
        duplicates,
        opted_out,
        missing,
        outside,
        lately=got_one,
        same_template=same,
        no_marketing=refused,
        hours=hours,
        leaves_out_lately=leaves_out,
        starts_later=starts_at is not None,
    )
    if not perhaps_long or message is None:
        return tally
    perhaps = select(*(rows.c[name] for name in ("contact_id", "lately", "same", "refused")))
    return _without_long(tally, perhaps.where(*allowed, rows.c.long == 1), message)


def _without_long(tally: Tally, perhaps: Select[Any], message: Message) -> Tally:
    """Those who may be too long are looked at one by one, and who is takes part in no other count."""
    renderer = message.renderer
    assert renderer is not None
    found = {row.contact_id: row for row in db.session.execute(perhaps, execution_options={"names_organization": True})}
    long = those_too_long(found, renderer)
    rows = [found[contact_id] for contact_id in long]
    refused = [row for row in rows if row.refused and not (tally.leaves_out_lately and row.lately)]
    return replace(
        tally,
        too_long=len(long),
        too_long_sample=_long_sample(long),
        lately=tally.lately - sum(row.lately for row in rows),
        same_template=tally.same_template - sum(row.same for row in rows),
        no_marketing=tally.no_marketing - len(refused),
    )


def _long_sample(long: Mapping[Any, Rendered]) -> tuple[str, ...]:
    some = dict(islice(long.items(), SAMPLE))
    names = {each.id: each.display_name for each in db.session.scalars(select(Contact).where(Contact.id.in_(some)))}
    return tuple(
        f"{names.get(contact_id) or 'a contact without a name'}: {rendered.too_long[0].in_words}"
        for contact_id, rendered in some.items()
    )


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


def _may_be_too_long(message: Message | None) -> ColumnElement[bool]:
    """SQL: this contact's message may be too long once it is filled in."""
    if message is None or message.view is None:
        return false()
    return may_be_too_long(message.view, message.sources)


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
