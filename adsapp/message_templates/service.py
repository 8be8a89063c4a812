"""Templates are the provider's: we read them, and note what it tells us about them."""

import asyncio
import uuid
from typing import Any

from sqlalchemy import delete, select, update

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries as accounts
from adsapp.integrations import service as integrations
from adsapp.integrations.base import Action, ProviderError, SendError
from adsapp.integrations.models import WhatsAppAccount
from adsapp.integrations.whatsapp.client import open_session
from adsapp.integrations.whatsapp.events import TemplateStatusEvent
from adsapp.jobs import Job, JobFailed, Priority, Progress
from adsapp.message_templates.models import MessageTemplate

STATUS_OF_EVENT = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "FLAGGED": "APPROVED"}


def request_sync(by: str = "", account: WhatsAppAccount | None = None) -> Job:
    """Enqueue a sync of an account's templates; one that has not begun yet is enough. Conflict without account."""
    account = account or accounts.get_default_account()
    return jobs.enqueue(
        "sync-templates",
        {"account_id": str(account.id)},
        subject=f"account:{account.id}",
        priority=Priority.CRITICAL,
        dedupe_key=f"templates:{account.id}",
        created_by=by,
    )


def fetch_templates(account: WhatsAppAccount) -> list[dict[str, Any]]:
    """All templates as the provider has them now; raises ProviderError. Waits: call it outside a transaction."""

    async def fetch() -> list[dict[str, Any]]:
        async with open_session(max_in_flight=2) as session:
            return await integrations.cloud_api(account, session).templates()

    return asyncio.run(fetch())


def store_templates(account: WhatsAppAccount, entries: list[dict[str, Any]]) -> int:
    """Make ours equal to what was fetched; what is gone there goes here too. Returns how many there are.

    One at a time for an account: two that both saw a template missing would both add it.
    """
    db.session.execute(select(WhatsAppAccount.id).where(WhatsAppAccount.id == account.id).with_for_update())
    known = {
        (template.name, template.language): template
        for template in db.session.scalars(select(MessageTemplate).where(MessageTemplate.account_id == account.id))
    }
    kept = set()
    for entry in entries:
        key = (str(entry.get("name") or ""), str(entry.get("language") or ""))
        if not all(key):
            continue
        kept.add(key)
        template = known.get(key) or _new(account, *key)
        _take_over(template, entry)
        known[key] = template
    gone = [template.id for key, template in known.items() if key not in kept]
    db.session.flush()
    db.session.execute(delete(MessageTemplate).where(MessageTemplate.id.in_(gone)))
    return len(kept)


def sync_templates(account: WhatsAppAccount) -> int:
    """Fetch and store in one go, for commands; the job does the two in transactions of their own."""
    return store_templates(account, fetch_templates(account))


def sync(account_id: uuid.UUID, progress: Progress) -> int:
    """The sync job's work; JobFailed says what the provider said."""
    account = accounts.get_account(account_id)
    db.session.expunge(account)
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        entries = fetch_templates(account)
    except ProviderError as error:
        return _not_fetched(account_id, error.error, progress)
    account = accounts.get_account(account_id)
    count = store_templates(account, entries)
    integrations.accept(account)
    progress.commit()
    return count


def _not_fetched(account_id: uuid.UUID, error: SendError, progress: Progress) -> int:
    reason = error.told
    if error.action is Action.ACCOUNT:
        integrations.refuse(accounts.get_account(account_id), reason)
        progress.commit()
    raise JobFailed(str(error.code or "unreachable"), reason, permanent=not error.action.sends_again)


def note_status(account: WhatsAppAccount, event: TemplateStatusEvent) -> bool:
    """Take over what a webhook says about a template; False where we do not know the template."""
    reason = None if event.reason.upper() in ("", "NONE") else event.reason
    changed = db.session.execute(
        update(MessageTemplate)
        .where(
            MessageTemplate.account_id == account.id,
            MessageTemplate.name == event.name,
            MessageTemplate.language == event.language,
        )
        .values(status=STATUS_OF_EVENT.get(event.event, event.event), status_reason=reason, synced_at=utcnow())
        .returning(MessageTemplate.id)
    )
    return changed.first() is not None


def _new(account: WhatsAppAccount, name: str, language: str) -> MessageTemplate:
    template = MessageTemplate(
        organization_id=db.require_organization_id(), account_id=account.id, name=name, language=language, status=""
    )
    db.session.add(template)
    return template


def _take_over(template: MessageTemplate, entry: dict[str, Any]) -> None:
    quality = entry.get("quality_score")
    reason = str(entry.get("rejected_reason") or "")
    template.provider_id = str(entry.get("id") or "")
    template.category = str(entry.get("category") or "")
    template.status = str(entry.get("status") or "PENDING").upper()
    template.status_reason = None if reason.upper() in ("", "NONE") else reason
    template.quality = str(quality.get("score") or "") if isinstance(quality, dict) else ""
    template.parameter_format = str(entry.get("parameter_format") or "POSITIONAL").upper()
    components = entry.get("components")
    template.components = components if isinstance(components, list) else []
    template.synced_at = utcnow()
