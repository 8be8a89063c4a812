"""Logs: one line an event, on standard error, with secrets taken out by one hook."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

# structlog would load rich, which comes with another library, for coloured traces that are never printed here: 3.5 MB
# in every process.
_rich = sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # the import system's own word for "not there"
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]

_SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_key|payload|cookie", re.IGNORECASE)
_BEARER = re.compile(r"(?i)(bearer\s+)[\w.\-~+/]+=*")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take the value out of whatever is named like a secret, and bearer tokens out of texts."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = _BEARER.sub(r"\1[redacted]", value)
    return event


def configure_logs(level: str) -> None:
    """Set structlog and the libraries' loggers up once a process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("huey").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger() -> Any:
    """A logger: `log.info("what_happened", job_id=…)`."""
    return structlog.get_logger()
