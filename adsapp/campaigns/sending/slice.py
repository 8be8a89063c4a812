"""One slice of a campaign: what a sending worker does before it lets others have a turn.

    every tenth of a second:  write what came back → find who is next → mark and send the group

A group that lasts for the next quarter of a second is marked `sending` in one short transaction and handed to the send
loop, where each request waits at its number's gate. Meanwhile the next group is found, so the number's pace is used
without a gap. Nothing here waits for a slow number: the job is snoozed until the time it may go on.
"""

import math
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.consequences import SLOW_AT_LEAST, SLOW_FACTOR
from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import breaker, results
from adsapp.campaigns.sending.claim import Candidate, mark, next_candidates
from adsapp.campaigns.sending.journal import Journal
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.campaigns.sending.results import BatchEffects, FailureStreak
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Channel
from adsapp.integrations.pacing import Pacer
from adsapp.jobs import Progress
from adsapp.outbound.caps import Cap, capped, why_slow
from adsapp.outbound.gate import Gate
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.transport import Lane, Results, SendLoop, SendRequest, SendResult
from adsapp.outbound.turns import SliceResult, Turn

MOST_MARKED_AT_ONCE = 200  # each is a lock until the commit, and a database has room for some thousand of them
HORIZON_SECONDS = 1.5
LONGEST_ANSWER = 30.0
REPORT_SECONDS = 1.0
LONGEST_TURN = 60.0  # even if nobody waits: a job that went on and on would outrun its timeout


@dataclass(frozen=True)
class Sender:
    """By which account a campaign is sent, and how fast it may."""

    channel: Channel
    loop: SendLoop
    pacer: Pacer
    is_unreachable: bool = False  # nothing was answered when it was last tried
    cap: Cap | None = None  # of the whole organization

    @property
    def gate(self) -> Gate:
        """What every request of this account passes."""
        return self.loop.gate(self.channel.key, self.channel.rate, self.pacer, self.cap)

    @property
    def rate(self) -> float:
        """How many requests may be written a second, by this account alone."""
        return capped(self.channel.rate, self.cap)

    @property
    def why_slow(self) -> str:
        """Whose limit it is that holds it back."""
        return why_slow(self.channel.rate, self.cap, "its number may not send faster")


class Slice:
    """Sends from one campaign for a turn of `seconds`, on while nobody else waits for the thread (`others_wait`), or
    until there is a reason to stop."""

    def __init__(
        self,
        campaign_id: uuid.UUID,
        round: int,
        message: CampaignMessage,
        sender: Sender,
        progress: Progress,
        seconds: float,
        others_wait: Callable[[], bool],
    ) -> None:
        self._campaign_id = campaign_id
        self._round = round
        self._message = message
        self._sender = sender
        self._progress = progress
        self._turn = Turn(progress, seconds, LONGEST_TURN, others_wait)
        self._lease_id = progress.lease_id
        send = sender.channel.connect(sender.loop.session)
        self._journal = Journal(context.settings().home, progress.lease_id)
        self._results = Results()
        self._lane = Lane(send, sender.gate, self._journal.note, self._results, lambda: progress.is_lost)
        self._new_ids: list[str] = []
        self._candidates: deque[Candidate] = deque()
        self._again: deque[Candidate] = deque()  # marked already, not written
        self._in_flight: dict[int, Candidate] = {}
        self._streak = FailureStreak(is_unreachable=sender.is_unreachable)
        self._status = OutboundStatus.SENDING
        self._look_again = 0.0
        self._stop: SliceResult | None = None
        self._reported = 0.0

    def run(self) -> SliceResult:
        """Send; every request made is accounted for when this returns or raises."""
        try:
            while self._stop is None:
                started = time.monotonic()
                self._progress.check()
                self._collect(self._results.take())
                self._refill(started)
                self._send_due()
                self._report()
                self._turn.tick(started, rests=self._stop is None)
        except Exception:  # an interruption, or a bug: what is on its way is accounted for all the same
            self._sender.loop.withdraw(self._lane)
            self._drain()
            self._journal.leave()
            raise
        self._drain()
        self._journal.close()
        return self._stop

    # --- one tick -------------------------------------------------------------------------------------------------

    def _refill(self, now: float) -> None:
        if self._stop:
            return
        if self._turn.is_over(now):
            self._end(SliceResult(self._status, utcnow(), "others have their turn"))
            return
        waiting = len(self._candidates) + len(self._again)
        wanted = max(10, math.ceil(self._rate * HORIZON_SECONDS))
        if waiting < wanted / 2 and now >= self._look_again:
            self._find(wanted - waiting, now)
        if self._candidates or self._again:
            self._stop_for_a_slow_number(now)
        else:
            self._nothing_due()

    def _find(self, count: int, now: float) -> None:
        taken = {candidate.id for candidate in (*self._candidates, *self._again)} | self._in_flight.keys()
        found = next_candidates(self._campaign_id, self._message, self._sender.channel, taken, count)
        self._candidates.extend(found)
        if len(found) < count:
            self._look_again = now + HORIZON_SECONDS / 2  # all that is due is here: do not ask in every tick

    def _stop_for_a_slow_number(self, now: float) -> None:
        wait = self._sender.gate.opens_at - now
        if wait > HORIZON_SECONDS and not self._in_flight:
            at = utcnow() + timedelta(seconds=wait)
            self._end(SliceResult(self._status, at, self._sender.why_slow))

    def _is_crowded(self) -> bool:
        """So many without an answer that something is wrong: better few in doubt than many."""
        return len(self._in_flight) >= max(50.0, 2 * self._rate)

    def _nothing_due(self) -> None:
        if self._in_flight:
            return
        later = _next_due(self._campaign_id)
        if later is None:
            self._end(SliceResult(self._status))
        elif later > utcnow() + timedelta(seconds=HORIZON_SECONDS):
            self._end(SliceResult(self._status, later, "the rest is to be tried again later"))

    def _send_due(self) -> None:
        room = self._room()
        if self._stop or room <= 0:
            return
        group = [self._again.popleft() for _ in range(min(room, len(self._again)))]
        count = min(room - len(group), len(self._candidates), MOST_MARKED_AT_ONCE)
        fresh = [self._candidates.popleft() for _ in range(count)]
        if fresh:
            marked = self._mark(fresh)
            group += [candidate for candidate in fresh if candidate.id in marked]
        self._send(group)

    def _room(self) -> int:
        """How many more are to wait at the gate."""
        if self._is_crowded() or self._sender.gate.opens_at > time.monotonic() + HORIZON_SECONDS:
            return 0
        return math.ceil(self._rate * self._turn.ahead) - self._lane.waiting

    def _mark(self, fresh: list[Candidate]) -> frozenset[int]:
        marked = mark(self._campaign_id, self._message, fresh, self._lease_id, self._progress)
        if marked.status is not OutboundStatus.SENDING:
            self._candidates.clear()
            self._status = marked.status
            self._end(SliceResult(marked.status))
        return marked.ids

    def _send(self, group: list[Candidate]) -> None:
        if not group:
            return
        self._in_flight.update({candidate.id: candidate for candidate in group})
        made = [SendRequest(candidate.id, candidate.payload) for candidate in group]
        self._sender.loop.send(self._lane, made)

    @property
    def _rate(self) -> float:
        return self._sender.rate

    # --- what came back -------------------------------------------------------------------------------------------

    def _collect(self, came: list[SendResult]) -> None:
        if not came:
            return
        attempts = {one.id: self._in_flight[one.id].attempts + 1 for one in came}
        effects = results.write(self._campaign_id, self._lease_id, came, attempts, self._streak)
        for one in came:
            candidate = self._in_flight.pop(one.id)
            if one.id in effects.not_written:
                self._again.append(candidate)
        self._new_ids += effects.provider_ids
        self._react(effects)

    def _react(self, effects: BatchEffects) -> None:
        if effects.slow_until:
            self._slow_down(max((effects.slow_until - utcnow()).total_seconds(), SLOW_AT_LEAST))
        if effects.refuse or effects.pause:
            self._pause()
        elif effects.unreachable:
            at = utcnow() + timedelta(seconds=SLOW_AT_LEAST)
            self._end(SliceResult(self._status, at, f"WhatsApp cannot be reached ({effects.unreachable})"))

    def _slow_down(self, seconds: float) -> None:
        self._sender.pacer.slow_down(self._sender.channel.key, seconds, SLOW_FACTOR)

    def _drain(self) -> None:
        """Wait for what is on its way and write it down; nothing more is begun."""
        deadline = time.monotonic() + LONGEST_ANSWER
        while self._in_flight and time.monotonic() < deadline:
            self._collect(self._results.take(wait=0.2))
        results.put_back(self._campaign_id, self._lease_id, [candidate.id for candidate in self._again])
        results.match_parked(self._new_ids)

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        new_ids, self._new_ids = self._new_ids, []
        results.match_parked(new_ids)
        report(self._campaign_id, self._round, self._progress)
        if self._stop is None and breaker.stops(self._campaign_id):
            self._pause()

    def _pause(self) -> None:
        self._status = OutboundStatus.PAUSED
        self._end(SliceResult(OutboundStatus.PAUSED))

    def _end(self, result: SliceResult) -> None:
        """Whoever still waits at the gate is not written to."""
        self._stop = result
        self._sender.loop.withdraw(self._lane)


def report(campaign_id: uuid.UUID, round: int, progress: Progress) -> None:
    """Take the job's progress from the ledger's own counters, so that the two never differ: of the people of its round.

    Whom a cancel left out is not done: their messages never went out, and the job says how far it had come.
    """
    with db.read_only():
        counted = ledger.counted(campaign_id, round)
    total = sum(count for _, _, count in counted)
    left = sum(count for status, code, count in counted if status.is_to_go or code == reasons.CANCELLED)
    failed = sum(count for status, _, count in counted if status is Status.FAILED)
    progress.start(total, done=total - left, failed=failed)


def _next_due(campaign_id: uuid.UUID) -> datetime | None:
    """When the next pending recipient is due (now, or past, for one who is due), None if nobody is pending."""
    with db.read_only():
        mine = (CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.status == Status.PENDING)
        row = db.session.execute(
            select(CampaignRecipient.not_before)
            .where(*mine)
            .order_by(CampaignRecipient.not_before.asc().nulls_first())
            .limit(1)
        ).first()
    if row is None:
        return None
    return row.not_before or utcnow()
