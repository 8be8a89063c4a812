"""Reads of message templates."""

import uuid
from difflib import get_close_matches

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import FieldError, Invalid, NotFound
from adsapp.integrations import queries as accounts
from adsapp.message_templates.components import TemplateView, view
from adsapp.message_templates.models import MessageTemplate


def list_templates() -> list[MessageTemplate]:
    """All templates, by name and language."""
    return list(db.session.scalars(select(MessageTemplate).order_by(MessageTemplate.name, MessageTemplate.language)))


def get_template_by_id(template_id: uuid.UUID) -> MessageTemplate:
    """The template; raises NotFound."""
    found = db.session.scalars(select(MessageTemplate).where(MessageTemplate.id == template_id)).first()
    if found is None:
        raise NotFound("There is no such template; it may have been deleted at the provider")
    return found


def get_template(name: str, language: str) -> MessageTemplate:
    """The template of this name and language; raises Invalid that says which there are."""
    known = select(MessageTemplate).where(MessageTemplate.name == name, MessageTemplate.language == language)
    found = db.session.scalars(known.limit(1)).first()
    if found is None:
        raise _unknown(name, language)
    return found


def find_template(account_id: uuid.UUID, name: str, language: str) -> MessageTemplate | None:
    """An account's template as it was last heard of; None if there is none of this name and language."""
    return db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.account_id == account_id,
            MessageTemplate.name == name,
            MessageTemplate.language == language,
        )
    ).first()


def find_by_id(template_id: uuid.UUID) -> MessageTemplate | None:
    """The template; None if it was deleted."""
    return db.session.scalars(select(MessageTemplate).where(MessageTemplate.id == template_id)).first()


def named(name: str) -> list[MessageTemplate]:
    """Those of the account that sends which have this name, by language."""
    account = accounts.find_default_account() if name else None
    if account is None:
        return []
    mine = select(MessageTemplate).where(MessageTemplate.account_id == account.id, MessageTemplate.name == name)
    return list(db.session.scalars(mine.order_by(MessageTemplate.language)))


def other_languages(template: MessageTemplate) -> list[MessageTemplate]:
    """Those of the same name, by language."""
    mine = (MessageTemplate.account_id == template.account_id, MessageTemplate.name == template.name)
    others = select(MessageTemplate).where(*mine, MessageTemplate.id != template.id)
    return list(db.session.scalars(others.order_by(MessageTemplate.language)))


def view_of(template: MessageTemplate) -> TemplateView:
    """The template taken apart."""
    return view(template.components, template.parameter_format)


def _unknown(name: str, language: str) -> Invalid:
    there = list_templates()
    languages = sorted(template.language for template in there if template.name == name)
    if languages:
        message = f"The template {name!r} does not exist in {language!r}; it is there in {', '.join(languages)}"
        return Invalid(message, fields=[FieldError("template.language", message)])
    names = sorted({template.name for template in there})
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names[:20])}" if names else "sync first"
    message = f"There is no template {name!r}; {hint}"
    return Invalid(message, fields=[FieldError("template.name", message)])
