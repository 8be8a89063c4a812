"""The provider's errors: titles, the HTTP status each comes with, and the envelopes.

The provider's own documents disagree about HTTP statuses, so these are our choice; clients act on `code`.
"""

from dataclasses import dataclass
from typing import Any

_HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True, slots=True)
class Known:
    title: str
    http: int


CODES: dict[int, Known] = {
    0: Known("AuthException", 401),
    1: Known("API Unknown", 500),
    2: Known("API Service", 503),
    3: Known("API Method", 403),
    4: Known("Application request limit reached", 429),
    10: Known("Permission denied", 403),
    33: Known("Parameter value is not valid", 400),
    100: Known("Invalid parameter", 400),
    190: Known("Invalid OAuth access token", 401),
    200: Known("Permissions error", 403),
    368: Known("Temporarily blocked for policies violations", 403),
    80008: Known("Too many calls to this WhatsApp Business account", 429),
    80007: Known("Rate limit issues", 429),
    130403: Known("User is blocked by the business", 403),
    130429: Known("Rate limit hit", 429),
    130472: Known("User's number is part of an experiment", 400),
    130497: Known("Business account is restricted from messaging users in this country", 403),
    131000: Known("Something went wrong", 500),
    131005: Known("Access denied", 403),
    131008: Known("Required parameter is missing", 400),
    131009: Known("Parameter value is not valid", 400),
    131016: Known("Service unavailable", 503),
    131021: Known("Recipient cannot be sender", 400),
    131026: Known("Message undeliverable", 400),
    131030: Known("Recipient phone number not in allowed list", 400),
    131031: Known("Account has been locked", 403),
    131037: Known("Display name is not approved", 400),
    131042: Known("Business eligibility payment issue", 400),
    131045: Known("Incorrect certificate", 500),
    131047: Known("Re-engagement message", 400),
    131048: Known("Spam rate limit hit", 429),
    131049: Known("This message was not delivered to maintain healthy ecosystem engagement", 400),
    131050: Known("User has stopped receiving marketing messages from this business", 400),
    131051: Known("Unsupported message type", 400),
    131053: Known("Media upload error", 400),
    131056: Known("(Business Account, Consumer Account) pair rate limit hit", 429),
    131057: Known("Account in maintenance mode", 503),
    131062: Known("Business-scoped user ids are not supported here", 400),
    131063: Known("Marketing messages are disabled on this API", 400),
    132000: Known("Number of parameters does not match the expected number of params", 400),
    132001: Known("Template name does not exist in the translation", 400),
    132005: Known("Template hydrated text too long", 400),
    132007: Known("Template format character policy violated", 400),
    132008: Known("Template parameter value is not valid", 400),
    132012: Known("Template parameter format mismatch", 400),
    132015: Known("Template is paused", 400),
    132016: Known("Template is disabled", 400),
    132018: Known("Template parameters are not valid", 400),
    133004: Known("Server temporarily unavailable", 503),
    133010: Known("Phone number not registered", 400),
    135000: Known("Generic user error", 400),
}

# The provider learns of these only after it has answered "accepted", so they come as a `failed` status.
LATER = frozenset({131026, 131049, 131050})


class ApiError(Exception):
    """A refusal on the provider's API. `details` is for people; `retry_after` is in seconds."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        http: int | None = None,
        subcode: int | None = None,
        message: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        known = CODES.get(code, Known("Error", 400))
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details
        self.http = http or known.http
        self.subcode = subcode
        self.message = message or f"(#{code}) {known.title}"
        self.retry_after = retry_after

    def envelope(self, trace_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        error["fbtrace_id"] = trace_id
        return {"error": error}


def status_error(code: int, details: str = "") -> dict[str, Any]:
    """The error inside a `failed` status: `title` and `message` are the same there."""
    title = CODES.get(code, Known("Error", 400)).title
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": _HREF,
    }
