"""Pages: a template is tried on an audience, and what came of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.campaigns.compose import page as compose_page
from adsapp.campaigns.compose.form import ComposeForm, form_field
from adsapp.core import db
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.web.exports import delimiter_of
from adsapp.core.web.pages import render, render_asked, render_fragment
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.renderings import export, queries, service
from adsapp.renderings.asked import RenderingIn
from adsapp.renderings.presenter import RenderingPage, TryPage

views = Blueprint("renderings", __name__)


@views.get("/renderings/new")
@allow(Permission.SEND, to="try templates")
def new_rendering() -> ResponseReturnValue:
    """The form; its whole state is in the address."""
    page = _try_page(ComposeForm.read(request.args))
    return render_asked(page)


@views.post("/renderings")
@allow(Permission.SEND, to="try templates")
def create_rendering() -> ResponseReturnValue:
    """Try it on everybody in the audience; nothing is sent."""
    form = replace(ComposeForm.read(request.form), person=None)
    try:
        rendering = service.create_rendering(_asked(form), current_actor().by())
    except Invalid as error:
        db.session.rollback()
        return render(_try_page(form, {form_field(each.field): each for each in reversed(error.fields)})), 422
    target = url_for("renderings.show_rendering", rendering_id=rendering.id)
    db.session.commit()
    return redirect(target, 303)


def _asked(form: ComposeForm) -> RenderingIn:
    template = compose_page.find_template(form.template_id)
    return RenderingIn(
        template.name if template else "",
        template.language if template else "",
        {key: typed.as_json() for key, typed in form.variables.items() if typed.source},
        form.audience_spec,
    )


def _try_page(form: ComposeForm, errors: Mapping[str, FieldError] | None = None) -> TryPage:
    return TryPage.of(compose_page.compose(form, errors))


@views.get("/renderings/<uuid:rendering_id>")
@allow(Permission.SEE)
def show_rendering(rendering_id: Any) -> ResponseReturnValue:
    """How far it is, who has a problem, and what the others would read."""
    return render(_page(rendering_id))


@views.get("/renderings/<uuid:rendering_id>/part")
@allow(Permission.SEE)
def rendering_fragment(rendering_id: Any) -> ResponseReturnValue:
    """The part that asks for itself while it runs."""
    return render_fragment(_page(rendering_id))


def _page(rendering_id: Any) -> RenderingPage:
    rendering = queries.get_rendering(rendering_id)
    outcome, cursor = request.args.get("outcome", ""), request.args.get("cursor", "")
    return RenderingPage.of(rendering, outcome, cursor, shows_texts=current_actor().sees_numbers)


@views.get("/renderings/<uuid:rendering_id>/rows.csv")
@allow(Permission.MANAGE, to="take results along")
def export_csv(rendering_id: Any) -> Response:
    """Everybody with what they would read, as CSV."""
    rendering = queries.get_rendering(rendering_id)
    return export.as_csv(rendering, delimiter_of(request.args.get("delimiter")), current_actor().by())
