"""What is wrong with an e-mail that is asked for: all of it at once, each beside its field."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.ids import parse_id
from adsapp.emails.content.rendering import EmailContent, parse_variables
from adsapp.emails.draft.asked import Draft, EmailIn, Given
from adsapp.emails.draft.attachments import read_attachments
from adsapp.emails.draft.given import names_of, read_given, why_no_address
from adsapp.emails.draft.text_errors import content_errors
from adsapp.emails.models import EmailTemplate
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import EmailAccount
from adsapp.message_templates.placeholders import (
    ATTRIBUTE_PREFIX,
    InvalidSources,
    Source,
    to_json,
)
from adsapp.outbound import audience as audiences
from adsapp.outbound import timing
from adsapp.outbound.audience import NOT_WITHIN, Audience
from adsapp.outbound.lacking import refuse_unknown_attributes

LONGEST_NAME: Final = 200
MOST_TAGS: Final = 10
LONGEST_TAG: Final = 256
_TAG = re.compile(r"[A-Za-z0-9_-]+")
OUR_TAG: Final = "recipient"
GIVEN_BY_EACH: Final = {"value": "-"}  # in place of a source, while it is checked


def check(data: EmailIn) -> Draft:
    """The draft; raises Invalid with everything that is wrong, Conflict if no account may send."""
    account = account_of(data)
    parts, errors = _read(
        data,
        name=_name,
        content=content_of,
        audience=audience_of,
        reply_to=_reply_to,
        tags=_tags,
        attachments=lambda given: read_attachments(given.attachments),
        scheduled_at=lambda given: timing.scheduled_time(given.scheduled_at, given.time_zone, given.fold),
    )
    given: tuple[Given, ...] = ()
    if data.recipients is not None and "content" in parts:
        try:
            given = read_given(data.recipients, parts["content"])
        except Invalid as error:
            errors += error.fields
    if errors:
        raise Invalid("; ".join(error.message for error in errors[:10]), fields=errors)
    template = _template(data)
    parts["name"] = parts["name"] or parts["content"].subject[:LONGEST_NAME]
    return Draft(
        **parts,
        account=account,
        template_id=template.id if template else None,
        given=given,
        time_zone=data.time_zone,
    )


def _read(data: EmailIn, **readers: Callable[[EmailIn], Any]) -> tuple[dict[str, Any], list[FieldError]]:
    parts: dict[str, Any] = {}
    errors: list[FieldError] = []
    for part, read in readers.items():
        try:
            parts[part] = read(data)
        except Invalid as error:
            errors += error.fields
    return parts, errors


def account_of(data: EmailIn) -> EmailAccount:
    """Who sends it: the one that is named, else the default. Raises Conflict if it may not, Invalid if there is none of
    this id."""
    account = _named_account(data.account) if data.account else accounts.get_default_email_account()
    accounts.refuse_refused_email_account(account)
    return account


def _named_account(named: str) -> EmailAccount:
    account_id = parse_id(named)
    found = next((each for each in accounts.list_email_accounts() if each.id == account_id), None)
    if found is None:
        raise Invalid.field("account", f"There is no e-mail account {named}; see under {accounts.WHERE}")
    return found


# --- what it says -----------------------------------------------------------------------------------------------------


def content_of(data: EmailIn) -> EmailContent:
    """What it says, with a source for every placeholder; raises Invalid."""
    said = _said(data)
    errors = list(content_errors(said))
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    return EmailContent(said.subject, said.html, said.text, to_json(_sources(said, data)))


def _said(data: EmailIn) -> EmailContent:
    own = [name for name in ("subject", "html", "text") if getattr(data, name)]
    template = _template(data)
    if template is None:
        return EmailContent(data.subject.strip(" "), data.html, data.text, data.variables)
    if own:
        raise Invalid.field(own[0], "Give either a template or a text of its own, not both")
    variables = {**template.variables, **data.variables}
    return EmailContent(template.subject, template.html, template.text, variables)


def _template(data: EmailIn) -> EmailTemplate | None:
    if not data.template:
        return None
    wanted: uuid.UUID | None = parse_id(data.template)
    query = select(EmailTemplate).where(
        EmailTemplate.id == wanted if wanted else EmailTemplate.name == data.template.strip()
    )
    found = db.session.scalars(query).first()
    if found is None:
        raise Invalid.field("template", f"There is no e-mail template “{data.template[:80]}”")
    return found


def _sources(said: EmailContent, data: EmailIn) -> Mapping[str, Source]:
    """Where values come from, but for those that each recipient brings along."""
    brought = names_of(data.recipients or ()) - said.variables.keys()
    raw = {**said.variables, **dict.fromkeys(brought & set(said.variables_used), GIVEN_BY_EACH)}
    try:
        sources = parse_variables(said, raw, _attributes(said, raw))
        if data.recipients is None:
            refuse_unknown_attributes(sources)
    except InvalidSources as error:
        raise wrong_variables(error) from None
    return {name: source for name, source in sources.items() if name not in brought}


def _attributes(said: EmailContent, raw: Mapping[str, Any]) -> set[str]:
    """Names that may be attributes: those we know of, and those that are called so; they are looked at closer later."""
    fields = [str(entry.get("field")) for entry in raw.values() if isinstance(entry, Mapping)]
    called = [name for name in (*fields, *said.variables_used) if name.startswith(ATTRIBUTE_PREFIX)]
    return {*audiences.known_attributes(), *(name.removeprefix(ATTRIBUTE_PREFIX).strip() for name in called)}


def wrong_variables(error: InvalidSources) -> Invalid:
    """The mistakes of an e-mail's variables, each beside its own."""
    fields = [
        FieldError(f"variables.{each.variable}", f"{each.variable}: {each.message}", each.code, each.message)
        for each in error.errors
    ]
    return Invalid("; ".join(field.message for field in fields), fields=fields)


# --- to whom, and the rest --------------------------------------------------------------------------------------------


def audience_of(data: EmailIn) -> Audience | None:
    """The audience; None if addresses are given. Raises Invalid."""
    if data.recipients is not None and data.audience:
        raise Invalid.field("recipients", "Give either an audience or recipients, not both")
    if data.recipients is not None:
        return None
    if data.audience and data.audience.get(NOT_WITHIN):
        raise Invalid.field(f"audience.{NOT_WITHIN}", "This counts campaigns; an e-mail goes to everybody chosen")
    return audiences.parse(data.audience or {})


def _name(data: EmailIn) -> str:
    name = " ".join(data.name.split())
    if len(name) > LONGEST_NAME:
        raise Invalid.field("name", f"The name has {len(name)} characters; {LONGEST_NAME} are allowed")
    return name


def _reply_to(data: EmailIn) -> str:
    if not data.reply_to.strip():
        return ""
    why_not = why_no_address(data.reply_to)
    if why_not:
        raise Invalid.field("reply_to", why_not)
    return data.reply_to.strip()


def _tags(data: EmailIn) -> dict[str, str]:
    errors = [FieldError("tags", f"{MOST_TAGS} tags are allowed")] if len(data.tags) > MOST_TAGS else []
    for name, value in data.tags.items():
        if not all(_TAG.fullmatch(str(part)) and len(str(part)) <= LONGEST_TAG for part in (name, value)):
            told = f"should be ASCII letters, digits, _ and - only, {LONGEST_TAG} at most, in name and value"
            errors.append(FieldError(f"tags.{name}", told))
        elif name == OUR_TAG:
            errors.append(FieldError(f"tags.{name}", f"{OUR_TAG} is a tag of ADSapp's own; take another name"))
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    return {str(name): str(value) for name, value in data.tags.items()}
