"""Pages of imports: the list, the upload, the columns, and an import from start to report."""

from collections.abc import Callable, Sequence

from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.presenter import ColumnsPage, ImportListPage, ImportPage, UploadPage
from adsapp.contacts.imports.queries import RejectedRow
from adsapp.contacts.models import Import, ImportStatus
from adsapp.contacts.views import views
from adsapp.core import context, db
from adsapp.core.errors import Conflict, Invalid, Problem, TooLarge
from adsapp.core.web.downloads import attachment, file_name
from adsapp.core.web.limits import takes_upload
from adsapp.core.web.pages import render, render_fragment
from adsapp.core.web.problems import answer
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission


@views.get("/imports")
@allow(Permission.SEE)
def list_imports() -> ResponseReturnValue:
    """Imports, newest first."""
    cursor = request.args.get("cursor", "")
    found = import_queries.list_imports(cursor)
    return render(ImportListPage(found.items, cursor, found.next))


@views.get("/imports/new")
@allow(Permission.MANAGE)
def new_import() -> ResponseReturnValue:
    """Where a file is dropped."""
    return _upload_page()


def _upload_page(problem: Problem | None = None) -> str:
    return render(UploadPage.of(context.settings().max_upload_mb, problem))


@views.errorhandler(TooLarge)
def refuse_upload(problem: TooLarge) -> ResponseReturnValue:
    """A file over the limit is refused before its view is asked: the upload page says so."""
    actor = g.get("actor")
    if request.endpoint != "contacts.receive_import" or actor is None or not actor.may(Permission.MANAGE):
        return answer(problem)
    return _upload_page(problem), problem.status


@views.post("/imports")
@takes_upload
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
        form = ImportForm.of(batch, _own_country())
        return render(_columns_page(batch, form))
    return render(ImportPage.of(batch))


def _columns_page(batch: Import, form: ImportForm) -> ColumnsPage:
    return ColumnsPage.of(batch, form, current_actor())


@views.post("/imports/<import_id>/preview")
@allow(Permission.MANAGE)
def preview_import(import_id: str) -> ResponseReturnValue:
    """The columns as chosen so far, or those of the file as it is read from now on.

    As a fragment while they are chosen, as the page without JavaScript.
    """
    batch = _unbegun(import_id)
    form = ImportForm.typed(batch, request.form, _own_country())
    if form.reads_as(batch):
        form.check()
    else:
        form = _read_again(batch, form)
    page = _columns_page(batch, form)
    return render_template(page.fragment, page=page) if request.headers.get("HX-Request") else render(page)


def _read_again(batch: Import, form: ImportForm) -> ImportForm:
    """The form with the columns that the file has if it is read as chosen; with what is wrong if it cannot be."""
    try:
        import_service.read_again(batch, form.reading.reading)
    except Invalid as problem:
        db.session.rollback()
        said = dict(problem.field_messages)
        form.errors = {form.changed(batch): problem.detail} if import_service.FILE_FIELD in said else said
        return form
    db.session.commit()
    read = ImportForm.of(batch, _own_country())
    read.on_duplicate, read.tags = form.on_duplicate, form.tags
    read.default_country = form.default_country or read.default_country
    return read


def _own_country() -> str:
    return current_actor().organization.default_country


def _unbegun(import_id: str) -> Import:
    batch = import_queries.get_import(import_id)
    if batch.status is not ImportStatus.MAPPING:
        raise Conflict("This import was begun already; open it to see how far it is")
    return batch


@views.post("/imports/<import_id>/start")
@allow(Permission.MANAGE)
def start_import(import_id: str) -> ResponseReturnValue:
    """Begin; the columns again if something is wrong, or the import itself if somebody else began it first."""
    batch = import_queries.get_import(import_id)
    form = ImportForm.typed(batch, request.form, _own_country())
    if batch.status is ImportStatus.MAPPING and not form.reads_as(batch):  # JavaScript would have shown it at once
        form = _read_again(batch, form)
        return render(_columns_page(batch, form)), 422
    if batch.status is ImportStatus.MAPPING and not form.check():
        return render(_columns_page(batch, form)), 422
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
    """Go on after the last row that was imported."""
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
    batch = import_queries.get_import(import_id)
    if batch.status is ImportStatus.MAPPING:  # it has no such face before it is begun
        return redirect(url_for("contacts.show_import", import_id=batch.id))
    return render_fragment(ImportPage.of(batch))


@views.get("/imports/<import_id>/rejected.csv")
@allow(Permission.MANAGE)
def rejected_rows(import_id: str) -> ResponseReturnValue:
    """The rejected rows with their reasons: mend the file and import it again."""
    batch = import_queries.get_import(import_id)
    import_service.note_export(batch, current_actor().by())
    lines = import_queries.rejected_lines(batch.inspection["header"], _reader(batch))
    report = Response(lines, mimetype="text/csv")
    name = batch.file_name.rpartition(".")[0] or batch.file_name
    report.headers["Content-Disposition"] = attachment(file_name(name, "rejected", ending=".csv"))
    return report


def _reader(batch: Import) -> Callable[[int], Sequence[RejectedRow]]:
    # The file is sent after the request's session was closed, so each part is read in a session of its own.
    app, organization_id, import_id = current_app._get_current_object(), batch.organization_id, batch.id  # type: ignore[attr-defined]

    def read(after: int) -> Sequence[RejectedRow]:
        with db.organization_context(app, organization_id), db.reading():
            return import_queries.rejected_page(import_id, after)

    return read
