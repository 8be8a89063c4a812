"""Why a recipient failed or was skipped, in plain words: the provider's codes and our own. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adsapp.integrations.channels import meaning_of
from adsapp.integrations.errors import Action, SendError

OPTED_OUT = "opted_out"
INVALID_NUMBER = "invalid_number"
MISSING_VARIABLE = "missing_variable"
TOO_LONG = "too_long"
OUTSIDE_WINDOW = "outside_window"
MESSAGED_LATELY = "messaged_lately"
CANCELLED = "cancelled"
CANNOT_BUILD = "cannot_build"
SAME_PERSON = "same_person"
UNKNOWN = "unknown"

SERVICE_WINDOW = timedelta(hours=24)  # a free text may be sent for so long after the person's last message


@dataclass(frozen=True)
class Reason:
    """A title, what to do, and whether sending again can help."""

    title: str
    advice: str
    can_retry: bool = False


OURS = {
    OPTED_OUT: Reason("Had opted out", "They asked for no more messages; nothing is sent to them."),
    INVALID_NUMBER: Reason("Not a phone number", "Correct the contact's number; it must begin with + and a country."),
    MISSING_VARIABLE: Reason("A variable has no value", "Fill in the contact's field, or give it a fallback."),
    TOO_LONG: Reason("Too long once it was filled in", "Shorten the contact's value, or the template."),
    OUTSIDE_WINDOW: Reason("Wrote more than 24 hours ago", "A text is allowed only within 24 hours; use a template."),
    MESSAGED_LATELY: Reason("Got a campaign lately", "They were left out, as was asked for when it was made."),
    SAME_PERSON: Reason(
        "Is in this campaign under another number", "They moved to it; nobody is sent a message twice."
    ),
    CANCELLED: Reason("The campaign was cancelled", "It was cancelled before their turn."),
    CANNOT_BUILD: Reason("The message could not be put together", "Compare its variables with the template."),
    UNKNOWN: Reason("WhatsApp gave no reason", "Try again later; if it stays so, ask WhatsApp's support.", True),
    "uncertain": Reason(
        "It may or may not have arrived",
        "The connection broke while it was sent. WhatsApp's own report settles it; if none comes, decide yourself.",
    ),
}

# What these codes tell to do fits a text only: who sent a template has done it already.
OF_A_TEMPLATE: Final = {
    "131047": "A template may be sent at any time, so this should not happen. Check at Meta that it is still approved; "
    "if it is, ask WhatsApp's support.",
}

# A recipient's own fault stays one; everything else may have been mended by now (a template, an account, a pause).
TRIED_OFTEN = "It was tried several times. Send again when WhatsApp has recovered."
FOR_GOOD = frozenset({Action.RECIPIENT, Action.OPT_OUT})


def explain(code: str, *, of_template: bool = False) -> Reason:
    """The reason behind a code of the ledger; of a template, if that changes what to do about it."""
    if code in OURS:
        return OURS[code]
    meaning = meaning_of(code)
    if meaning is None:
        return OURS[UNKNOWN]
    advice = TRIED_OFTEN if meaning.action.sends_again else meaning.advice  # it has failed: no more comes by itself
    if of_template:
        advice = OF_A_TEMPLATE.get(code, advice)
    return Reason(meaning.title, advice, meaning.action not in FOR_GOOD)


A_DAY: Final = timedelta(hours=24)


def why_not_yet(code: str, finished_at: datetime | None, now: datetime) -> str | None:
    """Why sending again must wait: the provider punishes trying the same person again within a day of the end of the
    campaign (`finished_at`, None while it runs). None if it need not."""
    meaning = meaning_of(code)
    if meaning is None or meaning.action is not Action.WAIT_24H:
        return None
    if finished_at and now - finished_at > A_DAY:
        return None
    return "WhatsApp asks for 24 hours between; trying earlier makes it longer"


def code_of(error: SendError) -> str:
    """The code as the ledger keeps it."""
    return error.code or UNKNOWN


def in_words(error: SendError) -> str:
    """What to show for it."""
    return f"{error.title}: {error.message}" if error.message and error.message != error.title else error.title
