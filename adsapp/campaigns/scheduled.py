"""What people do with a campaign that waits for its time: begin it now, move it, change it.

Each locks the campaign and its job first. If the job has begun, or the campaign was paused or cancelled, nothing is
changed and the answer says so.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from adsapp.campaigns import ledger
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.course import job_title, locked_job
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.integrations import queries as accounts
from adsapp.jobs import Job, State, transitions
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus

NOW = "now"


def start_now(campaign: Campaign, by: str = "", *, people: int | None = None) -> None:
    """Begin a scheduled campaign before its time; `people` is how many were confirmed, for the record. Conflict if it
    is not scheduled any more, or its account is refused."""
    job = _scheduled_job(campaign)
    accounts.refuse_refused(accounts.get_account(campaign.account_id))
    was_begun(campaign, By(by), is_again=False, people=people)
    transitions.promote(job, By(by))


def was_begun(campaign: Campaign, by: By, *, is_again: bool, people: int | None = None) -> None:
    """Write down that somebody let it begin before its time, or go on although its job had ended, for so many people;
    it is locked."""
    if campaign.status is OutboundStatus.SCHEDULED and not is_again:
        campaign.status = OutboundStatus.PREPARING
        text = f"Started before its time, {_in_its_zone(campaign.scheduled_at, campaign.time_zone)}"
        record(campaign, text, by.name, action="start campaign", reason=by.reason, people=people)
    elif is_again:
        record(
            campaign, "Its job was started again", by.name, action="resume campaign", reason=by.reason, people=people
        )
    else:
        record(campaign, "Told to go on at once", by.name, action="resume campaign", reason=by.reason, people=people)


def move(campaign: Campaign, to: datetime | None, time_zone: str, by: str = "") -> None:
    """Give a scheduled campaign another time. Invalid for one that is past or too far away, Conflict if it is not
    scheduled any more."""
    job = _scheduled_job(campaign)
    moment = draft.scheduled_time(CampaignIn(scheduled_at=to, time_zone=time_zone))
    if moment is None:
        raise Invalid.field("scheduled_at", "This time is past; choose a later one, or start the campaign now")
    before = _in_its_zone(campaign.scheduled_at, campaign.time_zone)
    campaign.scheduled_at, campaign.time_zone = moment, time_zone
    transitions.move(job, moment, By(by))
    after = _in_its_zone(moment, time_zone)
    record(campaign, f"Moved from {before} to {after}", by, action="move campaign", before=before, after=after)


def change_campaign(campaign: Campaign, data: CampaignIn, by: str = "", *, people: int | None = None) -> None:
    """Give a scheduled campaign another message, audience, name or time, all in one step; without a time it starts now.
    `people`: how many would get it, for the record.

    It stays the same campaign with the same job, so nothing is sent twice. Raises as `create_campaign`, and Conflict if
    it is not scheduled any more.
    """
    job = _scheduled_job(campaign)
    checked = draft.check(data)
    accounts.refuse_refused(accounts.get_account(campaign.account_id))
    before = _in_its_zone(campaign.scheduled_at, campaign.time_zone)
    for name, value in checked.columns.items():
        setattr(campaign, name, value)
    job.title = job_title(campaign)
    db.session.flush()  # what is read afresh loses what was changed before
    after = _in_its_zone(checked.scheduled_at, checked.time_zone)
    record(campaign, _changed(before, after), by, action="change campaign", before=before, after=after, people=people)
    if checked.scheduled_at is None:
        was_begun(campaign, By(by), is_again=False, people=people)
        transitions.promote(job, By(by))
    else:
        campaign.scheduled_at, campaign.time_zone = checked.scheduled_at, checked.time_zone
        transitions.move(job, checked.scheduled_at, By(by))


def _changed(before: str, after: str) -> str:
    if after == NOW:
        return "Changed, to start at once"
    return "Changed" if after == before else f"Changed, and moved from {before} to {after}"


def _scheduled_job(campaign: Campaign) -> Job:
    """The job of a campaign that waits for its time, both locked: nobody begins it meanwhile."""
    ledger.lock([campaign.id])
    job = locked_job(campaign)
    if campaign.status is not OutboundStatus.SCHEDULED:
        raise Conflict(f"The campaign is {campaign.status.value}; this is possible only while it waits for its time")
    if job is None or job.state is not State.DELAYED:
        raise Conflict("The campaign's time has come and it begins; look at its page again in a moment")
    return job


def _in_its_zone(moment: datetime | None, zone: str) -> str:
    """9 Dec 2026, 03:00 in Europe/Madrid."""
    if moment is None:
        return NOW
    return f"{moment.astimezone(ZoneInfo(zone)):%-d %b %Y, %H:%M} in {zone}"
