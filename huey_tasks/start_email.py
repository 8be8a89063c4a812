"""Starts an e-mail once more, as a schedule asks."""

from dataclasses import asdict, dataclass, field
from typing import Any

from adsapp.jobs import Priority, Progress, Queue, lazy, processor
from adsapp.jobs.registry import Recurring
from adsapp.organizations.policy import Permission
from adsapp.schedules.subject import SCHEDULE


@dataclass(frozen=True)
class StartEmailParams:
    """The e-mail, as `POST /api/jobs/send-email` takes it, without a time, recipients and attachments."""

    name: str = ""
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    template: str | None = None
    variables: dict[str, Any] | None = None
    audience: dict[str, Any] = field(default_factory=dict)
    account: str | None = None
    reply_to: str | None = None
    tags: dict[str, str] | None = None
    priority: int | None = None


@processor(
    "start-email",
    queue=Queue.EMAIL_NOTIFICATION,
    subject=SCHEDULE,
    reach=lazy("adsapp.emails.recurring:people_reached"),
    needs=Permission.SEND,
    recurs=Recurring(
        what="An e-mail",
        check=lazy("adsapp.emails.recurring:check"),
        words=lazy("adsapp.emails.recurring:words"),
        choices=lazy("adsapp.emails.recurring:choices"),
        define=lazy("adsapp.emails.recurring:define"),
        uses=lazy("adsapp.emails.recurring:uses"),
        chooses="The e-mail to repeat",
        nothing_yet="There is no e-mail to an audience yet. Send the first one by hand; a schedule then repeats it.",
        priority=Priority.HIGH,
    ),
)
def start_email(params: StartEmailParams, progress: Progress) -> dict[str, Any]:
    """Start an e-mail of a schedule"""
    from adsapp.emails import recurring
    from adsapp.schedules import starting
    from adsapp.schedules.starting import Made

    return dict(starting.start(progress, lambda by, label: Made(*recurring.start(asdict(params), by, label))))
