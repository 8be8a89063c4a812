"""Mail over a mail server (SMTP), by the standard library.

A server cannot tell that it had a mail before; the Message-ID is the same at each try, so that readers can.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage

from adsapp.core.clock import utcnow
from adsapp.mail_server import MailServer, read_sender
from adsapp.notifications.outgoing import Envelope, NotTaken
from adsapp.notifications.rendering import Mail

TIMEOUT = 30.0


class Smtp:
    name = "smtp"

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, mail: Mail, envelope: Envelope) -> None:
        message = message_of(mail, envelope)
        try:
            with self._connection() as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            (code, said), *_ = error.recipients.values()
            raise self._refused("recipient_refused", "does not take mail for this address", code, said) from None
        except smtplib.SMTPAuthenticationError as error:
            what = "refuses the user or password of SMTP_URL"
            raise self._refused("sign_in_refused", what, 535, error.smtp_error) from None
        except smtplib.SMTPResponseException as error:
            raise self._refused("refused", "refuses the mail", error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            raise NotTaken("not_supported", f"{self._where} cannot do it: {error}", is_permanent=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken("unreachable", f"{self._where} cannot be reached: {error}", is_permanent=False) from None

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server, secure = self._server, ssl.create_default_context()
        if server.is_encrypted:
            opened: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=secure)
        else:
            opened = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        with opened as connection:
            connection.ehlo()
            if not server.is_encrypted and self._wants_tls(connection):
                connection.starttls(context=secure)
                connection.ehlo()
            if server.user:
                connection.login(server.user, server.password)
            yield connection

    def _wants_tls(self, connection: smtplib.SMTP) -> bool:
        return self._server.starttls == "required" or (
            self._server.starttls == "auto" and connection.has_extn("starttls")
        )

    def _refused(self, code: str, what: str, status: int, said: bytes | str) -> NotTaken:
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return NotTaken(code, f"{self._where} {what}: {status} {text}", is_permanent=status >= 500)

    @property
    def _where(self) -> str:
        return f"The mail server {self._server.host}:{self._server.port}"


def message_of(mail: Mail, envelope: Envelope) -> EmailMessage:
    """The mail as it goes over the wire: text first, HTML for those who show it."""
    name, sender = read_sender(envelope.sender)
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(envelope.name, addr_spec=envelope.to)
    message["Subject"] = mail.subject
    message["Date"] = utcnow()
    message["Message-ID"] = f"<{envelope.key}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
