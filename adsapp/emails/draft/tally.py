"""An audience counted by the rules of freezing and sending: who gets the e-mail, and who is left out why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import String, case, cast, exists, func, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.emails import reasons
from adsapp.emails.content.rendering import EmailContent, parse_variables
from adsapp.emails.draft.asked import Given
from adsapp.emails.models import Suppression
from adsapp.emails.suppressions.silent import silent_keys
from adsapp.message_templates.placeholders import Source
from adsapp.outbound.audience import Audience
from adsapp.outbound.lacking import lacks_value

SAMPLE = 5


@dataclass(frozen=True)
class Tally:
    """Everybody counted once: total = duplicates + opted_out + no_address + suppressed + missing + will_send."""

    total: int
    duplicates: int = 0
    opted_out: int = 0
    no_address: int = 0
    suppressed: int = 0
    missing: int = 0

    @property
    def will_send(self) -> int:
        """Addresses that get it."""
        left_out = self.duplicates + self.opted_out + self.no_address + self.suppressed + self.missing
        return self.total - left_out


def sources_of(content: EmailContent) -> Sequence[Source]:
    """Where the values of a checked e-mail come from."""
    return list(parse_variables(content, content.variables).values())


def count(audience: Audience, sources: Iterable[Source]) -> Tally:
    """Count contacts in one statement: one e-mail an address, to nobody who said no."""
    # Contacts without an address are not one person.
    address = case((Contact.email == "", cast(Contact.id, String)), else_=Contact.email)
    listed = exists().where(
        Suppression.organization_id == Contact.organization_id, Suppression.address_key == Contact.email
    )
    conditions = {"none": Contact.email == "", "listed": listed, "lacks": lacks_value(sources)}
    rows = (
        select(
            func.row_number().over(partition_by=address, order_by=Contact.id).label("nth"),
            func.max(case((Contact.opted_out_at.is_not(None), 1), else_=0)).over(partition_by=address).label("out"),
            *(case((condition, 1), else_=0).label(name) for name, condition in conditions.items()),
        )
        .where(Contact.organization_id == db.require_organization_id(), audience.condition)
        .subquery()
    )
    of = rows.c
    first, willing = of.nth == 1, (of.nth == 1, of.out == 0)
    counted = db.session.execute(
        select(
            func.count(),
            func.count().filter(of.nth > 1),
            func.count().filter(first, of.out == 1),
            func.count().filter(*willing, of.none == 1),
            func.count().filter(*willing, of.none == 0, of.listed == 1),
            func.count().filter(*willing, of.none == 0, of.listed == 0, of.lacks == 1),
        ).select_from(rows),
        execution_options={"names_organization": True},  # the session's own filter does not reach a subquery
    ).one()
    return Tally(*counted)


def count_given(given: Sequence[Given], asked: int) -> Tally:
    """The same for addresses that were given; `asked` with those that are in the list twice."""
    why = Counter(silent_keys([each.key for each in given]).values())
    return Tally(
        asked,
        duplicates=asked - len(given),
        opted_out=why[reasons.OPTED_OUT],
        suppressed=why[reasons.SUPPRESSED],
    )


def missing_sample(audience: Audience, sources: Iterable[Source]) -> tuple[str, ...]:
    """Names of some people who have no value for a placeholder."""
    found = db.session.scalars(
        select(Contact)
        .where(audience.condition, Contact.email != "", lacks_value(sources), Contact.opted_out_at.is_(None))
        .order_by(Contact.id)
        .limit(SAMPLE)
    )
    return tuple(dict.fromkeys(contact.display_name or "a contact without a name" for contact in found))
