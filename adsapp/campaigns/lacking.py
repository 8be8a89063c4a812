"""Which variables of a campaign may have no value, and who was left out for it (`outbound.missing_values`)."""

from collections.abc import Mapping
from typing import Any, Protocol

from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import MISSING_VARIABLE
from adsapp.integrations.values import clean
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import source_words
from adsapp.outbound.missing_values import PeopleWithoutValue, Variable, why


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


def from_contacts(message: Fillable) -> dict[str, Variable]:
    """All variables that come from contacts, by their keys."""
    if message.text is not None:
        return {}
    called = {each.key: each.called for each in view(message.components, message.parameter_format).variables}
    sources = {key: entry for key, entry in message.variables.items() if "value" not in entry}
    return {key: _variable(key, called.get(key, key), entry) for key, entry in sources.items()}


def _variable(key: str, called: str, source: Mapping[str, Any]) -> Variable:
    return Variable(key, called, source_words(source.get("field", "")), clean(str(source.get("fallback") or "")))


def people_without_value(campaign: Campaign) -> PeopleWithoutValue:
    """Those who were left out for that."""
    their = CampaignRecipient
    is_left_out = their.status == Status.SKIPPED, their.error_code == MISSING_VARIABLE
    return PeopleWithoutValue(their, (their.campaign_id == campaign.id, *is_left_out))


def lacked(campaign: Campaign) -> dict[str, Variable]:
    """The variables that somebody who was left out for it does lack, by their keys."""
    return people_without_value(campaign).lacked(from_contacts(campaign))


def why_left_out(campaign: Campaign, skipped: int) -> str:
    """The reason in words; `skipped` people were left out for this or another one."""
    return why(people_without_value(campaign).named(from_contacts(campaign), skipped))
