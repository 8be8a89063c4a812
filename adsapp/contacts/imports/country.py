"""The question from which country the numbers of a file are, on its page and in the API's answer."""

from dataclasses import dataclass

from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.home import Candidate, Proposal, propose_country
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.overlooked import Overlooked
from adsapp.contacts.values.countries import countries

CHOOSE = "Choose the country that these numbers are from."
OPEN = "country_open"


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
