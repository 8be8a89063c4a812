"""The sandbox as one aiohttp application: `create_sandbox(config)`."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiohttp import web

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import SandboxConfig
from adsapp.sandbox.console import control, email_control, inbox, pages
from adsapp.sandbox.resend import provider as resend
from adsapp.sandbox.resend.sending import Sender as MailSender
from adsapp.sandbox.resend.state import Mailroom
from adsapp.sandbox.resend.webhooks import Postman
from adsapp.sandbox.state import Sandbox
from adsapp.sandbox.web import DESK, ENGINE, MAIL_SENDER, MAILROOM, POSTMAN, SANDBOX, SENDER, Problem, answer
from adsapp.sandbox.whatsapp import provider
from adsapp.sandbox.whatsapp.desk import Desk
from adsapp.sandbox.whatsapp.provider import Handler
from adsapp.sandbox.whatsapp.sending import Sender
from adsapp.sandbox.whatsapp.webhooks import WebhookEngine

_LARGEST_REQUEST = 64 << 20  # an e-mail with attachments of 40 MB, and one that has more


def create_sandbox(config: SandboxConfig, clock: Clock | None = None) -> web.Application:
    """Provider's endpoints, control API and page; webhooks are sent for as long as it runs."""
    app = web.Application(middlewares=[_guard], client_max_size=_LARGEST_REQUEST)
    sandbox = Sandbox(config, clock)
    app[SANDBOX] = sandbox
    app[ENGINE] = WebhookEngine(sandbox.clock, config.timing, config.batch_size, config.seed or 0)
    app[SENDER] = Sender(sandbox, app[ENGINE])
    app[DESK] = Desk(sandbox, app[ENGINE])
    app[MAILROOM] = Mailroom(config, sandbox.clock)
    app[POSTMAN] = Postman(sandbox.clock, config.timing, config.seed or 0)
    app[MAIL_SENDER] = MailSender(app[MAILROOM], app[POSTMAN])
    app[pages.FONT] = pages.font_url(config.static)
    app.add_routes(
        [
            *provider.routes(),
            *resend.routes(),
            *control.routes(),
            *email_control.routes(),
            *pages.routes(),
            *inbox.routes(),
        ]
    )
    if config.static is not None:
        app.router.add_static("/static", config.static)
    app.cleanup_ctx.append(_webhooks)
    return app


async def _webhooks(app: web.Application) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(app[ENGINE].run()), asyncio.create_task(app[POSTMAN].run())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn problems into JSON or show them on the page, and refuse a form posted from another site."""
    try:
        if request.method != "GET" and _is_foreign(request):
            raise Problem("the request comes from another site", "Origin", "use the sandbox's own page", 403)
        return await handler(request)
    except Problem as problem:
        if request.path.startswith("/_sandbox"):
            return answer(problem.as_json(), problem.http)
        show = inbox.page if request.path.startswith("/inbox") else pages.page
        return show(request, problem)
    except web.HTTPException as error:
        if error.status < 400 or not request.path.startswith("/_sandbox"):
            raise
        unknown = Problem(error.reason, request.path, "see the list of endpoints in the sandbox's control module")
        return answer(unknown.as_json(), error.status)


def _is_foreign(request: web.Request) -> bool:
    # Programs send neither. A browser says with every request whose page it comes from, older ones only with a POST.
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host
