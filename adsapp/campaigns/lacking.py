"""Which variables of a campaign may have no value, and who was left out for it (`outbound.left_out`)."""

from collections.abc import Mapping
from typing import Any, Protocol

from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import MISSING_VARIABLE
from adsapp.integrations.values import clean
from adsapp.message_templates.components import view
from adsapp.outbound.left_out import LeftOut, Variable, source_words


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


def left_out(campaign: Campaign) -> LeftOut:
    """Those who were left out for that."""
    their = CampaignRecipient
    is_left_out = their.status == Status.SKIPPED, their.error_code == MISSING_VARIABLE
    return LeftOut(their, (their.campaign_id == campaign.id, *is_left_out))


def lacked(campaign: Campaign) -> dict[str, Variable]:
    """Of `may_lack` those that somebody who was left out for it does lack, by their keys."""
    return left_out(campaign).lacked(may_lack(campaign))
