"""Pages: the list, compose, a campaign, and what it can be told to do."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.campaigns import queries, reasons, service
from adsapp.campaigns.compose.form import errors_by_field
from adsapp.campaigns.console import dialogs
from adsapp.campaigns.console.export import Export
from adsapp.campaigns.console.presenter import CampaignListPage
from adsapp.campaigns.console.show_page import CampaignPage
from adsapp.campaigns.lacking import lacked
from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import Confirmation, Shown, ask
from adsapp.core.web.exports import delimiter_of
from adsapp.core.web.pages import render, render_fragment
from adsapp.integrations import connection
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.outbound.console import doing
from adsapp.outbound.console.dialogs import CANCEL, FILL, PAUSE, RESUME, RETRY, SETTLE, Verb
from adsapp.outbound.console.doing import failure_of
from adsapp.outbound.timing import TypedTime

views = Blueprint("campaigns", __name__)

PER_PAGE = 25
EXPORT = "export the people of a campaign"


@views.get("/campaigns")
@allow(Permission.SEE)
def list_campaigns() -> ResponseReturnValue:
    """Campaigns, newest first."""
    return render(_list_page())


@views.get("/campaigns/list")
@allow(Permission.SEE)
def list_fragment() -> ResponseReturnValue:
    """The list alone, polled."""
    return render_fragment(_list_page())


def _list_page() -> CampaignListPage:
    cursor = request.args.get("cursor", "")
    return CampaignListPage.of(queries.list_campaigns(cursor or None, PER_PAGE), cursor)


# --- one campaign -----------------------------------------------------------------------------------------------


@views.get("/campaigns/<campaign_id>")
@allow(Permission.SEE)
def show_campaign(campaign_id: str) -> ResponseReturnValue:
    """A campaign: how far it is, who failed and why, everybody in it."""
    return render(_campaign_page(campaign_id))


@views.get("/campaigns/<campaign_id>/live")
@allow(Permission.SEE)
def campaign_fragment(campaign_id: str) -> ResponseReturnValue:
    """The same without the frame, polled while it moves."""
    return render_fragment(_campaign_page(campaign_id))


def _campaign_page(campaign_id: str) -> CampaignPage:
    actor = current_actor()
    return CampaignPage.of(queries.get_campaign(campaign_id), actor, request.args, by_number=actor.sees_numbers)


@views.get("/campaigns/<campaign_id>/export")
@allow(Permission.MANAGE, to=EXPORT)
def ask_to_export(campaign_id: str) -> ResponseReturnValue:
    """In which form the people whom the page was narrowed to are taken along."""
    return render(Export.asked(queries.get_campaign(campaign_id)).page)


@views.get("/campaigns/<campaign_id>/people.csv")
@allow(Permission.MANAGE, to=EXPORT)
def export_csv(campaign_id: str) -> ResponseReturnValue:
    """Who is in it and how it went, as a file: `?delimiter=comma|semicolon|tab`."""
    delimiter = delimiter_of(request.args.get("delimiter"))
    return Export.asked(queries.get_campaign(campaign_id)).as_csv(delimiter, current_actor().by())


@views.get("/campaigns/<campaign_id>/people.xlsx")
@allow(Permission.MANAGE, to=EXPORT)
def export_xlsx(campaign_id: str) -> ResponseReturnValue:
    """The same as a workbook."""
    return Export.asked(queries.get_campaign(campaign_id)).as_xlsx(current_actor().by())


# --- what it can be told to do ----------------------------------------------------------------------------------


@views.get("/campaigns/<campaign_id>/<any(pause, resume, cancel, settle):verb>")
@allow(Permission.SEND, to="change campaigns")
def ask_verb(campaign_id: str, verb: str) -> ResponseReturnValue:
    """The question: as a page for whoever comes without scripts, else as a dialog."""
    campaign = queries.get_campaign(campaign_id)
    return ask(dialogs.ABOUT_COUNTS[verb](campaign, queries.counts(campaign)))


@views.get("/campaigns/<campaign_id>/start")
@allow(Permission.SEND, to="start campaigns")
def ask_start(campaign_id: str) -> ResponseReturnValue:
    """How many get the message if it begins now."""
    return ask(dialogs.start(queries.get_campaign(campaign_id)))


@views.get("/campaigns/<campaign_id>/move")
@allow(Permission.SEND, to="move campaigns")
def ask_move(campaign_id: str) -> ResponseReturnValue:
    """Which other time."""
    return ask(dialogs.move(queries.get_campaign(campaign_id)))


@views.get("/campaigns/<campaign_id>/retries/<code>")
@allow(Permission.SEND, to="send messages again")
def ask_retry(campaign_id: str, code: str) -> ResponseReturnValue:
    """Likewise, about those who failed with this code."""
    campaign = queries.get_campaign(campaign_id)
    return ask(dialogs.DIALOGS.retry(campaign, failure_of(queries.failures(campaign), code, dialogs.DIALOGS.it)))


@views.post("/campaigns/<campaign_id>/pause")
@allow(Permission.SEND, to="pause campaigns")
def pause(campaign_id: str) -> ResponseReturnValue:
    """Stop for now."""
    campaign = queries.get_campaign(campaign_id)
    return _do(campaign, lambda by: service.pause(campaign, request.form.get("reason", ""), by), PAUSE)


@views.post("/campaigns/<campaign_id>/resume")
@allow(Permission.SEND, to="resume campaigns")
def resume(campaign_id: str) -> ResponseReturnValue:
    """Go on."""
    campaign = queries.get_campaign(campaign_id)
    if connection.check_refused(campaign.account_id):  # perhaps it is in order by now
        db.session.commit()
    question = partial(dialogs.resume, campaign, queries.counts(campaign))
    return _confirmed(campaign, lambda by: service.resume(campaign, by), RESUME, question)


@views.post("/campaigns/<campaign_id>/start")
@allow(Permission.SEND, to="start campaigns")
def start(campaign_id: str) -> ResponseReturnValue:
    """Begin before its time."""
    campaign = queries.get_campaign(campaign_id)
    question, people = partial(dialogs.start, campaign), digits(Shown.read(request.form).count) or 0
    return _confirmed(campaign, lambda by: service.start_now(campaign, by, people=people), dialogs.START, question)


@views.get("/campaigns/<campaign_id>/edit")
@allow(Permission.SEND, to="change campaigns")
def edit(campaign_id: str) -> ResponseReturnValue:
    """To the form, with all that the campaign has."""
    campaign = queries.get_campaign(campaign_id)
    return redirect(url_for("campaigns.new_campaign", edit=campaign.id))


@views.post("/campaigns/<campaign_id>/move")
@allow(Permission.SEND, to="move campaigns")
def move(campaign_id: str) -> ResponseReturnValue:
    """Give it another time."""
    campaign, form = queries.get_campaign(campaign_id), request.form
    date, time, zone, fold = (form.get(name, "") for name in ("date", "time", "zone", "fold"))
    typed = TypedTime(date, time, zone, fold)
    try:
        moment = typed.moment()
        service.move(campaign, moment, typed.zone, current_actor().name)
    except Invalid as error:
        db.session.rollback()
        wrong = {name: each.message for name, each in errors_by_field(error).items()}
        return render(dialogs.move(queries.get_campaign(campaign_id), form, wrong)), error.status
    except Conflict as error:
        return doing.refused(url_for("campaigns.show_campaign", campaign_id=campaign_id), error)
    db.session.commit()
    flash(dialogs.MOVE.done, "good")
    return redirect(url_for("campaigns.show_campaign", campaign_id=campaign_id), 303)


@views.get("/campaigns/<campaign_id>/fill")
@allow(Permission.SEND, to="send messages")
def ask_fill(campaign_id: str) -> ResponseReturnValue:
    """Which value those get who were left out because there was none."""
    campaign = queries.get_campaign(campaign_id)
    return ask(dialogs.fill(campaign, queries.left_out(campaign, reasons.MISSING_VARIABLE)))


@views.post("/campaigns/<campaign_id>/fill")
@allow(Permission.SEND, to="send messages")
def fill(campaign_id: str) -> ResponseReturnValue:
    """Send to them with it."""
    campaign = queries.get_campaign(campaign_id)
    count, form = queries.left_out(campaign, reasons.MISSING_VARIABLE), request.form
    values, empty = doing.typed_values(lacked(campaign))
    if empty:
        return render(dialogs.fill(campaign, count, form, empty)), Invalid.status
    question = partial(dialogs.fill, campaign, count, form)
    return _confirmed(campaign, lambda by: service.send_to_left_out(campaign, values, by), FILL, question)


@views.post("/campaigns/<campaign_id>/cancel")
@allow(Permission.SEND, to="cancel campaigns")
def cancel(campaign_id: str) -> ResponseReturnValue:
    """End it for good."""
    campaign = queries.get_campaign(campaign_id)
    return _do(campaign, lambda by: service.cancel(campaign, by), CANCEL)


@views.post("/campaigns/<campaign_id>/settle")
@allow(Permission.SEND, to="settle uncertain messages")
def settle(campaign_id: str) -> ResponseReturnValue:
    """Decide about the uncertain ones."""
    campaign = queries.get_campaign(campaign_id)
    decision = request.form.get("decision", "")
    question = partial(dialogs.settle, campaign, queries.counts(campaign))
    return _confirmed(campaign, lambda by: service.settle_uncertain(campaign, decision, by), SETTLE, question)


@views.post("/campaigns/<campaign_id>/retries")
@allow(Permission.SEND, to="send messages again")
def retry(campaign_id: str) -> ResponseReturnValue:
    """Send again to those who failed with a code."""
    campaign = queries.get_campaign(campaign_id)
    failure = failure_of(queries.failures(campaign), request.form.get("code", ""), dialogs.DIALOGS.it)
    question = partial(dialogs.DIALOGS.retry, campaign, failure)
    return _confirmed(campaign, lambda by: service.retry_failed(campaign, failure.code, by), RETRY, question)


def _confirmed(
    campaign: Campaign, change: Callable[[str], object], verb: Verb, question: Callable[[], Confirmation]
) -> ResponseReturnValue:
    return doing.confirmed(partial(change, current_actor().name), verb, dialogs.PLACE.page(campaign), question)


def _do(campaign: Campaign, change: Callable[[str], object], verb: Verb) -> ResponseReturnValue:
    return doing.do(partial(change, current_actor().name), verb, dialogs.PLACE.page(campaign))
