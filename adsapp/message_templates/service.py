"""Templates are the provider's: we read them, and note what it tells us about them."""

import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

from sqlalchemy import delete, select

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries as accounts
from adsapp.integrations import service as integrations
from adsapp.integrations.base import ProviderTemplate
from adsapp.integrations.channels import channel_of
from adsapp.integrations.errors import Action, ProviderError, SendError
from adsapp.integrations.events import TemplateStatusEvent
from adsapp.integrations.models import Account
from adsapp.jobs import Job, JobFailed, Priority, Progress, Snooze
from adsapp.message_templates import history
from adsapp.message_templates.history import Was
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY, By

WAIT_SECONDS = 60.0  # if the provider asks for patience and does not say how long


def request_sync(by: By, account: Account | None = None) -> Job:
    """Enqueue a sync of an account's templates; one that has not begun yet is enough. Conflict without account."""
    account = account or accounts.get_default_account()
    by.audit("sync templates", f"account:{account.id}", title=account.name)
    return jobs.enqueue(
        "sync-templates",
        {"account_id": str(account.id)},
        subject=f"account:{account.id}",
        priority=Priority.CRITICAL,
        dedupe_key=f"templates:{account.id}",
        created_by=by.name,
    )


def store_templates(account: Account, entries: Sequence[ProviderTemplate]) -> int:
    """Make ours equal to what was fetched; what is gone there goes here too. Returns how many there are.

    One at a time for an account: two that both saw a template missing would both add it.
    """
    db.session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    known = {
        (template.name, template.language): template
        for template in db.session.scalars(select(MessageTemplate).where(MessageTemplate.account_id == account.id))
    }
    kept, were = set(), dict[tuple[str, str], Was]()
    for entry in entries:
        key = (entry.name, entry.language)
        kept.add(key)
        template = known.get(key) or _new(account, *key)
        were[key] = were.get(key) or Was.of(template)
        _take_over(template, entry)
        known[key] = template
    gone = [template.id for key, template in known.items() if key not in kept]
    db.session.flush()
    for key, was in were.items():
        history.note(known[key], was, history.SYNC)
    db.session.flush()
    db.session.execute(delete(MessageTemplate).where(MessageTemplate.id.in_(gone)))
    return len(kept)


def add(account: Account, entry: ProviderTemplate) -> MessageTemplate:
    """Keep one that the provider has just taken."""
    template = find(account, entry.name, entry.language) or _new(account, entry.name, entry.language)
    was = Was.of(template)
    _take_over(template, entry)
    db.session.flush()
    history.note(template, was, history.HERE)
    return template


def enqueue_daily_sync() -> None:
    """Read the templates of every account once more, so that what no webhook told is known within a day."""
    for account in accounts.list_accounts():
        request_sync(account=account, by=NOBODY)


def sync(account_id: uuid.UUID, progress: Progress) -> int:
    """The sync job's work; JobFailed says what the provider said. If it asks to wait, the job waits: no attempt is used
    up."""
    channel = channel_of(accounts.get_account(account_id))
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        entries = channel.fetch_templates()
    except ProviderError as error:
        return _not_fetched(account_id, error.error, progress)
    account = accounts.get_account(account_id)
    count = store_templates(account, entries)
    integrations.accept(account)
    progress.commit()
    return count


def _not_fetched(account_id: uuid.UUID, error: SendError, progress: Progress) -> int:
    reason = error.told_at_last
    if error.is_wait:
        raise Snooze(utcnow() + timedelta(seconds=error.retry_after or WAIT_SECONDS), error.title or error.message)
    if error.action is Action.ACCOUNT:
        integrations.refuse(accounts.get_account(account_id), reason)
        progress.commit()
    raise JobFailed(error.code or "unreachable", reason, permanent=not error.action.sends_again)


def find(account: Account, name: str, language: str) -> MessageTemplate | None:
    """The account's template of this name and language."""
    mine = (MessageTemplate.account_id == account.id, MessageTemplate.name == name)
    return db.session.scalars(select(MessageTemplate).where(*mine, MessageTemplate.language == language)).first()


def record_event(template: MessageTemplate, event: TemplateStatusEvent) -> None:
    """Take over what a webhook says about a template; what is new is kept and told."""
    was = Was.of(template)
    if event.status:
        template.status, template.status_reason = event.status, event.reason or None
    template.quality = event.quality or template.quality
    template.category = event.category or template.category
    template.synced_at = utcnow()
    history.note(template, was, history.WEBHOOK)
    db.session.flush()


def _new(account: Account, name: str, language: str) -> MessageTemplate:
    template = MessageTemplate(
        organization_id=db.require_organization_id(), account_id=account.id, name=name, language=language, status=""
    )
    db.session.add(template)
    return template


def _take_over(template: MessageTemplate, entry: ProviderTemplate) -> None:
    for each in fields(entry):
        setattr(template, each.name, getattr(entry, each.name))
    template.synced_at = utcnow()
