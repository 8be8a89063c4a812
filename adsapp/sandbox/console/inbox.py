"""The inbox: e-mails as their readers see them, and what a reader can do; limits and faults of those who sent them."""

from typing import Any

from aiohttp import web

from adsapp.sandbox.console import readers
from adsapp.sandbox.console.rendering import back, form_of, framed, render, whole_number
from adsapp.sandbox.resend.errors import NAMES
from adsapp.sandbox.resend.magic import MAGIC
from adsapp.sandbox.resend.sending import links
from adsapp.sandbox.resend.state import Email
from adsapp.sandbox.rules import FaultError
from adsapp.sandbox.web import MAIL_SENDER, MAILROOM, POSTMAN, Problem

_CUTS = {
    "hang_after_accept": "Accepted, but the answer never comes",
    "drop_after_accept": "Accepted, then the connection drops",
    "drop_before_accept": "The connection drops, nothing is accepted",
}
_OFFERED_FAULTS = (
    "rate_limit_exceeded",
    "daily_quota_exceeded",
    "monthly_quota_exceeded",
    "internal_server_error",
    "service_unavailable",
    "invalid_api_key",
    "suspended_api_key",
    "validation_error",
)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/inbox", show_inbox),
        web.get("/inbox/list", show_list),
        web.get("/inbox/figures", show_figures),
        web.post("/inbox/faults", post_fault),
        web.post("/inbox/faults/removals", post_fault_removal),
        web.get("/inbox/{id}", show_email),
        web.post("/inbox/{id}", post_act),
        web.get("/inbox/{id}/body", show_body),
        web.get("/inbox/{id}/events", show_events),
    ]


def page(request: web.Request, problem: Problem | None = None) -> web.Response:
    """The list; or, of a problem with an e-mail that is there, the e-mail."""
    status = problem.http if problem else 200
    email = request.app[MAILROOM].emails.get(request.match_info.get("id", ""))
    if email is not None:
        return render("mail.html", status, problem=problem, **_mail(email))
    offered = {**{name: f"{NAMES[name]} · {name}" for name in _OFFERED_FAULTS}, **_CUTS}
    values = {**_list(request), **_figures(request)}
    return render("inbox.html", status, problem=problem, offered_faults=offered, magic=MAGIC, **values)


async def show_inbox(request: web.Request) -> web.Response:
    return page(request)


async def show_list(request: web.Request) -> web.Response:
    return render("_inbox.html", **_list(request))


async def show_figures(request: web.Request) -> web.Response:
    return render("_mail_figures.html", **_figures(request))


async def show_email(request: web.Request) -> web.Response:
    _named(request)
    return page(request)


async def show_body(request: web.Request) -> web.Response:
    """The HTML of an e-mail, for the frame on its page."""
    return framed(_named(request).request.html)


async def show_events(request: web.Request) -> web.Response:
    return render("_mail_events.html", **_mail(_named(request)))


async def post_act(request: web.Request) -> web.StreamResponse:
    email, form = _named(request), await form_of(request)
    status = await readers.act(request.app[MAIL_SENDER], email, form.get("do"), form.get("link"))
    if status >= 400:
        todo = "look at what the program answers to a POST of List-Unsubscribe=One-Click"
        raise Problem(f"the program answered {status}", readers.unsubscribe_target(email), todo, 502)
    return back(f"/inbox/{email.id}")


async def post_fault(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    what = form.get("what", "")
    rule: dict[str, Any] = {what: True} if what in _CUTS else {"name": what}
    if form.get("times"):
        rule["times"] = whole_number(form["times"], "times")
    try:
        request.app[MAILROOM].faults.add(rule)
    except FaultError as error:
        raise Problem(str(error), error.where, "mend the field and send the form again") from error
    return back("/inbox")


async def post_fault_removal(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    request.app[MAILROOM].faults.remove(whole_number(form.get("id", ""), "id"))
    return back("/inbox")


def _named(request: web.Request) -> Email:
    return readers.email_named(request.app[MAILROOM], request.match_info["id"])


def _list(request: web.Request) -> dict[str, Any]:
    mailroom = request.app[MAILROOM]
    return {"emails": mailroom.latest(), "accepted": len(mailroom.emails)}


def _figures(request: web.Request) -> dict[str, Any]:
    mailroom, now = request.app[MAILROOM], request.app[MAILROOM].clock.now()
    return {
        "as_of": now,
        "advanced": mailroom.clock.advanced,
        "teams": [(team, team.rate.window.used(now)) for team in mailroom.teams.values()],
        "refused": sorted(sum((team.figures.refused for team in mailroom.teams.values()), mailroom.strangers).items()),
        "webhooks": request.app[POSTMAN].as_json(),
        "faults": mailroom.faults.rules,
        "cuts": _CUTS,
    }


def _mail(email: Email) -> dict[str, Any]:
    return {
        "email": email,
        "links": links(email.request.html),
        "unsubscribe": readers.unsubscribe_target(email),
        "tracks": email.team.config.tracking,
    }
