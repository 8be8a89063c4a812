"""Views of the list of jobs, narrowed by state, queue and words of the title."""

from flask import request
from flask.typing import ResponseReturnValue

from adsapp.core.web.pages import render, render_fragment
from adsapp.jobs.console.blueprint import views
from adsapp.jobs.console.list_presenter import JobListPage
from adsapp.jobs.queries.filters import JobFilters
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


@views.get("/jobs")
@allow(Permission.SEE)
def list_jobs() -> ResponseReturnValue:
    """The list, narrowed by state, queue and words of the title."""
    return render(list_page())


@views.get("/jobs/rows")
@allow(Permission.SEE)
def rows() -> ResponseReturnValue:
    """The live part of the list."""
    return render_fragment(list_page())


def list_page(not_ticked: str = "") -> JobListPage:
    """The list as the query asks for it; `not_ticked` is what to do first, if ticked rows were asked for."""
    filters, given = JobFilters.from_query(request.args), request.args
    return JobListPage.of(filters, given.get("cursor", ""), given.get("newest", ""), current_actor(), not_ticked)
