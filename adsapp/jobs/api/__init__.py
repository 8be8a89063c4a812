"""The JSON API of jobs, queues and workers."""

from adsapp.jobs.api import bulk, jobs, queues, statistics, workers  # noqa: F401  # each adds its routes to the blueprint
from adsapp.jobs.api.blueprint import api as api
