"""Before it is sent: exact counts, who is left out and why, how long it takes; and the e-mail as people see it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid, Problem
from adsapp.emails.consequences import until
from adsapp.emails.content.rendering import EmailContent, Filler, RenderedEmail, render
from adsapp.emails.draft import check as checks
from adsapp.emails.draft.asked import EmailIn, Given
from adsapp.emails.draft.attachments import read_attachments
from adsapp.emails.draft.given import read_given
from adsapp.emails.draft.tally import SAMPLE, Tally, count, count_given, missing_sample, sources_of
from adsapp.emails.queries import find_lately
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.jobs import Queue
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.queries import caps
from adsapp.outbound import timing
from adsapp.outbound.audience import Audience, person_of

WILL_SEND = "will_send"
LATELY = timedelta(hours=24)
PREVIEWS = 3


@dataclass(frozen=True)
class Line:
    """One thing that was checked: kind good, warning, bad or neutral, as `ui.checks` shows it."""

    kind: str
    text: str
    note: str = ""
    value: str = ""
    code: str = ""
    error: FieldError | None = None  # the mistake behind a bad one


@dataclass(frozen=True)
class Preflight:
    """What sending would do. `seconds` at the account's pace; `can_start` False if a line is bad."""

    lines: tuple[Line, ...]
    tally: Tally | None = None
    missing_sample: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def will_send(self) -> int:
        """Addresses that get it."""
        return self.tally.will_send if self.tally else 0

    @property
    def notes(self) -> tuple[Line, ...]:
        """What deserves a look, though it prevents nothing."""
        return tuple(line for line in self.lines if line.kind == "warning")

    @property
    def can_start(self) -> bool:
        """True if nothing prevents the start and somebody gets the e-mail."""
        return self.will_send > 0 and all(line.kind != "bad" for line in self.lines)


@dataclass(frozen=True)
class Previewed:
    """The e-mail as one real person would get it; `missing` names what they have no value for."""

    name: str
    address: str
    email: RenderedEmail
    missing: tuple[str, ...] = ()


@dataclass
class _Looking:
    """What is known of a draft that may be unfinished, and every mistake as a line."""

    data: EmailIn
    lines: list[Line]
    account: EmailAccount | None = None
    content: EmailContent | None = None
    audience: Audience | None = None
    given: tuple[Given, ...] | None = None

    def read(self) -> None:
        """Everything that can be read."""
        for read in (self._account, self._content, self._people, self._rest):
            try:
                read()
            except Invalid as error:
                self.lines += map(line_of, error.fields[:SAMPLE])
            except Problem as error:
                self.lines.append(Line("bad", error.detail))

    def _account(self) -> None:
        self.account = checks.account_of(self.data)

    def _content(self) -> None:
        self.content = checks.content_of(self.data)

    def _people(self) -> None:
        self.audience = checks.audience_of(self.data)
        if self.data.recipients is not None and self.content is not None:
            self.given = read_given(self.data.recipients, self.content)

    def _rest(self) -> None:
        timing.scheduled_time(self.data.scheduled_at, self.data.time_zone, self.data.fold)
        read_attachments(self.data.attachments)

    @property
    def tally(self) -> Tally | None:
        """The audience counted; None if there is none."""
        if self.given is not None:
            return count_given(self.given, len(self.data.recipients or ()))
        if self.audience is None:
            return None
        return count(self.audience, sources_of(self.content) if self.content else ())


def preflight(data: EmailIn) -> Preflight:
    """Everything that can be known before the start. Never raises for an unfinished draft: what is wrong is a line."""
    looking = _Looking(data, [])
    looking.read()
    lines = [*_account_lines(looking.account), *looking.lines, *_content_lines(looking.content, data)]
    lines += _again_lines(looking)
    tally, sample, seconds = looking.tally, tuple[str, ...](), 0.0
    if tally is None:
        return Preflight(tuple(lines))
    if tally.missing and looking.audience and looking.content:
        sample = missing_sample(looking.audience, sources_of(looking.content))
    if looking.account is not None:
        seconds = seconds_for(tally.will_send, looking.account, alone=bool(data.attachments))
    return Preflight((*lines, *_count_lines(tally, sample, seconds)), tally, sample, seconds)


def line_of(error: FieldError) -> Line:
    """A mistake as a line."""
    return Line("bad", error.message, code=error.code, error=error)


def seconds_for(people: int, account: EmailAccount, *, alone: bool = False) -> float:
    """How long so many e-mails take; attachments let each be a request of its own."""
    batch = account.batch_size
    rate = account.emails_per_second / batch
    if account.limit_requests:
        rate = min(rate, account.limit_requests)
    if (most := caps().emails_per_second) is not None:
        rate = min(rate, most / (1 if alone else batch))
    return (people if alone else math.ceil(people / batch)) / rate


def _account_lines(account: EmailAccount | None) -> Iterator[Line]:
    if account is None:
        return
    yield Line("good", "E-mail account", account.name, account.sender)
    if account.sandbox_url:
        yield Line("neutral", "The account lives at the sandbox", "E-mails go there, and to nobody's mailbox")
    if account.quota_until and account.quota_until > utcnow():
        yield Line("warning", f"The quota is used up: it goes on {until(account.quota_until)}", "By itself")
    if account.webhook_secret is None:
        note = f"No bounce and no complaint is heard of. Set up its webhook under {accounts.WHERE}"
        yield Line("warning", "The account reports nothing back", note)
    unreachable = accounts.why_email_unreachable(account, utcnow())
    if unreachable is not None and account.status is AccountStatus.ACTIVE:
        yield Line("warning", unreachable.title, unreachable.text)
    if capped := caps().on_emails:
        yield Line("neutral", f"Your organization sends {capped}")
    around = run_conditions()
    pause = around.pause_of(Queue.EMAIL_NOTIFICATION, "send-email")
    if pause is not None:
        yield Line("warning", f"Paused by {pause.by}: it waits until that ends", pause.reason)
    elif not around.workers[Queue.EMAIL_NOTIFICATION]:
        yield Line("warning", "No worker is running: it waits until one is started")


def _content_lines(content: EmailContent | None, data: EmailIn) -> Iterator[Line]:
    if content is None:
        return
    for stray in content.strays[:SAMPLE]:
        name = stray.strip("{} ") or "first_name"
        told = f"“{stray}” is not a placeholder: it will be sent as typed"
        yield Line("warning", told, f"Two braces on both sides make one: {{{{{name}}}}}")
    if not content.has_unsubscribe_link:
        note = "Mail programs offer it all the same. {{unsubscribe_url}} in the text is each person's own link"
        yield Line("neutral", "The text has no link to unsubscribe", note)
    if data.attachments:
        yield Line("neutral", "Attachments: one request for each e-mail", "It takes longer than without")


def _again_lines(looking: _Looking) -> Iterator[Line]:
    """That the same went to the same people a moment ago: two colleagues may mean one e-mail."""
    if looking.content is None or looking.audience is None:
        return
    same = find_lately(looking.content.subject, looking.audience.spec, utcnow() - LATELY)
    if same is not None:
        by = f" by {same.created_by}" if same.created_by else ""
        text = "An e-mail with this subject went to the same people today"
        yield Line("warning", text, f"“{same.name}”{by}, at {same.created_at:%H:%M} UTC: they would get it twice")


def _count_lines(tally: Tally, sample: tuple[str, ...], seconds: float) -> Iterator[Line]:
    yield Line("good", "People in the audience", value=f"{tally.total:,}")
    left_out = (
        ("neutral", "Opted out: left out", "", tally.opted_out),
        (
            "neutral",
            "Suppressed: left out",
            "They bounced, complained, unsubscribed or were added by hand",
            tally.suppressed,
        ),
        ("warning", "No e-mail address: left out", "", tally.no_address),
        ("neutral", "Same address twice: sent once", "", tally.duplicates),
        (
            "warning",
            "A variable has no value: left out",
            f"For example {', '.join(sample)}. A fallback includes them",
            tally.missing,
        ),
    )
    for kind, text, note, people in left_out:
        if people:
            yield Line(kind, text, note, f"{people:,}")
    if not tally.will_send:
        yield Line("bad", "Nobody is left to send to", "Choose other people, or look at why they are left out")
        return
    yield Line("good", "Will be sent to", f"takes about {in_words(seconds)}", f"{tally.will_send:,}", WILL_SEND)


def in_words(seconds: float) -> str:
    """About how long: "20 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


# --- as people see it -------------------------------------------------------------------------------------------------


def preview(data: EmailIn, limit: int = PREVIEWS) -> tuple[Previewed, ...]:
    """The e-mail as some of its people would get it; raises Invalid if it cannot be read."""
    content = checks.content_of(data)
    if data.recipients is not None:
        given = read_given(data.recipients, content)[:limit]
        return tuple(Previewed(each.name, each.address, render(content, each.values)) for each in given)
    audience = checks.audience_of(data)
    assert audience is not None
    some = select(Contact).where(audience.condition, Contact.email != "").order_by(Contact.id).limit(limit)
    return tuple(_previewed(content, db.session.scalars(some).all()))


def _previewed(content: EmailContent, contacts: Sequence[Contact]) -> Iterator[Previewed]:
    filler = Filler(content)
    for contact in contacts:
        filled = filler.fill(person_of(contact))
        address = contact.email_typed or contact.email
        yield Previewed(contact.display_name, address, render(content, filled.values), filled.missing)
