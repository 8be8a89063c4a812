"""Being the reader of an e-mail, from the control API or the page: open, click, complain, bounce, leave the list."""

import re

import aiohttp

from adsapp.sandbox.resend.journeys import Step
from adsapp.sandbox.resend.sending import Sender, first_link, links
from adsapp.sandbox.resend.state import Email, Mailroom
from adsapp.sandbox.web import Problem

STEPS = {
    "open": Step(0, "opened"),
    "complain": Step(0, "complained"),
    "bounce": Step(0, "bounced", "Permanent"),
}
_TARGET = re.compile(r"<(https?://[^>\s]+)>")
_TIMEOUT = aiohttp.ClientTimeout(total=15)


def email_named(mailroom: Mailroom, email_id: object) -> Email:
    email = mailroom.emails.get(str(email_id))
    if email is None:
        raise Problem("there is no such e-mail", "id", "see GET /_sandbox/emails/ledger", 404)
    return email


async def act(sender: Sender, email: Email, what: object, link: object = None) -> int:
    """Do it; the status our program answered to a reader who leaves the list, else 0. Problem if it cannot be done."""
    if what == "unsubscribe":
        return await _unsubscribe(email)
    if what == "click":
        step = Step(0, "clicked", _link(email, link))
    elif isinstance(what, str) and what in STEPS:
        step = STEPS[what]
    else:
        raise Problem(f"nothing a reader does: {what!r}", "do", f"send one of {', '.join(STEPS)}, click, unsubscribe")
    if step.event in ("opened", "clicked") and not email.team.config.tracking:
        todo = 'turn it on: POST /_sandbox/emails/settings {"tracking": true}'
        raise Problem("the team's domains report no opens and clicks", "do", todo)
    sender.happen_now(email, step)
    return 0


def unsubscribe_target(email: Email) -> str:
    """Where one click on "unsubscribe" posts to, as RFC 8058 has it; empty if the e-mail does not offer it."""
    headers = {name.lower(): value for name, value in email.request.headers.items()}
    if headers.get("list-unsubscribe-post", "").strip() != "List-Unsubscribe=One-Click":
        return ""
    found = _TARGET.search(headers.get("list-unsubscribe", ""))
    return found[1] if found else ""


def _link(email: Email, link: object) -> str:
    known = links(email.request.html)
    chosen = link if isinstance(link, str) and link else first_link(email.request.html)
    if chosen not in known:
        raise Problem("the e-mail has no such link", "link", "choose one of its links" if known else "it has none")
    return chosen


async def _unsubscribe(email: Email) -> int:
    target = unsubscribe_target(email)
    if not target:
        todo = "give it the headers List-Unsubscribe: <https://…> and List-Unsubscribe-Post: List-Unsubscribe=One-Click"
        raise Problem("the e-mail offers no unsubscribing with one click", "headers", todo)
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
            session.post(target, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False) as response,
        ):
            return response.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Problem(f"nobody answered: {error}", target, "look whether the program runs", 502) from error
