"""Says yes to numbers that are surely valid, without libphonenumber's work for each of them; never says no.

`sure_number` takes the same steps as `phonenumbers.parse`, `is_valid_number_for_region` and `region_code_for_number`,
over the same metadata of the installed library, with patterns that are compiled once. Wherever the library would have
to choose between two readings, or to rewrite the number, it answers None and the library is asked. A test compares the
two over all countries, so that a new version of the library cannot make them differ.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata

_SIGNS = str.maketrans("", "", " ().-/")
_DIGITS = re.compile(r"\+?[0-9]{7,17}")
_REGIONS_OF = {str(code): names for code, names in COUNTRY_CODE_TO_REGION_CODE.items()}  # the main one first
_LONGEST_CODE = 3
# The kinds that make a number valid; a mobile number is looked at only where it differs from a fixed line.
_KINDS = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")


class SureNumber(NamedTuple):
    """A number in E.164 and the ISO code of its region."""

    e164: str
    region: str


class _Region:
    """What the metadata say about the national numbers of one region."""

    def __init__(self, metadata: Any) -> None:
        self.name: str = metadata.id
        self.code = str(metadata.country_code)
        self.leading = _compiled(metadata.leading_digits)
        self.abroad = _compiled(metadata.international_prefix)
        self._prefix = _compiled(metadata.national_prefix_for_parsing)
        self._rewrites = bool(metadata.national_prefix_transform_rule)
        self._general = re.compile(metadata.general_desc.national_number_pattern)
        self._lengths = frozenset(metadata.general_desc.possible_length)
        self._valid = {length: _any_kind(metadata, length) for length in self._lengths}
        fixed = metadata.fixed_line.possible_length if metadata.fixed_line else ()
        self.longest_line = max(fixed or self._lengths)
        self._mobile = _compiled(metadata.mobile.national_number_pattern) if metadata.mobile else None

    def looks_national(self, number: str) -> bool:
        """True if the digits are those of a national number of some length."""
        return self._general.fullmatch(number) is not None

    def is_general(self, number: str) -> bool:
        """True if national numbers may be like this; there need be no kind of number that is."""
        return len(number) in self._lengths and self.looks_national(number)

    def is_valid(self, number: str) -> bool:
        """True if it is a number of some kind."""
        valid = self._valid.get(len(number))
        return valid is not None and valid.fullmatch(number) is not None

    def is_mobile(self, number: str) -> bool:
        """True if mobile numbers are like this; in some regions fixed lines are, too."""
        return self._mobile is not None and self._mobile.fullmatch(number) is not None

    def without_prefix(self, number: str) -> str | None:
        """The number without the 0 or the like that is dialled before it; None if that is not plain."""
        found = self._prefix.match(number) if self._prefix else None
        if found is None:
            return number
        if self._rewrites and found[found.re.groups] is not None:
            return None
        rest = number[found.end() :]
        # The library drops a prefix if what remains may be a national number; else it weighs one against the other.
        return rest if self.is_general(rest) else None


def sure_number(text: str, region: str | None) -> SureNumber | None:
    """The number in a text of digits, signs between them and a + at most, as a region would read it; None if unsure."""
    digits = text if _DIGITS.fullmatch(text) else text.translate(_SIGNS)
    if digits is not text and not _DIGITS.fullmatch(digits):
        return None
    if digits[0] == "+":
        return _international(digits[1:])
    home = _region(region) if region in SUPPORTED_REGIONS else None
    if home is None or (home.abroad and home.abroad.match(digits)):
        return None
    if digits.startswith(home.code) and not home.is_general(digits):
        rest = home.without_prefix(digits[len(home.code) :])
        if rest is None or not home.is_general(rest) or home.looks_national(digits):
            return None
        return _of_code(home.code, rest)
    number = home.without_prefix(digits)
    return _valid_in(home.code, number) if number else None


def may_be_mobile(e164: str, region: str) -> bool:
    """Whether a valid number of this region is, or may be, a mobile one."""
    if region not in SUPPORTED_REGIONS:
        return False
    home = _region(region)
    return home.is_mobile(e164.removeprefix(f"+{home.code}"))


def may_be_longer(length: int, region: str) -> bool:
    """Whether fixed lines of this region may have more digits than these: of some countries all have as many."""
    return region in SUPPORTED_REGIONS and length < _region(region).longest_line


def _international(digits: str) -> SureNumber | None:
    for length in range(1, _LONGEST_CODE + 1):
        if digits[:length] in _REGIONS_OF:
            return _of_code(digits[:length], digits[length:])
    return None


def _of_code(code: str, digits: str) -> SureNumber | None:
    main = _REGIONS_OF[code][0]
    number = _region(main).without_prefix(digits) if main in SUPPORTED_REGIONS else None
    return _valid_in(code, number) if number else None


def _valid_in(code: str, number: str) -> SureNumber | None:
    """The number, if the region that it belongs to, of those with the code, has such numbers."""
    names = _REGIONS_OF[code]
    owner = _region(names[0]) if len(names) == 1 else _owner(names, number)
    return SureNumber(f"+{code}{number}", owner.name) if owner and owner.is_valid(number) else None


def _owner(names: Sequence[str], number: str) -> _Region | None:
    """As in the library: leading digits decide where a region has any, whether the number is valid or not."""
    for region in map(_region, names):
        if region.leading.match(number) if region.leading else region.is_valid(number):
            return region
    return None


@cache
def _region(name: str) -> _Region:
    """Made when a number of the region is met: all of them would take a quarter of a second."""
    return _Region(PhoneMetadata.metadata_for_region(name))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None


def _any_kind(metadata: Any, length: int) -> re.Pattern[str]:
    """One pattern for all numbers of this length that are valid: general, and of some kind."""
    lines = ("fixed_line",) if metadata.same_mobile_and_fixed_line_pattern else ("fixed_line", "mobile")
    kinds = (getattr(metadata, kind) for kind in (*lines, *_KINDS))
    patterns = [
        f"(?:{kind.national_number_pattern})"
        for kind in kinds
        if kind and kind.national_number_pattern and (not kind.possible_length or length in kind.possible_length)
    ]
    general = metadata.general_desc.national_number_pattern
    return re.compile(rf"(?=(?:{general})\Z)(?:{'|'.join(patterns) or '(?!)'})")
