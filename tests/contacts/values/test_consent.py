"""What a cell says about consent: no word that is not known is ever a yes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.contacts.values.consent import consent, opt_out

YES = "yes Y TRUE 1 1.0 sí sim ja oui ya да हाँ نعم evet 是 subscribed active Opted-in granted abonniert ✓ ✔️"
NO = (
    "no N False 0 0.0 não nein non tidak нет नहीं لا unsubscribed withdrawn revoked never STOP cleaned bounced "
    "opted_out OptedOut inactive unreachable blocked none désabonné abgemeldet descadastrado baja отписан 退订"
)


@pytest.mark.parametrize("word", YES.split())
def test_a_clear_yes_agrees_and_in_a_column_of_opt_outs_it_stops(word: str) -> None:
    assert consent(word) == (True, True)
    stops = opt_out(word).agrees is False
    assert stops == (word not in ("subscribed", "Opted-in", "abonniert"))


@pytest.mark.parametrize("word", NO.split())
def test_a_clear_no_refuses(word: str) -> None:
    assert consent(word) == (False, True)


@pytest.mark.parametrize("word", ["no", "0", "false", "não", "нет", "subscribed", "opted in", "", "-", "null", "None"])
def test_nobody_opted_out_where_the_column_says_so(word: str) -> None:
    assert opt_out(word).agrees is None


@pytest.mark.parametrize(
    "word", ["unsubscribed", "STOP", "x", "2026-03-01T10:00:00Z", "01.03.2026", "since spring", "?"]
)
def test_a_date_and_every_other_word_is_an_opt_out(word: str) -> None:
    assert opt_out(word).agrees is False


@pytest.mark.parametrize("word", ["maybe", "?", "yes?", "yes/no", "-1", "2", "ja nein", "≠1", "हि", "2026-03-01", "👍"])
def test_a_word_that_is_not_known_is_no_yes_and_not_clear(word: str) -> None:
    assert consent(word) == (False, False)


@pytest.mark.parametrize("cell", ["", "  ", "-", "\u200b", "n/a"])
def test_a_blank_says_nothing(cell: str) -> None:
    assert consent(cell).agrees is opt_out(cell).agrees is None


@given(st.text(min_size=1, max_size=30))
def test_nothing_but_known_words_agrees(cell: str) -> None:
    answer = consent(cell)
    assert answer.is_clear or answer.agrees is False
    assert opt_out(cell).agrees in (False, None)
