"""Errors as answers: a page for people, `application/problem+json` (RFC 9457) for programs."""

import json
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from adsapp.config import Settings
from adsapp.core.errors import Problem
from adsapp.core.logs import get_logger
from adsapp.core.observing import error_reports
from adsapp.core.space import DiskFull, is_full
from adsapp.core.web.leaving import current_mask
from adsapp.core.web.security import client_address

log = get_logger()

REFUSALS = (401, 403)  # and a form from elsewhere

ADVICE = {
    400: ("The request could not be read", "Go back, check what you entered and try again."),
    403: ("Not allowed", "Ask an owner or admin of your organization."),
    404: ("Not found", "It may have been deleted, or it belongs to another organization."),
    405: ("Not possible this way", "Go back and use the page's own buttons."),
    413: ("Too large", "Send a smaller file."),
    429: ("Too many tries", "Wait a minute, then try again."),
    500: (
        "Something went wrong on our side",
        "What you sent may not be kept. Look before you send it again; if it stays so, tell an admin the time.",
    ),
    503: ("The database does not answer", "What you sent may not be kept. In a minute, look before you send it again."),
}


AGAIN_AFTER = {429: "60", 503: "10"}  # seconds


def init_problems(app: Flask) -> None:
    """Attach the handlers."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(Exception, _bug)
    app.after_request(_say_how)


def is_program() -> bool:
    """True if the answer should be JSON."""
    return request.path == "/api" or request.path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics"))


def problem_response(status: int, title: str, detail: str, **more: Any) -> Response:
    """An `application/problem+json` answer."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    response = make_response(json.dumps(current_mask().value(body)), status)
    response.mimetype = "application/problem+json"
    return response


def answer(error: Problem) -> ResponseReturnValue:
    """An expected error, for a person or a program."""
    _note_refusal(error.status, error.code or type(error).__name__)
    if is_program():
        fields = [{"field": field.field, "message": field.message} for field in error.fields]
        more = {"errors": fields} if fields else {}
        if error.code:
            more["code"] = error.code  # type: ignore[assignment]
        return problem_response(error.status, error.title, error.detail, **more)
    return _page(error.status, error.title, error.detail)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    _note_refusal(status, error.name)
    title, advice = ADVICE.get(status, (error.name, error.description or ""))
    if is_program():
        response = problem_response(status, title, error.description or advice)
    else:
        response = make_response(_page(status, title, advice))
    for name, value in error.get_headers():
        if name != "Content-Type":  # Allow with 405, Retry-After
            response.headers[name] = value
    return response


def _say_how(response: Response) -> Response:
    """What HTTP asks an answer of this status to tell (RFC 9110)."""
    if response.status_code in AGAIN_AFTER:
        response.headers.setdefault("Retry-After", AGAIN_AFTER[response.status_code])
    if response.status_code == 401 and request.path.startswith("/api/"):
        response.headers.setdefault("WWW-Authenticate", 'Bearer realm="adsapp"')
    return response


def _expired_form(_error: CSRFError) -> ResponseReturnValue:
    _note_refusal(403, "form_from_elsewhere")
    detail = "The form was open too long or came from elsewhere. Reload the page and send it again."
    settings: Settings = current_app.config["SETTINGS"]
    if settings.has_secure_cookies and not request.is_secure:
        detail += f" This console keeps you signed in over https only: {settings.base_url}"
    if is_program():
        return problem_response(400, "The form has expired", detail)
    return _page(400, "The form has expired", detail)


def _note_refusal(status: int, reason: str) -> None:
    """A line for each request that was refused for who sent it, without what it said."""
    if status not in REFUSALS:
        return
    actor = g.get("actor")
    log.warning(
        "refused",
        status=status,
        reason=reason,
        method=request.method,
        path=request.path,
        address=client_address(),
        role=actor.role.value if actor else None,
    )


def _no_database(error: OperationalError) -> ResponseReturnValue:
    if is_full(error):
        return _no_room()
    log.error("database_error", error=str(error.orig), path=request.path)
    return _told(503)


def _bug(error: Exception) -> ResponseReturnValue:
    if is_full(error):
        return _no_room()
    log.error("unexpected_error", error=type(error).__name__, path=request.path, exc_info=error)
    error_reports.report(error, route=request.url_rule.rule if request.url_rule else "none", **_organization())
    return _told(500)


def _organization() -> dict[str, str]:
    actor = g.get("actor")
    return {"organization": str(actor.organization.id)} if actor else {}


def _no_room() -> ResponseReturnValue:
    log.error("disk_full", path=request.path)
    return answer(DiskFull())


def _told(status: int) -> ResponseReturnValue:
    title, advice = ADVICE[status]
    if is_program():
        return problem_response(status, title, advice)
    return _page(status, title, advice)


def _page(status: int, title: str, detail: str) -> tuple[str, int]:
    # Where the fault is ours, the frame, which reads the database, might fail as well.
    framed = status < 500 and g.get("actor") is not None
    base = "base.html" if framed else "base_plain.html"
    return render_template("errors/error.html", base=base, code=status, title=title, text=detail), status
