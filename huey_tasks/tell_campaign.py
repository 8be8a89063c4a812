"""Tells who started a campaign how it ended."""

import uuid
from dataclasses import dataclass

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class TellCampaignParams:
    """A campaign, and the job of it that has ended."""

    campaign_id: uuid.UUID
    job_id: uuid.UUID


@processor("tell-campaign", queue=Queue.EMAIL_NOTIFICATION, internal=True)
def tell_campaign(params: TellCampaignParams, progress: Progress) -> None:
    """Tell how a campaign ended"""
    from adsapp.campaigns.telling import tell_ended

    tell_ended(params.campaign_id, params.job_id)
    progress.commit()
