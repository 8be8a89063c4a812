"""Writing down what came of the requests: for each its recipient, and what it means for campaign, number and consent.

A true outcome is right to write whoever holds the job by now, so this is not fenced by the job's lease: it touches
only rows that this slice itself marked and that nothing else has settled. A status that overtook our own response
is never lowered.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from adsapp.campaigns import ledger, statuses
from adsapp.campaigns.ledger import Entry
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import code_of
from adsapp.campaigns.sending.error_policy import Effect, Verdict, judge
from adsapp.campaigns.sending.transport import Posted
from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.logs import get_logger
from adsapp.integrations import queries as accounts
from adsapp.integrations import service as integrations
from adsapp.integrations.base import Accepted, Refused

log = get_logger()

TROUBLE_LIMIT = 5  # so many of the same kind in a row, with none accepted between them, stop the campaign
DOUBT_LIMIT = 10
TRY_SECONDS = 10.0
RUNNING = (CampaignStatus.PREPARING, CampaignStatus.SENDING)


@dataclass
class Trouble:
    """Bad endings in a row: kept by a slice from batch to batch."""

    kind: str = ""
    count: int = 0
    is_unreachable: bool = False  # the number's provider did not answer when it was last tried

    def see(self, kind: str) -> int:
        """One more of this kind ("" for a good ending); how many there are in a row."""
        self.count = self.count + 1 if kind == self.kind else 1
        self.kind = kind
        return self.count if kind else 0


@dataclass
class Settled:
    """What a batch means for the slice: ids whose slot was missed, why to stop, until when the number is to be slow."""

    missed: list[int] = field(default_factory=list)
    provider_ids: list[str] = field(default_factory=list)  # of messages we know from now on
    pause: str = ""
    refuse: str = ""
    slow_until: datetime | None = None
    slow_reason: str = ""
    unreachable: str = ""
    is_reached: bool = False  # again, after it was not


def settle(
    campaign_id: uuid.UUID, lease_id: uuid.UUID, posted: Sequence[Posted], attempts: Mapping[int, int], trouble: Trouble
) -> Settled:
    """Write a batch of outcomes; `attempts` by recipient, this one counted. Commits."""
    verdicts = [(one, judge(one.outcome, attempts[one.recipient_id])) for one in posted]
    settled = _look(verdicts, trouble)
    written = [(one, verdict) for one, verdict in verdicts if one.recipient_id not in set(settled.missed)]
    if written:
        _persist(lambda: _write(campaign_id, lease_id, written, settled))
        settled.provider_ids = [verdict.provider_id for _, verdict in written if verdict.provider_id]
    return settled


def give_back(campaign_id: uuid.UUID, lease_id: uuid.UUID, ids: Sequence[int]) -> None:
    """Recipients that were marked and surely not written are pending again. Commits."""
    untouched = Verdict(Status.PENDING, counts=False)
    now = utcnow()
    moved = [(Posted(one, None, now), untouched) for one in ids]  # type: ignore[arg-type]  # nothing came of it
    if moved:
        _persist(lambda: _write(campaign_id, lease_id, moved, Settled()))


def _look(verdicts: Sequence[tuple[Posted, Verdict]], trouble: Trouble) -> Settled:
    settled = Settled()
    for one, verdict in verdicts:
        if verdict.status is Status.SENDING:
            settled.missed.append(one.recipient_id)
            continue
        _note_effect(one.at, verdict, settled, trouble)
        if trouble.is_unreachable and isinstance(one.outcome, Accepted | Refused):
            trouble.is_unreachable, settled.is_reached = False, True
    return settled


def _note_effect(at: datetime, verdict: Verdict, settled: Settled, trouble: Trouble) -> None:
    error = verdict.error
    match verdict.effect:
        case Effect.SLOW if error is not None:
            until = at + timedelta(seconds=verdict.wait)
            settled.slow_until = max(settled.slow_until or until, until)
            settled.slow_reason = error.title
        case Effect.REFUSE if error is not None:
            settled.refuse = f"{error.title} (code {error.code}). {error.advice}"
        case Effect.PAUSE if error is not None:
            settled.pause = f"{error.title} (code {error.code}). {error.advice}"
        case Effect.COUNT if error is not None and trouble.see(code_of(error)) >= TROUBLE_LIMIT:
            reason = f"{error.title} (code {error.code}). {error.advice}"
            settled.pause = f"{TROUBLE_LIMIT} messages in a row failed alike: {reason}"
        case Effect.DOUBT if trouble.see("uncertain") >= DOUBT_LIMIT:
            settled.pause = f"{DOUBT_LIMIT} messages in a row got no answer from WhatsApp: {verdict.message}"
        case Effect.UNREACHABLE if trouble.see("unreachable") >= TROUBLE_LIMIT:
            settled.unreachable = verdict.message or "no connection"
        case Effect.NONE | Effect.OPT_OUT:
            trouble.see("")


def _write(
    campaign_id: uuid.UUID, lease_id: uuid.UUID, written: Sequence[tuple[Posted, Verdict]], settled: Settled
) -> None:
    ledger.hold([campaign_id])
    entries = ledger.load(one.recipient_id for one, _ in written)
    changed = []
    for one, verdict in written:
        entry = entries.get(one.recipient_id)
        if entry is not None and entry.lease_id == lease_id and _apply(entry, verdict, one.at):
            changed.append(entry)
            _beyond(entry, verdict)
    ledger.save(changed)
    _stop_or_slow(campaign_id, settled)
    db.session.commit()


def _apply(entry: Entry, verdict: Verdict, at: datetime) -> bool:
    """Work a verdict into an entry; False where it adds nothing."""
    if entry.status not in (Status.SENDING, Status.UNCERTAIN):
        # A webhook was quicker: it knows more than our response does, but perhaps not the message's id.
        if verdict.status is not Status.ACCEPTED or entry.provider_id:
            return False
        entry.provider_id, entry.accepted_at = verdict.provider_id, entry.accepted_at or at
        return True
    if verdict.status is Status.UNCERTAIN and entry.status is Status.UNCERTAIN:
        return False
    entry.status, entry.error_code, entry.error_message = verdict.status, verdict.code, verdict.message
    entry.attempts -= 0 if verdict.counts else 1
    entry.not_before = at + timedelta(seconds=verdict.wait) if verdict.wait else None
    if verdict.status is Status.ACCEPTED:
        entry.provider_id, entry.accepted_at = verdict.provider_id, at
    if verdict.status is Status.FAILED:
        entry.failed_at = at
    if verdict.status is Status.PENDING:
        entry.lease_id = None
    return True


def _beyond(entry: Entry, verdict: Verdict) -> None:
    """What a verdict says about the contact."""
    if verdict.effect is Effect.OPT_OUT:
        opt_outs.opt_out_many([entry.contact_id], OptSource.PROVIDER, detail=verdict.message or "")
    elif verdict.address and verdict.address != entry.phone.lstrip("+"):
        # Rare (Brazil, Mexico, Argentina): elsewhere the provider calls a number as we do.
        db.session.execute(update(Contact).where(Contact.id == entry.contact_id).values(wa_id=verdict.address[:20]))


def _stop_or_slow(campaign_id: uuid.UUID, settled: Settled) -> None:
    if not (settled.pause or settled.refuse or settled.slow_until or settled.unreachable or settled.is_reached):
        return
    campaign = db.session.scalars(
        select(Campaign).where(Campaign.id == campaign_id).execution_options(populate_existing=True)
    ).one()
    account = accounts.get_account(campaign.account_id)
    if settled.is_reached:
        integrations.reached(account)
        _note(campaign, f"{accounts.provider_of(account)} answers again")
    if settled.unreachable and integrations.unreachable(account, settled.unreachable):
        _note(campaign, f"{accounts.provider_of(account)} cannot be reached; it is tried again by itself")
    if settled.refuse:
        integrations.refuse(account, settled.refuse)
    if settled.slow_until:
        if account.slowed_until is None or account.slowed_until < utcnow():
            _note(campaign, f"Slowed down: {settled.slow_reason}")
        account.slowed_until = max(account.slowed_until or settled.slow_until, settled.slow_until)
        account.slowed_reason = settled.slow_reason
    pause_itself(campaign, settled.refuse or settled.pause)


def pause_itself(campaign: Campaign, reason: str) -> None:
    """Pause a running campaign for a reason of its own; no effect without one, or where it stands already."""
    if not reason or campaign.status not in RUNNING:
        return
    campaign.status, campaign.status_reason = CampaignStatus.PAUSED, reason
    _note(campaign, f"Paused by itself: {reason}")


def _note(campaign: Campaign, text: str) -> None:
    db.session.add(CampaignEvent(organization_id=campaign.organization_id, campaign_id=campaign.id, text=text))


def _persist(write: Callable[[], object]) -> None:
    """An outcome exists only here until it is written: a database that is away for a moment must not lose it."""
    give_up = time.monotonic() + TRY_SECONDS
    while True:
        try:
            write()
            return
        except DBAPIError as error:
            db.session.rollback()
            if time.monotonic() > give_up:
                raise
            log.warning("write_again", what="outcomes", error=type(error).__name__)
            time.sleep(0.1)


def match_parked(provider_ids: Sequence[str]) -> None:
    """Statuses that came before we knew these messages. After the commit, so that one of the two always sees the
    other: this look, or the webhook's own."""
    if provider_ids:
        _persist(lambda: statuses.match_parked(provider_ids))
