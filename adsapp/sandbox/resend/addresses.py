"""E-mail addresses as the provider takes them: `a@b` or `Name <a@b>`."""

import re

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_NAMED = re.compile(r"(?P<name>[^<>\r\n]*)<(?P<address>[^<>]+)>\s*")


def address_of(text: str) -> str | None:
    """The bare address of `a@b` or `Name <a@b>`, spelled as it is; None if it is none."""
    named = _NAMED.fullmatch(text)
    address = (named["address"] if named else text).strip()
    return address if len(address) <= 254 and _ADDRESS.fullmatch(address) else None


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
