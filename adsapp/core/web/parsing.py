"""Parsing of request bodies into Pydantic models, with errors that name each field's place."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adsapp.core.errors import FieldError, Invalid, WrongType
from adsapp.core.web.incoming import refuse_odd_json

Model = TypeVar("Model", bound=BaseModel)


def parse_body(model: type[Model]) -> Model:
    """The request's JSON body as `model`; raises Invalid with the place of every mistake."""
    return parse(model, read_json())


def read_json() -> Any:
    """The request's JSON. Raises WrongType for another kind of body, Invalid that says where it breaks off."""
    if not request.is_json and (request.content_length or "Transfer-Encoding" in request.headers):
        sent = f"not {request.mimetype}" if request.mimetype else "and say so"
        raise WrongType(f"Send JSON, {sent}: Content-Type: application/json", code="not_json")
    return as_json(request.get_data() or b"null")


def as_json(text: bytes | str, place: str = "") -> Any:
    """Parsed JSON that can be stored; `place` is the field it came in, "" for the body."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Invalid(
            f"{place or 'The body'} is not JSON: {error}",
            fields=_at(place, f"This is not JSON: {error}"),
            code="not_json",
        ) from None
    except RecursionError:
        raise Invalid(f"{place or 'The body'} is nested too deep; nothing here is", code="not_json") from None
    refuse_odd_json(value, place)
    return value


def _at(place: str, message: str) -> list[FieldError]:
    return [FieldError(place, message)] if place else []


def parse(model: type[Model], data: Any) -> Model:
    """Data as `model`; raises Invalid with the place of every mistake."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise invalid(error) from None


def parse_query(model: type[Model], values: Mapping[str, str] | None = None) -> Model:
    """The query string as `model`."""
    return parse(model, dict(values if values is not None else request.args))


def invalid(error: ValidationError) -> Invalid:
    """Pydantic's errors as ours: `audience.tags.0`, message."""
    fields = [FieldError(place(item["loc"]), _in_words(item)) for item in error.errors()]
    return Invalid("; ".join(f"{field.field or 'body'}: {field.message}" for field in fields), fields=fields)


def _in_words(item: ErrorDetails) -> str:
    if item["type"] == "string_pattern_mismatch":  # its own message is a regular expression
        return f"{str(item['input'])[:40]!r} is not written as this should be; the documentation has an example"
    return item["msg"].removeprefix("Value error, ")


def place(location: tuple[int | str, ...]) -> str:
    """("audience", "tags", 0) as audience.tags[0]."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
