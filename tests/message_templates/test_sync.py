"""Templates are read from the provider by a job."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import cast

import pytest
from sqlalchemy import delete

from adsapp.core import db
from adsapp.integrations.base import ProviderTemplate
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.queries import get_account
from adsapp.jobs import Job, JobFailed, Progress
from adsapp.message_templates import service
from adsapp.message_templates.availability import why_not
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.queries import get_template, list_templates, view_of
from adsapp.message_templates.service import request_sync, store_templates
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import ByHand, Rehearsal, refused
from tests.live import Live
from tests.waiting import wait_for


def sync(live: Live) -> Job:
    with live.organization():
        job_id = request_sync(By("Alice")).id
        assert request_sync(By("Alice")).id == job_id
        db.session.commit()

    def is_over() -> bool:
        with live.organization(), db.reading():
            return db.session.get_one(Job, job_id).is_finished

    wait_for(is_over, what="the sync ends")
    with live.organization(), db.reading():
        job = db.session.get_one(Job, job_id)
        db.session.expunge(job)
        return job


def test_a_sync_makes_our_templates_equal_to_the_providers(live: Live) -> None:
    with live.organization():
        db.session.execute(delete(MessageTemplate).where(MessageTemplate.name != "welcome"))
        get_template("welcome", "en_US").status = "PAUSED"
        db.session.add(
            MessageTemplate(
                organization_id=live.cast.bakery_id,
                account_id=live.account_id,
                name="gone",
                language="en",
                status="APPROVED",
            )
        )
        db.session.commit()
    live.start_worker()
    assert sync(live).result == {"templates": 7}
    with live.organization(), db.reading():
        assert "gone" not in {template.name for template in list_templates()}
        assert get_template("welcome", "en_US").is_approved
        assert {each.name for each in list_templates() if not why_not(each, view_of(each))} == {
            "welcome", "spring_opening", "order_update", "hello_world", "loyalty_points",
        }  # fmt: skip


def test_syncs_of_one_number_take_turns_and_none_fails(rehearsal: Rehearsal) -> None:
    entries = [ProviderTemplate(f"offer_{number}", "en", "APPROVED") for number in range(3)]
    began = Event()

    def store() -> int:
        with rehearsal.organization():
            began.set()
            count = store_templates(get_account(rehearsal.account_id), entries)
            db.session.commit()
            return count

    with ThreadPoolExecutor(1) as pool, rehearsal.organization():
        first = store_templates(get_account(rehearsal.account_id), entries)
        second = pool.submit(store)
        assert began.wait(30)
        db.session.commit()
        assert (first, second.result(30)) == (3, 3)
    with rehearsal.organization(), db.reading():
        assert {template.name for template in list_templates()} == {"offer_0", "offer_1", "offer_2"}


def test_a_refused_token_fails_the_sync_with_what_to_do(rehearsal: Rehearsal) -> None:
    rehearsal.provider.error = refused(190, http_status=401).error
    with rehearsal.organization(), pytest.raises(JobFailed) as failed:
        service.sync(rehearsal.account_id, cast(Progress, ByHand()))
    assert (failed.value.code, failed.value.permanent) == ("190", True)
    assert "Create a new access token" in failed.value.message
    with rehearsal.organization(), db.reading():
        assert get_account(rehearsal.account_id).status is AccountStatus.REFUSED
        assert len(list_templates()) == 7
