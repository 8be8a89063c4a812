"""What the provider reports about messages, worked into the ledger by rank: any order, any number of times, no
matter whether it comes before our own response is stored. Nothing ever moves down.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from adsapp.campaigns import consequences, ledger
from adsapp.campaigns.consequences import Effect, effect_of
from adsapp.campaigns.ledger import MILESTONES, RecipientState
from adsapp.campaigns.models import Campaign, CampaignRecipient, ParkedStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import code_of, in_words
from adsapp.contacts import opt_outs, people
from adsapp.contacts.identity import Identity
from adsapp.contacts.models import Contact, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.errors import SendError
from adsapp.integrations.events import StatusEvent
from adsapp.integrations.statuses import merge
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.figures import MESSAGES, WHATSAPP, count_statuses
from adsapp.outbound.report_spans import came_back

KEEP_PARKED = timedelta(days=7)
NEVER_SENT = (Status.SKIPPED,)
CHARGED = ("delivered", "read")


@dataclass(frozen=True)
class Merged:
    """How many events found their message, and those that did not."""

    found: int
    unknown: tuple[StatusEvent, ...]


def apply(events: Sequence[StatusEvent], account_id: uuid.UUID | None = None) -> Merged:
    """Work events into the ledger, in the caller's transaction; those of unknown messages come back.

    `account_id`: whose events they are, None if any account's may be meant."""
    ids = _recipients_of(events)
    targets = {one for one in ids if one is not None}
    campaigns = db.session.scalars(
        select(CampaignRecipient.campaign_id).where(CampaignRecipient.id.in_(targets)).distinct()
    )
    locked = ledger.lock(campaigns)
    entries = ledger.load(targets)
    changed: dict[int, RecipientState] = {}
    known: list[tuple[RecipientState, StatusEvent]] = []
    unknown: list[StatusEvent] = []
    news: defaultdict[uuid.UUID, list[SendError]] = defaultdict(list)
    for event, one in zip(events, ids, strict=True):
        entry = entries.get(one) if one is not None else None
        if entry is None or not (_is_by(account_id, locked[entry.campaign_id]) and _belongs(entry, event)):
            unknown.append(event)
            continue
        known.append((entry, event))
        if merge_event(entry, event):
            changed[entry.id] = entry
            news[entry.campaign_id] += event.errors
    ledger.save(list(changed.values()))
    count_statuses(MESSAGES, (entry.status.value for entry in changed.values()))
    came_back(WHATSAPP, (locked[entry.campaign_id].job_id for entry in changed.values()))
    _record_opt_outs(known, locked)
    _learn_user_ids(known)
    for campaign_id, errors in news.items():
        consequences.act_on_reports(locked[campaign_id], errors)
    return Merged(len(events) - len(unknown), tuple(unknown))


def _recipients_of(events: Sequence[StatusEvent]) -> list[int | None]:
    """The recipient of each event: by the data we sent along, else by the message's id."""
    known = {
        row.provider_id: row.id
        for row in db.session.execute(
            select(CampaignRecipient.provider_id, CampaignRecipient.id).where(
                CampaignRecipient.provider_id.in_({event.provider_id for event in events})
            )
        )
    }
    return [known.get(event.provider_id) or _given_id(event) for event in events]


def _given_id(event: StatusEvent) -> int | None:
    data = event.reference or ""
    return int(data) if data.isascii() and data.isdecimal() and len(data) < 19 else None


def _is_by(account_id: uuid.UUID | None, campaign: Campaign) -> bool:
    return account_id is None or campaign.account_id == account_id


def _belongs(entry: RecipientState, event: StatusEvent) -> bool:
    """Another program on the same number may send numbers along too; and somebody never sent to got no message."""
    if entry.provider_id is not None:
        return entry.provider_id == event.provider_id
    return entry.status not in NEVER_SENT and entry.attempts > 0


def merge_event(entry: RecipientState, event: StatusEvent) -> bool:
    """Merge one event into an entry; False if it adds nothing."""
    before = entry.milestones
    after = merge(before, event)
    if not _take_price(entry, event) and after is before and entry.provider_id is not None:
        return False
    entry.provider_id = event.provider_id
    for name in MILESTONES:
        setattr(entry, name, getattr(after, name))
    if after.status is None:
        return True
    entry.status = Status(after.status)
    if entry.status is not Status.FAILED:
        entry.error_code, entry.error_message = "", None
    elif event.status == "failed" and not _has_failure(entry):
        error = event.errors[0] if event.errors else None
        entry.error_code = code_of(error) if error else "unknown"
        entry.error_message = in_words(error) if error else None
    return True


def _take_price(entry: RecipientState, event: StatusEvent) -> bool:
    """What the provider charges by. It is charged on delivery, so what comes with that outranks what came with
    `sent`."""
    price = event.pricing
    if price is None or (entry.price_category is not None and event.status not in CHARGED):
        return False
    before = (entry.price_category, entry.price_type, entry.price_model, entry.billable)
    after = (price.category[:40], price.type[:40], price.model[:20], price.billable)
    entry.price_category, entry.price_type, entry.price_model, entry.billable = after
    return before != after


def _has_failure(entry: RecipientState) -> bool:
    return entry.error_code not in ("", "uncertain")


def _record_opt_outs(
    known: Sequence[tuple[RecipientState, StatusEvent]], campaigns: Mapping[uuid.UUID, Campaign]
) -> None:
    for entry, event in known:
        error = next((error for error in event.errors if effect_of(error) is Effect.OPT_OUT), None)
        if error is None:
            continue
        contact = db.session.scalars(select(Contact).where(Contact.id == entry.contact_id)).first()
        if contact is not None and opt_outs.opt_out(
            contact, OptSource.PROVIDER, detail=in_words(error), by=NOBODY, at=event.timestamp
        ):
            count_opt_out(campaigns[entry.campaign_id])


def _learn_user_ids(known: Sequence[tuple[RecipientState, StatusEvent]]) -> None:
    """Since 2026 reports name the person by user id too: kept, so that they are found when their number is hidden."""
    told = {entry.contact_id: event for entry, event in known if event.user_id}
    if not told:
        return
    for contact in db.session.scalars(select(Contact).where(Contact.id.in_(told))).all():
        event = told[contact.id]
        if contact.wa_user_id != event.user_id:
            people.learn(contact, Identity(user_id=event.user_id), event.timestamp)


def count_opt_out(campaign: Campaign) -> None:
    """One more person who opted out after a campaign's message."""
    campaign.opted_out_count = Campaign.opted_out_count + 1


def park(account_id: uuid.UUID, events: Iterable[StatusEvent]) -> None:
    """Keep statuses of messages we do not know (yet), in the caller's transaction."""
    for event in events:
        db.session.add(
            ParkedStatus(
                organization_id=db.require_organization_id(),
                account_id=account_id,
                provider_id=event.provider_id,
                event=event.as_json(),
            )
        )


def match_parked(provider_ids: Iterable[str]) -> int:
    """Apply parked statuses of these messages, if they are known by now. Commits; returns how many fitted."""
    wanted = set(provider_ids)
    with db.read_only():
        there = db.session.scalar(select(ParkedStatus.id).where(ParkedStatus.provider_id.in_(wanted)).limit(1))
    if there is None:
        return 0
    parked = db.session.scalars(
        select(ParkedStatus).where(ParkedStatus.provider_id.in_(wanted)).order_by(ParkedStatus.id)
    ).all()
    fitted = [one for account_id in {each.account_id for each in parked} for one in _fitting(account_id, parked)]
    db.session.execute(delete(ParkedStatus).where(ParkedStatus.id.in_(fitted)))
    db.session.commit()
    return len(fitted)


def _fitting(account_id: uuid.UUID, parked: Sequence[ParkedStatus]) -> list[int]:
    """Apply those of this account; the ids of those whose message is known by now."""
    mine = [one for one in parked if one.account_id == account_id]
    events = [StatusEvent.from_json(one.event) for one in mine]
    still = {(event.provider_id, event.status) for event in apply(events, account_id).unknown}
    return [one.id for one, event in zip(mine, events, strict=True) if (event.provider_id, event.status) not in still]


def forget_parked() -> None:
    """Drop what nobody has claimed for days: messages of another program on the same number."""
    db.session.execute(delete(ParkedStatus).where(ParkedStatus.received_at < utcnow() - KEEP_PARKED))
