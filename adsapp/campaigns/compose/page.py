"""What the compose page shows beside the form: choices, pre-flight, and the message as real people see it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import select

from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Check
from adsapp.campaigns.compose.form import KEPT_FILE, SAME_FOR_ALL, ComposeForm, errors_by_field
from adsapp.campaigns.compose.preflight import Line, Preflight, in_words, line_of, preflight
from adsapp.campaigns.compose.preview import Preview, preview
from adsapp.campaigns.lately import organization_hours
from adsapp.core import db
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.web.pages import PartedPage
from adsapp.message_templates import previews
from adsapp.message_templates import queries as templates
from adsapp.message_templates.availability import quality_of, why_not
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.files import queries as files
from adsapp.message_templates.files.kinds import ACCEPT, CALLED, in_mb
from adsapp.message_templates.formatters import is_locale
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX, FIELDS, NO_VALUE
from adsapp.message_templates.previews import Bubble
from adsapp.outbound.audience import known_attributes
from adsapp.outbound.choices import ZONES, Option, import_options, tag_names

PEOPLE_LOOKED_AT: Final = 6


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen: options as (value, text), or (group, [(value, text)])."""

    templates: Sequence[tuple[str, Any]]
    tags: Sequence[str]
    imports: Sequence[Option]
    sources: Sequence[tuple[str, Any]]
    file_sources: Sequence[tuple[str, Any]] = ()  # of a picture, a video or a document
    files: Sequence[tuple[str, str]] = ()  # kept ones of the template's kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposePage(PartedPage):
    """The form, what can be chosen, and what would happen. `was_refused`: it was sent and came back."""

    template: ClassVar[str] = "campaigns/new.html"
    fragment: ClassVar[str] = "campaigns/_compose.html"

    form: ComposeForm
    choices: Choices
    message_template: MessageTemplate | None
    view: TemplateView | None
    preflight: Preflight
    preview: Preview | None
    campaign_in: CampaignIn
    errors: Mapping[str, str]
    moment: datetime | None
    moment_errors: Mapping[str, FieldError]
    leave_out_hours: int = 0  # that can be ticked; 0: it is not offered
    zone_is_default: bool = False
    was_refused: bool = False

    @property
    def zones(self) -> Sequence[str]:
        """The time zones to choose from."""
        return ZONES

    @property
    def takes(self) -> str:
        """How long it takes."""
        return in_words(self.preflight.seconds)

    @property
    def blocked(self) -> Sequence[Line]:
        """What kept it from being sent, if that is no field of the form."""
        return self.bad if self.was_refused and not self.errors else ()

    @property
    def moment_in_utc(self) -> datetime | None:
        """When it starts, as times are shown; `moment` keeps the zone it was typed in."""
        return self.moment.astimezone(UTC) if self.moment else None

    @property
    def language(self) -> str:
        """The template's language in words."""
        return language_name(self.message_template.language) if self.message_template else ""

    @property
    def locale(self) -> str:
        """In which dates and numbers are written unless another is chosen."""
        code = self.message_template.language if self.message_template else "en"
        return code if is_locale(code) else "en"

    @property
    def quality(self) -> tuple[str, str]:
        """(kind, word)."""
        return quality_of(self.message_template) if self.message_template else ("neutral", "")

    @property
    def bubble(self) -> Bubble | None:
        """The message for the person shown, else with the approved examples."""
        if self.view is None:
            return None
        if self.preview is None or self.preview.rendered is None:
            return previews.of_template(self.view)
        bubble = previews.of_person(self.preview.rendered)
        name = dict(self.choices.files).get(str(bubble.file_id), "")
        return replace(bubble, file_name=name) if name else bubble

    @property
    def file_kind(self) -> tuple[str, str] | None:
        """What its header's file is called, and the content types it may have; None without one."""
        kind = self.view.header.format if self.view and self.view.header else ""
        return (CALLED[kind], ACCEPT[kind]) if kind in CALLED else None

    def example(self, key: str) -> str:
        """What the person shown gets for a variable, "" if that is not known."""
        rendered = self.preview.rendered if self.preview else None
        return rendered.values.get(key, "") if rendered else ""

    @property
    def left_out(self) -> str:
        """Why the person shown gets nothing, "" if they get something."""
        if self.preview is None or self.view is None or not self.preview.left_out:
            return ""
        if self.preview.rendered is None or not self.preview.rendered.missing or self.preview.contact.opted_out_at:
            return self.preview.left_out
        labels = [each.called for each in self.view.variables if each.key in self.preview.rendered.missing]
        return f"no value for {' and '.join(labels)}, so nothing is sent"

    @property
    def bad(self) -> Sequence[Line]:
        """What keeps the campaign from being sent."""
        return [line for line in self.preflight.lines if line.kind == "bad"]

    @property
    def warnings(self) -> Sequence[Line]:
        """What deserves a look."""
        return self.preflight.notes

    @property
    def checks(self) -> Sequence[Line]:
        """The lines, without the sum, which has its own place, and without red before anything was chosen."""
        lines = [line for line in self.preflight.lines if line.code != Check.WILL_SEND]
        if self.form.template:
            return lines
        return [replace(line, kind="neutral") if line.code == Check.TEMPLATE_MISSING else line for line in lines]


def compose(
    form: ComposeForm, errors: Mapping[str, FieldError] | None = None, *, zone_is_default: bool = False
) -> ComposePage:
    """Everything the page needs; never raises for what was typed. `errors`: what a try to send it found."""
    attributes = known_attributes()
    template = find_template(form.template_id)
    view = templates.view_of(template) if template else None
    form = form.with_guesses(view, attributes) if view else replace(form, variables={})
    attributes = sorted({*attributes, *form.attributes})
    moment, data, moment_errors = _data(form, template)
    draft.look_at_links(data)
    return ComposePage(
        form=form,
        choices=_choices(attributes, view),
        message_template=template,
        view=view,
        preflight=_preflight(data, moment_errors, view),
        preview=_preview(data, form.person),
        campaign_in=data,
        errors={name: for_people(error, view) for name, error in (errors or {}).items()},
        moment=moment,
        moment_errors=moment_errors,
        leave_out_hours=form.leave_out or organization_hours(),
        zone_is_default=zone_is_default,
        was_refused=errors is not None,
    )


def all_errors(page: ComposePage) -> dict[str, FieldError]:
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
    """The template a campaign used, if it still exists."""
    known = select(MessageTemplate.id).where(MessageTemplate.name == name, MessageTemplate.language == language)
    return db.session.scalars(known.limit(1)).first()


def _data(
    form: ComposeForm, template: MessageTemplate | None
) -> tuple[datetime | None, CampaignIn, Mapping[str, FieldError]]:
    try:
        data = form.campaign_in(template)
    except Invalid as error:
        return None, replace(form, when="now", zone="UTC").campaign_in(template), errors_by_field(error)
    return data.scheduled_at, data, {}


def _preflight(data: CampaignIn, moment_errors: Mapping[str, FieldError], view: TemplateView | None) -> Preflight:
    found = preflight(data)
    lines = [replace(line, text=for_people(line.error, view)) if line.error else line for line in found.lines]
    return replace(found, lines=(*lines, *map(line_of, moment_errors.values())))


def for_people(error: FieldError, view: TemplateView | None) -> str:
    """The service names a variable by its key, as programs do; a person knows it by what the page calls it."""
    variable = next((each for each in view.variables if f"variables.{each.key}" == error.field), None) if view else None
    if variable is None:
        return error.message
    if error.code == NO_VALUE:
        return f"Choose where {variable.called} comes from"
    return f"{variable.called}: {error.what}"


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


def _choices(attributes: Sequence[str], view: TemplateView | None) -> Choices:
    known = templates.list_templates()
    sendable = [(str(each.id), _template_text(each)) for each in known if not _why_not(each)]
    others = [(str(each.id), f"{_template_text(each)} – {each.status.lower()}") for each in known if _why_not(each)]
    groups = [("Can be sent", sendable), ("Cannot be sent now", others)]
    return Choices(
        templates=[("", "Choose a template"), *((name, listed) for name, listed in groups if listed)],
        tags=tag_names(),
        imports=import_options(),
        sources=_sources(attributes),
        file_sources=_file_sources(attributes),
        files=_files(view.header.format) if view and view.header else (),
    )


def _file_sources(attributes: Sequence[str]) -> list[tuple[str, Any]]:
    own = [(ATTRIBUTE_PREFIX + name, name) for name in attributes]
    groups: list[tuple[str, Any]] = [(KEPT_FILE, "A file"), (SAME_FOR_ALL, "An address, the same for all")]
    return [*groups, ("Own columns, with each person’s address", own)] if own else groups


def _files(kind: str) -> Sequence[tuple[str, str]]:
    if kind not in CALLED:
        return ()
    kept = [(str(each.id), f"{each.name} · {in_mb(each.size_bytes)}") for each in files.list_files(kind)]
    return [("", f"Choose a {CALLED[kind]}" if kept else "None is kept yet"), *kept]


def _why_not(template: MessageTemplate) -> str | None:
    return why_not(template, templates.view_of(template))


def _template_text(template: MessageTemplate) -> str:
    return f"{template.name} · {language_name(template.language)}"


def _sources(attributes: Sequence[str]) -> list[tuple[str, Any]]:
    own = [(ATTRIBUTE_PREFIX + name, name) for name in attributes]
    groups: list[tuple[str, Any]] = [
        ("", "Choose…"),
        (SAME_FOR_ALL, "The same for all"),
        ("Contact", list(FIELDS.items())),
    ]
    return [*groups, ("Own columns", own)] if own else groups
