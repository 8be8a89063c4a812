"""Workers look by themselves, and jobs tell: from a refused token to the inbox, Slack and a webhook, and to its end."""

import contextlib
from collections.abc import Iterator
from functools import partial

from flask import Flask
from sqlalchemy import update

from adsapp.alerts.models import AlertWatch, ChannelKind
from adsapp.alerts.watching import EVERY, Watcher, watch_all
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from adsapp.jobs.engine.worker import WorkerProcess
from tests.alerts.conftest import Inbox
from tests.alerts.scene import Alerts
from tests.alerts.stand_ins import StandIn
from tests.campaigns.scene import set_the_scene
from tests.lone_worker import add_lone_worker
from tests.statements import recorded
from tests.waiting import wait_for


@contextlib.contextmanager
def working(app: Flask) -> Iterator[None]:
    """Two worker processes, as far as the database knows; both look at alerts."""
    watched = (list(Queue), [Queue.EMAIL_NOTIFICATION])
    processes = [WorkerProcess(app, queues, [Watcher(app, every=0.1)]) for queues in watched]
    for process in processes:
        process.start()
    yield
    for process in processes:
        process.stop()


def a_minute_later(alerts: Alerts) -> None:
    """The next look is due."""
    with alerts.app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(AlertWatch).values(watched_at=utcnow() - EVERY))


def everybody_heard(inbox: Inbox, slack: StandIn, count: int) -> bool:
    """Alice and Adam, and Slack, so many times each."""
    return len(inbox()) == 2 * count and len(slack.asked) == count


def test_a_refused_token_reaches_everybody_once_and_so_does_its_end(
    alerts: Alerts, inbox: Inbox, slack: StandIn, receiver: StandIn
) -> None:
    set_the_scene(alerts.app, alerts.cast)
    alerts.only("token_refused")
    alerts.add_channel(ChannelKind.SLACK, slack.url)
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    receiver.answers.append((503, "starting", {}))
    with working(alerts.app):
        for status, count in ((AccountStatus.REFUSED, 1), (AccountStatus.ACTIVE, 2)):
            alerts.change_all(Account, status=status, status_reason="The token has expired")
            a_minute_later(alerts)
            wait_for(partial(everybody_heard, inbox, slack, count), what="everybody is told")
        wait_for(lambda: len(receiver.asked) == 3, what="the webhook is told again after 503")
    assert len(inbox()) == 4
    came = [(each.headers["x-adsapp-delivery"], each.body["what"]) for each in receiver.asked]
    assert sorted(what for _, what in came) == ["fired", "fired", "resolved"]
    assert len({delivery for delivery, what in came if what == "fired"}) == 1


def test_a_look_that_finds_nothing_writes_that_it_was_and_counts_nothing(alerts: Alerts) -> None:
    add_lone_worker(alerts.app, Queue)
    watch_all(alerts.app, utcnow())
    a_minute_later(alerts)
    with recorded(alerts.app) as seen:
        assert watch_all(alerts.app, utcnow()) >= 2
        assert watch_all(alerts.app, utcnow()) == 0
    writes = [each for each in seen if each.lstrip().lower().startswith(("insert", "update", "delete"))]
    assert writes
    assert all("alert_watches" in statement for statement in writes)
    assert not any("count(" in statement.lower() for statement in seen)
