"""Whether the provider can fetch a file at an address: asked for its first bytes as the provider would, and remembered
for a minute, so that typing on asks nobody again. Waits: never inside a transaction.
"""

import time
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

from adsapp.core import context
from adsapp.core.outgoing import Answer, Caller, Limits, OutgoingError
from adsapp.integrations.media import MediaRule
from adsapp.message_templates.files.kinds import CALLED, HEAD, sniff, why_not

LASTS: Final = 60.0  # seconds
MOST: Final = 500  # addresses that are remembered
LIMITS: Final = Limits(seconds=8.0, most_bytes=HEAD, is_cut=True)
_lock = Lock()
_found: dict[tuple[str, str], tuple[float, str]] = {}


def look(wanted: Iterable[tuple[str, str]], rules: Mapping[str, MediaRule]) -> None:
    """Look at these addresses, each with the kind of header it is for, unless that was done a moment ago."""
    caller = Caller.of(context.settings(), LIMITS)
    for kind, url in wanted:
        if known(kind, url) is None:
            told = _ask(caller, kind, url, rules)
            with _lock:
                _forget_some()
                _found[kind, url] = (time.monotonic(), told)


def known(kind: str, url: str) -> str | None:
    """Why the file at an address cannot be sent, "" if it can, None if nobody has looked lately."""
    with _lock:
        at, told = _found.get((kind, url), (0.0, ""))
    return told if at and time.monotonic() - at < LASTS else None


def _forget_some() -> None:
    while len(_found) >= MOST:
        del _found[next(iter(_found))]


def _ask(caller: Caller, kind: str, url: str, rules: Mapping[str, MediaRule]) -> str:
    try:
        answer = caller.ask("GET", url, headers={"Range": f"bytes=0-{HEAD - 1}", "Accept": "*/*"})
    except OutgoingError as error:
        return f"the {CALLED[kind]} cannot be fetched. {error.message}"
    if answer.status not in (200, 206):
        return f"the {CALLED[kind]} cannot be fetched: its server answers {answer.status}"
    return _judge(answer, kind, rules)


def _judge(answer: Answer, kind: str, rules: Mapping[str, MediaRule]) -> str:
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = sniff(answer.body, answer.url.partition("?")[0])
    told = why_not(found or said, _size(answer), kind, rules)
    if told:
        return f"the file at this address {told}"
    if said not in rules[kind].types:
        what = f"calls it {said}" if said else "does not say what it is"
        return f"its server {what}, and WhatsApp goes by that. Let the server call it {found}, or upload the file here"
    return ""


def _size(answer: Answer) -> int | None:
    """How large the whole file is, if the server says so."""
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    text = total if answer.status == 206 else answer.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None
