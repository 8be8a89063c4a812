"""A campaign's message made ready: filled in for a person, and addressed to them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from adsapp.campaigns import lacking, reasons
from adsapp.campaigns.models import Campaign
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Message, TemplateMessage, TextMessage
from adsapp.integrations.values import is_user_id
from adsapp.message_templates.components import TemplateView, view
from adsapp.message_templates.placeholders import parse_sources
from adsapp.message_templates.rendering import Renderer

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


@dataclass(frozen=True)
class CampaignMessage:
    """What a campaign sends, copied from its row once: it does not change while it is sent."""

    template_name: str
    template_language: str
    parameter_format: str
    components: list[dict[str, Any]]
    variables: Mapping[str, Any]
    text: str | None

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignMessage":
        """The message of a campaign."""
        return cls(**{name: getattr(campaign, name) for name in cls.__dataclass_fields__})

    @cached_property
    def view(self) -> TemplateView:
        """The template taken apart."""
        return view(self.components, self.parameter_format)

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.view, parse_sources(self.view, self.variables))

    def fill(self, person: Mapping[str, Any], address: str) -> tuple[dict[str, str], str]:
        """The variables for a person, and a code of `reasons` if it cannot be sent, else "". `address`: a number, or
        the provider's id of somebody whose number is not known."""
        code = "" if _E164.fullmatch(address) or is_user_id(address) else reasons.INVALID_NUMBER
        if self.text is not None:
            return {}, code
        rendered = self._renderer.render(person)
        return rendered.values, code or (reasons.MISSING_VARIABLE if rendered.missing else "")

    def why_left_out(self, code: str, values: Mapping[str, str]) -> str:
        """The reason of this code in words; for a variable without a value, with its name."""
        if code != reasons.MISSING_VARIABLE:
            return reasons.explain(code).title
        missing = lacking.lacks(values, self._from_contacts)
        return lacking.why((each for key, each in self._from_contacts.items() if key in missing), " and ")

    @cached_property
    def _from_contacts(self) -> dict[str, lacking.Variable]:
        return lacking.from_contacts(self)

    def is_allowed(self, last_inbound_at: datetime | None) -> bool:
        """A text may be sent only within 24 hours of the person's last message; a template always."""
        if self.text is None:
            return True
        return last_inbound_at is not None and last_inbound_at > utcnow() - reasons.SERVICE_WINDOW

    def to(self, recipient_id: int, address: str, values: Mapping[str, str]) -> Message:
        """The message to one recipient."""
        if self.text is not None:
            return TextMessage(address, self.text, str(recipient_id))
        return TemplateMessage(
            address, self.template_name, self.template_language, values, self.view.is_named, str(recipient_id)
        )
