"""The inbox shows e-mails as their readers see them, and lets one be the reader, without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from aiohttp import web

from adsapp.sandbox.running import running_app
from tests.waiting import wait_for

from .conftest import StartResend
from .support import ANA, MailHook, Resend, mail

ONE_CLICK = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
NASTY = (
    '<script>alert(1)</script><img src="https://tracker.example/1.gif"><a href="https://x.example/a?b=1&amp;c">Go</a>'
)


def sent(resend: Resend, **changes: object) -> str:
    return str(resend.send_mail(mail(**changes)).json["id"])


@pytest.fixture
def clicked() -> Iterator[tuple[str, list[str]]]:
    """The address of a program that people unsubscribe from, and what was posted to it."""
    bodies: list[str] = []

    async def leave(request: web.Request) -> web.Response:
        bodies.append(await request.text())
        return web.Response(status=404 if request.query else 200)

    app = web.Application()
    app.router.add_post("/leave", leave)
    with running_app(app) as running:
        yield f"{running.url}/leave", bodies


def test_an_empty_inbox_says_what_to_do(resend: Resend) -> None:
    page = resend.get("/inbox").text
    assert "No e-mail yet" in page
    assert "Send an e-mail" in page
    assert "Inbox" in resend.get("/").text


def test_the_list_and_one_e_mail_show_what_came(resend: Resend) -> None:
    email_id = sent(
        resend,
        subject="Bread <fresh>",
        html=NASTY,
        cc="cy@example.com",
        headers={"X-A": "1 <2>"},
        attachments=[{"filename": "menu.pdf", "content": "JVBERi0="}],
    )
    assert "Bread &lt;fresh&gt;" in resend.get("/inbox").text
    page = resend.get(f"/inbox/{email_id}").text
    for words in (ANA, "menu.pdf (6 bytes)", "1 &lt;2&gt;", "cy@example.com", ">Hello</pre>", "reports no opens"):
        assert words in page
    assert "alert(1)" not in page


def test_the_readers_frame_runs_nothing_and_fetches_nothing(resend: Resend) -> None:
    email_id = sent(resend, html=NASTY)
    assert (
        f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/inbox/{email_id}/body"'
        in resend.get(f"/inbox/{email_id}").text
    )
    body = resend.get(f"/inbox/{email_id}/body")
    assert body.text == f'<base target="_blank">{NASTY}', "a link opens beside it, as in a mail program"
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'")
    assert policy.endswith("sandbox allow-popups allow-popups-to-escape-sandbox")
    assert "<iframe" not in resend.get(f"/inbox/{sent(resend, html=None)}").text


@pytest.mark.parametrize("path", ["/inbox", "/inbox/{}"])
def test_the_pages_need_nothing_inline_and_say_so(resend: Resend, path: str) -> None:
    email_id = sent(resend)
    resend.fault(name="application_error")
    answer = resend.get(path.format(email_id))
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", answer.text)
    for link in re.findall(r'(?:href|src|data-refresh)="(/[^"]*)"', answer.text):
        assert resend.get(link).status == 200


def test_a_reader_opens_clicks_complains_and_is_suppressed(start_resend: StartResend, hook: MailHook) -> None:
    resend = start_resend({"webhook_url": hook.url, "tracking": True})
    email_id = sent(resend, html=NASTY)
    hook.wait_until(lambda: "email.delivered" in hook.types())
    link = "https://x.example/a?b=1&c"
    for act in ({"do": "open"}, {"do": "click", "link": link}, {"do": "complain"}):
        assert resend.form(f"/inbox/{email_id}", act).headers["Location"] == f"/inbox/{email_id}"
    hook.wait_until(lambda: {"email.complained", "suppression.added"} <= set(hook.types()))
    assert hook.data("email.clicked")["click"]["link"] == link
    events = resend.get(f"/inbox/{email_id}/events").text
    assert [name in events for name in ("opened", "clicked", "complained")] == [True] * 3
    resend.control("emails/readers", {"id": sent(resend, to="ben@example.com"), "do": "bounce"})
    hook.wait_until(lambda: "email.bounced" in hook.types())


def test_one_click_unsubscribes(resend: Resend, clicked: tuple[str, list[str]]) -> None:
    url, bodies = clicked
    email_id = sent(resend, headers={"list-unsubscribe": f"<mailto:a@b.example>, <{url}>", **ONE_CLICK})
    assert "Unsubscribe with one click" in resend.get(f"/inbox/{email_id}").text
    assert resend.form(f"/inbox/{email_id}", {"do": "unsubscribe"}).status == 303
    assert resend.control("emails/readers", {"id": email_id, "do": "unsubscribe"}).json["answer"] == 200
    assert bodies == ["List-Unsubscribe=One-Click"] * 2
    lost = sent(resend, headers={"List-Unsubscribe": f"<{url}?lost>", **ONE_CLICK})
    answer = resend.form(f"/inbox/{lost}", {"do": "unsubscribe"})
    assert (answer.status, "the program answered 404" in answer.text) == (502, True)


@pytest.mark.parametrize(
    ("act", "status", "words"),
    [
        ({"do": "sing"}, 422, "nothing a reader does"),
        ({"do": "open"}, 422, "no opens and clicks"),
        ({"do": "click", "link": "https://nowhere.example"}, 422, "no such link"),
        ({"do": "unsubscribe"}, 422, "no unsubscribing"),
    ],
)
def test_what_a_reader_cannot_do_is_said(resend: Resend, act: dict[str, str], status: int, words: str) -> None:
    email_id = sent(resend, headers={"List-Unsubscribe": "<https://x.example/u>"})
    answer = resend.form(f"/inbox/{email_id}", act)
    assert (answer.status, words in answer.text) == (status, True)
    assert 'role="alert"' in answer.text
    assert resend.form("/inbox/none", act).status == 404


def test_nobody_who_answers_an_unsubscribe_is_said(resend: Resend) -> None:
    email_id = sent(resend, headers={"List-Unsubscribe": "<http://127.0.0.1:1/u>", **ONE_CLICK})
    assert "nobody answered" in resend.form(f"/inbox/{email_id}", {"do": "unsubscribe"}).text


def test_faults_and_reset_work_as_plain_forms(resend: Resend) -> None:
    assert resend.form("/inbox/faults", {"what": "service_unavailable", "times": "1"}).status == 303
    assert resend.form("/inbox/faults", {"what": "drop_after_accept", "times": ""}).status == 303
    assert resend.send_mail().status == 503
    figures = resend.get("/inbox/figures").text
    assert "1 of 1 done" in figures
    assert "then the connection drops" in figures
    assert "service_unavailable" in figures
    assert resend.form("/inbox/faults", {"what": "x"}).status == 422
    resend.form("/inbox/faults/removals", {"id": "2"})
    assert len(resend.get("/_sandbox/emails/faults").json["faults"]) == 1
    sent(resend)
    resend.form("/resets", {})
    assert resend.get("/_sandbox/emails/faults").json == {"faults": []}
    assert resend.mails() == []
    wait_for(lambda: resend.mail_stats()["webhooks"]["pending"] == 0)
