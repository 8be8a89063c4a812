"""What a provider reports later belongs to two traces: that of the webhook, and that of the click that sent it."""

import uuid
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.observing import traces
from adsapp.core.observing.traces import Kind
from adsapp.jobs import Job


def came_back(channel: str, jobs: Iterable[uuid.UUID | None]) -> None:
    """Reports were worked in, each about a message that this job sent. Once that is committed the trace of each job
    gets a span, and that and the span that this thread is in are linked. Nothing is asked while traces are off."""
    if not traces.is_on():
        return
    counted = Counter(job_id for job_id in jobs if job_id is not None)
    sent = db.session.execute(
        select(Job.id, Job.traceparent).where(Job.id.in_(counted), Job.traceparent.is_not(None))
    ).all()
    here, began = traces.current(), traces.now()

    def tell() -> None:
        for row in sent:
            here.follow(row.traceparent)
            about: dict[str, str | int] = {"adsapp.channel": channel, "adsapp.reports": counted[row.id]}
            back = traces.span(
                "reports", about, kind=Kind.CONSUMER, parent=row.traceparent, links=[here.carried], began=began
            )
            back.end()

    if sent:
        db.after_commit(tell)
