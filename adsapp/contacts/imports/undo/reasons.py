"""Why a contact of an import cannot be put back as it was: as words, and as one expression of the database.

The question before and the job that does it ask the same expression.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select
from sqlalchemy.orm import aliased

from adsapp.contacts.models import Consent, Contact, ContactImport, OptEvent
from adsapp.contacts.ties import ties


class Why(NamedTuple):
    """A reason in words: `title` is said of several people."""

    title: str
    advice: str


NOTHING, DELETE, RESTORE = "", "deleted", "restored"  # what else becomes of a contact: nothing was done to it
NOT_KNOWN, CONSENT, REPLY, LATER, CHANGED, SILENCED = "not_known", "consent", "reply", "later_import", "changed", "no"
_OWN = {
    NOT_KNOWN: Why("What was before is not kept", "They were imported by an older version: change them by hand."),
    CONSENT: Why("Said yes or no to messages", "A yes or a no is never deleted, nor is the person who said it."),
    REPLY: Why("Wrote to you", "Whoever wrote to you stays a contact."),
    LATER: Why("In a later import too", "Undo that import first, then this one puts them back."),
    CHANGED: Why("Changed since", "What somebody changed after the import stays: look at them by hand."),
    SILENCED: Why(
        "Opted out by the file", "That stays, all else is put back. If it was wrong, opt them in on their page."
    ),
}


def reasons() -> Mapping[str, Why]:
    """All reasons by their code."""
    return {**_OWN, **{tie.code: Why(tie.title, tie.advice) for tie in ties()}}


def verdict() -> ColumnElement[str]:
    """What becomes of a contact of the import when it is undone: DELETE, RESTORE, NOTHING or the code of a reason.

    In a statement about `ContactImport` joined with its `Contact`.
    """
    was_created = ContactImport.outcome == "created"
    bound = [(and_(was_created, tie.binds()), tie.code) for tie in ties()]
    return case(
        (ContactImport.outcome.in_(("unchanged", "skipped")), NOTHING),
        (ContactImport.at.is_(None), NOT_KNOWN),
        *bound,
        (and_(was_created, _has_said_something()), CONSENT),
        (and_(was_created, Contact.last_inbound_at.is_not(None)), REPLY),
        (_is_in_a_later_import(), LATER),
        (Contact.updated_at != ContactImport.at, CHANGED),
        (was_created, DELETE),
        (ContactImport.undo["opted_out"].as_boolean(), SILENCED),
        else_=literal(RESTORE),
    )


def _has_said_something() -> ColumnElement[bool]:
    events = exists().where(OptEvent.organization_id == Contact.organization_id, OptEvent.contact_id == Contact.id)
    record = exists().where(
        Consent.organization_id == Contact.organization_id, Consent.person_key == Contact.person_key
    )
    return or_(Contact.opted_out_at.is_not(None), events, record)


def _is_in_a_later_import() -> ColumnElement[bool]:
    other = aliased(ContactImport)
    return (
        select(other.contact_id)
        .where(
            other.organization_id == ContactImport.organization_id,
            other.contact_id == ContactImport.contact_id,
            other.import_id != ContactImport.import_id,
            other.outcome != "skipped",
            other.at >= ContactImport.at,
        )
        .exists()
    )
