"""Small things both APIs share: JSON in and out, the sandbox in the application, problems in plain words."""

import json
from typing import Any

from aiohttp import web

from adsapp.sandbox.resend.sending import Sender as MailSender
from adsapp.sandbox.resend.state import Mailroom
from adsapp.sandbox.resend.webhooks import Postman
from adsapp.sandbox.state import Sandbox
from adsapp.sandbox.whatsapp.desk import Desk
from adsapp.sandbox.whatsapp.sending import Sender
from adsapp.sandbox.whatsapp.webhooks import WebhookEngine

SANDBOX = web.AppKey("sandbox", Sandbox)
ENGINE = web.AppKey("engine", WebhookEngine)
SENDER = web.AppKey("sender", Sender)
DESK = web.AppKey("desk", Desk)
MAILROOM = web.AppKey("mailroom", Mailroom)
POSTMAN = web.AppKey("postman", Postman)
MAIL_SENDER = web.AppKey("mail_sender", MailSender)


class Problem(Exception):
    """A request to the control API or the page that cannot be carried out: what is wrong, where, and what to do."""

    def __init__(self, what: str, where: str, todo: str, http: int = 422) -> None:
        super().__init__(what)
        self.what, self.where, self.todo, self.http = what, where, todo, http

    def as_json(self) -> dict[str, str]:
        return {"problem": self.what, "where": self.where, "what_to_do": self.todo}


def answer(data: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps(data, ensure_ascii=True).encode("ascii")
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request. Raises Problem if there is none."""
    try:
        data = json.loads(await request.read())
    except ValueError as error:
        raise Problem(f"not JSON: {error}", "body", "send a JSON object", 400) from error
    if not isinstance(data, dict):
        raise Problem("not a JSON object", "body", "send a JSON object", 400)
    return data
