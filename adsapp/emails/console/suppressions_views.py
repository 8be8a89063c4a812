"""Pages: who gets no e-mail, and why."""

from collections.abc import Iterator
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts.values.emails import address_key
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import ask
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.pages import render
from adsapp.core.words import plural
from adsapp.emails.console.blueprint import views
from adsapp.emails.console.pasted import entries, recipient_of
from adsapp.emails.console.suppressions_page import LIST, Adding, SuppressionsPage, removal
from adsapp.emails.draft.given import why_no_address
from adsapp.emails.models import Suppression, SuppressionReason
from adsapp.emails.suppressions import queries, service
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

PER_PAGE: Final = 50
MOST_TOLD: Final = 3
FORM_BYTES: Final = 2 * MB
NOTHING: Final = Adding()


@views.get("/suppressions")
@allow(Permission.SEE)
def list_suppressions() -> ResponseReturnValue:
    """Newest first, of one reason or with a part of an address."""
    return render(_page())


def _page(add: Adding = NOTHING) -> SuppressionsPage:
    # Whoever must not see addresses must not guess them by looking for parts.
    may_search = current_actor().sees_numbers
    search = request.args.get("search", "").strip() if may_search else ""
    reason, cursor = _reason(request.args.get("reason", "")), request.args.get("cursor", "")
    found = queries.list_suppressions(search, reason, cursor, PER_PAGE)
    return SuppressionsPage.of(found, search, reason, cursor, add, may_search=may_search)


def _reason(text: str) -> SuppressionReason | None:
    return next((reason for reason in SuppressionReason if reason == text), None)


@views.post("/suppressions")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to="change suppressions")
def add_suppressions() -> ResponseReturnValue:
    """Add one address or many, each on a line or with commas between; nothing is added if one of them is none."""
    typed, detail = request.form.get("addresses", ""), request.form.get("detail", "").strip()
    addresses = list({address_key(each): each for each in _addresses(typed)}.values())
    wrong = _what_is_wrong(addresses)
    if wrong:
        return render(_page(Adding(typed, detail, wrong))), Invalid.status
    added = service.add(addresses, detail=detail[:500], by=current_actor().by())
    db.session.commit()
    were = len(addresses) - added
    known = f"; {plural(were, 'was', 'were')} on the list already" if were else ""
    flash(f"{plural(added, 'address gets', 'addresses get')} no more e-mail{known}", "good")
    return redirect(url_for(LIST), 303)


def _addresses(typed: str) -> Iterator[str]:
    return (recipient_of(each)["email"] for each in entries(typed))


def _what_is_wrong(addresses: list[str]) -> str:
    if not addresses:
        return "Paste one address at least"
    if len(addresses) > service.MOST_AT_ONCE:
        return f"{len(addresses):,} addresses are too many at once; {service.MOST_AT_ONCE:,} are taken"
    mistakes = [why for each in addresses if (why := why_no_address(each))]
    more = len(mistakes) - MOST_TOLD
    return "; ".join(mistakes[:MOST_TOLD]) + (f"; and {more:,} more" if more > 0 else "")


@views.get("/suppressions/<suppression_id>/removal")
@allow(Permission.MANAGE, to="change suppressions")
def ask_to_remove_suppression(suppression_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(removal(_suppression(suppression_id)))


@views.post("/suppressions/<suppression_id>/removal")
@allow(Permission.MANAGE, to="change suppressions")
def remove_suppression(suppression_id: str) -> ResponseReturnValue:
    """Let the address get e-mail again."""
    found = _suppression(suppression_id)
    address = found.address
    service.release(found, by=current_actor().by())
    db.session.commit()
    flash(f"{address} gets e-mail again", "good")
    return redirect(url_for(LIST), 303)


def _suppression(suppression_id: str) -> Suppression:
    return queries.get_suppression(digits(suppression_id) or 0)
