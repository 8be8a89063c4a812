"""Pages: the list, compose, a campaign, and what it can be told to do."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.campaigns import queries, service
from adsapp.campaigns.console import dialogs, export, presenter, show_page
from adsapp.campaigns.console.dialogs import Ask
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.queries import Failure
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.web.htmx import fragment, version_of
from adsapp.integrations import connection
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("campaigns", __name__)

PER_PAGE = 25


@views.get("/campaigns")
@allow(Permission.SEE)
def list_campaigns() -> ResponseReturnValue:
    """Campaigns, newest first."""
    return render_template("campaigns/list.html", **_list_context())


@views.get("/campaigns/list")
@allow(Permission.SEE)
def list_fragment() -> ResponseReturnValue:
    """The list alone, polled."""
    return fragment("campaigns/_list.html", **_list_context())


def _list_context() -> dict[str, Any]:
    cursor = request.args.get("cursor", "")
    page = queries.list_campaigns(cursor or None, PER_PAGE)
    rows = presenter.rows(page.items)
    version = version_of([(row.campaign.id, row.campaign.status, row.funnel.counts) for row in rows])
    return {
        "rows": rows,
        "is_later_page": bool(cursor),
        "next_url": url_for("campaigns.list_campaigns", cursor=page.next) if page.next else None,
        "first_url": url_for("campaigns.list_campaigns") if cursor else None,
        "as_of": utcnow(),
        "version": version,
        "live_url": url_for("campaigns.list_fragment", cursor=cursor or None, version=version),
    }


# --- compose ----------------------------------------------------------------------------------------------------


# --- one campaign -----------------------------------------------------------------------------------------------


@views.get("/campaigns/<campaign_id>")
@allow(Permission.SEE)
def show_campaign(campaign_id: str) -> ResponseReturnValue:
    """A campaign: how far it is, who failed and why, everybody in it."""
    return render_template("campaigns/show.html", **_campaign_context(campaign_id))


@views.get("/campaigns/<campaign_id>/live")
@allow(Permission.SEE)
def campaign_fragment(campaign_id: str) -> ResponseReturnValue:
    """The same without the frame, polled while it moves."""
    return fragment("campaigns/_campaign.html", **_campaign_context(campaign_id))


def _campaign_context(campaign_id: str) -> dict[str, Any]:
    return show_page.context(queries.get_campaign(campaign_id), current_actor(), request.args)


@views.get("/campaigns/<campaign_id>/people.csv")
@allow(Permission.MANAGE, to="export the people of a campaign")
def export_people(campaign_id: str) -> ResponseReturnValue:
    """Everybody in it and how it went, as a file."""
    campaign = queries.get_campaign(campaign_id)
    name = re.sub(r"[^a-z0-9]+", "-", campaign.name.lower()).strip("-") or "campaign"
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    pieces = _export(app, db.require_organization_id(), campaign.id)
    answer = Response(pieces, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-people.csv"'
    return answer


def _export(app: Flask, organization_id: uuid.UUID, campaign_id: uuid.UUID) -> Iterator[str]:
    # A transaction a chunk: a slow download must not hold one open.
    yield export.head()
    cursor: str | None = None
    while True:
        with db.organization_context(app, organization_id), db.reading():
            page = queries.recipients(queries.get_campaign(campaign_id), cursor=cursor, limit=export.CHUNK)
            text = export.rows(page.items)
        yield text
        cursor = page.next
        if cursor is None:
            return


# --- what it can be told to do ----------------------------------------------------------------------------------


@views.get("/campaigns/<campaign_id>/<any(pause, resume, cancel, settle):verb>")
@allow(Permission.SEND, to="change campaigns")
def ask_verb(campaign_id: str, verb: str) -> ResponseReturnValue:
    """The question as a page, for whoever comes without scripts."""
    campaign = queries.get_campaign(campaign_id)
    return _ask_page(campaign, dialogs.ABOUT_COUNTS[verb](campaign, queries.counts(campaign)))


@views.get("/campaigns/<campaign_id>/retries/<code>")
@allow(Permission.SEND, to="send messages again")
def ask_retry(campaign_id: str, code: str) -> ResponseReturnValue:
    """Likewise, about those who failed with this code."""
    campaign = queries.get_campaign(campaign_id)
    return _ask_page(campaign, dialogs.retry(campaign, _failure(campaign, code)))


def _failure(campaign: Campaign, code: str) -> Failure:
    failure = next((each for each in queries.failures(campaign) if each.code == code), None)
    if failure is None:
        raise NotFound("Nobody in this campaign failed with this code")
    return failure


def _ask_page(campaign: Campaign, ask: Ask) -> ResponseReturnValue:
    return render_template("campaigns/ask.html", campaign=campaign, ask=show_page.with_action(campaign, ask))


@views.post("/campaigns/<campaign_id>/pause")
@allow(Permission.SEND, to="pause campaigns")
def pause(campaign_id: str) -> ResponseReturnValue:
    """Stop for now."""
    campaign = queries.get_campaign(campaign_id)
    return _do(campaign, lambda by: service.pause(campaign, request.form.get("reason", ""), by), "It is paused")


@views.post("/campaigns/<campaign_id>/resume")
@allow(Permission.SEND, to="resume campaigns")
def resume(campaign_id: str) -> ResponseReturnValue:
    """Go on."""
    campaign = queries.get_campaign(campaign_id)
    if connection.check_refused(campaign.account_id):  # perhaps it is in order by now
        db.session.commit()
    return _do(campaign, lambda by: service.resume(campaign, by), "It goes on")


@views.post("/campaigns/<campaign_id>/cancel")
@allow(Permission.SEND, to="cancel campaigns")
def cancel(campaign_id: str) -> ResponseReturnValue:
    """End it for good."""
    campaign = queries.get_campaign(campaign_id)
    return _do(campaign, lambda by: service.cancel(campaign, by), "It is cancelled")


@views.post("/campaigns/<campaign_id>/settle")
@allow(Permission.SEND, to="settle uncertain messages")
def settle(campaign_id: str) -> ResponseReturnValue:
    """Decide about the uncertain ones."""
    campaign = queries.get_campaign(campaign_id)
    decision = request.form.get("decision", "")
    return _do(campaign, lambda by: service.settle_uncertain(campaign, decision, by), "Settled")


@views.post("/campaigns/<campaign_id>/retries")
@allow(Permission.SEND, to="send messages again")
def retry(campaign_id: str) -> ResponseReturnValue:
    """Send again to those who failed with a code."""
    campaign = queries.get_campaign(campaign_id)
    failure = _failure(campaign, request.form.get("code", ""))
    return _do(campaign, lambda by: service.retry_failed(campaign, failure.code, by), "They are tried again")


def _do(campaign: Campaign, change: Callable[[str], object], said: str) -> ResponseReturnValue:
    target = url_for("campaigns.show_campaign", campaign_id=campaign.id)
    try:
        change(current_actor().name)
        db.session.commit()
        flash(said, "good")
    except (Conflict, Invalid) as error:  # the page was older than the campaign
        db.session.rollback()
        flash(error.detail, "bad")
    return redirect(target, 303)
