"""E-mail templates are added, changed and deleted here. What was sent from one keeps its own copy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.emails.content import placeholders
from adsapp.emails.content.rendering import EmailContent, parse_variables
from adsapp.emails.draft.text_errors import content_errors
from adsapp.emails.models import EmailTemplate
from adsapp.message_templates.placeholders import NO_VALUE, InvalidSources, Source, to_json
from adsapp.organizations.auditing import By

LONGEST_NAME: Final = 200
PARTS: Final = ("name", "subject", "html", "text", "variables")


@dataclass(frozen=True)
class TemplateIn:
    """A template as a person or a program gives it. `variables` as `message_templates.placeholders` has them; what
    has no source in it gets one when it is used."""

    name: str
    subject: str
    html: str = ""
    text: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


def create_template(data: TemplateIn, by: By) -> EmailTemplate:
    """Add one; raises Invalid with the fields, Conflict for a name there is."""
    variables = _checked(data)
    _refuse_same_name(data.name)
    template = EmailTemplate(
        organization_id=db.require_organization_id(),
        name=data.name.strip(),
        subject=data.subject.strip(),
        html=data.html,
        text=data.text,
        variables=variables,
        created_by=by.name,
    )
    db.session.add(template)
    db.session.flush()
    by.audit("add email template", _subject(template), title=template.name)
    return template


def change_template(template: EmailTemplate, data: TemplateIn, version: int, by: By) -> EmailTemplate:
    """Change all of it. Raises Conflict if it is not in the version any more that somebody began to edit."""
    db.session.refresh(template, with_for_update=True)
    if template.version != version:
        raise Conflict(
            f"Somebody changed “{template.name}” while you edited it: yours began with version {version}, and it has "
            f"version {template.version} now. Look at theirs, then save yours again",
            code="changed_meanwhile",
        )
    values = {**vars(data), "name": data.name.strip(), "subject": data.subject.strip(), "variables": _checked(data)}
    changed = [name for name in PARTS if getattr(template, name) != values[name]]
    if not changed:
        return template
    if "name" in changed:
        _refuse_same_name(data.name)
    for name in changed:
        setattr(template, name, values[name])
    template.version, template.updated_at = version + 1, utcnow()
    db.session.flush()
    by.audit("change email template", _subject(template), title=template.name, fields=changed)
    return template


def duplicate_template(template: EmailTemplate, by: By) -> EmailTemplate:
    """A copy under a name of its own."""
    name = next(name for name in _names_of_copies(template.name) if not _is_taken(name))
    copy = TemplateIn(name, template.subject, template.html, template.text, template.variables)
    return create_template(copy, by)


def delete_template(template: EmailTemplate, by: By) -> None:
    """Delete it for good; e-mails that were made from it are not touched."""
    by.audit("delete email template", _subject(template), title=template.name)
    db.session.delete(template)
    db.session.flush()


def _checked(data: TemplateIn) -> dict[str, Any]:
    """The variables as they are stored; raises Invalid with everything that is wrong."""
    content = EmailContent(data.subject, data.html, data.text)
    errors = [*_name_errors(data.name), *content_errors(content)]
    variables: dict[str, Any] = {}
    try:
        variables = dict(to_json(sources_so_far(content, data.variables)))
    except InvalidSources as wrong:
        errors += [
            FieldError(f"variables.{each.variable}", f"{each.variable}: {each.message}") for each in wrong.errors
        ]
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    return variables


def sources_so_far(content: EmailContent, raw: Mapping[str, Any]) -> Mapping[str, Source]:
    """The sources of a template: what has none yet may get one when it is used. Raises InvalidSources otherwise."""
    try:
        return parse_variables(content, raw)
    except InvalidSources as wrong:
        if any(each.code != NO_VALUE for each in wrong.errors):
            raise InvalidSources(each for each in wrong.errors if each.code != NO_VALUE) from None
        lacking = {each.variable for each in wrong.errors}
        return placeholders.parse([name for name in content.variables_used if name not in lacking], raw, None)


def _name_errors(name: str) -> Iterator[FieldError]:
    stripped = name.strip()
    if not stripped:
        yield FieldError("name", "Give the template a name")
    elif len(stripped) > LONGEST_NAME or not stripped.isprintable():
        yield FieldError("name", f"The name should be one line of at most {LONGEST_NAME} characters")


def _refuse_same_name(name: str) -> None:
    if _is_taken(name.strip()):
        raise Invalid.field("name", f"There is a template “{name.strip()}” already; give this one another name")


def _is_taken(name: str) -> bool:
    return db.session.scalars(select(EmailTemplate.id).where(EmailTemplate.name == name)).first() is not None


def _names_of_copies(name: str) -> Iterator[str]:
    short = name[: LONGEST_NAME - 20]
    yield f"{short} (copy)"
    yield from (f"{short} (copy {number})" for number in count(2))


def _subject(template: EmailTemplate) -> str:
    return f"email_template:{template.id}"
