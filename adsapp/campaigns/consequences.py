"""What an error means beyond its own message: for the campaign, for the number, for the account, for consent.

One table and one function, whichever way an error comes: as the answer to a request, with a report minutes later, or by
itself. WhatsApp reports most of its errors later. What becomes of the one message differs: a refused request was never
taken and may be sent again, but a message that was taken and then reported as failed is not sent again by itself,
because such a report may still be followed by a delivery.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from sqlalchemy import func, select

from adsapp.campaigns import ledger
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import code_of
from adsapp.campaigns.telling import tell_paused
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries as accounts
from adsapp.integrations import service as integrations
from adsapp.integrations.channels import channel_of
from adsapp.integrations.errors import Action, SendError
from adsapp.integrations.extension import pacer
from adsapp.integrations.models import Account
from adsapp.outbound.statuses import OutboundStatus

FAILURE_LIMIT: Final = 5  # so many of the same kind, with none that went well between them, stop the campaign
SLOW_SECONDS: Final = 2.0
SLOW_AT_LEAST: Final = 10.0
SLOW_FACTOR: Final = 0.5


class Effect(Enum):
    """What an outcome does beyond its recipient."""

    NONE = "none"
    SLOW = "slow the number down"
    OPT_OUT = "record an opt-out"
    PAUSE = "pause the campaign"
    REFUSE = "refuse the account and pause the campaign"
    COUNT = "pause the campaign if several end so"
    UNREACHABLE = "wait until the provider can be reached"
    DOUBT = "pause the campaign if several stay without an answer"


EFFECTS: Final[dict[Action, Effect]] = {
    Action.RETRY: Effect.NONE,
    Action.SLOW_NUMBER: Effect.SLOW,
    Action.RETRY_RECIPIENT: Effect.NONE,
    Action.WAIT_24H: Effect.NONE,
    Action.RECIPIENT: Effect.NONE,
    Action.OPT_OUT: Effect.OPT_OUT,
    Action.CAMPAIGN: Effect.COUNT,
    Action.ACCOUNT: Effect.REFUSE,
    # Of providers that send e-mail; should one for messages say such a thing, a person looks at it.
    Action.SAME_REQUEST: Effect.PAUSE,
    Action.IN_DOUBT: Effect.PAUSE,
    Action.QUOTA: Effect.PAUSE,
}


def effect_of(error: SendError) -> Effect:
    """What this error does, by its class."""
    effect = EFFECTS[error.action]
    return Effect.PAUSE if effect is Effect.COUNT and error.stops_campaign else effect


@dataclass
class Consequences:
    """What some errors together ask for: why to stop, until when the number is to be slow."""

    pause: str = ""
    refuse: str = ""
    slow_until: datetime | None = None
    slow_reason: str = ""
    unreachable: str = ""
    is_reached: bool = False  # the provider answers again

    def add(self, error: SendError, at: datetime, in_a_row: Callable[[], int], wait: float = SLOW_SECONDS) -> None:
        """One more error; `in_a_row` says how many of this kind there were, with none that went well between them."""
        match effect_of(error):
            case Effect.SLOW:
                until = at + timedelta(seconds=wait)
                self.slow_until = max(self.slow_until or until, until)
                self.slow_reason = error.title
            case Effect.REFUSE:
                self.refuse = error.told
            case Effect.PAUSE:
                self.pause = error.told
            case Effect.COUNT if in_a_row() >= FAILURE_LIMIT:
                self.pause = f"{FAILURE_LIMIT} messages in a row failed alike: {error.told}"

    @property
    def is_empty(self) -> bool:
        """True if nothing is to be done."""
        return not (self.pause or self.refuse or self.slow_until or self.unreachable or self.is_reached)


def act(campaign: Campaign, found: Consequences) -> None:
    """Do it, in the caller's transaction; the campaign is locked."""
    if found.is_empty:
        return
    account = accounts.get_account(campaign.account_id)
    if found.is_reached:
        integrations.reached(account)
        record(campaign, f"{accounts.provider_of(account)} answers again")
    if found.unreachable and integrations.unreachable(account, found.unreachable):
        record(campaign, f"{accounts.provider_of(account)} cannot be reached; it is tried again by itself")
    if found.refuse:
        integrations.refuse(account, found.refuse)
    if found.slow_until:
        _slow(account, campaign, found.slow_until, found.slow_reason)
    pause_automatically(campaign, found.refuse or found.pause)


def _slow(account: Account, campaign: Campaign, until: datetime, reason: str) -> None:
    if account.slowed_until is None or account.slowed_until < utcnow():
        record(campaign, f"Slowed down: {reason}")
    account.slowed_until = max(account.slowed_until or until, until)
    account.slowed_reason = reason


def act_on_reports(campaign: Campaign, errors: Sequence[SendError]) -> None:
    """Errors that were reported of messages which the provider had taken; the campaign is locked."""
    found, now = Consequences(), utcnow()
    for error in errors:
        wait = max(SLOW_AT_LEAST, error.retry_after or 0.0)
        found.add(error, now, lambda error=error: _failed_alike(campaign.id, error), wait)  # type: ignore[misc]
    act(campaign, found)
    if found.slow_until:
        _slow_pace(accounts.get_account(campaign.account_id), (found.slow_until - now).total_seconds())


def _failed_alike(campaign_id: uuid.UUID, error: SendError) -> int:
    """How many failed with this code since the newest message that went well."""
    mine = (CampaignRecipient.campaign_id == campaign_id,)
    well = select(func.max(CampaignRecipient.sent_at)).where(
        *mine, CampaignRecipient.status.in_([Status.SENT, Status.DELIVERED, Status.READ])
    )
    newest = db.session.scalar(well)
    failed = select(func.count()).where(
        *mine, CampaignRecipient.status == Status.FAILED, CampaignRecipient.error_code == code_of(error)
    )
    return db.session.scalar(failed if newest is None else failed.where(CampaignRecipient.failed_at > newest)) or 0


def _slow_pace(account: Account, seconds: float) -> None:
    channel = channel_of(account)
    pacer().slow_down(channel.key, seconds, SLOW_FACTOR)


def act_on_account(account: Account, error: SendError) -> None:
    """An error that belongs to no message: only what it says of the account can be acted on."""
    if effect_of(error) is Effect.REFUSE:
        refuse(account, error.told)


def refuse(account: Account, reason: str) -> None:
    """The account can send no more: mark it, and pause every campaign that goes out by it."""
    integrations.refuse(account, reason)
    going_out = [status for status in OutboundStatus if status.goes_out]
    found = select(Campaign.id).where(Campaign.account_id == account.id, Campaign.status.in_(going_out))
    for campaign in ledger.lock(db.session.scalars(found)).values():
        pause_automatically(campaign, reason)


def pause_automatically(campaign: Campaign, reason: str) -> None:
    """Pause a running campaign for a reason of its own; no effect without one, or if it does not run."""
    if not reason or not campaign.status.goes_out:
        return
    campaign.status, campaign.status_reason = OutboundStatus.PAUSED, reason
    record(campaign, f"Paused by itself: {reason}")
    tell_paused(campaign)
