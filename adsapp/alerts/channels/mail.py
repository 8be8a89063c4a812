"""E-mail to a member, by the same way as every other letter."""

import uuid
from typing import Final

from adsapp.alerts.channels.message import Message, NotTold, Told
from adsapp.alerts.models import What
from adsapp.core import context
from adsapp.notifications.letters import Alert
from adsapp.notifications.outgoing import Envelope, NotTaken, outgoing
from adsapp.notifications.rendering import one_line, render
from adsapp.notifications.sending import PATH

LOGGED: Final = "log"
WORDS: Final = {
    What.FIRED: "",
    What.GREW: "It is more by now.",
    What.RESOLVED: "This is over; nothing needs to be done.",
    What.TEST: "This is a test of the channel; nothing is wrong.",
}


def send(message: Message, delivery_id: uuid.UUID, to: str, name: str) -> Told:
    """Hand it over; raises NotTold."""
    settings = context.settings()
    mail = render(letter(message), name=name, settings_url=f"{settings.base_url}{PATH}")
    way = outgoing(settings)
    try:
        way.send(mail, Envelope(settings.notifications_from, to, one_line(name), f"alert-{delivery_id}"))
    except NotTaken as error:
        raise NotTold(error.code, error.message, is_permanent=error.is_permanent) from None
    if way.name == "log":
        return Told(LOGGED, "No mail leaves this installation: it was only noted in the log")
    return Told("taken", f"Taken by {'the mail server' if way.name == 'smtp' else 'Resend'}")


def letter(message: Message) -> Alert:
    """The letter that says it."""
    return Alert(
        title=message.headline,
        text=message.text,
        url=message.url,
        action=message.action or "Look at it",
        said=WORDS[message.what],
        since=f"{message.since:%Y-%m-%d %H:%M} UTC",
        many=f"{message.count:,} in all" if message.count > 1 else "",
        rule=message.rule,
        things=tuple(each.title for each in message.things) if len(message.things) > 1 else (),
    )
