"""Reads of suppressions."""

from collections.abc import Collection

from sqlalchemy import select

from adsapp.contacts.values.emails import address_key
from adsapp.core import db
from adsapp.core.db.rows import slices
from adsapp.core.db.searching import has_words
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.inputs import number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.emails.models import Suppression, SuppressionCount, SuppressionReason


def suppressed(address_keys: Collection[str]) -> dict[str, SuppressionReason]:
    """Those of these addresses that get nothing, with the reason."""
    found: dict[str, SuppressionReason] = {}
    for some in slices(address_keys):
        rows = select(Suppression.address_key, Suppression.reason).where(Suppression.address_key.in_(some))
        found |= {row.address_key: row.reason for row in db.session.execute(rows)}
    return found


def list_suppressions(
    search: str = "", reason: SuppressionReason | None = None, cursor: str = "", limit: int = PAGE
) -> Page[Suppression]:
    """Newest first; `search` finds parts of an address, in any spelling of a whole one."""
    query = select(Suppression).order_by(Suppression.id.desc()).limit(limit + 1)
    if search:
        query = query.where(has_words(Suppression.address, search) | (Suppression.address_key == address_key(search)))
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    if cursor:
        query = query.where(Suppression.id < number_after(cursor))
    return cut(db.session.scalars(query).all(), limit, lambda row: str(row.id))


def get_suppression(suppression_id: int) -> Suppression:
    """The suppression; raises NotFound."""
    found = db.session.scalars(select(Suppression).where(Suppression.id == suppression_id)).first()
    if found is None:
        raise NotFound("This address is not suppressed")
    return found


def counts_by_reason() -> dict[SuppressionReason, int]:
    """How many addresses have each reason, from counters."""
    known = {row.reason: row.count for row in db.session.scalars(select(SuppressionCount))}
    return {reason: known.get(reason, 0) for reason in SuppressionReason}


def reason_of(text: str) -> SuppressionReason:
    """The reason of this name; raises Invalid that lists them."""
    try:
        return SuppressionReason(text)
    except ValueError:
        raise Invalid.field(
            "reason", f"There is no reason {text[:40]!r}; there are {', '.join(SuppressionReason)}"
        ) from None
