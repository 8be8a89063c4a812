"""What a contact and an import's options may be, for forms, API and commands alike."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adsapp.contacts.values.attributes import KEY_RULE, TARGETS, is_attribute_key
from adsapp.contacts.values.countries import country_code
from adsapp.contacts.values.emails import normalise_email
from adsapp.contacts.values.text import MAX_ATTRIBUTE, MAX_NAME, MAX_TAG, name_key, one_line
from adsapp.integrations.values import is_user_id

Name = Annotated[str, Field(max_length=MAX_NAME)]
MAX_EMAIL = 200
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{2})?")


class OnDuplicate(StrEnum):
    """What an import does if a person is a contact already."""

    UPDATE = "update"  # filled cells overwrite; blank cells never clear a value
    FILL_EMPTY = "fill_empty"  # only fill in what the contact lacks
    SKIP = "skip"  # leave the contact as it is


def tag_names(values: list[str]) -> list[str]:
    """Tags' names as they are stored: tidied, and each only once, whatever its spellings."""
    names: dict[str, str] = {}
    for name in filter(None, map(one_line, values)):
        names.setdefault(name_key(name), name)
    for name in names.values():
        if len(name) > MAX_TAG:
            raise ValueError(f"A tag has at most {MAX_TAG} characters: {name[:30]}…")
    return list(names.values())


def _country(value: str) -> str:
    code = country_code(value)
    if value.strip() and code is None:
        raise ValueError(f"{value!r} is no country that is known; give its name or a code such as US")
    return code or ""


class ContactIn(BaseModel):
    """A contact as given by a form or a request; a blank field was not given."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    phone: str = ""
    wa_user_id: str = ""  # the provider's id of the person, instead of a number or beside it
    name: Name = ""
    first_name: Name = ""
    last_name: Name = ""
    email: str = ""
    language: str = ""
    country: str = ""
    opted_out: bool = False  # True opts out; False says nothing, because consent is given back by hand only
    tags: list[str] = []
    attributes: dict[str, str] = {}

    @field_validator("wa_user_id")
    @classmethod
    def _is_user_id(cls, value: str) -> str:
        if value and not is_user_id(value):
            raise ValueError("This is not a WhatsApp user id; it looks like US.13491208655302741918")
        return value

    @field_validator("name", "first_name", "last_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return one_line(value)

    @field_validator("email")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value:
            return ""
        found = normalise_email(value)
        if found is None or len(found.email) > MAX_EMAIL:
            raise ValueError("This is not a valid e-mail address")
        return found.typed

    @field_validator("language")
    @classmethod
    def _is_language(cls, value: str) -> str:
        if value and not _LANGUAGE.fullmatch(value):
            raise ValueError(f"{value[:40]!r} should be a language code such as en or pt_BR")
        return value

    _known_country = field_validator("country")(_country)
    _tidy_tags = field_validator("tags")(tag_names)

    @field_validator("attributes")
    @classmethod
    def _are_attributes(cls, values: dict[str, str]) -> dict[str, str]:
        for key, value in values.items():
            if key in TARGETS:
                raise ValueError(
                    f"{key!r} is a field of every contact: give it there, and leave it out of the attributes"
                )
            if not is_attribute_key(key):
                raise ValueError(f"{key!r} cannot be an attribute's key: {KEY_RULE}")
            if len(value) > MAX_ATTRIBUTE:
                raise ValueError(f"{key} has at most {MAX_ATTRIBUTE:,} characters")
        return {key: value for key, value in values.items() if value}
