"""Wrong passwords make one wait, longer each time (docs/adr/0017).

They are counted in the database, for all web processes of both shapes, by where they come from:

- a browser in which this e-mail has signed in before: by itself alone, so that no stranger's failures touch it;
- any other: by its address together with the e-mail, and by its address for all e-mails, where more are let pass.
"""

import ipaddress
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.db.rows import insert_many
from adsapp.organizations.models import SignInFailures

FIRST_WAIT = timedelta(seconds=5)  # doubles with each further failure
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)  # without a failure
SHARED_BY = 10  # times as many failures are let pass from an address in all: an office has one


@dataclass(frozen=True)
class Place:
    """Where somebody tries to sign in from: what is counted there, most particular first."""

    keys: Sequence[str]

    @classmethod
    def of(cls, email: str, address: str, browser: uuid.UUID | None) -> "Place":
        """`browser` is the id of one in which this e-mail has signed in before."""
        email = email.strip().lower()
        if browser is not None:
            return cls([digest(f"browser {browser} {email}")])
        network = _network(address)
        return cls([digest(f"pair {network} {email}"), digest(f"address {network}")])


def count_try(place: Place) -> timedelta:
    """Count a try as a failure before the password is looked at, so that many at once gain nothing.

    Returns how long to wait, in which case nothing was counted; zero if the password may be looked at.
    """
    now = utcnow()
    db.session.execute(delete(SignInFailures).where(SignInFailures.last_at < now - FORGOTTEN_AFTER))
    rows = _locked(place, now)
    wait = max(row.until for row in rows) - now
    if wait > timedelta(0):
        return wait
    for row, free in zip(rows, _free(), strict=False):
        row.failures, row.last_at = row.failures + 1, now
        row.until = now + _wait_after(row.failures - free)
    return timedelta(0)


def forget_try(place: Place) -> None:
    """The password was right: this place begins anew, and the address is as it was before."""
    now = utcnow()
    own, *shared = _locked(place, now)
    db.session.delete(own)
    for row in shared:
        row.failures, row.until = max(0, row.failures - 1), now


def _locked(place: Place, now: datetime) -> list[SignInFailures]:
    """The counts of a place in its order, which nobody else changes until the transaction ends."""
    new = [{"key": key, "failures": 0, "last_at": now, "until": now} for key in place.keys]
    insert_many(db.session.connection(), SignInFailures, new, only_new=True)
    wanted = select(SignInFailures).where(SignInFailures.key.in_(place.keys)).order_by(SignInFailures.key)
    found = {row.key: row for row in db.session.scalars(wanted.with_for_update())}
    return [found[key] for key in place.keys]


def _free() -> tuple[int, int]:
    tries = context.settings().sign_in_tries
    return tries, tries * SHARED_BY


def _wait_after(failures: int) -> timedelta:
    if failures < 0:
        return timedelta(0)
    wait: timedelta = FIRST_WAIT * 2 ** min(failures, 20)
    return min(wait, LONGEST_WAIT)


def _network(address: str) -> str:
    """The address; of IPv6 the part that one customer of a provider has all of."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
