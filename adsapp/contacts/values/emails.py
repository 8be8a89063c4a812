"""One e-mail address out of one cell."""

import re

from email_validator import EmailNotValidError, validate_email

from adsapp.contacts.values.fast_emails import is_sure_address
from adsapp.contacts.values.text import plain

_IN_BRACKETS = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)
_SCHEME = re.compile(r"mailto:\s*", re.IGNORECASE)


def normalise_email(cell: str) -> tuple[str, bool] | None:
    """The address in lower case, and whether more than blanks was removed from the cell; None if it is not valid.

    No name server is asked. Gmail's dots and plus signs stay: the address is stored as the person gave it.
    """
    text = plain(cell).removeprefix("'")
    named = _IN_BRACKETS.fullmatch(text)
    address = named[1] if named else _SCHEME.sub("", text, count=1)
    if is_sure_address(address):
        return address.lower(), address != text
    if not address:
        return None
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.normalized.lower(), address != text
