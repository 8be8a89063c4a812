"""A campaign's message made ready: filled in for a person, and addressed to them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from adsapp.campaigns import lacking, reasons
from adsapp.campaigns.models import Campaign
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Message, TemplateMessage, TextMessage
from adsapp.integrations.values import is_user_id
from adsapp.message_templates.components import TemplateView, is_media, view
from adsapp.message_templates.placeholders import parse_sources
from adsapp.message_templates.rendering import Rendered, Renderer
from adsapp.outbound.missing_values import Variable, why

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
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # kept ones: id at the provider, and name

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignMessage":
        """The message of a campaign; kept files of its header are still to be uploaded."""
        return cls(**{name: getattr(campaign, name) for name in cls.__dataclass_fields__ if name != "files"})

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
        return rendered.values, code or _why_unfit(rendered)

    def why_left_out(self, code: str, person: Mapping[str, Any]) -> str:
        """The reason of this code in words; for a variable without a value, with its name; for a message that is too
        long, with its length."""
        if code not in (reasons.MISSING_VARIABLE, reasons.TOO_LONG):
            return reasons.explain(code).title
        rendered = self._renderer.render(person)
        if code == reasons.TOO_LONG:
            return rendered.too_long[0].in_words
        lacks = {key: each for key, each in self._from_contacts.items() if key in rendered.missing}
        unread = {self._renderer.why_missing(key, person) for key in lacks} - {"is empty"}
        return ": ".join((why(lacks.values(), " and "), *(["; ".join(sorted(unread))] if unread else ())))

    @cached_property
    def _from_contacts(self) -> dict[str, Variable]:
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
        named, file_name = self.view.is_named, ""
        for key, value in values.items() if self.files else ():
            if is_media(key) and value in self.files:
                provider_id, file_name = self.files[value]
                values = {**values, key: provider_id}
        return TemplateMessage(
            address, self.template_name, self.template_language, values, named, str(recipient_id), file_name
        )


def _why_unfit(rendered: Rendered) -> str:
    """A code of `reasons`, "" if it can be sent."""
    if rendered.missing:
        return reasons.MISSING_VARIABLE
    return reasons.TOO_LONG if rendered.too_long else ""
