"""Reads of e-mail templates."""

import uuid
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import load_only

from adsapp.core import db
from adsapp.core.db.searching import has_words
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.models import EmailTemplate

MOST_CHOICES = 500
_IN_LISTS = load_only(
    EmailTemplate.name, EmailTemplate.subject, EmailTemplate.version, EmailTemplate.created_by, EmailTemplate.updated_at
)


def list_templates(search: str = "", cursor: str = "", limit: int = PAGE) -> Page[EmailTemplate]:
    """Templates, newest first, without their bodies; `search` in names and subjects."""
    query = select(EmailTemplate).options(_IN_LISTS).order_by(EmailTemplate.id.desc()).limit(limit + 1)
    if search.strip():
        words = search.strip()
        query = query.where(has_words(EmailTemplate.name, words) | has_words(EmailTemplate.subject, words))
    if cursor:
        query = query.where(EmailTemplate.id < id_after(cursor))
    return cut(db.session.scalars(query).all(), limit, lambda template: str(template.id))


def choices() -> list[EmailTemplate]:
    """Templates to choose from, by name."""
    query = select(EmailTemplate).options(_IN_LISTS).order_by(EmailTemplate.name).limit(MOST_CHOICES)
    return list(db.session.scalars(query))


def find_template(template_id: uuid.UUID | None) -> EmailTemplate | None:
    """The template of this id, or None."""
    if template_id is None:
        return None
    return db.session.scalars(select(EmailTemplate).where(EmailTemplate.id == template_id)).first()


def get_template(template_id: uuid.UUID | str) -> EmailTemplate:
    """The template; raises NotFound."""
    found = find_template(parse_id(str(template_id)))
    if found is None:
        raise NotFound("There is no such e-mail template; it may have been deleted")
    return found


def template_called(given: str) -> EmailTemplate:
    """The template of this id or name; raises Invalid that says which there are."""
    found = (
        find_template(parse_id(given))
        or db.session.scalars(select(EmailTemplate).where(EmailTemplate.name == given)).first()
    )
    if found is None:
        raise _unknown(given)
    return found


def content_of(template: EmailTemplate) -> EmailContent:
    """What it says."""
    return EmailContent(template.subject, template.html, template.text, template.variables)


def _unknown(given: str) -> Invalid:
    names = [template.name for template in choices()]
    close = get_close_matches(given, names, n=1, cutoff=0.5)
    hint = f"there are {', '.join(names[:20])}" if names else "there are none yet"
    return Invalid.field(
        "template", f"There is no e-mail template {given!r}; {f'did you mean {close[0]!r}?' if close else hint}"
    )
