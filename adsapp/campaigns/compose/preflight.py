"""Before you send: exact counts, what will be left out and why, how long it takes; and the message as people see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, false, func, or_, select

from adsapp.campaigns import audience as audiences
from adsapp.campaigns.audience import SERVICE_WINDOW, Audience
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Check, Message
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.message_templates.availability import quality_of
from adsapp.message_templates.placeholders import Constant, FromAttribute, Source

SAMPLE = 5
DAY_BEGINS, DAY_ENDS = 8, 21  # hours; between them nobody is woken


@dataclass(frozen=True)
class Line:
    """One thing that was checked: kind good, warning, bad or neutral, as `ui.checks` shows it."""

    kind: str
    text: str
    note: str = ""
    value: str = ""
    code: str = ""  # a Check, for those that the page treats apart
    error: FieldError | None = None  # the mistake behind a bad one


@dataclass(frozen=True)
class Preflight:
    """What starting would do. `seconds` at the account's pace; `can_start` False if a line is bad."""

    lines: tuple[Line, ...]
    audience: int = 0
    opted_out: int = 0
    duplicates: int = 0
    missing: int = 0
    missing_sample: tuple[str, ...] = ()
    outside_window: int = 0
    will_send: int = 0
    seconds: float = 0.0

    @property
    def notes(self) -> tuple[Line, ...]:
        """What deserves a look, though it prevents nothing."""
        return tuple(line for line in self.lines if line.kind == "warning")

    @property
    def can_start(self) -> bool:
        """True if nothing prevents the start and somebody gets the message."""
        return self.will_send > 0 and all(line.kind != "bad" for line in self.lines)


@dataclass(frozen=True)
class Tally:
    """The audience counted, each contact once: total = duplicates + opted_out + missing + outside + will_send."""

    total: int
    duplicates: int
    opted_out: int
    missing: int
    outside_window: int

    @property
    def will_send(self) -> int:
        """Persons who get the message."""
        return self.total - self.duplicates - self.opted_out - self.missing - self.outside_window


def preflight(data: CampaignIn) -> Preflight:
    """Everything that can be known before the start. Never raises for an unfinished draft: what is wrong is a line."""
    account = accounts.find_default_account()
    lines = [_account_line(account), *_obstacles(account)]
    message = audience = None
    try:
        message = draft.message_of(data)
        lines.append(_message_line(message))
        lines += _unknown_attributes(message)
    except Invalid as error:
        lines += map(line_of, error.fields)
    try:
        audience = audiences.parse(data.audience)
        lines += _at_night(draft.scheduled_time(data), data.time_zone)
    except Invalid as error:
        lines += map(line_of, error.fields[:SAMPLE])
    if audience is None:
        return Preflight(tuple(lines))
    tally = count(audience, message)
    sample = _missing_sample(audience, message) if tally.missing else ()
    seconds = tally.will_send / account.messages_per_second if account else 0.0
    lines += _count_lines(tally, sample, seconds)
    return Preflight(
        tuple(lines),
        audience=tally.total,
        opted_out=tally.opted_out,
        duplicates=tally.duplicates,
        missing=tally.missing,
        missing_sample=sample,
        outside_window=tally.outside_window,
        will_send=tally.will_send,
        seconds=seconds,
    )


def line_of(error: FieldError) -> Line:
    """A mistake as a line."""
    return Line("bad", error.message, code=error.code, error=error)


def count(audience: Audience, message: Message | None) -> Tally:
    """Count by the rules of freezing, in one statement: one message a person, nobody who opted out."""
    missing, outside = _missing(message), _outside(message)
    person = Contact.person_key
    rows = (
        select(
            func.row_number().over(partition_by=person, order_by=Contact.id).label("nth"),
            func.max(case((Contact.opted_out_at.is_not(None), 1), else_=0)).over(partition_by=person).label("out"),
            case((missing, 1), else_=0).label("missing"),
            case((outside, 1), else_=0).label("outside"),
        )
        .where(Contact.organization_id == db.require_organization_id(), audience.condition)
        .subquery()
    )
    first, willing = rows.c.nth == 1, rows.c.out == 0
    counted = db.session.execute(
        select(
            func.count(),
            func.count().filter(rows.c.nth > 1),
            func.count().filter(first, rows.c.out == 1),
            func.count().filter(first, willing, rows.c.missing == 1),
            func.count().filter(first, willing, rows.c.missing == 0, rows.c.outside == 1),
        ).select_from(rows),
        execution_options={"names_organization": True},  # the session's own filter does not reach a subquery
    ).one()
    return Tally(*counted)


def _missing(message: Message | None) -> ColumnElement[bool]:
    """SQL: this contact has no value for some variable that has no fallback."""
    if message is None:
        return false()
    return or_(false(), *(_is_empty(source) for source in message.sources.values() if _may_be_empty(source)))


def _may_be_empty(source: Source) -> bool:
    return not isinstance(source, Constant) and not source.fallback.strip()


def _is_empty(source: Source) -> ColumnElement[bool]:
    if isinstance(source, FromAttribute):
        return func.trim(func.coalesce(Contact.attributes[source.attribute].as_string(), "")) == ""
    assert not isinstance(source, Constant)
    if source.field == "name":
        return func.trim(Contact.name + Contact.first_name + Contact.last_name) == ""
    return func.trim(getattr(Contact, source.field)) == ""


def _outside(message: Message | None) -> ColumnElement[bool]:
    """SQL: a text may not be sent to this contact now."""
    if message is None or message.text is None:
        return false()
    return or_(Contact.last_inbound_at.is_(None), Contact.last_inbound_at < utcnow() - SERVICE_WINDOW)


def _missing_sample(audience: Audience, message: Message | None) -> tuple[str, ...]:
    found = db.session.scalars(
        select(Contact)
        .where(audience.condition, _missing(message), Contact.opted_out_at.is_(None))
        .order_by(Contact.id)
        .limit(SAMPLE)
    )
    return tuple(dict.fromkeys(contact.display_name or "a contact without a name" for contact in found))


def _account_line(account: Account | None) -> Line:
    if account is None:
        return Line(
            "bad", "No WhatsApp account is connected yet", f"An owner or admin connects one under {accounts.WHERE}"
        )
    if account.status is AccountStatus.REFUSED:
        return Line("bad", "WhatsApp refuses this account", accounts.why_refused(account.status_reason))
    if account.slowed_until and account.slowed_until > utcnow():
        return Line("warning", "This number is slowed down for now", account.slowed_reason or "")
    return Line("good", "WhatsApp account", account.name, account.display_phone_number)


def _obstacles(account: Account | None) -> Iterator[Line]:
    """What would keep the campaign waiting once it is started."""
    if account is not None and account.sandbox_url:
        yield Line("neutral", "The number lives at the sandbox", "Messages go there, and to nobody's phone")
    unreachable = accounts.why_unreachable(account, utcnow()) if account else None
    if unreachable is not None:
        yield Line("warning", unreachable.title, unreachable.text)
    around = run_conditions()
    pause = around.pause_of(Queue.BULK_MESSAGES, "bulk-message")
    if pause is not None:
        yield Line("warning", f"Paused by {pause.by}: it waits until that ends", pause.reason)
    elif not around.workers[Queue.BULK_MESSAGES]:
        yield Line("warning", "No worker is running: it waits until one is started")


def _message_line(message: Message) -> Line:
    if message.template is None:
        return Line("neutral", "A text, for those who wrote in the last 24 hours")
    quality, word = quality_of(message.template)
    kind = "warning" if quality in ("warning", "bad") else "good"
    return Line(kind, "Template approved", f"quality {word}")


def _unknown_attributes(message: Message) -> Iterator[Line]:
    """Attributes that nobody has, whose fallback everybody gets: perhaps the name is wrong."""
    for source in message.sources.values():
        if isinstance(source, FromAttribute) and not audiences.has_attribute(source.attribute):
            note = f"{audiences.why_no_attribute(source.attribute)}."
            yield Line("warning", f"Everybody gets “{source.fallback}”", note)


def _at_night(moment: datetime | None, zone: str) -> Iterator[Line]:
    """A time at which people sleep, in the zone in which it was chosen."""
    local = moment.astimezone(ZoneInfo(zone)) if moment else None
    if local is not None and not DAY_BEGINS <= local.hour < DAY_ENDS:
        yield Line("warning", f"It starts at night: {local:%H:%M} in {zone}", "People may be asleep then")


def _count_lines(tally: Tally, sample: tuple[str, ...], seconds: float) -> list[Line]:
    lines = [Line("good", "People in the audience", value=f"{tally.total:,}")]
    if tally.opted_out:
        lines.append(Line("neutral", "Opted out: left out", value=f"{tally.opted_out:,}"))
    if tally.duplicates:
        note = "The same person under two spellings of one number"
        lines.append(Line("neutral", "Same person twice: sent once", note, f"{tally.duplicates:,}"))
    if tally.missing:
        note = "For example " + ", ".join(sample) + ". Text under “If empty” includes them"
        lines.append(Line("warning", "A variable has no value: left out", note, f"{tally.missing:,}"))
    if tally.outside_window:
        lines.append(Line("warning", "Wrote more than 24 hours ago: left out", value=f"{tally.outside_window:,}"))
    if not tally.will_send:
        lines.append(Line("bad", "Nobody is left to send to", " ".join(_why_nobody(tally))))
        return lines
    takes = f"takes about {in_words(seconds)}"
    lines.append(Line("good", "Will be sent to", takes, f"{tally.will_send:,}", Check.WILL_SEND))
    return lines


def _why_nobody(tally: Tally) -> Iterator[str]:
    """For each reason people are left out: how many, and what includes them."""
    if not tally.total:
        yield "Nobody is in this audience: choose another one, or add contacts first."
    if tally.missing:
        lacks = _are(tally.missing, "has", "have")
        yield f"{lacks} no value for a variable: write a text under “If empty” there, and they get the message too."
    if tally.opted_out:
        yield f"{_are(tally.opted_out, 'has', 'have')} opted out: nothing is sent to them, so choose other people."
    if tally.outside_window:
        yield f"{_are(tally.outside_window, 'has', 'have')} not written in the last 24 hours: send a template instead."


def _are(count: int, one: str, many: str) -> str:
    return f"{count:,} {'person ' + one if count == 1 else 'people ' + many}"


def in_words(seconds: float) -> str:
    """About how long: "20 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
