"""What the pages' forms send, as services take it."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.jobs.bulk.target import BulkAction

LONGEST_PAUSE_HOURS = 24 * 366
OLDEST_DAYS = 36_500


def verb_of(name: str) -> BulkAction:
    """What is done to ticked jobs; NotFound for any other word."""
    wanted = {verb.value: verb for verb in (BulkAction.RETRY, BulkAction.CANCEL, BulkAction.PRIORITIZE)}.get(name)
    if wanted is None:
        raise NotFound("Nothing of this name can be done to jobs")
    return wanted


def ids_of(values: Sequence[str]) -> list[uuid.UUID]:
    """The ticked rows, each once; what is no id is left out, as a row that is gone would be."""
    return list(dict.fromkeys(parsed for value in values if (parsed := parse_id(value))))


def end_of_pause(hours: str) -> datetime | None:
    """When a pause of so many hours ends; None for an empty field. Invalid if that is no length of time."""
    if not hours.strip():
        return None
    try:
        length = float(hours)
    except ValueError:
        length = 0.0
    if not 0 < length <= LONGEST_PAUSE_HOURS:
        raise Invalid.field("hours", "Choose how long, or leave it until somebody resumes it")
    return utcnow() + timedelta(hours=length)
