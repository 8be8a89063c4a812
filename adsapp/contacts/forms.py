"""The form of a contact: takes text as typed, returns checked input."""

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adsapp.contacts.models import Contact
from adsapp.contacts.schemas import ContactIn
from adsapp.contacts.values.attributes import typed_key
from adsapp.core.errors import Invalid
from adsapp.core.web.parsing import invalid

TEXT_FIELDS = ("phone", "name", "first_name", "last_name", "email", "language", "country")
NEW_ATTRIBUTE = "attribute"  # the column becomes an attribute of the same name
_NO_PAIR = "write a name, a colon and a value, such as city: Riga"
_TAG_ENDS = re.compile(r"[,;\n]")


def split_tags(text: str) -> list[str]:
    """The names in a list of tags as people type it, separated by commas, semicolons or lines."""
    return [name for name in map(str.strip, _TAG_ENDS.split(text)) if name]


@dataclass
class ContactForm:
    """A contact as typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, contact: Contact, tags: Sequence[str]) -> "ContactForm":
        """The form filled with a contact's values."""
        values = {name: getattr(contact, name) for name in TEXT_FIELDS}
        values["email"] = contact.email_typed or contact.email
        values["phone"] = contact.phone if contact.phone.startswith("+") else ""
        lines = [f"{key}: {value}" for key, value in contact.attributes.items()]
        return cls(values | {"tags": ", ".join(tags), "attributes": "\n".join(lines)})

    @classmethod
    def typed(cls, sent: Dict[str, str]) -> "ContactForm":
        """The form filled with what was sent."""
        return cls({name: sent.get(name, "") for name in (*TEXT_FIELDS, "tags", "attributes")})

    def parse(self) -> ContactIn:
        """The contact that was typed; raises Invalid, after keeping its messages for display beside the fields."""
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
            key = typed_key(key) or key
            if key in found:
                raise Invalid.field(
                    "attributes", f"Line {number}: {key} is given twice; keep one, or name it otherwise"
                )
            found[key] = value
        return found
