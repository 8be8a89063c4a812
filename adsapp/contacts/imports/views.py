"""Pages of imports: the list, the upload, the columns, and an import from start to report."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts.imports import presenter, preview
from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.queries import RejectedRow
from adsapp.contacts.imports.run import UNREADABLE
from adsapp.contacts.models import Import, ImportStatus
from adsapp.contacts.values.countries import countries
from adsapp.contacts.views import views
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid, Problem, TooLarge
from adsapp.core.web.htmx import fragment, version_of
from adsapp.core.web.limits import MB
from adsapp.core.web.problems import answer
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission

POLL_SECONDS = 2


@views.get("/imports")
@allow(Permission.SEE)
def list_imports() -> ResponseReturnValue:
    """Imports, newest first."""
    page = import_queries.list_imports(request.args.get("cursor", ""))
    next_url = url_for("contacts.list_imports", cursor=page.next) if page.next else None
    first_url = url_for("contacts.list_imports") if request.args.get("cursor") else None
    return render_template("contacts/imports.html", imports=page.items, next_url=next_url, first_url=first_url)


@views.get("/imports/new")
@allow(Permission.MANAGE)
def new_import() -> ResponseReturnValue:
    """Where a file is dropped."""
    return _upload_page()


def _upload_page(error: Problem | None = None) -> str:
    running = getattr(error, "import_id", None)
    return render_template(
        "contacts/upload.html",
        error=error.detail if error else None,
        running_url=url_for("contacts.show_import", import_id=running) if running else None,
        most=context.settings().max_upload_mb,
        most_bytes=context.settings().max_upload_mb * MB,
    )


@views.errorhandler(TooLarge)
def refuse_upload(problem: TooLarge) -> ResponseReturnValue:
    """A file over the limit is refused before its view is asked: the upload page says so."""
    actor = g.get("actor")
    if request.endpoint != "contacts.receive_import" or actor is None or not actor.may(Permission.MANAGE):
        return answer(problem)
    return _upload_page(problem), problem.status


@views.post("/imports")
@allow(Permission.MANAGE)
def receive_import() -> ResponseReturnValue:
    """Take the file in; its page, or the upload page with what is wrong."""
    file = request.files.get(import_service.FILE_FIELD)
    try:
        if file is None or not file.filename:
            raise Invalid.field(import_service.FILE_FIELD, "Choose a file first")
        batch = import_service.receive(file.stream, file.filename, by=current_actor().by())
    except Problem as problem:
        db.session.rollback()
        return _upload_page(problem), problem.status
    db.session.commit()
    return redirect(url_for("contacts.show_import", import_id=batch.id), 303)


@views.get("/imports/<import_id>")
@allow(Permission.SEE)
def show_import(import_id: str) -> ResponseReturnValue:
    """The import in the face it has now."""
    batch = import_queries.get_import(import_id)
    if batch.status is ImportStatus.MAPPING:
        return _columns_page(batch, ImportForm.of(batch, current_actor().organization.default_country))
    return render_template("contacts/import.html", **_face(batch))


def _columns_page(batch: Import, form: ImportForm, template: str = "contacts/columns.html") -> str:
    # The sample holds whole numbers, so those who may not import see only what the file is.
    may = current_actor().may(Permission.MANAGE)
    return render_template(
        template,
        batch=batch,
        form=form,
        preview=preview.preview(batch, form) if may else None,
        encoding=preview.encoding_name(batch),
        delimiter=preview.delimiter_name(batch),
        country=countries().get(form.default_country, form.default_country or "none"),
        countries=[("", "None: reject numbers without a country code"), *countries().items()],
        policies=_POLICIES,
    )


_POLICIES = [
    ("update", "Update them", "Filled cells overwrite. Blank cells keep what is there."),
    ("fill_empty", "Fill gaps only", "What a contact has already stays."),
    ("skip", "Leave them as they are", "Only new people are added."),
]


@views.post("/imports/<import_id>/preview")
@allow(Permission.MANAGE)
def preview_import(import_id: str) -> ResponseReturnValue:
    """The columns as chosen so far: as a fragment while they are chosen, as the page without JavaScript."""
    batch = _unbegun(import_id)
    form = ImportForm.typed(batch, request.form)
    form.check()
    template = "contacts/_columns.html" if request.headers.get("HX-Request") else "contacts/columns.html"
    return _columns_page(batch, form, template)


def _unbegun(import_id: str) -> Import:
    batch = import_queries.get_import(import_id)
    if batch.status is not ImportStatus.MAPPING:
        raise Conflict("This import was begun already; open it to see how far it is")
    return batch


@views.post("/imports/<import_id>/start")
@allow(Permission.MANAGE)
def start_import(import_id: str) -> ResponseReturnValue:
    """Begin; the columns again where something is wrong, or where somebody was faster the import itself."""
    batch = import_queries.get_import(import_id)
    form = ImportForm.typed(batch, request.form)
    if batch.status is ImportStatus.MAPPING and not form.check():
        return _columns_page(batch, form), 422
    try:
        import_service.start_import(batch, form.mapping, form.options(), by=current_actor().by())
    except Conflict as problem:
        db.session.rollback()
        flash(problem.detail, "warning")
        return redirect(url_for("contacts.show_import", import_id=getattr(problem, "import_id", import_id)), 303)
    db.session.commit()
    return redirect(url_for("contacts.show_import", import_id=import_id), 303)


@views.post("/imports/<import_id>/discard")
@allow(Permission.MANAGE)
def discard_import(import_id: str) -> ResponseReturnValue:
    """Throw an upload away that was not begun."""
    batch = import_queries.get_import(import_id)
    name = batch.file_name
    import_service.discard(batch)
    db.session.commit()
    flash(f"{name} was discarded; nothing of it was imported")
    back = "contacts.list_imports" if request.form.get("back") == "list" else "contacts.new_import"
    return redirect(url_for(back), 303)


@views.post("/imports/<import_id>/cancel")
@allow(Permission.MANAGE)
def cancel_import(import_id: str) -> ResponseReturnValue:
    """Stop it at the next chunk; what is in stays in."""
    return _with_job(import_id, "It stops within seconds; what is in stays in", import_service.cancel)


@views.post("/imports/<import_id>/retry")
@allow(Permission.MANAGE)
def retry_import(import_id: str) -> ResponseReturnValue:
    """Go on where it stood."""
    return _with_job(import_id, "It goes on where it stood", import_service.retry)


def _with_job(import_id: str, done: str, act: Callable[[Import, By], None]) -> ResponseReturnValue:
    batch = import_queries.get_import(import_id)
    try:
        act(batch, current_actor().by())
        db.session.commit()
        flash(done, "good")
    except Conflict as problem:
        db.session.rollback()
        flash(problem.detail, "warning")
    return redirect(url_for("contacts.show_import", import_id=import_id), 303)


@views.get("/imports/<import_id>/live")
@allow(Permission.SEE)
def live_import(import_id: str) -> ResponseReturnValue:
    """The import's face, for the page to ask for while it runs."""
    return fragment("contacts/_import.html", **_face(import_queries.get_import(import_id)))


def _face(batch: Import) -> dict[str, Any]:
    standing = presenter.standing_of(batch)
    shown = (standing.status, batch.rows_read, standing.total, standing.is_stopping, standing.why_waiting)
    version = version_of(*shown, batch.job.attempt if batch.job else 0)
    return {
        "batch": batch,
        "standing": standing,
        "can_go_on": not (batch.job and batch.job.error_code == UNREADABLE),
        "headline": presenter.headline(batch),
        "reasons": presenter.reasons(batch.rejected_by_code),
        "notes": presenter.reasons(batch.noted_by_code),
        "encoding": preview.encoding_name(batch),
        "delimiter": preview.delimiter_name(batch),
        "country": countries().get(batch.options.get("default_country", ""), "none"),
        "policy": presenter.POLICIES.get(batch.options.get("on_duplicate", ""), "–"),
        "version": version,
        "live_url": url_for("contacts.live_import", import_id=batch.id, version=version)
        if standing.is_running
        else None,
        "every": POLL_SECONDS,
        "as_of": utcnow(),
    }


@views.get("/imports/<import_id>/rejected.csv")
@allow(Permission.MANAGE)
def rejected_rows(import_id: str) -> ResponseReturnValue:
    """The rejected rows with their reasons: mend the file and import it again."""
    batch = import_queries.get_import(import_id)
    name = batch.file_name.rpartition(".")[0] or batch.file_name
    lines = import_queries.rejected_lines(batch.inspection["header"], _reader(batch))
    report = Response(lines, mimetype="text/csv")
    report.headers.set("Content-Disposition", "attachment", filename=f"{name}-rejected.csv")
    return report


def _reader(batch: Import) -> Callable[[int], Sequence[RejectedRow]]:
    # The file is sent after the request's session was closed, so each part is read in a session of its own.
    app, organization_id, import_id = current_app._get_current_object(), batch.organization_id, batch.id  # type: ignore[attr-defined]

    def read(after: int) -> Sequence[RejectedRow]:
        with db.organization_context(app, organization_id), db.reading():
            return import_queries.rejected_page(import_id, after)

    return read
