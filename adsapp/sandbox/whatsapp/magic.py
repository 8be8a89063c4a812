"""Recipients who behave oddly on purpose, chosen by the last four digits of their number.

Never random. Off with `"magic": false`. A demo or a benchmark must give its people numbers with other endings;
`MAGIC` is the whole list.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Magic:
    """What happens to a message for such a number.

    refuse: code of an immediate refusal, given `times` times to each recipient (None: always).
    fail: code of a `failed` status after acceptance. habit: a named behaviour, see `journeys.py`.
    """

    meaning: str
    refuse: int = 0
    times: int | None = None
    fail: int = 0
    habit: str = ""


MAGIC: dict[str, Magic] = {
    "0026": Magic("accepted, then fails with 131026", fail=131026),
    "0049": Magic("accepted, then fails with 131049", fail=131049),
    "0050": Magic("accepted, then fails with 131050", fail=131050),
    "0047": Magic("always refused with 131047", refuse=131047),
    "0056": Magic("refused with 131056 once, then accepted", refuse=131056, times=1),
    "0429": Magic("refused with 130429 twice, then accepted", refuse=130429, times=2),
    "0500": Magic("refused with 131000 once, then accepted", refuse=131000, times=1),
    "0190": Magic("always refused with 190", refuse=190),
    "9001": Magic("held for quality assessment, then released", habit="held"),
    "9002": Magic("held for quality assessment, then dropped with 132015", habit="held", fail=132015),
    "9003": Magic("accepted, but the answer never comes", habit="hang"),
    "9004": Magic("read without delivered", habit="read_only"),
    "9005": Magic("failed, then delivered after all", habit="delivered_after_failed", fail=131000),
    "9006": Magic('replies "STOP"', habit="replies_stop"),
    "9007": Magic("taps the first quick reply", habit="taps"),
    "9008": Magic("stops marketing in WhatsApp's own settings", habit="stops_marketing"),
    "9009": Magic("has a wa_id that differs from the number", habit="other_wa_id"),
}

_NONE = Magic("")


def magic_for(digits: str) -> Magic:
    """The magic of a number; for all other numbers, one that does nothing."""
    return MAGIC.get(digits[-4:], _NONE)
