"""Every route, with all that may be sent to it: what tests use that knock at each door with something odd."""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from adsapp.config import ROOT
from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.emails import unsubscribe
from tests.activity.test_every_change import World
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast, csrf_token
from tests.jobs.steering import add_worker

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A value that fits, for each name that a query or a form may hold.
FITS: Mapping[str, str] = {
    "url": "https://files.example/contacts.csv",
    "folder": "",
    "pick": "weekly",
    "pick_time": "09:30",
    "pick_days": "1",
    "pick_day": "31",
    "pick_minutes": "15",
    "until": "2099-01-01T00:00",
    "form": "a-form-of-ours",
    "delimiter": "comma",
    "use_country": "DE",
    "columns_as": "found",
    "encoding": "cp1252",
    "quote": "double",
    "sheet": "1",
    "header_row": "1",
    **dict.fromkeys(("q", "search", "tag", "reason", "detail", "name", "first_name", "last_name", "tags"), "Ana"),
    **dict.fromkeys(
        ("cursor", "newest", "fold", "person", "to", "ended", "routine", "opted_out", "priority", "limit"), "1"
    ),
    **dict.fromkeys(("hours", "at_once", "per_minute", "waiting", "leave_out", "messages_per_second"), "2"),
    **dict.fromkeys(
        ("value.body.1", "value.body.2", "value.attribute:city", "fallback.body.1", "email", "password"), "there"
    ),
    **dict.fromkeys(("display_phone_number", "phone_number_id", "waba_id"), "15550009"),
    **dict.fromkeys(("token", "app_secret", "verify_token", "version", "processor"), ""),
    **dict.fromkeys(("hub.mode", "hub.verify_token", "hub.challenge"), "subscribe"),
    **dict.fromkeys(("back", "next"), "/jobs"),
    "kind": "job",
    **dict.fromkeys(("is_on", "for_minutes"), "1"),
    **dict.fromkeys(("threshold", "clears_at", "cool_down_minutes", "window_minutes"), "10"),
    "hour": "8",
    "role": "agent",
    "present": "there",
    "on_empty_days": "1",
    "severity": "critical",
    "which": "chosen",
    "channel": "email",
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "quiet_zone": "Europe/Madrid",
    "address": "http://127.0.0.1:9/",
    "secret": "0123456789abcdef",
    "shown": "0-0-0",
    "told": "digest",
    "days": "7",
    "wait": "0",
    "from": "2026-01-01",
    "scope": "all",
    "verb": "cancel",
    "confirmed": "1",
    "confirmed_at": "2099-01-01T00:00:00+00:00",
    "confirmed_people": "",
    "state": "failed",
    "queue": "contact-import",
    "older_than_days": "0",
    "status": "read",
    "code": "131000",
    "decision": "assume_delivered",
    "job": "{job}",
    "phone": "+12025550107",
    "language": "en",
    "country": "US",
    "attributes": "city: Riga",
    "default_country": "US",
    "on_duplicate": "update",
    "column-0": "name",
    "column-1": "phone",
    "key-0": "",
    "columns": "1",
    "outcome": "rejected",
    "as_tried": "1",
    "organization_id": "{bakery}",
    "template": "{template}",
    "audience": "all",
    **dict.fromkeys(("subject", "html", "text", "fallback.first_name"), "Hello {{first_name}}"),
    "addresses": "ana@example.com",
    "source.first_name": "first_name",
    "source.body.1": "first_name",
    "source.body.2": "value",
    "when": "later",
    "date": "2027-03-01",
    "time": "09:00",
    "zone": "Europe/Madrid",
    "again": "",
    "edit": "",
    "import_id": "{import}",
    "rendering_id": "{rendering}",
    "copy": "{template}",
    "category": "UTILITY",
    "header_format": "TEXT",
    "header": "News for {{1}}",
    "body": "Hello {{1}}, your order is ready.",
    "footer": "Bye",
    "button_type.0": "URL",
    "button_text.0": "Look",
    "button_value.0": "https://shop.example/{{1}}",
    "example.body.1": "Ana",
    "example.header.1": "Ana",
    "seen": "",
    "header_sample": "",
    "file.header.IMAGE": "{file}",
    "source.header.IMAGE": "file",
    "key": "header.IMAGE",
    "format.body.1": "date-long",
    "locale.body.1": "de",
    "currency.body.1": "EUR",
    "order.body.1": "dmy",
    "if_field.body.1": "country",
    "if_is.body.1": "DE",
    "if_value.body.1": "Kundin",
    "defaults.body.1": "",
    "account": "{account}",
    "source": "",
    "time_zone": "Europe/Madrid",
    "catch_up": "all",
    "overlap": "queue",
    "ends_at": "2099-01-01T09:00",
    **dict.fromkeys(("catch_up_most", "grace_minutes", "jitter_minutes", "ends_after"), "3"),
}
COMPOSED = (
    "form name template audience tags import_id rendering_id leave_out when date time zone fold person to edit "
    "source.body.1 value.body.1 fallback.body.1 source.body.2 value.body.2 format.body.1 locale.body.1 currency.body.1 "
    "order.body.1 if_field.body.1 if_is.body.1 if_value.body.1 defaults.body.1 source.header.IMAGE file.header.IMAGE"
)
MAILED = (
    "form name account template subject html text audience tags import_id addresses when date time zone fold person to "
    "source.first_name fallback.first_name"
)
STUDIO = (
    "name language category header_format header header_sample body footer button_type.0 button_text.0 button_value.0 "
    "example.body.1 example.header.1"
)
PERSON = "phone name first_name last_name email language country tags attributes"
JOBS = "state queue q routine cursor"
ACTED = f"verb scope job reason priority confirmed confirmed_at confirmed_people {JOBS}"
CLEANED = "state queue routine older_than_days confirmed confirmed_at"
COLUMNS = (
    "column-0 column-1 key-0 default_country on_duplicate tags use_country columns_as "
    "encoding delimiter quote sheet header_row"
)
ACCOUNT = (
    "name display_phone_number phone_number_id waba_id messages_per_second token app_secret verify_token"  # secrets too
)
SCHEDULED = (
    "name kind source url folder leave_out pick pick_time pick_days pick_day pick_minutes when time_zone catch_up "
    "catch_up_most grace_minutes overlap jitter_minutes ends_at ends_after"
)
ACTIVITY = "q kind days from to cursor"
RULE = (
    "is_on threshold clears_at window_minutes for_minutes cool_down_minutes severity which channel quiet_from "
    "quiet_until quiet_zone"
)
SURE = "confirmed confirmed_at confirmed_people"
# The names that a route reads from its query (GET, DELETE) or its form.
READS: Mapping[str, str] = {
    "activity.list_events": ACTIVITY,
    "activity.export": ACTIVITY,
    "activity_api.list_events": f"{ACTIVITY} limit",
    "notifications.save": "told hour zone on_empty_days",
    "alerts.list_history": "cursor",
    "alerts.list_deliveries": "cursor",
    "alerts.open_fragment": "version",
    "alerts.bell_fragment": "shown",
    "alerts.acknowledge": "reason back",
    "alerts.snooze": "hours back",
    "alerts.give_back": "back",
    "alerts.wake": "back",
    "alerts.save_rule": RULE,
    "alerts.try_out": RULE,
    "alerts.new_channel": "kind",
    "alerts.add_channel": "kind name address secret",
    "alerts.change_channel": "name address secret is_on",
    "alerts_api.list_alerts": "state cursor limit",
    "alerts_api.list_deliveries": "cursor limit",
    "campaigns.campaign_fragment": "status code search cursor person version",
    "campaigns.create_campaign": f"{COMPOSED} confirmed",
    "campaigns.ask_to_export": "status code",
    "campaigns.export_csv": "status code delimiter",
    "campaigns.export_xlsx": "status code",
    "campaigns.fill": f"value.body.1 {SURE}",
    "campaigns.list_campaigns": "cursor",
    "campaigns.list_fragment": "cursor version",
    "campaigns.move": "date time zone fold",
    "campaigns.new_campaign": f"{COMPOSED} again",
    "campaigns.pause": "reason",
    "campaigns.resume": SURE,
    "campaigns.retry": f"code {SURE}",
    "campaigns.settle": f"decision {SURE}",
    "campaigns.show_campaign": "status code search cursor person",
    "campaigns.start": SURE,
    "campaigns_api.list_campaigns": "status cursor limit",
    "campaigns_api.show_campaign": "status cursor limit",
    "contacts.create_contact": PERSON,
    "contacts.discard_import": "back",
    "contacts.ask_to_export": "q tag opted_out import_id",
    "contacts.export_csv": "q tag opted_out import_id delimiter",
    "contacts.export_xlsx": "q tag opted_out import_id",
    "contacts.export_rows": "outcome code",
    "contacts.export_rows_xlsx": "outcome code",
    "contacts.import_rows": "outcome code cursor",
    "contacts.kept_contacts": "reason cursor",
    "contacts.list_contacts": "q tag opted_out import_id cursor",
    "contacts.list_imports": "cursor",
    "contacts.live_import": "version",
    "contacts.opt_in": "detail",
    "contacts.opt_out": "detail",
    "contacts.preview_import": COLUMNS,
    "contacts.show_import": "columns",
    "contacts.start_import": f"{COLUMNS} as_tried",
    "contacts.try_import": f"{COLUMNS} as_tried",
    "contacts.undo_import": SURE,
    "contacts.update_contact": PERSON,
    "contacts_api.export_csv": "search tag opted_out import_id delimiter",
    "contacts_api.export_xlsx": "search tag opted_out import_id",
    "contacts_api.list_rows": "outcome code cursor limit",
    "contacts_api.list_kept": "reason cursor limit",
    "contacts_api.list_contacts": "search tag opted_out import_id cursor limit",
    "people.add_person": "email name role",
    "people.set_role": "role",
    "tokens.add_token": "name role days",
    "account.rename": "name",
    "account.change_password": "present password again",
    "integrations.change_whatsapp": ACCOUNT,
    "integrations.connect_whatsapp": ACCOUNT,
    "integrations.show_whatsapp": "account",
    "emails.add_suppressions": "addresses detail",
    "emails.create_email": f"{MAILED} confirmed",
    "emails.draft_email": MAILED,
    "emails.email_fragment": "status code search cursor person version",
    "emails.export_csv": "status code delimiter",
    "emails.fill": f"value.attribute:city {SURE}",
    "emails.list_emails": "cursor",
    "emails.list_fragment": "cursor version",
    "emails.list_suppressions": "search reason cursor",
    "emails.list_templates": "search cursor",
    "emails.new_email": f"{MAILED} again",
    "emails.pause": "reason",
    "emails.preview_draft": MAILED,
    "emails.preview_email": "person",
    "emails.send_test": MAILED,
    "emails.retry": f"code {SURE}",
    "emails.settle": f"decision {SURE}",
    "emails.show_email": "status code search cursor person",
    "emails_api.list_emails": "cursor limit",
    "emails_api.list_recipients": "status code cursor limit",
    "suppressions_api.list_suppressions": "search reason cursor limit",
    "jobs.act": ACTED,
    "jobs.ask_to_act": ACTED,
    "jobs.ask_to_clean": CLEANED,
    "jobs.ask_to_pause": "back",
    "jobs.cancel": "reason back",
    "jobs.clean": CLEANED,
    "jobs.list_jobs": f"{JOBS} newest version",
    "jobs.live": "version",
    "jobs.live_queue": "version",
    "jobs.rows": f"{JOBS} newest version",
    "jobs.pause": "hours processor reason back",
    "jobs.resume": f"processor back {SURE}",
    "jobs.retry": f"back {SURE}",
    "jobs.run_now": f"back {SURE}",
    "jobs.set_limits": "at_once per_minute waiting back",
    "jobs.set_priority": "priority back",
    "jobs_api.get_job": "wait",
    "jobs_api.list_items": "status cursor limit",
    "jobs_api.list_jobs": f"{JOBS} limit",
    "jobs_api.resume_queue": "processor",
    "jobs_api.stats": "days",
    "message_templates.templates_fragment": "version",
    "schedules.create_schedule": SCHEDULED,
    "schedules.explained": SCHEDULED,
    "schedules.list_fragment": "cursor zone version",
    "schedules.list_schedules": "cursor zone",
    "schedules.new_schedule": SCHEDULED,
    "schedules.pause": "hours until reason",
    "schedules.run": SURE,
    "schedules.save_schedule": SCHEDULED,
    "schedules.schedule_fragment": "cursor version",
    "schedules.show_schedule": "cursor",
    "schedules_api.list_runs": "cursor limit",
    "schedules_api.list_schedules": "cursor limit",
    "message_templates.template_fragment": "version",
    "message_templates.new_template": "copy",
    "message_templates.check_draft": STUDIO,
    "message_templates.submit_template": STUDIO,
    "campaigns.fill_examples": f"{STUDIO} person",
    "message_templates.check_changed_draft": f"{STUDIO} seen",
    "message_templates.change_template": f"{STUDIO} seen",
    "message_templates.upload_sample": STUDIO,
    "message_templates.upload_changed_sample": f"{STUDIO} seen",
    "campaigns.upload_file": f"key {COMPOSED}",
    "files_api.list_files": "kind",
    "renderings.create_rendering": COMPOSED,
    "renderings.export_csv": "delimiter",
    "renderings.new_rendering": COMPOSED,
    "renderings.rendering_fragment": "outcome cursor version",
    "renderings.show_rendering": "outcome cursor",
    "renderings_api.list_renderings": "cursor limit",
    "renderings_api.list_rows": "outcome cursor limit",
    "sign_in.check_sign_in": "email password next",
    "sign_in.sign_in": "next ended",
    "sign_in.switch_organization": "organization_id",
    "webhooks.verify": "hub.mode hub.verify_token hub.challenge",
    "workers.live": "version",
}
WRITTEN = {
    "1": {
        "field": "first_name",
        "fallback": "there",
        "format": [{"name": "title"}, {"name": "first_word"}],
        "defaults": [{"field": "country", "is": "DE", "value": "Kundin"}],
    },
    "2": {"field": "attribute:due", "fallback": "soon", "format": {"name": "date", "locale": "de", "style": "long"}},
}
CAMPAIGN = {
    "name": "April",
    "template": {"name": "spring", "language": "en"},
    "variables": {"1": {"field": "first_name", "fallback": "there"}, "2": {"value": "Saturday"}},
    "audience": {"all": True, "not_messaged_within_hours": 2},
    "scheduled_at": "2027-03-01T09:00:00+01:00",
    "time_zone": "UTC",
    "priority": 2,
}
SCHEDULE = {
    "name": "Weekly",
    "kind": "start-campaign",
    "params": {name: value for name, value in CAMPAIGN.items() if name not in ("scheduled_at", "time_zone")},
    "when": "0 9 * * 1",
    "time_zone": "Europe/London",
    "catch_up": "all",
    "catch_up_most": 3,
    "grace_minutes": 30,
    "overlap": "queue",
    "jitter_minutes": 5,
    "ends_at": "2099-01-01T09:00:00",
    "ends_after": 9,
}
OPTIONS = {"default_country": "US", "on_duplicate": "update", "tags": ["vip"], "dry_run": False}
CONTACT = {
    **{name: FITS[name] for name in ("phone", "name", "first_name", "last_name", "language", "country")},
    "email": "ana@example.com",
    "tags": ["vip"],
    "attributes": {"city": "Riga"},
    "opted_out": False,
}
LISTED = {**CONTACT, "calling_code": "1", "opt_in": "yes", "opted_out": "no"}
FILTER = {"state": "failed", "queue": "contact-import", "q": "a", "routine": False}
ALERT_RULE = {
    "is_on": True,
    "threshold": 10,
    "clears_at": 5,
    "window_minutes": 60,
    "for_minutes": 0,
    "cool_down_minutes": 60,
    "severity": "warning",
    "channels": ["email"],
    "quiet": {"starts": "22:00", "ends": "07:00", "time_zone": "Europe/Madrid"},
}
# The bodies of JSON that a route reads, each with all its fields.
BODIES: Mapping[str, tuple[Any, ...]] = {
    "campaigns_api.create_campaign": (
        CAMPAIGN,
        {"name": "Hello", "text": "Hi", "audience": {"contact_ids": ["{contact}"]}},
        {"name": "Hello", "text": "Hi", "audience": {"tags": ["london"]}},
        {"name": "Hello", "text": "Hi", "audience": {"import_id": "{import}"}},
        {"name": "Hello", "text": "Hi", "audience": {"rendering_id": "{rendering}"}},
    ),
    "studio_api.submit_template": (
        {
            "name": "order_ready",
            "language": "en",
            "category": "UTILITY",
            "body": "Hello {{1}}, your order is ready.",
            "header": "News",
            "footer": "Bye",
            "buttons": [{"type": "URL", "text": "Look", "value": "https://shop.example/a"}],
            "examples": {"body.1": "Ana"},
        },
    ),
    "renderings_api.process_template": (
        {"template": {"name": "spring", "language": "en"}, "variables": WRITTEN, "audience": {"all": True}},
        {
            "template": {"name": "spring", "language": "en"},
            "variables": {"1": {"field": "first_name"}, "2": {"value": "May"}},
            "rows": [{"first_name": "Ana", "phone": "+12025550170", "attributes": {"city": "Riga"}}],
        },
    ),
    "contacts_api.create_contact": ({**CONTACT, "wa_user_id": "US.13491208655302741918"},),
    "contacts_api.import_contacts": ({"contacts": [LISTED], "options": OPTIONS},),
    "emails_api.send_email": (
        {
            "name": "May",
            "subject": "Hello {{first_name}}",
            "html": "<p>{{offer}}</p>",
            "text": "{{offer}}",
            "recipients": [{"email": "ana@example.com", "name": "Ana", "variables": {"offer": "10 %"}}],
            "account": "{account}",
            "reply_to": "ana@example.com",
            "tags": {"season": "spring"},
            "attachments": [{"filename": "menu.pdf", "content_type": "application/pdf", "content": "QUJD"}],
            "scheduled_at": "2027-03-01T09:00:00",
            "time_zone": "Europe/London",
            "fold": 0,
            "priority": 2,
        },
        {
            "template": "Spring",
            "variables": {"offer": {"field": "first_name", "fallback": "there"}},
            "audience": {"all": True},
        },
    ),
    "emails_api.pause_email": ({"reason": "a"},),
    "emails_api.retry_failed": ({"code": "failed"},),
    "emails_api.settle_uncertain": ({"decision": "assume_delivered"},),
    "schedules_api.create_schedule": (SCHEDULE, {**SCHEDULE, "kind": "sync-templates", "params": {"account_id": "a"}}),
    "schedules_api.change_schedule": ({name: value for name, value in SCHEDULE.items() if name != "kind"},),
    "schedules_api.pause_schedule": ({"reason": "a", "until": "2099-01-01T00:00:00"},),
    "suppressions_api.suppress": ({"emails": ["no@example.com"], "detail": "a"},),
    "organizations_api.add_member": ({"email": "new@example.com", "name": "Ana", "role": "agent"},),
    "organizations_api.change_member": ({"role": "viewer"},),
    "organizations_api.add_token": ({"name": "Shop", "role": "viewer", "days": 7},),
    "alerts_api.acknowledge": ({"note": "a"},),
    "alerts_api.snooze": ({"until": "2099-01-01T00:00:00Z"},),
    "alerts_api.change_rule": (ALERT_RULE,),
    "alerts_api.try_out": (ALERT_RULE,),
    "alerts_api.add_channel": ({"kind": "webhook", "name": "Ops", "address": FITS["address"], "secret": "s" * 16},),
    "alerts_api.change_channel": ({"name": "Ops", "address": FITS["address"], "secret": "s" * 16, "is_on": True},),
    "jobs_api.cancel_jobs": ({"filter": FILTER, "reason": "a"}, {"job_ids": ["{job}"]}),
    "jobs_api.change_job": ({"priority": 2},),
    "jobs_api.clean_jobs": ({"state": "failed", "older_than_days": 0, "queue": "", "routine": False, "reason": "a"},),
    "jobs_api.pause_queue": ({"reason": "a", "until": "2099-01-01T00:00:00Z", "processor": ""},),
    "jobs_api.retry_jobs": ({"filter": FILTER, "reason": "a"}, {"job_ids": ["{job}"]}),
    "jobs_api.set_limits": ({"at_once": 1, "per_minute": 1, "waiting": 1},),
    "webhooks.receive": ({"object": "whatsapp_business_account", "entry": []},),
}
# What is uploaded: the file's name and its content, the rest of the form as JSON.
UPLOADS = ("contacts.receive_import", "contacts_api.import_contacts")

# The first is tried in every field; of the others each field gets one, the next field the next: all in all fields
# would take minutes.
ALWAYS = 1
ODD_TEXTS = (
    *("9" * 20, "\u00b2", "0001-01-01T00:00:00+14:00", "\U0001f600" * 2000),
    *("", " ", "\x00", "a\x00b", "a\r\nSet-Cookie: x=1", "//[::1", "http://[::1", "/\\evil.example", "/\r\nX: y"),
    *("9" * 5000, "-1", "0", "00000000000000000000001", "2147483648", "9223372036854775808", "1e400", "nan", "\u0661"),
    *("9999-12-31T23:59:59-14:00", "0001-01-01", "23:59:60", "%", "_\\", "{{1}}{%", "../../etc/passwd", "America"),
    *("urn:uuid:1", "99999999999-9", "0" * 32),
)
ODD_VALUES: tuple[Any, ...] = (
    *(10**20, "\ud800", {"a": {"b": [1]}}, "\x00"),
    *(None, True, -1, 0, 1.5, 20_786, 2**31, 10**400, [], {}, [[]], [None], *ODD_TEXTS),
)
ODD_BODIES = (
    *(b"", b"null", b"[]", b"{", b"\xff\xfe", b"1e999", b"NaN", b'"\\ud800"', b"[" * 1000 + b"]" * 1000),
    *(b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"9" * 5000),
)
ODD_PATHS = ("%00", "%0d%0aX", "%ff%fe", "9" * 400, "..%2f..", "%F0%9F%98%80", "0" * 32, "//[::1", "\u0661")
ODD_HEADERS: tuple[dict[str, str], ...] = (
    {"HX-Request": "true", "HX-Current-URL": "http://[::1"},
    {"HX-Request": "true", "HX-Current-URL": "http://h/jobs?q=%00\xe9"},
    {"HX-Request": "true", "HX-History-Restore-Request": "\xff"},
    {"Authorization": "Bearer \xe9\xff"},
    {"Cookie": "adsapp=\xe9\xff; session=.e30"},
    {"Idempotency-Key": "\xe9" * 300},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary=\xe9"},
    {"Content-Type": "application/x-www-form-urlencoded; charset=nothing"},
    {"X-Hub-Signature-256": "sha256=\xe9\xff"},
    {"Range": "bytes=-99999999999999999999", "If-Modified-Since": "\xff", "If-None-Match": '"\xe9'},
    {"Host": "[::1"},
)


@dataclass
class Doors:
    """The routes of an application over a scene, and the ids that stand in their paths."""

    app: Flask
    cast: Cast
    ids: Mapping[str, str]
    failed: list[str] = field(default_factory=list)

    @property
    def rules(self) -> Iterator[tuple[Rule, str]]:
        """Each route with each of its methods."""
        for rule in self.app.url_map.iter_rules():
            for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}):
                yield rule, method

    def path(self, rule: Rule, **odd: str) -> str:
        """The route's address, with an odd part if one is named."""
        fits = {name: self.ids[name] for name in rule.arguments} | odd
        return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: fits[found[1]], rule.rule)

    def fitting(self, endpoint: str) -> dict[str, str]:
        """What its query or form holds when nothing is odd."""
        return {name: self._with_ids(FITS[name]) for name in READS.get(endpoint, "").split()}

    def bodies(self, endpoint: str) -> list[Any]:
        """Its bodies of JSON, with ids."""
        return [json.loads(self._with_ids(json.dumps(body))) for body in BODIES.get(endpoint, ())]

    def _with_ids(self, text: str) -> str:
        for name, value in self.ids.items():
            text = text.replace("{" + name + "}", value)
        return text

    def knock(self, client: FlaskClient, method: str, path: str, **sent: Any) -> int:
        """Send it; what is answered with an error of ours is noted. The answer's status."""
        headers = sent.pop("headers", {})
        answer = client.open(path, method=method, headers=headers, **sent)
        answer.get_data()  # a file is made while it is read
        if answer.status_code >= 500 and "/readyz" not in path:
            self.failed.append(f"{answer.status_code} {method} {path[:120]} {str(sent)[:300]}")
        return answer.status_code


def some(odd: Sequence[Any], place: int, more: int = 1) -> list[Any]:
    """The values that are tried at this place: the one that is tried everywhere, and the next of the others."""
    others = odd[ALWAYS:]
    return [*odd[:ALWAYS], *(others[(place * more + step) % len(others)] for step in range(more))]


def leaves(body: Any, put: Callable[[Any], Any] = lambda whole: whole) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    """Each place of a body: what stands there, and a function that makes the whole body with something else there."""
    yield body, put
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in pairs:

        def replaced(new: Any, key: Any = key) -> Any:
            copy = dict(body) if isinstance(body, dict) else list(body)
            copy[key] = new
            return put(copy)

        yield from leaves(value, replaced)


def open_doors(app: Flask, cast: Cast) -> Doors:
    """A scene with one of everything, and its routes."""
    scene = set_the_scene(app, cast)
    browser = cast.sign_in(app.test_client(), "alice")
    world = World(app, cast, scene, browser, csrf_token(browser))
    ids = _ids(world, scene)
    return Doors(app, cast, ids)


def _ids(world: World, scene: Scene) -> dict[str, str]:
    campaign, draft, email = scene.left_out(), world.upload(), world.mails.email()
    with world.app.app_context():
        token = unsubscribe.link("x", world.cast.bakery_id, 1).removeprefix("x")
    job, rendering = world.delayed(), str(world.rendering())
    member_id, token_id = str(world.member()), str(world.api_token())
    return {
        "account": str(scene.account_id),
        "account_id": str(scene.account_id),
        "bakery": str(world.cast.bakery_id),
        "campaign_id": str(campaign),
        "channel_id": str(world.alert_channel()),
        "delivery_id": str(world.told_alert()),
        "incident_id": str(world.alert()),
        "kind": "job_failed",
        "code": "131000",
        "contact": str(scene.contacts[0]),
        "contact_id": str(scene.contacts[0]),
        "email_id": str(email),
        "filename": "css/base.css",
        "file": str(world.file()),
        "file_id": str(world.file()),
        "import": str(draft),
        "import_id": str(draft),
        "job": str(job),
        "job_id": str(job),
        "member_id": member_id,
        "name": "contact-import",
        "provider": "whatsapp",
        "schedule_id": str(world.schedule()),
        "rendering": rendering,
        "rendering_id": rendering,
        "suppression_id": str(world.mails.suppress("out@example.com")),
        "token": token,
        "token_id": token_id,
        "template": str(scene.templates["spring"]),
        "template_id": str(scene.templates["spring"]),
        "verb": "pause",
        "worker_id": str(add_worker(world.app, "w")),
    }


def jobs_of_imports(app: Flask, cast: Cast) -> list[uuid.UUID]:
    """For routes that want one."""
    with db.organization_context(app, cast.bakery_id), db.reading():
        return list(db.session.scalars(select(Import.job_id).where(Import.job_id.is_not(None))))


NAMES_READ = re.compile(r"""\b(?:args|form|values|given|sent)(?:\.get\(|\.getlist\(|\[)"([\w.-]+)"(?!\s*\])""")


def names_in_the_program() -> set[str]:
    """Names that some view reads from a query or a form, by its source."""
    edges = [path for path in (ROOT / "adsapp").rglob("*.py") if "sandbox" not in path.parts]
    return {name for path in edges for name in NAMES_READ.findall(path.read_text(encoding="utf-8"))}
