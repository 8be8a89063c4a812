"""A form that starts messages does so once, however often it is sent: by Back and Reload, or by two clicks.

Each form that is opened has an id of its own, which goes along through question and answer. With everything that was
typed it is the key of the job that the form starts. Whoever changes anything asks for something else.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Final

from adsapp.jobs import Job
from adsapp.jobs.idempotency import find_replay

ID_BYTES: Final = 12
LONGEST_ID: Final = 40


def new_form() -> str:
    """The id of a form that is opened now."""
    return secrets.token_urlsafe(ID_BYTES)


def form_of(given: str) -> str:
    """The id that came with a form, or a new one if that is none of ours."""
    return given if 0 < len(given) <= LONGEST_ID and given.isascii() and given.isprintable() else new_form()


def key_of(pairs: Iterable[tuple[str, str]]) -> str:
    """The key of everything that is in a form, its id included; with a blank, which no key of the API has."""
    typed = json.dumps(sorted(pairs)).encode()
    return f"form {hashlib.sha256(typed).hexdigest()[:48]}"


def begun_by(key: str) -> Job | None:
    """The job that this very form has started already."""
    return find_replay(key, key)
