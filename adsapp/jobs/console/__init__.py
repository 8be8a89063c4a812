"""The pages of jobs, queues and workers."""

from adsapp.jobs.console import bulk_pages, job_page, list_page, queue_page  # noqa: F401  # each adds its pages
from adsapp.jobs.console.blueprint import views as views
