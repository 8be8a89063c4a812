"""A fresh demo has something to act on: a job that failed and can be retried, a delayed one."""

import pytest
from sqlalchemy import select

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.demo import seed
from adsapp.jobs import Job, Queue, State, transitions
from adsapp.organizations.auditing import By
from tests.cast import use_quick_hashes
from tests.installation import NUMBER, Installation, with_ports
from tests.waiting import wait_for


@pytest.fixture
def installation(settings: Settings) -> Installation:
    """Nothing runs yet, and nobody answers where the sandbox will be."""
    return Installation(with_ports(settings))


def test_a_fresh_demo_has_work_to_act_on(installation: Installation) -> None:
    app = create_app(installation.settings)
    use_quick_hashes(app)
    made = seed.ensure_demo(app, NUMBER)
    assert made.is_new
    with db.organization_context(app, made.organization_id), db.reading():
        jobs = {job.state: job for job in db.session.scalars(select(Job).where(Job.processor == "sync-templates"))}
        assert set(jobs) == {State.FAILED, State.WAITING, State.DELAYED}
        assert "WhatsApp could not be reached" in (jobs[State.FAILED].error or "")
        later = jobs[State.DELAYED].run_at
        assert later is not None
        assert later > utcnow()
        failed, delayed = jobs[State.FAILED].id, jobs[State.DELAYED].id
    assert not seed.ensure_demo(app, NUMBER).is_new

    def state_of(job_id: object) -> State:
        with db.organization_context(app, made.organization_id), db.reading():
            return db.session.scalars(select(Job.state).where(Job.id == job_id)).one()

    try:
        installation.start_sandbox()
        installation.start_worker(Queue.TEMPLATE_PROCESSING)
        with db.organization_context(app, made.organization_id):
            transitions.retry(db.session.get_one(Job, failed), By("Alice"))
            transitions.promote(db.session.get_one(Job, delayed))
            db.session.commit()
        for job_id in (failed, delayed):
            wait_for(lambda job_id=job_id: state_of(job_id) == State.COMPLETED)  # type: ignore[misc]
    finally:
        installation.stop()
        with app.app_context():
            db.session.remove()
            db.db.engine.dispose()
