"""Whom a campaign or an e-mail goes to, in words."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.core.ids import parse_id
from adsapp.core.words import plural
from adsapp.outbound.audience import NOT_WITHIN


def audience_words(spec: Mapping[str, Any]) -> str:
    """Who it goes to: all contacts, tag “london”, import contacts.csv, 20 addresses; and who not."""
    hours = spec.get(NOT_WITHIN)
    return _chosen(spec) + (f" without those who got a campaign in {plural(hours, 'hour')}" if hours else "")


def _chosen(spec: Mapping[str, Any]) -> str:
    if tags := spec.get("tags"):
        return ("tag " if len(tags) == 1 else "tags ") + ", ".join(f"“{tag}”" for tag in tags)
    if import_id := parse_id(str(spec.get("import_id", ""))):
        name = db.session.scalar(select(Import.file_name).where(Import.id == import_id))
        return f"import {name}" if name else "an import that was deleted"
    if spec.get("rendering_id"):
        return "those of a trial for whom it could be rendered"
    if ids := spec.get("contact_ids"):
        return plural(len(ids), "chosen contact")
    if given := spec.get("recipients"):
        return plural(int(given), "address", "addresses")
    return "all contacts"
