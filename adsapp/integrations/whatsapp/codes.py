"""The Cloud API's error codes as data: what each means, what a person does, what the sender does. Pure.

Source: the provider's error code reference (2025-10 to 2026-09) and, for the codes it leaves out, public
reports.
"""

from __future__ import annotations

from typing import Final

from adsapp.integrations.errors import Action, Meaning

DAY: Final = 86_400.0


_RENEW = "Create a new access token for this WhatsApp account at Meta and save it under Settings → WhatsApp."
_RIGHTS = "Give the app's system user the WhatsApp messaging permissions for this account, then try again."
_LATER = "Nothing to do: it is sent again by itself."
_SLOWER = "Nothing to do: sending goes on more slowly. If it happens often, lower this number's messages a second."
_TEMPLATE = "Sync the templates, compare the campaign's variables with the template, then start it anew."
_VALUE = "Correct this contact's value and send to this person again."
_NUMBER = "Check the number with the person; other messages go on."
_META = "See the account's status in Meta Business Suite."
_REGISTER = "Register the phone number for the Cloud API."
_MARKETING = "Choose a marketing template."

_RETRY, _SLOW, _PAIR, _WAIT = Action.RETRY, Action.SLOW_NUMBER, Action.RETRY_RECIPIENT, Action.WAIT_24H
_PERSON, _OPT_OUT, _CAMPAIGN, _ACCOUNT = Action.RECIPIENT, Action.OPT_OUT, Action.CAMPAIGN, Action.ACCOUNT

MEANINGS: Final[dict[int, Meaning]] = {
    0: Meaning("WhatsApp could not recognise the app", _RENEW, _ACCOUNT),
    1: Meaning("Invalid request, or a fault at WhatsApp", _LATER, _RETRY, attempts=2),
    2: Meaning("WhatsApp is overloaded or down", _LATER, _RETRY),
    3: Meaning("The app lacks a capability or permission", _RIGHTS, _ACCOUNT),
    4: Meaning("The app has made too many calls", _SLOWER, _SLOW, wait=60),
    10: Meaning("Permission missing or removed", _RIGHTS, _ACCOUNT),
    33: Meaning("The business phone number was deleted", "Choose another number for this account.", _ACCOUNT),
    100: Meaning("WhatsApp does not accept part of the request", _TEMPLATE, _CAMPAIGN),
    104: Meaning("The access token is missing", _RENEW, _ACCOUNT),
    190: Meaning("The access token is no longer valid", _RENEW, _ACCOUNT),
    368: Meaning("The account is restricted for a policy violation", _META, _ACCOUNT),
    80007: Meaning("The business account has reached its rate limit", _SLOWER, _SLOW, wait=60),
    80008: Meaning("Too many management calls on the business account", _SLOWER, _SLOW, wait=60),
    130403: Meaning(
        "Your business has blocked this person",
        "Unblock the person in WhatsApp if that was a mistake.",
        _PERSON,
    ),
    130429: Meaning("Messages are sent faster than this number allows", _SLOWER, _SLOW, wait=2),
    130472: Meaning(
        "The person is part of a WhatsApp experiment and gets no marketing",
        "Nothing was charged. Reach this person another way, or wait until they write to you.",
        _PERSON,
    ),
    130497: Meaning("The account may not message this country", "Leave this country out of the audience.", _PERSON),
    131000: Meaning("An unknown fault at WhatsApp", _LATER, _RETRY),
    131005: Meaning("Access denied", _RIGHTS, _ACCOUNT),
    131008: Meaning("A required parameter is missing", _TEMPLATE, _CAMPAIGN),
    131009: Meaning("A parameter has a value WhatsApp does not accept", _TEMPLATE, _CAMPAIGN),
    131016: Meaning("WhatsApp is unavailable for a moment", _LATER, _RETRY),
    131021: Meaning("Sender and recipient are the same number", "Leave your own number out of the audience.", _PERSON),
    131026: Meaning(
        "The message cannot be delivered to this number",
        "It may not be on WhatsApp, may use a very old version, or may have blocked you. " + _NUMBER,
        _PERSON,
    ),
    131030: Meaning(
        "The number is not on the test number's list",
        "A test number reaches only numbers on its list: add this one there, or send from a real number.",
        _PERSON,
    ),
    131031: Meaning("The account is locked", _META, _ACCOUNT),
    131037: Meaning("The number's display name is not approved", "Get the display name approved by Meta.", _ACCOUNT),
    131042: Meaning("There is a problem with payment", "Check the payment method in Meta Business Suite.", _ACCOUNT),
    131045: Meaning("The number is not registered correctly", _REGISTER, _ACCOUNT),
    131047: Meaning(
        "More than 24 hours since the person last wrote",
        "Only an approved template may be sent now: choose one.",
        _PERSON,
    ),
    131048: Meaning(
        "Too many people have blocked or reported this number",
        "Pause, look at the number's quality rating, and message only people who asked for it.",
        _ACCOUNT,
    ),
    131049: Meaning(
        "WhatsApp held this back: the person gets enough marketing already",
        "Wait at least 24 hours before you try this person again; trying earlier makes it longer.",
        _WAIT,
        wait=DAY,
    ),
    131050: Meaning("The person has stopped marketing from you", "Recorded as an opt-out.", _OPT_OUT),
    131051: Meaning("This kind of message is not supported", _TEMPLATE, _CAMPAIGN),
    131052: Meaning("A file the person sent could not be fetched", "Ask the person to send it again.", _PERSON),
    131053: Meaning(
        "The picture, video or document could not be uploaded",
        "Check the file's address, type and size.",
        _CAMPAIGN,
    ),
    131055: Meaning("Only marketing templates may be sent this way", _MARKETING, _CAMPAIGN),
    131056: Meaning(
        "Too many messages to the same person",
        "Nothing to do: this person is tried again a little later.",
        _PAIR,
        wait=6,
    ),
    131057: Meaning("The account is under maintenance", _LATER, _RETRY, wait=60),
    131062: Meaning("This kind of recipient id is not supported", "Send to the person's phone number.", _PERSON),
    131063: Meaning(
        "Marketing is switched off for this way of sending",
        "Allow marketing messages on the Cloud API in the account's settings at Meta.",
        _CAMPAIGN,
    ),
    131064: Meaning(
        "Sending is limited because templates were classified wrongly",
        "The limit lifts by itself. " + _META,
        _ACCOUNT,
    ),
    132000: Meaning("The number of variables differs from the template", _TEMPLATE, _CAMPAIGN),
    132001: Meaning(
        "The template does not exist in this language, or is not approved",
        "Sync the templates and choose one that is approved.",
        _CAMPAIGN,
        stops_campaign=True,
    ),
    132005: Meaning("The text is too long once the values are filled in", _TEMPLATE, _CAMPAIGN),
    132007: Meaning("The template's text breaks a WhatsApp rule", _TEMPLATE, _CAMPAIGN),
    132008: Meaning("A value is not accepted", _VALUE, _PERSON),
    132012: Meaning("A variable has the wrong kind or name", _TEMPLATE, _CAMPAIGN),
    132015: Meaning(
        "The template is paused for low quality",
        "Improve the template, or wait until WhatsApp lifts the pause.",
        _CAMPAIGN,
        stops_campaign=True,
    ),
    132016: Meaning("The template is disabled for good", "Make a new template.", _CAMPAIGN, stops_campaign=True),
    132018: Meaning("A value breaks a WhatsApp text rule", _VALUE, _PERSON),
    132068: Meaning("The template's flow is blocked", "Mend the flow at Meta.", _CAMPAIGN),
    132069: Meaning("The template's flow is slowed down", _SLOWER, _SLOW, wait=60),
    133004: Meaning("WhatsApp's server is unavailable for a moment", _LATER, _RETRY),
    133010: Meaning("The phone number is not registered", _REGISTER, _ACCOUNT),
    133016: Meaning("The number was registered too often", "Wait before registering it again.", _ACCOUNT),
    134011: Meaning("WhatsApp's payment terms are not accepted yet", "Accept the terms at Meta.", _ACCOUNT),
    134100: Meaning("Only marketing templates may be sent this way", _MARKETING, _CAMPAIGN),
    134101: Meaning("The template is still being prepared by WhatsApp", _LATER, _RETRY, wait=600),
    134102: Meaning("The account may not use marketing messages", "Switch the marketing way of sending off.", _ACCOUNT),
    135000: Meaning("WhatsApp does not accept the request's parameters", _TEMPLATE, _CAMPAIGN),
    137000: Meaning(
        "The person's identity key has changed",
        "Confirm the person's identity before you write again.",
        _PERSON,
    ),
    2494100: Meaning("The account is under maintenance", _LATER, _RETRY, wait=60),
}

PERMISSION: Final = Meaning("Permission missing or removed", _RIGHTS, _ACCOUNT)
UNKNOWN_NUMBER: Final = Meaning(
    "WhatsApp does not know this phone number id, or the token may not use it",
    "Compare the phone number id and business account id under Settings → WhatsApp with those at Meta.",
    _ACCOUNT,
)
BAD_VALUE: Final = MEANINGS[132018]
BAD_RECIPIENT: Final = Meaning("WhatsApp does not accept this recipient", _NUMBER, _PERSON)
PASSING: Final = Meaning("A passing fault at WhatsApp", _LATER, _RETRY)
# An unknown refusal is not repeated (each try may cost money or reputation) and stops nobody else.
UNKNOWN: Final = Meaning(
    "WhatsApp refused this message for a reason we do not know", "Look the code up at Meta.", _PERSON
)
BY_STATUS: Final[dict[int, Meaning]] = {
    401: MEANINGS[190],
    403: PERMISSION,
    404: UNKNOWN_NUMBER,
    429: MEANINGS[130429],
}


# Since April 2025 marketing templates to numbers of the United States are refused with 131049.
NO_MARKETING_IN = frozenset({"US"})


def meaning_of(code: str) -> Meaning | None:
    """What a code kept as text means; None if it cannot be one of the Cloud API's, which are numbers."""
    return MEANINGS.get(int(code), UNKNOWN) if code.isdecimal() and len(code) < 10 else None


# Which part of a submitted template a refusal is about, by the provider's number behind its code.
PARTS: Final[dict[int, str]] = {
    2388019: "name",
    2388023: "name",
    2388024: "name",
    2388039: "body",
    2388047: "header",
    2388072: "body",
    2388073: "footer",
    2388293: "body",
    2388299: "body",
}
