"""Retry, cancel, clean or change the priority of many jobs."""

from typing import Any

from adsapp.jobs import Progress, Queue, processor
from adsapp.jobs.bulk.run import carry_out
from adsapp.jobs.bulk.target import PROCESSOR, Order


@processor(PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, ignores_pause=True)
def act_on_jobs(params: Order, progress: Progress) -> dict[str, Any]:
    """Retry, cancel, clean or prioritize many jobs"""
    return carry_out(params, progress)
