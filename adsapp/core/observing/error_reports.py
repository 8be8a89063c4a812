"""Errors that are nobody's fault but ours, told to Sentry: which, where in the code, and of which job and organization.

What an error says in its own words stays here. It may repeat what somebody entered, and it leaves the house: so a
report is made anew of what is known to tell of nobody, and has neither texts, bodies, headers nor variables. The log,
found by the same `request_id`, has the rest. While SENTRY_DSN is not set the library is not loaded.
"""

import atexit
from dataclasses import dataclass
from typing import Any, Final

from adsapp.config import VERSION, Settings
from adsapp.core import logs

LAST_WORDS_SECONDS: Final = 2.0
TAGS: Final = ("organization", "job_id", "request_id", "attempt")  # bound by whoever logs
SAME: Final = ("event_id", "timestamp", "level", "platform", "release", "environment", "sdk")
FRAME: Final = ("filename", "function", "module", "lineno", "in_app")


@dataclass
class _State:
    client: Any = None  # None while it is off


_state = _State()


def turn_on(settings: Settings, service: str) -> None:
    """Tell of this process's errors from here on, if it is known whom."""
    if not settings.sentry_dsn or _state.client is not None:
        return
    import sentry_sdk

    _state.client = sentry_sdk.Client(
        dsn=settings.sentry_dsn,
        release=f"adsapp@{VERSION}",
        environment=settings.sentry_environment,
        before_send=lambda event, _hint: scrubbed(event, service),
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
    )
    atexit.register(turn_off)


def turn_off() -> None:
    """Send what is there, if it is taken at once, and tell nothing more."""
    client, _state.client = _state.client, None
    if client is not None:
        client.close(timeout=LAST_WORDS_SECONDS)


def report(error: BaseException, **tags: str) -> None:
    """Tell of an error that should not have been; sent by another thread, soon."""
    if _state.client is None:
        return
    from sentry_sdk.utils import event_from_exception

    event, hint = event_from_exception(error, client_options=_state.client.options)
    known = {name: str(logs.bound(name)) for name in TAGS if logs.bound(name) is not None}
    event["tags"] = known | tags
    _state.client.capture_event(event, hint)


def scrubbed(event: Any, service: str = "") -> Any:
    """What is sent of an event: a new one, of the parts that tell of nobody."""
    tags = {name: value for name, value in (event.get("tags") or {}).items() if name in (*TAGS, "kind", "route")}
    raised = (event.get("exception") or {}).get("values") or []
    return {
        **{name: event[name] for name in SAME if name in event},
        "tags": {**tags, "service": service},
        "exception": {"values": [_raised(each) for each in raised]},
    }


def _raised(value: Any) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "stacktrace": {"frames": [{name: frame[name] for name in FRAME if name in frame} for frame in frames]},
    }
