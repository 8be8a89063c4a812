"""Reads of campaigns, one function a screen. Counts come from counters; lists go along keys."""

from adsapp.campaigns.queries.campaigns import ENDED_JOBS, events, get_campaign, job_of, list_campaigns
from adsapp.campaigns.queries.figures import AnyCampaign, Counts, UnderWay, counts, counts_of
from adsapp.campaigns.queries.pace import Pace, rate_now, rate_of
from adsapp.campaigns.queries.people import Failure, failures, left_out, recipients, status_of

__all__ = [
    "AnyCampaign",
    "Counts",
    "ENDED_JOBS",
    "Failure",
    "Pace",
    "UnderWay",
    "counts",
    "counts_of",
    "events",
    "failures",
    "get_campaign",
    "job_of",
    "left_out",
    "list_campaigns",
    "rate_now",
    "rate_of",
    "recipients",
    "status_of",
]
