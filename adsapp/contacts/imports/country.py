"""From which country the numbers of a file are: the question on its page and in the API's answer, and afterwards
whether refused ones look as if they were from another country than the one that was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.home import Candidate, Proposal, propose_country
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.overlooked import Overlooked
from adsapp.contacts.models import Import
from adsapp.contacts.values.countries import countries
from adsapp.core import db
from adsapp.organizations.models import Organization

CHOOSE = "Choose the country that these numbers are from."
OPEN = "country_open"
# Refusals that another default country may mend.
BY_COUNTRY = ("no_country", "too_short", "too_long", "no_area_code", "not_in_use")
FEWEST = 3  # numbers that make a cause of it


def proposal_of(inspection: Inspection, mapping: Mapping, own: str) -> Proposal:
    """The likeliest country of a file's numbers, by its first rows; `own` is the organization's."""
    if mapping.validate():
        return Proposal(Candidate(own, 0, 0))
    return propose_country(inspection.sample, mapping, own)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a number of the file would be stored, if it were from this country."""

    country: str
    name: str
    written: str
    stored: str
    fits: str


def readings(proposal: Proposal) -> tuple[Reading, ...]:
    """The countries to choose from, the likeliest first; none if there is nothing to choose."""
    if not proposal.is_open:
        return ()
    return tuple(
        Reading(each.country, countries()[each.country], *each.example, f"{each.mobiles:,} of {proposal.needed:,}")
        for each in (proposal.best, *proposal.rivals)
    )


def why(proposal: Proposal, chosen: str) -> str:
    """Why this country is proposed, if it is the one that was chosen and the file speaks for it."""
    if not proposal.why or proposal.is_open or chosen != proposal.best.country:
        return ""
    return f"Proposed: {proposal.why}"


def doubts(inspection: Inspection, mapping: Mapping, own: str) -> tuple[Overlooked, ...]:
    """What a program is told that chose no country, if the numbers fit in another than the organization's own."""
    found = proposal_of(inspection, mapping, own)
    other = next((each for each in (found.best, *found.rivals) if each.country != own and each.mobiles), None)
    index = mapping.index_of("phone")
    if other is None or index is None:
        return ()
    written, stored = other.example
    said = (
        f"{other.mobiles:,} of the first {found.needed:,} numbers without a country code would be mobile numbers in "
        f"{countries()[other.country]} ({written} as {stored}). They are read with your organization’s default, "
        f"{countries().get(own, 'no country')}: send options.default_country to say which it is."
    )
    return (Overlooked(index, mapping.header[index], OPEN, said),)


@dataclass(frozen=True, slots=True)
class Misread:
    """Refused numbers that would be mobile numbers of another country than the default one: how many, of how many that
    were looked at, and of which countries, the likeliest first."""

    numbers: int
    of: int
    countries: tuple[str, ...]

    @property
    def names(self) -> str:
        """The countries in words."""
        return " or ".join(countries()[each] for each in self.countries)

    @property
    def title(self) -> str:
        """What they share, in a sentence."""
        return f"{self.numbers:,} of {self.of:,} refused numbers look like mobile numbers of {self.names}"

    def to_json(self) -> dict[str, Any]:
        """As it is stored with a trial."""
        return {"numbers": self.numbers, "of": self.of, "countries": list(self.countries)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Misread":
        """As `to_json` gave it."""
        return cls(data["numbers"], data["of"], tuple(data["countries"]))


def misread(batch: Import, refused: Sequence[Sequence[str]]) -> Misread | None:
    """What the refused rows of an import (those of BY_COUNTRY, up to a hundred) share; None if it is no country."""
    if not refused:
        return None
    inspection, own = Inspection.from_json(batch.inspection), db.session.get_one(Organization, batch.organization_id)
    mapping = Mapping.stored(batch.mapping, inspection.header)
    found = propose_country(refused, mapping, own.default_country, inspection.sample)
    likely = tuple(dict.fromkeys(each.country for each in (found.best, *found.rivals)))
    if found.best.mobiles < max(FEWEST, found.needed / 2) or batch.options.get("default_country") in likely:
        return None
    return Misread(found.best.mobiles, found.needed, likely)
