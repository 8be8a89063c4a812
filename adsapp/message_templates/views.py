"""Pages: templates as the provider has them, one of them, and their sync."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.pages import render, render_fragment
from adsapp.integrations.queries import find_default_account
from adsapp.jobs import Job, Queue
from adsapp.message_templates import availability, queries, service
from adsapp.message_templates.presenter import TemplatePage, TemplatesPage, obstacle
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("message_templates", __name__)


@views.get("/templates")
@allow(Permission.SEE)
def list_templates() -> ResponseReturnValue:
    """All templates, with a picture of each."""
    return render(_list_page())


@views.get("/templates/list")
@allow(Permission.SEE)
def templates_fragment() -> ResponseReturnValue:
    """The list alone; asked for often while a sync runs."""
    return render_fragment(_list_page())


@views.post("/templates/syncs")
@allow(Permission.MANAGE, to="sync templates")
def sync_templates() -> ResponseReturnValue:
    """Read the templates from the provider; a sync that has not begun yet is enough."""
    job = service.request_sync(current_actor().by())
    reason = obstacle(job)
    db.session.commit()
    if reason is None:
        flash("Reading the templates from WhatsApp", "good")
    else:
        flash(f"The templates are not read yet. {reason}", "warning")
    return redirect(url_for("message_templates.list_templates"), 303)


@views.get("/templates/<template_id>")
@allow(Permission.SEE)
def show_template(template_id: str) -> ResponseReturnValue:
    """One template: how it looks, what must be filled in, whether it can be sent."""
    return render(_template_page(template_id))


@views.get("/templates/<template_id>/part")
@allow(Permission.SEE)
def template_fragment(template_id: str) -> ResponseReturnValue:
    """The part that asks for itself, so that a review's end is seen."""
    return render_fragment(_template_page(template_id))


def _template_page(template_id: str) -> TemplatePage:
    wanted = parse_id(template_id)
    if wanted is None:
        raise NotFound("There is no such template")
    template = queries.get_template_by_id(wanted)
    return TemplatePage.of(template, availability.why_not_edited(template))


def _list_page() -> TemplatesPage:
    has_number = find_default_account() is not None
    return TemplatesPage.of(queries.list_templates(), last_sync_job(), has_number=has_number)


def last_sync_job() -> Job | None:
    """The newest sync, whatever became of it."""
    syncs = select(Job).where(Job.queue == Queue.TEMPLATE_PROCESSING, Job.processor == "sync-templates")
    return db.session.scalars(syncs.order_by(Job.id.desc()).limit(1)).first()
