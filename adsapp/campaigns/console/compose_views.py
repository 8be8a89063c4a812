"""The page on which a campaign is composed and confirmed."""

import re
from dataclasses import replace
from zoneinfo import available_timezones

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.campaigns import queries, service
from adsapp.campaigns.compose import page as compose_page
from adsapp.campaigns.compose.form import ComposeForm, errors_by_field
from adsapp.campaigns.compose.page import Composition
from adsapp.campaigns.compose.preflight import in_words
from adsapp.campaigns.console import presenter
from adsapp.campaigns.console.views import views
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.web.htmx import wants_fragment
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

ZONES = ("UTC", *sorted(name for name in available_timezones() if re.match(r"(?!Etc|SystemV)[A-Z]\w+/", name)))


@views.get("/campaigns/new")
@allow(Permission.SEND, to="send messages")
def new_campaign() -> ResponseReturnValue:
    """The form; its whole state is in the address, so that it can be looked at again without scripts."""
    form = _again() or ComposeForm.read(request.args)
    template = "campaigns/_compose.html" if wants_fragment() else "campaigns/new.html"
    return _compose_page(compose_page.compose(form), template)


def _again() -> ComposeForm | None:
    again = request.args.get("again")
    if not again:
        return None
    campaign = queries.get_campaign(again)
    template = compose_page.template_id_of(campaign.template_name, campaign.template_language)
    return ComposeForm.of_campaign(campaign, template)


def _compose_page(page: Composition, template: str = "campaigns/new.html", status: int = 200) -> ResponseReturnValue:
    zone_is_default = "zone" not in request.values
    blocked = page.bad if status == 422 and not page.errors else []
    context = {"page": page, "takes": in_words(page.preflight.seconds), "zones": ZONES, "blocked": blocked}
    return render_template(template, zone_is_default=zone_is_default, **context), status


@views.post("/campaigns")
@allow(Permission.SEND, to="send messages")
def create_campaign() -> ResponseReturnValue:
    """Ask with the exact count first; create once that very count was confirmed."""
    form = replace(ComposeForm.read(request.form), person=None)
    page = compose_page.compose(form)
    errors = compose_page.all_errors(page)
    if errors or not page.preflight.can_start:
        return _compose_page(compose_page.compose(form, errors), status=422)
    confirmed = request.form.get("confirmed", "")
    if confirmed != str(page.preflight.will_send):
        return _confirm_page(page, int(confirmed) if confirmed.isdecimal() else None)
    try:
        campaign = service.create_campaign(page.campaign_in, current_actor().name)
    except Invalid as error:
        db.session.rollback()
        return _compose_page(compose_page.compose(form, errors_by_field(error)), status=422)
    name, is_scheduled = campaign.name, campaign.scheduled_at is not None
    target = url_for("campaigns.show_campaign", campaign_id=campaign.id)
    db.session.commit()
    flash(f"“{name}” is {'scheduled' if is_scheduled else 'on its way'}", "good")
    return redirect(target, 303)


def _confirm_page(page: Composition, changed_from: int | None) -> ResponseReturnValue:
    words = presenter.audience_words(page.form.audience_spec)
    takes = in_words(page.preflight.seconds)
    html = render_template(
        "campaigns/confirm.html", page=page, takes=takes, audience_words=words, changed_from=changed_from
    )
    return html, 200 if changed_from is None else 409
