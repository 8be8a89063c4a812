"""The shipped templates are such as the provider would have, and are listed as the provider lists them."""

import pytest

from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.templates import VARIABLE, Catalog, Template, shipped_templates, variables_in


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(shipped_templates())


def test_what_others_rely_on_is_there(catalog: Catalog) -> None:
    welcome = catalog.find("welcome", "en_US")
    assert welcome is not None
    assert welcome.status == "APPROVED"
    assert welcome.body_variables == ("1",)
    assert {item.status for item in shipped_templates()} == {"APPROVED", "PAUSED", "REJECTED"}
    order = catalog.find("order_update", "en_US")
    assert order is not None
    assert order.is_named
    assert order.body_variables == ("first_name", "order_id")


@pytest.mark.parametrize("template", shipped_templates(), ids=lambda item: item.key[0])
def test_a_shipped_template_would_be_approved(template: Template) -> None:
    text = template.parts["body"]["text"]
    assert len(text) <= 1024
    assert not VARIABLE.match(text)
    assert not text.endswith("}}")
    assert "body_text" in str(template.parts["body"].get("example", "body_text"))
    assert all(len(button["text"]) <= 25 for button in template.buttons)
    assert len(template.parts.get("footer", {}).get("text", "")) <= 60


def test_numbers_come_in_their_order_and_names_as_they_appear() -> None:
    assert variables_in("Code {{2}} for {{1}}, {{10}}, again {{2}}") == ("1", "2", "10")
    assert variables_in("{{b}} and {{ a }}") == ("b", "a")


def test_all_pages_together_are_all_templates(catalog: Catalog) -> None:
    names, query = [], {"limit": "3", "fields": "name"}
    while True:
        rows, _, following = catalog.page(query)
        names += [row["name"] for row in rows]
        if following is None:
            break
        query["after"] = following
    assert names == [item.key[0] for item in shipped_templates()]


def test_a_page_that_just_fits_has_no_next_one(catalog: Catalog) -> None:
    assert catalog.page({"limit": str(len(shipped_templates()))})[2] is None


def test_only_the_asked_fields_and_the_id_are_given(catalog: Catalog) -> None:
    assert set(catalog.page({"fields": "name,status"})[0][0]) == {"name", "status", "id"}


def test_the_listing_can_be_narrowed(catalog: Catalog) -> None:
    assert [row["name"] for row in catalog.page({"status": "paused"})[0]] == ["weekend_offer"]
    assert [row["name"] for row in catalog.page({"language": "es"})[0]] == ["loyalty_points"]
    assert [row["name"] for row in catalog.page({"name": "hello"})[0]] == ["hello_world"]


@pytest.mark.parametrize("query", [{"fields": "colour"}, {"limit": "0"}, {"limit": "many"}, {"after": "nowhere"}])
def test_a_listing_that_makes_no_sense_is_refused(catalog: Catalog, query: dict[str, str]) -> None:
    with pytest.raises(ApiError) as caught:
        catalog.page(query)
    assert caught.value.code == 100
