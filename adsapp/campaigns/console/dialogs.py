"""What a campaign can be told to do, when, and what is asked before; what e-mails ask alike: `outbound.console`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from adsapp.campaigns.lacking import lacked
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reach import reach
from adsapp.core.web.confirmation import Choice, Confirmation, Field
from adsapp.outbound.console.dialogs import CANCEL, NOTHING, PAUSE, RESUME, Dialogs, Verb
from adsapp.outbound.console.places import Place
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import people

PLACE: Final = Place("campaigns", "campaign", "Campaigns")
DIALOGS: Final = Dialogs(
    PLACE,
    it="campaign",
    gets="the message",
    uncertain="uncertain message",
    in_doubt="it went out and no answer came back",
    settled_by="A delivery report that still comes from WhatsApp",
)
HOLD: Final = Verb("pause", "Pause", "player-pause", "It is paused")  # while it only waits for its time
START: Final = Verb("start", "Start now", "player-play", "It starts now", asks=True)
MOVE: Final = Verb("move", "Move", "calendar-time", "It has its new time", asks=True)
EDIT: Final = Verb("edit", "Edit", "pencil", "It is changed", leads=True)


def verbs(campaign: Campaign) -> Sequence[Verb]:
    """What is possible in this state; the primary one last."""
    if campaign.status is OutboundStatus.SCHEDULED:
        edit = (EDIT,) if may_edit(campaign) else ()
        return (CANCEL, HOLD, *edit, MOVE, START)
    if campaign.status.is_running:
        return (CANCEL, PAUSE)
    if campaign.status is OutboundStatus.PAUSED:
        return (CANCEL, RESUME)
    return ()


def may_edit(campaign: Campaign) -> bool:
    """True if the form can show all of it: programs also send texts, and to contacts that they name."""
    return campaign.text is None and "contact_ids" not in campaign.audience


def resume(campaign: Campaign, counts: Counts) -> Confirmation:
    """Go on."""
    return DIALOGS.resume(campaign, reach(campaign))


def start(campaign: Campaign) -> Confirmation:
    """Begin before its time."""
    to_go = reach(campaign)
    who, gets = people(to_go), "gets" if to_go == 1 else "get"
    lines = (
        f"{who} {gets} the message as soon as you confirm; it does not wait for its time.",
        "Who opted out or lacks a value is left out.",
    )
    choice = Choice(f"Start now: {who}", icon=START.icon)
    return DIALOGS.question(campaign, START, f"Send “{campaign.name}” to {who} now?", lines, choice, people=to_go)


TWICE = (("0", "The first, before the clocks go back"), ("1", "The second, after it"))


def move(campaign: Campaign, typed: Mapping[str, str] = NOTHING, errors: Mapping[str, str] = NOTHING) -> Confirmation:
    """Another time."""
    local = campaign.scheduled_at.astimezone(ZoneInfo(campaign.time_zone)) if campaign.scheduled_at else None
    known = {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"} if local else {}
    values = {**known, "zone": campaign.time_zone, **typed}

    def field(name: str, label: str, **more: object) -> Field:
        more |= {"required": True, "autocomplete": "off"}
        return Field(label, name, value=values.get(name, ""), error=errors.get(name), id=f"move-{name}", more=more)

    fields = [field("date", "Date", type="date"), field("time", "Time", type="time"), field("zone", "Time zone")]
    if "fold" in errors:
        which = Field("Which of the two", "fold", kind="select", value="0", options=TWICE, error=errors["fold"])
        fields.append(which)
    lines = ("It keeps its message and its audience, and starts at the time you give.",)
    choice = Choice("Move the campaign", icon=MOVE.icon)
    return DIALOGS.question(campaign, MOVE, f"Move “{campaign.name}” to another time?", lines, choice, fields=fields)


def fill(
    campaign: Campaign, count: int, typed: Mapping[str, str] = NOTHING, errors: Mapping[str, str] = NOTHING
) -> Confirmation:
    """Send to those who were left out because a variable had no value, with one for all of them."""
    return DIALOGS.fill(campaign, tuple(lacked(campaign).values()), count, typed, errors)


def settle(campaign: Campaign, counts: Counts) -> Confirmation:
    """Decide what nobody knows."""
    return DIALOGS.settle(campaign, counts, may_send=campaign.status is not OutboundStatus.CANCELLED)


ABOUT_COUNTS: Final = {"pause": DIALOGS.pause, "resume": resume, "cancel": DIALOGS.cancel, "settle": settle}


def confirmations(campaign: Campaign, counts: Counts, failures: Sequence[Failure]) -> Iterator[Confirmation]:
    """Every question this state can lead to."""
    for verb in verbs(campaign):
        if not verb.asks and not verb.leads:
            yield ABOUT_COUNTS[verb.name](campaign, counts)
    if counts.uncertain:
        yield settle(campaign, counts)
    for failure in failures:
        if may_retry(campaign, failure):
            yield DIALOGS.retry(campaign, failure)


def may_retry(campaign: Campaign, failure: Failure) -> bool:
    """True if the code allows it and the campaign was not cancelled."""
    return failure.can_retry and campaign.status is not OutboundStatus.CANCELLED


def has_ended(campaign: Campaign) -> bool:
    """True once nothing more is sent by itself."""
    return campaign.status.has_ended
