"""A campaign as it is asked for, before it exists, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from adsapp.core.errors import FieldError, Invalid
from adsapp.integrations.values import MAX_TEXT, clean
from adsapp.message_templates import queries as templates
from adsapp.message_templates.availability import why_not
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.files import service as files
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.placeholders import InvalidSources, Source, parse_sources, to_json
from adsapp.message_templates.rendering import Renderer
from adsapp.outbound import audience, timing
from adsapp.outbound.lacking import refuse_unknown_attributes

LONGEST_NAME = 200


class Check(StrEnum):
    """What the compose page tells apart among all that is checked."""

    TEMPLATE_MISSING = "template_missing"  # nothing was chosen yet
    WILL_SEND = "will_send"  # the sum


@dataclass(frozen=True)
class CampaignIn:
    """A campaign as a person or a program asks for it.

    `template_name` and `template_language`, or `text` for those who wrote in the last 24 hours. `variables` maps a
    template's variable to `{"field": "first_name", "fallback": "there"}` or `{"value": "…"}`. `audience` is one of
    `{"all": true}`, `{"tags": ["names"]}`, `{"import_id": "…"}`, `{"contact_ids": ["…"]}`. `scheduled_at` without a
    zone is a wall clock in `time_zone`; `fold` says which is meant if it comes twice. `priority` None: 1 now, 2 for
    later.
    """

    name: str = ""
    template_name: str = ""
    template_language: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    audience: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    scheduled_at: datetime | None = None
    time_zone: str = "UTC"
    fold: int | None = None
    priority: int | None = None


@dataclass(frozen=True)
class Message:
    """What will be sent: an approved template with a source for every variable, or a text."""

    template: MessageTemplate | None
    view: TemplateView | None
    sources: Mapping[str, Source]
    text: str | None

    @property
    def renderer(self) -> Renderer | None:
        """Fills the template in; None for a text, which is the same for all."""
        return Renderer(self.view, self.sources) if self.view else None

    @property
    def variables(self) -> dict[str, Any]:
        """The sources as they are stored."""
        return dict(to_json(self.sources))


@dataclass(frozen=True)
class Draft:
    """A campaign with nothing wrong in it. `scheduled_at` is in UTC, None for now."""

    name: str
    message: Message
    audience: audience.Audience
    scheduled_at: datetime | None
    time_zone: str

    @property
    def columns(self) -> dict[str, Any]:
        """What it says and to whom, as the campaign keeps it: what may change until it begins."""
        template = self.message.template
        return {
            "name": self.name,
            "template_name": template.name if template else "",
            "template_language": template.language if template else "",
            "parameter_format": template.parameter_format if template else "POSITIONAL",
            "components": template.components if template else [],
            "template_category": template.category if template else "",
            "text": self.message.text,
            "variables": self.message.variables,
            "audience": dict(self.audience.spec),
        }


def check(data: CampaignIn) -> Draft:
    """The draft; raises Invalid with everything that is wrong, each beside its field."""
    errors: list[FieldError] = []
    parts: dict[str, Any] = {}
    for part, read in (
        ("name", _name),
        ("message", message_of),
        ("audience", lambda given: audience.parse(given.audience)),
        ("scheduled_at", scheduled_time),
    ):
        try:
            parts[part] = read(data)
        except Invalid as error:
            errors += error.fields
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    return Draft(**parts, time_zone=data.time_zone)


def look_at_links(data: CampaignIn) -> None:
    """Ask whether the provider will find what stands at the addresses of a header, so that `check` knows. Ends the
    transaction, and waits: for edges, before anything is written."""
    if data.template_name:
        files.look_at_links(data.variables)


def message_of(data: CampaignIn) -> Message:
    """The message alone; raises Invalid."""
    if data.text is not None:
        return _text_message(data)
    if not data.template_name:
        missing = FieldError("template.name", "Choose a template", Check.TEMPLATE_MISSING)
        raise Invalid(missing.message, fields=[missing])
    template = templates.get_template(data.template_name, data.template_language)
    view = templates.view_of(template)
    reason = why_not(template, view)
    if reason:
        raise Invalid.field("template.name", f"This template cannot be sent. {reason}")
    return Message(template, view, sources_of(view, data.variables), None)


def sources_of(view: TemplateView, variables: Mapping[str, Any], *, of_contacts: bool = True) -> dict[str, Source]:
    """Where the values come from; raises Invalid with each mistake beside its variable. Those of contacts may come from
    attributes that some of them have."""
    try:
        sources = parse_sources(view, variables)
        if of_contacts:
            refuse_unknown_attributes(sources)
        if wrong := files.wrong_sources(view, sources):
            raise InvalidSources(wrong)
    except InvalidSources as error:
        raise _wrong_variables(error) from None
    return sources


def _wrong_variables(error: InvalidSources) -> Invalid:
    fields = [
        FieldError(f"variables.{item.variable}", f"Variable {item.variable}: {item.message}", item.code, item.message)
        for item in error.errors
    ]
    return Invalid("; ".join(field.message for field in fields), fields=fields)


def _text_message(data: CampaignIn) -> Message:
    text = data.text or ""
    if data.template_name:
        raise Invalid.field("text", "Give either a template or a text, not both")
    if not clean(text):
        raise Invalid.field("text", "The text is empty")
    if len(text) > MAX_TEXT:
        raise Invalid.field("text", f"The text has {len(text):,} characters; {MAX_TEXT:,} are allowed")
    return Message(None, None, {}, text)


def _name(data: CampaignIn) -> str:
    name = " ".join(data.name.split())
    if not name:
        raise Invalid.field("name", "Give the campaign a name")
    if len(name) > LONGEST_NAME:
        raise Invalid.field("name", f"The name has {len(name)} characters; {LONGEST_NAME} are allowed")
    return name


def scheduled_time(data: CampaignIn) -> datetime | None:
    """When it starts, in UTC; None for now. Raises Invalid as `timing.scheduled_time` does."""
    return timing.scheduled_time(data.scheduled_at, data.time_zone, data.fold)
