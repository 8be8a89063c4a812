"""The look at all rules of an organization, once a minute, by one process however many there are.

A row says when the organization was last looked at; who moves it on looks. Each look reads figures and counters first,
without any lock, and writes only if something is wrong, was wrong, or is to be told.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from flask import Flask
from sqlalchemy import Engine, Select, or_, select, update

from adsapp.alerts import course, digest, queries
from adsapp.alerts.models import AlertIncident, AlertWatch, What
from adsapp.alerts.rules import RULES, Conditions, Facts, Finding
from adsapp.alerts.telling import tell
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.db.rows import insert_new
from adsapp.core.logs import get_logger
from adsapp.organizations.models import Organization

log = get_logger()

EVERY: Final = timedelta(seconds=60)
LOOK_EVERY_SECONDS: Final = 15.0  # how often each process asks whether a look is due
A_LITTLE: Final = timedelta(seconds=5)  # so that a look that comes a moment early is not put off by a whole round
UNTOLD_FOR: Final = timedelta(days=1)  # what ended in quiet hours is told for so long


class Watcher:
    """What a worker process calls besides its jobs: says how many seconds it need not be called."""

    def __init__(self, app: Flask, *, every: float = LOOK_EVERY_SECONDS) -> None:
        self._app, self._every = app, every
        self._next = 0.0

    def __call__(self, _engine: Engine, clock: DatabaseClock) -> float:
        if time.monotonic() >= self._next:
            watch_all(self._app, clock.now())
            self._next = time.monotonic() + self._every
        return self._next - time.monotonic()


def watch_all(app: Flask, now: datetime) -> int:
    """Look at those organizations whose turn it is and that nobody else took; how many."""
    with app.app_context(), db.reading():
        due = _due(now)
    looked = 0
    for owner in due:
        with db.organization_context(app, owner):
            if take_turn(now):
                watch(now)
                digest.send_due(now)
                looked += 1
    return looked


def _due(now: datetime) -> Sequence[uuid.UUID]:
    late = or_(AlertWatch.watched_at.is_(None), AlertWatch.watched_at <= now - EVERY + A_LITTLE)
    with db.engine_transaction(db.job_engine()) as connection:
        joined = select(Organization.id).outerjoin(AlertWatch, AlertWatch.organization_id == Organization.id)
        return connection.execute(joined.where(late)).scalars().all()


def take_turn(now: datetime) -> bool:
    """True for the one who is to look at the bound organization now. Commits."""
    moved = update(AlertWatch).where(AlertWatch.watched_at <= now - EVERY + A_LITTLE).values(watched_at=now)
    is_ours = bool(db.session.execute(moved.returning(AlertWatch.watched_at)).all())
    is_ours = is_ours or bool(insert_new(AlertWatch, [{"watched_at": now}], returning=("watched_at",)))
    db.session.commit()
    return is_ours


def watch(now: datetime) -> None:
    """Look at every rule of the bound organization, and write and tell what came of it."""
    with db.reading():
        settings, before = queries.conditions(), queries.open_incidents()
        was = {kind: list(incident.keys) for kind, incident in before.items()}
        found = _look(settings, was, now)
        untold = _untold(now)
        db.session.rollback()
    if not any(found.values()) and not was and not untold:
        return
    _write(settings, found, now)
    db.session.commit()


def _look(
    settings: Mapping[str, Conditions], was: Mapping[str, Sequence[str]], now: datetime
) -> dict[str, list[Finding]]:
    """What each rule finds. One that breaks says so in the log and finds neither something nor nothing."""
    seen = Facts(now, {kind for kind in RULES if settings[kind].is_on})
    found = dict[str, list[Finding]]()
    for kind, rule in RULES.items():
        if not settings[kind].is_on:
            found[kind] = []
            continue
        try:
            found[kind] = list(rule.look(seen, settings[kind], was.get(kind, ())))
        except Exception as error:  # a bug in one rule must not silence the others
            log.error("rule_broke", rule=kind, error=f"{type(error).__name__}: {error}")
            db.session.rollback()
    return found


def _untold(now: datetime) -> bool:
    """True if something ended in quiet hours, or a moment ago, and nobody was told."""
    return db.session.scalars(_ended_untold(now).with_only_columns(AlertIncident.id).limit(1)).first() is not None


def _ended_untold(now: datetime) -> Select[AlertIncident]:
    return (
        select(AlertIncident)
        .where(AlertIncident.resolved_at >= now - UNTOLD_FOR, AlertIncident.told.in_([What.FIRED, What.GREW]))
        .order_by(AlertIncident.id.desc())
    )


def _write(settings: Mapping[str, Conditions], found: Mapping[str, Sequence[Finding]], now: datetime) -> None:
    db.session.expire_all()
    locked = select(AlertIncident).where(AlertIncident.resolved_at.is_(None)).with_for_update()
    standing = {incident.kind: incident for incident in db.session.scalars(locked)}
    for kind, findings in found.items():
        incident = _moved(standing.get(kind), kind, settings[kind], findings, now)
        if incident is not None and incident.resolved_at is None:
            _tell_if_due(incident, settings[kind], now)
    for kind, incident in standing.items():
        if kind not in RULES:  # of a version that knew another rule
            course.resolve(incident, now, "This version has no such rule")
    db.session.flush()
    for incident in db.session.scalars(_ended_untold(now).with_for_update()):
        _tell_if_due(incident, settings.get(incident.kind, Conditions()), now)


def _moved(
    incident: AlertIncident | None, kind: str, conditions: Conditions, findings: Sequence[Finding], now: datetime
) -> AlertIncident | None:
    """The incident after this look; None if there is none."""
    rule = RULES[kind]
    if findings:
        incident = incident or _came_back(kind, conditions, findings, now) or _added(course.begun(rule, now))
        course.note(incident, rule, conditions, findings, now)
        return incident
    if incident is None:
        return None
    if incident.opened_at is None:
        db.session.delete(incident)
        return None
    course.resolve(incident, now, course.OVER if conditions.is_on else "The rule was turned off")
    return incident


def _added(incident: AlertIncident) -> AlertIncident:
    incident.organization_id = db.require_organization_id()
    db.session.add(incident)
    return incident


def _came_back(kind: str, conditions: Conditions, findings: Sequence[Finding], now: datetime) -> AlertIncident | None:
    """The incident of this rule that ended within its cool-down and was about one of these; None for something new."""
    lately = (
        select(AlertIncident)
        .where(AlertIncident.kind == kind, AlertIncident.opened_at.is_not(None))
        .where(AlertIncident.resolved_at > now - conditions.cool_down)
        .order_by(AlertIncident.id.desc())
        .with_for_update()
    )
    incident = next((each for each in db.session.scalars(lately) if course.was_about(each, findings)), None)
    if incident is not None:
        course.reopen(incident)
    return incident


def _tell_if_due(incident: AlertIncident, conditions: Conditions, now: datetime) -> None:
    what = course.to_tell(incident, conditions, now)
    if what is None:
        return
    tell(incident, RULES[incident.kind], conditions, what, now)
    course.told(incident, what, now)
