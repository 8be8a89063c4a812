"""What the compose page shows beside the form: choices, pre-flight, and the e-mail as real people read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from flask import url_for

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.core.ids import parse_id
from adsapp.core.inputs import digits
from adsapp.core.web.pages import PartedPage
from adsapp.emails.console import preview, sources
from adsapp.emails.console.compose_form import ComposeForm, errors_by_field
from adsapp.emails.console.pasted import Entry
from adsapp.emails.console.preview import Shown
from adsapp.emails.console.sources import Options, PlaceholderRow
from adsapp.emails.draft import check as drafts
from adsapp.emails.models import EmailTemplate
from adsapp.emails.preflight import WILL_SEND, Line, Preflight, in_words, line_of
from adsapp.emails.service import EmailIn, preflight
from adsapp.emails.templates import queries as templates
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import EmailAccount
from adsapp.message_templates.placeholders import NO_VALUE
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import known_attributes, person_of
from adsapp.outbound.choices import ZONES, Option, import_options, tag_names
from adsapp.outbound.whom import audience_words

PEOPLE_LOOKED_AT: Final = 6
MOST_ERRORS: Final = 5  # of pasted addresses, beside the field
RECIPIENT: Final = re.compile(r"recipients\[(?P<number>\d+)\](?:\.variables\.(?P<variable>.+))?")


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen: options as (value, text), or (group, [(value, text)])."""

    accounts: Sequence[Option]
    templates: Sequence[tuple[str, Any]]
    tags: Sequence[str]
    imports: Sequence[Option]
    sources: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposePage(PartedPage):
    """The form, what can be chosen, and what would happen. `was_refused`: it was sent and came back."""

    template: ClassVar[str] = "email/new.html"
    fragment: ClassVar[str] = "email/_compose.html"

    form: ComposeForm
    choices: Choices
    chosen: EmailTemplate | None
    account: EmailAccount | None
    placeholders: Sequence[PlaceholderRow]
    preflight: Preflight
    shown: Shown
    email_in: EmailIn
    errors: Mapping[str, str]
    moment: datetime | None
    moment_errors: Mapping[str, FieldError]
    zone_is_default: bool = False
    was_refused: bool = False

    @property
    def zones(self) -> Sequence[str]:
        """The time zones to choose from."""
        return ZONES

    @property
    def frame_url(self) -> str:
        """Where its frame is filled."""
        return url_for("emails.preview_draft")

    @property
    def subject(self) -> str:
        """As it is written, with its placeholders: that of everybody, not of the person shown."""
        return self.chosen.subject if self.chosen else self.form.subject

    @property
    def takes(self) -> str:
        """How long it takes."""
        return in_words(self.preflight.seconds)

    @property
    def total(self) -> int:
        """People in the audience."""
        return self.preflight.tally.total if self.preflight.tally else 0

    @property
    def moment_in_utc(self) -> datetime | None:
        """When it starts, as times are shown; `moment` keeps the zone it was typed in."""
        return self.moment.astimezone(UTC) if self.moment else None

    @property
    def is_begun(self) -> bool:
        """True once there is something to be checked: nothing is red on an empty form."""
        return self.was_refused or bool(self.chosen or self.form.subject or self.form.html or self.form.text)

    @property
    def blocked(self) -> Sequence[Line]:
        """What kept it from being sent, if that is no field of the form."""
        return self.bad if self.was_refused and not self.errors else ()

    @property
    def bad(self) -> Sequence[Line]:
        """What keeps the e-mail from being sent."""
        return [line for line in self.preflight.lines if line.kind == "bad"]

    @property
    def warnings(self) -> Sequence[Line]:
        """What deserves a look."""
        return self.preflight.notes

    @property
    def checks(self) -> Sequence[Line]:
        """The lines, without the sum, which has its own place, and without red before anything was written."""
        lines = [_with_room(line) for line in self.preflight.lines if line.code != WILL_SEND]
        if self.is_begun:
            return lines
        return [replace(line, kind="neutral") if line.error else line for line in lines]

    @property
    def audience(self) -> str:
        """To whom, in words."""
        if self.form.audience == "given":
            return audience_words({"recipients": len(self.form.recipients)})
        return audience_words(self.email_in.audience or {})


def _with_room(line: Line) -> Line:
    """The line with a count at its end, and nothing longer: a sender's address goes below."""
    is_count = not line.value or digits(line.value.replace(",", "")) is not None
    return line if is_count else replace(line, note=line.value, value="")


def compose(
    form: ComposeForm, errors: Mapping[str, FieldError] | None = None, *, zone_is_default: bool = False
) -> ComposePage:
    """Everything the page needs; never raises for what was typed. `errors`: what a try to send it found."""
    attributes = known_attributes()
    chosen = templates.find_template(parse_id(form.template))
    form = form.completed(chosen, attributes)
    moment, data, moment_errors = _data(form, chosen)
    shown = shown_of(form, chosen, data)
    found = preflight(data)
    entered = form.entries if form.audience == "given" else ()
    lines = (*(replace(line, text=for_people(line.error, entered)) if line.error else line for line in found.lines),)
    return ComposePage(
        form=form,
        choices=_choices(form, attributes),
        chosen=chosen,
        account=_account(form),
        placeholders=sources.rows(form.typed, shown.filled),
        preflight=replace(found, lines=(*lines, *map(line_of, moment_errors.values()))),
        shown=shown,
        email_in=data,
        errors=_beside({name: for_people(error, entered) for name, error in (errors or {}).items()}, lines),
        moment=moment,
        moment_errors=moment_errors,
        zone_is_default=zone_is_default,
        was_refused=errors is not None,
    )


def _beside(errors: dict[str, str], lines: Sequence[Line]) -> dict[str, str]:
    """The first mistake of each field, and of the pasted addresses as many as are looked at."""
    wrong = [line.text for line in lines if line.error and RECIPIENT.match(line.error.field)]
    return errors | ({"addresses": "; ".join(wrong[:MOST_ERRORS])} if "addresses" in errors and wrong else {})


def all_errors(page: ComposePage) -> dict[str, FieldError]:
    """Everything that is wrong, beside the fields of the form."""
    try:
        drafts.check(page.email_in)
    except Invalid as error:
        return {**errors_by_field(error), **page.moment_errors}
    except Conflict:  # no account, or one that may not send: a line of the pre-flight says so
        pass
    return dict(page.moment_errors)


def for_people(error: FieldError, entered: Sequence[Entry] = ()) -> str:
    """The service names a placeholder by its key, as programs do; on the page it stands in braces. What is wrong with
    one of the addresses that were pasted (`entered`) says in which line."""
    place = RECIPIENT.match(error.field)
    if place is not None:
        return _of_entry(error, place, entered)
    if not error.field.startswith("variables."):
        return error.message
    name = f"{{{{{error.field.removeprefix('variables.')}}}}}"
    return f"Choose where {name} comes from" if error.code == NO_VALUE else f"{name}: {error.what or error.message}"


def _of_entry(error: FieldError, place: re.Match[str], entered: Sequence[Entry]) -> str:
    number, variable = int(place["number"]), place["variable"]
    where = f"Line {entered[number].line}: " if number < len(entered) else ""
    if variable is None:
        return where + error.message
    return f"{where}there is no value for {{{{{variable}}}}}. Write one for all in its field “If empty”"


def test_of(page: ComposePage, address: str, name: str) -> EmailIn:
    """The e-mail as the person beside the form would read it, to this address. A placeholder without a value stays."""
    content, filled = page.form.content(page.chosen), page.shown.filled
    values = {**{missing: f"{{{{{missing}}}}}" for missing in filled.missing}, **filled.values}
    return EmailIn(
        name=f"Test of {page.form.name or content.subject}"[: drafts.LONGEST_NAME],
        subject=f"[Test] {content.subject}" if content.subject.strip() else "",
        html=content.html,
        text=content.text,
        account=page.form.account or None,
        recipients=[{"email": address, "name": name, "variables": values}],
    )


def shown_of(form: ComposeForm, chosen: EmailTemplate | None, data: EmailIn) -> Shown:
    """The e-mail as the person reads it whose turn it is; with its placeholders if there is nobody yet."""
    content = form.content(chosen)
    if data.recipients is not None:
        return _shown_to_given(form, content, data.recipients)
    try:
        audience = audiences.parse(data.audience or {})
    except Invalid:
        return preview.example(content)
    reachable = preview.willing().where(audience.condition).order_by(Contact.id)
    index = form.person - 1
    found = db.session.scalars(reachable.offset(index).limit(2)).all() or db.session.scalars(reachable.limit(2)).all()
    if not found:
        return preview.example(content)
    contact, place = found[0], {"index": index, "has_next": len(found) > 1}
    return preview.shown_to(content, contact.display_name, contact.email, person_of(contact), **place)


def _shown_to_given(form: ComposeForm, content: Any, recipients: Sequence[Mapping[str, Any]]) -> Shown:
    if not recipients:
        return preview.example(content)
    index = min(form.person, len(recipients)) - 1
    entry = recipients[index]
    name = str(entry.get("name", ""))
    first, _, last = name.partition(" ")
    person = {"name": name, "first_name": first, "last_name": last, "email": entry["email"]}
    place = {"index": index, "has_next": index + 1 < len(recipients)}
    return preview.shown_to(content, name, entry["email"], person, **place)


def _data(form: ComposeForm, chosen: EmailTemplate | None) -> tuple[datetime | None, EmailIn, Mapping[str, FieldError]]:
    try:
        data = form.email_in(chosen)
    except Invalid as error:
        return None, replace(form, when="now", zone="UTC").email_in(chosen), errors_by_field(error)
    return data.scheduled_at, data, {}


def _account(form: ComposeForm) -> EmailAccount | None:
    wanted = parse_id(form.account)
    return next((each for each in accounts.list_email_accounts() if each.id == wanted), None) or (
        accounts.find_default_email_account()
    )


def _choices(form: ComposeForm, attributes: Sequence[str]) -> Choices:
    kept = [(str(each.id), each.name) for each in templates.choices()]
    return Choices(
        accounts=[(str(each.id), f"{each.name} · {each.sender}") for each in accounts.list_email_accounts()],
        templates=[("", "Your own text"), *([("Templates", kept)] if kept else [])],
        tags=tag_names(),
        imports=import_options(),
        sources=sources.options(attributes, form.typed),
    )
