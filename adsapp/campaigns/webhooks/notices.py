"""What the provider says of accounts and templates: written into their rows, and kept as a notice that raises
attention on the home page until something better is said."""

from adsapp.campaigns import consequences
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import service as integrations
from adsapp.integrations.events import AccountEvent, NoticeKind, TemplateStatusEvent
from adsapp.integrations.models import Account, NoticeLevel, ProviderNotice
from adsapp.message_templates import service as templates
from adsapp.message_templates.availability import QUALITIES
from adsapp.message_templates.models import MessageTemplate
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
    title, about = f"“{event.name}” ({event.language})", f"{event.name[:500]} {event.language}"
    if event.status:
        _note(account, NoticeKind.TEMPLATE_STATUS, about, *_status(title, event))
    if event.quality and event.quality != before.quality:
        _note(account, NoticeKind.TEMPLATE_QUALITY, about, *_quality(title, event.quality))
    if event.category and event.category != before.category:
        _note(account, NoticeKind.TEMPLATE_CATEGORY, about, *_category(title, event.category, before))
    templates.record_event(before, event)


def _status(title: str, event: TemplateStatusEvent) -> tuple[NoticeLevel, str, str]:
    reason = event.reason.replace("_", " ").lower()
    said = f"WhatsApp's reason: {reason}. " if reason else ""
    if event.status == "APPROVED":
        return NoticeLevel.GOOD, f"The template {title} can be sent", said
    level = NoticeLevel.WARNING if event.status in ("PENDING", "IN_APPEAL") else NoticeLevel.BAD
    text = said + "Campaigns that use it stop until it is approved again."
    return level, f"The template {title} is {event.status.replace('_', ' ').lower()}", text


def _quality(title: str, quality: str) -> tuple[NoticeLevel, str, str]:
    kind, word = QUALITIES.get(quality, ("good", "not rated"))
    text = "" if kind == "good" else "People block or report it. Look at its text and at who gets it."
    return NoticeLevel(kind), f"The quality of the template {title} is {word}", text


def _category(title: str, category: str, before: MessageTemplate) -> tuple[NoticeLevel, str, str]:
    was = f" instead of {before.category.lower()}" if before.category else ""
    text = "Its price and the consent it needs follow the category. Look at campaigns that are scheduled with it."
    return NoticeLevel.WARNING, f"The template {title} is {category.lower()} now{was}", text


def _note(account: Account, kind: NoticeKind, about: str, level: NoticeLevel, title: str, text: str) -> None:
    notice = {"account_id": account.id, "at": utcnow(), "kind": kind.value, "about": about[:540], "level": level}
    db.session.add(
        ProviderNotice(organization_id=db.require_organization_id(), title=title, text=text.rstrip(), **notice)
    )
