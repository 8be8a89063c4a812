"""Slack, by an incoming webhook: a message of blocks, and a plain text for notices of phones."""

import json
from typing import Any, Final

from adsapp.alerts.channels.message import Message, NotTold, Told
from adsapp.alerts.channels.posting import post
from adsapp.alerts.models import What
from adsapp.core.outgoing import Caller
from adsapp.core.words import plural

LONGEST_TITLE: Final = 150  # of a header block
LONGEST_TEXT: Final = 2_900  # a section takes 3,000
MOST_THINGS: Final = 5
MARKS: Final = {"critical": ":red_circle:", "warning": ":large_orange_circle:"}
# What Slack answers for an address that takes nothing more, in words for who made the channel.
GONE: Final = {
    "403": "Slack refuses this address: the app was removed, or may not write there",
    "404": "Slack knows no such address: it was revoked, or mistyped",
    "410": "The channel behind this address was archived",
}


def send(message: Message, address: str, caller: Caller) -> Told:
    """Post it; raises NotTold."""
    body = json.dumps(payload(message), ensure_ascii=False).encode()
    try:
        return post(caller, address, body, {})
    except NotTold as error:
        if error.code in GONE:
            text = f"{GONE[error.code]}. {error.message}"
            raise NotTold(error.code, text, is_permanent=True) from None
        raise


def payload(message: Message) -> dict[str, Any]:
    """The message in blocks."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.headline[:LONGEST_TITLE], "emoji": True}},
        {"type": "section", "text": _text(f"{_mark(message)} {_plain(message.text)}")},
        {"type": "section", "fields": [_text(f"*{name}*\n{value}") for name, value in _facts(message)]},
    ]
    if len(message.things) > 1:
        blocks.append({"type": "section", "text": _text(_things(message))})
    blocks.append({"type": "actions", "elements": [_button(message.action or "Open it", message.url, primary=True),
                                                   _button("All alerts", message.alerts_url)]})  # fmt: skip
    context = f"{_plain(message.organization)} · {_plain(message.rule)}"
    blocks.append({"type": "context", "elements": [_text(context)]})
    return {"text": message.headline, "blocks": blocks}


def _mark(message: Message) -> str:
    return ":white_check_mark:" if message.what is What.RESOLVED else MARKS.get(message.severity, "")


def _facts(message: Message) -> list[tuple[str, str]]:
    moment = int(message.since.timestamp())
    since = f"<!date^{moment}^{{date_short_pretty}} {{time}}|{message.since:%Y-%m-%d %H:%M} UTC>"
    return [("Since", since), ("How many", f"{message.count:,}"), ("How bad", message.severity)]


def _things(message: Message) -> str:
    lines = [f"• <{_plain(each.url)}|{_plain(each.title)}>" for each in message.things[:MOST_THINGS]]
    more = len(message.things) - MOST_THINGS
    return "\n".join([*lines, f"and {plural(more, 'more', 'more')}"] if more > 0 else lines)


def _button(text: str, url: str, *, primary: bool = False) -> dict[str, Any]:
    button: dict[str, Any] = {"type": "button", "text": {"type": "plain_text", "text": text[:75]}, "url": url}
    return {**button, "style": "primary"} if primary else button


def _text(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text[:LONGEST_TEXT]}


def _plain(text: str) -> str:
    """A name holds no markup of Slack's, whatever people called it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
