"""What people fill in: a contact, and how a file becomes contacts. Typed text in, checked inputs out."""

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adsapp.contacts.import_service import invalid_mapping
from adsapp.contacts.inputs import ContactIn, ImportOptions, OnDuplicate
from adsapp.contacts.models import Contact, Import
from adsapp.contacts.reading.mapping import InvalidMapping, Mapping
from adsapp.contacts.reading.rows import MAX_TAG
from adsapp.contacts.reading.text import slug
from adsapp.core.errors import Invalid
from adsapp.core.parsing import invalid

TEXT_FIELDS = ("phone", "name", "first_name", "last_name", "email", "language", "country")
NEW_ATTRIBUTE = "attribute"  # "becomes an attribute called like the column"
_NO_PAIR = "write a name, a colon and a value, such as city: Riga"
_TAG_ENDS = re.compile(r"[,;\n]")


def split_tags(text: str) -> list[str]:
    """Names of tags as they are typed: one after another with commas."""
    return [name for name in map(str.strip, _TAG_ENDS.split(text)) if name]


@dataclass
class ContactForm:
    """A contact as typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, contact: Contact, tags: Sequence[str]) -> "ContactForm":
        """The form as it opens for a contact."""
        values = {name: getattr(contact, name) for name in TEXT_FIELDS}
        lines = [f"{key}: {value}" for key, value in contact.attributes.items()]
        return cls(values | {"tags": ", ".join(tags), "attributes": "\n".join(lines)})

    @classmethod
    def typed(cls, sent: Dict[str, str]) -> "ContactForm":
        """The form as it was sent."""
        return cls({name: sent.get(name, "") for name in (*TEXT_FIELDS, "tags", "attributes")})

    def parse(self) -> ContactIn:
        """What was typed as a contact; raises Invalid, whose messages stand beside the fields afterwards."""
        fields = {name: self.values.get(name, "").strip() for name in TEXT_FIELDS}
        lists: dict[str, Any] = {"tags": split_tags(self.values["tags"])}
        problems: list[Invalid] = []
        try:
            lists["attributes"] = self._attributes()
        except Invalid as problem:
            problems.append(problem)
        try:
            contact = ContactIn(**fields, **lists)
        except ValidationError as error:
            problems.insert(0, invalid(error))
        for each in problems:
            self.refuse(each)
        if problems:
            raise problems[0]
        return contact

    def refuse(self, problem: Invalid) -> None:
        """Keep the messages of an error for the fields they belong to."""
        for name, message in problem.field_messages.items():
            self.errors[re.split(r"[.\[]", name)[0]] = message

    def _attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, line in enumerate(self.values["attributes"].splitlines(), 1):
            key, colon, value = (part.strip() for part in line.partition(":"))
            if not (key or colon):
                continue
            if not (key and colon):
                raise Invalid.field("attributes", f"Line {number}, “{line.strip()[:60]}”: {_NO_PAIR}")
            found[slug(key) or key] = value
        return found


def mapping_of(data: Dict[str, str | None], header: Sequence[str]) -> Mapping:
    """A mapping by header names or indexes; raises Invalid that names what is no column."""
    try:
        mapping = Mapping.from_json(data, header)
    except InvalidMapping as error:
        raise invalid_mapping(error.problems) from None
    problems = mapping.validate()
    if problems:
        raise invalid_mapping(problems)
    return mapping


@dataclass
class ImportForm:
    """The columns and options of an import as chosen, and what is wrong with them."""

    header: tuple[str, ...]
    targets: list[str | None]
    default_country: str
    on_duplicate: str = OnDuplicate.UPDATE.value
    tags: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: Import, default_country: str) -> "ImportForm":
        """The form as it opens: the columns as proposed."""
        header = tuple(batch.inspection["header"])
        targets = [batch.mapping.get(str(index)) for index in range(len(header))]
        return cls(header, targets, default_country)

    @classmethod
    def typed(cls, batch: Import, sent: Dict[str, str]) -> "ImportForm":
        """The form as it was sent."""
        header = tuple(batch.inspection["header"])
        targets = [sent.get(f"column-{index}", "").strip() or None for index in range(len(header))]
        policy = sent.get("on_duplicate", OnDuplicate.UPDATE.value)
        return cls(header, targets, sent.get("default_country", ""), policy, sent.get("tags", ""))

    @property
    def mapping(self) -> Mapping:
        """The columns as chosen, checked or not."""
        return Mapping(self.header, tuple(self.targets))

    @property
    def country(self) -> str | None:
        """The default country as chosen."""
        return self.default_country or None

    def check(self) -> bool:
        """Look for mistakes; their messages stand in `errors`, by field. True where there are none."""
        self.errors = self._column_errors()
        self._options()
        return not self.errors

    def options(self) -> ImportOptions:
        """The options as chosen; raises Invalid where they are wrong."""
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
            if problem.place == "header":
                errors["columns"] = problem.message
                continue
            for index in range(len(self.header)):
                if re.search(rf"\bcolumn {index + 1}\b", problem.place):
                    errors.setdefault(f"column-{index}", problem.message)
        return errors


__all__ = ["MAX_TAG", "ContactForm", "ImportForm", "mapping_of", "split_tags"]
