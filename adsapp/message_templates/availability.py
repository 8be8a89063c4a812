"""Whether a template can be sent, in words for the person who wants to."""

from typing import Final

from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.models import MessageTemplate

REASONS: Final[dict[str, str]] = {
    "PENDING": "WhatsApp is still reviewing it, which takes minutes to a day. Sync again later.",
    "IN_APPEAL": "The rejection is being appealed. Sync again later.",
    "REJECTED": "WhatsApp rejected it. Change its text and submit it again.",
    "PAUSED": "WhatsApp paused it because too many people blocked or reported it. The pause lifts by itself after "
    "some hours; improve the text before it is disabled for good.",
    "DISABLED": "WhatsApp disabled it for good after repeated complaints. Make a new one.",
    "DELETED": "It was deleted at Meta.",
    "PENDING_DELETION": "It is being deleted at Meta.",
    "LIMIT_EXCEEDED": "The account has more templates than WhatsApp allows. Delete some at Meta, then sync.",
}
EDITABLE: Final = ("APPROVED", "REJECTED", "PAUSED")  # anything else is being looked at, or gone
QUALITIES: Final[dict[str, tuple[str, str]]] = {
    "GREEN": ("good", "high"),
    "HIGH": ("good", "high"),
    "YELLOW": ("warning", "medium"),
    "MEDIUM": ("warning", "medium"),
    "RED": ("bad", "low"),
    "LOW": ("bad", "low"),
}


def why_not(template: MessageTemplate, view: TemplateView) -> str | None:
    """Why nothing can be sent with it and what to do; None if it can be sent. The one answer: of pages, of the API, and
    of the check that refuses a campaign."""
    if not template.is_approved:
        return _why_not_approved(template)
    if view.unsupported:
        return f"It has {' and '.join(view.unsupported)}, which cannot be sent from here yet. Choose another template."
    return None


def _why_not_approved(template: MessageTemplate) -> str:
    known = REASONS.get(template.status.upper(), "WhatsApp does not let it be sent now. Look at it at Meta, then sync.")
    reason = (template.status_reason or "").replace("_", " ").strip().lower()
    return f"{known} Reason given: {reason}." if reason and reason != "none" else known


def why_not_edited(template: MessageTemplate) -> str:
    """Why it cannot be edited now, "" if it can."""
    if template.status.upper() in EDITABLE and template.provider_id:
        return ""
    return "WhatsApp is reviewing it or has taken it away; it can be changed once it is approved, rejected or paused"


def quality_of(template: MessageTemplate) -> tuple[str, str]:
    """(kind of pill, word): how people have taken it lately, "not rated" while WhatsApp does not say."""
    return QUALITIES.get(template.quality.upper(), ("neutral", "not rated"))
