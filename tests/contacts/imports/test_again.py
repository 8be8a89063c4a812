"""A file with the columns of an earlier one is filled in as that one was; a person can choose otherwise."""

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.contacts.test_pages import alice, as_, send, text, upload  # noqa: F401  # fixtures

pytestmark = pytest.mark.usefixtures("worker")
MAY = "Phone;Where;Remark\n+12025550181;Riga;x\n"
JUNE = "PHONE ;where;remark\n+12025550182;Oslo;y\n"
CHOSEN = {"Phone": "phone", "Where": "attribute:town"}
FILLED_IN = "Filled in as for the last file with these columns"
Start = Callable[..., uuid.UUID]
Ended = Callable[[uuid.UUID], Import]


def filled(page: str) -> dict[str, Any]:
    """What is chosen on the columns page."""
    chosen = re.findall(r'<select[^>]* name="([^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    tags = re.search(r'name="tags"[^>]* value="([^"]*)"', page) or re.search(r'value="([^"]*)"[^>]* name="tags"', page)
    return dict(chosen) | {"tags": tags[1] if tags else ""}


@pytest.fixture
def may(start: Start, ended: Ended) -> Import:
    """The list of May, as Alice wanted it."""
    return ended(start(MAY, "may.csv", CHOSEN, tags=["spring"], on_duplicate="skip"))


def test_the_columns_and_options_of_the_last_file_like_it_are_offered(
    alice: FlaskClient,  # noqa: F811
    may: Import,
) -> None:
    page = upload(alice, JUNE).location
    shown = alice.get(page).text
    assert FILLED_IN in shown
    assert f'<a href="/imports/{may.id}">may.csv</a>' in shown
    as_in_may = {"column-0": "phone", "column-1": "attribute:town", "column-2": "", "tags": "spring"}
    assert as_in_may.items() <= filled(shown).items()
    assert re.search(r'value="skip"[^>]* checked', shown)
    found = send(alice, f"{page}/preview", columns_as="found").text
    assert FILLED_IN not in found
    assert {"column-1": "attribute:where", "column-2": "attribute:remark", "tags": ""}.items() <= filled(found).items()
    again = send(alice, f"{page}/preview", columns_as="before").text
    assert as_in_may.items() <= filled(again).items()


def test_a_mended_report_gets_the_columns_of_its_upload(alice: FlaskClient, may: Import) -> None:  # noqa: F811
    cells = [f"{';'.join(REPORT_COLUMNS)};Phone;Where;Remark", "2;2;Phone;bad;mend;+12025550183;Riga;z"]
    shown = filled(alice.get(upload(alice, "\n".join(cells)).location).text)
    assert {"column-0": "", "column-5": "phone", "column-6": "attribute:town", "column-7": ""}.items() <= shown.items()


@pytest.mark.parametrize(
    "content",
    [
        "Where;Phone;Remark\nOslo;+12025550182;y\n",  # in another order
        "Phone;Where\n+12025550182;Oslo\n",  # one less
        "Phone;Where!;Remark\n+12025550182;Oslo;y\n",  # another name
    ],
)
def test_other_columns_are_another_file(alice: FlaskClient, may: Import, content: str) -> None:  # noqa: F811
    assert FILLED_IN not in alice.get(upload(alice, content).location).text


def test_what_was_wrong_or_somebody_elses_is_not_offered(
    app: Flask,
    cast: Cast,
    alice: FlaskClient,  # noqa: F811
    start: Start,
    ended: Ended,
    may: Import,
    finished: Callable[..., Any],
) -> None:
    charlie = as_(app, cast, "charlie")
    assert FILLED_IN not in charlie.get(upload(charlie, JUNE).location).text
    with db.organization_context(app, cast.bakery_id):
        job_id = undoing.ask_undo(get_import(may.id), By("Alice")).id
        db.session.commit()
    finished(job_id)
    ended(start(MAY.replace("+12025550181", "nobody"), "all-refused.csv", CHOSEN))
    assert FILLED_IN not in alice.get(upload(alice, JUNE).location).text


def test_a_country_in_which_these_numbers_do_not_fit_is_not_carried_over(
    alice: FlaskClient,  # noqa: F811
    may: Import,
) -> None:
    german = "".join(f"0151 2345678{n};Berlin;j{n}@example.de\n" for n in range(9))
    shown = alice.get(upload(alice, "Phone;Where;Remark\n" + german).location).text
    assert FILLED_IN in shown
    assert filled(shown)["default_country"] == "DE"


def test_a_program_that_sends_no_mapping_gets_the_guess_as_ever(client: FlaskClient, cast: Cast, may: Import) -> None:
    sent = {"file": (io.BytesIO(JUNE.encode()), "june.csv")}
    answer = client.post("/api/jobs/import-contacts", headers=cast.headers("alice"), data=sent).get_json()
    assert answer["import"]["mapping"] == {"0": "phone", "1": "attribute:where", "2": "attribute:remark"}
    assert answer["import"]["options"]["tags"] == []
