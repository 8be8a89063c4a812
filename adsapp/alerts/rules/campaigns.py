"""Rules about what goes out: campaigns, e-mails, their messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from adsapp.alerts import concerns, facts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Course, Facts, Finding, Measure, Rule, Was
from adsapp.alerts.rules.jobs import share, shares
from adsapp.core.words import span
from adsapp.jobs.registry import get_processor

LEAST_SENT: Final = 50  # a share of fewer messages says nothing
STALLED_TEXT: Final = "Its job is there and nothing we know of holds it back, yet nothing was sent. Look at its job."


def _paused(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    # A refused account is told once by its own rule; what still stands still when that is mended is told then.
    refused_told = "token_refused" in now.on
    paused = [each for each in facts.paused_by_themselves() if not (each.is_refused and refused_told)]
    for concern in concerns.paused_campaigns(paused):
        yield Finding(concern.key, concern)
    for each in facts.emails_paused_by_themselves(now.now):
        if each.is_refused and refused_told:
            continue
        reason = each.status_reason or "No reason was given"
        concern = Concern(
            "warning", "player-pause", f"“{each.name}” is paused", reason, each.since,
            action="Open the e-mail", url=f"/emails/{each.id}",
        )  # fmt: skip
        yield Finding(f"email:{each.id}", concern)


def _past_paused(since: datetime, until: datetime, conditions: Conditions) -> Course:
    return {str(place): [(at, 1.0), (at + timedelta(minutes=1), 0.0)] for place, at in enumerate(facts.pauses(since))}


def _stalled(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    before = now.now - timedelta(minutes=conditions.threshold)
    for processor, kind, page, look in (
        ("bulk-message", "campaign", "campaigns", facts.stalled),
        ("send-email", "e-mail", "emails", facts.stalled_emails),
    ):
        if _is_held(now, processor):
            continue  # a pause, or no worker, is told by itself
        for each in look(before):
            concern = Concern(
                "bad", "hourglass", f"“{each.name}” does not go on", STALLED_TEXT, each.since,
                action=f"Open the {kind}", url=f"/{page}/{each.id}",
            )  # fmt: skip
            yield Finding(f"{page}:{each.id}", concern)


def _is_held(now: Facts, processor: str) -> bool:
    queue = get_processor(processor).queue
    return now.conditions.pause_of(queue, processor) is not None or not now.conditions.workers.get(queue)


def _messages(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    rows = facts.messages(now.now - conditions.window)
    failed = sum(row[2] for row in rows)
    sent = max(sum(row[1] for row in rows), failed)
    if sent < LEAST_SENT:
        return
    failing = share(failed, sent)
    if not conditions.is_over(failing, was="messages" in was):
        return
    text = (
        f"{failed:,} of {sent:,} in the last {span(conditions.window_minutes)}. Each campaign says "
        "why, and what can be done about each reason."
    )
    concern = Concern(
        "bad", "alert-circle", f"{failing:.0f} % of messages failed", text, action="See the campaigns", url="/campaigns"
    )
    yield Finding("messages", concern, failed)


def _past_messages(since: datetime, until: datetime, conditions: Conditions) -> Course:
    return {"messages": shares(facts.messages(since), conditions, LEAST_SENT)}


PAUSED = Rule(
    kind="campaign_paused",
    title="A campaign or an e-mail paused itself",
    text=(
        "No person paused it: its template was refused, or too much did not arrive. While its account is refused, "
        "that alone is told."
    ),
    icon="player-pause",
    look=_paused,
    together="{} campaigns and e-mails paused themselves",
    all_url="/campaigns",
    all_action="See the campaigns",
    past=_past_paused,
    past_note="When each was resumed does not count here: each pause is one.",
)
STALLED = Rule(
    kind="campaign_stalled",
    title="A campaign or an e-mail does not go on",
    text="It is going out, nothing holds it back, and its job does nothing.",
    icon="hourglass",
    look=_stalled,
    together="{} campaigns and e-mails do not go on",
    all_url="/campaigns",
    all_action="See the campaigns",
    usual=Conditions(threshold=10, clears_at=10, severity=Severity.CRITICAL),
    measure=Measure("Nothing happened for", "minutes", 1, 1_440, "Over when at most", one="minute"),
)
MESSAGES = Rule(
    kind="message_failures",
    title="Too many messages fail",
    text=f"The share of messages that failed, of at least {LEAST_SENT} of all campaigns.",
    icon="alert-circle",
    look=_messages,
    together="Too many messages fail",
    all_url="/campaigns",
    all_action="See the campaigns",
    usual=Conditions(threshold=20, clears_at=10, window_minutes=60),
    measure=Measure("Failed share", "%", 1, 100, "Over when at most"),
    has_window=True,
    past=_past_messages,
)
RULES = (PAUSED, STALLED, MESSAGES)
