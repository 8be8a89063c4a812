"""A rendering tells for each person what they would read, or why they cannot; and a kill loses and doubles nothing."""

import uuid
from collections.abc import Callable
from typing import Any, cast

import pytest

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid, NotFound
from adsapp.jobs import Progress, Queue
from adsapp.jobs.progress import LeaseLost
from adsapp.jobs.queries import jobs as job_queries
from adsapp.message_templates.models import MessageTemplate, Rendering, RenderingRow
from adsapp.organizations.auditing import By
from adsapp.outbound import audience as audiences
from adsapp.renderings import queries, retention, run, service
from adsapp.renderings.asked import MOST_ROWS, RenderingIn
from tests.campaigns.rehearsal import ByHand, Rehearsal
from tests.waiting import wait_for

ALICE = By("Alice")
PEOPLE = [f"+1202553{place:04}" for place in range(1, 8)]
WELCOME: dict[str, Any] = {
    "template_name": "welcome",
    "template_language": "en_US",
    "variables": {"1": {"field": "first_name", "format": "title"}},
}


def ask(rehearsal: Rehearsal, **changes: Any) -> uuid.UUID:
    with rehearsal.organization():
        made = service.create_rendering(RenderingIn(**{**WELCOME, "audience": {"all": True}, **changes}), ALICE)
        rendering_id = made.id
        db.session.commit()
    return rendering_id


def work(rehearsal: Rehearsal, rendering_id: uuid.UUID, progress: Any = None) -> dict[str, Any]:
    with rehearsal.organization():
        db.session.rollback()
        return run.run_rendering(rendering_id, cast(Progress, progress or ByHand()))


def rows(rehearsal: Rehearsal, rendering_id: uuid.UUID) -> list[tuple[Any, ...]]:
    with rehearsal.organization(), db.reading():
        page = queries.rows_of(queries.get_rendering(rendering_id), limit=10_000)
        names = ("number", "contact_id", "name", "phone", "outcome", "code", "variable", "message", "variables")
        return [tuple(getattr(row, name) for name in names) for row in page.items]


def read(rehearsal: Rehearsal, rendering_id: uuid.UUID) -> Rendering:
    with rehearsal.organization(), db.reading():
        found = queries.get_rendering(rendering_id)
        db.session.expunge(found)
        return found


def test_each_person_of_the_audience_has_a_text_or_a_reason(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(PEOPLE[0], first_name="ANA")
    rehearsal.contacts(PEOPLE[1], first_name="", name="Ben")
    rehearsal.contacts(PEOPLE[2], first_name="{{1}}\\1<b>")
    rendering_id = ask(rehearsal)
    assert work(rehearsal, rendering_id) == {"rendering_id": str(rendering_id), "rendered": 2, "failed": 1}
    told = [(row[3], row[4], row[5], row[6], row[7], row[8]) for row in rows(rehearsal, rendering_id)]
    assert told == [
        (PEOPLE[0], "rendered", "", "", "", {"body.1": "Ana"}),
        (PEOPLE[1], "failed", "missing_variable", "body.1", "{{1}} is empty", {}),
        (PEOPLE[2], "rendered", "", "", "", {"body.1": "{{1}}\\1<b>"}),
    ]
    found = read(rehearsal, rendering_id)
    assert (found.total, found.rendered, found.failed) == (3, 2, 1)
    assert found.failed_by_code == {"missing_variable": 1}
    assert found.finished_at is not None


def test_rows_that_were_given_are_rendered_in_their_order_and_known_numbers_are_found(rehearsal: Rehearsal) -> None:
    (contact_id,) = rehearsal.contacts(PEOPLE[0])
    given = [{"first_name": "ana", "phone": PEOPLE[0]}, {"attributes": {"x": 1}}, {"first_name": "Chidi"}]
    rendering_id = ask(rehearsal, audience=None, rows=given)
    work(rehearsal, rendering_id)
    told = [(row[0], row[1], row[4], row[8]) for row in rows(rehearsal, rendering_id)]
    assert told == [
        (1, contact_id, "rendered", {"body.1": "Ana"}),
        (2, None, "failed", {}),
        (3, None, "rendered", {"body.1": "Chidi"}),
    ]


def test_who_could_be_rendered_is_an_audience(rehearsal: Rehearsal) -> None:
    ids = [rehearsal.contacts(phone, first_name="" if place == 1 else "Ana")[0] for place, phone in enumerate(PEOPLE)]
    rendering_id = ask(rehearsal)
    work(rehearsal, rendering_id)
    with rehearsal.organization(), db.reading():
        audience = audiences.parse({"rendering_id": str(rendering_id)})
        assert audiences.count_of(audience).total == 6
        assert audiences.next_ids(audience, None, 100) == sorted([ids[0], *ids[2:]])
        assert audiences.from_stored(audience.spec).rendering_id == rendering_id
    campaign_id = rehearsal.sent(audience={"rendering_id": str(rendering_id)})
    assert len(rehearsal.recipients(campaign_id)) == 6


class Killed(BaseException):
    """The worker is gone at this very moment."""


class Dying(ByHand):
    """Dies at its n-th step: before a batch, before its commit, or behind it."""

    steps = 0
    dies_at = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed

    def check(self) -> None:
        self._step()

    def commit(self) -> None:
        self._step()
        super().commit()
        self._step()


def given_people(rehearsal: Rehearsal) -> uuid.UUID:
    return ask(rehearsal, audience=None, rows=[{"first_name": "x" * (place % 3)} for place in range(7)])


@pytest.mark.parametrize("asked", [ask, given_people], ids=["audience", "rows"])
def test_twenty_kills_leave_what_an_undisturbed_run_leaves(
    rehearsal: Rehearsal, asked: Callable[[Rehearsal], uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    for place, phone in enumerate(PEOPLE):
        rehearsal.contacts(phone, first_name="" if place % 3 == 1 else "Ana")
    undisturbed = asked(rehearsal)
    expected = work(rehearsal, undisturbed)
    kills = 0
    killed_at_all: set[int] = set()
    while kills < 20:
        disturbed = asked(rehearsal)
        while True:
            progress = Dying()
            progress.dies_at = kills % 7 + 1
            try:
                result = work(rehearsal, disturbed, progress)
                break
            except Killed:
                kills += 1
                killed_at_all.add(progress.dies_at)
            found = read(rehearsal, disturbed)
            assert found.rendered + found.failed == len(rows(rehearsal, disturbed)), "counts and rows are one"
        assert result | {"rendering_id": ""} == expected | {"rendering_id": ""}
        assert rows(rehearsal, disturbed) == rows(rehearsal, undisturbed)
    assert len(killed_at_all) > 3


def test_a_late_worker_writes_nothing(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rendering_id = ask(rehearsal)

    class Late(ByHand):
        def commit(self) -> None:
            db.session.rollback()
            raise LeaseLost

    with pytest.raises(LeaseLost):
        work(rehearsal, rendering_id, Late())
    assert rows(rehearsal, rendering_id) == []


def test_a_template_that_is_deleted_meanwhile_is_tried_to_the_end(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rendering_id = ask(rehearsal)
    with rehearsal.organization():
        for template in db.session.scalars(db.db.select(MessageTemplate)):
            db.session.delete(template)
        db.session.commit()
    assert work(rehearsal, rendering_id)["rendered"] == 7


def test_a_worker_does_it_and_the_job_tells_who_failed(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(PEOPLE[0], first_name="Ana")
    rehearsal.contacts(PEOPLE[1], first_name="")
    rendering_id = ask(rehearsal)
    rehearsal.start_worker(Queue.TEMPLATE_PROCESSING)
    wait_for(lambda: read(rehearsal, rendering_id).finished_at is not None, what="it is tried")
    job_id = read(rehearsal, rendering_id).job_id
    assert job_id is not None

    def is_completed() -> bool:
        with rehearsal.organization(), db.reading():
            return job_queries.get_job(job_id).state == "completed"

    wait_for(is_completed, what="the job is completed")
    with rehearsal.organization(), db.reading():
        job = job_queries.get_job(job_id)
        assert (job.progress_total, job.progress_done, job.progress_failed) == (2, 2, 1)


@pytest.mark.parametrize(
    "changes, place, message",
    [
        ({"template_name": "welcom"}, "template.name", "did you mean 'welcome'?"),
        ({"template_name": ""}, "template.name", "Choose a template"),
        ({"variables": {}}, "variables.body.1", "no value is given"),
        ({"audience": {}}, "audience", "Choose an audience"),
        ({"audience": {"rendering_id": "x"}}, "audience.rendering_id", "There is no rendering x"),
        ({"rows": [{}]}, "rows", "Give either an audience or rows, not both"),
        ({"audience": None, "rows": []}, "rows", "Give at least one row"),
        ({"audience": None, "rows": [{}] * (MOST_ROWS + 1)}, "rows", "10,001 rows are too many (10,000 at most)"),
        ({"audience": None, "rows": [5]}, "rows[0]", "should be an object"),
        ({"audience": None, "rows": [{}, {"phone": "12"}]}, "rows[1].phone", "is no phone number"),
        ({"audience": None, "rows": [{"city": "x"}]}, "rows[0].city", "put values of your own into attributes"),
        ({"audience": None, "rows": [{"attributes": 5}]}, "rows[0].attributes", "should be an object"),
        ({"audience": None, "rows": [{"name": ["x"]}]}, "rows[0].name", "should be a text"),
        ({"audience": None, "rows": [{"name": "x" * 10_001}]}, "rows[0].name", "10,000 characters at most"),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_nothing_is_made(
    rehearsal: Rehearsal, changes: dict[str, Any], place: str, message: str
) -> None:
    with rehearsal.organization():
        with pytest.raises(Invalid) as caught:
            service.create_rendering(RenderingIn(**{**WELCOME, "audience": {"all": True}, **changes}), ALICE)
        assert place in [error.field for error in caught.value.fields]
        assert message in str(caught.value.detail)
        assert db.session.scalars(db.db.select(Rendering)).first() is None


def test_results_are_forgotten_after_their_time_and_the_counts_stay(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rendering_id = ask(rehearsal)
    work(rehearsal, rendering_id)
    with rehearsal.organization():
        assert retention.forget_rows(utcnow().replace(year=2020), 5) == 0
        assert retention.forget_rows(utcnow(), 5) == 5
        assert retention.forget_rows(utcnow(), 5) == 2
        assert retention.forget_rows(utcnow(), 5) == 0
        db.session.commit()
    found = read(rehearsal, rendering_id)
    assert (found.rendered, found.forgotten_at is None) == (7, False)
    assert rows(rehearsal, rendering_id) == []
    with rehearsal.organization(), db.reading(), pytest.raises(Invalid, match="kept no longer"):
        audiences.parse({"rendering_id": str(rendering_id)})


def test_another_organization_sees_nothing_of_it(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rendering_id = ask(rehearsal)
    work(rehearsal, rendering_id)
    with db.organization_context(rehearsal.app, rehearsal.cast.other_id), db.reading():
        with pytest.raises(NotFound):
            queries.get_rendering(rendering_id)
        with pytest.raises(Invalid, match="There is no rendering"):
            audiences.parse({"rendering_id": str(rendering_id)})
        assert db.session.scalars(db.db.select(RenderingRow)).first() is None
