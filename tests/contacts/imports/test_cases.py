"""Every import case of ours, from file to contacts, as a person imports it and as a program does."""

import html
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.contacts import opt_outs, queries
from adsapp.contacts.models import Contact, Import, OptSource
from adsapp.core import db
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.contacts.conftest import counts
from tests.contacts.imports.test_again import filled
from tests.contacts.imports.test_names_that_are_formulas import NUMBERS
from tests.contacts.imports.test_nobody_is_hurt import CODES, SAY_NO
from tests.contacts.imports.test_run import case
from tests.contacts.test_pages import as_, send, upload

pytestmark = pytest.mark.usefixtures("worker")
Counts = dict[str, int]
TAGS = "phone,first_name,tags\n" + "".join(
    f"+4420794601{n:02d},P{n},{tag}\n" for n, tag in enumerate(("A+", "A-", "C++", "C#", "C"))
)
MARCH = "phone,first_name,πόλη,πόντοι\n+442079460131,Ann,Athens,120\n+442079460132,Ben,Patras,15\n"
APRIL = "phone,first_name,πόντοι,πόλη\n+442079460131,Ann,130,Athens\n+442079460133,Cy,40,Volos\n"


def _of_codes(header: str, rows: dict[str, str]) -> str:
    return f"name,{header}\n" + "".join(f"{who},{cells}\n" for who, cells in rows.items())


def _outcomes(rows: dict[str, str]) -> Counts:
    """Cy's numbers are some of case I06, too."""
    new = len(rows.keys() - {"Cy"})
    return {"created": new} | ({"updated": 1} if "Cy" in rows else {})


BEFORE_THE_STOP: list[tuple[str | bytes, Counts]] = [
    (case("I01/bom_plain_header.csv"), {"created": 3}),
    (case("I01/bom_quoted_header.csv"), {"unchanged": 3}),
    (case("I02/semicolon.csv"), {"created": 3}),
    (case("I02/sep_line.csv"), {"created": 2}),
    (case("I04/phone_cells.csv"), {"created": 3, "rejected": 9}),
    (case("I06/invisible.csv"), {"created": 12, "duplicate": 1}),
    (case("I08/emails.csv"), {"created": 12}),
    (case("I10/same_header_twice.csv"), {"created": 2}),
    (case("I10/two_synonyms.csv"), {"unchanged": 2}),
    (case("S01/names.csv"), {"created": 7}),
    (TAGS, {"created": 5}),
    (MARCH, {"created": 2}),
    (APRIL, {"created": 1, "updated": 1}),
    *((_of_codes(*each), _outcomes(each[1])) for each in CODES.values()),
    *((content, {"created": content.count("\n") - 1}) for content in SAY_NO.values()),
    (case("I13/first.csv"), {"created": 3}),
]  # fmt: skip
AFTER_THE_STOP: list[tuple[str | bytes, Counts]] = [
    (case("I13/second.csv"), {"created": 1, "updated": 2, "unchanged": 1}),
    (case("I13/second_with_status.csv"), {"updated": 1}),
]


@pytest.fixture
def by_hand(app: Flask, cast: Cast) -> Callable[[bytes | str], uuid.UUID]:
    """Upload the file on the page, leave what is proposed there, and import with the United States as country."""
    alice = as_(app, cast, "alice")

    def call(content: bytes | str) -> uuid.UUID:
        page = upload(alice, content).location
        chosen = {name: html.unescape(value) for name, value in filled(alice.get(page).text).items()}
        assert send(alice, f"{page}/start", **chosen | {"default_country": "US"}).status_code == 303
        return uuid.UUID(page.rpartition("/")[2])

    return call


@pytest.fixture
def by_program(client: FlaskClient, cast: Cast) -> Callable[[bytes | str], uuid.UUID]:
    """Send the file and nothing else."""

    def call(content: bytes | str) -> uuid.UUID:
        data = content if isinstance(content, bytes) else content.encode()
        sent: dict[str, Any] = {"file": (io.BytesIO(data), "people.csv")}
        answer = client.post("/api/jobs/import-contacts", headers=cast.headers("alice"), data=sent)
        return uuid.UUID(answer.get_json()["import"]["id"])

    return call


@pytest.mark.parametrize("way, shape", [("by_hand", "embedded"), ("by_program", "distributed")], indirect=["shape"])
def test_every_case_holds_as_a_person_imports_it_and_as_a_program_does(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    ended: Callable[[uuid.UUID], Import],
    people: Callable[[], dict[str, Contact]],
    request: pytest.FixtureRequest,
    way: str,
) -> None:
    take: Callable[[bytes | str], uuid.UUID] = request.getfixturevalue(way)
    for content, expected in BEFORE_THE_STOP:
        assert counts(ended(take(content))) == expected, content
    with db.organization_context(app, cast.bakery_id):
        kim = queries.find_by_phone("+12025550182")
        assert kim is not None
        opt_outs.opt_out(kim, OptSource.KEYWORD, "STOP", by=NOBODY)
        db.session.commit()
    for content, expected in AFTER_THE_STOP:
        assert counts(ended(take(content))) == expected, content
    _all_is_right(people())
    for tag, who in {"A+": "P0", "A-": "P1", "C++": "P2", "C#": "P3", "C": "P4"}.items():
        told = client.get("/api/contacts", query_string={"tag": tag}, headers=cast.headers("alice")).get_json()
        assert [each["first_name"] for each in told["contacts"]] == [who]


def _all_is_right(found: dict[str, Contact]) -> None:
    assert {"+12025550134", "+12025550135", *(f"+120255501{n}" for n in range(40, 52))} <= set(found)  # I04, I06
    assert [found[f"+1202555016{n}"].name for n in (7, 8)] == ["Fay Test", "Gil Test"]  # I10
    assert [found[number].name[0] for number in NUMBERS] == list("=@-+=<P")  # S01
    jo, kim, lee = (found[f"+1202555018{n}"] for n in (1, 2, 3))  # I13
    assert (jo.name, jo.email, jo.attributes) == ("Jo Test", "jo.new@example.com", {"city": "Riga"})
    assert (lee.name, lee.email, kim.opt_out_source) == ("Lee Newname", "lee@example.com", "keyword")
    assert [found[f"+44207946013{n}"].attributes for n in (1, 3)] == [  # N02
        {"πόλη": "Athens", "πόντοι": "130"},
        {"πόλη": "Volos", "πόντοι": "40"},
    ]
    abroad = {"Ann": "GB", "Bo": "AU", "Cy": "US"}
    for who, cells in (row for _, rows in CODES.values() for row in rows.items()):  # N03
        code, number = cells.split(",")
        contact = found[f"+{code.lstrip('+0')}{number}"]
        assert (contact.name, contact.country) == (who, abroad[who])
    for content in SAY_NO.values():  # N04
        for line in content.splitlines()[1:]:
            phone, first_name, _ = line.split(",")
            assert (found[phone].opted_out_at is not None) == first_name.islower(), first_name
