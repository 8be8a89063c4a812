"""Reports of one e-mail end in one state, whatever their order and however often they come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reported.statuses import Known, merge
from adsapp.integrations.email_events import EmailReport, ReportKind

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
reports = st.builds(
    lambda kind, seconds, detail: EmailReport(
        kind, "e-1", "1", "ana@example.com", NOON + timedelta(seconds=seconds), detail
    ),
    st.sampled_from(ReportKind),
    st.integers(0, 5),
    st.sampled_from(["", "no such mailbox", "mailbox full"]),
)


def after(told: list[EmailReport]) -> Known:
    known = Known()
    for report in told:
        known = merge(known, report)
    return known


@given(st.lists(reports, max_size=8).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told + told))))
def test_any_order_and_repetition_ends_in_one_state(told: tuple[list[EmailReport], list[EmailReport]]) -> None:
    once, shuffled = told
    assert after(once) == after(shuffled)
    assert after(shuffled).status is after(once).status


@given(st.lists(reports, min_size=1, max_size=8))
def test_a_report_that_adds_nothing_changes_nothing(told: list[EmailReport]) -> None:
    known = after(told)
    assert all(merge(known, each) is known or merge(known, each) == known for each in told)


@pytest.mark.parametrize(
    "kinds, status, code",
    [
        ("", Status.ACCEPTED, ""),
        ("sent delayed", Status.SENT, ""),
        ("delivered sent", Status.DELIVERED, ""),
        ("clicked", Status.CLICKED, ""),
        ("bounced delivered", Status.BOUNCED, "bounced"),
        ("bounced opened", Status.OPENED, ""),
        ("complained clicked", Status.COMPLAINED, "complained"),
        ("failed sent", Status.FAILED, "failed"),
        ("failed suppressed", Status.FAILED, "suppressed"),
        ("failed delivered", Status.DELIVERED, ""),
    ],
)
def test_what_counts_for_more(kinds: str, status: Status, code: str) -> None:
    told = [EmailReport(ReportKind(kind), "e-1", "1", "ana@example.com", NOON) for kind in kinds.split()]
    known = after(told)
    assert (known.status, known.error_code) == (status, code)
