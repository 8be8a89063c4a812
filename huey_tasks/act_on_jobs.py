"""Retry, cancel, clean or change the priority of many jobs."""

from typing import Any

from adsapp.jobs import Progress, Queue, processor
from adsapp.jobs.bulk.run import run_operation
from adsapp.jobs.bulk.target import PROCESSOR, BulkParams


@processor(PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, ignores_pause=True, needs=BulkParams.needs)
def act_on_jobs(params: BulkParams, progress: Progress) -> dict[str, Any]:
    """Retry, cancel, clean or prioritize many jobs"""
    return run_operation(params, progress)
