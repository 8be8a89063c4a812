"""What needs a person, in words: the first page shows it, the rules of alerts tell it. Each with the next step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adsapp.alerts.facts import Notice, Paused, TroubledEmail, TroubledNumber
from adsapp.core.words import plural
from adsapp.integrations.email_queries import why_email_account_refused, why_email_unreachable
from adsapp.integrations.models import AccountStatus, NoticeLevel
from adsapp.integrations.queries import why_refused, why_unreachable
from adsapp.jobs import Queue
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries.statistics import QueueStats
from adsapp.jobs.queries.workers import start_command
from adsapp.organizations.policy import Permission
from adsapp.schedules.models import Schedule


@dataclass(frozen=True)
class Concern:
    """One thing that needs somebody; kind is warning or bad, `key` names what it is about."""

    kind: str
    icon: str
    title: str
    text: str
    since: datetime | None = None
    until: datetime | None = None  # goes behind the title
    action: str = ""
    url: str = ""
    post: str = ""  # where the action is sent, if it is not a link; for those who may manage
    needs: Permission = Permission.SEE  # what following the link asks for
    only_for: Permission = Permission.SEE  # who is told, if others can neither do nor learn anything by it
    key: str = ""
    looked_after_by: str = ""  # who has taken on the alert about it


def no_worker(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    """One for all queues that nobody works on."""
    lacking = [stats for stats in queues if stats.lacks_worker]
    if not lacking:
        return
    since = min((stats.waiting_since for stats in lacking if stats.waiting_since), default=None)
    waiting = sum(stats.of("waiting") for stats in lacking)
    start = start_command([stats.queue for stats in lacking])
    text = f"{plural(waiting, 'job waits', 'jobs wait') if waiting else 'No job waits yet'}. Start one with: {start}"
    whose = ""
    if any(stats.elsewhere for stats in lacking):
        whose, others = " that serves this organization", sum(stats.elsewhere for stats in lacking)
        text = f"{plural(others, 'worker is', 'workers are')} running, for other organizations only. {text}"
    title = f"No worker{whose} is running{_for(lacking)}"
    yield Concern("bad", "server-2", title, text, since, action="See the jobs", url="/jobs")


def _for(lacking: Sequence[QueueStats]) -> str:
    if len(lacking) == len(Queue):
        return ""
    return " for " + " and ".join(QUEUE_TITLES[stats.queue] for stats in lacking)


def failed_jobs(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    """One for all jobs that failed today and wait for a decision."""
    # What failed today and was retried since needs nobody, and what failed long ago has been seen.
    if not any(stats.failed_today and stats.of("failed") for stats in queues):
        return
    total, today = sum(stats.of("failed") for stats in queues), sum(stats.failed_today for stats in queues)
    where = ", ".join(f"{QUEUE_TITLES[one.queue]} {one.of('failed'):,}" for one in queues if one.of("failed"))
    title = f"{plural(total, 'failed job waits', 'failed jobs wait')} for a decision"
    times = "one failure" if today == 1 else f"{today:,} failures"
    text = f"{where}; {times} in the last 24 hours. Each job says why, and can be retried."
    yield Concern("warning", "alert-circle", title, text, action="See the failed jobs", url="/jobs?state=failed")


def refused_numbers(accounts: Iterable[TroubledNumber]) -> Iterator[Concern]:
    """WhatsApp numbers that the provider lets send no more."""
    for account in accounts:
        if account.status is AccountStatus.REFUSED:
            text = f"{why_refused(account.status_reason)} Then resume its campaigns."
            yield Concern(
                "bad", "plug-connected-x", f"WhatsApp refuses “{account.name}”", text,
                action="Open the settings", url=f"/settings/whatsapp?account={account.id}",
                needs=Permission.ADMINISTER, key=f"account:{account.id}",
            )  # fmt: skip


def refused_senders(accounts: Iterable[TroubledEmail]) -> Iterator[Concern]:
    """E-mail accounts that the provider lets send no more."""
    for account in accounts:
        if account.status is AccountStatus.REFUSED:
            text = f"{why_email_account_refused(account)} Then resume its e-mails."
            yield Concern(
                "bad", "plug-connected-x", f"“{account.name}” cannot send e-mail", text,
                action="Open the settings", url=f"/settings/email?account={account.id}",
                needs=Permission.ADMINISTER, key=f"email_account:{account.id}",
            )  # fmt: skip


def numbers(accounts: Iterable[TroubledNumber], now: datetime) -> Iterator[Concern]:
    """All that is wrong with WhatsApp numbers, one after another."""
    for account in accounts:
        yield from refused_numbers([account])
        silent = why_unreachable(account, now)
        if silent is not None:
            yield Concern(
                "bad", "plug-connected-x", f"{silent.title} from “{account.name}”", silent.text, silent.since,
                action="See the campaigns", url="/campaigns",
            )  # fmt: skip
        if account.slowed_until and account.slowed_until > now:
            text = f"{account.slowed_reason or 'The provider asked for less'}. Nothing is lost; it speeds up by itself."
            yield Concern("warning", "clock", f"“{account.name}” is slowed until", text, until=account.slowed_until)


def senders(accounts: Iterable[TroubledEmail], now: datetime) -> Iterator[Concern]:
    """All that is wrong with e-mail accounts, one after another."""
    for account in accounts:
        yield from refused_senders([account])
        silent = why_email_unreachable(account, now)
        if silent is not None:
            title = f"{silent.title} from “{account.name}”"
            yield Concern(
                "bad", "plug-connected-x", title, silent.text, silent.since, action="See the e-mails", url="/emails"
            )
        if account.quota_until and account.quota_until > now:
            reason = (account.quota_reason or "Resend takes no more today").rstrip(".")
            title = f"The quota of “{account.name}” is used up until"
            yield Concern(
                "warning", "clock", title, f"{reason}. Nothing is lost; it goes on then.",
                until=account.quota_until, action="See the e-mails", url="/emails",
            )  # fmt: skip


def notices(found: Iterable[Notice]) -> Iterator[Concern]:
    """What WhatsApp said of accounts and templates."""
    for notice in found:
        is_template = notice.kind.startswith("template")
        action, url = ("Templates", "/templates") if is_template else ("Campaigns", "/campaigns")
        kind = "bad" if notice.level is NoticeLevel.BAD else "warning"
        key = f"{notice.kind}:{notice.account_id}:{notice.about}"
        yield Concern(kind, "alert-triangle", notice.title, notice.text, notice.at, action=action, url=url, key=key)


def paused_campaigns(paused: Iterable[Paused]) -> Iterator[Concern]:
    """Campaigns that stand still."""
    for each in paused:
        reason = each.status_reason or "No reason was given"
        title, url = f"“{each.name}” is paused", f"/campaigns/{each.id}"
        yield Concern(
            "warning", "player-pause", title, reason, each.since,
            action="Open the campaign", url=url, key=f"campaign:{each.id}",
        )  # fmt: skip


def overdue_schedules(overdue: Iterable[Schedule]) -> Iterator[Concern]:
    """One for each schedule that waits for a person's word."""
    for each in overdue:
        yield Concern(
            "bad",
            "calendar-time",
            f"The schedule “{each.name}” waits for your word",
            f"{each.state_reason or 'It is later than its grace'}. Say whether it still runs.",
            each.due_since,
            action="Open the schedule",
            url=f"/schedules/{each.id}",
            key=f"schedule:{each.id}",
        )
