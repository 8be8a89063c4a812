"""Whatever a person can change through a page or the API leaves a line in the activity."""

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from adsapp import jobs
from adsapp.alerts import queries, telling
from adsapp.alerts.models import AlertChannel, AlertIncident, ChannelKind, DeliveryState, What
from adsapp.alerts.rules import RULES
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.models import ImportStatus
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.models import EmailRecipientStatus as Mail
from adsapp.emails.templates.service import TemplateIn, create_template
from adsapp.integrations import email_connection
from adsapp.integrations.base import Answer, EmailAnswer, EmailFinding
from adsapp.integrations.resend.service import EmailAccountIn, connect_account
from adsapp.integrations.whatsapp import connection
from adsapp.integrations.whatsapp import views as whatsapp_views
from adsapp.jobs import Job, Progress, State
from adsapp.jobs.queries import workers
from adsapp.message_templates.files import service as files
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.studio import service as studio
from adsapp.message_templates.studio.service import fingerprint
from adsapp.organizations import service as organizations
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import AuditEvent, Role
from adsapp.outbound.statuses import OutboundStatus
from adsapp.renderings import service as renderings
from adsapp.renderings.asked import RenderingIn
from adsapp.renderings.run import run_rendering
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.models import ScheduleState
from adsapp.schedules.service import create_schedule
from tests.alerts.scene import open_incident
from tests.campaigns.rehearsal import ByHand, Willing
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import PASSWORD, Cast, csrf_token
from tests.emails.scene import EmailScene, set_the_email_scene
from tests.jobs.steering import LATER, add_worker, confirm
from tests.message_templates.files.samples import PNG

SAFE = {"GET", "HEAD", "OPTIONS"}
# Routes that are not GET and yet leave no line, each with the reason.
LEAVES_NO_LINE = {
    "contacts.receive_import": "nothing is imported yet; that it is started leaves a line",
    "contacts.preview_import": "shows the columns as they are chosen, and keeps nothing",
    "contacts.discard_import": "what was never started is thrown away; nothing of it was imported",
    "webhooks.receive": "the provider speaks here, no person",
    "email_webhooks.receive": "likewise, of e-mails",
    "unsubscribe.leave": "the reader of an e-mail says no; the list of suppressions says when and by which e-mail",
    "message_templates.check_draft": "shows the template as it is typed, and keeps nothing",
    "message_templates.check_changed_draft": "likewise",
    "campaigns.fill_examples": "likewise, with the values of somebody as examples",
    "emails.draft_template": "shows the template as it is typed, and keeps nothing",
    "emails.draft_changed_template": "likewise",
    "emails.preview_template_draft": "likewise, as somebody reads it",
    "emails.draft_email": "shows the e-mail as it is typed, and keeps nothing",
    "emails.preview_draft": "likewise, as somebody reads it",
    "alerts.try_out": "shows what a rule would have said as it is typed, and keeps nothing",
    "alerts_api.try_out": "likewise",
}


@dataclass
class World:
    """Alice at her browser, her program, and things to change."""

    app: Flask
    cast: Cast
    scene: Scene
    browser: FlaskClient
    token: str

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form."""
        return self.browser.post(path, data={"csrf_token": self.token, **fields})

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Ask as a program."""
        headers = self.cast.headers("alice")
        return self.app.test_client().open(path, method=method, json=body, headers=headers)

    def job(self, state: State = State.WAITING, **values: Any) -> uuid.UUID:
        """A job in this state."""
        with db.organization_context(self.app, self.cast.bakery_id):
            job = jobs.enqueue("demo", {"mood": "succeeds"})
            ended = {"finished_at": utcnow()} if state in (State.FAILED, State.COMPLETED) else {}
            for name, value in ({"state": state} | ended | values).items():
                setattr(job, name, value)
            db.session.commit()
            return job.id

    def with_a_failed_job(self) -> "World":
        """The same world, with something to clean."""
        self.job(State.FAILED)
        return self

    def delayed(self) -> uuid.UUID:
        """A job that only the clock holds back."""
        return self.job(State.DELAYED, run_at=utcnow() + LATER)

    def upload(self) -> uuid.UUID:
        """An import that was not started, of another file each time."""
        with db.organization_context(self.app, self.cast.bakery_id):
            content = f"name,phone\nAnn,+12025550{uuid.uuid4().int % 1_000:03d}\n{uuid.uuid4()},+12025550100\n"
            batch = imports.receive(io.BytesIO(content.encode()), "people.csv", By("Alice"))
            db.session.commit()
            return batch.id

    def imported(self, state: State) -> uuid.UUID:
        """An import whose job is in this state."""
        import_id = self.upload()
        with db.organization_context(self.app, self.cast.bakery_id):
            batch = import_queries.get_import(import_id)
            job = imports.start_import(batch, imports.proposed(batch), ImportOptions(default_country="US"), by=NOBODY)
            job.state = state
            db.session.commit()
        return import_id

    def undoable(self) -> uuid.UUID:
        """An import that has added somebody."""
        import_id = self.imported(State.COMPLETED)
        with db.organization_context(self.app, self.cast.bakery_id):
            batch = import_queries.get_import(import_id)
            batch.status, batch.created, batch.undo_kept = ImportStatus.COMPLETED, 1, True
            db.session.commit()
        return import_id

    def template(self) -> tuple[uuid.UUID, str]:
        """A template that may be changed, and what it was when it was opened."""
        with db.organization_context(self.app, self.cast.bakery_id):
            found = db.session.get_one(MessageTemplate, self.scene.templates["plain"])
            return found.id, fingerprint(found)

    def file(self) -> uuid.UUID:
        """A picture that is kept."""
        with db.organization_context(self.app, self.cast.bakery_id):
            kept = files.keep(io.BytesIO(self.picture()), "kept.png", By("Alice"))
            db.session.commit()
            return kept.id

    def picture(self) -> bytes:
        """Another one each time: the same is kept once."""
        return PNG + uuid.uuid4().bytes

    def upload_to(self, path: str, **fields: str) -> TestResponse:
        """Send a form in which whatever ends as a file is one."""
        data: dict[str, Any] = {"csrf_token": self.token}
        for name, value in fields.items():
            data[name] = (io.BytesIO(self.picture()), value) if value.endswith(".png") else value
        return self.browser.post(path, data=data, content_type="multipart/form-data")

    def rendering(self) -> uuid.UUID:
        """A template that is tried on two rows, of which one cannot be rendered, and its job is done."""
        with db.organization_context(self.app, self.cast.bakery_id):
            sources = {"1": {"field": "first_name"}, "2": {"field": "email"}}
            rows = [{"first_name": "Ana", "email": "ana@example.com", "phone": "+12025550171"}, {"first_name": "Ben"}]
            asked = RenderingIn("spring", "en", sources, rows=rows)
            rendering_id = renderings.create_rendering(asked, By("Alice")).id
            db.session.commit()
            run_rendering(rendering_id, cast(Progress, ByHand()))
            return rendering_id

    def contact(self, place: int) -> str:
        """The address of somebody."""
        return f"/contacts/{self.scene.contacts[place]}"

    @cached_property
    def mails(self) -> EmailScene:
        """Things to do with e-mail, once somebody needs them: they come with people of their own."""
        return set_the_email_scene(self.app, self.cast)

    @property
    def account(self) -> str:
        """The id of an account that sends e-mail."""
        return str(self.mails.account_id)

    def email_account(self) -> uuid.UUID:
        """An account that sends e-mail."""
        with db.organization_context(self.app, self.cast.bakery_id):
            data = EmailAccountIn("re_key", "hello@bakery.example", name=str(uuid.uuid4()))
            account = connect_account(data, by=NOBODY)
            db.session.commit()
            return account.id

    def email_template(self, text: str = "Hello") -> str:
        """The address of a template."""
        with db.organization_context(self.app, self.cast.bakery_id):
            template = create_template(TemplateIn(str(uuid.uuid4()), text, f"<p>{text}</p>"), by=NOBODY)
            db.session.commit()
            return f"/email-templates/{template.id}"

    def schedule(self, **values: Any) -> uuid.UUID:
        """A schedule that reads the templates."""
        with db.organization_context(self.app, self.cast.bakery_id):
            params = {"account_id": str(self.scene.account_id)}
            data = ScheduleIn("Nightly", "sync-templates", params, "30 2 * * *", overlap="queue")
            schedule = create_schedule(data, NOBODY)
            for name, value in values.items():
                setattr(schedule, name, value)
            db.session.commit()
            return schedule.id

    def paused_schedule(self) -> uuid.UUID:
        """One that somebody paused."""
        return self.schedule(state=ScheduleState.PAUSED, state_reason="A look", next_run_at=None)

    def alert(self, **values: Any) -> uuid.UUID:
        """An alert that is open; there is one at a time."""
        with db.organization_context(self.app, self.cast.bakery_id):
            for each in db.session.scalars(select(AlertIncident).where(AlertIncident.resolved_at.is_(None))):
                each.resolved_at = utcnow()
            db.session.flush()
            incident = open_incident(
                self.cast.bakery_id,
                "campaign_paused",
                title="“Spring” is paused",
                text="31 % did not arrive",
                url="/campaigns",
                action="See the campaigns",
                things=[{"title": "“Spring” is paused", "text": "31 %", "url": "/campaigns"}],
                **values,
            )
            db.session.add(incident)
            db.session.commit()
            return incident.id

    def alert_channel(self) -> uuid.UUID:
        """A channel to an address that nothing may be sent to."""
        with db.organization_context(self.app, self.cast.bakery_id):
            channel = AlertChannel(
                organization_id=self.cast.bakery_id,
                kind=ChannelKind.WEBHOOK,
                name=str(uuid.uuid4()),
                host="http://127.0.0.1",
                address=db.SecretText.of("http://127.0.0.1:9/"),
                secret=db.SecretText.of("s" * 32),
            )
            db.session.add(channel)
            db.session.commit()
            return channel.id

    def told_alert(self) -> uuid.UUID:
        """A message of an alert that was told."""
        channel_id, incident_id = self.alert_channel(), self.alert()
        with db.organization_context(self.app, self.cast.bakery_id):
            incident = db.session.get_one(AlertIncident, incident_id)
            message = telling.message_of(incident, RULES[incident.kind], What.FIRED, utcnow())
            delivery = telling.to_channel(message, queries.get_channel(channel_id))
            delivery.incident_id, delivery.state = incident_id, DeliveryState.DELIVERED
            db.session.add(delivery)
            db.session.commit()
            return delivery.id

    def member(self) -> uuid.UUID:
        """Somebody new, who may look."""
        with db.organization_context(self.app, self.cast.bakery_id):
            made, _ = organizations.let_in(f"{uuid.uuid4().hex}@example.com", "Nora", Role.VIEWER, NOBODY)
            db.session.commit()
            return made.user_id

    def api_token(self) -> uuid.UUID:
        """A token of a program."""
        with db.organization_context(self.app, self.cast.bakery_id):
            made, _ = organizations.add_token("Shop", Role.VIEWER, by=NOBODY)
            db.session.commit()
            return made.id

    def lines(self) -> int:
        """How many lines Alice's deeds have left."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            mine = select(func.count()).select_from(AuditEvent).where(AuditEvent.actor.in_(ALICE))
            return int(db.session.scalar(mine) or 0)


PERSON = {"phone": "+12025550199", "name": "Zoe"}
LIMITS = {"at_once": 3, "per_minute": None, "waiting": None}
CLEANING = {"state": "failed", "older_than_days": 0}
NUMBER = {"phone_number_id": "1550009", "waba_id": "77009", "name": "Second", "messages_per_second": "20"}
SECRETS = {"token": "t0ken", "app_secret": "s3cret", "verify_token": "v3rify"}
CAMPAIGN = {"name": "April", "template": {"name": "plain", "language": "de"}, "audience": {"all": True}}

WHEN = {"kind": "sync-templates", "when": "@daily", "time_zone": "UTC"}

ALICE = ("Alice", "Alice Baker", "token alice")  # as she is called after a change, too
NEW_PASSWORD = {"password": "four plain unlike words", "again": "four plain unlike words"}
HOOK = "https://hooks.slack.com/services/x"
TOMORROW = (utcnow() + LATER).isoformat()
EMAILER = {"api_key": "re_new", "sender_address": "news@bakery.example"}
EMAIL = {"subject": "Hello", "html": "<p>Hello</p>", "audience": "given", "addresses": "one@example.com"}
MAIL = {"subject": "Hello", "text": "Hello", "recipients": [{"email": "ana@example.com"}]}
MAIL_FAILED = {"code": "failed"}
EMAIL_TEMPLATE = {"name": "Spring", "subject": "Hello", "html": "<p>Hello</p>"}

Deed = Callable[[World], TestResponse]
WRITTEN = {
    "name": "order_ready",
    "language": "en",
    "category": "UTILITY",
    "body": "Hello {{1}}, your order is ready.",
    "example.body.1": "Ana",
}
SUBMITTED = {"name": "open", "language": "en", "category": "UTILITY", "body": "We are open again."}
TRIED = {
    "template": {"name": "spring", "language": "en"},
    "variables": {"1": {"field": "first_name"}, "2": {"value": "May"}},
    "audience": {"all": True},
}
DEEDS: dict[str, Deed] = {
    # First, while there are four people to write to.
    "campaigns.create_campaign": lambda w: w.post("/campaigns", **w.scene.form(confirmed="4")),
    "campaigns_api.create_campaign": lambda w: w.ask("POST", "/api/campaigns", CAMPAIGN),
    "contacts_api.create_contact": lambda w: w.ask("POST", "/api/contacts", {"phone": "+12025550198"}),
    "contacts_api.import_contacts": lambda w: w.ask("POST", "/api/jobs/import-contacts", {"contacts": [PERSON]}),
    "jobs_api.cancel_job": lambda w: w.ask("DELETE", f"/api/jobs/{w.job()}"),
    "jobs_api.change_job": lambda w: w.ask("PATCH", f"/api/jobs/{w.job()}", {"priority": 2}),
    "jobs_api.retry_job": lambda w: w.ask("POST", f"/api/jobs/{w.job(State.FAILED)}/retries"),
    "jobs_api.run_job": lambda w: w.ask("POST", f"/api/jobs/{w.delayed()}/runs"),
    "jobs_api.cancel_jobs": lambda w: w.ask("POST", "/api/jobs/cancellations", {"job_ids": [str(w.job())]}),
    "jobs_api.retry_jobs": lambda w: w.ask("POST", "/api/jobs/retries", {"job_ids": [str(w.job(State.FAILED))]}),
    "jobs_api.clean_jobs": lambda w: w.with_a_failed_job().ask(
        "POST", "/api/jobs/cleanings", {"state": "failed", "older_than_days": 0}
    ),
    "jobs_api.set_limits": lambda w: w.ask("PUT", "/api/queues/bulk-messages/limits", LIMITS),
    "jobs_api.pause_queue": lambda w: w.ask("PUT", "/api/queues/bulk-messages/pause", {"reason": "A look"}),
    "jobs_api.resume_queue": lambda w: w.ask("DELETE", "/api/queues/bulk-messages/pause"),
    "jobs_api.drain_worker": lambda w: w.ask("POST", f"/api/workers/{add_worker(w.app, 'a')}/drains"),
    "campaigns.cancel": lambda w: w.post(f"/campaigns/{w.scene.campaign()}/cancel"),
    "campaigns.pause": lambda w: w.post(f"/campaigns/{w.scene.campaign()}/pause"),
    "campaigns.resume": lambda w: w.post(f"/campaigns/{w.scene.campaign(OutboundStatus.PAUSED)}/resume", confirmed="1"),
    "campaigns.retry": lambda w: w.post(f"/campaigns/{_ended(w, Status.FAILED)}/retries", code="131000", confirmed="1"),
    "campaigns.settle": lambda w: w.post(
        f"/campaigns/{_ended(w, Status.UNCERTAIN)}/settle", decision="assume_delivered", confirmed="1"
    ),
    "campaigns.start": lambda w: confirm(w.browser, f"/campaigns/{w.scene.scheduled()}/start"),
    "campaigns.move": lambda w: w.post(f"/campaigns/{w.scene.scheduled()}/move", **w.scene.in_days(9)),
    "campaigns.fill": lambda w: confirm(
        w.browser, f"/campaigns/{w.scene.left_out()}/fill", **{"value.body.1": "friend"}
    ),
    "contacts.create_contact": lambda w: w.post("/contacts", phone="+12025550197", country="US"),
    "contacts.update_contact": lambda w: w.post(f"{w.contact(0)}/edit", phone="+12025550101", name="Anna"),
    "contacts.opt_out": lambda w: w.post(f"{w.contact(1)}/opt-out", detail="By telephone"),
    "contacts.opt_in": lambda w: w.post(f"{w.contact(4)}/opt-in", detail="At the counter"),
    "contacts.cancel_import": lambda w: w.post(f"/imports/{w.imported(State.WAITING)}/cancel"),
    "contacts.retry_import": lambda w: w.post(f"/imports/{w.imported(State.FAILED)}/retry"),
    "contacts.try_import": lambda w: w.post(
        f"/imports/{w.upload()}/try", **{"column-0": "name", "column-1": "phone"}, default_country="US"
    ),
    "contacts_api.start_import": lambda w: w.ask("POST", f"/api/imports/{w.upload()}/start"),
    "contacts.undo_import": lambda w: w.post(f"/imports/{w.undoable()}/undo"),
    "contacts_api.undo_import": lambda w: w.ask("POST", f"/api/imports/{w.undoable()}/undo"),
    "contacts.start_import": lambda w: w.post(
        f"/imports/{w.upload()}/start", **{"column-0": "name", "column-1": "phone"}, default_country="US"
    ),
    "jobs.cancel": lambda w: w.post(f"/jobs/{w.job()}/cancel"),
    "jobs.set_priority": lambda w: w.post(f"/jobs/{w.job()}/priority", priority="1"),
    "jobs.retry": lambda w: w.post(f"/jobs/{w.job(State.FAILED)}/retries"),
    "jobs.run_now": lambda w: w.post(f"/jobs/{w.delayed()}/run"),
    "jobs.act": lambda w: confirm(w.browser, f"/jobs/actions?verb=cancel&job={w.job()}"),
    "jobs.clean": lambda w: confirm(w.with_a_failed_job().browser, "/jobs/clean?state=failed&older_than_days=0"),
    "jobs.set_limits": lambda w: w.post("/queues/contact-import/limits", at_once="3"),
    "jobs.pause": lambda w: w.post("/queues/contact-import/pause", reason="A look"),
    "jobs.resume": lambda w: confirm(w.browser, w.post("/queues/contact-import/resume").text),
    "people.add_person": lambda w: w.post("/settings/people", email="nora@example.com", role="agent"),
    "people.set_role": lambda w: w.post(f"/settings/people/{w.member()}/role", role="agent"),
    "people.remove": lambda w: w.post(f"/settings/people/{w.member()}/removal"),
    "people.renew_password": lambda w: w.post(f"/settings/people/{w.member()}/password"),
    "tokens.add_token": lambda w: w.post("/settings/tokens", name="Shop", role="viewer", days="30"),
    "tokens.revoke": lambda w: w.post(f"/settings/tokens/{w.api_token()}/revocation"),
    "account.change_password": lambda w: w.post("/account/password", present=PASSWORD, **NEW_PASSWORD),
    "account.end_other_sessions": lambda w: w.post("/account/sessions/end"),
    "organizations_api.add_member": lambda w: w.ask(
        "POST", "/api/members", {"email": "ned@example.com", "role": "viewer"}
    ),
    "organizations_api.change_member": lambda w: w.ask("PATCH", f"/api/members/{w.member()}", {"role": "agent"}),
    "organizations_api.remove_member": lambda w: w.ask("DELETE", f"/api/members/{w.member()}"),
    "organizations_api.add_token": lambda w: w.ask("POST", "/api/tokens", {"name": "Shop", "role": "viewer"}),
    "organizations_api.revoke_token": lambda w: w.ask("DELETE", f"/api/tokens/{w.api_token()}"),
    "notifications.save": lambda w: w.post("/settings/notifications", told="digest"),
    "alerts.acknowledge": lambda w: w.post(f"/alerts/{w.alert()}/acknowledgement", reason="I look"),
    "alerts.snooze": lambda w: w.post(f"/alerts/{w.alert()}/snooze", hours="4"),
    "alerts.give_back": lambda w: w.post(f"/alerts/{w.alert(acknowledged_at=utcnow())}/acknowledgement/end"),
    "alerts.wake": lambda w: w.post(f"/alerts/{w.alert(snoozed_until=utcnow() + LATER)}/snooze/end"),
    "alerts_api.give_back": lambda w: w.ask(
        "DELETE", f"/api/alerts/{w.alert(acknowledged_at=utcnow())}/acknowledgements"
    ),
    "alerts_api.wake": lambda w: w.ask("DELETE", f"/api/alerts/{w.alert(snoozed_until=utcnow() + LATER)}/snoozes"),
    "alerts.save_rule": lambda w: w.post("/alerts/rules/job_failed", is_on="1", threshold="3"),
    "alerts.reset_rule": lambda w: w.post("/alerts/rules/job_failed/reset"),
    "alerts.add_channel": lambda w: w.post("/alerts/channels", kind="slack", name="Ops", address=HOOK),
    "alerts.change_channel": lambda w: w.post(f"/alerts/channels/{w.alert_channel()}", name="Dev", address=HOOK),
    "alerts.remove_channel": lambda w: w.post(f"/alerts/channels/{w.alert_channel()}/removal"),
    "alerts.test_channel": lambda w: w.post(f"/alerts/channels/{w.alert_channel()}/tests"),
    "alerts.test_email": lambda w: w.post("/alerts/channels/email/tests"),
    "alerts.replay": lambda w: w.post(f"/alerts/told/{w.told_alert()}/replays"),
    "alerts_api.acknowledge": lambda w: w.ask("POST", f"/api/alerts/{w.alert()}/acknowledgements", {}),
    "alerts_api.snooze": lambda w: w.ask("POST", f"/api/alerts/{w.alert()}/snoozes", {"until": TOMORROW}),
    "alerts_api.change_rule": lambda w: w.ask("PATCH", "/api/alert-rules/disk", {"threshold": 5}),
    "alerts_api.reset_rule": lambda w: w.ask("DELETE", "/api/alert-rules/disk"),
    "alerts_api.add_channel": lambda w: w.ask(
        "POST", "/api/alert-channels", {"kind": "webhook", "name": "Pager", "address": HOOK}
    ),
    "alerts_api.change_channel": lambda w: w.ask("PATCH", f"/api/alert-channels/{w.alert_channel()}", {"name": "On"}),
    "alerts_api.remove_channel": lambda w: w.ask("DELETE", f"/api/alert-channels/{w.alert_channel()}"),
    "alerts_api.test_channel": lambda w: w.ask("POST", f"/api/alert-channels/{w.alert_channel()}/tests"),
    "alerts_api.replay": lambda w: w.ask("POST", f"/api/alert-deliveries/{w.told_alert()}/replays"),
    "integrations.connect_whatsapp": lambda w: w.post("/settings/whatsapp", **NUMBER, **SECRETS),
    "integrations.change_whatsapp": lambda w: w.post(
        f"/settings/whatsapp/{w.scene.account_id}", name="Main", waba_id="77001", messages_per_second="10"
    ),
    "integrations.check_whatsapp": lambda w: w.post(f"/settings/whatsapp/{w.scene.account_id}/check"),
    "email_accounts.connect": lambda w: w.post("/settings/email", name="Second", **EMAILER),
    "email_accounts.change": lambda w: w.post(f"/settings/email/{w.email_account()}", name="Shop", **EMAILER),
    "email_accounts.check": lambda w: w.post(f"/settings/email/{w.email_account()}/check"),
    "email_accounts.remove": lambda w: w.post(f"/settings/email/{w.email_account()}/removal"),
    "emails.create_template": lambda w: w.post("/email-templates", **EMAIL_TEMPLATE),
    "emails.save_template": lambda w: w.post(w.email_template(), version="1", **EMAIL_TEMPLATE | {"name": "May"}),
    "emails.duplicate_template": lambda w: w.post(f"{w.email_template()}/copies"),
    "emails.delete_template": lambda w: w.post(f"{w.email_template()}/deletion"),
    "emails.create_email": lambda w: w.post("/emails", confirmed="1", account=str(w.mails.account_id), **EMAIL),
    "emails.send_test": lambda w: w.post("/emails/tests", account=str(w.mails.account_id), **EMAIL),
    "emails.pause": lambda w: w.post(f"/emails/{w.mails.email(OutboundStatus.SENDING)}/pause"),
    "emails.resume": lambda w: w.post(f"/emails/{w.mails.email(OutboundStatus.PAUSED)}/resume", confirmed="1"),
    "emails.cancel": lambda w: w.post(f"/emails/{w.mails.email(OutboundStatus.SENDING)}/cancel"),
    "emails.retry": lambda w: w.post(f"/emails/{_mailed(w, Mail.FAILED)}/retries", code="failed", confirmed="1"),
    "emails.settle": lambda w: w.post(
        f"/emails/{_mailed(w, Mail.UNCERTAIN)}/settle", decision="assume_delivered", confirmed="1"
    ),
    "emails.fill": lambda w: confirm(
        w.browser, f"/emails/{w.mails.left_out()}/fill", **{"value.attribute:city": "your town"}
    ),
    "emails.add_suppressions": lambda w: w.post("/suppressions", addresses="one@example.com"),
    "emails.remove_suppression": lambda w: w.post(f"/suppressions/{w.mails.suppress('two@example.com')}/removal"),
    "email_templates_api.create_template": lambda w: w.ask(
        "POST", "/api/email-templates", EMAIL_TEMPLATE | {"name": "June"}
    ),
    "email_templates_api.change_template": lambda w: w.ask(
        "PUT", f"/api{w.email_template()}", EMAIL_TEMPLATE | {"name": "July", "version": 1}
    ),
    "email_templates_api.delete_template": lambda w: w.ask("DELETE", f"/api{w.email_template()}"),
    "emails_api.send_email": lambda w: w.ask("POST", "/api/jobs/send-email", {"account": w.account, **MAIL}),
    "emails_api.pause_email": lambda w: w.ask("POST", f"/api/emails/{w.mails.email()}/pause", {}),
    "emails_api.resume_email": lambda w: w.ask("POST", f"/api/emails/{w.mails.email(OutboundStatus.PAUSED)}/resume"),
    "emails_api.cancel_email": lambda w: w.ask("POST", f"/api/emails/{w.mails.email()}/cancel"),
    "emails_api.retry_failed": lambda w: w.ask("POST", f"/api/emails/{_mailed(w, Mail.FAILED)}/retries", MAIL_FAILED),
    "emails_api.settle_uncertain": lambda w: w.ask(
        "POST", f"/api/emails/{_mailed(w, Mail.UNCERTAIN)}/uncertain", {"decision": "assume_delivered"}
    ),
    "suppressions_api.suppress": lambda w: w.ask("POST", "/api/suppressions", {"emails": ["no@example.com"]}),
    "suppressions_api.release": lambda w: w.ask("DELETE", f"/api/suppressions/{w.mails.suppress('yes@example.com')}"),
    "schedules.create_schedule": lambda w: w.post(
        "/schedules", name="Nightly", source=str(w.scene.account_id), catch_up="one", overlap="skip", **WHEN
    ),
    "schedules.save_schedule": lambda w: w.post(
        f"/schedules/{w.schedule()}", name="Daily", catch_up="one", overlap="skip", **WHEN
    ),
    "schedules.pause": lambda w: w.post(f"/schedules/{w.schedule()}/pause", reason="A look"),
    "schedules.resume": lambda w: w.post(f"/schedules/{w.paused_schedule()}/resume"),
    "schedules.skip": lambda w: w.post(f"/schedules/{w.schedule()}/skip"),
    "schedules.run": lambda w: w.post(f"/schedules/{w.schedule()}/run"),
    "schedules.delete_schedule": lambda w: w.post(f"/schedules/{w.schedule()}/deletion"),
    "schedules_api.create_schedule": lambda w: w.ask(
        "POST", "/api/schedules", {"name": "Nightly", "params": {"account_id": str(w.scene.account_id)}, **WHEN}
    ),
    "schedules_api.change_schedule": lambda w: w.ask("PATCH", f"/api/schedules/{w.schedule()}", {"when": "@hourly"}),
    "schedules_api.delete_schedule": lambda w: w.ask("DELETE", f"/api/schedules/{w.schedule()}"),
    "schedules_api.run_now": lambda w: w.ask("POST", f"/api/schedules/{w.schedule()}/runs"),
    "schedules_api.pause_schedule": lambda w: w.ask(
        "POST", f"/api/schedules/{w.schedule()}/pause", {"reason": "A look"}
    ),
    "schedules_api.resume_schedule": lambda w: w.ask("POST", f"/api/schedules/{w.paused_schedule()}/resume"),
    "schedules_api.skip_next": lambda w: w.ask("POST", f"/api/schedules/{w.schedule()}/skip"),
    "message_templates.submit_template": lambda w: w.post("/templates", **WRITTEN),
    "message_templates.change_template": lambda w: w.post(
        f"/templates/{w.template()[0]}", **WRITTEN, seen=w.template()[1]
    ),
    "message_templates.delete_template": lambda w: w.post(f"/templates/{w.template()[0]}/deletion"),
    "message_templates.upload_sample": lambda w: w.upload_to("/templates/sample", file="a.png", header_format="IMAGE"),
    "message_templates.upload_changed_sample": lambda w: w.upload_to(
        f"/templates/{w.scene.templates['sleeping']}/sample", file="a.png", header_format="IMAGE"
    ),
    "campaigns.upload_file": lambda w: w.upload_to("/campaigns/files?key=header.IMAGE", upload="a.png"),
    "files_api.keep_file": lambda w: w.upload_to("/api/files", file="a.png"),
    "files_api.delete_file": lambda w: w.ask("DELETE", f"/api/files/{w.file()}"),
    "studio_api.copy_template": lambda w: w.ask(
        "POST", f"/api/templates/{w.scene.templates['sleeping']}/copies", {"language": "fr"}
    ),
    "studio_api.change_template": lambda w: w.ask(
        "PATCH", f"/api/templates/{w.scene.templates['sleeping']}", {"footer": "Bye"}
    ),
    "studio_api.submit_template": lambda w: w.ask("POST", "/api/templates", SUBMITTED),
    "studio_api.delete_template": lambda w: w.ask("DELETE", f"/api/templates/{w.scene.templates['sleeping']}"),
    "renderings.create_rendering": lambda w: w.post("/renderings", **w.scene.form()),
    "renderings_api.process_template": lambda w: w.ask("POST", "/api/jobs/process-template", TRIED),
    "message_templates.sync_templates": lambda w: w.post("/templates/syncs"),
    "workers.drain": lambda w: w.post(f"/workers/{add_worker(w.app, 'b')}/drain"),
    "sign_in.check_sign_in": lambda w: w.cast.attempt(w.app.test_client(), "alice", NEW_PASSWORD["password"]),
    "sign_in.switch_organization": lambda w: w.post("/organizations/current", organization_id=str(w.cast.bakery_id)),
    "account.rename": lambda w: w.post("/account/name", name="Alice Baker"),
    # Last: nothing can be done in this browser afterwards.
    "sign_in.sign_out": lambda w: w.post("/sign-out"),
}

# Routes by which something is taken along.
TAKEN: dict[str, Callable[[World], str]] = {
    "/activity.csv": lambda _: "/activity.csv?days=7",
    "/contacts.csv": lambda _: "/contacts.csv",
    "/contacts.xlsx": lambda _: "/contacts.xlsx",
    "/api/contacts.csv": lambda _: "/api/contacts.csv",
    "/api/contacts.xlsx": lambda _: "/api/contacts.xlsx",
    "/campaigns/<campaign_id>/people.csv": lambda w: f"/campaigns/{w.scene.campaign()}/people.csv",
    "/campaigns/<campaign_id>/people.xlsx": lambda w: f"/campaigns/{w.scene.campaign()}/people.xlsx",
    "/emails/<email_id>/people.csv": lambda w: f"/emails/{w.mails.email()}/people.csv",
    "/emails/<email_id>/people.xlsx": lambda w: f"/emails/{w.mails.email()}/people.xlsx",
    "/renderings/<uuid:rendering_id>/rows.csv": lambda w: f"/renderings/{w.rendering()}/rows.csv",
    "/imports/<import_id>/rows.csv": lambda w: f"/imports/{w.imported(State.COMPLETED)}/rows.csv",
    "/imports/<import_id>/rows.xlsx": lambda w: f"/imports/{w.imported(State.COMPLETED)}/rows.xlsx",
    "/imports/<import_id>/rejected.csv": lambda w: f"/imports/{w.imported(State.COMPLETED)}/rejected.csv",
    "/imports/<import_id>/rejected.xlsx": lambda w: f"/imports/{w.imported(State.COMPLETED)}/rejected.xlsx",
}


def _mailed(world: World, status: Mail) -> uuid.UUID:
    return world.mails.email(OutboundStatus.COMPLETED, {status: 1}, {status: "failed"})


def _ended(world: World, status: Status) -> uuid.UUID:
    return world.scene.campaign(OutboundStatus.COMPLETED, {status: 1}, {Status.FAILED: "131000"})


@pytest.fixture
def world(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> World:
    for asks in (connection, whatsapp_views):
        monkeypatch.setattr(asks, "ask", lambda *_, **__: Answer(display_phone_number="+1 555 0100"))
    monkeypatch.setattr(studio, "channel_of", lambda _: Willing())
    accepted = EmailAnswer((EmailFinding("key", True, "Resend accepts the key."),))
    monkeypatch.setattr(email_connection, "ask", lambda _: accepted)
    monkeypatch.setattr(workers, "is_ours_alone", lambda: True)  # else only the command line ends a worker
    scene, browser = set_the_scene(app, cast), cast.sign_in(app.test_client(), "alice")
    return World(app, cast, scene, browser, csrf_token(browser))


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_every_route_that_changes_something_leaves_a_line(world: World) -> None:
    changing = {rule.endpoint for rule in world.app.url_map.iter_rules() if set(rule.methods or ()) - SAFE}
    assert changing == set(DEEDS) | set(LEAVES_NO_LINE)
    silent = {}
    for endpoint, deed in DEEDS.items():
        before = world.lines()
        answer = deed(world)
        if world.lines() <= before:
            silent[endpoint] = (answer.status_code, answer.text[-300:])
    assert silent == {}


def test_every_file_that_somebody_takes_leaves_a_line_with_where_they_were(world: World) -> None:
    """Although the request only reads."""
    files = {rule.rule for rule in world.app.url_map.iter_rules() if rule.rule.endswith((".csv", ".xlsx"))}
    assert files == set(TAKEN)
    for path in [address(world) for address in TAKEN.values()]:
        before = world.lines()
        taker = {"headers": world.cast.headers("alice")} if path.startswith("/api/") else {}
        answer = world.browser.get(path, environ_base={"REMOTE_ADDR": "2001:db8::7"}, **taker)
        assert answer.status_code == 200, path
        assert world.lines() == before + 1, path
        newest = world.ask("GET", "/api/activity?limit=1").get_json()["activity"][0]
        assert newest["address"] == "2001:db8::7"
        assert newest["action"].startswith("export")


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize("state, verb, action", [("waiting", "cancel", "cancel job"), ("failed", "retry", "retry job")])
def test_an_import_is_cancelled_and_retried_in_the_same_words_as_its_job(
    world: World, state: str, verb: str, action: str
) -> None:
    import_id = world.imported(State(state))
    world.post(f"/imports/{import_id}/{verb}")
    with db.organization_context(world.app, world.cast.bakery_id), db.reading():
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        job = db.session.scalars(select(Job).where(Job.subject == f"import:{import_id}")).one()
        assert (event.actor, event.action, event.subject) == ("Alice", action, f"job:{job.id}")
