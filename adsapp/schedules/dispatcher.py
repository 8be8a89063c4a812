"""The dispatcher of schedules: a look in every worker process, at rest until the next one is due.

However many look at the same moment, each time is fired once (`firing`). At rest a look is one statement that takes no
lock, every few seconds, as the reaper's.
"""

from math import inf

from flask import Flask
from sqlalchemy import Engine

from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.logs import get_logger
from adsapp.jobs.broker import Broker
from adsapp.schedules import firing
from adsapp.schedules.firing import Ahead

log = get_logger()

MOST_PATIENCE_SECONDS = 10.0
A_MOMENT_SECONDS = 0.1  # another dispatcher holds what is due, or a job that is waited for is just ending


class Dispatcher:
    """What `WorkerProcess` calls, again whenever as many seconds have passed as it answers."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._broker: Broker = app.extensions["broker"]
        settings: Settings = app.config["SETTINGS"]
        self._attempts = settings.job_attempts
        self._patience = A_MOMENT_SECONDS

    def __call__(self, engine: Engine, clock: DatabaseClock) -> float:
        """Fire what is due; for how many seconds there is nothing more to do, as far as that is known."""
        ahead = firing.look_ahead(engine)
        if ahead.replacing:
            self._replace(engine)
        rest = _rest(ahead, clock)
        if rest > 0:
            return rest
        fired = firing.fire_due(engine, clock, self._attempts)
        self._wake(fired)
        return 0.0 if fired.schedules else self._wait()

    def _wait(self) -> float:
        """Longer with each look that finds nothing it may fire: of a kind that only newer workers know, that lasts."""
        self._patience = min(2 * self._patience, MOST_PATIENCE_SECONDS)
        return self._patience / 2

    def _wake(self, fired: firing.Fired) -> None:
        if fired.schedules:
            self._patience = A_MOMENT_SECONDS
        if fired.jobs:
            log.info("schedules_fired", schedules=fired.schedules, jobs=fired.jobs)
        for queue in fired.queues:
            try:
                self._broker.due(queue)
            except Exception as error:  # the broker is away: the sweep looks by itself
                log.warning("nudge_lost", error=type(error).__name__)

    def _replace(self, engine: Engine) -> None:
        """Cancel the runs that are to give way. A run of theirs waits until they have ended."""
        from adsapp.schedules import overlapping  # what a person may do to jobs: only those who need it load it

        for organization_id, fire_id in firing.replacing(engine):
            with db.organization_context(self._app, organization_id):
                overlapping.cancel_old(fire_id)
                db.session.commit()


def _rest(ahead: Ahead, clock: DatabaseClock) -> float:
    return inf if ahead.due_at is None else (ahead.due_at - clock.now()).total_seconds()
