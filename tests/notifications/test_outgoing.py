"""Letters leave over a real mail server, over Resend as the sandbox speaks it, or into the log."""

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Received
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adsapp.config import Settings
from adsapp.core.clock import utcnow
from adsapp.demo.stage import free_port
from adsapp.mail_server import read_smtp_url
from adsapp.notifications import outgoing as ways
from adsapp.notifications.outgoing import Envelope, NotTaken, outgoing
from adsapp.notifications.rendering import Mail
from adsapp.notifications.resend import Resend
from adsapp.notifications.smtp import Smtp
from adsapp.sandbox import SandboxConfig
from adsapp.sandbox.resend.errors import NAMES
from adsapp.sandbox.running import running_sandbox
from tests.sandbox.resend.support import KEY, SENDER, team
from tests.sandbox.resend.support import Resend as Client

MAIL = Mail("Zoë’s campaign finished", "Hello Zoë,\n\n9,800 people\n", "<p>Hello Zoë</p>")
ENVELOPE = Envelope("ADSapp <adsapp@console.example>", "zoe@example.com", "Zoë, of Harbour Bakery", "notify-1")
USER, PASSWORD = "adsapp@console.example", "p@ss/word:1"
PASSED = {"rate_limit_exceeded", "daily_quota_exceeded", "concurrent_idempotent_requests", "resource_locked"}


class Postbox:
    """Keeps what comes; refuses as it is told."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self.was_encrypted: list[bool] = []

    async def handle_RCPT(self, _server: Any, _session: Session, envelope: Received, address: str, _: Any) -> str:
        if self.refuse and not self.refuse.startswith("554"):
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Session, envelope: Received) -> str:
        if self.refuse:
            return self.refuse
        self.was_encrypted.append(session.ssl is not None)
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 OK"


def _authenticate(_server: Any, _session: Session, _envelope: Received, _mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=known)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Callable[..., str]]:
    """Start a mail server; its "host:port"."""
    with ExitStack() as stack:

        def start(**options: Any) -> str:
            controller = Controller(postbox, hostname="127.0.0.1", port=free_port(), **options)
            controller.start()
            stack.callback(controller.stop)
            return f"localhost:{controller.port}"

        yield start


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS for localhost, whose certificate this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utcnow() - timedelta(days=1))
        .not_valid_after(utcnow() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair, trusted = tmp_path / "pair.pem", tmp_path / "trusted.pem"
    pair.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return context


def smtp(url: str) -> Smtp:
    return Smtp(read_smtp_url(url))


def refused(way: ways.Outgoing) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        way.send(MAIL, ENVELOPE)
    return caught.value


def test_a_mail_server_gets_the_whole_mail(serve: Callable[..., str], postbox: Postbox) -> None:
    smtp(f"smtp://{serve()}").send(MAIL, ENVELOPE)
    (mail,) = postbox.mails
    assert (mail["Subject"], mail["From"]) == (MAIL.subject, ENVELOPE.sender)
    assert mail["To"].addresses[0].display_name == ENVELOPE.name
    assert mail["To"].addresses[0].addr_spec == ENVELOPE.to
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<notify-1@console.example>", "auto-generated")
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    assert (text, html.strip()) == (MAIL.text, MAIL.html)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_goes_over_an_encrypted_connection(
    serve: Callable[..., str], postbox: Postbox, certificate: ssl.SSLContext, scheme: str
) -> None:
    tls = {"ssl_context": certificate} if scheme == "smtps" else {"tls_context": certificate}
    place = serve(authenticator=_authenticate, auth_required=True, auth_require_tls=scheme == "smtp", **tls)
    smtp(f"{scheme}://adsapp%40console.example:p%40ss%2Fword%3A1@{place}").send(MAIL, ENVELOPE)
    assert postbox.was_encrypted == [scheme == "smtp"]  # the server's word for STARTTLS; smtps speaks nothing else
    error = refused(smtp(f"{scheme}://adsapp:wrong@{place}"))
    assert (error.code, error.is_permanent) == ("sign_in_refused", True)
    assert "wrong" not in error.message


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_password_is_not_sent_in_the_clear(serve: Callable[..., str], postbox: Postbox) -> None:
    place = serve(authenticator=_authenticate, auth_require_tls=False)
    error = refused(smtp(f"smtp://adsapp:secret@{place}"))
    assert (error.code, error.is_permanent) == ("not_supported", True)
    user = "adsapp%40console.example:p%40ss%2Fword%3A1"
    smtp(f"smtp://{user}@{place}?starttls=never").send(MAIL, ENVELOPE)
    assert postbox.was_encrypted == [False]


@pytest.mark.parametrize(
    ("answer", "code", "is_permanent"),
    [
        ("550 no such mailbox", "recipient_refused", True),
        ("450 try later", "recipient_refused", False),
        ("554 looks like spam", "refused", True),
    ],
)
def test_what_a_mail_server_refuses_is_said(
    serve: Callable[..., str], postbox: Postbox, answer: str, code: str, is_permanent: bool
) -> None:
    postbox.refuse = answer
    error = refused(smtp(f"smtp://{serve()}"))
    assert (error.code, error.is_permanent) == (code, is_permanent)
    assert answer in error.message


def test_who_cannot_be_reached_is_tried_again() -> None:
    for way in (smtp("smtp://127.0.0.1:1"), Resend("http://127.0.0.1:1", KEY)):
        assert (refused(way).code, refused(way).is_permanent) == ("unreachable", False)


@pytest.fixture
def sandbox() -> Iterator[Client]:
    with running_sandbox(SandboxConfig(teams=(team(),))) as running:
        yield Client(running.url)


def test_over_resend_another_try_sends_nothing_twice(sandbox: Client) -> None:
    way, envelope = Resend(f"{sandbox.url}/resend/", KEY), replace(ENVELOPE, sender=SENDER)
    sandbox.fault(drop_after_accept=True, times=1)
    with pytest.raises(NotTaken, match="cannot be reached"):
        way.send(MAIL, envelope)
    way.send(MAIL, envelope)
    (line,) = sandbox.mails()
    assert (line["idempotency_key"], line["subject"], line["from"]) == ("notify-1", MAIL.subject, SENDER)
    shown = sandbox.api("GET", f"/emails/{line['id']}").json
    assert (shown["text"], shown["html"]) == (MAIL.text, MAIL.html)
    assert ENVELOPE.to in shown["to"][0]


def test_each_error_of_resend_is_for_another_try_or_for_a_person(sandbox: Client) -> None:
    for name, http in NAMES.items():
        sandbox.fault(name=name, message="Injected", times=1)
        error = refused(Resend(f"{sandbox.url}/resend", KEY))
        assert (error.code, error.is_permanent) == (name, http < 500 and name not in PASSED)
        assert "Injected" in error.message


def test_an_answer_that_is_no_json_is_told_as_it_is(sandbox: Client) -> None:
    error = refused(Resend(sandbox.url, KEY))  # the sandbox's own pages, not Resend
    assert (error.code, error.is_permanent) == ("refused", True)


def test_the_settings_choose_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(ways.log, "warning", lambda _event, **fields: told.append(fields))
    way = {"notifications_from": "adsapp@console.example"}
    assert isinstance(outgoing(Settings(smtp_url="smtp://localhost", **way)), Smtp)
    assert isinstance(outgoing(Settings(notifications_resend_key=KEY, **way)), Resend)
    outgoing(Settings()).send(MAIL, ENVELOPE)
    outgoing(Settings(sandbox_url="http://127.0.0.1:5001")).send(MAIL, ENVELOPE)
    assert "SMTP_URL" in told[0]["todo"]
    assert "text" not in told[0]
    assert told[1]["text"] == MAIL.text
    assert {line["to"] for line in told} == {"z•••@example.com"}
