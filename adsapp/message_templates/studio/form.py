"""The studio's form: what was typed, kept as typed, and read as a draft.

Field names: name, language, category, header_format, header, header_sample, body, footer, `button_type.N`,
`button_text.N`, `button_value.N` for up to ten buttons, `example.KEY` for each variable, seen (what it was when it was
opened).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from werkzeug.datastructures import MultiDict

from adsapp.message_templates.files.values import file_id_of, of_file
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft
from adsapp.message_templates.studio.rules import Fault
from adsapp.message_templates.studio.service import fingerprint

MOST_TYPED: Final = 30  # more buttons than are allowed, so that it can be told
USUAL: Final = {"first_name": "Ana", "last_name": "Santos", "name": "Ana Santos", "1": "Ana"}


@dataclass(frozen=True)
class StudioForm:
    """Everything as typed; nothing is checked here."""

    draft: TemplateDraft = field(default_factory=TemplateDraft)
    seen: str = ""

    @property
    def sample(self) -> uuid.UUID | None:
        """The kept file above it."""
        return file_id_of(self.draft.header_sample)

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> StudioForm:
        """From a posted form. Browsers end lines with CR LF."""
        names = ("name", "language", "category", "header_format", "header", "body", "footer")
        texts = {name: given.get(name, "").replace("\r\n", "\n") for name in names}
        keys = [name.removeprefix("example.") for name in given if name.startswith("example.")]
        draft = TemplateDraft(
            **texts | {"name": texts["name"].strip()},
            buttons=tuple(_buttons(given)),
            examples={key: given.get(f"example.{key}", "") for key in keys},
            header_sample=given.get("header_sample", ""),
        )
        return cls(draft, given.get("seen", ""))

    @classmethod
    def of(cls, template: MessageTemplate) -> StudioForm:
        """As the provider has it, to be changed."""
        draft = TemplateDraft.of(template.name, template.language, template.category, template.components)
        return cls(replace(draft, header_sample=_sample_of(template)), fingerprint(template))

    @classmethod
    def copy_of(cls, template: MessageTemplate) -> StudioForm:
        """The same text for a template of another name or language."""
        draft = TemplateDraft.of("", template.language, template.category, template.components)
        return cls(replace(draft, header_sample=_sample_of(template)))

    @property
    def examples(self) -> Mapping[str, str]:
        """One for each variable: as typed, else a usual one."""
        typed = self.draft.examples
        return {key: typed.get(key, USUAL.get(key.rpartition(".")[2], "")) for key in self.draft.variables}


def _sample_of(template: MessageTemplate) -> str:
    return of_file(template.sample_file_id) if template.sample_file_id else ""


def _buttons(given: MultiDict[str, str]) -> list[ButtonDraft]:
    found = []
    for place in range(MOST_TYPED):
        kind = given.get(f"button_type.{place}", "")
        if kind:
            text, value = given.get(f"button_text.{place}", ""), given.get(f"button_value.{place}", "")
            found.append(ButtonDraft(kind, text.strip(), value.strip()))
    return found


def field_of(fault: Fault) -> str:
    """The form's field of a fault: `buttons.2.text` is button_text.2, `examples.body.1` is example.body.1."""
    return field_name(fault.place)


def field_name(place: str) -> str:
    """The same for a place."""
    if place.startswith("examples."):
        return "example." + place.removeprefix("examples.")
    if place.startswith("buttons."):
        _, number, part = place.split(".")
        return f"button_{part}.{number}"
    return "button_type.0" if place == "buttons" else place
