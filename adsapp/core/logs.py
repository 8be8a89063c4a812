"""Logs: one line for each event, on standard error; one hook removes secrets and what tells of people.

What a line belongs to (`request_id`, `job_id`, `organization`, `attempt`) is bound once, where the request or the job
begins, and stands in every line that is written until it ends.
"""

import contextlib
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final

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


# Of people: an e-mail address, and so many digits in a row as a phone number has. No id of ours looks like either.
_ADDRESS = re.compile(r"[^\s@<>\"'=:]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d{9,15}(?![\w.:-])")


Tell = Callable[..., Any]  # `log.info` or another level of it


class LogFormat(StrEnum):
    """How a line is written: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default={})  # noqa: B039  # never changed, only replaced


def processors(form: LogFormat) -> list[Any]:
    """What makes a line of an event. Few steps, since busy processes write some hundred lines a second."""
    return [_add_bound, _add_trace, _clean, _RENDERERS[form]]


def _add_bound(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**_bound.get(), **event}


def _add_trace(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.processors.format_exc_info(logger, method, event) if "exc_info" in event else event


def _clean(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When, how grave and what come first. The values of fields that are named like secrets are removed; from texts,
    bearer tokens, rows of the database, e-mail addresses and phone numbers."""
    line = {"timestamp": _now(), "level": method, "event": event.pop("event", None)}
    for name, value in event.items():
        if _is_secret(name):
            line[name] = "[redacted]"
        elif type(value) is str and name not in _OURS:
            line[name] = _redacted(value)
        else:
            line[name] = value
    return line


def _now() -> str:
    """Now, to the microsecond; made by hand, since each line has it."""
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(seconds)}.{micros:06d}Z"


@lru_cache(2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


@cache
def _is_secret(name: str) -> bool:
    """By its name; there are few, and each is asked about with every line."""
    return _SECRET_NAMES.search(name) is not None


def _redacted(text: str) -> str:
    if len(text) < SHORT and text.isascii() and text.replace("-", "a").replace("_", "a").isalpha():
        return text  # a word: a kind, a queue, a status
    return _without_people(_DETAIL.sub("DETAIL: [redacted]\n", _BEARER.sub(r"\1[redacted]", text)))


def _without_people(text: str) -> str:
    return _NUMBER.sub("[number]", _ADDRESS.sub("[address]", text) if "@" in text else text)


SHORT: Final = 40
_OURS = frozenset(("job_id", "organization", "request_id"))  # never anybody's text
_as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return _as_json(event)


_RENDERERS: Mapping[LogFormat, Any] = {
    LogFormat.TEXT: structlog.processors.LogfmtRenderer(bool_as_flag=False),
    LogFormat.JSON: _render_json,
}
PROCESSORS: list[Any] = processors(LogFormat.TEXT)


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


class _LibraryLine(logging.Formatter):
    """A line of a library's logger, written as ours are."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._processors = processors(form)

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line: Any = {"event": "library", "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exc_info"] = record.exc_info
        for process in self._processors:
            line = process(None, record.levelname.lower(), line)
        return str(line)


class _LibraryHandler(logging.Handler):
    """Writes where our own lines go, and is as forgiving."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        StandardError().msg(self.format(record))


def configure_logs(level: str, form: str = LogFormat.TEXT) -> None:
    """Set up structlog and the libraries' loggers; once in each process."""
    handler = _LibraryHandler()
    handler.setFormatter(_LibraryLine(LogFormat(form)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("huey").setLevel(logging.ERROR)
    structlog.configure(
        processors=processors(LogFormat(form)),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=StandardError,
        cache_logger_on_first_use=True,
    )


def get_logger() -> Any:
    """A logger: `log.info("what_happened", job_id=…)`."""
    return structlog.get_logger()


def bind(**about: Any) -> None:
    """Every line that this thread writes from here on has these fields too, until `unbind`."""
    _bound.set({**_bound.get(), **about})


def unbind(*names: str) -> None:
    """The lines to come have these fields no more."""
    _bound.set({name: value for name, value in _bound.get().items() if name not in names})


def bound(name: str) -> Any:
    """What is bound under this name; None if nothing is."""
    return _bound.get().get(name)


@contextlib.contextmanager
def telling_of(**about: Any) -> Iterator[None]:
    """Within it, every line of this thread has these fields; those that are None are left out."""
    before = _bound.get()
    _bound.set({**before, **{name: value for name, value in about.items() if value is not None}})
    try:
        yield
    finally:
        _bound.set(before)
