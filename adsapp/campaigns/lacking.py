"""People who were left out because a variable had no value: which variables those are, and who lacks which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select

from adsapp.campaigns import reasons
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from adsapp.integrations.values import clean
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX, FIELDS


class Fillable(Protocol):
    """A campaign, or its message: what is filled in for each person."""

    @property
    def components(self) -> list[dict[str, Any]]: ...
    @property
    def parameter_format(self) -> str: ...
    @property
    def variables(self) -> Mapping[str, Any]: ...
    @property
    def text(self) -> str | None: ...


@dataclass(frozen=True)
class Variable:
    """A variable that may have no value: its key, what the page calls it, and where it comes from, in words."""

    key: str
    called: str
    source: str

    @property
    def in_words(self) -> str:
        """{{1}} (First name)."""
        return f"{self.called} ({self.source})"


@dataclass(frozen=True)
class Lacking:
    """Somebody who was left out, and the keys of the variables that have no value."""

    id: int
    variables: Mapping[str, Any]
    lacks: frozenset[str]


def may_lack(message: Fillable) -> dict[str, Variable]:
    """The variables that come from contacts and have no fallback, by their keys."""
    return {key: each for key, each in from_contacts(message).items() if not fallback(message, key)}


def from_contacts(message: Fillable) -> dict[str, Variable]:
    """All variables that come from contacts, by their keys."""
    if message.text is not None:
        return {}
    called = {each.key: each.called for each in view(message.components, message.parameter_format).variables}
    return {
        key: Variable(key, called.get(key, key), source_words(entry.get("field", "")))
        for key, entry in message.variables.items()
        if "value" not in entry
    }


def fallback(message: Fillable, key: str) -> str:
    """What is sent if a contact has no value for this variable; empty if there is nothing."""
    return clean(str(message.variables[key].get("fallback") or ""))


def source_words(field: str) -> str:
    """First name; the column “city”."""
    if field.startswith(ATTRIBUTE_PREFIX):
        return f"column “{field.removeprefix(ATTRIBUTE_PREFIX)}”"
    return FIELDS.get(field, field)


def why(variables: Iterable[Variable], between: str = " or ") -> str:
    """The reason, with the variables that it may be (or, joined by " and ", that it is)."""
    names = between.join(each.in_words for each in variables)
    return f"No value for {names}" if names else reasons.explain(reasons.MISSING_VARIABLE).title


def lacked(campaign: Campaign) -> dict[str, Variable]:
    """Of `may_lack` those that somebody who was left out for it does lack, by their keys."""
    return {key: each for key, each in may_lack(campaign).items() if _somebody_lacks(campaign, key)}


def _somebody_lacks(campaign: Campaign, key: str) -> bool:
    value = CampaignRecipient.variables[key].as_string()
    found = select(CampaignRecipient.id).where(*_left_out(campaign), func.trim(func.coalesce(value, "")) == "")
    return db.session.scalar(found.limit(1)) is not None


def _left_out(campaign: Campaign) -> tuple[ColumnElement[bool], ...]:
    return (
        CampaignRecipient.campaign_id == campaign.id,
        CampaignRecipient.status == Status.SKIPPED,
        CampaignRecipient.error_code == reasons.MISSING_VARIABLE,
    )


def people(campaign: Campaign, after: int, limit: int) -> list[Lacking]:
    """Some of those who were left out for that, in the ledger's order, with what each lacks."""
    rows = db.session.execute(
        select(CampaignRecipient.id, CampaignRecipient.variables)
        .where(*_left_out(campaign), CampaignRecipient.id > after)
        .order_by(CampaignRecipient.id)
        .limit(limit)
    )
    asked = from_contacts(campaign)
    return [Lacking(row.id, row.variables, lacks(row.variables, asked)) for row in rows]


def lacks(values: Mapping[str, Any], asked: Iterable[str]) -> frozenset[str]:
    """Which of these variables have no value."""
    return frozenset(key for key in asked if not str(values.get(key) or "").strip())
