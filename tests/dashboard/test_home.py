"""The first page: what needs somebody, the queues, what runs, at a cost that does not grow with history."""

import html
import re
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from adsapp import jobs
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignRecipient, RecipientStatus
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Job, Priority, Queue, State, queues, transitions
from adsapp.jobs.models import JobLog, StatsHour, StatsMinute, Worker
from adsapp.jobs.queries.statistics import queue_stats
from adsapp.jobs.registry import get_processor
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus
from tests.alerts.scene import open_incident
from tests.cast import Cast
from tests.lone_worker import add_lone_worker
from tests.statements import recorded

BLOCKS = ("attention", "queues", "running", "campaigns", "chart", "latest")


@pytest.fixture
def workers(app: Flask, cast: Cast) -> None:
    """One living worker for all four queues."""
    add_lone_worker(app, Queue, pid=1)


@pytest.fixture
def account(app: Flask, cast: Cast) -> uuid.UUID:
    """A WhatsApp account in good standing."""
    with db.organization_context(app, cast.bakery_id):
        sealed = db.SecretText.of("sealed")
        made = Account(
            organization_id=cast.bakery_id,
            name="Bakery line",
            phone_number_id="1",
            waba_id="2",
            token=sealed,
            app_secret=sealed,
            verify_token=sealed,
            messages_per_second=12.5,
        )
        db.session.add(made)
        db.session.commit()
        return made.id


def campaign(
    cast: Cast, account: uuid.UUID, name: str, status: OutboundStatus, recipients: dict[RecipientStatus, int]
) -> Campaign:
    made = Campaign(
        organization_id=cast.bakery_id,
        name=name,
        account_id=account,
        status=status,
        audience_size=sum(recipients.values()),
        created_by="Alice",
    )
    db.session.add(made)
    db.session.flush()
    number = 0
    for standing, count in recipients.items():
        for _ in range(count):
            number += 1
            db.session.add(
                CampaignRecipient(
                    organization_id=cast.bakery_id,
                    campaign_id=made.id,
                    contact_id=new_id(),
                    phone=f"+1555010{number:04}",
                    person_key=str(number),
                    status=standing,
                )
            )
    db.session.flush()
    return made


@pytest.fixture
def experienced(app: Flask, cast: Cast, account: uuid.UUID) -> None:
    """An organization that has sent a campaign, and needs no guide."""
    with db.organization_context(app, cast.bakery_id):
        campaign(cast, account, "First of all", OutboundStatus.COMPLETED, {RecipientStatus.READ: 1})
        db.session.commit()


def test_all_is_well_where_nothing_needs_anybody(
    client: FlaskClient, cast: Cast, workers: None, experienced: None
) -> None:
    page = cast.sign_in(client, "alice").get("/").text
    assert "Hello, Alice" in page
    assert "All is well" in page
    assert "Needs attention" not in page


def test_no_worker_is_the_first_thing_said(client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "alice").get("/").text
    assert "No worker is running" in page
    assert page.count("no worker</span>") == 4


def test_a_worker_is_missed_once_its_jobs_would_be_taken_from_it(app: Flask, client: FlaskClient, cast: Cast) -> None:
    lease = timedelta(seconds=app.config["SETTINGS"].lease_seconds)
    late = add_lone_worker(app, Queue, heartbeat_at=utcnow() + timedelta(minutes=1) - lease)
    cast.sign_in(client, "alice")
    assert "No worker is running" not in client.get("/").text
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(Worker).where(Worker.id == late).values(heartbeat_at=utcnow() - lease))
    page = client.get("/").text
    assert "No worker is running" in page
    assert "No job waits yet. Start one with" in page


def test_the_list_shows_what_a_figure_counted(app: Flask, client: FlaskClient, cast: Cast, workers: None) -> None:
    with db.organization_context(app, cast.bakery_id):
        for routine in (True, False):
            job = jobs.enqueue("demo", {"mood": "succeeds"}, title="Tidy up", run_at=utcnow() + timedelta(days=1))
            job.routine = routine
        db.session.commit()
    cast.sign_in(client, "alice")
    for path in ("/home/queues", "/queues/template-processing"):
        [(address, count)] = re.findall(r'href="([^"]*state=delayed[^"]*)">(\d+)', client.get(path).text)
        shown = client.get(html.unescape(address)).text
        assert (count, len(re.findall(r'<tr id="job-', shown))) == ("2", 2), path


def test_a_paused_queue_lacks_no_worker(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for queue in (Queue.BULK_MESSAGES, Queue.CONTACT_IMPORT):
            queues.pause_queue(queue, By("Alice", "Holidays"))
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/").text
    assert "No worker is running for Templates and E-mail" in page
    assert "Holidays" in page


def test_each_thing_that_needs_somebody_has_its_reason_and_the_next_step(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    with db.organization_context(app, cast.bakery_id):
        line = db.session.get_one(Account, account)
        line.status, line.status_reason = AccountStatus.REFUSED, "The token has expired (190)"
        line.slowed_until, line.slowed_reason = utcnow() + timedelta(minutes=9), "130429, three times"
        paused = campaign(cast, account, "Easter", OutboundStatus.PAUSED, {RecipientStatus.PENDING: 2})
        paused.status_reason = "The text has a mistake"
        db.session.add(CampaignEvent(organization_id=cast.bakery_id, campaign_id=paused.id, text="Paused"))
        uncertain = campaign(cast, account, "March", OutboundStatus.COMPLETED, {RecipientStatus.UNCERTAIN: 3})
        waiting = Import(organization_id=cast.bakery_id, status=ImportStatus.MAPPING, file_name="walk-ins.csv")
        waiting.path, waiting.sha256, waiting.size_bytes = "x", "a" * 64, 1
        db.session.add(waiting)
        db.session.commit()
        links = [f"/campaigns/{paused.id}", f"/campaigns/{uncertain.id}", f"/imports/{waiting.id}"]
    page = cast.sign_in(client, "alice").get("/").text
    for words in (
        "WhatsApp refuses “Bakery line”",
        "The token has expired (190)",
        "“Bakery line” is slowed until",
        "130429, three times",
        "“Easter” is paused",
        "The text has a mistake",
        "3 messages of “March” are uncertain",
        "“walk-ins.csv” was uploaded and not imported",
        "5 things need you",
        *links,
    ):
        assert words in page
    steps = re.findall(
        r'item-end"><(?:a|form)[^>]*>.*?<span>([^<]+)</span>', page[: page.index('id="home-queues"')], re.DOTALL
    )
    assert set(steps) == {"Open the settings", "Open the campaign", "Settle them", "Continue the import"}


def test_a_paused_queue_is_never_all_is_well(app: Flask, client: FlaskClient, cast: Cast, workers: None) -> None:
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Adam", "Stocktaking"))
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/home/attention").text
    assert "The queue Bulk messages is paused" in page
    assert "By Adam: Stocktaking." in page
    assert 'action="/queues/bulk-messages/resume"' in page
    assert "All is well" not in page
    viewers = cast.sign_in(app.test_client(), "vera").get("/home/attention").text
    assert "The queue Bulk messages is paused" in viewers
    assert "/resume" not in viewers


def test_a_paused_kind_of_job_is_named_with_who_why_and_until_when(
    app: Flask, client: FlaskClient, cast: Cast, workers: None
) -> None:
    with db.organization_context(app, cast.bakery_id):
        until = utcnow() + timedelta(hours=4)
        kind = get_processor("bulk-message")
        queues.pause_queue(kind.queue, By("Adam", "Stocktaking."), until=until, processor=kind.name)
        queues.pause_queue(Queue.TEMPLATE_PROCESSING, By("Adam", "A test"), processor="demo")
        db.session.commit()
    page = cast.sign_in(client, "vera").get("/home/attention").text
    assert f"“{kind.title}” is paused until <time" in page
    assert f'datetime="{until:%Y-%m-%dT%H:%M}' in page
    assert "In the queue Bulk messages, by Adam: Stocktaking." in page
    assert 'href="/queues/bulk-messages"' in page
    assert "In the queue Templates, by Adam: A test." in page
    assert "All is well" not in page


def test_a_campaign_that_lost_many_messages_today_needs_somebody(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    now = utcnow()
    with db.organization_context(app, cast.bakery_id):
        for name, failed, read, began in (
            ("All lost", 1, 0, now),
            ("A quarter lost", 1, 3, now),
            ("Few lost", 1, 9, now),
            ("Long ago", 4, 0, now - timedelta(days=3)),
        ):
            counts = {RecipientStatus.FAILED: failed, RecipientStatus.READ: read}
            made = campaign(cast, account, name, OutboundStatus.COMPLETED, counts)
            made.started_at = made.finished_at = began
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/home/attention").text
    assert "The one message of “All lost” failed" in page
    assert "1 of 4 messages of “A quarter lost” failed" in page
    assert "All is well" not in page
    for quiet in ("Few lost", "Long ago"):
        assert quiet not in page


def test_uploads_that_nobody_began_share_one_line_for_a_week(
    app: Flask, client: FlaskClient, cast: Cast, workers: None
) -> None:
    with db.organization_context(app, cast.bakery_id):
        for name, days in (("old.csv", 8), ("one.csv", 2), ("two.csv", 1), ("three.csv", 0)):
            made = Import(organization_id=cast.bakery_id, status=ImportStatus.MAPPING, file_name=name)
            made.path, made.sha256, made.size_bytes = "x", "a" * 64, 1
            made.created_at = utcnow() - timedelta(days=days)
            db.session.add(made)
            db.session.flush()
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/home/attention").text
    assert "3 files were uploaded and not imported" in page
    assert "“three.csv”, “two.csv”, “one.csv”" in page
    assert 'href="/imports"' in page
    assert "old.csv" not in page


def test_each_role_is_told_of_what_it_may_act_on(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    with db.organization_context(app, cast.bakery_id):
        waiting = Import(organization_id=cast.bakery_id, status=ImportStatus.MAPPING, file_name="walk-ins.csv")
        waiting.path, waiting.sha256, waiting.size_bytes = "x", "a" * 64, 1
        db.session.add(waiting)
        uncertain = campaign(cast, account, "March", OutboundStatus.COMPLETED, {RecipientStatus.UNCERTAIN: 3})
        db.session.commit()
        settle, begin = f'href="/campaigns/{uncertain.id}"', f'href="/imports/{waiting.id}"'
    for who, things, offered in (("adam", 2, {settle, begin}), ("bob", 1, {settle}), ("vera", 1, set())):
        page = cast.sign_in(app.test_client(), who).get("/home/attention").text
        whom = "you" if offered else "somebody"  # a viewer can do nothing about it
        assert f"{things} {'thing needs' if things == 1 else 'things need'} {whom}" in page
        assert {link for link in (settle, begin) if link in page} == offered
        assert ("walk-ins.csv" in page) == (begin in offered)
        assert "3 messages of “March” are uncertain" in page


def test_home_lists_what_the_bell_counts_and_nothing_twice(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, experienced: None
) -> None:
    now = utcnow()
    with db.organization_context(app, cast.bakery_id):
        for kind, taken_on in (("schedule_broken", None), ("oldest_wait", None), ("no_worker", None), ("disk", now)):
            db.session.add(open_incident(cast.bakery_id, kind, acknowledged_at=taken_on))
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/home/attention").text
    assert "2 things need you" in page
    # There is a worker, so what an alert of a minute ago says of that is no longer so; the disk is somebody's already.
    assert [kind for kind in ("schedule_broken", "oldest_wait", "no_worker", "disk") if f"About {kind}" in page] == [
        "schedule_broken",
        "oldest_wait",
    ]


def test_home_says_who_looks_after_what_an_alert_is_about(
    app: Flask, client: FlaskClient, cast: Cast, account: uuid.UUID, workers: None
) -> None:
    with db.organization_context(app, cast.bakery_id):
        easter, may = (
            campaign(cast, account, name, OutboundStatus.PAUSED, {RecipientStatus.PENDING: 2})
            for name in ("Easter", "May")
        )
        taken_on = {"acknowledged_at": utcnow(), "acknowledged_by": "Bob"}
        db.session.add(open_incident(cast.bakery_id, "campaign_paused", keys=[f"campaign:{easter.id}"], **taken_on))
        db.session.add(open_incident(cast.bakery_id, "failure_share", keys=[f"campaign:{may.id}"]))
        db.session.commit()
    items = cast.sign_in(client, "alice").get("/home/attention").text.split("item-title")
    about = {name: next(item for item in items if f"“{name}” is paused" in item) for name in ("Easter", "May")}
    assert "Bob looks after it" in about["Easter"]
    assert "looks after it" not in about["May"]


def test_failed_jobs_are_named_until_they_are_retried(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, experienced: None
) -> None:
    with db.organization_context(app, cast.bakery_id):
        job = jobs.enqueue("demo", {"mood": "succeeds"})
        job.state = State.FAILED
        minute = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=5)
        place = {"organization_id": cast.bakery_id, "queue": Queue.TEMPLATE_PROCESSING, "failed": 1}
        db.session.add_all([StatsMinute(minute=minute, **place), StatsHour(hour=minute.replace(minute=0), **place)])
        db.session.commit()
        job_id = job.id
    page = cast.sign_in(client, "alice").get("/").text
    assert "1 failed job waits for a decision" in page
    assert "Templates 1; one failure in the last 24 hours." in page
    assert 'href="/jobs?queue=template-processing&amp;state=failed">1</a>' in page  # the card counts the same
    with db.organization_context(app, cast.bakery_id):
        transitions.retry(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
    page = client.get("/").text
    assert "for a decision" not in page
    assert "nothing that failed today is left undone" in page


def test_running_campaigns_and_imports_show_how_far_they_are(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    with db.organization_context(app, cast.bakery_id):
        standing = {RecipientStatus.READ: 3, RecipientStatus.FAILED: 1, RecipientStatus.PENDING: 4}
        campaign(cast, account, "Spring opening", OutboundStatus.SENDING, standing)
        later = campaign(cast, account, "Summer", OutboundStatus.SCHEDULED, {})
        later.scheduled_at = utcnow() + timedelta(days=1)
        job = jobs.enqueue("demo", {"mood": "succeeds"}, title="Import march.csv", total=200)
        job.state, job.attempt, job.progress_at = State.ACTIVE, 1, utcnow()
        imported = Import(organization_id=cast.bakery_id, status=ImportStatus.IMPORTING, file_name="march.csv")
        imported.path, imported.sha256, imported.size_bytes, imported.job_id = "x", "a" * 64, 1, job.id
        imported.rows_read, imported.rejected = 150, 2
        imported.started_at = utcnow() - timedelta(seconds=10)
        db.session.add(imported)
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/").text
    for words in (
        "4 of 8 · 1 failed",
        "150 of 200 rows · 2 rejected",
        "Coming up",
        "Summer",
        "1 campaign is going out",
    ):
        assert words in page


def test_what_a_pause_holds_is_not_told_as_running(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    with db.organization_context(app, cast.bakery_id):
        held = campaign(cast, account, "Spring opening", OutboundStatus.SENDING, {RecipientStatus.PENDING: 4})
        job = jobs.enqueue("bulk-message", {"campaign_id": str(held.id)})
        held.job_id = job.id
        other = jobs.enqueue("import-contacts", {"import_id": str(new_id())}, total=200)
        imported = Import(organization_id=cast.bakery_id, status=ImportStatus.QUEUED, file_name="march.csv")
        imported.path, imported.sha256, imported.size_bytes, imported.job_id = "x", "a" * 64, 1, other.id
        db.session.add(imported)
        db.session.commit()
    page = cast.sign_in(client, "alice").get("/").text
    assert "1 campaign is going out" in page
    assert "held back by a pause" not in page
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Adam", "A look"))
        queues.pause_queue(Queue.CONTACT_IMPORT, By("Adam", "A look"), processor="import-contacts")
        db.session.commit()
    page = client.get("/").text
    assert page.count("· held back by a pause") == 2
    assert "going out" not in page


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_stands_in_the_page_and_is_204_while_nothing_changes(
    client: FlaskClient, cast: Cast, workers: None, block: str
) -> None:
    page = cast.sign_in(client, "alice").get("/").text
    found = re.search(rf'hx-get="(/home/{block}\?version=\w+)"', page)
    assert found
    assert client.get(found[1]).status_code in (200, 204)  # 200 only where a minute ended in between
    fragment = client.get(f"/home/{block}")
    assert fragment.status_code == 200
    assert f'id="home-{block}"' in fragment.text
    again = re.search(rf'hx-get="(/home/{block}\?version=\w+)"', fragment.text)
    assert again
    assert without_clock(fragment.text).strip() in without_clock(page) or again[1] != found[1]


def without_clock(html: str) -> str:
    """HTML without the times, which go on, and without the form's token."""
    html = re.sub(r"<time[^>]*>[^<]*</time>", "", html)
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html)


def test_a_change_reaches_the_queue_cards(app: Flask, client: FlaskClient, cast: Cast, workers: None) -> None:
    page = cast.sign_in(client, "alice").get("/home/queues").text
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found
    with db.organization_context(app, cast.bakery_id):
        jobs.enqueue("demo", {"mood": "succeeds"})
        db.session.commit()
    assert client.get(found[1]).status_code == 200


@pytest.mark.parametrize(
    "who, imports, campaigns, pauses",
    [
        ("alice", True, True, True),
        ("adam", True, True, True),
        ("bob", False, True, False),
        ("vera", False, False, False),
    ],
)
def test_each_role_is_offered_what_it_may_do(
    client: FlaskClient, cast: Cast, experienced: None, who: str, imports: bool, campaigns: bool, pauses: bool
) -> None:
    page = cast.sign_in(client, who).get("/").text
    assert ("/imports/new" in page, "/campaigns/new" in page, "/queues/bulk-messages/pause" in page) == (
        imports,
        campaigns,
        pauses,
    )


def test_nothing_of_another_organization_is_shown(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID
) -> None:
    with db.organization_context(app, cast.bakery_id):
        campaign(cast, account, "Our secret", OutboundStatus.PAUSED, {RecipientStatus.UNCERTAIN: 1})
        jobs.enqueue("demo", {"mood": "succeeds"}, title="Our secret job")
        db.session.commit()
    page = cast.sign_in(client, "charlie").get("/").text
    assert "4 steps to your first campaign" in page
    assert "Needs attention" not in page
    assert "Latest campaigns" not in page
    assert "Our secret" not in page


def test_whoever_is_not_signed_in_is_asked_to(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/").headers["Location"].startswith("/sign-in")
    assert client.get("/home/queues", headers={"HX-Request": "true"}).status_code == 401


HISTORY = ("jobs", "job_logs", "campaign_recipients", "contacts", "import_rows")


def statements_of(app: Flask, client: FlaskClient, path: str) -> list[str]:
    with recorded(app) as seen:
        assert client.get(path).status_code == 200
    return seen


def add_history(cast: Cast, account: uuid.UUID, size: int, days_ago: int) -> None:
    day = utcnow() - timedelta(days=days_ago)
    finished = {"organization_id": cast.bakery_id, "queue": Queue.TEMPLATE_PROCESSING, "processor": "demo"}
    for number in range(size):
        job = {**finished, "title": f"Old {number}", "state": State.COMPLETED}
        db.session.add(Job(**job, payload=db.SecretJson(b""), max_attempts=3, timeout_seconds=60, created_at=day))
        db.session.add(
            JobLog(**job, job_id=new_id(), priority=3, attempts=1, created_at=day, finished_at=day, done=0, failed=0)
        )
        minute = day.replace(second=0, microsecond=0) - timedelta(minutes=number)
        db.session.add(StatsMinute(organization_id=cast.bakery_id, queue=Queue.EMAIL_NOTIFICATION, minute=minute))
    for number in range(size // 10):
        campaign(cast, account, f"Old {number}", OutboundStatus.COMPLETED, {RecipientStatus.READ: 3})
    db.session.commit()


@pytest.mark.parametrize("path", ["/", "/jobs", *(f"/home/{block}" for block in BLOCKS)])
def test_a_page_costs_the_same_whatever_lies_behind(
    app: Flask, client: FlaskClient, cast: Cast, workers: None, account: uuid.UUID, path: str
) -> None:
    with db.organization_context(app, cast.bakery_id):
        add_history(cast, account, 10, days_ago=2)
    cast.sign_in(client, "alice").get(path)
    few = statements_of(app, client, path)
    with db.organization_context(app, cast.bakery_id):
        add_history(cast, account, 100, days_ago=5)
    many = statements_of(app, client, path)
    assert len(many) == len(few)
    for statement in many:
        assert not re.search(r"\bcount\(", statement, re.IGNORECASE), statement
        for table in HISTORY:
            reads = re.search(rf"\bfrom {table}\b", statement, re.IGNORECASE)
            assert not reads or re.search(r"\blimit\b", statement, re.IGNORECASE), statement


def test_the_oldest_wait_is_exact_whether_a_job_lies_in_the_broker_or_not(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    with db.organization_context(app, cast.bakery_id):
        now = utcnow()
        for minutes, priority, dispatched in ((3, 4, None), (9, 2, now), (5, 1, None), (1, 3, now)):
            job = jobs.enqueue("demo", {"mood": "succeeds"}, priority=Priority(priority))
            job.run_at, job.dispatched_at = now - timedelta(minutes=minutes), dispatched
        later = jobs.enqueue("demo", {"mood": "succeeds"}, run_at=now + timedelta(days=1))
        later.run_at = now - timedelta(minutes=20)  # delayed still: due, but not waiting for a worker yet
        db.session.commit()
        oldest = {stats.queue: stats.waiting_since for stats in queue_stats()}
    assert oldest[Queue.TEMPLATE_PROCESSING] == now - timedelta(minutes=9)
    assert oldest[Queue.BULK_MESSAGES] is None
