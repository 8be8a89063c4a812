"""The sandbox's first page: phones as their owners see them, figures, faults, clock."""

from pathlib import Path
from typing import Any

from aiohttp import web

from adsapp.sandbox.console import customers, events
from adsapp.sandbox.console.bubbles import phones
from adsapp.sandbox.console.control import start_over
from adsapp.sandbox.console.rendering import HERE, back, form_of, render, whole_number
from adsapp.sandbox.rules import FaultError
from adsapp.sandbox.web import ENGINE, SANDBOX, SENDER, Problem
from adsapp.sandbox.whatsapp.errors import CODES
from adsapp.sandbox.whatsapp.magic import MAGIC

_FONT = "inter-latin-wght-normal.woff2"
_OFFERED_FAULTS = (130429, 131056, 131000, 131016, 190, 131026, 131047, 131049, 131050, 132015)


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/", show_page),
        web.get("/messages", show_messages),
        web.get("/figures", show_figures),
        web.get("/font.css", show_font),
        web.post("/replies", post_reply),
        web.post("/events", post_event),
        web.post("/faults", post_fault),
        web.post("/faults/removals", post_fault_removal),
        web.post("/clock", post_clock),
        web.post("/resets", post_reset),
        web.static("/assets", HERE / "assets"),
    ]


def page(request: web.Request, problem: Problem | None = None) -> web.Response:
    """The whole page; a problem is shown at the top, and the response has the problem's status."""
    offered = [(code, CODES[code].title) for code in _OFFERED_FAULTS]
    return render(
        "page.html",
        problem.http if problem else 200,
        **_messages(request),
        **_figures(request),
        problem=problem,
        offered_faults=offered,
        magic=MAGIC,
        **_events(request),
    )


async def show_page(request: web.Request) -> web.Response:
    return page(request)


async def show_messages(request: web.Request) -> web.Response:
    return render("_messages.html", **_messages(request))


async def show_figures(request: web.Request) -> web.Response:
    return render("_figures.html", **_figures(request))


async def show_font(request: web.Request) -> web.Response:
    """The console's own typeface, if the folder given by --static has it; otherwise nothing."""
    url = request.app[FONT]
    css = f'@font-face{{font-family:"Inter";font-weight:100 900;src:url("{url}")format("woff2")}}' if url else ""
    return web.Response(text=css, content_type="text/css", headers={"Cache-Control": "max-age=3600"})


FONT = web.AppKey("font", str)


def font_url(static: Path | None) -> str:
    """The typeface's address; empty if there is none."""
    if static is None:
        return ""
    found = next(iter(sorted(static.rglob(_FONT))), None)
    return f"/static/{found.relative_to(static).as_posix()}" if found else ""


async def post_reply(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    account = customers.account_named(request.app[SANDBOX], form.get("phone_number_id"))
    update = customers.update_from(request.app[SENDER], account, form)
    request.app[ENGINE].tell_soon(update)
    return back()


async def post_event(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    account = customers.account_named(request.app[SANDBOX], form.get("phone_number_id"))
    request.app[ENGINE].tell_soon(events.update_from(request.app[SENDER], account, form))
    return back()


async def post_fault(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    rule: dict[str, Any] = {"match": {"to": form.get("to", "").strip() or "*"}}
    what = form.get("what", "")
    if what in ("hang_after_accept", "drop_after_accept"):
        rule[what] = True
    else:
        rule["code"] = whole_number(what, "what")
    if form.get("times"):
        rule["times"] = whole_number(form["times"], "times")
    try:
        request.app[SANDBOX].faults.add(rule)
    except FaultError as error:
        raise Problem(str(error), error.where, "mend the field and send the form again") from error
    return back()


async def post_fault_removal(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    request.app[SANDBOX].faults.remove(whole_number(form.get("id", ""), "id"))
    return back()


async def post_clock(request: web.Request) -> web.StreamResponse:
    form = await form_of(request)
    request.app[SANDBOX].clock.advance(whole_number(form.get("advance_seconds", ""), "advance_seconds"))
    return back()


async def post_reset(request: web.Request) -> web.StreamResponse:
    start_over(request.app)
    return back()


def _events(request: web.Request) -> dict[str, Any]:
    first = next(iter(request.app[SANDBOX].accounts.values()), None)
    return {"offered_events": list(events.examples(first)) if first else []}


def _messages(request: web.Request) -> dict[str, Any]:
    sandbox = request.app[SANDBOX]
    return {"phones": phones(sandbox.recent), "accepted": len(sandbox.messages), "now": sandbox.clock.now()}


def _figures(request: web.Request) -> dict[str, Any]:
    sandbox, now = request.app[SANDBOX], request.app[SANDBOX].clock.now()
    refused = sum((account.figures.refused for account in sandbox.accounts.values()), sandbox.strangers.copy())
    return {
        "as_of": now,
        "advanced": sandbox.clock.advanced,
        "accounts": [(item, item.window.used(now)) for item in sandbox.accounts.values()],
        "refused": sorted(refused.items()),
        "webhooks": request.app[ENGINE].as_json(),
        "faults": sandbox.faults.rules,
        "titles": {code: known.title for code, known in CODES.items()},
    }
