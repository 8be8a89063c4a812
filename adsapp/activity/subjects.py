"""What events were done to, as far as it is still there: its title, and the page it has. One statement a kind."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from adsapp.alerts.models import AlertChannel, AlertIncident
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.core.ids import parse_id
from adsapp.emails.models import Email, EmailTemplate
from adsapp.emails.subject import EMAIL
from adsapp.integrations.models import Account, EmailAccount
from adsapp.jobs import Job, Queue
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import Worker
from adsapp.message_templates.models import HeaderFile, MessageTemplate, Rendering
from adsapp.organizations.auditing import MANY_JOBS
from adsapp.organizations.models import AuditEvent
from adsapp.renderings.subject import RENDERING
from adsapp.schedules.models import Schedule
from adsapp.schedules.subject import SCHEDULE

JOBS_NAMED = 3  # of those that were ticked together


@dataclass(frozen=True)
class Subject:
    """Something that an event was done to; `path` is None if its page is gone."""

    title: str
    path: str | None = None


@dataclass(frozen=True)
class Kept:
    """How the rows of a kind of subject are found: its id and title, which of them have a page, and where that is."""

    id: InstrumentedAttribute[uuid.UUID]
    title: ColumnElement[str] | InstrumentedAttribute[str]
    path: str
    only: tuple[ColumnElement[bool], ...] = ()

    def rows(self, ids: Collection[uuid.UUID]) -> Select[uuid.UUID, str]:
        """Those of these ids."""
        return select(self.id, self.title).where(self.id.in_(ids), *self.only)


# People's names and numbers are not copied into the audit, so a contact is called what it is called now.
_FULL_NAME = func.trim(Contact.first_name + " " + Contact.last_name)
_NUMBER = case((Contact.phone.startswith("+"), Contact.phone), else_="no number")
CONTACT_TITLE = func.coalesce(func.nullif(Contact.name, ""), func.nullif(_FULL_NAME, ""), _NUMBER)
KEPT: Mapping[str, Kept] = {
    "job": Kept(Job.id, Job.title, "/jobs/{}"),
    "campaign": Kept(Campaign.id, Campaign.name, CAMPAIGN.page),
    "schedule": Kept(Schedule.id, Schedule.name, SCHEDULE.page),
    "import": Kept(Import.id, Import.file_name, IMPORT.page),
    "template": Kept(MessageTemplate.id, MessageTemplate.name, "/templates/{}"),
    "file": Kept(HeaderFile.id, HeaderFile.name, "/files/{}"),
    "rendering": Kept(Rendering.id, Rendering.template_name, RENDERING.page),
    "contact": Kept(Contact.id, CONTACT_TITLE, "/contacts/{}"),
    "account": Kept(Account.id, Account.name, "/settings/whatsapp"),
    "email": Kept(Email.id, Email.name, EMAIL.page),
    "email_account": Kept(
        EmailAccount.id, EmailAccount.name, "/settings/email?account={}", (EmailAccount.removed_at.is_(None),)
    ),
    "email_template": Kept(EmailTemplate.id, EmailTemplate.name, "/email-templates/{}"),
    "alert": Kept(AlertIncident.id, AlertIncident.title, "/alerts/{}", (AlertIncident.opened_at.is_not(None),)),
    "alert_channel": Kept(AlertChannel.id, AlertChannel.name, "/alerts/channels/{}"),
    "worker": Kept(Worker.id, Worker.host, "/workers#worker-{}", (Worker.stopped_at.is_(None),)),
}
GONE = {
    "job": "a job",
    "campaign": "a campaign",
    "schedule": "a schedule",
    "import": "an import",
    "template": "a template",
    "file": "a file",
    "rendering": "a trial",
    "contact": "a contact",
    "account": "a number",
    "email": "an e-mail",
    "email_account": "an e-mail account",
    "email_template": "an e-mail template",
    "alert": "an alert",
    "alert_channel": "a channel",
    "alert_delivery": "a message",
    "alert_rule": "a rule",
    "worker": "a worker",
}


def subjects_of(events: Sequence[AuditEvent]) -> dict[int, list[Subject]]:
    """By the event's id, what it was done to; of many ticked jobs the first JOBS_NAMED."""
    named = {event.id: list(_names(event)) for event in events}
    kept = _look_up(name for names in named.values() for name in names)
    return {event.id: [_subject(event, name, kept) for name in named[event.id]] for event in events}


def _names(event: AuditEvent) -> Iterable[str]:
    if event.subject == MANY_JOBS:
        return (f"job:{job_id}" for job_id in event.details.get("jobs", [])[:JOBS_NAMED])
    return [event.subject]


def _look_up(names: Iterable[str]) -> dict[str, Subject]:
    wanted: dict[str, set[uuid.UUID]] = defaultdict(set)
    for kind, _, key in (name.partition(":") for name in names):
        if kind in KEPT and (parsed := parse_id(key)):
            wanted[kind].add(parsed)
    return {
        f"{kind}:{found}": Subject(title, KEPT[kind].path.format(found))
        for kind, ids in wanted.items()
        for found, title in db.session.execute(KEPT[kind].rows(ids))
    }


def _subject(event: AuditEvent, name: str, kept: Mapping[str, Subject]) -> Subject:
    """As it was called then, if that was noted; else as it is called now."""
    kind, _, key = name.partition(":")
    if kind == "queue" and key in list(Queue):
        return Subject(QUEUE_TITLES[Queue(key)], f"/queues/{key}")
    now = kept.get(name)
    title = event.title if event.subject == name else ""
    gone = f"{GONE.get(kind, kind or 'something')} that is gone"
    return Subject(title or (now.title if now else gone), now.path if now else None)
