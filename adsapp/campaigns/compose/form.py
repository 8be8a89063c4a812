"""The compose form: what was typed, kept as typed, and read as a campaign.

Field names: name, template (id), audience (all, tags, import_id, rendering_id), tags (several), import_id,
rendering_id, when (now, later), date, time, zone, fold, person (whose message is shown), and for each variable
`source.KEY`, `value.KEY`, `fallback.KEY`, `file.KEY` and those of `message_templates.typed`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import Campaign
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.ids import parse_id
from adsapp.core.inputs import digits
from adsapp.message_templates.components import TemplateView, Variable, is_media
from adsapp.message_templates.files.values import PREFIX
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX, FIELDS
from adsapp.message_templates.typed import AS_USUAL, HowTyped
from adsapp.outbound import once
from adsapp.outbound.audience import MOST_HOURS, NOT_WITHIN
from adsapp.outbound.timing import TypedTime, known_zone

SAME_FOR_ALL: Final = "value"
KEPT_FILE: Final = "file"
AUDIENCES: Final = ("all", "tags", "import_id", "rendering_id")


@dataclass(frozen=True)
class VariableTyped:
    """One variable: `source` is "", a field, "attribute:NAME", SAME_FOR_ALL, or KEPT_FILE with the file's id."""

    source: str = ""
    value: str = ""
    fallback: str = ""
    file: str = ""
    how: HowTyped = AS_USUAL

    @property
    def is_given(self) -> bool:
        """True if it says where the value comes from."""
        return bool(self.source) and (self.source != KEPT_FILE or bool(self.file))

    @property
    def is_the_same_for_all(self) -> bool:
        """True if everyone gets `value`."""
        return self.source == SAME_FOR_ALL

    def as_json(self) -> dict[str, Any]:
        """The form that `placeholders.parse_sources` reads."""
        if self.is_the_same_for_all:
            return {"value": self.value}
        if self.source == KEPT_FILE:
            return {"value": f"{PREFIX}{self.file}"}
        return {"field": self.source, "fallback": self.fallback.strip(), **self.how.as_json}

    def pairs(self, key: str) -> Iterator[tuple[str, str]]:
        """Every field as (name, value)."""
        texts = {"source": self.source, "value": self.value, "fallback": self.fallback, "file": self.file}
        yield from ((f"{part}.{key}", text) for part, text in texts.items() if text)
        yield from self.how.pairs(key)


PLAIN = (
    *("form", "name", "template", "audience", "import_id", "rendering_id", "leave_out"),
    *("when", "date", "time", "zone", "fold", "edit"),
)


@dataclass(frozen=True)
class ComposeForm:
    """Everything as typed; nothing is checked here."""

    form: str = field(default_factory=once.new_form)  # which of the forms that were opened
    name: str = ""
    template: str = ""
    audience: str = "all"
    tags: tuple[str, ...] = ()
    import_id: str = ""
    rendering_id: str = ""  # of a trial: those for whom the message could be rendered
    leave_out: int = 0  # hours; whoever got a campaign in them is left out
    variables: Mapping[str, VariableTyped] = field(default_factory=dict)
    when: str = "now"
    date: str = ""
    time: str = ""
    zone: str = "UTC"
    fold: str = ""  # which of two equal wall clocks: 0 the first, 1 the second
    person: int | None = None
    edit: str = ""  # the id of the scheduled campaign that this changes; empty for a new one

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> ComposeForm:
        """From a query or a posted form; `to` (a pager's button) goes before `person`."""
        import_id = given.get("import_id", "")
        audience = given.get("audience") or ("import_id" if import_id else "tags" if given.get("tags") else "all")
        return cls(
            form=once.form_of(given.get("form", "")),
            name=given.get("name", ""),
            template=given.get("template", ""),
            audience=audience if audience in AUDIENCES else "all",
            tags=tuple(given.getlist("tags")),
            import_id=import_id,
            rendering_id=given.get("rendering_id", ""),
            leave_out=min(digits(given.get("leave_out", "")) or 0, MOST_HOURS),
            variables=dict(_variables(given)),
            when="later" if given.get("when") == "later" else "now",
            date=given.get("date", ""),
            time=given.get("time", ""),
            zone=given.get("zone", "") or "UTC",
            fold=given.get("fold", ""),
            person=digits(given.get("to") or given.get("person") or ""),
            edit=given.get("edit", ""),
        )

    @classmethod
    def of_campaign(cls, campaign: Campaign, template: uuid.UUID | None) -> ComposeForm:
        """The same again: message and audience of an earlier campaign, to be started as a new one."""
        spec = campaign.audience
        # Contacts that a program named cannot be shown here. Then nobody is chosen, so that it never becomes everyone.
        kind = next((kind for kind in AUDIENCES if kind in spec), "tags")
        return cls(
            name=f"{campaign.name} (again)",
            template=str(template or ""),
            audience=kind,
            tags=tuple(spec.get("tags", ())),
            import_id=str(spec.get("import_id", "")),
            rendering_id=str(spec.get("rendering_id", "")),
            leave_out=spec.get(NOT_WITHIN, 0),
            variables={key: _typed(entry) for key, entry in campaign.variables.items()},
            zone=campaign.time_zone,
        )

    @classmethod
    def of_scheduled(cls, campaign: Campaign, template: uuid.UUID | None) -> ComposeForm:
        """A campaign that waits for its time, to be changed."""
        zone = known_zone(campaign.time_zone) or UTC
        local = campaign.scheduled_at.astimezone(zone) if campaign.scheduled_at else None
        return replace(
            cls.of_campaign(campaign, template),
            name=campaign.name,
            edit=str(campaign.id),
            when="later",
            date=f"{local:%Y-%m-%d}" if local else "",
            time=f"{local:%H:%M}" if local else "",
            fold=str(local.fold) if local else "",
        )

    @classmethod
    def of_rendering(
        cls, variables: Mapping[str, Any], template: uuid.UUID | None, rendering_id: uuid.UUID
    ) -> ComposeForm:
        """A message that was tried, for those for whom it could be rendered."""
        return cls(
            template=str(template or ""),
            audience="rendering_id",
            rendering_id=str(rendering_id),
            variables={key: _typed(entry) for key, entry in variables.items()},
        )

    @property
    def template_id(self) -> uuid.UUID | None:
        """The chosen template, if it can be one."""
        return parse_id(self.template)

    @property
    def audience_spec(self) -> dict[str, Any]:
        """The audience as `outbound.audience.parse` reads it."""
        apart_from = {NOT_WITHIN: self.leave_out} if self.leave_out else {}
        if self.audience == "tags":
            return {"tags": list(self.tags), **apart_from}
        if self.audience == "import_id":
            return {"import_id": self.import_id, **apart_from}
        if self.audience == "rendering_id":
            return {"rendering_id": self.rendering_id, **apart_from}
        return {"all": True, **apart_from}

    def with_guesses(self, view: TemplateView, attributes: Sequence[str]) -> ComposeForm:
        """A source proposed for each variable that was not shown yet."""
        known = {variable.key: self.variables.get(variable.key) for variable in view.variables}
        guessed = {
            variable.key: known[variable.key] or VariableTyped(source=guess(variable, attributes))
            for variable in view.variables
        }
        return replace(self, variables=guessed)

    @property
    def attributes(self) -> set[str]:
        """The attributes that its variables come from."""
        places = (place for each in self.variables.values() for place in (each.source, each.how.if_field))
        sources = [place for place in places if place.startswith(ATTRIBUTE_PREFIX)]
        return {source.removeprefix(ATTRIBUTE_PREFIX) for source in sources}

    def campaign_in(self, template: MessageTemplate | None) -> CampaignIn:
        """As the service takes it. Raises Invalid if date and time are no moment."""
        return CampaignIn(
            name=self.name,
            template_name=template.name if template else "",
            template_language=template.language if template else "",
            variables={key: typed.as_json() for key, typed in self.variables.items() if typed.is_given},
            audience=self.audience_spec,
            scheduled_at=self.start.moment() if self.when == "later" else None,
            time_zone=self.zone,
        )

    @property
    def start(self) -> TypedTime:
        """When it starts, if not now."""
        return TypedTime(self.date, self.time, self.zone, self.fold)

    @property
    def comes_twice(self) -> bool:
        """True if it has to be said which of two moments is meant."""
        return self.start.comes_twice

    def with_file(self, key: str, file_id: str) -> ComposeForm:
        """With a file that was uploaded for this variable."""
        return replace(self, variables={**self.variables, key: VariableTyped(KEPT_FILE, file=file_id)})

    def pairs(self) -> list[tuple[str, str]]:
        """Every field as (name, value), to be carried on by hidden fields or a link."""
        typed = [pair for key, variable in self.variables.items() for pair in variable.pairs(key)]
        pairs = [(name, str(getattr(self, name))) for name in PLAIN if getattr(self, name)]
        return [*pairs, *(("tags", tag) for tag in self.tags), *typed]


def _variables(given: MultiDict[str, str]) -> Iterator[tuple[str, VariableTyped]]:
    keys = [name.removeprefix("source.") for name in given if name.startswith("source.")]
    for key in keys:
        parts = {part: given.get(f"{part}.{key}", "") for part in ("source", "value", "fallback", "file")}
        yield key, VariableTyped(**parts, how=HowTyped.read(given, key))


def _typed(entry: Mapping[str, Any]) -> VariableTyped:
    if str(entry.get("value", "")).startswith(PREFIX):
        return VariableTyped(KEPT_FILE, file=entry["value"].removeprefix(PREFIX))
    if "value" in entry:
        return VariableTyped(SAME_FOR_ALL, value=entry["value"])
    return VariableTyped(entry.get("field", ""), fallback=entry.get("fallback", ""), how=HowTyped.stored(entry))


FORM_FIELDS: Final[dict[str, str]] = {
    "template": "template",
    "text": "template",
    "audience.import_id": "import_id",
    "audience": "audience",
    "scheduled_at": "date",
    "time_zone": "zone",
    "fold": "fold",
}


def errors_by_field(error: Invalid) -> dict[str, FieldError]:
    """The service's errors beside the fields of this form."""
    return error.by_field(form_field)


def form_field(place: str) -> str:
    """`variables.body.1` as source.body.1, `audience.tags[0]` as audience."""
    if place.startswith("variables."):
        return "source." + place.removeprefix("variables.")
    if place in FORM_FIELDS:
        return FORM_FIELDS[place]
    return FORM_FIELDS.get(re.split(r"[.\[]", place)[0], place)


def guess(variable: Variable, attributes: Sequence[str]) -> str:
    """The field or attribute a variable most likely means, or "" if it must be chosen."""
    name = variable.name.lower()
    if is_media(variable.key):
        return KEPT_FILE
    if name in FIELDS:
        return name
    for attribute in attributes:
        if attribute.lower() == name:
            return ATTRIBUTE_PREFIX + attribute
    # The first number of a greeting is nearly always the person's name, and its approved example then is one word.
    looks_like_a_name = re.fullmatch(r"[A-Z]\w+", variable.example) is not None
    return "first_name" if variable.key in ("body.1", "header.1") and looks_like_a_name else ""
