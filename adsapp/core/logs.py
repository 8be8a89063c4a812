"""Logs: one line for each event, on standard error; one hook removes secrets."""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

# structlog loads rich if it is installed, and another library brings it. It would only colour traces that are never
# printed here, and takes 3.5 MB in every process.
_rich = sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # how the import system marks a module as missing
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]

_SECRET_NAMES = re.compile(r"token|secret|password|authorization|api_key|payload|cookie", re.IGNORECASE)
_BEARER = re.compile(r"(?i)(bearer\s+)[\w.\-~+/]+=*")
# What PostgreSQL adds to an error about a row: the row itself ("Failing row contains (…)"), up to what it says next.
_DETAIL = re.compile(
    r"^DETAIL: .*?(?=^(?:HINT|CONTEXT|QUERY|\[SQL|\(Background|\s*$|The above|During)|\Z)", re.M | re.S
)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove the values of fields that are named like secrets; from texts, bearer tokens and rows of the database."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = _DETAIL.sub("DETAIL: [redacted]\n", _BEARER.sub(r"\1[redacted]", value))
    return event


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,  # of traces too
    structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
]


class StandardError:
    """Prints lines on standard error, whichever that is at the moment.

    A log that cannot be written (its pipe is gone, its disk is full) costs its lines, never the work they tell of.
    """

    def msg(self, line: str) -> None:
        """Print a line, as a whole."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def configure_logs(level: str) -> None:
    """Set up structlog and the libraries' loggers; once in each process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("huey").setLevel(logging.ERROR)
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=StandardError,
        cache_logger_on_first_use=True,
    )


def get_logger() -> Any:
    """A logger: `log.info("what_happened", job_id=…)`."""
    return structlog.get_logger()
