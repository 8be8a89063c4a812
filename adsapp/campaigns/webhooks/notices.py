"""What the provider says of accounts and templates: written into their rows, and kept as a notice that raises
attention on the home page until something better is said."""

from adsapp.campaigns import consequences
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import service as integrations
from adsapp.integrations.events import AccountEvent, NoticeKind, TemplateStatusEvent
from adsapp.integrations.models import Account, NoticeLevel, ProviderNotice
from adsapp.message_templates import service as templates
from adsapp.organizations.auditing import NOBODY


def record(account: Account, event: AccountEvent) -> None:
    """An event of the account or its number."""
    _take_over(account, event)
    if event.can_send is False:
        consequences.refuse(account, f"{event.title}. {event.text}".rstrip())
    elif event.can_send:
        integrations.accept(account)
    _note(account, event.kind, event.about, NoticeLevel(event.level), event.title, event.text)


def _take_over(account: Account, event: AccountEvent) -> None:
    match event.kind:
        case NoticeKind.QUALITY:
            account.quality = event.value[:20]
        case NoticeKind.LIMIT:
            account.messaging_limit = event.value[:40]
        case NoticeKind.PRICE:
            account.pricing_tiers = {**(account.pricing_tiers or {}), event.about: event.value}
        case NoticeKind.ACCOUNT:
            account.restriction = None if event.level == "good" else event.title


def record_template(account: Account, event: TemplateStatusEvent) -> None:
    """A template has another status, quality or category; one that we do not know is fetched."""
    before = templates.find(account, event.name, event.language)
    if before is None:
        templates.request_sync(account=account, by=NOBODY)
        return
    templates.record_event(before, event)


def _note(account: Account, kind: NoticeKind, about: str, level: NoticeLevel, title: str, text: str) -> None:
    notice = {"account_id": account.id, "at": utcnow(), "kind": kind.value, "about": about[:540], "level": level}
    db.session.add(
        ProviderNotice(organization_id=db.require_organization_id(), title=title, text=text.rstrip(), **notice)
    )
