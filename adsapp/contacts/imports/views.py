"""Pages of imports: the list, the upload, the columns, and an import from start to report."""

from collections.abc import Callable

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.presenter import ColumnsPage, ImportListPage, ImportPage, UploadPage
from adsapp.contacts.imports.queries import RowFilter
from adsapp.contacts.imports.rows import report
from adsapp.contacts.imports.rows.presenter import RowsPage
from adsapp.contacts.imports.trial.presenter import TrialPage
from adsapp.contacts.imports.undo import presenter as undo_presenter
from adsapp.contacts.imports.undo import queries as undo_queries
from adsapp.contacts.imports.undo import service as undo_service
from adsapp.contacts.models import Import, ImportStatus
from adsapp.contacts.views import views
from adsapp.core import context, db
from adsapp.core.errors import Conflict, Invalid, Problem, TooLarge
from adsapp.core.web.confirmation import Shown, ask
from adsapp.core.web.limits import takes_upload
from adsapp.core.web.pages import render, render_asked, render_fragment
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
    if batch.status is not ImportStatus.MAPPING:
        return render(ImportPage.of(batch))
    if batch.trial_job is not None and "columns" not in request.args:
        return render(TrialPage.of(batch, batch.trial_job))
    return render(_columns_page(batch, _form_of(batch)))


def _form_of(batch: Import) -> ImportForm:
    return ImportForm.of(batch, _own_country())


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
    return render_asked(page)


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
    return _begin(import_id, dry_run=False)


@views.post("/imports/<import_id>/try")
@allow(Permission.MANAGE)
def try_import(import_id: str) -> ResponseReturnValue:
    """Find out what it would do; likewise."""
    return _begin(import_id, dry_run=True)


def _begin(import_id: str, *, dry_run: bool) -> ResponseReturnValue:
    batch = import_queries.get_import(import_id)
    as_tried = "as_tried" in request.form
    form = _form_of(batch) if as_tried else ImportForm.typed(batch, request.form, _own_country())
    if batch.status is ImportStatus.MAPPING and not form.reads_as(batch):  # JavaScript would have shown it at once
        form = _read_again(batch, form)
        return render(_columns_page(batch, form)), 422
    if batch.status is ImportStatus.MAPPING and not form.check():
        return render(_columns_page(batch, form)), 422
    options = form.options().model_copy(update={"dry_run": dry_run})
    try:
        import_service.start_import(batch, form.mapping, options, by=current_actor().by())
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
    import_service.discard(batch, current_actor().by())
    db.session.commit()
    flash(f"{name} was discarded; nothing of it was imported")
    back = "contacts.list_imports" if request.form.get("back") == "list" else "contacts.new_import"
    return redirect(url_for(back), 303)


@views.post("/imports/<import_id>/cancel")
@allow(Permission.MANAGE)
def cancel_import(import_id: str) -> ResponseReturnValue:
    """Stop it, or its undoing, at the next chunk; what is done stays so."""
    batch = import_queries.get_import(import_id)
    done = "It stops within seconds; " + ("who is put back stays so" if batch.undo else "what is in stays in")
    return _with_job(import_id, done, import_service.cancel)


@views.post("/imports/<import_id>/retry")
@allow(Permission.MANAGE)
def retry_import(import_id: str) -> ResponseReturnValue:
    """Go on after the last row that was imported."""
    return _with_job(import_id, "It goes on where it stood", import_service.retry)


@views.get("/imports/<import_id>/undo")
@allow(Permission.MANAGE)
def ask_to_undo_import(import_id: str) -> ResponseReturnValue:
    """The question, with how many people it is about."""
    return ask(undo_presenter.question(import_queries.get_import(import_id)))


@views.post("/imports/<import_id>/undo")
@allow(Permission.MANAGE)
def undo_import(import_id: str) -> ResponseReturnValue:
    """Put everybody back; the question once more if what it said is no longer so."""
    batch = import_queries.get_import(import_id)
    shown = Shown.read(request.form).count
    if shown and shown != undo_queries.outlook(batch.id).text and not undo_service.why_not(batch):
        changed = "Somebody has changed contacts of this import since you looked. Look once more, then confirm."
        return ask(undo_presenter.question(batch).asked_again(changed)), 409
    return _with_job(import_id, "Everybody is put back as they were; you can watch it here", undo_service.ask_undo)


@views.get("/imports/<import_id>/kept")
@allow(Permission.SEE)
def kept_contacts(import_id: str) -> ResponseReturnValue:
    """Who could not be put back when the import was undone."""
    batch = import_queries.get_import(import_id)
    reason, cursor = request.args.get("reason", ""), request.args.get("cursor", "")
    return render(undo_presenter.KeptPage.of(batch, reason, cursor))


def _with_job(import_id: str, done: str, act: Callable[[Import, By], object]) -> ResponseReturnValue:
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
    if batch.status is ImportStatus.MAPPING and batch.trial_job is not None:
        return render_fragment(TrialPage.of(batch, batch.trial_job))
    if batch.status is ImportStatus.MAPPING:  # it has no such face before it is begun
        return redirect(url_for("contacts.show_import", import_id=batch.id))
    return render_fragment(ImportPage.of(batch))


@views.get("/imports/<import_id>/rows")
@allow(Permission.SEE)
def import_rows(import_id: str) -> ResponseReturnValue:
    """Rows that were refused, repeat somebody or got a remark, of one outcome or code or of all."""
    batch = import_queries.get_import(import_id)
    cursor = request.args.get("cursor", "")
    return render(RowsPage.of(batch, _wanted_rows(), cursor, with_cells=current_actor().sees_numbers))


def _wanted_rows() -> RowFilter:
    return RowFilter(request.args.get("outcome", ""), request.args.get("code", ""))


@views.get("/imports/<import_id>/rows.csv")
@allow(Permission.MANAGE)
def export_rows(import_id: str) -> ResponseReturnValue:
    """The same as a file like the upload, with the reasons: mend it and import it again."""
    return report.as_csv(import_queries.get_import(import_id), _wanted_rows(), current_actor().by())


@views.get("/imports/<import_id>/rows.xlsx")
@allow(Permission.MANAGE)
def export_rows_xlsx(import_id: str) -> ResponseReturnValue:
    """The same as a workbook."""
    return report.as_xlsx(import_queries.get_import(import_id), _wanted_rows(), current_actor().by())


@views.get("/imports/<import_id>/rejected.csv")
@allow(Permission.MANAGE)
def rejected_rows(import_id: str) -> ResponseReturnValue:
    """The refused rows alone."""
    return report.as_csv(import_queries.get_import(import_id), RowFilter("rejected"), current_actor().by())


@views.get("/imports/<import_id>/rejected.xlsx")
@allow(Permission.MANAGE)
def rejected_rows_xlsx(import_id: str) -> ResponseReturnValue:
    """The same as a workbook."""
    return report.as_xlsx(import_queries.get_import(import_id), RowFilter("rejected"), current_actor().by())
