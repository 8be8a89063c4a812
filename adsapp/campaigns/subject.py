"""A campaign as what a job works on; light, because every process imports it."""

from adsapp.jobs.registry import Subject

CAMPAIGN = Subject("campaign", plural="campaigns", page="/campaigns/{}", link="Open the campaign", keeps_jobs=True)
