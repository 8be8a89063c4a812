"""Message templates as the provider stores them, and what each requires of a sender.

`templates.json` has them in the provider's own shape. A `Template` is read once, when the sandbox starts, so that
checking a message costs no parsing.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from adsapp.sandbox.whatsapp.errors import ApiError

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
SHIPPED = Path(__file__).with_name("templates.json")
_DEFAULT_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
_FIELDS = frozenset({*_DEFAULT_FIELDS, "quality_score", "rejected_reason", "sub_category"})
_DEFAULT_PAGE = 25
_LONGEST_PAGE = 1000


@dataclass(frozen=True)
class Template:
    """One template in one language. `raw` is the provider's JSON and is returned unchanged."""

    raw: Mapping[str, Any]

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.raw["name"], self.raw["language"]

    @cached_property
    def status(self) -> str:
        return str(self.raw["status"])

    @cached_property
    def category(self) -> str:
        return str(self.raw["category"]).lower()

    @cached_property
    def is_named(self) -> bool:
        return bool(self.raw.get("parameter_format") == "NAMED")

    @cached_property
    def parts(self) -> dict[str, Mapping[str, Any]]:
        """The components by type, in lower case."""
        return {component["type"].lower(): component for component in self.raw["components"]}

    @cached_property
    def buttons(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.parts.get("buttons", {}).get("buttons", ()))

    @cached_property
    def header_format(self) -> str:
        """`text`, `image`, `video`, `document`, `location`, or empty without a header."""
        return str(self.parts["header"].get("format", "TEXT")).lower() if "header" in self.parts else ""

    @cached_property
    def body_variables(self) -> tuple[str, ...]:
        return variables_in(self.parts["body"]["text"])

    @cached_property
    def header_variables(self) -> tuple[str, ...]:
        return variables_in(self.parts["header"]["text"]) if self.header_format == "text" else ()

    @cached_property
    def longest_body(self) -> int:
        """The number of characters a filled body may have."""
        return 1024 if len(self.parts) > 1 else 32_768


def variables_in(text: str) -> tuple[str, ...]:
    """Names of the variables in a text, each once: numbers in their order, words as they appear."""
    found = dict.fromkeys(VARIABLE.findall(text))
    numbers = all(name.isdigit() for name in found)
    return tuple(sorted(found, key=int)) if numbers else tuple(found)


def shipped_templates() -> tuple[Template, ...]:
    return tuple(Template(item) for item in json.loads(SHIPPED.read_text(encoding="utf-8")))


class Catalog:
    """The templates of one WhatsApp Business account. `changed` is called after each change."""

    def __init__(self, templates: Iterable[Template], changed: Callable[[], None] = lambda: None) -> None:
        self._templates = {template.key: template for template in templates}
        self._changed = changed

    def find(self, name: str, language: str) -> Template | None:
        return self._templates.get((name, language))

    def put(self, template: Template) -> None:
        """Add it, or replace the one of its name and language."""
        self._templates[template.key] = template
        self._changed()

    def remove(self, template: Template) -> None:
        del self._templates[template.key]
        self._changed()

    def restore(self) -> None:
        """As it was at the very first start."""
        self._templates = {template.key: template for template in shipped_templates()}
        self._changed()

    def named(self, name: str) -> list[Template]:
        """Of all languages."""
        return [item for item in self._templates.values() if item.raw["name"] == name]

    @property
    def templates(self) -> list[Template]:
        return list(self._templates.values())

    def by_id(self, template_id: str) -> Template | None:
        return next((item for item in self._templates.values() if item.raw["id"] == template_id), None)

    def page(self, query: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, str], str | None]:
        """One page of the listing: rows, cursors, and the cursor of the next page if there is one."""
        fields = chosen_fields(query, _DEFAULT_FIELDS, _FIELDS)
        rows = [item.raw for item in self._templates.values() if _matches(item.raw, query)]
        start = _position(query.get("after"))
        end = start + _limit(query.get("limit"))
        shown = [pick(row, fields) for row in rows[start:end]]
        cursors = {"before": _cursor(start), "after": _cursor(start + len(shown))}
        return shown, cursors, cursors["after"] if end < len(rows) else None


class Cupboard:
    """Where templates outlast the process, as those of the provider do: a JSON file, or nowhere."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        kept = json.loads(place.read_text(encoding="utf-8")) if place and place.exists() else {}
        self._kept: dict[str, list[dict[str, Any]]] = kept

    def catalog(self, waba_id: str) -> Catalog:
        """What the account had when the sandbox ended; what is shipped, if it is new."""
        kept = self._kept.get(waba_id)
        templates = shipped_templates() if kept is None else tuple(map(Template, kept))
        catalog = Catalog(templates, lambda: self._keep(waba_id, catalog))
        return catalog

    def _keep(self, waba_id: str, catalog: Catalog) -> None:
        if self._place is None:
            return
        self._kept[waba_id] = [dict(template.raw) for template in catalog.templates]
        beside = self._place.with_suffix(".new")
        beside.write_text(json.dumps(self._kept), encoding="utf-8")
        beside.replace(self._place)


def chosen_fields(query: Mapping[str, str], default: Iterable[str], known: Iterable[str]) -> list[str]:
    """The requested `fields`; raises ApiError 100 if one does not exist."""
    asked = [name.strip() for name in query.get("fields", "").split(",") if name.strip()]
    for name in asked:
        if name not in known:
            raise ApiError(100, message=f"(#100) Tried accessing nonexisting field ({name})")
    return asked or list(default)


def pick(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Those of the requested fields that the row has, and always its id."""
    return {name: row[name] for name in dict.fromkeys((*fields, "id")) if name in row}


def _matches(row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    for name in ("status", "category", "language"):
        if name in query and row[name].lower() != query[name].lower():
            return False
    return query.get("name", "") in row["name"]


def _limit(text: str | None) -> int:
    if text is None:
        return _DEFAULT_PAGE
    if not text.isdigit() or not 1 <= int(text) <= _LONGEST_PAGE:
        raise ApiError(100, f"limit must be between 1 and {_LONGEST_PAGE}")
    return int(text)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"row:{position}".encode()).decode()


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("row:"))
    except (binascii.Error, ValueError) as error:
        raise ApiError(100, "after is not a cursor of this listing") from error
