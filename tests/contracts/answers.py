"""What every route of the API answers over the kept installation: names of fields and kinds of values, no values."""

import datetime as dt
import io
import json
import uuid
from datetime import timedelta
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from adsapp.alerts.models import AlertDelivery
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.models import EmailRecipientStatus as Mail
from adsapp.integrations import queries as accounts
from adsapp.jobs import Job, Progress
from adsapp.jobs.models import StatsDay
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import Role
from adsapp.organizations.service import add_token, let_in
from adsapp.renderings.asked import RenderingIn
from adsapp.renderings.run import run_rendering
from adsapp.renderings.service import create_rendering
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.service import create_schedule
from tests.campaigns.rehearsal import ByHand
from tests.contracts.older import Older
from tests.emails.scene import set_the_email_scene

# Method, path, body. Reads come first, since no call hides a field from those that follow. `{name}` is an id of the
# installation. Together they go through every rule under /api (the test looks).
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/api/activity?limit=100", None),
    ("GET", "/api/campaigns", None),
    ("GET", "/api/campaigns/{campaign}?limit=100", None),
    ("GET", "/api/campaigns/{sent}?limit=100", None),
    ("GET", "/api/contacts?limit=100", None),
    ("GET", "/api/contacts.csv", None),
    ("GET", "/api/contacts.xlsx", None),
    ("GET", "/api/contacts?opted_out=1", None),
    ("GET", "/api/contacts/{contact}", None),
    ("GET", "/api/health", None),
    ("GET", "/api/imports/{import}", None),
    ("GET", "/api/imports/{import}/kept", None),
    ("GET", "/api/jobs?limit=100&routine=1", None),
    ("GET", "/api/jobs/{import_job}", None),
    ("GET", "/api/jobs/{failed}", None),
    ("GET", "/api/jobs/{delayed}", None),
    ("GET", "/api/jobs/{operation}", None),
    ("GET", "/api/jobs/{campaign_job}/items", None),
    ("GET", "/api/jobs/{import_job}/items", None),
    ("GET", "/api/jobs/stats", None),
    ("GET", "/api/queues/contact-import/limits", None),
    ("GET", "/api/templates", None),
    ("GET", "/api/files", None),
    ("POST", "/api/files", {}),
    ("DELETE", "/api/files/00000000-0000-0000-0000-000000000000", None),
    ("GET", "/api/templates/00000000-0000-0000-0000-000000000000", None),
    ("PATCH", "/api/templates/00000000-0000-0000-0000-000000000000", {"body": "Hello"}),
    ("POST", "/api/templates/00000000-0000-0000-0000-000000000000/copies", {"name": "b"}),
    ("GET", "/api/workers", None),
    ("POST", "/api/email-templates", {"name": "May", "subject": "Hello {{offer}}", "html": "<p>Hello</p>"}),
    ("GET", "/api/email-templates", None),
    ("GET", "/api/email-templates/{email_template}", None),
    (
        "PUT",
        "/api/email-templates/{email_template}",
        {"name": "June", "subject": "Hello {{first_name}}", "text": "Hello", "version": 1},
    ),
    ("GET", "/api/jobs/00000000-0000-0000-0000-000000000000", None),
    ("POST", "/api/contacts", {"phone": "+12025550180", "first_name": "Zoë", "attributes": {"shop": "quay"}}),
    ("POST", "/api/contacts", {"phone": "12"}),
    ("GET", "/api/imports/{import}/rows", None),
    ("POST", "/api/imports/{import}/start", None),
    ("POST", "/api/imports/{import}/undo", None),
    ("POST", "/api/jobs/import-contacts", {"contacts": [{"phone": "+12025550181"}]}),
    (
        "POST",
        "/api/jobs/bulk-message",
        {"name": "Now", "template": {"name": "welcome", "language": "en_US"}, "audience": {"all": True}},
    ),
    (
        "POST",
        "/api/campaigns",
        {
            "name": "Now",
            "template": {"name": "welcome", "language": "en_US"},
            "variables": {"1": {"field": "first_name", "fallback": "there"}},
            "audience": {"tags": ["tasting"]},
            "priority": 2,
        },
    ),
    ("PATCH", "/api/jobs/{delayed}", {"priority": 1}),
    ("POST", "/api/jobs/{failed}/retries", None),
    ("POST", "/api/jobs/{delayed}/runs", None),
    ("DELETE", "/api/jobs/{import_job}", None),
    ("POST", "/api/jobs/retries", {"filter": {"state": "failed"}, "reason": "Mended"}),
    ("POST", "/api/jobs/cancellations", {"job_ids": ["{dependent}"]}),
    ("POST", "/api/jobs/cleanings", {"state": "completed", "older_than_days": 0, "routine": True}),
    ("PUT", "/api/queues/bulk-messages/pause", {"reason": "A mistake"}),
    ("DELETE", "/api/queues/bulk-messages/pause", None),
    ("PUT", "/api/queues/bulk-messages/limits", {"at_once": 2}),
    ("POST", "/api/workers/{worker}/drains", None),
    ("DELETE", "/api/email-templates/{email_template}", None),
    ("GET", "/api/alerts", None),
    ("GET", "/api/alerts?state=all", None),
    ("GET", "/api/alerts/{alert}", None),
    ("POST", "/api/alerts/{alert}/snoozes", {"until": "2020-01-01T00:00:00Z"}),
    ("POST", "/api/alerts/{alert}/acknowledgements", {"note": "I look"}),
    ("DELETE", "/api/alerts/{alert}/acknowledgements", None),
    ("DELETE", "/api/alerts/{alert}/snoozes", None),
    ("GET", "/api/alert-rules", None),
    ("PATCH", "/api/alert-rules/disk", {"threshold": 5, "quiet": {"starts": "22:00", "ends": "07:00"}}),
    ("POST", "/api/alert-rules/job_failed/trials", {"threshold": 2}),
    ("DELETE", "/api/alert-rules/disk", None),
    (
        "POST",
        "/api/alert-channels",
        {"kind": "webhook", "name": "Pager", "address": "https://hooks.example.com/x"},
    ),
    ("GET", "/api/alert-channels", None),
    ("PATCH", "/api/alert-channels/{alert_channel}", {"name": "On call"}),
    ("POST", "/api/alert-channels/{alert_channel}/tests", None),
    ("GET", "/api/alert-deliveries", None),
    ("POST", "/api/alert-deliveries/{told}/replays", None),
    ("DELETE", "/api/alert-channels/{alert_channel}", None),
    ("GET", "/api/emails", None),
    ("GET", "/api/emails/{email}", None),
    ("GET", "/api/emails/{email}/recipients", None),
    (
        "POST",
        "/api/jobs/send-email",
        {"subject": "Hello", "text": "Hello {{offer}}", "recipients": [{"email": "no", "variables": {"offer": "1 %"}}]},
    ),
    (
        "POST",
        "/api/jobs/send-email",
        {"subject": "Hello", "html": "<p>Hello</p>", "recipients": [{"email": "ana@example.com"}]},
    ),
    ("POST", "/api/emails/{email}/resume", None),
    ("POST", "/api/emails/{email}/pause", {"reason": "A look"}),
    ("POST", "/api/emails/{email}/retries", {"code": "failed"}),
    ("POST", "/api/emails/{email}/uncertain", {"decision": "assume_delivered"}),
    ("POST", "/api/emails/{email}/cancel", None),
    ("POST", "/api/suppressions", {"emails": ["no@example.com"], "detail": "By telephone"}),
    ("GET", "/api/suppressions", None),
    ("DELETE", "/api/suppressions/{suppression}", None),
    (
        "POST",
        "/api/schedules",
        {
            "name": "Weekly",
            "kind": "start-campaign",
            "params": {
                "name": "Weekly",
                "template": {"name": "welcome", "language": "en_US"},
                "variables": {"1": {"field": "first_name", "fallback": "there"}},
                "audience": {"all": True},
            },
            "when": "0 9 * * 1",
            "time_zone": "Europe/Madrid",
        },
    ),
    ("POST", "/api/schedules", {"name": "", "kind": "sync-templates", "params": {}, "when": "0 0 31 2 *"}),
    ("POST", "/api/schedules/{schedule}/runs", None),
    ("POST", "/api/schedules/{schedule}/skip", None),
    ("GET", "/api/schedules", None),
    ("GET", "/api/schedules/{schedule}", None),
    ("GET", "/api/schedules/{schedule}/runs", None),
    ("PATCH", "/api/schedules/{schedule}", {"when": "@daily"}),
    ("POST", "/api/schedules/{schedule}/pause", {"reason": "A look"}),
    ("POST", "/api/schedules/{schedule}/resume", None),
    ("DELETE", "/api/schedules/{schedule}", None),
    (
        "POST",
        "/api/jobs/process-template",
        {
            "template": {"name": "welcome", "language": "en_US"},
            "variables": {"1": {"field": "first_name", "format": "title"}},
            "rows": [{"first_name": "ana"}],
        },
    ),
    (
        "POST",
        "/api/jobs/process-template",
        {"template": {"name": "welcome", "language": "en_US"}, "rows": [{"phone": "1"}]},
    ),
    ("GET", "/api/renderings", None),
    ("POST", "/api/templates", {"name": "A b", "language": "en", "category": "UTILITY", "body": "{{1}} first"}),
    ("DELETE", "/api/templates/00000000-0000-0000-0000-000000000000", None),
    ("GET", "/api/renderings/{rendering}", None),
    ("GET", "/api/renderings/{rendering}/rows", None),
    ("GET", "/api/members", None),
    ("POST", "/api/members", {"email": "nora@example.com", "name": "Nora", "role": "agent"}),
    ("POST", "/api/members", {"email": "nora", "role": "agent"}),
    ("PATCH", "/api/members/{member}", {"role": "viewer"}),
    ("DELETE", "/api/members/{member}", None),
    ("GET", "/api/tokens", None),
    ("POST", "/api/tokens", {"name": "Shop", "role": "viewer", "days": 30}),
    ("DELETE", "/api/tokens/{api_token}", None),
]


def ask_everything(app: Flask, older: Older) -> dict[str, Any]:
    """The shape of each answer, by the call."""
    _make_it_today(app, older)
    client, headers = app.test_client(), older.cast.headers("alice")
    ids = dict(older.facts)
    ids["contact"] = _first(client, headers, "/api/contacts", "contacts")
    ids["email_template"] = _email_template(client, headers)
    ids["email"], ids["suppression"] = _email(app, older)
    ids["schedule"] = _schedule(app, older)
    told = _told_alert(app, older)
    ids["told"], ids["alert"], ids["alert_channel"] = told
    ids["rendering"] = _rendering(app, older)
    ids["member"], ids["api_token"] = _member_and_token(app, older)
    ids["worker"] = _first(client, headers, "/api/workers", "workers")
    ids["sent"] = client.get("/api/campaigns", headers=headers).get_json()["campaigns"][-1]["id"]
    found = {}
    for method, path, body in CALLS:
        sent = json.loads(_with_ids(json.dumps(body), ids)) if body is not None else None
        answer = client.open(_with_ids(path, ids), method=method, headers=headers, json=sent)
        call = f"{method} {path} {json.dumps(body, ensure_ascii=False) if body else ''}".rstrip()
        found[call] = {"status": answer.status_code, "answer": shape(answer.get_json(silent=True))}
    found["POST /api/jobs/import-contacts (a file)"] = _upload(client, headers)
    return found


def _make_it_today(app: Flask, older: Older) -> None:
    """Figures of the last days and workers that live, however long ago the installation was kept."""
    with db.organization_context(app, older.cast.bakery_id):
        today = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
        db.session.execute(update(StatsDay).values(day=today))
        db.session.commit()
    with app.app_context(), db.engine_transaction() as connection:
        later = utcnow() + timedelta(hours=1)  # however slowly the calls are made
        alive = {"now": later.replace(tzinfo=None) if connection.dialect.name == "sqlite" else later}
        connection.execute(text("update workers set heartbeat_at = :now, stopped_at = null"), alive)


def _email_template(client: FlaskClient, headers: dict[str, str]) -> str:
    body = {"name": "Spring", "subject": "Hello", "text": "Hello"}
    answer = client.post("/api/email-templates", headers=headers, json=body)
    return str(answer.get_json()["email_template"]["id"])


def _email(app: Flask, older: Older) -> tuple[str, str]:
    """An e-mail with people of several kinds, and an address that gets none."""
    scene = set_the_email_scene(app, older.cast)
    people = {Mail.DELIVERED: 2, Mail.FAILED: 1, Mail.UNCERTAIN: 1, Mail.PENDING: 1, Mail.BOUNCED: 1}
    codes = {Mail.FAILED: "failed", Mail.BOUNCED: "bounced", Mail.UNCERTAIN: "uncertain"}
    return str(scene.email(people=people, codes=codes)), str(scene.suppress("out@example.com"))


def _schedule(app: Flask, older: Older) -> str:
    """One that reads the templates every night."""
    with db.organization_context(app, older.cast.bakery_id):
        account = accounts.get_default_account()
        data = ScheduleIn("Nightly", "sync-templates", {"account_id": str(account.id)}, "30 2 * * *")
        schedule = create_schedule(data, NOBODY)
        db.session.commit()
        return str(schedule.id)


def _told_alert(app: Flask, older: Older) -> tuple[str, str, str]:
    """A message of an alert, the alert, the channel."""
    from tests.activity.test_every_change import World
    from tests.campaigns.scene import Scene

    scene = Scene(app, older.cast, uuid.UUID(int=0))
    world = World(app, older.cast, scene, app.test_client(), "")
    told = world.told_alert()
    with db.organization_context(app, older.cast.bakery_id), db.reading():
        delivery = db.session.get_one(AlertDelivery, told)
        return str(told), str(delivery.incident_id), delivery.channel


def _rendering(app: Flask, older: Older) -> str:
    """A template that was tried on two rows, of which one has a problem."""
    with db.organization_context(app, older.cast.bakery_id):
        sources, rows = {"1": {"field": "first_name"}}, [{"first_name": "Ana", "phone": "+12025550183"}, {}]
        made = create_rendering(RenderingIn("welcome", "en_US", sources, rows=rows), By("Alice"))
        rendering_id, job_id = made.id, made.job_id
        db.session.commit()
        run_rendering(rendering_id, cast(Progress, ByHand()))
        db.session.delete(db.session.get_one(Job, job_id))  # else it waits among the others that are asked about
        db.session.commit()
    return str(rendering_id)


def _member_and_token(app: Flask, older: Older) -> tuple[str, str]:
    """Somebody and something that can be taken away."""
    with db.organization_context(app, older.cast.bakery_id):
        member, _ = let_in("ned@example.com", "Ned", Role.AGENT, NOBODY)
        token, _ = add_token("Till", Role.AGENT, by=NOBODY)
        db.session.commit()
        return str(member.user_id), str(token.id)


def _first(client: FlaskClient, headers: dict[str, str], path: str, name: str) -> str:
    found: str = client.get(path, headers=headers).get_json()[name][0]["id"]
    return found


def _with_ids(pattern: str, ids: dict[str, Any]) -> str:
    for name, value in ids.items():
        pattern = pattern.replace("{" + name + "}", str(value))
    return pattern


def _upload(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    data = {"file": (io.BytesIO(b"Phone\n+12025550182\n"), "people.csv")}
    answer = client.post("/api/jobs/import-contacts", headers=headers, data=data)
    return {"status": answer.status_code, "answer": shape(answer.get_json())}


def shape(value: Any) -> Any:
    """A value without what it says: objects keep their keys, a list is the shape of all its elements together."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        together: Any = None
        for each in value:
            together = _merged(together, shape(each))
        return [together] if value else []
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "moment" if _is_moment(value) else "text"


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other.get(key)) for key in [*one, *(key for key in other if key not in one)]}
    if isinstance(one, list) and isinstance(other, list):
        both = [*one, *other]
        return [_merged(both[0], both[-1])] if both else []
    if one is None or one == other:
        return other
    return one if other is None else " or ".join(sorted({*str(one).split(" or "), *str(other).split(" or ")}))


def _is_moment(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
