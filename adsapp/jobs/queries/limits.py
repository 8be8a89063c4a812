"""What an organization allows itself of each queue."""

from adsapp.core import db
from adsapp.jobs.models import QueueLimit
from adsapp.jobs.states import Queue

LIMITS = ("at_once", "per_minute", "waiting")


def get_limit(queue: Queue) -> QueueLimit | None:
    """The limits of the queue, with who set them and when; None if it has no limit."""
    return db.session.get(QueueLimit, (db.require_organization_id(), queue))


def limits_of(queue: Queue) -> dict[str, int | None]:
    """The three limits of the queue by name; None is no limit."""
    return limit_values(get_limit(queue))


def limit_values(limit: QueueLimit | None) -> dict[str, int | None]:
    """The three limits by name; None is no limit."""
    return {name: getattr(limit, name) if limit else None for name in LIMITS}
