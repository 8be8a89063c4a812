"""Reasons to stop a campaign that no single answer gives: its template, and how many of its messages end badly.

Looked at when a run begins and every second while it sends. WhatsApp tells most of its errors afterwards, so a campaign
that goes wrong is seen in its counts, not in its answers.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.consequences import pause_automatically
from adsapp.campaigns.ledger import Counted
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.config import Settings
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.message_templates.availability import why_not
from adsapp.message_templates.components import TemplateView, view
from adsapp.message_templates.queries import find_template, view_of

UNANSWERED = (Status.PENDING, Status.SENDING, Status.SKIPPED)
NOT_DELIVERED = (Status.FAILED, Status.UNCERTAIN)


@dataclass(frozen=True)
class Tally:
    """How messages ended so far: how many were answered, and of these did not arrive; how many people opted out."""

    at: datetime
    answered: int = 0
    not_delivered: int = 0
    opted_out: int = 0

    def since(self, before: "Tally") -> "Tally":
        """What came after another tally; a message given back to be sent again may make it less."""
        answered = max(0, self.answered - before.answered)
        not_delivered = max(0, self.not_delivered - before.not_delivered)
        return Tally(self.at, answered, not_delivered, self.opted_out - before.opted_out)

    def as_json(self) -> dict[str, Any]:
        """For a column."""
        return asdict(self) | {"at": self.at.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Tally":
        """What `as_json` made."""
        return cls(**{**kept, "at": datetime.fromisoformat(kept["at"])})


def stops(campaign_id: uuid.UUID) -> bool:
    """Pause the campaign if there is a reason to; True if it was paused. Ends its transaction."""
    with db.read_only():
        campaign = db.session.get(Campaign, campaign_id)
        if campaign is None or not (_why_stop(campaign) or _watches_too_long(campaign)):
            return False
    with ledger.locked(campaign_id) as campaign:
        reason = look(campaign) if campaign is not None and campaign.status.goes_out else None
        db.session.commit()
    return reason is not None


def look(campaign: Campaign) -> str | None:
    """Pause a locked campaign if there is a reason to, which is returned; else go on watching. Never commits."""
    reason = _why_stop(campaign)
    if reason is not None:
        pause_automatically(campaign, reason)
        campaign.watched_from = None  # whoever resumes it has seen these
    elif _watches_too_long(campaign):
        campaign.watched_from = _tally(campaign, ledger.counted(campaign.id)).as_json()
    return reason


def _why_stop(campaign: Campaign) -> str | None:
    return why_template(campaign) or _why_endings(campaign)


# --- the template -----------------------------------------------------------------------------------------------------


def why_template(campaign: Campaign) -> str | None:
    """Why its template must not be sent as things are known now."""
    if not campaign.template_name:
        return None
    template = find_template(campaign.account_id, campaign.template_name, campaign.template_language)
    if template is None:
        return (
            "Its template is gone: it was deleted at WhatsApp. Cancel this campaign, and make one of another template."
        )
    obstacle = why_not(template, view_of(template))
    if obstacle is not None:
        return f"Its template cannot be sent now. {obstacle}"
    if reason := _why_reworded(view_of(template), view(campaign.components, campaign.parameter_format)):
        return reason
    if campaign.template_category and template.category != campaign.template_category:
        return (
            f"WhatsApp now counts its template as {template.category.lower()}, no longer as "
            f"{campaign.template_category.lower()}: messages may cost more, and some people may not get them. "
            "Resume it to send it all the same"
        )
    return None


# --- how messages end -------------------------------------------------------------------------------------------------


def _why_reworded(now: TemplateView, confirmed: TemplateView) -> str | None:
    if now.wording == confirmed.wording:
        return None
    if {each.key for each in now.variables} != {each.key for each in confirmed.variables}:
        return "Its template was changed and has other variables now. Cancel this campaign, and make a new one of it."
    return (
        "Its template was changed: people would read something else than was confirmed. Look at the template, then "
        "resume to send its new text."
    )


def _why_endings(campaign: Campaign) -> str | None:
    if campaign.watched_from is None:
        return None
    counted, settings = ledger.counted(campaign.id), context.settings()
    lately = _tally(campaign, counted).since(Tally.from_json(campaign.watched_from))
    return why_endings(lately, settings, _most_frequent(counted))


def why_endings(lately: Tally, settings: Settings, most_frequent: str = "") -> str | None:
    """Why a campaign with these endings should not go on by itself; `most_frequent` is its most frequent error."""
    if lately.answered < settings.breaker_messages:
        return None
    if _is_over(lately.not_delivered, lately.answered, settings.breaker_undelivered):
        why = f", most often because of “{most_frequent}”" if most_frequent else ""
        return (
            f"{lately.not_delivered:,} of the last {lately.answered:,} messages did not arrive{why}. "
            "See on its page why; then resume it, or cancel it"
        )
    if _is_over(lately.opted_out, lately.answered, settings.breaker_opted_out):
        return (
            f"{lately.opted_out:,} of the last {lately.answered:,} people opted out. Look whether they asked for this "
            "message; then resume it, or cancel it"
        )
    return None


def _is_over(bad: int, of: int, share: float) -> bool:
    return share > 0 and bad > of * share


def _watches_too_long(campaign: Campaign) -> bool:
    if campaign.watched_from is None:
        return True
    window = timedelta(minutes=context.settings().breaker_minutes)
    return utcnow() - Tally.from_json(campaign.watched_from).at > window


def _tally(campaign: Campaign, counted: Sequence[Counted]) -> Tally:
    answered = sum(count for status, _, count in counted if status not in UNANSWERED)
    not_delivered = sum(count for status, _, count in counted if status in NOT_DELIVERED)
    return Tally(utcnow(), answered, not_delivered, campaign.opted_out_count)


def _most_frequent(counted: Sequence[Counted]) -> str:
    failed = [(count, code) for status, code, count in counted if status in NOT_DELIVERED]
    return reasons.explain(max(failed)[1]).title if failed else ""
