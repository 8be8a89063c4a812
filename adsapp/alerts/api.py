"""Alerts for programs: what is open and was, rules, channels, what was told."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.alerts import queries, service
from adsapp.alerts.channels.message import NotTold, Told
from adsapp.alerts.models import AlertChannel, AlertDelivery, AlertIncident, ChannelKind, Severity
from adsapp.alerts.rules import RULES, Conditions, Quiet, Rule
from adsapp.alerts.service import ChannelChanges, ChannelIn
from adsapp.alerts.trial import Trial, try_rule
from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import clock, in_utc
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission

api = Blueprint("alerts_api", __name__, url_prefix="/api")


class AlertsQuery(BaseModel):
    """Which of them, and where in the list."""

    state: Literal["open", "all"] = "open"
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


class ListQuery(BaseModel):
    """Where in the list."""

    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


class AcknowledgeBody(BaseModel):
    """Why, if that is to be known."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field("", max_length=200)


class SnoozeBody(BaseModel):
    """Until when nobody is told: a moment with its zone."""

    model_config = ConfigDict(extra="forbid")

    until: str


class QuietBody(BaseModel):
    """Hours of a day in which nobody is told, 22:00 to 07:00 for example."""

    model_config = ConfigDict(extra="forbid")

    starts: str
    ends: str
    time_zone: str = "UTC"


class RuleBody(BaseModel):
    """What changes of a rule; what is not named stays. `channels` null: all there are; `quiet` null: none."""

    model_config = ConfigDict(extra="forbid")

    is_on: bool | None = None
    threshold: float | None = None
    clears_at: float | None = None
    window_minutes: int | None = None
    for_minutes: int | None = None
    cool_down_minutes: int | None = None
    severity: Severity | None = None
    channels: list[str] | None = None
    quiet: QuietBody | None = None


class ChannelBody(BaseModel):
    """A channel. A webhook without a secret gets one, which this answer alone shows."""

    model_config = ConfigDict(extra="forbid")

    kind: ChannelKind
    name: str
    address: str
    secret: str = ""


class ChannelChangesBody(BaseModel):
    """What changes of a channel; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    address: str | None = None
    secret: str | None = None
    is_on: bool | None = None


@api.get("/alerts")
@reads(AlertsQuery)
@allow(Permission.SEE)
def list_alerts() -> ResponseReturnValue:
    """What is open, the gravest first; or all there were, newest first."""
    asked, mask = parse_query(AlertsQuery), current_actor().mask
    if asked.state == "open":
        return {"alerts": [alert_json(each, mask) for each in queries.list_open()], "next": None}
    page = queries.list_incidents(asked.cursor, asked.limit)
    return {"alerts": [alert_json(each, mask) for each in page.items], "next": page.next}


@api.get("/alerts/<incident_id>")
@allow(Permission.SEE)
def show_alert(incident_id: str) -> ResponseReturnValue:
    """One alert, and what was told of it."""
    incident, mask = _incident(incident_id), current_actor().mask
    told = queries.list_deliveries(incident.id).items
    return {**alert_json(incident, mask), "deliveries": [delivery_json(each, mask) for each in told]}


@api.post("/alerts/<incident_id>/acknowledgements")
@allow(Permission.MANAGE)
def acknowledge(incident_id: str) -> ResponseReturnValue:
    """Take it on: nobody is told again, but that it is over."""
    return _changed_alert(incident_id, service.acknowledge, parse_body(AcknowledgeBody).note)


@api.post("/alerts/<incident_id>/snoozes")
@allow(Permission.MANAGE)
def snooze(incident_id: str) -> ResponseReturnValue:
    """Tell nobody until then."""
    body = parse_body(SnoozeBody)
    return _changed_alert(incident_id, lambda incident, by: service.snooze(incident, _moment(body.until), by))


@api.delete("/alerts/<incident_id>/acknowledgements")
@allow(Permission.MANAGE)
def give_back(incident_id: str) -> ResponseReturnValue:
    """Look after it no more: it is told of as before."""
    return _changed_alert(incident_id, service.give_back)


@api.delete("/alerts/<incident_id>/snoozes")
@allow(Permission.MANAGE)
def wake(incident_id: str) -> ResponseReturnValue:
    """Put it off no more: it is told of as before."""
    return _changed_alert(incident_id, service.wake)


def _changed_alert(incident_id: str, change: Callable[[AlertIncident, By], None], why: str = "") -> ResponseReturnValue:
    incident, actor = _incident(incident_id), current_actor()
    change(incident, actor.by(why))
    db.session.commit()
    return alert_json(incident, actor.mask)


@api.get("/alert-rules")
@allow(Permission.SEE)
def list_rules() -> ResponseReturnValue:
    """All rules, and how each is set."""
    settings, changed = queries.conditions(), queries.changed_kinds()
    return {"rules": [rule_json(RULES[kind], settings[kind], kind in changed) for kind in RULES]}


@api.patch("/alert-rules/<kind>")
@allow(Permission.MANAGE)
def change_rule(kind: str) -> ResponseReturnValue:
    """Set a rule."""
    rule, body = queries.get_rule(kind), parse_body(RuleBody)
    conditions = _changed(queries.conditions_of(rule), body)
    service.save_rule(rule, conditions, current_actor().by())
    db.session.commit()
    return rule_json(rule, conditions, is_changed=True)


@api.delete("/alert-rules/<kind>")
@allow(Permission.MANAGE)
def reset_rule(kind: str) -> ResponseReturnValue:
    """Let a rule be as it is from the start."""
    service.reset_rule(queries.get_rule(kind), current_actor().by())
    db.session.commit()
    return "", 204


@api.post("/alert-rules/<kind>/trials")
@allow(Permission.MANAGE)
def try_out(kind: str) -> ResponseReturnValue:
    """What a rule would have said in the last 7 days if it were set so; nothing is saved."""
    rule, body = queries.get_rule(kind), parse_body(RuleBody)
    conditions = _changed(queries.conditions_of(rule), body)
    service.check_conditions(rule, conditions)
    return trial_json(try_rule(rule, conditions, utcnow()))


@api.get("/alert-channels")
@allow(Permission.SEE)
def list_channels() -> ResponseReturnValue:
    """Channels besides the console and e-mail, without their secrets."""
    return {"channels": [channel_json(each) for each in queries.list_channels()]}


@api.post("/alert-channels")
@allow(Permission.ADMINISTER)
def add_channel() -> ResponseReturnValue:
    """Add a channel."""
    body = parse_body(ChannelBody)
    secret = body.secret or (secrets.token_urlsafe(32) if body.kind is ChannelKind.WEBHOOK else "")
    data = ChannelIn(kind=body.kind, name=body.name, address=body.address, secret=secret)
    channel = service.add_channel(data, current_actor().by())
    db.session.commit()
    return {**channel_json(channel), "secret": secret or None}, 201


@api.patch("/alert-channels/<channel_id>")
@allow(Permission.ADMINISTER)
def change_channel(channel_id: str) -> ResponseReturnValue:
    """Change a channel."""
    channel, body = _channel(channel_id), parse_body(ChannelChangesBody)
    service.change_channel(channel, ChannelChanges(**body.model_dump()), current_actor().by())
    db.session.commit()
    return channel_json(channel)


@api.delete("/alert-channels/<channel_id>")
@allow(Permission.ADMINISTER)
def remove_channel(channel_id: str) -> ResponseReturnValue:
    """Forget a channel."""
    service.remove_channel(_channel(channel_id), current_actor().by())
    db.session.commit()
    return "", 204


@api.post("/alert-channels/<channel_id>/tests")
@allow(Permission.ADMINISTER)
def test_channel(channel_id: str) -> ResponseReturnValue:
    """Send a test; what came of it."""
    outcome = service.try_channel(_channel(channel_id), current_actor().by())
    db.session.commit()
    return outcome_json(outcome)


@api.get("/alert-deliveries")
@reads(ListQuery)
@allow(Permission.SEE)
def list_deliveries() -> ResponseReturnValue:
    """What was told, newest first."""
    asked, mask = parse_query(ListQuery), current_actor().mask
    page = queries.list_deliveries(None, asked.cursor, asked.limit)
    return {"deliveries": [delivery_json(each, mask) for each in page.items], "next": page.next}


@api.post("/alert-deliveries/<delivery_id>/replays")
@allow(Permission.MANAGE)
def replay(delivery_id: str) -> ResponseReturnValue:
    """Tell the same once more."""
    wanted, actor = parse_id(delivery_id), current_actor()
    if wanted is None:
        raise NotFound("There is no such delivery")
    copy = service.replay(queries.get_delivery(wanted), actor.by())
    db.session.commit()
    return delivery_json(copy, actor.mask), 202


def _incident(incident_id: str) -> AlertIncident:
    wanted = parse_id(incident_id)
    if wanted is None:
        raise NotFound("There is no such alert")
    return queries.get_incident(wanted)


def _channel(channel_id: str) -> AlertChannel:
    wanted = parse_id(channel_id)
    if wanted is None:
        raise NotFound("There is no such channel; it may have been removed")
    return queries.get_channel(wanted)


def _moment(text: str) -> datetime:
    found = in_utc(text)
    if found is None:
        raise Invalid.field("until", "should be a moment with its zone, such as 2027-03-01T09:00:00Z")
    return found


def _changed(before: Conditions, body: RuleBody) -> Conditions:
    """The conditions with what the body names."""
    given = body.model_dump(exclude={"quiet", "channels"}, exclude_none=True)
    conditions = replace(before, **given)
    if "channels" in body.model_fields_set:
        conditions = replace(conditions, channels=None if body.channels is None else tuple(body.channels))
    if "quiet" in body.model_fields_set:
        conditions = replace(conditions, quiet=_quiet(body.quiet) if body.quiet else None)
    return conditions


def _quiet(body: QuietBody) -> Quiet:
    starts, ends = clock(body.starts), clock(body.ends)
    if starts is None or ends is None:
        raise Invalid.field("quiet", "starts and ends should be times of day such as 22:00")
    return Quiet(starts, ends, body.time_zone)


# --- JSON -------------------------------------------------------------------------------------------------------------


def alert_json(incident: AlertIncident, mask: Mask) -> dict[str, Any]:
    """An alert, as `mask` allows."""
    return {
        "id": str(incident.id),
        "rule": incident.kind,
        "severity": incident.severity.value,
        "title": mask.text(incident.title),
        "text": mask.text(incident.text),
        "action": incident.action,
        "path": incident.url,
        "count": incident.count,
        "peak": incident.peak,
        "times": incident.times,
        "things": [mask.value({name: each[name] for name in ("title", "text")}) | {"path": each["url"]}
                   for each in incident.things],
        "since": iso(incident.since),
        "opened_at": iso(incident.opened_at),
        "resolved_at": iso(incident.resolved_at),
        "resolved_because": incident.resolved_because,
        "told_at": iso(incident.told_at),
        "acknowledged_at": iso(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "note": incident.note,
        "snoozed_until": iso(incident.snoozed_until),
    }  # fmt: skip


def rule_json(rule: Rule, conditions: Conditions, is_changed: bool) -> dict[str, Any]:
    """A rule and how it is set."""
    quiet = conditions.quiet
    return {
        "rule": rule.kind,
        "title": rule.title,
        "text": rule.text,
        "unit": rule.measure.unit if rule.measure else None,
        "is_on": conditions.is_on,
        "threshold": conditions.threshold if rule.measure else None,
        "clears_at": conditions.clears_at if rule.measure else None,
        "window_minutes": conditions.window_minutes if rule.has_window else None,
        "for_minutes": conditions.for_minutes,
        "cool_down_minutes": conditions.cool_down_minutes,
        "severity": conditions.severity.value,
        "channels": None if conditions.channels is None else list(conditions.channels),
        "quiet": {"starts": f"{quiet.starts:%H:%M}", "ends": f"{quiet.ends:%H:%M}", "time_zone": quiet.zone}
        if quiet
        else None,
        "is_changed": is_changed,
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    """What a rule would have said."""
    return {
        "would_have_fired": len(trial.firings) if trial.is_tried else None,
        "firings": [{"from": iso(each.began), "until": iso(each.ended), "peak": each.peak} for each in trial.firings],
        "note": trial.note,
    }


def channel_json(channel: AlertChannel) -> dict[str, Any]:
    """A channel without its secrets."""
    return {
        "id": str(channel.id),
        "kind": channel.kind.value,
        "name": channel.name,
        "host": channel.host,
        "is_on": channel.is_on,
        "created_by": channel.created_by,
        "created_at": iso(channel.created_at),
    }


def outcome_json(outcome: Told | NotTold) -> dict[str, Any]:
    """What came of a test."""
    if isinstance(outcome, Told):
        return {"taken": True, "code": outcome.code, "answer": outcome.answer}
    return {"taken": False, "code": outcome.code, "answer": outcome.message}


def delivery_json(delivery: AlertDelivery, mask: Mask) -> dict[str, Any]:
    """One message by one channel."""
    return {
        "id": str(delivery.id),
        "alert_id": str(delivery.incident_id) if delivery.incident_id else None,
        "what": delivery.what.value,
        "channel": delivery.channel_name,
        "title": mask.text(delivery.body.get("title", "")),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "code": delivery.code,
        "answer": mask.text(delivery.answer),
        "replay_of": str(delivery.replay_of) if delivery.replay_of else None,
        "created_at": iso(delivery.created_at),
        "next_at": iso(delivery.next_at),
        "ended_at": iso(delivery.ended_at),
    }
