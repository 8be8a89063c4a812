"""The pages of e-mail templates as their templates read them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from flask import url_for
from werkzeug.datastructures import MultiDict

from adsapp.core.errors import Invalid
from adsapp.core.inputs import digits
from adsapp.core.pagination import Page
from adsapp.core.uses import warnings
from adsapp.core.web.confirmation import Choice, Confirmation, lines_of
from adsapp.core.web.pages import PartedPage, WebPage
from adsapp.emails.console import preview, sources
from adsapp.emails.console.blueprint import Tab, tabs
from adsapp.emails.console.preview import Shown
from adsapp.emails.console.sources import Options, PlaceholderRow, Typed
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.models import EmailTemplate
from adsapp.emails.templates.service import TemplateIn
from adsapp.outbound.audience import known_attributes

LIST = "emails.list_templates"


@dataclass(frozen=True)
class TemplateForm:
    """A template as typed; nothing is checked here. `version` is that of the template when somebody began to edit."""

    name: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    typed: Mapping[str, Typed] = field(default_factory=dict)
    version: int | None = None
    person: int = 1

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> TemplateForm:
        """From a posted form; `to` (a pager's button) goes before `person`. Browsers end lines with CR LF."""
        texts = {name: given.get(name, "").replace("\r\n", "\n") for name in ("name", "subject", "html", "text")}
        person = digits(given.get("to") or given.get("person", "")) or 1
        return cls(**texts, typed=sources.read(given), version=digits(given.get("version", "")), person=person)

    @classmethod
    def of(cls, template: EmailTemplate) -> TemplateForm:
        """As it is kept."""
        typed = sources.stored(template.variables)
        return cls(template.name, template.subject, template.html, template.text, typed, template.version)

    @property
    def content(self) -> EmailContent:
        """What it says."""
        return EmailContent(self.subject, self.html, self.text, sources.as_json(self.typed))

    @property
    def completed(self) -> TemplateForm:
        """With a source for each placeholder that has one by itself, and for no other."""
        return replace(self, typed=sources.complete(self.content, self.typed, known_attributes()))

    @property
    def template_in(self) -> TemplateIn:
        """As the service takes it."""
        return TemplateIn(self.name, self.subject, self.html, self.text, sources.as_json(self.typed))


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTemplatePage(PartedPage):
    """The form and the e-mail as somebody reads it. `template_id` None: it is a new one."""

    template: ClassVar[str] = "email/edit_template.html"
    fragment: ClassVar[str] = "email/_edit_template.html"

    form: TemplateForm
    template_id: uuid.UUID | None
    shown: Shown
    placeholders: Sequence[PlaceholderRow]
    options: Options
    errors: Mapping[str, str]
    changed_by_others: str = ""  # that somebody saved it meanwhile, in a sentence

    @classmethod
    def of(
        cls,
        form: TemplateForm,
        template_id: uuid.UUID | None,
        errors: Mapping[str, str] | None = None,
        changed_by_others: str = "",
    ) -> EditTemplatePage:
        """Never raises for what was typed."""
        form = form.completed
        shown = preview.of_contact(form.content, form.person - 1) or preview.example(form.content)
        return cls(
            form=form,
            template_id=template_id,
            shown=shown,
            placeholders=sources.rows(form.typed, shown.filled),
            options=sources.options(known_attributes(), form.typed),
            errors=errors or {},
            changed_by_others=changed_by_others,
        )

    @property
    def save_url(self) -> str:
        """Where it is kept."""
        if self.template_id is None:
            return url_for("emails.create_template")
        return url_for("emails.save_template", template_id=self.template_id)

    @property
    def draft_url(self) -> str:
        """Where it is shown as it is typed."""
        if self.template_id is None:
            return url_for("emails.draft_template")
        return url_for("emails.draft_changed_template", template_id=self.template_id)

    @property
    def frame_url(self) -> str:
        """Where its frame is filled."""
        return url_for("emails.preview_template_draft")


def errors_by_field(error: Invalid) -> dict[str, str]:
    """The service's errors beside the fields of the form."""
    return {name: each.message for name, each in error.by_field(_place).items()}


def _place(field: str) -> str:
    return f"source.{field.removeprefix('variables.')}" if field.startswith("variables.") else field


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list."""

    id: uuid.UUID
    name: str
    subject: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesPage(WebPage):
    """The store of templates, newest first."""

    template: ClassVar[str] = "email/templates.html"

    rows: Sequence[TemplateRow]
    tabs: Sequence[Tab]
    search: str
    cursor: str
    next_url: str | None
    first_url: str | None

    @classmethod
    def of(cls, page: Page[EmailTemplate], search: str, cursor: str) -> TemplatesPage:
        """A page of them."""
        rows = (TemplateRow(each.id, each.name, each.subject, each.created_by, each.updated_at) for each in page.items)
        return cls(
            rows=tuple(rows),
            tabs=tabs("Templates"),
            search=search,
            cursor=cursor,
            next_url=url_for(LIST, search=search or None, cursor=page.next) if page.next else None,
            first_url=url_for(LIST, search=search or None) if cursor else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage(WebPage):
    """One template: how it reads to real people, and what is filled in for each."""

    template: ClassVar[str] = "email/template.html"

    facts: EmailTemplate
    shown: Shown
    placeholders: Sequence[PlaceholderRow]
    deletion: Confirmation

    @classmethod
    def of(cls, template: EmailTemplate, person: int) -> TemplatePage:
        """As the contact at this place reads it, counted from 1."""
        form = TemplateForm.of(template).completed
        shown = preview.of_contact(form.content, person - 1) or preview.example(form.content)
        rows = sources.rows(form.typed, shown.filled)
        return cls(facts=template, shown=shown, placeholders=rows, deletion=deletion(template))

    @staticmethod
    def words_of(typed: Typed) -> str:
        """Where a value comes from."""
        return sources.in_words(typed)

    @property
    def frame_url(self) -> str:
        """The document of its frame."""
        return url_for("emails.preview_template", template_id=self.facts.id, person=self.shown.index + 1)


def deletion(template: EmailTemplate) -> Confirmation:
    """Delete it?"""
    here = url_for("emails.show_template", template_id=template.id)
    return Confirmation(
        name="ask-delete",
        title=f"Delete “{template.name}”?",
        lines=lines_of(
            "Nobody can choose it any more, and it cannot be brought back.",
            "E-mails that were made from it keep their own text: what was sent or is scheduled stays as it is.",
            *warnings(f"email_template:{template.id}"),
        ),
        action=url_for("emails.delete_template", template_id=template.id),
        choices=(Choice("Delete the template", "danger", "trash"),),
        leave="Keep it",
        back=here,
        crumbs=(("E-mail", url_for("emails.list_emails")), ("Templates", url_for(LIST)), (template.name, here)),
    )
