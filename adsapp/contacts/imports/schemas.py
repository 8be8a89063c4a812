"""What programs send with an import: options, and contacts listed in JSON."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adsapp.contacts.imports.reading.delimiters import DELIMITER_NAMES
from adsapp.contacts.imports.reading.files import MOST_HEADER_ROW, Reading
from adsapp.contacts.schemas import OnDuplicate, _country, tag_names
from adsapp.contacts.values.attributes import is_attribute_key

DELIMITERS_BY_NAME = {name: sign for sign, name in DELIMITER_NAMES.items()}
QUOTES_BY_NAME = {"double": '"', "single": "'", "none": ""}
_SIGNS = DELIMITER_NAMES | {sign: name for name, sign in QUOTES_BY_NAME.items() if sign}


class ImportOptions(BaseModel):
    """How a file is imported. `default_country` is for numbers without a prefix; blank: the organization's."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    default_country: str = ""
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    tags: list[str] = []
    dry_run: bool = False

    _known_country = field_validator("default_country")(_country)
    _tidy_tags = field_validator("tags")(tag_names)

    @field_validator("dry_run")
    @classmethod
    def _not_yet(cls, value: bool) -> bool:
        if value:
            raise ValueError("A dry run is not possible yet; leave it out, or import a part of the file first")
        return value

    def to_json(self) -> dict[str, Any]:
        """The options as they are stored with the import."""
        return self.model_dump(mode="json", exclude={"dry_run"})


class ReadingOptions(BaseModel):
    """How a file is read, if that is not to be found by itself.

    `sheet` is the name of a sheet, or its number from 1; `header_row` the line, or row of the sheet, with the names of
    the columns.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    encoding: Annotated[str, Field(max_length=40)] | None = None
    delimiter: Literal["comma", "semicolon", "tab", "vertical bar"] | None = None
    quote: Literal["double", "single", "none"] | None = None
    sheet: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    header_row: Annotated[int, Field(ge=1, le=MOST_HEADER_ROW)] | None = None

    @field_validator("sheet", mode="before")
    @classmethod
    def _name_or_number(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("delimiter", "quote", mode="before")
    @classmethod
    def _sign_or_name(cls, value: Any) -> Any:
        return _SIGNS.get(value, value) if isinstance(value, str) else value

    @property
    def reading(self) -> Reading:
        """The same, as the reading of files takes it."""
        delimiter = DELIMITERS_BY_NAME[self.delimiter] if self.delimiter else None
        quote = QUOTES_BY_NAME[self.quote] if self.quote else None
        return Reading(self.encoding, delimiter, quote, self.sheet, self.header_row)


class FileOptions(ImportOptions, ReadingOptions):
    """How a file is read and imported."""

    @property
    def importing(self) -> ImportOptions:
        """How what is read is imported."""
        return ImportOptions(**self.model_dump(include=set(ImportOptions.model_fields)))


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
