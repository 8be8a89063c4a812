"""Files that ADSapp itself has made: an export of contacts is read back as it was written, without guessing."""

from collections.abc import Sequence

from adsapp.contacts.values.attributes import is_attribute_key

EXPORT_COLUMNS = (
    "Phone", "Name", "First name", "Last name", "E-mail", "Language", "Country", "Tags", "Opted out",
)  # fmt: skip
_TARGETS = ("phone", "name", "first_name", "last_name", "email", "language", "country", "tags", "opted_out")


def targets_of_export(header: Sequence[str]) -> list[str] | None:
    """What the columns of an exported file are; None if it is another file."""
    keys = header[len(EXPORT_COLUMNS) :]
    if tuple(header[: len(EXPORT_COLUMNS)]) != EXPORT_COLUMNS or not all(map(is_attribute_key, keys)):
        return None
    return [*_TARGETS, *(f"attribute:{key}" for key in keys)]
