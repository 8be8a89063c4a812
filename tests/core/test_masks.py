"""What a mask hides, and what it leaves: as many digits do not make a number."""

import pytest

from adsapp.core.masks import WHOLE, Mask

MASKED = Mask(whole=False)
TEXTS = {
    "+15550100001": "+15 ••• ••• •001",
    "+44 20 7946 0501": "+44 ••• ••• •501",
    "call (020) 7946-0502 at noon": "call (02 ••• ••• •502 at noon",
    "447946050300 and 0044.7946.050301": "447 ••• ••• •300 and 004 ••• ••• •301",
    "write to ana.smith@example.com": "write to a•••@example.com",
    "p447946050100": "p447 ••• ••• •100",
}
LEFT = (
    *("row 17", "", "12,430,000 people", "since 2026-03-28 09:00", "2026-03-28T09:00:00.123456+00:00", "20261128"),
    *("01a210a8-716a-702e-9273-2c0d2a147695", "12345678-1234-1234-1234-123456789012", "/campaigns/1?person=12345678"),
    *("@home", "10.0.0.1"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_and_addresses_are_masked_wherever_they_stand(text: str) -> None:
    assert MASKED.text(text) == TEXTS[text]
    assert WHOLE.text(text) == text


@pytest.mark.parametrize("text", LEFT)
def test_ids_moments_and_counts_are_left(text: str) -> None:
    assert MASKED.text(text) == text


def test_an_answer_is_masked_in_every_depth_and_its_cursor_is_not() -> None:
    answer = {"next": "123456789", "people": [{"mobile_2": "+15550100001", "age": 41}]}
    assert MASKED.value(answer) == {"next": "123456789", "people": [{"mobile_2": "+15 ••• ••• •001", "age": 41}]}
    assert WHOLE.value(answer) is answer


def test_a_long_text_is_masked_in_a_moment() -> None:
    long = "x" * 200_000  # each letter might begin an address
    assert MASKED.text(long) == long
