"""A rendering as what a job works on; light, because every process imports it."""

from adsapp.jobs.registry import Subject

RENDERING = Subject("rendering", plural="renderings", page="/renderings/{}", link="Open the trial")
