"""The provider's errors: the HTTP status each comes with by default, and the envelope."""

from typing import Any

# `validation_error` comes with 400, 403 and 422: it depends on what is wrong.
NAMES: dict[str, int] = {
    "invalid_idempotency_key": 400,
    "validation_error": 422,
    "missing_api_key": 401,
    "restricted_api_key": 401,
    "invalid_api_key": 403,
    "invalid_permission": 403,
    "suspended_api_key": 403,
    "email_above_quota": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "invalid_idempotent_request": 409,
    "concurrent_idempotent_requests": 409,
    "resource_locked": 409,
    "missing_required_field": 422,
    "missing_required_parameter": 422,
    "invalid_parameter": 422,
    "invalid_attachment": 422,
    "invalid_from_address": 422,
    "invalid_access": 422,
    "invalid_region": 422,
    "rate_limit_exceeded": 429,
    "daily_quota_exceeded": 429,
    "monthly_quota_exceeded": 429,
    "security_error": 451,
    "application_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
}


class ApiError(Exception):
    """A refusal on the provider's API. `retry_after` is in seconds."""

    def __init__(self, name: str, message: str, *, http: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.http = http or NAMES[name]
        self.retry_after = retry_after

    def envelope(self) -> dict[str, Any]:
        return {"statusCode": self.http, "name": self.name, "message": self.message}
