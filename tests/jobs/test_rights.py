"""Whoever lets a job run again, or before its time, needs the right that it takes to ask for such a job."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import huey_tasks
from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Forbidden
from adsapp.jobs import Job, Queue, State, service
from adsapp.jobs.bulk.target import BulkAction
from adsapp.jobs.registry import Kind, processors
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Role
from adsapp.organizations.policy import Permission
from tests.cast import Cast
from tests.jobs.steering import LATER, Read, change, confirm

AGENT, ADMIN = By("Bob", role=Role.AGENT), By("Adam", role=Role.ADMIN)
NOW = utcnow().isoformat()
# Each kind of job with params as it is enqueued with; who may ask for it, an admin only, or an agent too.
ASKED = {"by": "Adam", "filters": {}, "asked_at": NOW}
ONE = {"job_ids": [str(uuid.UUID(int=7))]}
KINDS: list[tuple[str, dict[str, Any], bool]] = [
    ("import-contacts", {"import_id": str(uuid.UUID(int=7))}, False),
    ("try-import", {"import_id": str(uuid.UUID(int=7))}, False),
    ("undo-import", {"import_id": str(uuid.UUID(int=7))}, False),
    ("sync-templates", {"account_id": str(uuid.UUID(int=7))}, False),
    ("apply-webhooks", {"account_id": str(uuid.UUID(int=7))}, False),
    ("keep-history", {}, False),
    ("act-on-jobs", {"verb": "clean", **ASKED}, False),
    ("act-on-jobs", {"verb": "clean", **ASKED, **ONE}, False),
    ("act-on-jobs", {"verb": "cancel", **ASKED}, False),
    ("act-on-jobs", {"verb": "retry", **ASKED, **ONE}, False),  # as the command line asked, or an older version
    ("act-on-jobs", {"verb": "retry", **ASKED, **ONE, "role": "admin"}, False),
    ("act-on-jobs", {"verb": "retry", **ASKED, **ONE, "role": "agent"}, True),
    ("act-on-jobs", {"verb": "clean", **ASKED, **ONE, "role": "agent"}, False),
    ("bulk-message", {"campaign_id": str(uuid.UUID(int=7))}, True),
    ("start-campaign", {"name": "April", "audience": {"all": True}}, True),
    ("start-email", {"audience": {"all": True}}, True),
    ("start-import", {"folder": "incoming"}, False),
    ("apply-email-webhooks", {"account_id": str(uuid.UUID(int=7))}, False),
    ("sync-suppressions", {}, False),
    ("send-email", {"email_id": str(uuid.UUID(int=7))}, True),
    ("notify", {"to": "ana@example.com", "name": "Ana", "kind": "alert", "values": {}}, False),
    ("deliver-alert", {"delivery_id": str(uuid.UUID(int=7))}, False),
    ("deliver-alert-elsewhere", {"delivery_id": str(uuid.UUID(int=7))}, False),
    ("tell-import", {"import_id": str(uuid.UUID(int=7)), "user_id": str(uuid.UUID(int=8))}, False),
    ("tell-campaign", {"campaign_id": str(uuid.UUID(int=7)), "job_id": str(uuid.UUID(int=8))}, False),
    ("process-template", {"rendering_id": str(uuid.UUID(int=7))}, True),
    ("demo", {"mood": "succeeds"}, True),
]


def test_every_kind_is_known_here() -> None:
    assert huey_tasks.__doc__
    assert {name for name, _, _ in KINDS} == {each.name for each in processors()}


@pytest.fixture
def add(app: Flask, cast: Cast) -> Callable[..., uuid.UUID]:
    """A job of this kind that failed, or waits for its time."""

    def call(name: str, params: dict[str, Any], state: State = State.FAILED) -> uuid.UUID:
        with db.organization_context(app, cast.bakery_id):
            job = jobs.enqueue(name, params, title="Probe", run_at=utcnow() + LATER)
            db.session.commit()
            job_id = job.id
        ends = {"error": "no", "finished_at": utcnow()} if state is State.FAILED else {}
        return change(app, cast, job_id, state=state, **ends)

    return call


@pytest.mark.both
@pytest.mark.parametrize("name, params, agent_may", KINDS)
def test_each_kind_asks_the_right_that_enqueuing_it_asks(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    add: Callable[..., uuid.UUID],
    read: Read,
    name: str,
    params: dict[str, Any],
    agent_may: bool,
) -> None:
    failed, delayed = add(name, params), add(name, params, State.DELAYED)
    with db.organization_context(app, cast.bakery_id):
        for deed in (
            lambda by: service.retry(db.session.get_one(Job, failed), by),
            lambda by: service.run_now(db.session.get_one(Job, delayed), by),
            lambda by: service.act_on(BulkAction.RETRY, [failed], by),
        ):
            if agent_may:
                continue
            with pytest.raises(Forbidden, match="Ask an owner or admin"):
                deed(AGENT)
    bob, answers = cast.sign_in(client, "bob"), 202 if agent_may else 403
    for path in (f"{failed}/retries", f"{delayed}/runs"):
        assert bob.post(f"/api/jobs/{path}", headers=cast.headers("bob")).status_code == answers
    assert read(failed).state is (State.WAITING if agent_may else State.FAILED)
    page = bob.get(f"/jobs/{add(name, params)}").text
    assert ("needs the right to" in page) is not agent_may
    assert client.post(f"/api/jobs/{add(name, params)}/retries", headers=cast.headers("adam")).status_code == 202


def test_an_agents_operation_passes_an_admins_jobs_over(
    app: Flask, cast: Cast, client: FlaskClient, add: Callable[..., uuid.UUID], read: Read
) -> None:
    ours, theirs = add("demo", {"mood": "succeeds"}), add("keep-history", {})
    cast.sign_in(client, "bob")
    asked = client.get(f"/jobs/actions?verb=retry&job={ours}&job={theirs}").text
    assert "1 of the ticked jobs stays as it is" in asked
    assert confirm(client, asked, job=[str(ours), str(theirs)]).status_code == 303
    assert (read(ours).state, read(theirs).state) == (State.WAITING, State.FAILED)
    with db.organization_context(app, cast.bakery_id):
        assert service.retry_those_allowed([db.session.get_one(Job, theirs)], AGENT) == []
        assert len(service.retry_those_allowed([db.session.get_one(Job, theirs)], ADMIN)) == 1


def test_a_kind_that_is_not_known_here_or_cannot_be_read_asks_to_manage(
    app: Flask, cast: Cast, register: Callable[..., None], add: Callable[..., uuid.UUID]
) -> None:
    with db.organization_context(app, cast.bakery_id):
        job = Job(processor="from-tomorrow", queue=Queue.TEMPLATE_PROCESSING)
        assert Kind(name="from-tomorrow", title="").needed_for(job) is Permission.MANAGE
