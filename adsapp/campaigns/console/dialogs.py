"""What a campaign can be told to do, when, and what is asked before it is done: the exact scope in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from flask import url_for

from adsapp.campaigns.console.presenter import people
from adsapp.campaigns.lacking import Variable, lacked, why
from adsapp.campaigns.models import Campaign, CampaignStatus
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reach import reach
from adsapp.campaigns.reasons import with_reason
from adsapp.campaigns.service import ASSUME_DELIVERED, SEND_AGAIN
from adsapp.core.clock import utcnow
from adsapp.core.web.confirmation import Choice, Confirmation, Field, Shown, lines_of
from adsapp.core.words import plural

NOTHING: Final[Mapping[str, str]] = {}
NOBODY_TWICE: Final = "Nobody who already got it gets it again."


@dataclass(frozen=True, slots=True)
class Verb:
    """What a campaign can be told: the button in the page's head, and what is said once it is done.

    `asks`: its question is counted when it is opened, so the page does not hold it. `leads`: it is a page of its own.
    """

    name: str
    label: str
    icon: str
    done: str
    kind: str = "secondary"
    asks: bool = False
    leads: bool = False


PAUSE: Final = Verb("pause", "Pause", "player-pause", "It is paused", "primary")
HOLD: Final = Verb("pause", "Pause", "player-pause", "It is paused")  # while it only waits for its time
START: Final = Verb("start", "Start now", "player-play", "It starts now", "primary", asks=True)
MOVE: Final = Verb("move", "Move", "calendar-time", "It has its new time", asks=True)
EDIT: Final = Verb("edit", "Edit", "pencil", "It is changed", leads=True)
FILL: Final = Verb("fill", "Set a value and send", "send", "They are sent the message")
RESUME: Final = Verb("resume", "Resume", "player-play", "It goes on", "primary")
CANCEL: Final = Verb("cancel", "Cancel", "x", "It is cancelled")
SETTLE: Final = Verb("settle", "Settle", "help", "Settled")
RETRY: Final = Verb("retry", "Send again", "rotate-clockwise", "They are tried again")


REASON: Final = Field(
    "Why (if you like)",
    "reason",
    id="reason-pause",
    help="Others see it on the campaign's page; it stays in the activity.",
    more={"maxlength": 200, "autocomplete": "off"},
)


def verbs(campaign: Campaign) -> Sequence[Verb]:
    """What is possible in this state; the primary one last."""
    if campaign.status is CampaignStatus.SCHEDULED:
        edit = (EDIT,) if may_edit(campaign) else ()
        return (CANCEL, HOLD, *edit, MOVE, START)
    if campaign.status.is_running:
        return (CANCEL, PAUSE)
    if campaign.status is CampaignStatus.PAUSED:
        return (CANCEL, RESUME)
    return ()


def may_edit(campaign: Campaign) -> bool:
    """True if the form can show all of it: programs also send texts, and to contacts that they name."""
    return campaign.text is None and "contact_ids" not in campaign.audience


def _still_to_go(campaign: Campaign, counts: Counts) -> str:
    return people(counts.to_go) if campaign.frozen_at else "everyone in its audience"


def _done_already(counts: Counts) -> str:
    return f"For {people(counts.done)} it is done already; nothing changes for them."


def _confirmation(
    campaign: Campaign,
    verb: Verb,
    title: str,
    lines: Sequence[str],
    *choices: Choice,
    fields: Sequence[Field] = (),
    code: str = "",
    people: int | None = None,
) -> Confirmation:
    """`lines`: first what happens and to how many, then what does not. `code`: who is meant, of those who failed.
    `people`: how many get the message; their number goes out with the form, and only as many are sent to."""
    here = url_for("campaigns.show_campaign", campaign_id=campaign.id)
    return Confirmation(
        name=f"ask-{verb.name}{'-' if code else ''}{code}",
        title=title,
        lines=lines_of(*lines),
        fields=fields,
        action=url_for(f"campaigns.{verb.name}", campaign_id=campaign.id),
        choices=choices,
        back=here,
        sent_along=(("code", code),) if verb is RETRY else (),
        shown=None if people is None else Shown(str(people)),
        crumbs=(("Campaigns", url_for("campaigns.list_campaigns")), (campaign.name, here), (verb.label, None)),
    )


def pause(campaign: Campaign, counts: Counts) -> Confirmation:
    """Stop for now."""
    gone = _done_already(counts) if counts.done else "Nobody has got it yet."
    waits = "waits" if counts.to_go == 1 or not campaign.frozen_at else "wait"
    stays = f"Sending stops within a second; {_still_to_go(campaign, counts)} {waits} until somebody resumes it."
    choice = Choice(PAUSE.label, icon=PAUSE.icon)
    return _confirmation(campaign, PAUSE, f"Pause “{campaign.name}”?", (stays, gone), choice, fields=(REASON,))


def resume(campaign: Campaign, counts: Counts) -> Confirmation:
    """Go on."""
    to_go = reach(campaign)
    starts_later = campaign.frozen_at is None and campaign.scheduled_at and campaign.scheduled_at > utcnow()
    goes_on = f"It goes on to {people(to_go)}."
    if starts_later:
        goes_on = f"It waits for its time again; by now its audience has {people(to_go)} who can get it."
    lines = [goes_on, NOBODY_TWICE]
    if campaign.status_reason:
        lines.append(f"{with_reason('It was paused', campaign.status_reason.rstrip('. '))}.")
    choice = Choice(RESUME.label, icon=RESUME.icon)
    return _confirmation(campaign, RESUME, f"Resume “{campaign.name}”?", lines, choice, people=to_go)


def start(campaign: Campaign) -> Confirmation:
    """Begin before its time."""
    to_go = reach(campaign)
    who, gets = people(to_go), "gets" if to_go == 1 else "get"
    lines = (
        f"{who} {gets} the message as soon as you confirm; it does not wait for its time.",
        "Who opted out or lacks a value is left out.",
    )
    choice = Choice(f"Start now: {who}", icon=START.icon)
    return _confirmation(campaign, START, f"Send “{campaign.name}” to {who} now?", lines, choice, people=to_go)


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
    return _confirmation(campaign, MOVE, f"Move “{campaign.name}” to another time?", lines, choice, fields=fields)


def fill(
    campaign: Campaign, count: int, typed: Mapping[str, str] = NOTHING, errors: Mapping[str, str] = NOTHING
) -> Confirmation:
    """Send to those who were left out because a variable had no value, with one for all of them."""
    lacking, who = lacked(campaign), people(count)
    reason = why(lacking.values())
    lines = (
        f"{who} {'was' if count == 1 else 'were'} left out: {reason[:1].lower()}{reason[1:]}.",
        "They get the message with the text you write here; nobody else gets anything. Who has opted out since stays "
        "left out.",
    )
    fields = [_value_field(each, typed, errors) for each in lacking.values()]
    title, choice = f"Set a value and send to {who}", Choice(f"Send to {who}", icon=FILL.icon)
    return _confirmation(campaign, FILL, title, lines, choice, fields=fields, people=count)


def _value_field(variable: Variable, typed: Mapping[str, str], errors: Mapping[str, str]) -> Field:
    name = f"value.{variable.key}"
    more = {"required": True, "maxlength": 200, "autocomplete": "off"}
    label = f"{variable.in_words}, for those who have none"
    return Field(label, name, value=typed.get(name, ""), error=errors.get(variable.key), id=name, more=more)


def cancel(campaign: Campaign, counts: Counts) -> Confirmation:
    """End it for good."""
    lines = (
        f"It ends for good: {_still_to_go(campaign, counts)} will not get the message.",
        f"{_done_already(counts)} This cannot be undone.",
    )
    choice = Choice("Cancel the campaign", "danger", CANCEL.icon)
    return _confirmation(campaign, CANCEL, f"Cancel “{campaign.name}”?", lines, choice)


def settle(campaign: Campaign, counts: Counts) -> Confirmation:
    """Decide what nobody knows."""
    lines = (
        f"{people(counts.uncertain)} may or may not have got the message: it went out and no answer came back.",
        "Send again: whoever did get it gets it twice. Assume delivered: whoever did not get it never will. "
        "A delivery report that still comes from WhatsApp settles it by itself.",
    )
    choices = [Choice(f"Assume delivered ({counts.uncertain:,})", "secondary", "checks", ASSUME_DELIVERED)]
    if campaign.status is not CampaignStatus.CANCELLED:
        choices.append(Choice(f"Send again ({counts.uncertain:,})", "primary", "rotate-clockwise", SEND_AGAIN))
    title = f"Settle {plural(counts.uncertain, 'uncertain message')}"
    return _confirmation(campaign, SETTLE, title, lines, *choices, people=counts.uncertain)


def retry(campaign: Campaign, failure: Failure) -> Confirmation:
    """Send again to those who failed for one reason."""
    lines = (
        f"{people(failure.count)} failed with “{failure.title}” and will be sent the message again.",
        f"0 people who already got it will get it again. {failure.advice}",
    )
    choice = Choice(f"Send again to {failure.count:,}", icon=RETRY.icon)
    title = "Send again to those who failed"
    return _confirmation(campaign, RETRY, title, lines, choice, code=failure.code, people=failure.count)


ABOUT_COUNTS: Final = {"pause": pause, "resume": resume, "cancel": cancel, "settle": settle}


def confirmations(campaign: Campaign, counts: Counts, failures: Sequence[Failure]) -> Iterator[Confirmation]:
    """Every question this state can lead to."""
    for verb in verbs(campaign):
        if not verb.asks and not verb.leads:
            yield ABOUT_COUNTS[verb.name](campaign, counts)
    if counts.uncertain:
        yield settle(campaign, counts)
    for failure in failures:
        if may_retry(campaign, failure):
            yield retry(campaign, failure)


def may_retry(campaign: Campaign, failure: Failure) -> bool:
    """True if the code allows it and the campaign was not cancelled."""
    return failure.can_retry and campaign.status is not CampaignStatus.CANCELLED


def has_ended(campaign: Campaign) -> bool:
    """True once nothing more is sent by itself."""
    return campaign.status.has_ended
