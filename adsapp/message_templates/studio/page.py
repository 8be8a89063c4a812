"""The studio's page: the form, its faults as they are typed, and the message as a phone shows it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from adsapp.core.uses import warnings
from adsapp.core.web.confirmation import Choice, Confirmation, lines_of
from adsapp.core.web.pages import PartedPage
from adsapp.core.web.urls import url_for
from adsapp.message_templates import history, previews
from adsapp.message_templates.components import view
from adsapp.message_templates.files import queries as files
from adsapp.message_templates.files.kinds import CALLED
from adsapp.message_templates.languages import NAMES, language_name
from adsapp.message_templates.lengths import LONGEST_BODY
from adsapp.message_templates.models import HeaderFile, MessageTemplate
from adsapp.message_templates.presenter import InLanguage
from adsapp.message_templates.previews import Bubble
from adsapp.message_templates.queries import find_by_id, named
from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft
from adsapp.message_templates.studio.form import StudioForm, field_name
from adsapp.message_templates.studio.rules import MOST_BUTTONS, Fault, judge

CATEGORIES: Final = (
    ("UTILITY", "Utility", "about something they have with you: an order, a booking"),
    ("MARKETING", "Marketing", "everything that offers or invites; costs more"),
)
HEADERS: Final = (
    ("", "No header"),
    ("TEXT", "A line of text"),
    ("IMAGE", "A picture"),
    ("VIDEO", "A video"),
    ("DOCUMENT", "A document"),
)
SAMPLES: Final = {  # what is taken of each, for people, and for the browser's own dialog
    "IMAGE": ("JPEG or PNG, at most 5 MB", "image/jpeg,image/png"),
    "VIDEO": ("MP4, at most 16 MB", "video/mp4"),
    "DOCUMENT": ("PDF, at most 100 MB", "application/pdf"),
}
BUTTON_KINDS: Final = (
    ("", "No button"),
    ("QUICK_REPLY", "Quick reply"),
    ("URL", "Opens a page"),
    ("PHONE_NUMBER", "Calls a number"),
    ("COPY_CODE", "Copies a code"),
)
VALUE_LABELS: Final = {"URL": "Address", "PHONE_NUMBER": "Phone number", "COPY_CODE": "Code"}


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """A variable with the example that reviewers see."""

    key: str
    called: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioPage(PartedPage):
    """A template as it is written. `template_id` None: a new one. `was_sent`: it came back, so faults are shown at
    fields that nobody has touched as well."""

    template: ClassVar[str] = "message_templates/studio.html"
    fragment: ClassVar[str] = "message_templates/_studio.html"

    form: StudioForm
    template_id: uuid.UUID | None
    bubble: Bubble
    faults: Sequence[Fault]
    errors: Mapping[str, str]
    examples: Sequence[ExampleRow]
    buttons: Sequence[ButtonDraft]
    was_sent: bool = False
    changed_by_others: str = ""
    not_taken: str = ""
    person: int = 0  # whose values the next press of the button takes for examples
    sample_name: str = ""  # of the kept file above it, "" for none
    edits_left: str = ""  # why an approved template cannot be changed yet, as far as that is known
    others: Sequence[InLanguage] = ()  # of the same name, in other languages

    @classmethod
    def of(
        cls,
        form: StudioForm,
        template_id: uuid.UUID | None = None,
        *,
        refused: Mapping[str, str] | None = None,
        changed_by_others: str = "",
        not_taken: str = "",
    ) -> StudioPage:
        """Never raises for what was typed. `refused`: what the provider or the service said, by place."""
        draft = replace(form.draft, examples=form.examples)
        form = replace(form, draft=draft)
        kept = files.find_file(form.sample) if form.sample and draft.header_format in SAMPLES else None
        faults = (*judge(draft), *(_taken(draft) if template_id is None else ()), *_of_another_kind(draft, kept))
        shown = faults if refused is not None else [fault for fault in faults if _is_typed(form, fault)]
        told = {field_name(fault.place): f"{fault.message}. {fault.advice}" for fault in reversed(shown)}
        told |= {field_name(place): text for place, text in (refused or {}).items()}
        taken = view(draft.components, draft.parameter_format)
        sample_name = kept.name if kept is not None else ""
        called = {key: f"{{{{{key.rpartition('.')[2]}}}}}" for key in draft.variables}
        return cls(
            form=form,
            template_id=template_id,
            bubble=replace(previews.of_template(taken, form.sample), file_name=sample_name),
            faults=faults,
            errors=told,
            examples=[ExampleRow(key, called[key], form.examples[key]) for key in draft.variables],
            buttons=[*draft.buttons, *([ButtonDraft("")] if len(draft.buttons) < MOST_BUTTONS else [])],
            was_sent=refused is not None,
            changed_by_others=changed_by_others,
            not_taken=not_taken,
            sample_name=sample_name,
            edits_left=_edits_left(template_id),
            others=[InLanguage.of(each) for each in named(draft.name) if each.language != draft.language],
        )

    def with_error(self, place: str, told: str) -> StudioPage:
        """The same with a mistake at a place."""
        return replace(self, errors={**self.errors, field_name(place): told})

    @property
    def languages(self) -> Sequence[tuple[str, str]]:
        """By name."""
        return [("", "Choose"), *sorted(NAMES.items(), key=lambda pair: pair[1])]

    @property
    def categories(self) -> Sequence[tuple[str, str, str]]:
        """With what belongs to each."""
        return CATEGORIES

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The kinds that can be written here."""
        return HEADERS

    @property
    def sample(self) -> tuple[str, str] | None:
        """What may be uploaded as its header: in words, and as content types; None if it has no file."""
        return SAMPLES.get(self.form.draft.header_format)

    @property
    def sample_url(self) -> str:
        """Where it is uploaded."""
        if self.template_id is None:
            return url_for("message_templates.upload_sample")
        return url_for("message_templates.upload_changed_sample", template_id=self.template_id)

    @property
    def button_kinds(self) -> Sequence[tuple[str, str]]:
        """The kinds of buttons."""
        return BUTTON_KINDS

    @property
    def value_labels(self) -> Mapping[str, str]:
        """What stands beside a button's words."""
        return VALUE_LABELS

    @property
    def length(self) -> str:
        """How much of the text is used."""
        return f"{len(self.form.draft.body):,} of {LONGEST_BODY:,} characters"

    @property
    def save_url(self) -> str:
        """Where it is submitted."""
        if self.template_id is None:
            return url_for("message_templates.submit_template")
        return url_for("message_templates.change_template", template_id=self.template_id)

    @property
    def draft_url(self) -> str:
        """Where it is checked as it is typed."""
        if self.template_id is None:
            return url_for("message_templates.check_draft")
        return url_for("message_templates.check_changed_draft", template_id=self.template_id)


def _taken(draft: TemplateDraft) -> Iterator[Fault]:
    """There is one already."""
    if any(each.language == draft.language for each in named(draft.name)):
        told = f"There is a template {draft.name} in {language_name(draft.language)} already"
        yield Fault("name", "taken", told, "Take another name, another language, or edit that one.")


def _of_another_kind(draft: TemplateDraft, kept: HeaderFile | None) -> Iterator[Fault]:
    """The header was changed after its file was chosen."""
    if kept is not None and kept.kind != draft.header_format:
        told = f"“{kept.name}” is no {CALLED[draft.header_format]}"
        yield Fault("header_sample", "another_kind", told, "Upload one, or choose another header.")


def _edits_left(template_id: uuid.UUID | None) -> str:
    template = find_by_id(template_id) if template_id else None
    return history.edits_left(template) if template is not None else ""


def _is_typed(form: StudioForm, fault: Fault) -> bool:
    """Something stands at its place: an empty field is no mistake as long as somebody writes."""
    draft, place = form.draft, fault.place
    if place in ("name", "language", "category", "header", "body", "footer"):
        return bool(getattr(draft, place))
    if place.startswith("buttons.") and place.count(".") == 2:
        _, number, part = place.split(".")
        return bool(getattr(draft.buttons[int(number)], part))
    return not place.startswith("examples.")


def deletion(template: MessageTemplate) -> Confirmation:
    """Delete it?"""
    here = url_for("message_templates.show_template", template_id=template.id)
    where = url_for("message_templates.list_templates")
    return Confirmation(
        name="ask-delete",
        title=f"Delete “{template.name}” in {language_name(template.language)}?",
        lines=lines_of(
            "WhatsApp deletes it for good, and its name cannot be used again for 30 days.",
            "Campaigns of it that still run or wait for their time send nothing more.",
            *warnings(f"template:{template.name}/{template.language}"),
        ),
        action=url_for("message_templates.delete_template", template_id=template.id),
        choices=(Choice("Delete the template", "danger", "trash"),),
        leave="Keep it",
        back=here,
        crumbs=(("Templates", where), (template.name, here)),
    )
