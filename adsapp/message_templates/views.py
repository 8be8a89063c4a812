"""Pages: templates as the provider has them, one of them, and their sync."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.htmx import fragment, version_of
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.wait_reasons import WaitReason, why_waiting
from adsapp.message_templates import availability, previews, queries, service
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.previews import Bubble
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("message_templates", __name__)

QUIET_SECONDS, SYNCING_SECONDS = 30, 2


@dataclass(frozen=True)
class Shown:
    """A template as the pages show it."""

    template: MessageTemplate
    view: TemplateView
    bubble: Bubble
    language: str
    quality: tuple[str, str]
    why_not: str | None

    @classmethod
    def of(cls, template: MessageTemplate) -> "Shown":
        """Take it apart once."""
        view = queries.view_of(template)
        return cls(
            template,
            view,
            previews.of_template(view),
            language_name(template.language),
            availability.quality_of(template),
            availability.why_not(template, view),
        )


@views.get("/templates")
@allow(Permission.SEE)
def list_templates() -> ResponseReturnValue:
    """All templates, with a picture of each."""
    return render_template("message_templates/list.html", **_list_context())


@views.get("/templates/list")
@allow(Permission.SEE)
def templates_fragment() -> ResponseReturnValue:
    """The list alone; asked for often while a sync runs."""
    return fragment("message_templates/_list.html", **_list_context())


@views.post("/templates/syncs")
@allow(Permission.MANAGE, to="sync templates")
def sync_templates() -> ResponseReturnValue:
    """Read the templates from the provider; a sync that has not begun yet is enough."""
    job = service.request_sync(current_actor().by())
    reason = _obstacle(job)
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
    wanted = parse_id(template_id)
    if wanted is None:
        raise NotFound("There is no such template")
    shown = Shown.of(queries.get_template_by_id(wanted))
    return render_template("message_templates/show.html", shown=shown)


def _list_context() -> dict[str, object]:
    shown = [Shown.of(template) for template in queries.list_templates()]
    job = last_sync_job()
    syncing = job is not None and _is_under_way(job)
    obstacle = _obstacle(job) if job and syncing else None
    synced_at = max((each.template.synced_at for each in shown), default=None)
    version = version_of(
        [(each.template.id, each.template.status, each.template.quality, each.template.synced_at) for each in shown],
        (job.id, job.state, job.error, obstacle) if job else None,
    )
    return {
        "templates": shown,
        "sync": job,
        "syncing": syncing,
        "obstacle": obstacle,
        "sync_failed": job is not None and job.state == State.FAILED,
        "synced_at": synced_at,
        "as_of": utcnow(),
        "every": SYNCING_SECONDS if syncing else QUIET_SECONDS,
        "version": version,
        "live_url": url_for("message_templates.templates_fragment", version=version),
    }


def _is_under_way(job: Job) -> bool:
    """True for a sync that runs or is about to: one that is planned for later keeps nobody from asking for one now."""
    return not job.is_finished and not (job.state == State.DELAYED and not job.failures)


def _obstacle(job: Job) -> WaitReason | None:
    """What keeps a sync from being read now, where that is more than the next free worker."""
    reason = why_waiting(job)
    return None if reason is None or reason.code == "free_worker" else reason


def last_sync_job() -> Job | None:
    """The newest sync, whatever became of it."""
    syncs = select(Job).where(Job.queue == Queue.TEMPLATE_PROCESSING, Job.processor == "sync-templates")
    return db.session.scalars(syncs.order_by(Job.id.desc()).limit(1)).first()
