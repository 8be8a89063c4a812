"""Campaigns under force, with real worker processes: kill -9 in the middle, two processes on one number."""

from collections import Counter
from collections.abc import Iterator

import pytest

from adsapp.core import db
from adsapp.integrations.queries import get_account
from adsapp.jobs import Queue
from adsapp.outbound.statuses import OutboundStatus
from tests.installation import Installation
from tests.live import Live
from tests.waiting import wait_for


@pytest.fixture
def processes(live: Live) -> Iterator[Installation]:
    """Worker processes over the same settings; the web server and the sandbox run already."""
    installation = Installation(live.app.config["SETTINGS"])
    yield installation
    installation.stop()


def pace(live: Live, per_second: int) -> None:
    live.sandbox.call("throughput", {"phone_number_id": live.phone_number_id, "per_second": per_second})
    with live.organization():
        get_account(live.account_id).messages_per_second = per_second
        db.session.commit()


def test_a_killed_worker_sends_to_nobody_twice_and_loses_nobody(live: Live, processes: Installation) -> None:
    """Case C06."""
    pace(live, 80)
    phones = [f"+1202556{place:04}" for place in range(200)]
    live.contacts(*phones)
    live.sandbox.fault(delay_ms=50)
    live.start_worker(Queue.TEMPLATE_PROCESSING)  # statuses are applied meanwhile
    first = processes.start_worker(Queue.BULK_MESSAGES)
    campaign_id = live.start_campaign()
    wait_for(lambda: len(live.sandbox.ledger()) >= 80, what="some are sent")
    processes.kill(first)
    assert live.counts(campaign_id).adds_up
    processes.start_worker(Queue.BULK_MESSAGES)
    live.wait_for_status(campaign_id, OutboundStatus.COMPLETED)
    sent_to = Counter(message["to"] for message in live.sandbox.ledger())
    assert max(sent_to.values()) == 1
    people = live.recipients(campaign_id)
    assert sorted(people) == phones
    wait_for(lambda: live.counts(campaign_id).uncertain == len(phones) - len(sent_to), what="reports settle the rest")
    unsettled = {phone for phone, one in live.recipients(campaign_id).items() if one.status == "uncertain"}
    assert unsettled == set(phones) - set(sent_to)
    assert len(unsettled) <= 5  # those the killed worker had noted and not written
    assert live.counts(campaign_id).adds_up


def test_two_processes_share_a_number_within_its_limit(
    live: Live, processes: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much of the limit they use: `./run bench send`."""
    monkeypatch.setenv("WORKERS_BULK_MESSAGES", "1")  # so that neither process can take both campaigns
    pace(live, 80)
    ids = [str(one) for one in live.contacts(*[f"+1202557{place:04}" for place in range(320)])]
    processes.start_worker(Queue.BULK_MESSAGES)
    processes.start_worker(Queue.BULK_MESSAGES)
    halves = [live.start_campaign(name=f"Half {half}", audience={"contact_ids": ids[half::2]}) for half in range(2)]
    for campaign_id in halves:
        live.wait_for_status(campaign_id, OutboundStatus.COMPLETED)
    stats = live.sandbox.stats()
    assert stats["most_in_one_second"] <= 80
    assert sum(stats["refused_by_code"].values()) == 0
    assert len(live.sandbox.ledger()) == 320
