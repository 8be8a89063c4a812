"""The form of an import: what each column of the file becomes, and the options."""

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adsapp.contacts.forms import split_tags
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE, InvalidMapping, Mapping
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.service import invalid_mapping
from adsapp.contacts.models import Import
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.attributes import typed_key
from adsapp.core.errors import Invalid
from adsapp.core.web.parsing import invalid


def mapping_of(data: Dict[str, str | None], header: Sequence[str]) -> Mapping:
    """A mapping by header names or indexes; raises Invalid that names keys which are not columns."""
    try:
        mapping = Mapping.from_json(data, header)
    except InvalidMapping as error:
        raise invalid_mapping(error.problems) from None
    problems = mapping.validate()
    if problems:
        raise invalid_mapping(problems)
    return mapping


def _chosen(sent: Dict[str, str], index: int) -> str | None:
    """What a column becomes; an attribute may have been given a name of its own beside it."""
    target, name = (sent.get(f"{field}-{index}", "").strip() for field in ("column", "key"))
    if target.startswith(ATTRIBUTE) and name:
        return ATTRIBUTE + (typed_key(name) or name)
    return target or None


@dataclass
class ImportForm:
    """The chosen columns and options of an import, and what is wrong with them."""

    header: tuple[str, ...]
    targets: list[str | None]
    default_country: str
    on_duplicate: str = OnDuplicate.UPDATE.value
    tags: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: Import, default_country: str) -> "ImportForm":
        """The form with the proposed columns, or those that it was tried with."""
        header = tuple(batch.inspection["header"])
        targets = [batch.mapping.get(str(index)) for index in range(len(header))]
        chosen = {"default_country": default_country} | batch.options  # it has some once it was tried
        tags = ", ".join(chosen.get("tags", ()))
        return cls(
            header, targets, chosen["default_country"], chosen.get("on_duplicate", OnDuplicate.UPDATE.value), tags
        )

    @classmethod
    def typed(cls, batch: Import, sent: Dict[str, str]) -> "ImportForm":
        """The form filled with what was sent."""
        header = tuple(batch.inspection["header"])
        targets = [_chosen(sent, index) for index in range(len(header))]
        policy = sent.get("on_duplicate", OnDuplicate.UPDATE.value)
        return cls(header, targets, sent.get("default_country", ""), policy, sent.get("tags", ""))

    @property
    def mapping(self) -> Mapping:
        """The chosen columns, not checked yet."""
        return Mapping(self.header, tuple(self.targets))

    @property
    def country(self) -> str | None:
        """The chosen default country; None if it was left blank."""
        return self.default_country or None

    def check(self) -> bool:
        """Look for mistakes and keep their messages in `errors`, by field. True if there are none."""
        self.errors = self._column_errors()
        self._options()
        return not self.errors

    def options(self) -> ImportOptions:
        """The chosen options; raises Invalid if they are wrong."""
        options = self._options()
        if options is None:
            raise Invalid("The options of the import are wrong")
        return options

    def _options(self) -> ImportOptions | None:
        chosen: dict[str, Any] = {"default_country": self.default_country, "on_duplicate": self.on_duplicate}
        try:
            return ImportOptions(**chosen, tags=split_tags(self.tags))
        except ValidationError as error:
            self.errors |= {re.split(r"[.\[]", name)[0]: text for name, text in invalid(error).field_messages.items()}
            return None

    def _column_errors(self) -> dict[str, str]:
        errors: dict[str, str] = {}
        for problem in self.mapping.validate():
            if not problem.columns:  # the header as a whole
                errors["columns"] = problem.message
            for index in problem.columns:
                errors.setdefault(f"column-{index}", problem.message)
        return errors
