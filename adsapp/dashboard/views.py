"""The first page: what needs a person, the four queues, what runs now. Each block is a fragment that is polled."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from adsapp.core.web.pages import render, render_fragment
from adsapp.dashboard import presenter
from adsapp.dashboard.presenter import HomePage, Now
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("dashboard", __name__)


@views.get("/")
@allow(Permission.SEE)
def home() -> ResponseReturnValue:
    """All blocks at once."""
    return render(HomePage.of(Now(), current_actor()))


@views.get("/home/attention")
@allow(Permission.SEE)
def attention_block() -> ResponseReturnValue:
    """Greeting and "Needs attention"."""
    return render_fragment(presenter.AttentionBlock.of(Now(by_minute=False), current_actor()))


@views.get("/home/queues")
@allow(Permission.SEE)
def queues_block() -> ResponseReturnValue:
    """The four queue cards."""
    return render_fragment(presenter.QueuesBlock.of(Now()))


@views.get("/home/running")
@allow(Permission.SEE)
def running_block() -> ResponseReturnValue:
    """Campaigns and imports under way."""
    return render_fragment(presenter.RunningBlock.of(Now()))


@views.get("/home/campaigns")
@allow(Permission.SEE)
def campaigns_block() -> ResponseReturnValue:
    """The newest campaigns and how they went."""
    return render_fragment(presenter.CampaignsBlock.of(Now()))


@views.get("/home/chart")
@allow(Permission.SEE)
def chart_block() -> ResponseReturnValue:
    """Messages a minute over the last hour, and so far in the running minute."""
    return render_fragment(presenter.ChartBlock.of(Now()))


@views.get("/home/latest")
@allow(Permission.SEE)
def latest_block() -> ResponseReturnValue:
    """The newest jobs, and what is scheduled."""
    return render_fragment(presenter.LatestBlock.of(Now()))
