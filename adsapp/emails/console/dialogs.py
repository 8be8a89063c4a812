"""What an e-mail can be told to do, when, and what is asked before it is done: the exact scope in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.core.web.confirmation import Choice, Confirmation, Field, Shown, lines_of
from adsapp.core.words import plural
from adsapp.emails.console.presenter import people
from adsapp.emails.models import Email, EmailStatus
from adsapp.emails.queries import Counts, Failure
from adsapp.emails.reach import reach
from adsapp.emails.reasons import with_reason
from adsapp.emails.service import ASSUME_DELIVERED, SEND_AGAIN

NOBODY_TWICE: Final = "Nobody who already got it gets it again."


@dataclass(frozen=True, slots=True)
class Verb:
    """What an e-mail can be told: the button in the page's head, and what is said once it is done."""

    name: str
    label: str
    icon: str
    done: str
    kind: str = "secondary"


PAUSE: Final = Verb("pause", "Pause the e-mail", "player-pause", "It is paused", "primary")
RESUME: Final = Verb("resume", "Resume the e-mail", "player-play", "It goes on", "primary")
CANCEL: Final = Verb("cancel", "Cancel the e-mail", "x", "It is cancelled")
SETTLE: Final = Verb("settle", "Settle them", "help", "Settled")
RETRY: Final = Verb("retry", "Send again", "rotate-clockwise", "They are sent to again")

REASON: Final = Field(
    "Why (if you like)",
    "reason",
    id="reason-pause",
    help="Others see it on the e-mail's page; it stays in the activity.",
    more={"maxlength": 200, "autocomplete": "off"},
)


def verbs(email: Email) -> Sequence[Verb]:
    """What is possible in this state; the primary one last."""
    if email.status.is_running:
        return (CANCEL, PAUSE)
    return (CANCEL, RESUME) if email.status is EmailStatus.PAUSED else ()


def _still_to_go(email: Email, counts: Counts) -> str:
    return people(counts.to_go) if email.frozen_at else "everyone in its audience"


def _done_already(counts: Counts) -> str:
    return f"For {people(counts.done)} it is done already; nothing changes for them."


def _confirmation(
    email: Email,
    verb: Verb,
    title: str,
    lines: Sequence[str],
    *choices: Choice,
    fields: Sequence[Field] = (),
    code: str = "",
    people: int | None = None,
) -> Confirmation:
    """`lines`: first what happens and to how many, then what does not. `code`: who is meant, of those who failed.
    `people`: how many get the e-mail; their number goes out with the form, and only as many are sent to."""
    here = url_for("emails.show_email", email_id=email.id)
    return Confirmation(
        name=f"ask-{verb.name}{'-' if code else ''}{code}",
        title=title,
        lines=lines_of(*lines),
        fields=fields,
        action=url_for(f"emails.{verb.name}", email_id=email.id),
        choices=choices,
        back=here,
        sent_along=(("code", code),) if verb is RETRY else (),
        shown=None if people is None else Shown(str(people)),
        crumbs=(("E-mail", url_for("emails.list_emails")), (email.name, here), (verb.label, None)),
    )


def pause(email: Email, counts: Counts) -> Confirmation:
    """Stop for now."""
    gone = _done_already(counts) if counts.done else "Nobody has got it yet."
    waits = "waits" if counts.to_go == 1 or not email.frozen_at else "wait"
    stays = f"Sending stops within a second; {_still_to_go(email, counts)} {waits} until somebody resumes it."
    choice = Choice(PAUSE.label, icon=PAUSE.icon)
    return _confirmation(email, PAUSE, f"Pause “{email.name}”?", (stays, gone), choice, fields=(REASON,))


def resume(email: Email, counts: Counts) -> Confirmation:
    """Go on."""
    to_go = reach(email)
    goes_on = f"It goes on to {people(to_go)}."
    if email.frozen_at is None and email.scheduled_at and email.scheduled_at > utcnow():
        goes_on = f"It waits for its time again; by now its audience has {people(to_go)} who can get it."
    lines = [goes_on, NOBODY_TWICE]
    if email.status_reason:
        lines.append(f"{with_reason('It was paused', email.status_reason.rstrip('. '))}.")
    choice = Choice(RESUME.label, icon=RESUME.icon)
    return _confirmation(email, RESUME, f"Resume “{email.name}”?", lines, choice, people=to_go)


def cancel(email: Email, counts: Counts) -> Confirmation:
    """End it for good."""
    lines = (
        f"It ends for good: {_still_to_go(email, counts)} will not get the e-mail.",
        f"{_done_already(counts)} This cannot be undone.",
    )
    choice = Choice(CANCEL.label, "danger", CANCEL.icon)
    return _confirmation(email, CANCEL, f"Cancel “{email.name}”?", lines, choice)


def settle(email: Email, counts: Counts) -> Confirmation:
    """Decide what nobody knows."""
    lines = (
        f"{people(counts.uncertain)} may or may not have got the e-mail: Resend gave no answer for a day.",
        "Send again: whoever did get it gets it twice. Assume delivered: whoever did not get it never will. "
        "A report that still comes from Resend settles it by itself.",
    )
    choices = [Choice(f"Assume delivered ({counts.uncertain:,})", "secondary", "checks", ASSUME_DELIVERED)]
    if email.status is not EmailStatus.CANCELLED:
        choices.append(Choice(f"Send again ({counts.uncertain:,})", "primary", "rotate-clockwise", SEND_AGAIN))
    title = f"Settle {plural(counts.uncertain, 'uncertain e-mail')}"
    return _confirmation(email, SETTLE, title, lines, *choices, people=counts.uncertain)


def retry(email: Email, failure: Failure) -> Confirmation:
    """Send again to those who failed for one reason."""
    lines = (
        f"{people(failure.count)} failed with “{failure.title}” and will be sent the e-mail again.",
        f"0 people who already got it will get it again. {failure.advice}",
    )
    choice = Choice(f"Send again to {failure.count:,}", icon=RETRY.icon)
    title = "Send again to those who failed"
    return _confirmation(email, RETRY, title, lines, choice, code=failure.code, people=failure.count)


ABOUT_COUNTS: Final = {"pause": pause, "resume": resume, "cancel": cancel, "settle": settle}


def confirmations(email: Email, counts: Counts, failures: Sequence[Failure]) -> Iterator[Confirmation]:
    """Every question this state can lead to."""
    for verb in verbs(email):
        yield ABOUT_COUNTS[verb.name](email, counts)
    if counts.uncertain:
        yield settle(email, counts)
    for failure in failures:
        if may_retry(email, failure):
            yield retry(email, failure)


def may_retry(email: Email, failure: Failure) -> bool:
    """True if the code allows it and the e-mail was not cancelled."""
    return failure.can_retry and email.status is not EmailStatus.CANCELLED
