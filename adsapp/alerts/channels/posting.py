"""One POST to an address that a person gave, and what its answer means."""

from collections.abc import Mapping
from typing import Final

from adsapp.alerts.channels.message import NotTold, Told
from adsapp.core.clock import utcnow
from adsapp.core.outgoing import Answer, Caller, OutgoingError
from adsapp.integrations.http import wait_in

PASSING: Final = frozenset({408, 425, 429})
LONGEST_ANSWER: Final = 200


def post(caller: Caller, url: str, body: bytes, headers: Mapping[str, str]) -> Told:
    """What the other side answered; raises NotTold."""
    try:
        answer = caller.ask("POST", url, headers={"Content-Type": "application/json", **headers}, body=body)
    except OutgoingError as error:
        raise NotTold(error.code, error.message, is_permanent=error.is_permanent) from None
    if 200 <= answer.status < 300:
        return Told(str(answer.status), f"Answered {answer.status}{_said(answer)}")
    raise NotTold(
        str(answer.status),
        f"Answered {answer.status}{_said(answer)}",
        is_permanent=answer.status < 500 and answer.status not in PASSING,
        wait_seconds=wait_in(answer.headers.get("retry-after", ""), utcnow()),
    )


def _said(answer: Answer) -> str:
    if "html" in answer.headers.get("content-type", "").lower():
        return " with a web page: is this the address for programs?"
    text = " ".join(answer.body.decode(errors="replace").split())
    text = "".join(each for each in text if each.isprintable())[:LONGEST_ANSWER]
    return f": {text}" if text else ""
