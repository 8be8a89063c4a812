"""What a campaign can be told to do, when, and what is asked before it is done: the exact scope in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adsapp.campaigns.console.presenter import people
from adsapp.campaigns.models import Campaign, CampaignStatus
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reasons import with_reason
from adsapp.campaigns.service import ASSUME_DELIVERED, SEND_AGAIN

NOBODY_TWICE: Final = "Nobody who already got it gets it again."


@dataclass(frozen=True)
class Choice:
    """A button of a question; `value` goes out as `decision`."""

    text: str
    kind: str = "primary"
    icon: str = ""
    value: str = ""


@dataclass(frozen=True)
class Ask:
    """A question before a costly step. `lines`: first what happens and to how many, then what does not."""

    name: str
    title: str
    crumb: str
    lines: Sequence[str]
    choices: Sequence[Choice]
    wants_reason: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    action: str = ""

    @property
    def id(self) -> str:
        """Unique on the page: the name, and for a retry the code."""
        return "-".join([self.name, *self.fields.values()])


@dataclass(frozen=True)
class Verb:
    """A button in the page's head."""

    name: str
    label: str
    icon: str
    kind: str = "secondary"


PAUSE: Final = Verb("pause", "Pause", "player-pause", "primary")
RESUME: Final = Verb("resume", "Resume", "player-play", "primary")
CANCEL: Final = Verb("cancel", "Cancel", "x")


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


def pause(campaign: Campaign, counts: Counts) -> Ask:
    """Stop for now."""
    gone = _through(counts) if counts.done else "Nobody has got it yet."
    waits = "waits" if counts.to_go == 1 or not campaign.frozen_at else "wait"
    stays = f"Sending stops within a second; {_still_to_go(campaign, counts)} {waits} until somebody resumes it."
    choice = Choice("Pause", icon="player-pause")
    return Ask("pause", f"Pause “{campaign.name}”?", "Pause", (stays, gone), (choice,), wants_reason=True)


def resume(campaign: Campaign, counts: Counts) -> Ask:
    """Go on."""
    lines = [f"It goes on to {_still_to_go(campaign, counts)}.", NOBODY_TWICE]
    if campaign.status_reason:
        lines.append(f"{with_reason('It was paused', campaign.status_reason.rstrip('. '))}.")
    return Ask("resume", f"Resume “{campaign.name}”?", "Resume", lines, (Choice("Resume", icon="player-play"),))


def cancel(campaign: Campaign, counts: Counts) -> Ask:
    """End it for good."""
    lines = (
        f"It ends for good: {_still_to_go(campaign, counts)} will not get the message.",
        f"{_through(counts)} This cannot be undone.",
    )
    return Ask("cancel", f"Cancel “{campaign.name}”?", "Cancel", lines, (Choice("Cancel the campaign", "danger", "x"),))


def settle(campaign: Campaign, counts: Counts) -> Ask:
    """Decide what nobody knows."""
    lines = (
        f"{people(counts.uncertain)} may or may not have got the message: it went out and no answer came back.",
        "Send again: whoever did get it gets it twice. Assume delivered: whoever did not get it never will. "
        "A delivery report that still comes from WhatsApp settles it by itself.",
    )
    choices = [Choice(f"Assume delivered ({counts.uncertain:,})", "secondary", "checks", ASSUME_DELIVERED)]
    if campaign.status is not CampaignStatus.CANCELLED:
        choices.append(Choice(f"Send again ({counts.uncertain:,})", "primary", "rotate-clockwise", SEND_AGAIN))
    title = f"Settle {counts.uncertain:,} uncertain {'message' if counts.uncertain == 1 else 'messages'}"
    return Ask("settle", title, "Settle", lines, choices)


def retry(campaign: Campaign, failure: Failure) -> Ask:
    """Send again to those who failed for one reason."""
    lines = (
        f"{people(failure.count)} failed with “{failure.title}” and will be sent the message again.",
        f"0 people who already got it will get it again. {failure.advice}",
    )
    choice = Choice(f"Send again to {failure.count:,}", icon="rotate-clockwise")
    return Ask("retry", "Send again to those who failed", "Send again", lines, (choice,), fields={"code": failure.code})


ABOUT_COUNTS: Final = {"pause": pause, "resume": resume, "cancel": cancel, "settle": settle}


def asks(campaign: Campaign, counts: Counts, failures: Sequence[Failure]) -> Iterator[Ask]:
    """Every question this state can lead to."""
    for verb in verbs(campaign):
        yield ABOUT_COUNTS[verb.name](campaign, counts)
    if counts.uncertain:
        yield settle(campaign, counts)
    for failure in failures:
        if may_retry(campaign, failure):
            yield retry(campaign, failure)


def may_retry(campaign: Campaign, failure: Failure) -> bool:
    """True where the code allows it and the campaign was not cancelled."""
    return failure.can_retry and campaign.status is not CampaignStatus.CANCELLED


def has_ended(campaign: Campaign) -> bool:
    """True once nothing more is sent by itself."""
    return campaign.status.has_ended
