"""One slice of an e-mail: what a sending worker does before it lets others have a turn.

    every tenth of a second:  write what came back → decide on the next chunks → send them

A chunk is in the database before its request waits at its account's gate. Nothing here waits for a slow account: the
job is snoozed until the time it may go on.
"""

import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails import ledger, reasons
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.sending import chunks, results
from adsapp.emails.sending.chunks import Claim, Person
from adsapp.emails.sending.mailing import Mailing
from adsapp.emails.sending.results import Effects, Known, Tried
from adsapp.emails.sending.verdicts import Chunk
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.base import EmailChannel
from adsapp.integrations.pacing import Pacer
from adsapp.jobs import Progress
from adsapp.outbound.caps import Cap, capped, why_slow
from adsapp.outbound.gate import Gate
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.transport import Lane, NotWritten, Results, SendLoop, SendRequest, SendResult
from adsapp.outbound.turns import SliceResult, Turn

MOST_AT_ONCE: Final = 20  # chunks of one transaction
MOST_PEOPLE_AT_ONCE: Final = 500
HORIZON_SECONDS: Final = 1.5
LONGEST_ANSWER: Final = 40.0
REPORT_SECONDS: Final = 1.0
LONGEST_TURN: Final = 15.0  # even if nobody waits: with the longest answer a job must not outrun its 60 s
UNREACHABLE_AGAIN: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Sender:
    """By which account an e-mail is sent, and how fast it may."""

    account_id: uuid.UUID
    channel: EmailChannel
    loop: SendLoop
    pacer: Pacer
    is_unreachable: bool = False  # nothing was answered when it was last tried
    cap: Cap | None = None  # of the whole organization

    @property
    def gate(self) -> Gate:
        """What every request of this account passes, at the pace that the provider allows by now."""
        return self.loop.gate(self.channel.key, self.channel.rate, self.pacer, self.cap)

    @property
    def rate(self) -> float:
        """How many requests may be written a second, by this account alone."""
        return capped(self.channel.rate, self.cap)

    @property
    def why_slow(self) -> str:
        """Whose limit it is that holds it back."""
        return why_slow(self.channel.rate, self.cap, "its account may not send faster")


class Slice:
    """Sends from one e-mail for a turn of `seconds`, on while nobody else waits for the thread (`others_wait`), or
    until there is a reason to stop."""

    def __init__(
        self,
        email_id: uuid.UUID,
        mailing: Mailing,
        sender: Sender,
        progress: Progress,
        seconds: float,
        others_wait: Callable[[], bool],
    ) -> None:
        self._email_id = email_id
        self._mailing = mailing
        self._sender = sender
        self._progress = progress
        self._turn = Turn(progress, seconds, LONGEST_TURN, others_wait)
        self._results = Results()
        send = sender.channel.connect(sender.loop.session)
        self._lane = Lane(send, sender.gate, lambda _id: None, self._results, lambda: progress.is_lost)
        self._new_ids: list[str] = []
        self._in_flight: dict[int, tuple[Chunk, SendRequest]] = {}
        self._again: list[tuple[Chunk, SendRequest]] = []  # decided on already, not written
        self._known = Known(is_unreachable=sender.is_unreachable)
        self._status = OutboundStatus.SENDING
        self._stop: SliceResult | None = None
        self._reported = 0.0
        self._limit_told: float | None = sender.channel.limits.requests_per_second

    def run(self) -> SliceResult:
        """Send; every request made is accounted for when this returns or raises."""
        try:
            while self._stop is None:
                started = time.monotonic()
                self._progress.check()
                self._collect(self._results.take())
                self._advance(started)
                self._report()
                self._turn.tick(started, rests=self._stop is None)
        except Exception:  # an interruption, or a bug: what is on its way is accounted for all the same
            self._sender.loop.withdraw(self._lane)
            self._drain()
            raise
        self._drain()
        return self._stop

    # --- one tick -------------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        if self._stop:
            return
        if self._turn.is_over(now):
            self._end(SliceResult(self._status, utcnow(), "others have their turn"))
            return
        room = self._room(now)
        again, self._again = self._again[: max(room, 0)], self._again[max(room, 0) :]
        self._send(again)
        room -= len(again)
        if room > 0 and not self._begin(room) and not self._in_flight and not self._again:
            self._nothing_due()

    def _room(self, now: float) -> int:
        """How many more requests are to wait at the gate. While nobody knows whether the provider is there, one."""
        wait = self._sender.gate.opens_at - now
        if wait > HORIZON_SECONDS:
            if not self._in_flight:
                at = utcnow() + timedelta(seconds=wait)
                self._end(SliceResult(self._status, at, self._sender.why_slow))
            return 0
        if self._known.is_unreachable or len(self._in_flight) >= max(4.0, 2 * self._rate):
            return 0 if self._in_flight else 1
        return math.ceil(self._rate * self._turn.ahead) - self._lane.waiting

    @property
    def _rate(self) -> float:
        return self._sender.rate

    def _begin(self, room: int) -> bool:
        """Decide on chunks and send them; False if nothing is due."""
        batch = 1 if self._mailing.goes_alone else self._sender.channel.batch_size
        asked = Claim(
            self._email_id,
            self._progress.lease_id,
            count=min(room, MOST_AT_ONCE, max(1, MOST_PEOPLE_AT_ONCE // batch)),
            batch=batch,
            taken=[*self._in_flight, *(chunk.id for chunk, _ in self._again)],
            only_begun=self._known.is_unreachable and chunks.any_begun(self._email_id),
        )
        claimed = chunks.claim(asked, self._progress)
        if claimed.status is not OutboundStatus.SENDING:
            self._status = claimed.status
            self._end(SliceResult(claimed.status))
            return True
        made = [(chunk, self._request(chunk, people)) for chunk, people in claimed.chunks]
        self._send(made)
        return bool(made)

    def _request(self, chunk: Chunk, people: tuple[Person, ...]) -> SendRequest:
        key = f"email-{self._email_id}/chunk-{chunk.id}"
        messages = [self._mailing.to(person.id, person.address, person.values) for person in people]
        return SendRequest(chunk.id, self._sender.channel.prepare(messages, key))

    def _send(self, made: list[tuple[Chunk, SendRequest]]) -> None:
        if not made:
            return
        self._in_flight |= {chunk.id: (chunk, request) for chunk, request in made}
        self._sender.loop.send(self._lane, [request for _, request in made])

    def _nothing_due(self) -> None:
        if self._stop:
            return
        later = chunks.next_due(self._email_id)
        if later is None:
            self._end(SliceResult(self._status))
        elif later > utcnow() + timedelta(seconds=HORIZON_SECONDS):
            self._end(SliceResult(self._status, later, "the rest is to be tried again later"))

    # --- what came back -------------------------------------------------------------------------------------------

    def _collect(self, came: list[SendResult]) -> None:
        tried: list[Tried] = []
        for one in came:
            chunk, request = self._in_flight.pop(one.id)
            if isinstance(one.outcome, NotWritten):
                self._again.append((chunk, request))
            else:
                tried.append(Tried(chunk, one.outcome, one.at))
        if not tried:
            return
        effects = results.write(self._email_id, self._sender.account_id, self._progress.lease_id, tried, self._known)
        self._new_ids += effects.provider_ids
        self._react(effects)

    def _react(self, effects: Effects) -> None:
        if effects.slow_seconds:
            self._sender.pacer.slow_down(self._sender.channel.key, effects.slow_seconds, 0.0)
        if effects.stops:
            self._status = OutboundStatus.PAUSED
            self._end(SliceResult(OutboundStatus.PAUSED))
        elif effects.unreachable:
            reason = f"Resend cannot be reached ({effects.unreachable})"
            self._end(SliceResult(self._status, utcnow() + UNREACHABLE_AGAIN, reason))

    def _drain(self) -> None:
        """Wait for what is on its way and write it down; nothing more is begun."""
        deadline = time.monotonic() + LONGEST_ANSWER
        while self._in_flight and time.monotonic() < deadline:
            self._collect(self._results.take(wait=0.2))
        untouched = [chunk for chunk, _ in self._again]
        results.put_back(self._email_id, self._progress.lease_id, untouched)
        results.match_parked(self._sender.account_id, self._new_ids)
        self._keep_limit()

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        new_ids, self._new_ids = self._new_ids, []
        results.match_parked(self._sender.account_id, new_ids)
        report(self._email_id, self._progress)
        self._keep_limit()

    def _keep_limit(self) -> None:
        """What the provider's answers say of its own limit is where the next slice begins."""
        limit = self._sender.channel.limits.requests_per_second
        if limit is None or limit == self._limit_told:
            return
        self._limit_told = limit
        results.persist(lambda: _store_limit(self._sender.account_id, limit))

    def _end(self, result: SliceResult) -> None:
        """Whoever still waits at the gate is not written to."""
        self._stop = self._stop or result
        self._sender.loop.withdraw(self._lane)


def _store_limit(account_id: uuid.UUID, limit: float) -> None:
    accounts.get_email_account(account_id).limit_requests = limit
    db.session.commit()


def report(email_id: uuid.UUID, progress: Progress) -> None:
    """Take the job's progress from the ledger's own counters, so that the two never differ.

    Whom a cancel left out is not done: nothing went out to them, and the job says how far it had come.
    """
    with db.read_only():
        counted = ledger.counted(email_id)
    total = sum(each.people for each in counted)
    left = sum(each.people for each in counted if each.status.is_to_go or each.error_code == reasons.CANCELLED)
    failed = sum(each.people for each in counted if each.status is Status.FAILED)
    progress.start(total, done=total - left, failed=failed)
