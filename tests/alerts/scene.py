"""Harbour Bakery's alerts in tests: look at the rules at some time, deliver what is to be told, read the end."""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from adsapp.alerts import delivering, queries, service, watching
from adsapp.alerts.models import AlertDelivery, AlertIncident, AlertRule, ChannelKind, DeliveryState, Severity
from adsapp.alerts.rules import RULES
from adsapp.alerts.service import ChannelIn
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, Snooze, State
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast

SECRET = "whsec-of-the-tests-0123456789"


class NoProgress:
    """A job's progress, for deliveries that no worker runs."""

    def commit(self) -> None:
        db.session.commit()


@dataclass
class Alerts:
    """What tests do with them."""

    app: Flask
    cast: Cast

    def within(self, call: Callable[[], Any], *, commit: bool = True) -> Any:
        """Something done in a session of the organization."""
        with db.organization_context(self.app, self.cast.bakery_id):
            found = call()
            if commit:
                db.session.commit()
            return found

    def look(self, now: datetime) -> list[str]:
        """Look at all rules; the kinds of those that are open now."""

        def call() -> list[str]:
            watching.watch(now)
            return sorted(incident.kind for incident in queries.list_open())

        found: list[str] = self.within(call)
        return found

    def incident(self, kind: str) -> AlertIncident:
        """The rule's newest incident."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            newest = select(AlertIncident).where(AlertIncident.kind == kind).order_by(AlertIncident.id.desc())
            found = db.session.scalars(newest.limit(1)).one()
            db.session.expunge(found)
            return found

    def deliveries(self, *kinds: str) -> list[AlertDelivery]:
        """What was told of these rules, oldest first; of all if none is named."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            wanted = select(AlertDelivery).order_by(AlertDelivery.id)
            found = list(db.session.scalars(wanted.where(AlertDelivery.kind.in_(kinds)) if kinds else wanted))
            db.session.expunge_all()
            return found

    def deliver(self) -> int:
        """Deliver all that waits, once; how many."""
        waiting = [each.id for each in self.deliveries() if each.state is DeliveryState.WAITING]
        for delivery_id in waiting:
            with db.organization_context(self.app, self.cast.bakery_id), contextlib.suppress(Snooze):
                delivering.deliver(delivery_id, NoProgress())  # type: ignore[arg-type]
        return len(waiting)

    def told(self, kind: str) -> list[tuple[str, str]]:
        """What was told of it and by which channel."""
        return [(each.what.value, each.channel_name) for each in self.deliveries(kind)]

    def set_rule(self, kind: str, **changes: Any) -> None:
        """Change how a rule is set."""
        self.within(
            lambda: service.save_rule(RULES[kind], replace(queries.conditions_of(RULES[kind]), **changes), NOBODY)
        )

    def only(self, *kinds: str) -> None:
        """Turn all other rules off."""
        for kind in RULES:
            if kind not in kinds:
                self.set_rule(kind, is_on=False)

    def add_channel(self, kind: ChannelKind, url: str, name: str = "") -> uuid.UUID:
        """A channel that leads there."""

        def call() -> uuid.UUID:
            data = ChannelIn(kind=kind, name=name or kind.value.title(), address=url, secret=SECRET)
            return service.add_channel(data, NOBODY).id

        added: uuid.UUID = self.within(call)
        return added

    def alert_jobs(self) -> list[Job]:
        """The jobs that tell."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            found = list(db.session.scalars(select(Job).where(Job.processor.startswith("deliver-alert"))))
            db.session.expunge_all()
            return found

    def change_all(self, model: Any, **values: Any) -> None:
        """Change all rows of a table."""
        self.within(lambda: db.session.execute(update(model).values(**values)))


def open_incident(organization_id: uuid.UUID, kind: str, **values: Any) -> AlertIncident:
    """An alert that a rule has just found and the bell shows."""
    now = utcnow()
    moments = dict.fromkeys(("since", "seen_at", "opened_at", "last_at"), now)
    told = {"title": f"About {kind}", "text": "Why", "action": "Look", "url": "/schedules", "count": 1, "peak": 1}
    severity = Severity.WARNING
    return AlertIncident(organization_id=organization_id, kind=kind, severity=severity, **(moments | told | values))


__all__ = ["SECRET", "AlertRule", "Alerts", "State"]
