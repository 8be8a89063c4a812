"""The compose form: what was typed, kept as typed, and read as an e-mail.

Field names: form (which of the forms that were opened: `outbound.once`), name, account, template (an id, "" for a text
of its own), subject, html, text, audience (all, tags, import_id, given), tags (several), import_id, addresses, when
(now, later), date, time, zone, fold, person (whose e-mail is shown), and for each placeholder what `sources` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from adsapp.core.errors import FieldError, Invalid
from adsapp.core.inputs import digits
from adsapp.emails.console import sources
from adsapp.emails.console.pasted import Entry, entries, recipient_of
from adsapp.emails.console.sources import Typed
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.models import Email, EmailTemplate
from adsapp.emails.service import EmailIn
from adsapp.outbound import once
from adsapp.outbound.timing import TypedTime

AUDIENCES: Final = ("all", "tags", "import_id", "given")
PLAIN: Final = (
    *("form", "name", "account", "template", "subject", "html", "text", "audience", "import_id", "addresses"),
    *("when", "date", "time", "zone", "fold"),
)


@dataclass(frozen=True)
class ComposeForm:
    """Everything as typed; nothing is checked here."""

    form: str = field(default_factory=once.new_form)
    name: str = ""
    account: str = ""
    template: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    audience: str = "all"
    tags: tuple[str, ...] = ()
    import_id: str = ""
    addresses: str = ""
    typed: Mapping[str, Typed] = field(default_factory=dict)
    when: str = "now"
    date: str = ""
    time: str = ""
    zone: str = "UTC"
    fold: str = ""  # which of two equal wall clocks: 0 the first, 1 the second
    person: int = 1

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> ComposeForm:
        """From a query or a posted form, whose lines end with CR LF; `to` (a pager's button) goes before `person`."""
        plain: dict[str, Any] = {name: given.get(name, "").replace("\r\n", "\n") for name in PLAIN}
        audience = plain["audience"] or ("import_id" if plain["import_id"] else "tags" if given.get("tags") else "all")
        return cls(
            **plain
            | {
                "form": once.form_of(plain["form"]),
                "audience": audience if audience in AUDIENCES else "all",
                "when": "later" if plain["when"] == "later" else "now",
                "zone": plain["zone"] or "UTC",
            },
            tags=tuple(given.getlist("tags")),
            typed=sources.read(given),
            person=digits(given.get("to") or given.get("person", "")) or 1,
        )

    @classmethod
    def of_email(cls, email: Email, template: EmailTemplate | None) -> ComposeForm:
        """The same again: what an earlier one said and its audience, to be started as a new one."""
        spec = email.audience
        # Contacts that a program named, and addresses, are not kept for this. Then nobody is chosen, never everyone.
        kind = next((kind for kind in AUDIENCES if kind in spec), "given" if "recipients" in spec else "tags")
        own: dict[str, Any] = {} if template else {"subject": email.subject, "html": email.html, "text": email.text}
        return cls(
            name=f"{email.name} (again)"[:200],
            account=str(email.account_id),
            template=str(template.id) if template else "",
            audience=kind,
            tags=tuple(spec.get("tags", ())),
            import_id=str(spec.get("import_id", "")),
            typed=sources.stored(email.variables),
            zone=email.time_zone,
            **own,
        )

    def content(self, template: EmailTemplate | None) -> EmailContent:
        """What it says: the template's text or its own, with what was chosen for its placeholders."""
        if template is None:
            return EmailContent(self.subject, self.html, self.text, sources.as_json(self.typed))
        chosen = {**template.variables, **sources.as_json(self.typed)}
        return EmailContent(template.subject, template.html, template.text, chosen)

    def completed(self, template: EmailTemplate | None, attributes: list[str]) -> ComposeForm:
        """With a source for each placeholder that has one by itself or by its template, and for no other."""
        known = {**sources.stored(template.variables if template else {}), **self.typed}
        return replace(self, typed=sources.complete(self.content(template), known, attributes))

    @property
    def entries(self) -> list[Entry]:
        """The addresses that were pasted."""
        return entries(self.addresses)

    @property
    def recipients(self) -> list[dict[str, str]]:
        """The same as the service takes them."""
        return list(map(recipient_of, self.entries))

    def email_in(self, template: EmailTemplate | None) -> EmailIn:
        """As the service takes it. Raises Invalid if date and time are no moment."""
        own = (
            {"template": str(template.id)}
            if template
            else {name: getattr(self, name) for name in ("subject", "html", "text")}
        )
        return EmailIn(
            name=self.name,
            account=self.account or None,
            variables=sources.as_json(self.typed),
            scheduled_at=self.start.moment() if self.when == "later" else None,
            time_zone=self.zone,
            **own,
            **self._people(),
        )

    def _people(self) -> dict[str, Any]:
        if self.audience == "given":
            return {"recipients": self.recipients}
        specs: Mapping[str, Mapping[str, Any]] = {
            "all": {"all": True},
            "tags": {"tags": list(self.tags)},
            "import_id": {"import_id": self.import_id},
        }
        return {"audience": specs[self.audience]}

    @property
    def start(self) -> TypedTime:
        """When it starts, if not now."""
        return TypedTime(self.date, self.time, self.zone, self.fold)

    @property
    def comes_twice(self) -> bool:
        """True if it has to be said which of two moments is meant."""
        return self.start.comes_twice

    def pairs(self) -> list[tuple[str, str]]:
        """Every field as (name, value), to be carried on by hidden fields."""
        plain = [(name, str(getattr(self, name))) for name in PLAIN if getattr(self, name)]
        return [*plain, *(("tags", tag) for tag in self.tags), *sources.pairs(self.typed)]


FORM_FIELDS: Final[Mapping[str, str]] = {
    "scheduled_at": "date",
    "time_zone": "zone",
    "audience.import_id": "import_id",
    "recipients": "addresses",
}


def errors_by_field(error: Invalid) -> dict[str, FieldError]:
    """The service's errors beside the fields of this form."""
    return error.by_field(form_field)


def form_field(place: str) -> str:
    """`variables.offer` as source.offer, `audience.tags[0]` as audience, `recipients[2].email` as addresses."""
    if place.startswith("variables."):
        return "source." + place.removeprefix("variables.")
    if place in FORM_FIELDS:
        return FORM_FIELDS[place]
    first = re.split(r"[.\[]", place)[0]
    return FORM_FIELDS.get(first, first)
