"""The control API, `/_sandbox/…`: look at what happened, and make things happen.

Every answer is JSON; a refusal says what is wrong, where, and what to do.
"""

import dataclasses
from typing import Any

from aiohttp import web

from adsapp.sandbox.config import ConfigError, account_from
from adsapp.sandbox.console import customers, events
from adsapp.sandbox.rules import FaultError
from adsapp.sandbox.state import Account, Figures, Sandbox
from adsapp.sandbox.web import DESK, ENGINE, MAILROOM, POSTMAN, SANDBOX, SENDER, Problem, answer, json_object
from adsapp.sandbox.whatsapp.magic import MAGIC


def routes() -> list[web.RouteDef]:
    return [
        web.get("/_sandbox/health", health),
        web.get("/_sandbox/ledger", show_ledger),
        web.delete("/_sandbox/ledger", empty_ledger),
        web.get("/_sandbox/stats", show_stats),
        web.get("/_sandbox/accounts", list_accounts),
        web.post("/_sandbox/accounts", put_account),
        web.get("/_sandbox/faults", list_faults),
        web.post("/_sandbox/faults", add_fault),
        web.delete("/_sandbox/faults", clear_faults),
        web.post("/_sandbox/inbound", send_inbound),
        web.get("/_sandbox/events", list_events),
        web.post("/_sandbox/events", send_event),
        web.get("/_sandbox/templates", list_templates),
        web.post("/_sandbox/templates", decide_template),
        web.get("/_sandbox/media", list_media),
        web.get("/_sandbox/media/{id}", show_media),
        web.post("/_sandbox/throughput", set_throughput),
        web.post("/_sandbox/token", set_token),
        web.get("/_sandbox/webhooks", show_webhooks),
        web.post("/_sandbox/webhooks", set_webhooks),
        web.get("/_sandbox/clock", show_clock),
        web.post("/_sandbox/clock", advance_clock),
        web.get("/_sandbox/magic", show_magic),
        web.post("/_sandbox/reset", reset),
    ]


async def health(request: web.Request) -> web.Response:
    return answer({"ok": True})


async def show_ledger(request: web.Request) -> web.Response:
    number = request.query.get("phone_number_id")
    messages = request.app[SANDBOX].messages
    rows = [item.as_json() for item in messages if number in (None, item.phone_number_id)]
    return answer({"messages": rows})


async def empty_ledger(request: web.Request) -> web.Response:
    request.app[SANDBOX].empty_ledger()
    request.app[ENGINE].reset_figures()
    return answer({"messages": []})


async def show_stats(request: web.Request) -> web.Response:
    """Totals of all numbers; `most_in_one_second` and `in_flight_max` are those of the busiest number."""
    sandbox = request.app[SANDBOX]
    numbers = {number: account.figures for number, account in sandbox.accounts.items()}
    return answer(
        {
            **_total(sandbox, list(numbers.values())),
            "webhooks": request.app[ENGINE].as_json(),
            "numbers": {number: figures.as_json() for number, figures in numbers.items()},
        }
    )


def _total(sandbox: Sandbox, figures: list[Figures]) -> dict[str, Any]:
    refused = sum((item.refused for item in figures), start=sandbox.strangers.copy())
    return {
        "accepted": sum(item.accepted for item in figures),
        "refused_by_code": {str(code): count for code, count in sorted(refused.items())},
        "most_in_one_second": max((item.arrivals.most for item in figures), default=0),
        "in_flight_max": max((item.in_flight_max for item in figures), default=0),
    }


async def list_media(request: web.Request) -> web.Response:
    """Files of messages that have not expired, and what was uploaded how often."""
    shelf = request.app[SANDBOX].shelf
    files = [
        {"id": each.id, "phone_number_id": each.phone_number_id, "mime_type": each.content_type, "size": each.size}
        for each in shelf.files.values()
        if shelf.find(each.id)
    ]
    return answer({"files": files, "uploads": dict(shelf.uploads)})


async def show_media(request: web.Request) -> web.Response:
    """What a phone shows."""
    stored = request.app[SANDBOX].shelf.find(request.match_info["id"])
    if stored is None or not stored.content:
        raise Problem("there is no such file", "id", "see GET /_sandbox/media", 404)
    return web.Response(body=stored.content, content_type=stored.content_type)


async def list_accounts(request: web.Request) -> web.Response:
    return answer({"accounts": [_account(item) for item in request.app[SANDBOX].accounts.values()]})


async def put_account(request: web.Request) -> web.Response:
    try:
        config = account_from(await json_object(request))
    except ConfigError as error:
        raise Problem(str(error), "body", "send phone_number_id, waba_id, token and what else is known") from error
    return answer(_account(request.app[SANDBOX].put_account(config)), 201)


def _account(account: Account) -> dict[str, Any]:
    """Without its secrets."""
    row = dataclasses.asdict(account.config)
    return {name: value for name, value in row.items() if name not in ("token", "app_secret")}


async def list_faults(request: web.Request) -> web.Response:
    return answer({"faults": [rule.as_json() for rule in request.app[SANDBOX].faults.rules]})


async def add_fault(request: web.Request) -> web.Response:
    try:
        rule = request.app[SANDBOX].faults.add(await json_object(request))
    except FaultError as error:
        raise Problem(str(error), error.where, "mend the field and send the rule again") from error
    return answer(rule.as_json(), 201)


async def clear_faults(request: web.Request) -> web.Response:
    """All of them, or the one named by ?id=."""
    faults = request.app[SANDBOX].faults
    rule_id = request.query.get("id")
    if rule_id is None:
        faults.clear()
    elif not rule_id.isdigit() or not faults.remove(int(rule_id)):
        raise Problem("there is no such fault", "id", "see GET /_sandbox/faults", 404)
    return await list_faults(request)


async def send_inbound(request: web.Request) -> web.Response:
    data = await json_object(request)
    account = customers.account_named(request.app[SANDBOX], data.get("phone_number_id"))
    update = customers.update_from(request.app[SENDER], account, data)
    request.app[ENGINE].tell_soon(update)
    return answer({"ok": True, "webhook": update.item(request.app[SANDBOX].clock.now())}, 202)


async def list_events(request: web.Request) -> web.Response:
    """What can be told of the account, by name: the field and an example of its value."""
    account = customers.account_named(request.app[SANDBOX], request.query.get("phone_number_id"))
    return answer({"events": events.examples(account)})


async def send_event(request: web.Request) -> web.Response:
    """{"event": a name of the list, "value": what differs from its example}, or {"field", "value"}."""
    data = await json_object(request)
    account = customers.account_named(request.app[SANDBOX], data.get("phone_number_id"))
    update = events.update_from(request.app[SENDER], account, data)
    request.app[ENGINE].tell_soon(update)
    return answer({"ok": True, "webhook": {"field": update.part, "value": update.item(0.0)}}, 202)


async def list_templates(request: web.Request) -> web.Response:
    """As the provider has them, and whether reviews are held."""
    account = customers.account_named(request.app[SANDBOX], request.query.get("phone_number_id"))
    return answer({"templates": [each.raw for each in account.catalog.templates], "held": request.app[DESK].holds})


async def decide_template(request: web.Request) -> web.Response:
    """{"hold_reviews": true}, or what happens to one: {"name", "language"} with "verdict" (approve, reject, pause,
    disable), "reason", "category", "quality"."""
    data = await json_object(request)
    desk, account = request.app[DESK], customers.account_named(request.app[SANDBOX], data.get("phone_number_id"))
    if "hold_reviews" in data:
        desk.holds = data["hold_reviews"] is True
        return answer({"held": desk.holds})
    template = account.catalog.find(str(data.get("name")), str(data.get("language")))
    if template is None:
        raise Problem("there is no such template", "name", "see GET /_sandbox/templates", 404)
    if data.get("verdict") not in (None, "approve", "reject", "pause", "disable"):
        raise Problem("no such verdict", "verdict", "send approve, reject, pause or disable")
    desk.by_hand(account.config.waba_id, template, data)
    changed = account.catalog.find(*template.key)
    return answer(changed.raw if changed else {})


async def set_throughput(request: web.Request) -> web.Response:
    data = await json_object(request)
    account = customers.account_named(request.app[SANDBOX], data.get("phone_number_id"))
    limit = data.get("per_second")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise Problem(f"not a number of messages: {limit!r}", "per_second", "send a whole number, 1 or more")
    account.replace(dataclasses.replace(account.config, throughput=limit))
    return answer(_account(account))


async def set_token(request: web.Request) -> web.Response:
    data = await json_object(request)
    account = customers.account_named(request.app[SANDBOX], data.get("phone_number_id"))
    token = data.get("token")
    if not isinstance(token, str) or not token:
        raise Problem("no token", "token", "send a text that is not empty")
    account.replace(dataclasses.replace(account.config, token=token))
    return answer(_account(account))


async def show_webhooks(request: web.Request) -> web.Response:
    engine = request.app[ENGINE]
    return answer({**dataclasses.asdict(engine.switches), "webhooks": engine.as_json()})


async def set_webhooks(request: web.Request) -> web.Response:
    data = await json_object(request)
    try:
        request.app[ENGINE].switches.change(data)
    except ValueError as error:
        raise Problem(str(error), "body", "send the switches as GET /_sandbox/webhooks shows them") from error
    return await show_webhooks(request)


async def show_clock(request: web.Request) -> web.Response:
    clock = request.app[SANDBOX].clock
    return answer({"now": round(clock.now(), 3), "advanced_seconds": clock.advanced})


async def advance_clock(request: web.Request) -> web.Response:
    seconds = (await json_object(request)).get("advance_seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < 10**9:
        raise Problem(f"not a number of seconds: {seconds!r}", "advance_seconds", "send a number, 0 or more")
    request.app[SANDBOX].clock.advance(seconds)
    return await show_clock(request)


def start_over(app: web.Application) -> None:
    """Forget what happened at both providers; time, accounts and teams stay."""
    app[ENGINE].forget()
    app[SANDBOX].reset()
    app[DESK].forget()
    app[POSTMAN].forget()
    app[MAILROOM].reset()


async def show_magic(request: web.Request) -> web.Response:
    """The endings that a demo's numbers must not have, unless the odd behaviour is wanted."""
    return answer({"on": request.app[SANDBOX].config.magic, "endings": {k: v.meaning for k, v in MAGIC.items()}})


async def reset(request: web.Request) -> web.Response:
    start_over(request.app)
    return answer({"ok": True})
