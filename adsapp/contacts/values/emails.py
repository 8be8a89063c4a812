"""One e-mail address out of one cell."""

import re
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from adsapp.contacts.values.fast_emails import is_sure_address
from adsapp.contacts.values.text import plain

_IN_BRACKETS = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)
_SCHEME = re.compile(r"mailto:\s*", re.IGNORECASE)


class Address(NamedTuple):
    """An address in small letters, by which it is compared; as it was typed; and whether more than blanks was removed
    from its cell."""

    email: str
    typed: str
    reduced: bool

    @property
    def if_typed_otherwise(self) -> str:
        """As it was typed, if that is not the same (it has capitals); else ""."""
        return "" if self.typed == self.email else self.typed


def normalise_email(cell: str) -> Address | None:
    """The address in the cell; None if it is not valid.

    No name server is asked. Gmail's dots and plus signs stay.
    """
    if is_sure_address(cell) and not cell.startswith("'"):
        return Address(cell.lower(), cell, reduced=False)
    text = plain(cell).removeprefix("'")
    named = _IN_BRACKETS.fullmatch(text)
    address = named[1] if named else _SCHEME.sub("", text, count=1)
    if is_sure_address(address):
        return Address(address.lower(), address, address != text)
    if not address:
        return None
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return Address(found.normalized.lower(), address, address != text)


def why_not_valid(text: str) -> str:
    """What is wrong with a text that is no address, in a few words, "" if that cannot be said."""
    try:
        validate_email(plain(text), check_deliverability=False)
    except EmailNotValidError as error:
        told = str(error).rstrip(".")
        return told[:1].lower() + told[1:]
    return ""


def address_key(address: str) -> str:
    """One text for all spellings of an address: capitals, blanks and a name around it, a domain in Unicode or Punycode.

    As `Contact.email` is kept. What is no address to us, though perhaps to a provider, is itself in small letters.
    """
    found = normalise_email(address)
    return found.email if found else plain(address).lower()
