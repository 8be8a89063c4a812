"""The provider's rules for a template, each fault with its place, what is wrong and what to do. Pure.

Source: the provider's template reference and the codes of its refusals, 2026. How many words a variable needs is not
published; the figure here is the smallest that templates were seen to pass with.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from adsapp.message_templates.components import MEDIA_FORMATS
from adsapp.message_templates.files.kinds import CALLED
from adsapp.message_templates.languages import NAMES
from adsapp.message_templates.lengths import LONGEST_BODY, LONGEST_CODE, LONGEST_HEADER, LONGEST_URL
from adsapp.message_templates.studio.draft import (
    BUTTONS,
    CATEGORIES,
    HEADERS,
    VARIABLE,
    ButtonDraft,
    TemplateDraft,
    names_in,
)

LONGEST_NAME: Final = 512
LONGEST_FOOTER: Final = 60
LONGEST_LABEL: Final = 25
LONGEST_PHONE: Final = 20
MOST_BUTTONS: Final = 10
MOST_OF: Final = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
WORDS_MORE: Final = 1  # than variables
MOST_BLANKS: Final = 4

_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)
_VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_PHONE = re.compile(r"\+[1-9]\d{6,18}", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#]+\.[^\s]+", re.ASCII | re.IGNORECASE)
_MARKS = re.compile(r"[*_~`]")
_UNQUIET = re.compile(r"[\n\r\t]| {5,}")
_BUTTON_WORDS: Final = {
    "QUICK_REPLY": "quick replies",
    "URL": "buttons that open a page",
    "PHONE_NUMBER": "buttons that call",
    "COPY_CODE": "buttons that copy a code",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`place` is a field of the draft: name, body, buttons.2.text, examples.body.1. `advice` says what to do."""

    place: str
    code: str
    message: str
    advice: str


def judge(draft: TemplateDraft) -> tuple[Fault, ...]:
    """All faults of a draft, in the order of the form; none if the provider's rules are met."""
    return (
        *_head(draft),
        *_header(draft),
        *_body(draft),
        *_footer(draft.footer),
        *_buttons(draft.buttons),
        *_examples(draft),
    )


def faults_by_place(faults: Sequence[Fault]) -> dict[str, Fault]:
    """The first fault of each place."""
    found: dict[str, Fault] = {}
    for fault in faults:
        found.setdefault(fault.place, fault)
    return found


# --- name, language, category -----------------------------------------------------------------------------------------


def _head(draft: TemplateDraft) -> Iterator[Fault]:
    if not draft.name:
        yield Fault("name", "no_name", "The template has no name", "Give it one, such as order_ready.")
    elif not _NAME.fullmatch(draft.name):
        advice = f"Small letters a to z, digits and _ are allowed: {name_from(draft.name) or 'order_ready'}."
        yield Fault("name", "odd_name", f"“{draft.name[:60]}” cannot be a name", advice)
    elif len(draft.name) > LONGEST_NAME:
        yield _too_long("name", "The name", len(draft.name), LONGEST_NAME)
    if draft.language not in NAMES:
        told = f"WhatsApp has no language “{draft.language}”" if draft.language else "No language is chosen"
        yield Fault("language", "no_language", told, "Choose the language that it is written in.")
    if draft.category == "AUTHENTICATION":
        advice = "Make it in WhatsApp Manager, then sync; or choose another category."
        yield Fault("category", "own_text", "WhatsApp writes the text of authentication templates itself", advice)
    elif draft.category not in CATEGORIES:
        yield Fault(
            "category", "no_category", "No category is chosen", "Marketing, if it offers anything; else utility."
        )


def name_from(text: str) -> str:
    """The closest name that is allowed: “Order ready!” is order_ready."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME]


# --- texts ------------------------------------------------------------------------------------------------------------


def _header(draft: TemplateDraft) -> Iterator[Fault]:
    if draft.header_format not in HEADERS:
        yield Fault(
            "header_format", "odd_header", f"There is no header of the kind {draft.header_format}", "Choose one."
        )
    if draft.header_format in MEDIA_FORMATS and not draft.header_sample:
        what = CALLED[draft.header_format]
        advice = f"Upload a {what} as people will get it; each campaign can send another one."
        yield Fault("header_sample", "no_sample", f"There is no {what} for the reviewers to look at", advice)
    if draft.header_format != "TEXT":
        return
    text = draft.header
    if not text.strip():
        yield Fault("header", "empty", "The header is empty", "Write one, or choose no header.")
        return
    if len(text) > LONGEST_HEADER:
        yield _too_long("header", "The header", len(text), LONGEST_HEADER)
    if "\n" in text or "\r" in text:
        yield Fault("header", "line_break", "The header has a line break", "Write it in one line.")
    if has_emoji(text):
        yield Fault("header", "emoji", "The header has an emoji", "Move it to the text: a header takes none.")
    if _MARKS.search(VARIABLE.sub("", text)):
        yield Fault("header", "marks", "The header has a mark of formatting (*, _, ~, `)", "A header is bold as it is.")
    yield from _variables("header", "The header", text)
    if len(set(names_in(text))) > 1:
        yield Fault("header", "many_variables", "The header has several variables", "One is allowed.")


def _body(draft: TemplateDraft) -> Iterator[Fault]:
    text = draft.body
    if not text.strip():
        yield Fault("body", "empty", "The text is empty", "Write what the message says.")
        return
    if len(text) > LONGEST_BODY:
        yield _too_long("body", "The text", len(text), LONGEST_BODY)
    yield from _variables("body", "The text", text)
    stripped = text.strip()
    first, last = VARIABLE.match(stripped), stripped.endswith("}}")
    if first:
        advice = f"Put a word before it: Hello {first.group()}."
        yield Fault("body", "leading_variable", f"The text starts with the variable {first.group()}", advice)
    if last and VARIABLE.search(stripped):
        name = VARIABLE.findall(stripped)[-1]
        told = f"The text ends with the variable {{{{{name}}}}}"
        yield Fault("body", "trailing_variable", told, "Put a word behind it: a full stop alone may not do.")
    yield from _share(text)


def _share(text: str) -> Iterator[Fault]:
    """Are there words enough around the variables?"""
    variables = len(set(names_in(text)))
    words = len([word for word in VARIABLE.sub(" ", text).split() if any(char.isalnum() for char in word)])
    if not variables or words >= variables + WORDS_MORE or _is_written_without_blanks(text):
        return
    told = f"{_many(variables, 'variable')} among {_many(words, 'word')} are too many"
    yield Fault("body", "too_many_variables", told, f"Write at least {variables + WORDS_MORE} words of your own.")


def _is_written_without_blanks(text: str) -> bool:
    """Chinese, Japanese and Thai have no blanks between words: there nothing can be counted."""
    letters = [char for char in text if char.isalpha()]
    return any(
        unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO")) for char in letters
    )


def _footer(text: str) -> Iterator[Fault]:
    if len(text) > LONGEST_FOOTER:
        yield _too_long("footer", "The footer", len(text), LONGEST_FOOTER)
    if VARIABLE.search(text):
        yield Fault("footer", "variable", "The footer has a variable", "Move it to the text: a footer takes none.")
    if "\n" in text or "\r" in text:
        yield Fault("footer", "line_break", "The footer has a line break", "Write it in one line.")


# --- variables --------------------------------------------------------------------------------------------------------


def _variables(place: str, what: str, text: str) -> Iterator[Fault]:
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        advice = "Write a variable with two braces on both sides: {{1}}."
        yield Fault(place, "unbalanced_braces", f"{what} has braces that do not match", advice)
    names = list(dict.fromkeys(names_in(text)))
    if "" in names:
        yield Fault(place, "empty_variable", f"{what} has a variable without a name: {{{{}}}}", "Write {{1}}.")
    numbers = sorted(int(name) for name in names if name.isdecimal())
    words = [name for name in names if name and not name.isdecimal()]
    if numbers and words:
        told = f"{what} mixes numbers ({{{{{numbers[0]}}}}}) and names ({{{{{words[0]}}}}})"
        yield Fault(place, "mixed_variables", told, "Use numbers only, or names only.")
        return
    for name in words:
        if not _VARIABLE_NAME.fullmatch(name):
            advice = f"Small letters, digits and _ are allowed, a letter first: {name_from(name) or 'first_name'}."
            yield Fault(place, "odd_variable", f"“{name[:40]}” cannot be the name of a variable", advice)
    if numbers:
        yield from _numbering(place, numbers)


def _numbering(place: str, numbers: Sequence[int]) -> Iterator[Fault]:
    if numbers[0] == 0:
        yield Fault(place, "zero", "Variables are numbered from 1, and there is {{0}}", "Call the first one {{1}}.")
        return
    missing = next((number for number in range(1, numbers[-1] + 1) if number not in numbers), None)
    if missing is None:
        return
    told = f"{{{{{missing}}}}} is missing: variables are numbered without gaps"
    yield Fault(place, "gap", told, f"Use {{{{{missing}}}}}, or number them anew from {{{{1}}}} on.")


def _examples(draft: TemplateDraft) -> Iterator[Fault]:
    for key in draft.variables:
        name = key.rpartition(".")[2]
        if not name:
            continue
        example, place = draft.examples.get(key, ""), f"examples.{key}"
        if not example.strip():
            told = f"{{{{{name}}}}} has no example"
            yield Fault(place, "no_example", told, "WhatsApp reviews the message with it; take a real value.")
        elif _UNQUIET.search(example):
            told = f"The example of {{{{{name}}}}} has a line break, a tab or more than {MOST_BLANKS} blanks in a row"
            yield Fault(place, "unquiet_example", told, "Write it in one line.")
        elif key.startswith("header.") and has_emoji(example):
            yield Fault(place, "emoji", f"The example of {{{{{name}}}}} has an emoji", "A header takes none.")


# --- buttons ----------------------------------------------------------------------------------------------------------


def _buttons(buttons: Sequence[ButtonDraft]) -> Iterator[Fault]:
    if len(buttons) > MOST_BUTTONS:
        told = f"There are {len(buttons)} buttons, {MOST_BUTTONS} are allowed"
        yield Fault("buttons", "too_many", told, "Take some out: people press the first two.")
    for kind, count in Counter(button.type for button in buttons).items():
        if kind in MOST_OF and count > MOST_OF[kind]:
            told = f"There are {count} {_BUTTON_WORDS.get(kind, kind)}, {MOST_OF[kind]} allowed"
            yield Fault("buttons", "too_many_of_a_kind", told, "Take some out.")
    if _are_scattered([button.type == "QUICK_REPLY" for button in buttons]):
        yield Fault("buttons", "scattered", "Quick replies stand between other buttons", "Put them next to each other.")
    labels = Counter(button.text.strip().casefold() for button in buttons if button.text.strip())
    for index, button in enumerate(buttons):
        yield from _button(index, button)
        if button.text.strip() and labels[button.text.strip().casefold()] > 1:
            told = f"Two buttons are called “{button.text.strip()}”"
            yield Fault(f"buttons.{index}.text", "same_label", told, "Call each something else.")


def _are_scattered(replies: Sequence[bool]) -> bool:
    return sum(one != other for one, other in pairwise(replies)) > 1


def _button(index: int, button: ButtonDraft) -> Iterator[Fault]:
    place = f"buttons.{index}"
    if button.type not in BUTTONS:
        yield Fault(
            f"{place}.type", "odd_button", f"A button of the kind {button.type} cannot be made here", "Choose one."
        )
        return
    if button.type != "COPY_CODE":
        yield from _label(f"{place}.text", button.text)
    if button.type == "URL":
        yield from _address(f"{place}.value", button.value)
    if button.type == "PHONE_NUMBER" and (not _PHONE.fullmatch(button.value) or len(button.value) > LONGEST_PHONE):
        told = f"“{button.value[:40]}” is no phone number" if button.value else "The button has no phone number"
        yield Fault(f"{place}.value", "no_phone", told, "Write it with + and the country: +442071234567.")
    if button.type == "COPY_CODE":
        if not button.value.strip():
            yield Fault(f"{place}.value", "no_code", "The button has no example of a code", "Such as SPRING25.")
        elif len(button.value) > LONGEST_CODE:
            yield _too_long(f"{place}.value", "The code", len(button.value), LONGEST_CODE)


def _label(place: str, text: str) -> Iterator[Fault]:
    if not text.strip():
        yield Fault(place, "no_label", "The button has no words", "Say what it does: Book a table.")
    elif len(text) > LONGEST_LABEL:
        yield _too_long(place, "The button", len(text), LONGEST_LABEL)
    if VARIABLE.search(text):
        yield Fault(place, "variable", "A button's words have a variable", "They are the same for everybody.")


def _address(place: str, url: str) -> Iterator[Fault]:
    if len(url) > LONGEST_URL:
        yield _too_long(place, "The address", len(url), LONGEST_URL)
    elif not _URL.fullmatch(VARIABLE.sub("", url)):
        told = f"“{url[:60]}” is no address of a page" if url else "The button has no address"
        yield Fault(place, "no_url", told, "Begin with https:// and end with a variable, if there is one.")
        return
    names = names_in(url)
    if len(names) > 1 or (names and not url.endswith("}}")):
        told = "An address has one variable, at its end"
        yield Fault(place, "odd_url_variable", told, "Such as https://shop.example/orders/{{1}}.")
    elif names and names != ["1"]:
        yield Fault(place, "odd_url_variable", "The variable of an address is called {{1}}", "Write {{1}}.")


def has_emoji(text: str) -> bool:
    """True if some sign is a picture."""
    return any(unicodedata.category(char) == "So" or char == "\ufe0f" or char >= "\U0001f000" for char in text)


def _too_long(place: str, what: str, length: int, limit: int) -> Fault:
    told = f"{what} has {length:,} characters, {limit:,} are allowed"
    return Fault(place, "too_long", told, f"Take out {length - limit:,}.")


def _many(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
