"""A schedule as what a job works on; light, because every process imports it."""

from adsapp.jobs.registry import Subject

SCHEDULE = Subject("schedule", plural="schedules", page="/schedules/{}", link="Open the schedule")
