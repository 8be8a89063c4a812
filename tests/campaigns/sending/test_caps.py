"""What whoever runs the installation lets an organization send: all its numbers together, in every process."""

import json
from pathlib import Path

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.integrations.pacing import SqlitePacer
from adsapp.integrations.pacing.spacing import SECOND
from adsapp.jobs import Queue, queues
from adsapp.jobs import service as job_service
from adsapp.jobs.queries.limits import get_limit
from adsapp.organizations import service
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import Organization
from adsapp.organizations.queries import caps
from adsapp.outbound.caps import Admitter, Cap, cap_on_emails, cap_on_messages
from adsapp.outbound.rate_window import Window
from tests.campaigns.sending.many_senders import busiest_second
from tests.cast import Cast
from tests.cli.conftest import Command, command  # noqa: F401  # a fixture
from tests.installation import Installation
from tests.jobs.engine.test_limits import add, sweep

STEP = 0.01
ANSWER = 0.03  # seconds until a request is answered


@pytest.mark.parametrize(
    "cap, numbers, processes, least",
    [
        (20.0, [80.0], 2, 0.95),
        (20.0, [80.0, 80.0, 12.5], 2, 0.95),
        (30.0, [12.5, 12.5, 12.5], 1, 0.9),
        (20.0, [20.0], 1, 0.9),
        (80.0, [20.0], 2, 0.95),
    ],
)
def test_all_numbers_together_stay_under_the_cap_and_use_it(
    tmp_path: Path, cap: float, numbers: list[float], processes: int, least: float
) -> None:
    now = 1_800_000_000.0
    pacer = SqlitePacer(tmp_path / "pace.db", lambda: round(now * SECOND))
    senders = []
    for _ in range(processes):
        for place, rate in enumerate(numbers):
            admitter = Admitter(pacer, f"number {place}")
            admitter.cap = Cap("organization", cap)
            senders.append((Window(rate), admitter))
    written: dict[int, list[float]] = {place: [] for place in range(len(numbers))}
    on_the_way: list[tuple[float, Window]] = []
    began, seconds = now, 8.0
    while now < began + seconds:
        for at, window in [each for each in on_the_way if each[0] + ANSWER <= now]:
            window.leave(at, now)
            on_the_way.remove((at, window))
        for turn, (window, admitter) in enumerate(senders):
            report = window.report(50, now)
            admission = admitter(report)
            window.admit(report, admission.count)
            on_the_way += [(now, window)] * admission.count
            written[turn % len(numbers)] += [now] * admission.count
        now += STEP
    everything = sorted(moment for each in written.values() for moment in each)
    allowed = min(cap, sum(numbers))
    assert busiest_second(everything) <= cap
    assert all(busiest_second(sorted(each)) <= rate + 1 for each, rate in zip(written.values(), numbers, strict=True))
    settled = sum(moment >= began + 2 for moment in everything)
    assert settled >= least * allowed * (seconds - 2)


def test_a_cap_is_set_by_whoever_runs_it_and_seen_by_the_team(
    app: Flask,
    cast: Cast,
    command: Command,  # noqa: F811
) -> None:
    told = Installation(app.config["SETTINGS"]).environment

    def run(*asked: str) -> dict[str, float | None]:
        done = command(told, ("org", "caps", "harbour-bakery", *asked, "--json"))
        assert done.returncode == 0, done.stderr
        found: dict[str, float | None] = json.loads(done.stdout)["caps"]
        return found

    assert run() == {"messages_per_second": None, "emails_per_second": None, "jobs_at_once": None}
    run("--messages-per-second", "20", "--jobs-at-once", "3")
    assert run("--emails-per-second", "50") == {"messages_per_second": 20, "emails_per_second": 50, "jobs_at_once": 3}
    with db.organization_context(app, cast.bakery_id):
        assert caps().on_messages == "at most 20 messages a second, set by whoever runs this installation"
        assert cap_on_messages() == Cap(f"organization:{cast.bakery_id}:messages", 20.0)
        assert cap_on_emails(10) == Cap(f"organization:{cast.bakery_id}:emails", 5.0)
        assert {get_limit(queue).most_at_once for queue in Queue} == {3}  # type: ignore[union-attr]
        own = db.session.get_one(Organization, cast.bakery_id)
        with pytest.raises(Invalid, match="a second, not"):
            service.set_caps(own, NOBODY, messages=0.001, emails=None)
    with db.organization_context(app, cast.other_id):
        assert (cap_on_messages(), cap_on_emails(10), get_limit(Queue.BULK_MESSAGES)) == (None, None, None)
    assert run("--messages-per-second", "0", "--emails-per-second", "0", "--jobs-at-once", "0") == dict.fromkeys(
        ("messages_per_second", "emails_per_second", "jobs_at_once")
    )
    with db.organization_context(app, cast.bakery_id):
        assert {get_limit(queue) for queue in Queue} == {None}


def test_a_cap_on_jobs_stands_above_the_limit_of_the_organization(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        job_service.cap_jobs(3, By("the operator"))
        queues.set_limit(Queue.TEMPLATE_PROCESSING, By("Alice"), at_once=8)
        db.session.commit()
    add(app, cast, 10)
    assert len(sweep(app, utcnow())) == 3
    with db.organization_context(app, cast.bakery_id):
        queues.set_limit(Queue.TEMPLATE_PROCESSING, By("Alice"))
        limit = get_limit(Queue.TEMPLATE_PROCESSING)
        assert limit is not None
        assert (limit.at_once, limit.most_at_once) == (None, 3)
