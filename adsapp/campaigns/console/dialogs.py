"""What a campaign can be told to do, when, and what is asked before it is done: the exact scope in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask import url_for

from adsapp.campaigns.console.presenter import people
from adsapp.campaigns.models import Campaign, CampaignStatus
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reasons import with_reason
from adsapp.campaigns.service import ASSUME_DELIVERED, SEND_AGAIN
from adsapp.core.web.confirmation import Choice, Confirmation, Field, lines_of
from adsapp.core.words import plural

NOBODY_TWICE: Final = "Nobody who already got it gets it again."


@dataclass(frozen=True, slots=True)
class Verb:
    """What a campaign can be told: the button in the page's head, and what is said once it is done."""

    name: str
    label: str
    icon: str
    done: str
    kind: str = "secondary"


PAUSE: Final = Verb("pause", "Pause", "player-pause", "It is paused", "primary")
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
    if campaign.status.is_running:
        return (CANCEL, PAUSE)
    if campaign.status is CampaignStatus.PAUSED:
        return (CANCEL, RESUME)
    return ()


def _still_to_go(campaign: Campaign, counts: Counts) -> str:
    return people(counts.to_go) if campaign.frozen_at else "everyone in its audience"


def _through(counts: Counts) -> str:
    return f"{people(counts.done)} {'is' if counts.done == 1 else 'are'} through and stay as they are."


def _confirmation(
    campaign: Campaign,
    verb: Verb,
    title: str,
    lines: Sequence[str],
    *choices: Choice,
    fields: Sequence[Field] = (),
    code: str = "",
) -> Confirmation:
    """`lines`: first what happens and to how many, then what does not. `code`: who is meant, of those who failed."""
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
        crumbs=(("Campaigns", url_for("campaigns.list_campaigns")), (campaign.name, here), (verb.label, None)),
    )


def pause(campaign: Campaign, counts: Counts) -> Confirmation:
    """Stop for now."""
    gone = _through(counts) if counts.done else "Nobody has got it yet."
    waits = "waits" if counts.to_go == 1 or not campaign.frozen_at else "wait"
    stays = f"Sending stops within a second; {_still_to_go(campaign, counts)} {waits} until somebody resumes it."
    choice = Choice(PAUSE.label, icon=PAUSE.icon)
    return _confirmation(campaign, PAUSE, f"Pause “{campaign.name}”?", (stays, gone), choice, fields=(REASON,))


def resume(campaign: Campaign, counts: Counts) -> Confirmation:
    """Go on."""
    lines = [f"It goes on to {_still_to_go(campaign, counts)}.", NOBODY_TWICE]
    if campaign.status_reason:
        lines.append(f"{with_reason('It was paused', campaign.status_reason.rstrip('. '))}.")
    choice = Choice(RESUME.label, icon=RESUME.icon)
    return _confirmation(campaign, RESUME, f"Resume “{campaign.name}”?", lines, choice)


def cancel(campaign: Campaign, counts: Counts) -> Confirmation:
    """End it for good."""
    lines = (
        f"It ends for good: {_still_to_go(campaign, counts)} will not get the message.",
        f"{_through(counts)} This cannot be undone.",
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
    return _confirmation(campaign, SETTLE, title, lines, *choices)


def retry(campaign: Campaign, failure: Failure) -> Confirmation:
    """Send again to those who failed for one reason."""
    lines = (
        f"{people(failure.count)} failed with “{failure.title}” and will be sent the message again.",
        f"0 people who already got it will get it again. {failure.advice}",
    )
    choice = Choice(f"Send again to {failure.count:,}", icon=RETRY.icon)
    return _confirmation(campaign, RETRY, "Send again to those who failed", lines, choice, code=failure.code)


ABOUT_COUNTS: Final = {"pause": pause, "resume": resume, "cancel": cancel, "settle": settle}


def confirmations(campaign: Campaign, counts: Counts, failures: Sequence[Failure]) -> Iterator[Confirmation]:
    """Every question this state can lead to."""
    for verb in verbs(campaign):
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
