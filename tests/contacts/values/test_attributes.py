"""Keys of attributes."""

import pytest

from adsapp.contacts.values.attributes import is_attribute_key


@pytest.mark.parametrize("key", ["city", "shop_2", "a", "k" * 40])
def test_small_letters_digits_and_underscores_make_a_key(key: str) -> None:
    assert is_attribute_key(key)


@pytest.mark.parametrize("key", ["", "City", "2nd", "_city", "shop name", "größe", "k" * 41, "phone", "opt_in"])
def test_anything_else_and_the_name_of_a_field_is_no_key(key: str) -> None:
    assert not is_attribute_key(key)
