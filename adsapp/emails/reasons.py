"""Why somebody did not get an e-mail, in plain words: the provider's codes and our own. Pure."""

from dataclasses import dataclass
from typing import Final

from adsapp.integrations.email_channels import email_meaning_of
from adsapp.integrations.errors import Action, SendError

SUPPRESSED: Final = "suppressed"
OPTED_OUT: Final = "opted_out"
NO_ADDRESS: Final = "no_address"
MISSING_VARIABLE: Final = "missing_variable"
CANCELLED: Final = "cancelled"
CANNOT_BUILD: Final = "cannot_build"
UNCERTAIN: Final = "uncertain"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Reason:
    """A title, what to do, and whether sending again can help."""

    title: str
    advice: str
    can_retry: bool = False


OURS: Final = {
    SUPPRESSED: Reason(
        "The address is suppressed",
        "It bounced, complained, unsubscribed or was added by hand; see under Suppressions.",
    ),
    OPTED_OUT: Reason("Had opted out", "They asked for no more messages; nothing is sent to them."),
    NO_ADDRESS: Reason("Has no e-mail address", "Add an address to the contact."),
    MISSING_VARIABLE: Reason("A variable has no value", "Fill in the contact's field, or give it a fallback."),
    CANCELLED: Reason("The e-mail was cancelled", "It was cancelled before their turn."),
    CANNOT_BUILD: Reason("The e-mail could not be put together", "Compare its variables with its text."),
    UNKNOWN: Reason("Resend gave no reason", "Try again later; if it stays so, ask Resend's support.", True),
    UNCERTAIN: Reason(
        "It may or may not have been sent",
        "Resend gave no answer as long as it knows the request. Its own report settles it; if none comes, decide "
        "yourself.",
    ),
    # What the provider reports of an e-mail that it had taken (its words).
    "bounced": Reason("Bounced for good", "The mailbox does not exist or takes nothing; the address is suppressed."),
    "complained": Reason("Marked as spam", "They do not want this; the address is suppressed."),
    "failed": Reason("Resend could not send it", "See what Resend says; then send to this person again.", True),
}

TRIED_OFTEN: Final = "It was tried several times. Send again when Resend has recovered."


def explain(code: str) -> Reason:
    """The reason behind a code of the ledger."""
    if code in OURS:
        return OURS[code]
    meaning = email_meaning_of(code)
    if meaning is None:
        return OURS[UNKNOWN]
    advice = TRIED_OFTEN if meaning.action.sends_again else meaning.advice  # it has failed: no more comes by itself
    return Reason(meaning.title, advice, meaning.action is not Action.RECIPIENT)


def code_of(error: SendError) -> str:
    """The code as the ledger keeps it."""
    return (error.code or UNKNOWN)[:60]


def in_words(error: SendError) -> str:
    """What to show for it."""
    return f"{error.title}: {error.message}" if error.message and error.message != error.title else error.title
