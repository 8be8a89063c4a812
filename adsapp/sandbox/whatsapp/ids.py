"""Message ids in the provider's format, and recipients' numbers as the provider reads them.

A wamid is `wamid.` and base64 of `1C 18 <len> <digits of the peer> 15 02 00 <11|12> 18 <len> <upper hex> 00`:
0x11 and 18 hex digits for a message the business sent, 0x12 and 20 for one it received.
Clients must treat it as opaque.
"""

import base64
import re
import zlib

import phonenumbers

_SEPARATORS = re.compile(r"[\s()\-]+")


class WamidMaker:
    """Counts up from a seed. Two sandboxes with different seeds never give the same id."""

    def __init__(self, seed: int) -> None:
        self._prefix = seed & 0xFFFFFFFFFF
        self._count = 0

    def outgoing(self, digits: str) -> str:
        return self._make(digits, 0x11, 18)

    def incoming(self, digits: str) -> str:
        return self._make(digits, 0x12, 20)

    def _make(self, digits: str, kind: int, length: int) -> str:
        self._count += 1
        unique = f"{self._prefix:010X}{self._count & 0xFFFFFFFF:08X}".rjust(length, "0").encode()
        peer = digits.encode()
        raw = b"\x1c\x18" + bytes([len(peer)]) + peer + b"\x15\x02\x00" + bytes([kind])
        raw += b"\x18" + bytes([length]) + unique + b"\x00"
        return "wamid." + base64.b64encode(raw).decode()


def digits_of(number: str, country_code: str = "") -> str | None:
    """The digits of a recipient as typed, or None if it is no phone number.

    `+`, hyphens, parentheses and spaces are tolerated; without a `+`, the number must begin with the country code.
    """
    bare = _SEPARATORS.sub("", number)
    digits = bare[1:] if bare.startswith("+") else country_code + bare
    if not (digits.isascii() and digits.isdigit()) or not 7 <= len(digits) <= 15:
        return None
    return digits


_LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")
_DIGITS = str.maketrans("ABCDEFGHIJ", "0123456789")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}", re.ASCII)


def user_id_of(digits: str) -> str:
    """The user id of this number's owner, always the same one. A real one tells nothing of the number."""
    return f"US.{digits.translate(_LETTERS)}"


def owner_of(user_id: str) -> str | None:
    """The digits of the person with this user id; None if it is none. Ids of other makers get a number nobody has."""
    if not _USER_ID.fullmatch(user_id):
        return None
    digits = user_id.removeprefix("US.").translate(_DIGITS)
    made_here = digits.isdigit() and 7 <= len(digits) <= 15 and user_id_of(digits) == user_id
    return digits if made_here else f"999{zlib.crc32(user_id.encode()):010}"


def reads_messages(digits: str) -> bool:
    """Whether this person reads messages: about 60 in 100 do, always the same ones."""
    return zlib.crc32(digits.encode()) % 100 < 60


def other_wa_id(digits: str) -> str:
    """A wa_id that differs from the number, as the provider's does in Brazil, Mexico and Argentina."""
    if digits.startswith("55") and len(digits) == 13 and digits[4] == "9":
        return digits[:4] + digits[5:]
    if digits.startswith("52") and len(digits) == 12:
        return "521" + digits[2:]
    if digits.startswith("54") and not digits.startswith("549"):
        return "549" + digits[2:]
    return digits[:-4] + "9109"


def is_in_us(digits: str) -> bool:
    """True for a number of the United States; other countries share +1 and have area codes of their own."""
    if not digits.startswith("1"):
        return False
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits[1:] or 0))
    return phonenumbers.region_code_for_number(number) in (None, "US")
