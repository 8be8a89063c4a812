"""What people named keeps its identity: case, accents and blanks may differ, signs and scripts may not be lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.contacts.schemas import tag_names
from adsapp.contacts.values.attributes import attribute_key, attribute_keys, is_attribute_key
from adsapp.contacts.values.names import split_name
from adsapp.contacts.values.text import name_key


@pytest.mark.parametrize(
    "names",
    [
        ["A+", "A-", "A"],
        ["C++", "C#", "C"],
        ["O+", "O-", "50%", "50"],
        ["VIP!", "VIP?", "VIP"],
        ["m2", "m²"],
        ["か", "が"],  # an accent for Unicode, another word for people
        ["कि", "कु"],
        ["чай", "чаи"],
        ["R&D", "R/D", "RD"],
    ],
)
def test_names_that_differ_by_a_sign_are_two(names: list[str]) -> None:
    assert len(set(map(name_key, names))) == len(names)
    assert tag_names(names) == names


@pytest.mark.parametrize("names", [["VIP", " vip ", "Vip"], ["Café", "cafe", "CAFÉ"], ["big  shop", "Big Shop"]])
def test_names_that_differ_by_case_blanks_or_accents_are_one(names: list[str]) -> None:
    assert len(set(map(name_key, names))) == 1
    assert tag_names(names) == [" ".join(names[0].split())]


@pytest.mark.parametrize(
    "name, key",
    [
        ("πόλη", "πόλη"),
        ("город", "город"),
        ("积分", "积分"),
        ("Fødselsdag", "fødselsdag"),
        ("Kjønn", "kjønn"),
        ("Cœur", "cœur"),
        ("Doğum yılı", "doğum_yılı"),
        ("Kart numarası", "kart_numarası"),
        ("Địa chỉ", "địa_chỉ"),
        ("Łódź", "łódź"),
        ("ग्राहक संख्या", "ग्राहक_संख्या"),
        ("رقم العميل", "رقم_العميل"),
        # As they were always: what is in a database stays what it was.
        ("Größe (cm)", "grosse_cm"),
        ("Straße", "strasse"),
        ("Título", "titulo"),
        ("A+", "a_plus"),
        ("A-", "a_minus"),
        ("2nd visit", "field_2nd_visit"),
        ("Tags!", "tags_2"),
        ("★", ""),
    ],
)
def test_a_key_keeps_the_letters_of_every_script(name: str, key: str) -> None:
    assert attribute_key(name) == key
    assert not key or is_attribute_key(key)


@given(st.text(max_size=120))
def test_whatever_the_name_its_key_is_one_and_its_own_key(name: str) -> None:
    key = attribute_key(name)
    assert not key or (is_attribute_key(key) and attribute_key(key) == key)


@given(st.permutations(["Price €", "Price $", "Price", "πόλη", "πόντοι", "A+", "A-", "x" * 60 + "1", "x" * 60 + "2"]))
def test_a_key_comes_from_the_name_whatever_the_place(names: list[str]) -> None:
    keys = dict(zip(names, attribute_keys(names), strict=True))
    assert len(set(keys.values())) == len(names)
    assert keys == dict(zip(sorted(names), attribute_keys(sorted(names)), strict=True))


@pytest.mark.parametrize(
    "whole, first, last",
    [
        ("Ana Maria Silva", "Ana", "Maria Silva"),
        ("Silva, Ana", "Ana", "Silva"),
        ("Dr. Ana Silva", "Ana", "Silva"),
        ("Sam Doe, Jr.", "Sam", "Doe"),
        ("João Sá", "João", "Sá"),
        ("JOÃO SA", "JOÃO", "SA"),
        ("Li Mei", "Li", "Mei"),
        ("Madonna", "Madonna", ""),
        ("Harbour Bakery, Ltd", "", ""),
        ("Harbour Bakery Ltd.", "", ""),
        ("Bäckerei Hafen GmbH", "", ""),
        ("Panadería del Puerto S.A.", "", ""),
        ("PT Roti Harum", "", ""),
        ("ООО Ромашка", "", ""),
        ("Ann & Bob Smith", "", ""),
        ("Shop 24", "", ""),
        ("One, Two, Three", "", ""),
    ],
)
def test_a_name_is_split_only_if_its_parts_are_known(whole: str, first: str, last: str) -> None:
    assert split_name(whole) == (first, last)
