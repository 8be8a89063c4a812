"""A pause for programs: the API and health say it alike."""

from typing import Any

from adsapp.core.clock import iso
from adsapp.jobs.waiting import Pause


def pause_json(pause: Pause | None) -> dict[str, Any] | None:
    """Who paused, why, since when; `until` None: until somebody resumes it. None where nothing is paused."""
    if pause is None:
        return None
    return {
        "by": pause.by,
        "reason": pause.reason,
        "at": iso(pause.paused_at),
        "until": iso(pause.paused_until),
    }
