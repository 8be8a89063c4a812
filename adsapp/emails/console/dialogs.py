"""What an e-mail can be told to do, when; what is asked before, as of campaigns, is in `outbound.console`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adsapp.core.web.confirmation import Confirmation
from adsapp.emails.lacking import lacked
from adsapp.emails.models import Email
from adsapp.emails.queries import Counts, Failure
from adsapp.emails.reach import reach
from adsapp.outbound.console.dialogs import CANCEL, NOTHING, PAUSE, RESUME, Dialogs, Verb
from adsapp.outbound.console.places import Place
from adsapp.outbound.statuses import OutboundStatus

PLACE: Final = Place("emails", "email", "E-mail")
DIALOGS: Final = Dialogs(
    PLACE,
    it="e-mail",
    gets="the e-mail",
    uncertain="uncertain e-mail",
    in_doubt="Resend gave no answer for a day",
    settled_by="A report that still comes from Resend",
)


def verbs(email: Email) -> Sequence[Verb]:
    """What is possible in this state; the primary one last."""
    if email.status.is_running:
        return (CANCEL, PAUSE)
    return (CANCEL, RESUME) if email.status is OutboundStatus.PAUSED else ()


def resume(email: Email, counts: Counts) -> Confirmation:
    """Go on."""
    return DIALOGS.resume(email, reach(email))


def settle(email: Email, counts: Counts) -> Confirmation:
    """Decide what nobody knows."""
    return DIALOGS.settle(email, counts, may_send=email.status is not OutboundStatus.CANCELLED)


def fill(
    email: Email, count: int, typed: Mapping[str, str] = NOTHING, errors: Mapping[str, str] = NOTHING
) -> Confirmation:
    """Send to those who were left out because a placeholder had no value, with one for all of them."""
    return DIALOGS.fill(email, tuple(lacked(email).values()), count, typed, errors)


ABOUT_COUNTS: Final = {"pause": DIALOGS.pause, "resume": resume, "cancel": DIALOGS.cancel, "settle": settle}


def confirmations(email: Email, counts: Counts, failures: Sequence[Failure]) -> Iterator[Confirmation]:
    """Every question this state can lead to."""
    for verb in verbs(email):
        yield ABOUT_COUNTS[verb.name](email, counts)
    if counts.uncertain:
        yield settle(email, counts)
    for failure in failures:
        if may_retry(email, failure):
            yield DIALOGS.retry(email, failure)


def may_retry(email: Email, failure: Failure) -> bool:
    """True if the code allows it and the e-mail was not cancelled."""
    return failure.can_retry and email.status is not OutboundStatus.CANCELLED
