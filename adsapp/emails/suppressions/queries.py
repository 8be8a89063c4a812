"""Reads of suppressions."""

from collections.abc import Iterable

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.db.rows import slices
from adsapp.core.db.searching import has_words
from adsapp.core.errors import NotFound
from adsapp.core.inputs import number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.emails.models import Suppression, SuppressionCount, SuppressionReason


def list_suppressions(
    search: str = "", reason: SuppressionReason | None = None, cursor: str = "", limit: int = PAGE
) -> Page[Suppression]:
    """Newest first, of one reason or with a part of an address."""
    query = select(Suppression).order_by(Suppression.id.desc()).limit(limit + 1)
    if search:
        query = query.where(has_words(Suppression.address, search))
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    if cursor:
        query = query.where(Suppression.id < number_after(cursor))
    return cut(db.session.scalars(query).all(), limit, lambda row: str(row.id))


def get_suppression(suppression_id: int) -> Suppression:
    """The suppression; raises NotFound."""
    found = db.session.scalars(select(Suppression).where(Suppression.id == suppression_id)).first()
    if found is None:
        raise NotFound("This address is not suppressed; it may have been removed from the list")
    return found


def suppressed(address_keys: Iterable[str]) -> dict[str, Suppression]:
    """Those of these addresses that get no e-mail, by their key."""
    found: dict[str, Suppression] = {}
    for some in slices(address_keys):
        rows = db.session.scalars(select(Suppression).where(Suppression.address_key.in_(some)))
        found |= {row.address_key: row for row in rows}
    return found


def counts_by_reason() -> dict[SuppressionReason, int]:
    """How many addresses have each reason, from counters."""
    known = {row.reason: row.count for row in db.session.scalars(select(SuppressionCount))}
    return {reason: known.get(reason, 0) for reason in SuppressionReason}
