"""The store of e-mail templates: errors beside their field, two who edit at once are told, the API says the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.emails.templates import queries, service
from adsapp.emails.templates.service import TemplateIn
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast

SPRING = TemplateIn(
    "Spring",
    "Hello {{first_name}}",
    html="<p>{{first_name}}, {{offer}} in {{attribute:city}}</p>",
    variables={"first_name": {"field": "first_name", "fallback": "there"}},
)
WRONG: dict[str, Any] = {
    "name": " ",
    "subject": "Hello\r\nBcc: everybody@example.com",
    "html": "x" * 1_000_001,
    "text": "x" * 1_000_001,
}


@pytest.fixture(autouse=True)
def organization(app: Flask, cast: Cast) -> Iterator[None]:
    with db.organization_context(app, cast.bakery_id):
        yield


def test_what_has_no_source_yet_gets_one_when_it_is_used() -> None:
    template = service.create_template(SPRING, by=NOBODY)
    assert template.variables == {
        "first_name": {"field": "first_name", "fallback": "there"},
        "attribute:city": {"field": "attribute:city"},
    }


@pytest.mark.parametrize("name", WRONG)
def test_each_field_that_is_wrong_is_named(name: str) -> None:
    with pytest.raises(Invalid) as told:
        service.create_template(replace(SPRING, **{name: WRONG[name]}), by=NOBODY)
    assert [field.field for field in told.value.fields] == [name]


@pytest.mark.parametrize(
    "html, variables, field",
    [
        ("", {}, "html"),
        ("<p>{{offer}}</p>", {"offre": {"value": "10 %"}}, "variables.offre"),
        ("<p>{{offer}}</p>", {"offer": {"field": "shoe size"}}, "variables.offer"),
        ("<p title={{offer}}>A value could become markup here</p>", {}, "variables.offer"),
    ],
)
def test_a_body_is_needed_and_its_placeholders_are_read(html: str, variables: Any, field: str) -> None:
    with pytest.raises(Invalid) as told:
        service.create_template(TemplateIn("Spring", "Hello", html, variables=variables), by=NOBODY)
    assert field in {each.field for each in told.value.fields}


def test_two_who_edit_at_once_are_told() -> None:
    template = service.create_template(SPRING, by=NOBODY)
    service.change_template(template, replace(SPRING, subject="Dear {{first_name}}"), 1, by=NOBODY)
    with pytest.raises(Conflict, match="yours began with version 1, and it has version 2 now"):
        service.change_template(template, replace(SPRING, subject="Mine"), 1, by=NOBODY)
    assert (template.subject, template.version) == ("Dear {{first_name}}", 2)
    service.change_template(template, replace(SPRING, subject="Dear {{first_name}}"), 2, by=NOBODY)
    assert template.version == 2  # nothing was changed


@pytest.mark.both
def test_names_are_kept_apart_and_a_copy_gets_its_own() -> None:
    template = service.create_template(SPRING, by=NOBODY)
    with pytest.raises(Invalid, match="There is a template “Spring” already"):
        service.create_template(SPRING, by=NOBODY)
    copies = [service.duplicate_template(template, by=NOBODY).name for _ in range(3)]
    assert copies == ["Spring (copy)", "Spring (copy 2)", "Spring (copy 3)"]
    assert queries.template_called("Spring") is queries.template_called(str(template.id)) is template
    with pytest.raises(Invalid, match="did you mean 'Spring'"):
        queries.template_called("Sprang")
