"""The word must be the whole message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.events import InboundEvent
from adsapp.integrations.whatsapp.opt_out import COURTESIES, WORDS, asks_to_stop
from adsapp.integrations.whatsapp.webhooks import parse
from tests.paths import CASES

CASE = CASES / "C08-opt-out-words-and-timing"
VERDICTS = [(entry["body"], entry["opt_out"]) for entry in json.loads((CASE / "bodies.json").read_text())]
ALL_WORDS = [word for words in WORDS.values() for word in words]


@pytest.mark.parametrize("body, verdict", VERDICTS)
def test_the_words_of_the_case_get_their_verdict(body: str, verdict: str) -> None:
    assert asks_to_stop(body) is not verdict.startswith("no")


@pytest.mark.parametrize("word", ALL_WORDS)
def test_every_word_counts_in_any_case_and_dress(word: str) -> None:
    for text in (word, word.upper(), f"  {word}. ", f"{word}!\n", f"“{word}”", f"*{word}* 🙏"):
        assert asks_to_stop(text), text


@pytest.mark.parametrize(
    "text",
    [
        "Stop please",
        "please stop",
        "STOP, thank you",
        "Thanks. Stop",
        "stop stop",
        "s.t.o.p",
        "ＳＴＯＰ",
        "Arrêt",
        "İPTAL",
    ],
)
def test_a_courtesy_or_an_odd_spelling_takes_nothing_away(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        *("don't stop", "stop by at five", "I can't stop smiling", "one-stop shop", "unsubscribed?? how", "stops"),
        *("thank you", "please", "!!!", "🛑", "ok", "yes", "no", "Stop. When do you open?", "a b", "\ud83d"),
        *("acha", "dung", "stop " * 100),
    ],
)
def test_other_messages_are_not_opt_outs(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize("courtesy", COURTESIES)
def test_a_courtesy_alone_asks_for_nothing(courtesy: str) -> None:
    assert not asks_to_stop(courtesy)


@pytest.mark.parametrize("name, verdict", [("inbound_stop.json", True), ("inbound_not_stop.json", False)])
def test_the_webhooks_of_the_case_lead_to_the_same_verdict(name: str, verdict: bool) -> None:
    (event,) = parse((CASE / name).read_bytes()).events
    assert isinstance(event, InboundEvent)
    assert asks_to_stop(event.text) is verdict


@given(st.text(max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    assert asks_to_stop(text) in (True, False)
