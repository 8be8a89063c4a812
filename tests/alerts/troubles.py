"""How each trouble comes about and how it is mended, for tests that want to see its rule speak."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from adsapp import jobs
from adsapp.campaigns.models import Campaign, MessageMinute
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.emails.models import Suppression
from adsapp.integrations.events import NoticeKind
from adsapp.integrations.models import Account, AccountStatus, NoticeLevel, ProviderNotice
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.models import StatsMinute, Worker
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.models import Schedule, ScheduleState
from adsapp.schedules.service import create_schedule
from tests.alerts.scene import Alerts
from tests.campaigns.scene import Scene
from tests.emails.scene import EmailScene
from tests.lone_worker import add_lone_worker
from tests.schedules.test_api import CAMPAIGN

FAILURES = 30


@dataclass
class Stage:
    """What troubles are made of."""

    alerts: Alerts
    scene: Scene
    mails: EmailScene
    now: datetime
    monkeypatch: pytest.MonkeyPatch

    @property
    def owner(self) -> uuid.UUID:
        return self.alerts.cast.bakery_id

    def add(self, *rows: object) -> None:
        self.alerts.within(lambda: db.session.add_all(rows))

    def do(self, statement: object) -> None:
        self.alerts.within(lambda: db.session.execute(statement))  # type: ignore[call-overload]

    def minute(self, **figures: int) -> None:
        """What ended a minute ago in the queue of imports."""
        at = (self.now - timedelta(minutes=1)).replace(second=0, microsecond=0)
        self.add(StatsMinute(organization_id=self.owner, queue=Queue.CONTACT_IMPORT, minute=at, **figures))

    def account_id(self) -> uuid.UUID:
        return self.scene.account_id


def _failed_job(stage: Stage) -> None:
    def call() -> None:
        job = jobs.enqueue("import-contacts", {"import_id": str(uuid.uuid4())}, title="Import spring.csv")
        job.state, job.error, job.finished_at = State.FAILED, "The file breaks off", stage.now

    stage.alerts.within(call)
    stage.minute(failed=1)


def _old_job(stage: Stage) -> None:
    def call() -> None:
        jobs.enqueue("demo", {"mood": "succeeds"}).run_at = stage.now - timedelta(minutes=23)

    stage.alerts.within(call)


def _paused_campaign(stage: Stage) -> None:
    campaign_id = stage.scene.campaign(OutboundStatus.PAUSED, status_reason="31 % did not arrive")
    from adsapp.campaigns.models import CampaignEvent

    stage.add(CampaignEvent(organization_id=stage.owner, campaign_id=campaign_id, text="Paused by itself: 31 %"))


def _stalled_campaign(stage: Stage) -> None:
    campaign_id = stage.scene.campaign(OutboundStatus.SENDING)

    def call() -> None:
        job = jobs.enqueue("bulk-message", {"campaign_id": str(campaign_id), "round": 1})
        job.state, job.claimed_at, job.run_at = State.ACTIVE, stage.now - timedelta(minutes=19), stage.now
        job.lease_until = stage.now + timedelta(days=1)
        db.session.get_one(Campaign, campaign_id).job_id = job.id

    stage.alerts.within(call)


def _overdue_schedule(stage: Stage) -> None:
    def call() -> None:
        data = ScheduleIn("Nightly", "sync-templates", {"account_id": str(stage.account_id())}, "30 2 * * *")
        schedule = create_schedule(data, NOBODY)
        schedule.state, schedule.state_reason = ScheduleState.OVERDUE, "It is 9 hours late"
        schedule.next_run_at, schedule.due_since = None, stage.now - timedelta(hours=9)

    stage.alerts.within(call)


def _broken_schedule(stage: Stage) -> None:
    def call() -> None:
        data = ScheduleIn("Offer", "start-campaign", CAMPAIGN, "@daily")
        create_schedule(data, NOBODY)
        db.session.execute(delete(MessageTemplate).where(MessageTemplate.name == "spring"))

    stage.alerts.within(call)


def _message_minute(stage: Stage) -> None:
    campaign_id = stage.scene.campaign(OutboundStatus.COMPLETED)
    at = stage.now.replace(second=0, microsecond=0) - timedelta(minutes=2)
    figures = {"accepted": 60, "failed": FAILURES, "refused": FAILURES}
    stage.add(MessageMinute(organization_id=stage.owner, campaign_id=campaign_id, minute=at, **figures))


def _suppressions(stage: Stage) -> None:
    for number in range(60):
        stage.mails.suppress(f"person{number}@example.com")


def _read_import(stage: Stage) -> None:
    stage.add(
        Import(
            organization_id=stage.owner,
            status=ImportStatus.COMPLETED,
            file_name="spring.csv",
            path="x",
            sha256="0" * 64,
            size_bytes=1,
            rows_read=20,
            rejected=9,
            finished_at=stage.now,
        )
    )


def _lost_worker(stage: Stage) -> None:
    quiet = stage.now - timedelta(minutes=4)
    add_lone_worker(stage.alerts.app, [Queue.CONTACT_IMPORT], host="quay", heartbeat_at=quiet, started_at=quiet)


def _notice(stage: Stage, level: NoticeLevel, title: str, kind: NoticeKind = NoticeKind.QUALITY) -> None:
    values = {"account_id": stage.account_id(), "kind": kind.value, "level": level, "title": title}
    stage.add(ProviderNotice(organization_id=stage.owner, at=stage.now, text="Send less for a while", **values))


def _disk(stage: Stage, free: int) -> None:
    usage = type("Usage", (), {"total": 100 << 30, "used": 0, "free": free << 30})
    stage.monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def _workers(stage: Stage, *, live: bool) -> None:
    with stage.alerts.app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(Worker).values(stopped_at=None if live else stage.now))


def _account(stage: Stage, status: AccountStatus) -> None:
    stage.do(update(Account).values(status=status, status_reason="The access token has expired"))


Change = Callable[[Stage], None]
# The rule: how the trouble comes, how it goes, words that are told.
TROUBLES: dict[str, tuple[Change, Change, str]] = {
    "job_failed": (_failed_job, lambda s: s.do(delete(Job).where(Job.state == State.FAILED)), "The file breaks off"),
    "oldest_wait": (_old_job, lambda s: s.do(delete(Job).where(Job.state == State.WAITING)), "has waited 23 minutes"),
    "failure_share": (
        lambda s: s.minute(completed=10, failed=FAILURES),
        lambda s: s.do(delete(StatsMinute)),
        "75 % of the jobs of Contact import failed",
    ),
    "no_worker": (lambda s: _workers(s, live=False), lambda s: _workers(s, live=True), "No worker is running for"),
    "worker_lost": (_lost_worker, lambda s: _workers(s, live=False), "The worker quay-7 was lost"),
    "campaign_paused": (
        _paused_campaign,
        lambda s: s.do(update(Campaign).values(status=OutboundStatus.SENDING)),
        "31 % did not arrive",
    ),
    "campaign_stalled": (
        _stalled_campaign,
        lambda s: s.do(update(Job).values(claimed_at=s.now)),
        "“Spring opening” does not go on",
    ),
    "schedule_overdue": (
        _overdue_schedule,
        lambda s: s.do(update(Schedule).values(state=ScheduleState.PAUSED)),
        "“Nightly” waits for your word",
    ),
    "schedule_broken": (
        _broken_schedule,
        lambda s: s.do(update(Schedule).values(state=ScheduleState.PAUSED, next_run_at=None)),
        "“Offer” cannot run as things are",
    ),
    "message_failures": (_message_minute, lambda s: s.do(delete(MessageMinute)), "33 % of messages failed"),
    "token_refused": (
        lambda s: _account(s, AccountStatus.REFUSED),
        lambda s: _account(s, AccountStatus.ACTIVE),
        "WhatsApp refuses “Main number”",
    ),
    "quality_down": (
        lambda s: _notice(s, NoticeLevel.BAD, "The quality of the number is low"),
        lambda s: _notice(s, NoticeLevel.GOOD, "The quality of the number is high"),
        "The quality of the number is low",
    ),
    "template_changed": (
        lambda s: _notice(s, NoticeLevel.BAD, "The template “welcome” is paused", NoticeKind.TEMPLATE_STATUS),
        lambda s: _notice(s, NoticeLevel.GOOD, "The template “welcome” can be sent", NoticeKind.TEMPLATE_STATUS),
        "The template “welcome” is paused",
    ),
    "suppressions": (_suppressions, lambda s: s.do(delete(Suppression)), "60 addresses were suppressed"),
    "import_rejected": (_read_import, lambda s: s.do(delete(Import)), "45 % of “spring.csv” was rejected"),
    "disk": (lambda s: _disk(s, 7), lambda s: _disk(s, 40), "The disk is nearly full: 7 % free"),
}
