"""Starts a campaign once more, as a schedule asks."""

from dataclasses import asdict, dataclass, field
from typing import Any

from adsapp.jobs import Priority, Progress, Queue, lazy, processor
from adsapp.jobs.registry import Recurring
from adsapp.organizations.policy import Permission
from adsapp.schedules.subject import SCHEDULE


@dataclass(frozen=True)
class StartCampaignParams:
    """The campaign, as `POST /api/campaigns` takes it, without a time."""

    name: str
    audience: dict[str, Any]
    template: dict[str, str] | None = None
    text: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    priority: int | None = None


@processor(
    "start-campaign",
    queue=Queue.BULK_MESSAGES,
    subject=SCHEDULE,
    reach=lazy("adsapp.campaigns.recurring:people_reached"),
    needs=Permission.SEND,
    recurs=Recurring(
        what="A campaign",
        check=lazy("adsapp.campaigns.recurring:check"),
        words=lazy("adsapp.campaigns.recurring:words"),
        choices=lazy("adsapp.campaigns.recurring:choices"),
        define=lazy("adsapp.campaigns.recurring:define"),
        uses=lazy("adsapp.campaigns.recurring:uses"),
        narrow=lazy("adsapp.campaigns.recurring:narrow"),
        chooses="The campaign to repeat",
        nothing_yet="There is no campaign yet. Send the first one by hand; a schedule then repeats it.",
        priority=Priority.HIGH,
    ),
)
def start_campaign(params: StartCampaignParams, progress: Progress) -> dict[str, Any]:
    """Start a campaign of a schedule"""
    from adsapp.campaigns import recurring
    from adsapp.schedules import starting
    from adsapp.schedules.starting import Made

    return dict(starting.start(progress, lambda by, label: Made(*recurring.start(asdict(params), by, label))))
