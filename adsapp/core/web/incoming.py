"""The text of a request, looked at where it comes in: query, form and JSON hold nothing that cannot be stored.

PostgreSQL refuses NUL in a text, UTF-8 has no lone surrogates, and neither database has numbers of a hundred digits;
without this, each would be an error of ours somewhere behind the views.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

from htmx_flask import HtmxAwareRequest
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from adsapp.core.errors import FieldError, Invalid
from adsapp.core.inputs import MOST, why_no_text

DEEPEST: Final = 32  # lists and objects in one another, in a body of JSON


class _FormReader(FormDataParser):
    """Reads forms, and refuses what cannot be stored before a view sees any of it."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, Any]]:
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        refuse_odd_texts(form.items(multi=True))
        refuse_odd_texts((name, file.filename or "") for name, file in files.items(multi=True))
        return rest, form, files


class Incoming(HtmxAwareRequest):  # type: ignore[misc]  # htmx-flask publishes no types
    """A request whose query and form hold only text that can be stored; reading them raises Invalid otherwise."""

    form_data_parser_class = _FormReader

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The query, as Flask reads it."""
        try:
            found: ImmutableMultiDict[str, str] = super().args
        except UnicodeDecodeError:
            raise Invalid("The address holds bytes that are not UTF-8; write them as %C3%A9 is written for é") from None
        refuse_odd_texts(found.items(multi=True))
        return found


def refuse_odd_texts(pairs: Iterable[tuple[str | None, str]]) -> None:
    """Raise Invalid if a name or a value of these cannot be stored."""
    for name, value in pairs:
        if name is None:  # of a multipart form; what reads forms for us stumbles over it
            raise Invalid("A part of the form has no name; give each part its field's name")
        if why_not := why_no_text(name) or why_no_text(value):
            shown = ascii(name) if why_no_text(name) else name
            raise Invalid(f"“{shown}” {why_not}", fields=[FieldError(shown, why_not)])


def refuse_odd_json(value: Any, place: str = "", depth: int = 0) -> None:
    """Raise Invalid, with the place, for what of parsed JSON no column takes: odd text, numbers beyond 64 bits, and
    lists within lists without end."""
    if isinstance(value, str):
        why_not = why_no_text(value)
    elif isinstance(value, int | float):
        why_not = "" if abs(value) <= _largest(value) else "is a number too large to be stored"
    elif isinstance(value, list | dict):
        why_not = _look_inside(value, place, depth)
    else:
        return
    if why_not:
        raise Invalid.field(place or "body", f"{place or 'The body'} {why_not}")


def _largest(value: float) -> float:
    return MOST if isinstance(value, int) else sys.float_info.max  # infinite and NaN are not below it


def _look_inside(value: list[Any] | dict[str, Any], place: str, depth: int) -> str:
    if depth == DEEPEST:
        return f"is nested more than {DEEPEST} deep; nothing here is"
    for key, each in _named(value):
        if isinstance(key, str) and (why_not := why_no_text(key)):
            return f"has a name that {why_not}"
        if not isinstance(each, bool | None):
            refuse_odd_json(
                each, f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}".lstrip("."), depth + 1
            )
    return ""


def _named(value: list[Any] | Mapping[str, Any]) -> Iterable[tuple[int | str, Any]]:
    return value.items() if isinstance(value, Mapping) else enumerate(value)
