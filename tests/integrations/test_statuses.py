"""Reports in any order, twice or not at all, lead to the same end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.errors import Action, SendError
from adsapp.integrations.events import Source, StatusEvent
from adsapp.integrations.statuses import Milestones, merge
from adsapp.integrations.whatsapp.webhooks import parse
from tests.paths import CASES

CASE = CASES / "C01-status-out-of-order"
RANK = {None: 0, "accepted": 1, "sent": 2, "failed": 3, "delivered": 4, "read": 5}


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + second, UTC)


def event(status: str, second: int, code: int | None = None) -> StatusEvent:
    errors = () if code is None else (SendError(str(code), "", Action.RECIPIENT),)
    return StatusEvent("wamid.A", status, at(second), "12025550100", None, errors, None, Source())


def merged(*events: StatusEvent) -> Milestones:
    milestones = Milestones()
    for one in events:
        milestones = merge(milestones, one)
    return milestones


def posted(*names: str) -> list[StatusEvent]:
    return [status for name in names for status in parse((CASE / name).read_bytes()).statuses]


def test_the_files_of_the_case_lead_to_read_with_the_providers_times() -> None:
    milestones, seen = Milestones(), []
    for one in posted("1_delivered.json", "2_sent_late.json", "3_read.json", "4_delivered_again_late.json"):
        milestones = merge(milestones, one)
        seen.append(milestones.status)
    assert seen == ["delivered", "delivered", "read", "read"]
    assert (milestones.sent_at, milestones.delivered_at, milestones.read_at) == (at(1), at(2), at(9))


def test_any_order_of_the_case_has_the_same_end() -> None:
    events = posted("1_delivered.json", "2_sent_late.json", "3_read.json", "4_delivered_again_late.json")
    assert len({merged(*order) for order in itertools.permutations(events)}) == 1


def test_a_message_read_at_once_counts_as_sent_and_delivered() -> None:
    milestones = merged(*posted("5_read_only_B.json"))
    assert milestones.status == "read"
    assert milestones.sent_at == milestones.delivered_at == milestones.read_at == at(9)


def test_a_failure_shows_only_where_nothing_was_delivered() -> None:
    assert merged(event("sent", 1), event("failed", 2, 131026)).status == "failed"
    for order in itertools.permutations([event("failed", 2, 131026), event("delivered", 3)]):
        assert merged(*order).status == "delivered"


def test_the_first_error_is_kept() -> None:
    for order in itertools.permutations([event("failed", 2, 131026), event("failed", 5, 131049)]):
        error = merged(*order).error
        assert error is not None
        assert error.code == "131026"


def test_a_held_message_is_accepted_until_it_moves_on() -> None:
    held = merged(event("held_for_quality_assessment", 1))
    assert (held.status, held.is_held) == ("accepted", True)
    assert not merge(held, event("sent", 2)).is_held


def test_a_duplicate_or_an_unknown_status_changes_nothing_at_all() -> None:
    milestones = merged(event("delivered", 2))
    for one in (event("delivered", 2), event("delivered", 5), event("sent", 9), event("warning", 1)):
        assert merge(milestones, one) is milestones


def test_a_played_voice_message_was_read() -> None:
    assert merged(event("played", 3)).status == "read"


statuses = st.sampled_from(["accepted", "sent", "delivered", "read", "failed", "played", "other"])
events = st.lists(st.builds(event, statuses, st.integers(0, 20)), max_size=8)


@given(events, st.randoms())
def test_order_and_repetition_never_matter(some: list[StatusEvent], random: object) -> None:
    shuffled = some + some[:2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(*some) == merged(*shuffled)


@given(events)
def test_nothing_ever_moves_down_and_milestones_stand_in_order(some: list[StatusEvent]) -> None:
    milestones = Milestones()
    for one in some:
        after = merge(milestones, one)
        assert RANK[after.status] >= RANK[milestones.status]
        milestones = after
    times = [milestones.accepted_at, milestones.sent_at, milestones.delivered_at, milestones.read_at]
    reached = [moment for moment in times if moment is not None]
    assert reached == sorted(reached)
    assert times[: len(reached)] == reached
