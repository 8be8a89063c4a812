"""Addresses that behave oddly on purpose. Never random.

Those the provider documents always do: `delivered@resend.dev`, `bounced@…`, `complained@…`, `suppressed@…`, each with a
`+label`. On all other domains the beginning of the local part decides (`bounced`, `bounced.anna`, `soft-3`; off with
`"magic": false`); it ends where a letter would not follow, so nobody called Softley is meant.
"""

import re
import zlib

TEST_DOMAIN = "resend.dev"

# By the beginning of the local part: what becomes of the e-mail.
MAGIC: dict[str, str] = {
    "bounced": "bounces for good (no such mailbox); the address is suppressed then",
    "complained": "is delivered, then reported as spam; the address is suppressed then",
    "suppressed": "is on the list of suppressed addresses already",
    "soft": "bounces for now (mailbox full)",
    "delayed": "is delayed, then delivered",
    "failed": "cannot be sent (email.failed)",
    "hang": "is accepted, but the answer never comes",
    "refused": "is refused with invalid_parameter",
}
_DOCUMENTED = ("delivered", "bounced", "complained", "suppressed")
_BEGINNING = re.compile(rf"({'|'.join(MAGIC)})(?![a-z])")


def habit_of(address: str, *, magic: bool = True) -> str:
    """How an address behaves: a word of MAGIC, or nothing if it behaves as others do."""
    local, _, domain = address.lower().rpartition("@")
    if domain == TEST_DOMAIN:
        name = local.partition("+")[0]
        return name if name in _DOCUMENTED and name != "delivered" else ""
    found = _BEGINNING.match(local) if magic else None
    return found[1] if found else ""


def opens_mail(address: str) -> bool:
    """Whether this person opens e-mails where that is tracked: about 40 in 100 do, always the same ones."""
    return zlib.crc32(address.lower().encode()) % 100 < 40


def clicks_links(address: str) -> bool:
    """Whether this person clicks the first link: about 10 in 100 do, who open e-mails too."""
    return zlib.crc32(address.lower().encode()) % 100 < 10
