"""Resend's errors as data: what each means, what a person does, what the sender does. Pure.

Source: the provider's error reference (2025-10 to 2026-09). A name that stands under two HTTP statuses with two
meanings has a line for each.
"""

from typing import Final

from adsapp.integrations.errors import Action, Meaning

WHERE: Final = "Settings → E-mail"

_KEY = f"Create a new API key at Resend and save it under {WHERE}."
_RIGHTS = f"Give the key the right to send at Resend, or save another one under {WHERE}."
_PLAN = "An owner of the account at Resend must raise its plan, or wait for the next month; then check the connection"
_PERSON = "Correct this person's address or values and send to this person again."
_TEXT = "Compare the e-mail with what Resend takes, correct it and send it anew."
_SENDER = f"Correct the sender's name and address under {WHERE}, then resume the e-mail."
_ADDRESS = f"See that the address of Resend's API is right: RESEND_API_BASE_URL, or the sandbox under {WHERE}."
_SAME = "Nothing to do: the same request goes again by itself, and nobody gets the e-mail twice."
_SLOWER = f"Nothing to do: sending goes on more slowly. If it happens often, lower the pace under {WHERE}."
_RENEWS = "Nothing to do: it goes on by itself when the quota renews. A larger plan at Resend has a larger one."
_OURS = "This is a fault of the program; tell whoever looks after it."

INVALID_FROM: Final = "invalid_from_address"
DOMAIN: Final = "domain_not_verified"  # ours: the provider calls this `validation_error`, with a 403
DAILY_QUOTA: Final = "daily_quota_exceeded"

_CAMPAIGN, _ACCOUNT, _SAME_REQUEST = Action.CAMPAIGN, Action.ACCOUNT, Action.SAME_REQUEST

MEANINGS: Final[dict[str, Meaning]] = {
    # 400
    "invalid_idempotency_key": Meaning("Resend does not take the request's key", _OURS, _CAMPAIGN, stops_campaign=True),
    # 400 and 422; a 403 of this name is `DOMAIN`
    "validation_error": Meaning("Resend does not accept part of the e-mail", _PERSON, _CAMPAIGN),
    # 401
    "missing_api_key": Meaning("The API key is missing", _KEY, _ACCOUNT),
    "restricted_api_key": Meaning("The API key is not allowed to do this", _RIGHTS, _ACCOUNT),
    # 403
    "invalid_api_key": Meaning("The API key is no longer valid", _KEY, _ACCOUNT),
    DOMAIN: Meaning(
        "The sender's domain is not verified at Resend",
        f"Verify it at Resend, or choose another sender's address under {WHERE}; then check the connection.",
        _ACCOUNT,
    ),
    "invalid_permission": Meaning("The API key lacks a permission", _RIGHTS, _ACCOUNT),
    "suspended_api_key": Meaning("Resend has suspended the API key", "Ask Resend's support why.", _ACCOUNT),
    "email_above_quota": Meaning("The account may not send this much", f"{_PLAN} under {WHERE}.", _ACCOUNT),
    # 404, 405
    "not_found": Meaning("Resend does not know this address", _ADDRESS, _CAMPAIGN, stops_campaign=True),
    "method_not_allowed": Meaning("Resend does not know this request", _ADDRESS, _CAMPAIGN, stops_campaign=True),
    # 409
    "invalid_idempotent_request": Meaning(
        "The request's key was used before for something else",
        "Whether these people got the e-mail is not known: decide on the e-mail's page.",
        Action.IN_DOUBT,
    ),
    "concurrent_idempotent_requests": Meaning("The same request is still under way", _SAME, _SAME_REQUEST, wait=1),
    "resource_locked": Meaning("Resend is at work on the same thing", _SAME, _SAME_REQUEST, wait=1),
    # 422
    "missing_required_field": Meaning("A part of the e-mail is missing", _TEXT, _CAMPAIGN),
    "missing_required_parameter": Meaning("A part of the request is missing", _TEXT, _CAMPAIGN),
    "invalid_parameter": Meaning("Resend does not accept a value of the e-mail", _PERSON, _CAMPAIGN),
    "invalid_attachment": Meaning(
        "Resend does not accept an attachment", "Take another file, and send the e-mail anew.", _CAMPAIGN
    ),
    INVALID_FROM: Meaning("The sender's address is not valid", _SENDER, _CAMPAIGN, stops_campaign=True),
    "invalid_access": Meaning("Resend does not give this right", _RIGHTS, _CAMPAIGN, stops_campaign=True),
    "invalid_region": Meaning("The sender's domain has an unknown region", _SENDER, _CAMPAIGN, stops_campaign=True),
    # 429
    "rate_limit_exceeded": Meaning("More requests than Resend allows", _SLOWER, Action.SLOW_NUMBER, wait=1),
    DAILY_QUOTA: Meaning("The daily quota is used up", _RENEWS, Action.QUOTA),
    "monthly_quota_exceeded": Meaning("The monthly quota is used up", f"{_PLAN} under {WHERE}.", _ACCOUNT),
    # 451
    "security_error": Meaning("Resend refuses this e-mail for security reasons", "Look at its content.", _CAMPAIGN),
    # 500, 503
    "application_error": Meaning("A fault at Resend", _SAME, _SAME_REQUEST),
    "internal_server_error": Meaning("A fault at Resend", _SAME, _SAME_REQUEST),
    "service_unavailable": Meaning("Resend is unavailable for a moment", _SAME, _SAME_REQUEST),
}

# An answer whose name is not one of these, by its HTTP status.
UNKNOWN: Final = Meaning("Resend does not accept the e-mail", _TEXT, _CAMPAIGN)
UNKNOWN_KEY: Final = Meaning("Resend refuses the API key", _KEY, _ACCOUNT)
UNKNOWN_LIMIT: Final = Meaning("Resend asks to wait", _SLOWER, Action.SLOW_NUMBER, wait=2)
UNKNOWN_FAULT: Final = Meaning("A fault at Resend", _SAME, _SAME_REQUEST)


def meaning_of(code: str) -> Meaning | None:
    """What a code in the ledger means; None for one that is not Resend's."""
    return MEANINGS.get(code)
