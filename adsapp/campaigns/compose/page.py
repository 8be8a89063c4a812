"""What the compose page shows beside the form: choices, pre-flight, and the message as real people see it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import select

from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.compose.form import SAME_FOR_ALL, ComposeForm, errors_by_field
from adsapp.campaigns.compose.preflight import Line, Preflight, preflight
from adsapp.campaigns.compose.preview import Preview, preview
from adsapp.contacts.models import Contact, Import, ImportStatus, Tag
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.message_templates import previews
from adsapp.message_templates import queries as templates
from adsapp.message_templates.availability import quality_of, why_not
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX, FIELDS
from adsapp.message_templates.previews import Bubble

MOST_TAGS, MOST_IMPORTS = 200, 50
# Attributes are what the newest contacts have: to look at all of them would cost more with each contact.
CONTACTS_LOOKED_AT: Final = 200
PEOPLE_LOOKED_AT: Final = 6

Option = tuple[str, str]


@dataclass(frozen=True)
class Choices:
    """What can be chosen: options as (value, text), or (group, [(value, text)])."""

    templates: Sequence[tuple[str, Any]]
    tags: Sequence[str]
    imports: Sequence[Option]
    sources: Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Composition:
    """The page: the form, what can be chosen, and what would happen."""

    form: ComposeForm
    choices: Choices
    template: MessageTemplate | None
    view: TemplateView | None
    preflight: Preflight
    preview: Preview | None
    campaign_in: CampaignIn
    errors: Mapping[str, str]
    moment: datetime | None
    moment_errors: Mapping[str, str]

    @property
    def moment_in_utc(self) -> datetime | None:
        """When it starts, as times are shown; `moment` keeps the zone it was typed in."""
        return self.moment.astimezone(UTC) if self.moment else None

    @property
    def language(self) -> str:
        """The template's language in words."""
        return language_name(self.template.language) if self.template else ""

    @property
    def quality(self) -> tuple[str, str]:
        """(kind, word)."""
        return quality_of(self.template) if self.template else ("neutral", "")

    @property
    def bubble(self) -> Bubble | None:
        """The message for the person shown, else with the approved examples."""
        if self.preview and self.preview.rendered:
            return previews.of_person(self.preview.rendered)
        return previews.of_template(self.view) if self.view else None

    def example(self, key: str) -> str:
        """What the person shown gets for a variable, "" where that is not known."""
        rendered = self.preview.rendered if self.preview else None
        return rendered.values.get(key, "") if rendered else ""

    @property
    def left_out(self) -> str:
        """Why the person shown gets nothing, "" where they do."""
        if self.preview is None or self.view is None or not self.preview.left_out:
            return ""
        if self.preview.rendered is None or not self.preview.rendered.missing or self.preview.contact.opted_out_at:
            return self.preview.left_out
        labels = [each.called for each in self.view.variables if each.key in self.preview.rendered.missing]
        return f"no value for {' and '.join(labels)}, so nothing is sent"

    @property
    def bad(self) -> Sequence[Line]:
        """What stands in the way."""
        return [line for line in self.preflight.lines if line.kind == "bad"]

    @property
    def warnings(self) -> Sequence[Line]:
        """What deserves a look."""
        return [line for line in self.preflight.lines if line.kind == "warning"]

    @property
    def checks(self) -> Sequence[Line]:
        """The lines, without the sum, which has its own place, and without red before anything was chosen."""
        lines = [line for line in self.preflight.lines if not line.text.startswith("Will be sent")]
        if self.form.template:
            return lines
        return [replace(line, kind="neutral") if line.text == "Choose a template" else line for line in lines]


def compose(form: ComposeForm, errors: Mapping[str, str] | None = None) -> Composition:
    """Everything the page needs; never raises for what was typed."""
    attributes = known_attributes()
    template = find_template(form.template_id)
    view = templates.view_of(template) if template else None
    form = form.with_guesses(view, attributes) if view else replace(form, variables={})
    moment, data, moment_errors = _data(form, template)
    return Composition(
        form=form,
        choices=_choices(attributes),
        template=template,
        view=view,
        preflight=_preflight(data, moment_errors, view),
        preview=_preview(data, form.person),
        campaign_in=data,
        errors={name: for_people(text, view) for name, text in (errors or {}).items()},
        moment=moment,
        moment_errors=moment_errors,
    )


def all_errors(page: Composition) -> dict[str, str]:
    """Everything that is wrong, beside the fields of the form."""
    try:
        draft.check(page.campaign_in)
    except Invalid as error:
        return {**errors_by_field(error), **page.moment_errors}
    return dict(page.moment_errors)


def find_template(template_id: uuid.UUID | None) -> MessageTemplate | None:
    """The chosen template, or None."""
    if template_id is None:
        return None
    return db.session.scalars(select(MessageTemplate).where(MessageTemplate.id == template_id)).first()


def template_id_of(name: str, language: str) -> uuid.UUID | None:
    """The template a campaign used, where it still exists."""
    known = select(MessageTemplate.id).where(MessageTemplate.name == name, MessageTemplate.language == language)
    return db.session.scalars(known.limit(1)).first()


def _data(form: ComposeForm, template: MessageTemplate | None) -> tuple[datetime | None, CampaignIn, Mapping[str, str]]:
    try:
        data = form.campaign_in(template)
    except Invalid as error:
        return None, replace(form, when="now", zone="UTC").campaign_in(template), errors_by_field(error)
    return data.scheduled_at, data, {}


def _preflight(data: CampaignIn, moment_errors: Mapping[str, str], view: TemplateView | None) -> Preflight:
    found = preflight(data)
    lines = [replace(line, text=for_people(line.text, view)) for line in found.lines]
    return replace(found, lines=(*lines, *(Line("bad", text) for text in moment_errors.values())))


def for_people(text: str, view: TemplateView | None) -> str:
    """The service names a variable by its key, as programs do; a person knows it by what the page calls it."""
    for variable in view.variables if view else ():
        before, found, what = text.partition(f"Variable {variable.key}: ")
        if not found or before:
            continue
        if what.startswith("no value is given"):
            return f"Choose where {variable.called} comes from"
        return f"{variable.called}: {what}"
    return text


def _preview(data: CampaignIn, person: int | None) -> Preview | None:
    try:
        return preview(data, person - 1) if person else _first_preview(data)
    except Invalid:
        return None  # not complete yet: the template's examples stand in


def _first_preview(data: CampaignIn) -> Preview | None:
    """Of the first few people one who gets it; else the first."""
    first = found = preview(data, 0)
    for index in range(1, PEOPLE_LOOKED_AT):
        if found is None or not found.left_out:
            return found
        found = preview(data, index)
    return found if found and not found.left_out else first


def _choices(attributes: Sequence[str]) -> Choices:
    known = templates.list_templates()
    sendable = [(str(each.id), _template_text(each)) for each in known if not _why_not(each)]
    others = [(str(each.id), f"{_template_text(each)} – {each.status.lower()}") for each in known if _why_not(each)]
    groups = [("Can be sent", sendable), ("Cannot be sent now", others)]
    return Choices(
        templates=[("", "Choose a template"), *((name, listed) for name, listed in groups if listed)],
        tags=list(db.session.scalars(select(Tag.name).order_by(Tag.name).limit(MOST_TAGS))),
        imports=_imports(),
        sources=_sources(attributes),
    )


def _why_not(template: MessageTemplate) -> str | None:
    return why_not(template, templates.view_of(template))


def _template_text(template: MessageTemplate) -> str:
    return f"{template.name} · {language_name(template.language)}"


def _imports() -> list[Option]:
    done = select(Import).where(Import.status == ImportStatus.COMPLETED).order_by(Import.id.desc()).limit(MOST_IMPORTS)
    options = [
        (str(each.id), f"{each.file_name} · {each.created_at:%-d %b %Y} · {_taken(each):,} people")
        for each in db.session.scalars(done)
    ]
    return [("", "Choose an import"), *options]


def _taken(imported: Import) -> int:
    return imported.created + imported.updated + imported.unchanged


def _sources(attributes: Sequence[str]) -> list[tuple[str, Any]]:
    own = [(ATTRIBUTE_PREFIX + name, name) for name in attributes]
    groups: list[tuple[str, Any]] = [
        ("", "Choose…"),
        (SAME_FOR_ALL, "The same for all"),
        ("Contact", list(FIELDS.items())),
    ]
    return [*groups, ("Own columns", own)] if own else groups


def known_attributes() -> list[str]:
    """Names of the attributes contacts have, by alphabet."""
    newest = select(Contact.attributes).order_by(Contact.id.desc()).limit(CONTACTS_LOOKED_AT)
    names = sorted(name for attributes in db.session.scalars(newest) for name in attributes)
    return [name for name, _ in groupby(names)]
