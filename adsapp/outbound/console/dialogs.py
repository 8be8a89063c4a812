"""What is asked before something is done with a campaign or an e-mail: the exact scope in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from adsapp.core.clock import utcnow
from adsapp.core.web.confirmation import Choice, Confirmation, Field, Shown, lines_of
from adsapp.core.words import plural
from adsapp.outbound.console.places import Place, Sent
from adsapp.outbound.decisions import ASSUME_DELIVERED, SEND_AGAIN
from adsapp.outbound.missing_values import Variable, why
from adsapp.outbound.words import NOBODY_TWICE, people, with_reason


class Counted(Protocol):
    """How many of its people there are in each state."""

    @property
    def to_go(self) -> int: ...
    @property
    def done(self) -> int: ...
    @property
    def uncertain(self) -> int: ...


class Failed(Protocol):
    """How many failed for one reason."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def advice(self) -> str: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Verb:
    """What it can be told: the button in the page's head, and what is said once it is done.

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
RESUME: Final = Verb("resume", "Resume", "player-play", "It goes on", "primary")
CANCEL: Final = Verb("cancel", "Cancel", "x", "It is cancelled")
SETTLE: Final = Verb("settle", "Settle", "help", "Settled")
RETRY: Final = Verb("retry", "Send again", "rotate-clockwise", "They are sent to again")
FILL: Final = Verb("fill", "Set a value and send", "send", "It will be sent to them")
NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Dialogs:
    """The questions about one kind of thing that is sent.

    `it` is what it is called and `gets` what its people get; `uncertain` is one of those of whom nobody knows whether
    they got it, `in_doubt` says why, and `settled_by` what settles them by itself.
    """

    place: Place
    it: str
    gets: str
    uncertain: str
    in_doubt: str
    settled_by: str

    def question(
        self,
        item: Sent,
        verb: Verb,
        title: str,
        lines: Sequence[str],
        *choices: Choice,
        fields: Sequence[Field] = (),
        code: str = "",
        people: int | None = None,
    ) -> Confirmation:
        """`lines`: first what happens and to how many, then what does not. `code`: who is meant, of those who failed.
        `people`: how many get it; their number goes out with the form, and only as many are sent to."""
        return Confirmation(
            name=f"ask-{verb.name}{'-' if code else ''}{code}",
            title=title,
            lines=lines_of(*lines),
            fields=fields,
            action=self.place.url(verb.name, item),
            choices=choices,
            back=self.place.page(item),
            sent_along=(("code", code),) if verb is RETRY else (),
            shown=None if people is None else Shown(str(people)),
            crumbs=self.place.crumbs(item, verb.label),
        )

    def pause(self, item: Sent, counts: Counted) -> Confirmation:
        """Stop for now."""
        gone = _done_already(counts) if counts.done else "Nobody has got it yet."
        waits = "waits" if counts.to_go == 1 or not item.frozen_at else "wait"
        stays = f"Sending stops within a second; {_still_to_go(item, counts)} {waits} until somebody resumes it."
        reason = Field(
            "Why (if you like)",
            "reason",
            id="reason-pause",
            help=f"Others see it on the {self.it}'s page; it stays in the activity.",
            more={"maxlength": 200, "autocomplete": "off"},
        )
        choice = Choice(f"Pause the {self.it}", icon=PAUSE.icon)
        return self.question(item, PAUSE, f"Pause “{item.name}”?", (stays, gone), choice, fields=(reason,))

    def resume(self, item: Sent, to_go: int) -> Confirmation:
        """Go on; `to_go` people get it then."""
        goes_on = f"It goes on to {people(to_go)}."
        if item.frozen_at is None and item.scheduled_at and item.scheduled_at > utcnow():
            goes_on = f"It waits for its time again; by now its audience has {people(to_go)} who can get it."
        lines = [goes_on, NOBODY_TWICE]
        if item.status_reason:
            lines.append(f"{with_reason('It was paused', item.status_reason.rstrip('. '))}.")
        choice = Choice(f"Resume the {self.it}", icon=RESUME.icon)
        return self.question(item, RESUME, f"Resume “{item.name}”?", lines, choice, people=to_go)

    def cancel(self, item: Sent, counts: Counted) -> Confirmation:
        """End it for good."""
        lines = (
            f"It ends for good: {_still_to_go(item, counts)} will not get {self.gets}.",
            f"{_done_already(counts)} This cannot be undone.",
        )
        choice = Choice(f"Cancel the {self.it}", "danger", CANCEL.icon)
        return self.question(item, CANCEL, f"Cancel “{item.name}”?", lines, choice)

    def settle(self, item: Sent, counts: Counted, *, may_send: bool) -> Confirmation:
        """Decide what nobody knows; `may_send`: it was not cancelled."""
        lines = (
            f"{people(counts.uncertain)} may or may not have got {self.gets}: {self.in_doubt}.",
            "Send again: whoever did get it gets it twice. Assume delivered: whoever did not get it never will. "
            f"{self.settled_by} settles it by itself.",
        )
        choices = [Choice(f"Assume delivered ({counts.uncertain:,})", "secondary", "checks", ASSUME_DELIVERED)]
        if may_send:
            choices.append(Choice(f"Send again ({counts.uncertain:,})", "primary", "rotate-clockwise", SEND_AGAIN))
        title = f"Settle {plural(counts.uncertain, self.uncertain)}"
        return self.question(item, SETTLE, title, lines, *choices, people=counts.uncertain)

    def retry(self, item: Sent, failure: Failed) -> Confirmation:
        """Send again to those who failed for one reason."""
        lines = (
            f"{people(failure.count)} failed with “{failure.title}” and will be sent {self.gets} again.",
            f"{NOBODY_TWICE} {failure.advice}",
        )
        choice = Choice(f"Send again to {failure.count:,}", icon=RETRY.icon)
        title = "Send again to those who failed"
        return self.question(item, RETRY, title, lines, choice, code=failure.code, people=failure.count)

    def fill(
        self,
        item: Sent,
        lacked: Sequence[Variable],
        count: int,
        typed: Mapping[str, str] = NOTHING,
        errors: Mapping[str, str] = NOTHING,
    ) -> Confirmation:
        """Send to those who were left out because a variable had no value, with one for all of them. `typed` by the
        names of the fields, `errors` by the keys of the variables."""
        who, reason = people(count), why(lacked)
        lines = (
            f"{who} {'was' if count == 1 else 'were'} left out: {reason[:1].lower()}{reason[1:]}.",
            f"They get {self.gets} with the text you write here; nobody else gets anything. Who has opted out since "
            "stays left out.",
        )
        fields = [_value_field(each, typed, errors) for each in lacked]
        title, choice = f"Set a value and send to {who}", Choice(f"Send to {who}", icon=FILL.icon)
        return self.question(item, FILL, title, lines, choice, fields=fields, people=count)


def _value_field(variable: Variable, typed: Mapping[str, str], errors: Mapping[str, str]) -> Field:
    name = f"value.{variable.key}"
    more = {"required": True, "maxlength": 200, "autocomplete": "off"}
    label, value = f"{variable.in_words}, for those who have none", typed.get(name, variable.fallback)
    return Field(label, name, value=value, error=errors.get(variable.key), id=name, more=more)


def _still_to_go(item: Sent, counts: Counted) -> str:
    return people(counts.to_go) if item.frozen_at else "everyone in its audience"


def _done_already(counts: Counted) -> str:
    return f"For {people(counts.done)} it is done already; nothing changes for them."
