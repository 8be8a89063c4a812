"""How mail is sent is read when the program starts, and a wrong setting says what it should be."""

import pytest

from adsapp.config import ConfigError, Settings
from adsapp.mail_server import MailServer, read_sender, read_smtp_url

FROM = "adsapp@console.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587, "", "", False, "auto")),
        ("smtp://a:b@mail.example:25", MailServer("mail.example", 25, "a", "b", False, "required")),
        ("smtp://a:b@mail.example/?starttls=never", MailServer("mail.example", 587, "a", "b", False, "never")),
        ("smtps://a%40x:b%3A@mail.example", MailServer("mail.example", 465, "a@x", "b:", True, "required")),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, expected: MailServer) -> None:
    assert read_smtp_url(url) == expected
    assert "b" not in repr(read_smtp_url("smtp://a:b@x.y")).replace("required", "")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"smtp_url": "mail.example:587"}, "SMTP_URL is wrong: should be smtp://"),
        ({"smtp_url": "http://mail.example"}, "SMTP_URL is wrong"),
        ({"smtp_url": "smtp://alice@mail.example"}, "a user and a password, or neither"),
        ({"smtp_url": "smtp://mail.example:99999"}, "a port from 1 to 65535"),
        ({"smtp_url": "smtp://mail.example?tls=1"}, "should end with the port"),
        ({"smtp_url": "smtps://mail.example?starttls=auto"}, "should end with the port"),
        ({"smtp_url": "smtp://mail.example?starttls=yes"}, "not 'yes'"),
        ({"smtp_url": "smtp://mail.example"}, "NOTIFICATIONS_FROM should be set, because SMTP_URL is"),
        ({"notifications_resend_key": "re_1"}, "because NOTIFICATIONS_RESEND_KEY is"),
        ({"notifications_from": "ADSapp"}, "NOTIFICATIONS_FROM is wrong: should be an address"),
        ({"notifications_from": f"ADSapp\n<{FROM}>"}, "NOTIFICATIONS_FROM is wrong"),
        (
            {"smtp_url": "smtp://mail.example", "notifications_resend_key": "re_1", "notifications_from": FROM},
            "not both",
        ),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(**settings)
    assert words in str(caught.value)


def test_a_sender_may_have_a_name() -> None:
    assert read_sender(f"ADSapp <{FROM}>") == ("ADSapp", FROM)
    assert Settings.load(smtp_url="smtp://mail.example", notifications_from=FROM).notifications_from == FROM
