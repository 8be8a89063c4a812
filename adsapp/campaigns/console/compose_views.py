"""The page on which a campaign is composed and confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.campaigns import queries, service
from adsapp.campaigns.compose import page as compose_page
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.compose.form import ComposeForm, errors_by_field
from adsapp.campaigns.compose.page import ComposePage
from adsapp.campaigns.console import dialogs
from adsapp.campaigns.console.views import views
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import db
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.limits import takes_upload
from adsapp.core.web.pages import WebPage, render, render_asked, render_refused
from adsapp.jobs import Job
from adsapp.jobs.idempotency import AskedMeanwhile
from adsapp.message_templates.files import service as files
from adsapp.message_templates.files.kinds import CALLED
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.outbound import once
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.whom import audience_words


@views.get("/campaigns/new")
@allow(Permission.SEND, to="send messages")
def new_campaign() -> ResponseReturnValue:
    """The form; its whole state is in the address, so that it can be looked at again without scripts."""
    if _begins_to_edit() and (why_not := _why_not_to_edit(request.args["edit"])):
        flash(why_not, "bad")
        return redirect(url_for("campaigns.show_campaign", campaign_id=request.args["edit"]), 303)
    form = _again() or _edited() or ComposeForm.read(request.args)
    is_new = "zone" not in request.args and not _begins_to_edit()
    page = compose_page.compose(form, zone_is_default=is_new)
    return render_asked(page)


def _again() -> ComposeForm | None:
    again = request.args.get("again")
    if not again:
        return None
    campaign = queries.get_campaign(again)
    template = compose_page.template_id_of(campaign.template_name, campaign.template_language)
    return ComposeForm.of_campaign(campaign, template)


def _begins_to_edit() -> bool:
    return bool(request.args.get("edit")) and "template" not in request.args


def _why_not_to_edit(campaign_id: str) -> str:
    campaign = queries.get_campaign(campaign_id)
    if campaign.status is not OutboundStatus.SCHEDULED:
        return f"The campaign is {campaign.status.value}; it can be changed only while it waits for its time"
    return "" if dialogs.may_edit(campaign) else "A program made this campaign; what it sends is changed there"


def _edited() -> ComposeForm | None:
    if not _begins_to_edit():
        return None
    campaign = queries.get_campaign(request.args["edit"])
    template = compose_page.template_id_of(campaign.template_name, campaign.template_language)
    return ComposeForm.of_scheduled(campaign, template)


@views.post("/campaigns")
@allow(Permission.SEND, to="send messages")
def create_campaign() -> ResponseReturnValue:
    """Ask with the exact count first; create once that very count was confirmed, or change the one that is edited."""
    form = replace(ComposeForm.read(request.form), person=None)
    key = once.key_of(form.pairs())
    if not form.edit and (begun := once.begun_by(key)) is not None:
        return _was_begun(begun)
    page = compose_page.compose(form)
    errors = compose_page.all_errors(page)
    if errors or not page.preflight.can_start:
        return _refused(form, errors)
    confirmed = request.form.get("confirmed", "")
    if confirmed != str(page.preflight.will_send):
        changed_from = digits(confirmed)
        return render(ConfirmPage.of(page, changed_from)), 200 if changed_from is None else 409
    try:
        campaign = _make(form, page.campaign_in, page.preflight.will_send, key)
    except AskedMeanwhile:
        db.session.rollback()
        return _was_begun(once.begun_by(key))
    except Invalid as error:
        db.session.rollback()
        return _refused(form, errors_by_field(error))
    except Conflict as error:
        if not form.edit:
            raise
        db.session.rollback()
        flash(error.detail, "bad")
        return redirect(url_for("campaigns.show_campaign", campaign_id=form.edit), 303)
    name, is_scheduled = campaign.name, page.campaign_in.scheduled_at is not None
    target = url_for("campaigns.show_campaign", campaign_id=campaign.id)
    db.session.commit()
    flash(f"“{name}” was {'changed' if form.edit else 'scheduled' if is_scheduled else 'started'}", "good")
    return redirect(target, 303)


@views.post("/campaigns/files")
@takes_upload
@allow(Permission.SEND, to="send messages")
def upload_file() -> ResponseReturnValue:
    """Keep the picture, video or document for the variable `key`, and go on with the form."""
    form, key = ComposeForm.read(request.form), request.args.get("key", "")
    given, kind = request.files.get("upload"), key.removeprefix("header.")
    try:
        if kind not in CALLED:
            raise Invalid.field("file", "This message has no file above it; look at the form again")
        if given is None or not given.filename:
            raise Invalid.field("file", "Choose a file first")
        kept = files.keep(given.stream, given.filename, current_actor().by(), kind)
    except Invalid as error:
        db.session.rollback()
        place = f"source.{key}"
        return render_refused(compose_page.compose(form, {place: FieldError(place, error.detail)}), error.detail)
    pairs = form.with_file(key, str(kept.id)).pairs()
    db.session.commit()
    return redirect(f"{url_for('campaigns.new_campaign')}?{urlencode(pairs)}", 303)


def _make(form: ComposeForm, data: CampaignIn, people: int, key: str) -> Campaign:
    if not form.edit:
        actor = current_actor()
        return service.create_campaign(
            data, actor.name, user_id=actor.user_id, people=people, idempotency_key=key, digest=key
        )
    campaign = queries.get_campaign(form.edit)
    service.change_campaign(campaign, data, current_actor().name, people=people)
    return campaign


def _was_begun(job: Job | None) -> ResponseReturnValue:
    """This very form was sent before: nobody is messaged twice for that."""
    flash("This was sent before, and it is here. Nobody is messaged twice", "good")
    campaign_id = CAMPAIGN.id_of(job.subject) if job else ""
    target = url_for("campaigns.show_campaign", campaign_id=campaign_id) if campaign_id else None
    return redirect(target or url_for("campaigns.list_campaigns"), 303)


def _refused(form: ComposeForm, errors: Mapping[str, FieldError]) -> ResponseReturnValue:
    return render(compose_page.compose(form, errors, zone_is_default="zone" not in request.values)), 422


@dataclass(frozen=True, slots=True)
class ConfirmPage(WebPage):
    """The last look before messages go out; `changed_from` is the number of people last time, if that changed."""

    template: ClassVar[str] = "campaigns/confirm.html"

    composed: ComposePage
    audience: str
    changed_from: int | None

    @classmethod
    def of(cls, composed: ComposePage, changed_from: int | None) -> "ConfirmPage":
        """With the audience in words."""
        return cls(composed, audience_words(composed.form.audience_spec), changed_from)
