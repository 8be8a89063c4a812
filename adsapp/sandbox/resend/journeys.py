"""What becomes of an accepted e-mail: which events follow, and when. Pure and deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adsapp.sandbox.config import Timing
from adsapp.sandbox.resend.magic import clicks_links, habit_of, opens_mail


@dataclass(frozen=True, slots=True)
class Step:
    """`after`: seconds from when it is sent. `event`: an event's name without `email.`; `kind`: which of its sort."""

    after: float
    event: str
    kind: str = ""


def habit_among(addresses: Sequence[str], *, magic: bool) -> str:
    """The habit that decides an e-mail's fate: that of the first recipient who has one."""
    return next(filter(None, (habit_of(address, magic=magic) for address in addresses)), "")


def journey(recipient: str, habit: str, timing: Timing, *, tracks: bool) -> list[Step]:
    """The steps of one e-mail, in the right order."""
    sent, delivered = Step(timing.sent, "sent"), Step(timing.delivered, "delivered")
    if habit == "failed":
        return [Step(timing.sent, "failed", "reached_daily_quota")]
    if habit == "suppressed":
        return [Step(timing.sent, "suppressed")]
    if habit in ("bounced", "soft"):
        return [sent, Step(timing.delivered, "bounced", "Permanent" if habit == "bounced" else "Transient")]
    if habit == "complained":
        return [sent, delivered, Step(timing.reply, "complained")]
    if habit == "delayed":
        return [sent, Step(timing.delivered, "delivery_delayed"), replace(delivered, after=timing.held)]
    return [sent, delivered, *(_reading(recipient, timing) if tracks else ())]


def _reading(recipient: str, timing: Timing) -> list[Step]:
    opened = [Step(timing.read, "opened")] if opens_mail(recipient) else []
    return opened + ([Step(timing.reply, "clicked")] if clicks_links(recipient) else [])


def out_of_order(steps: Sequence[Step], turn: int) -> list[Step]:
    """The same steps with their times rotated, so that they come in a wrong order; `turn` says by how much."""
    if len(steps) < 2:
        return list(steps)
    by = 1 + turn % (len(steps) - 1)
    times = [step.after for step in steps]
    return [replace(step, after=times[(i + by) % len(times)]) for i, step in enumerate(steps)]
