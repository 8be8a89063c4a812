"""Before you send: exact counts, what will be left out and why, how long it takes; and the message as people see it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Check, Message
from adsapp.campaigns.compose.tally import SAMPLE, Tally, count, missing_sample
from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.words import sentence
from adsapp.integrations import queries as accounts
from adsapp.integrations.channels import no_marketing_in
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.message_templates.availability import quality_of
from adsapp.message_templates.placeholders import FromAttribute
from adsapp.organizations.queries import caps
from adsapp.outbound import audience as audiences

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
    too_long: int = 0
    outside_window: int = 0
    messaged_lately: int = 0  # those of the rest who got a campaign in the organization's hours, left out or not
    same_template_lately: int = 0  # and of these who got this very template
    when_lately: str = ""  # what counts as lately, in words
    leaves_out_lately: bool = False
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


def preflight(data: CampaignIn) -> Preflight:
    """Everything that can be known before the start. Never raises for an unfinished draft: what is wrong is a line."""
    account = accounts.find_default_account()
    lines = [_account_line(account), *_obstacles(account)]
    message = audience = starts_at = None
    try:
        message = draft.message_of(data)
        lines.append(_message_line(message))
        lines += _unknown_attributes(message)
    except Invalid as error:
        lines += map(line_of, error.fields)
    try:
        audience = audiences.parse(data.audience)
        starts_at = draft.scheduled_time(data)
        lines += _at_night(starts_at, data.time_zone)
    except Invalid as error:
        lines += map(line_of, error.fields[:SAMPLE])
    if audience is None:
        return Preflight(tuple(lines))
    tally = count(audience, message, no_marketing_in(account) if account else (), starts_at)
    sample = missing_sample(audience, message) if tally.missing else ()
    seconds = tally.will_send / _pace(account) if account else 0.0
    lines += _count_lines(tally, sample, seconds)
    return Preflight(
        tuple(lines),
        audience=tally.total,
        opted_out=tally.opted_out,
        duplicates=tally.duplicates,
        missing=tally.missing,
        missing_sample=sample,
        too_long=tally.too_long,
        outside_window=tally.outside_window,
        messaged_lately=tally.lately,
        same_template_lately=tally.same_template,
        when_lately=tally.when_lately,
        leaves_out_lately=tally.leaves_out_lately,
        will_send=tally.will_send,
        seconds=seconds,
    )


def line_of(error: FieldError) -> Line:
    """A mistake as a line."""
    return Line("bad", error.message, code=error.code, error=error)


def _pace(account: Account) -> float:
    return min(account.messages_per_second, caps().messages_per_second or math.inf)


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
    if capped := caps().on_messages:
        yield Line("neutral", f"Your organization sends {capped}")
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
        if isinstance(source, FromAttribute) and audiences.nobody_has(source.attribute):
            note = sentence(audiences.why_no_attribute(source.attribute))
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
    if tally.too_long:
        note = "For example " + "; ".join(tally.too_long_sample) + ". Shorten the template, or their values"
        lines.append(Line("warning", "Too long once it is filled in: left out", note, f"{tally.too_long:,}"))
    if tally.outside_window:
        lines.append(Line("warning", "Wrote more than 24 hours ago: left out", value=f"{tally.outside_window:,}"))
    lines += _lately_lines(tally)
    if not tally.will_send:
        lines.append(Line("bad", "Nobody is left to send to", " ".join(_why_nobody(tally))))
        return lines
    if tally.no_marketing:
        note = "WhatsApp takes the message and then reports that it was held back. Send them a utility template"
        lines.append(
            Line("warning", "Will not arrive: their country gets no marketing", note, f"{tally.no_marketing:,}")
        )
    takes = f"takes about {in_words(seconds)}"
    lines.append(Line("good", "Will be sent to", takes, f"{tally.will_send:,}", Check.WILL_SEND))
    return lines


def _lately_lines(tally: Tally) -> Iterator[Line]:
    if tally.leaves_out_lately and tally.lately:
        yield Line("neutral", f"Got a campaign {tally.when_lately}: left out", value=f"{tally.lately:,}")
        return
    if tally.same_template:
        note = "That is everybody" if tally.same_template >= tally.will_send else "They can be left out"
        yield Line("warning", f"Got this very template {tally.when_lately}", note, f"{tally.same_template:,}")
    if tally.lately > tally.same_template:
        yield Line("warning", f"Got a campaign {tally.when_lately}", "They can be left out", f"{tally.lately:,}")


def _why_nobody(tally: Tally) -> Iterator[str]:
    """For each reason people are left out: how many, and what includes them."""
    if not tally.total:
        yield "Nobody is in this audience: choose another one, or add contacts first."
    if tally.missing:
        lacks = _are(tally.missing, "has", "have")
        yield f"{lacks} no value for a variable: write a text under “If empty” there, and they get the message too."
    if tally.too_long:
        have = _are(tally.too_long, "has", "have")
        yield f"{have} a message that is too long: shorten the template, or their values."
    if tally.opted_out:
        yield f"{_are(tally.opted_out, 'has', 'have')} opted out: nothing is sent to them, so choose other people."
    if tally.lately:
        yield f"{_are(tally.lately, 'has', 'have')} got a campaign lately: untick that they are left out, or wait."
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
