"""Another status, category or quality of a template: kept as its history, and told where it needs a person.

Whether a webhook or a sync brings it makes no difference: what is the same as before is no news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.events import NoticeKind
from adsapp.integrations.models import NoticeLevel, ProviderNotice
from adsapp.message_templates.availability import QUALITIES
from adsapp.message_templates.models import MessageTemplate, TemplateChange

STATUS, CATEGORY, QUALITY = "status", "category", "quality"
WATCHED: Final = (STATUS, CATEGORY, QUALITY)
WEBHOOK, SYNC, HERE = "webhook", "sync", "here"  # who told it
MOST_SHOWN: Final = 30
EDITS_A_MONTH: Final = 10  # of an approved template; one in 24 hours
COSTS: Final[Mapping[str, str]] = {
    "MARKETING": "Each message is charged as marketing from now on, which costs more than utility nearly everywhere "
    "(see WhatsApp's price list for your countries); people must have asked for offers; the United States get none.",
    "UTILITY": "Each message is charged as utility from now on, which costs less; it must be about something that the "
    "person has with you.",
    "AUTHENTICATION": "Each message is charged as authentication from now on; it may carry a code and nothing else.",
}
QUALITY_COSTS: Final[Mapping[str, str]] = {
    "warning": "Some people block or report it. If more do, WhatsApp pauses it, for 3 hours at first.",
    "bad": "Many people block or report it. WhatsApp pauses it for 3 hours, then for 6, then disables it for good.",
}


@dataclass(frozen=True, slots=True)
class Was:
    """What a template was before something changed it."""

    status: str
    category: str
    quality: str

    @classmethod
    def of(cls, template: MessageTemplate) -> "Was":
        """As it is at this moment."""
        return cls(template.status or "", template.category or "", template.quality or "")


def note(template: MessageTemplate, was: Was, told_by: str) -> None:
    """Keep what is different from before. A template that is new has begun; that is no change of anything else."""
    for what in WATCHED:
        before, after = getattr(was, what), getattr(template, what)
        if _plain(what, before) == _plain(what, after) or (not was.status and what != STATUS):
            continue
        reason = template.status_reason or "" if what == STATUS else ""
        _keep(template, what, before, after, reason, told_by)
        if was.status and told_by != HERE:
            _tell(template, what, before, after)


def changes_of(template: MessageTemplate) -> Sequence[TemplateChange]:
    """The newest changes, newest first."""
    mine = select(TemplateChange).where(TemplateChange.template_id == template.id)
    return db.session.scalars(mine.order_by(TemplateChange.id.desc()).limit(MOST_SHOWN)).all()


def edits_left(template: MessageTemplate) -> str:
    """Why an approved template cannot be edited again yet, as far as it was edited from here; "" if it can."""
    if template.status.upper() != "APPROVED":
        return ""
    mine = (TemplateChange.template_id == template.id, TemplateChange.what == STATUS, TemplateChange.told_by == HERE)
    month_ago = utcnow() - timedelta(days=30)
    edited = select(TemplateChange.at).where(*mine, TemplateChange.before == "APPROVED", TemplateChange.at > month_ago)
    times = db.session.scalars(edited.order_by(TemplateChange.at.desc())).all()
    if len(times) >= EDITS_A_MONTH:
        again = times[EDITS_A_MONTH - 1] + timedelta(days=30)
        return f"It was changed {len(times)} times in 30 days, and WhatsApp takes {EDITS_A_MONTH}: again {_when(again)}"
    if times and times[0] > utcnow() - timedelta(days=1):
        again = times[0] + timedelta(days=1)
        return f"WhatsApp takes one change of an approved template in 24 hours: again {_when(again)}"
    return ""


def _when(moment: datetime) -> str:
    return f"from {moment:%-d %B, %H:%M} UTC"


def _plain(what: str, value: str) -> str:
    """GREEN and HIGH are one; not rated is nothing."""
    return QUALITIES.get(value.upper(), ("", ""))[1] if what == QUALITY else value.upper()


def _keep(template: MessageTemplate, what: str, before: str, after: str, reason: str, told_by: str) -> None:
    db.session.add(
        TemplateChange(
            organization_id=db.require_organization_id(),
            template_id=template.id,
            what=what,
            before=before[:40],
            after=after[:40],
            reason=reason,
            told_by=told_by,
        )
    )


# --- what needs a person ----------------------------------------------------------------------------------------------


def _tell(template: MessageTemplate, what: str, before: str, after: str) -> None:
    title = f"“{template.name}” ({template.language})"
    if what == STATUS:
        kind, told = NoticeKind.TEMPLATE_STATUS, _status(title, after, template.status_reason or "")
    elif what == QUALITY:
        kind, told = NoticeKind.TEMPLATE_QUALITY, _quality(title, after)
    else:
        kind, told = NoticeKind.TEMPLATE_CATEGORY, _category(title, before, after)
    level, headline, text = told
    db.session.add(
        ProviderNotice(
            organization_id=db.require_organization_id(),
            account_id=template.account_id,
            at=utcnow(),
            kind=kind.value,
            about=f"{template.name[:500]} {template.language}",
            level=level,
            title=headline,
            text=text.rstrip(),
        )
    )


def _status(title: str, status: str, reason: str) -> tuple[NoticeLevel, str, str]:
    plain = reason.replace("_", " ").lower()
    said = f"WhatsApp's reason: {plain}. " if plain and plain != "none" else ""
    if status.upper() == "APPROVED":
        return NoticeLevel.GOOD, f"The template {title} can be sent", said
    level = NoticeLevel.WARNING if status.upper() in ("PENDING", "IN_APPEAL") else NoticeLevel.BAD
    text = said + "Campaigns that use it stop until it is approved again."
    return level, f"The template {title} is {status.replace('_', ' ').lower()}", text


def _quality(title: str, quality: str) -> tuple[NoticeLevel, str, str]:
    kind, word = QUALITIES.get(quality.upper(), ("good", "not rated"))
    text = f"{QUALITY_COSTS[kind]} Look at its text and at who gets it." if kind in QUALITY_COSTS else ""
    return NoticeLevel(kind), f"The quality of the template {title} is {word}", text


def _category(title: str, before: str, category: str) -> tuple[NoticeLevel, str, str]:
    was = f" instead of {before.lower()}" if before else ""
    costs = COSTS.get(category.upper(), "Its price and the consent it needs follow the category.")
    text = f"{costs} Look at campaigns that are scheduled with it."
    return NoticeLevel.WARNING, f"The template {title} is {category.lower()} now{was}", text
