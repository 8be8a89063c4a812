"""The control API for e-mail, `/_sandbox/emails/…`. The clock and the reset are those of the whole sandbox."""

import dataclasses
from typing import Any

from aiohttp import web

from adsapp.sandbox.config import DOMAIN_STATUSES, ConfigError, team_from
from adsapp.sandbox.console import readers
from adsapp.sandbox.resend.magic import MAGIC, TEST_DOMAIN
from adsapp.sandbox.resend.state import Mailroom, Team
from adsapp.sandbox.rules import FaultError
from adsapp.sandbox.web import MAIL_SENDER, MAILROOM, POSTMAN, Problem, answer, json_object

_SECRETS = ("key", "sending_key", "webhook_secret")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/_sandbox/emails/ledger", show_ledger),
        web.delete("/_sandbox/emails/ledger", empty_ledger),
        web.get("/_sandbox/emails/stats", show_stats),
        web.get("/_sandbox/emails/teams", list_teams),
        web.post("/_sandbox/emails/teams", put_team),
        web.post("/_sandbox/emails/settings", change_team),
        web.post("/_sandbox/emails/domains", put_domain),
        web.get("/_sandbox/emails/faults", list_faults),
        web.post("/_sandbox/emails/faults", add_fault),
        web.delete("/_sandbox/emails/faults", clear_faults),
        web.post("/_sandbox/emails/readers", be_reader),
        web.get("/_sandbox/emails/webhooks", show_webhooks),
        web.post("/_sandbox/emails/webhooks", set_webhooks),
        web.get("/_sandbox/emails/magic", show_magic),
    ]


async def show_ledger(request: web.Request) -> web.Response:
    """What was accepted, in the order of acceptance; ?team= for one team's."""
    name = request.query.get("team")
    emails = request.app[MAILROOM].emails.values()
    return answer({"emails": [email.as_line() for email in emails if name in (None, email.team.config.name)]})


async def empty_ledger(request: web.Request) -> web.Response:
    request.app[MAILROOM].empty_ledger()
    request.app[POSTMAN].reset_figures()
    return answer({"emails": []})


async def show_stats(request: web.Request) -> web.Response:
    mailroom = request.app[MAILROOM]
    teams = {name: team.figures.as_json() for name, team in mailroom.teams.items()}
    strangers = dict(sorted(mailroom.strangers.items()))
    return answer({"teams": teams, "refused_strangers": strangers, "webhooks": request.app[POSTMAN].as_json()})


async def list_teams(request: web.Request) -> web.Response:
    return answer({"teams": [_team(team) for team in request.app[MAILROOM].teams.values()]})


async def put_team(request: web.Request) -> web.Response:
    try:
        config = team_from(await json_object(request))
    except ConfigError as error:
        raise Problem(str(error), "body", "send a key and what else is known of a team") from error
    return answer(_team(request.app[MAILROOM].put_team(config)), 201)


async def change_team(request: web.Request) -> web.Response:
    """Change some settings of a team: another key withdraws the one it had. "team" names it; without, the first one."""
    data = await json_object(request)
    mailroom = request.app[MAILROOM]
    team = team_named(mailroom, data.pop("team", None))
    known = {**dataclasses.asdict(team.config), "domains": _statuses(team)}
    try:
        config = team_from({**known, **data, "name": team.config.name})
    except ConfigError as error:
        raise Problem(str(error), "body", "send settings as GET /_sandbox/emails/teams shows them") from error
    return answer(_team(mailroom.put_team(config)))


async def put_domain(request: web.Request) -> web.Response:
    """{"name", "status"}: a domain as it is from now on."""
    data = await json_object(request)
    name, status = data.get("name"), data.get("status")
    if not isinstance(name, str) or not name or status not in DOMAIN_STATUSES:
        raise Problem("not a domain and its status", "body", f"send a name and one of {', '.join(DOMAIN_STATUSES)}")
    mailroom = request.app[MAILROOM]
    return answer(mailroom.put_domain(team_named(mailroom, data.get("team")), name, status).as_json())


async def list_faults(request: web.Request) -> web.Response:
    return answer({"faults": [rule.as_json() for rule in request.app[MAILROOM].faults.rules]})


async def add_fault(request: web.Request) -> web.Response:
    try:
        rule = request.app[MAILROOM].faults.add(await json_object(request))
    except FaultError as error:
        raise Problem(str(error), error.where, "mend the field and send the rule again") from error
    return answer(rule.as_json(), 201)


async def clear_faults(request: web.Request) -> web.Response:
    """All of them, or the one named by ?id=."""
    faults = request.app[MAILROOM].faults
    rule_id = request.query.get("id")
    if rule_id is None:
        faults.clear()
    elif not rule_id.isdigit() or not faults.remove(int(rule_id)):
        raise Problem("there is no such fault", "id", "see GET /_sandbox/emails/faults", 404)
    return await list_faults(request)


async def be_reader(request: web.Request) -> web.Response:
    """What a reader does: {"id", "do": "open" | "click" | "complain" | "bounce" | "unsubscribe", "link"}."""
    data = await json_object(request)
    email = readers.email_named(request.app[MAILROOM], data.get("id"))
    status = await readers.act(request.app[MAIL_SENDER], email, data.get("do"), data.get("link"))
    return answer({"ok": True, "last_event": email.last_event, "answer": status}, 202)


async def show_webhooks(request: web.Request) -> web.Response:
    postman = request.app[POSTMAN]
    return answer({**dataclasses.asdict(postman.switches), "webhooks": postman.as_json()})


async def set_webhooks(request: web.Request) -> web.Response:
    data = await json_object(request)
    try:
        request.app[POSTMAN].switches.change(data)
    except ValueError as error:
        raise Problem(str(error), "body", "send the switches as GET /_sandbox/emails/webhooks shows them") from error
    return await show_webhooks(request)


async def show_magic(request: web.Request) -> web.Response:
    """The beginnings of addresses that a demo's people must not have, unless the odd behaviour is wanted."""
    return answer({"on": request.app[MAILROOM].config.magic, "always_on": f"@{TEST_DOMAIN}", "beginnings": MAGIC})


def team_named(mailroom: Mailroom, name: object) -> Team:
    """The named team, or the first one if none is named. Raises Problem if there is none."""
    if name is None and mailroom.teams:
        return next(iter(mailroom.teams.values()))
    team = mailroom.teams.get(str(name))
    if team is None:
        todo = "see GET /_sandbox/emails/teams, or add one with POST /_sandbox/emails/teams"
        raise Problem("there is no such team", "team", todo, 404)
    return team


def _team(team: Team) -> dict[str, Any]:
    """Without its secrets."""
    row: dict[str, Any] = {**dataclasses.asdict(team.config), "domains": _statuses(team)}
    return {name: value for name, value in row.items() if name not in _SECRETS}


def _statuses(team: Team) -> dict[str, str]:
    return {domain.name: domain.status for domain in team.domains.values()}
