"""Says yes to e-mail addresses that are surely valid, without email-validator's work for each; never says no.

The rules are that library's own for addresses of plain ASCII: RFC 5322's dot-atom before the @, host names of RFC 952
and 1123 after it, and its list of names that are reserved for special use. What may be an international name, is long
or is anything else is left to the library. A test compares the two.
"""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES

_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_LAST = r"[a-z](?:[a-z0-9\-]{0,61}[a-z])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@((?:{_LABEL}\.)+{_LAST})", re.IGNORECASE | re.ASCII)
_MOST = 253  # characters; the library's limits are here or above
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


def is_sure_address(address: str) -> bool:
    """True only if the library would take the address, and change nothing about it but to small letters."""
    found = _ADDRESS.fullmatch(address) if len(address) <= _MOST else None
    if found is None:
        return False
    domain = found[1].lower()
    return "--" not in domain and not f".{domain}".endswith(_SPECIAL)
