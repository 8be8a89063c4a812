"""What programs send with an import: options, and contacts listed in JSON."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adsapp.contacts.schemas import OnDuplicate, _country, tag_names
from adsapp.contacts.values.attributes import is_attribute_key


class ImportOptions(BaseModel):
    """How a file is imported. `default_country` is for numbers without a prefix; blank: the organization's. With
    `dry_run` nothing is imported: it is found out what would be."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    default_country: str = ""
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    tags: list[str] = []
    dry_run: bool = False

    _known_country = field_validator("default_country")(_country)
    _tidy_tags = field_validator("tags")(tag_names)

    def to_json(self) -> dict[str, Any]:
        """The options as they are stored with the import."""
        return self.model_dump(mode="json", exclude={"dry_run"})


class ListedContact(BaseModel):
    """One contact of a list in a request; loosely typed, because it is judged like a row of a file."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    phone: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    language: str = ""
    country: str = ""
    calling_code: str = ""
    opt_in: str = ""
    opted_out: str = ""
    tags: list[str] = []
    attributes: dict[str, str] = {}

    @field_validator("opt_in", "opted_out", mode="before")
    @classmethod
    def _as_word(cls, value: Any) -> Any:
        return {True: "yes", False: "no", None: ""}.get(value, value) if value in (True, False, None) else value


class ListedContacts(BaseModel):
    """The body of an import without a file."""

    model_config = ConfigDict(extra="forbid")

    contacts: Annotated[list[ListedContact], Field(min_length=1)]
    options: ImportOptions = ImportOptions()

    @model_validator(mode="after")
    def _keys_fit(self) -> "ListedContacts":
        for place, contact in enumerate(self.contacts):
            for key in contact.attributes:
                if not is_attribute_key(key):
                    raise ValueError(f"contacts[{place}].attributes: {key!r} cannot be an attribute's key")
        return self
