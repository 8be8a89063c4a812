"""What the provider says to a template: at once, if its form is wrong, and after a look at its text. Pure.

The numbers of refusals are the provider's own where it publishes them. What its reviewers object to it does not
publish; the words here stand for it, so that each ending can be brought about: see `REASONS` and `is_promotion`.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adsapp.sandbox.whatsapp.errors import ApiError

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
_BUTTONS = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
_LONGEST = {"BODY": 1024, "HEADER": 60, "FOOTER": 60}
_LONGEST_LABEL = 25
_MOST_BUTTONS = 10
_WORDS_MORE = 1
_NO_BLANKS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff]")

FORMAT, LENGTH, EDGE, RATIO, STATUS, EXISTS = 2388072, 2388040, 2388299, 2388293, 2388039, 2388024
_OF_PART = {"HEADER": 2388047, "BODY": 2388072, "FOOTER": 2388073}
# A template whose text has one of these words is rejected for that reason.
REASONS = {
    "SCAM": ("password", "card number", "pin code"),
    "ABUSIVE_CONTENT": ("or else", "last warning"),
    "TAG_CONTENT_MISMATCH": ("lottery",),
}
_PROMOTION = re.compile(r"\b(sale|discount|offer|free|voucher|% off)\b|%", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """APPROVED, or REJECTED with a reason; `category` if the provider puts it into another one."""

    event: str
    reason: str = "NONE"
    category: str = ""


def check(entry: Mapping[str, Any]) -> None:
    """Raise ApiError for the first thing that makes it no template."""
    if not _NAME.fullmatch(str(entry.get("name", ""))):
        raise refused("name may have lower-case letters, digits and underscores, 512 at most")
    if not _LANGUAGE.fullmatch(str(entry.get("language", ""))):
        raise refused(f"language {entry.get('language')!r} is not supported")
    if entry.get("category") not in _CATEGORIES:
        raise refused(f"category must be one of {', '.join(_CATEGORIES)}")
    check_components(entry.get("components"), str(entry.get("parameter_format") or "POSITIONAL").upper())


def check_components(components: object, parameter_format: str) -> None:
    """The same for its parts."""
    if not isinstance(components, list) or not all(isinstance(part, dict) for part in components):
        raise refused("components must be a list of objects")
    parts = Counter(str(part.get("type", "")).upper() for part in components)
    if parts["BODY"] != 1 or any(count > 1 for count in parts.values()):
        raise refused("components must have one BODY, and each other part at most once")
    for part in components:
        kind = str(part.get("type", "")).upper()
        if kind == "BUTTONS":
            _check_buttons(part.get("buttons"))
        elif kind == "HEADER" and str(part.get("format", "TEXT")).upper() != "TEXT":
            if not (part.get("example") or {}).get("header_handle"):
                raise refused("HEADER: an example file is needed (example.header_handle)", _OF_PART[kind])
        elif kind in _LONGEST:
            _check_text(kind, part, parameter_format)


def _check_text(kind: str, part: Mapping[str, Any], parameter_format: str) -> None:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        raise refused(f"{kind} has no text", _OF_PART[kind])
    if len(text) > _LONGEST[kind]:
        raise refused(f"{kind} has {len(text)} characters, {_LONGEST[kind]} at most", LENGTH)
    rest, names = _BRACES.sub("", text), list(dict.fromkeys(name.strip() for name in _BRACES.findall(text)))
    if "{{" in rest or "}}" in rest or (names and kind == "FOOTER"):
        raise refused(f"{kind} has wrong placeholders", _OF_PART[kind])
    _check_names(kind, names, parameter_format)
    if kind == "BODY" and (text.strip().startswith("{{") or text.strip().endswith("}}")):
        raise refused("BODY: variables cannot be at the start or the end", EDGE)
    words = len([word for word in _BRACES.sub(" ", text).split() if any(char.isalnum() for char in word)])
    if kind == "BODY" and names and words < len(names) + _WORDS_MORE and not _NO_BLANKS.search(rest):
        raise refused("BODY: too many variables for its length", RATIO)
    if names:
        _check_examples(kind, part.get("example"), names, parameter_format)


def _check_names(kind: str, names: Sequence[str], parameter_format: str) -> None:
    if kind == "HEADER" and len(names) > 1:
        raise refused("HEADER: one variable at most", _OF_PART[kind])
    if parameter_format == "NAMED":
        if not all(_WORD.fullmatch(name) for name in names):
            raise refused(f"{kind}: names of variables are lower-case letters and underscores", _OF_PART[kind])
        return
    if sorted(names) != sorted(str(number) for number in range(1, len(names) + 1)):
        raise refused(f"{kind}: variables must be {{{{1}}}}, {{{{2}}}}, … without gaps", _OF_PART[kind])


def _check_examples(kind: str, example: object, names: Sequence[str], parameter_format: str) -> None:
    given = example if isinstance(example, dict) else {}
    part = kind.lower()
    if parameter_format == "NAMED":
        pairs = given.get(f"{part}_text_named_params") or []
        known = {pair.get("param_name"): pair.get("example") for pair in pairs if isinstance(pair, dict)}
        values = [known.get(name) for name in names]
    else:
        values = given.get(f"{part}_text") or []
        values = values[0] if kind == "BODY" and values and isinstance(values[0], list) else values
    if len(values) != len(names) or not all(isinstance(value, str) and value.strip() for value in values):
        raise refused(f"{kind}: each variable needs an example", _OF_PART[kind])


def _check_buttons(buttons: object) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MOST_BUTTONS:
        raise refused(f"BUTTONS: from 1 to {_MOST_BUTTONS}")
    kinds = [str(button.get("type", "")).upper() for button in buttons if isinstance(button, dict)]
    for kind, count in Counter(kinds).items():
        if count > _BUTTONS.get(kind, 0):
            raise refused(f"BUTTONS: {count} of the type {kind}")
    replies = [kind == "QUICK_REPLY" for kind in kinds]
    if sum(one != other for one, other in itertools.pairwise(replies)) > 1:
        raise refused("BUTTONS: quick replies must stand together")
    for button, kind in zip(buttons, kinds, strict=True):
        label = button.get("text")
        if kind != "COPY_CODE" and (not isinstance(label, str) or not 1 <= len(label) <= _LONGEST_LABEL):
            raise refused(f"BUTTONS: a label has 1 to {_LONGEST_LABEL} characters", LENGTH)
        names = _BRACES.findall(str(button.get("url", "")))
        if (
            kind == "URL"
            and names
            and (len(names) > 1 or not button["url"].endswith("}}") or not button.get("example"))
        ):
            raise refused("BUTTONS: one variable at the end of the url, with an example")


def judge(entry: Mapping[str, Any]) -> Verdict:
    """What the reviewers say."""
    text = " ".join(_texts(entry)).lower()
    for reason, words in REASONS.items():
        if any(word in text for word in words):
            return Verdict("REJECTED", reason)
    if entry.get("category") == "UTILITY" and is_promotion(text):
        return Verdict("APPROVED", category="MARKETING")
    return Verdict("APPROVED")


def is_promotion(text: str) -> bool:
    """It offers something, so it is marketing whatever it was called."""
    return _PROMOTION.search(text) is not None


def _texts(entry: Mapping[str, Any]) -> Iterator[str]:
    for part in entry.get("components", ()):
        yield str(part.get("text") or "")
        yield from (str(button.get("text") or "") for button in part.get("buttons") or ())


def refused(details: str, subcode: int | None = FORMAT) -> ApiError:
    """A refusal with the provider's number for it and a text for people."""
    return ApiError(100, details, subcode=subcode)
