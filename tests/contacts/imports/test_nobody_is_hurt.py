"""Files whose columns say who must not be written to, where a number is from, and what people named, on both shapes."""

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.contacts import queries
from adsapp.contacts.models import Contact, Import, OptEvent, OptSource
from adsapp.core import db
from adsapp.outbound import audience
from adsapp.outbound.audience import known_attributes
from tests.cast import Cast
from tests.contacts.conftest import counts
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("worker")
Start = Callable[..., uuid.UUID]
Look = Callable[[uuid.UUID], Import]
People = Callable[[], dict[str, Contact]]

# Case N04: the names of those who said no begin with small letters.
SAY_NO = {
    "opted_out.csv": "phone,first_name,opted_out\n+442079460811,ann,true\n+442079460812,Ben,false\n",
    "status.csv": "phone,first_name,status\n+442079460813,cy,unsubscribed\n+442079460814,Di,active\n"
    "+442079460815,ed,unreachable\n",
    "unsubscribed.csv": "phone,first_name,Unsubscribed\n+442079460816,fay,yes\n+442079460817,Gus,no\n",
    "do_not_contact.csv": "phone,first_name,Do not contact\n+442079460818,hal,1\n+442079460819,Ida,0\n",
    "consent_words.csv": "phone,first_name,Consent\n+442079460820,jo,no\n+442079460825,oz,withdrawn\n"
    "+442079460826,pat,revoked\n+442079460827,quin,never\n+442079460828,ray,perhaps\n+442079460829,Sue,yes\n",
}


def test_who_said_no_in_another_tool_is_in_no_audience(
    app: Flask, cast: Cast, start: Start, ended: Look, people: People
) -> None:
    """Case N04."""
    for name, content in SAY_NO.items():
        batch = ended(start(content, name))
        rows = list(csv.DictReader(io.StringIO(content)))
        assert counts(batch) == {"created": len(rows)}
        said_no = sum(row["first_name"].islower() for row in rows)
        with db.organization_context(app, cast.bakery_id), db.reading():
            reached = audience.count({"import_id": str(batch.id)})
            assert (reached.total, reached.opted_out) == (len(rows), said_no), name
    assert batch.noted_by_code == {"opt_in_unclear": 1}
    for contact in people().values():
        assert (contact.opted_out_at is not None) == contact.first_name.islower(), contact.first_name
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert {event.source for event in db.session.scalars(select(OptEvent))} == {OptSource.IMPORT}


@pytest.mark.parametrize("column", ["opted_out,false", "status,subscribed", "Consent,yes", "opted_out,"])
def test_no_file_ever_undoes_an_opt_out(start: Start, ended: Look, people: People, column: str) -> None:
    """Case I13, with every column that may say the contrary."""
    ended(start("phone,opted_out\n+442079460811,true\n"))
    before = people()["+442079460811"].opted_out_at
    name, word = column.split(",")
    ended(start(f"phone,{name},city\n+442079460811,{word},Riga\n+442079460812,{word},Riga\n"))
    found = people()
    assert found["+442079460811"].opted_out_at == before is not None
    assert found["+442079460812"].opted_out_at is None


def test_what_the_api_gives_comes_back_as_it_was(
    client: FlaskClient, cast: Cast, start: Start, ended: Look, people: People
) -> None:
    """Contacts as the API shows them, taken to another organization as a file and as a list."""
    ended(start("phone,name,opted_out,tags,город\n+442079460811,Ann,yes,A+,Рига\n+442079460812,Ben,no,A-,\n"))
    alice, charlie = cast.headers("alice"), cast.headers("charlie")
    shown = client.get("/api/contacts", headers=alice).json["contacts"]  # type: ignore[index]
    out = io.StringIO()
    writer = csv.DictWriter(
        out, ["phone", "name", "country", "tags", "opted_out", "opted_out_at"], extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows({**each, "tags": ",".join(each["tags"])} for each in shown)
    file = {"file": (io.BytesIO(out.getvalue().encode()), "export.csv")}
    answer = client.post("/api/jobs/import-contacts", headers=charlie, data=file)
    assert answer.json["import"]["warnings"] == []  # type: ignore[index]
    _wait(client, charlie, answer.json)
    kept = ("phone", "name", "tags", "attributes", "opted_out")
    listed = [{key: each[key] for key in kept} for each in shown]
    again = client.post("/api/jobs/import-contacts", headers=charlie, json={"contacts": listed})
    assert again.status_code == 202
    _wait(client, charlie, again.json)
    there = client.get("/api/contacts", headers=charlie).json["contacts"]  # type: ignore[index]
    by_phone = {each["phone"]: {key: each[key] for key in kept} for each in there}
    assert by_phone == {each["phone"]: each for each in listed}
    assert by_phone["+442079460811"]["opted_out"] is True


def _wait(client: FlaskClient, headers: dict[str, str], told: Any) -> None:
    url = f"/api/jobs/{told['job']['id']}"
    wait_for(lambda: client.get(url, headers=headers).json["state"] == "completed", what="the import ends")  # type: ignore[index]


CODES = {
    "dial_code.csv": ("Dial code,phone", {"Ann": "+44,2079460303", "Bo": "+61,491570158", "Cy": "+1,2025550145"}),
    "calling_code_00.csv": ("Calling code,phone", {"Ann": "0044,2079460304", "Bo": "0061,491570110"}),
    "phone_prefix.csv": ("Phone prefix,Phone number", {"Ann": "+44,2079460305", "Bo": "+61,491570006"}),
    "country_code_bare.csv": (
        "country_code,phone",
        {"Ann": "44,2079460302", "Bo": "61,491570157", "Cy": "1,2025550144"},
    ),
    "country_code_plus.csv": ("country_code,phone", {"Ann": "+44,2079460301", "Bo": "+61,491570156"}),
}


def test_a_calling_code_in_its_own_column_makes_nobody_a_stranger(start: Start, ended: Look, people: People) -> None:
    """Case N03: the default country is the United States, where Ann's number would be somebody's in Maine."""
    wanted = {}
    for name, (header, rows) in CODES.items():
        lines = "".join(f"{who},{cells}\n" for who, cells in rows.items())
        assert counts(ended(start(f"name,{header}\n{lines}", name))) == {"created": len(rows)}
        for who, cells in rows.items():
            code, number = cells.split(",")
            wanted[f"+{code.lstrip('+0')}{number}"] = who
    found = people()
    assert {phone: contact.name for phone, contact in found.items()} == wanted
    countries = {"Ann": "GB", "Bo": "AU", "Cy": "US"}
    assert all(contact.country == countries[contact.name] for contact in found.values())


def test_tags_that_differ_by_a_sign_are_different_tags(
    app: Flask, client: FlaskClient, cast: Cast, start: Start, ended: Look
) -> None:
    """Case N01, by file, list, API and audience."""
    lines = "".join(f"+4420794601{n:02d},P{n},{tag}\n" for n, tag in enumerate(["A+", "A-", "C++", "C#", "C", " c "]))
    assert counts(ended(start("phone,first_name,tags\n" + lines))) == {"created": 6}
    alice = cast.headers("alice")
    body = {"phone": "+442079460841", "tags": ["O+", "O-", "50%", "50", "o+"]}
    made = client.post("/api/contacts", headers=alice, json=body)
    assert made.json["contact"]["tags"] == ["50", "50%", "O+", "O-"]  # type: ignore[index]
    for tag, who in {"A+": ["P0"], "A-": ["P1"], "C++": ["P2"], "C#": ["P3"], "C": ["P5", "P4"]}.items():
        answer = client.get("/api/contacts", query_string={"tag": tag}, headers=alice)
        assert [each["first_name"] for each in answer.json["contacts"]] == who, tag  # type: ignore[index]
        with db.organization_context(app, cast.bakery_id), db.reading():
            assert audience.count({"tags": [tag]}).total == len(who)
            assert len(queries.tags()) == 9


def test_a_column_in_any_script_is_the_same_in_the_next_file(
    app: Flask, cast: Cast, start: Start, ended: Look, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case N02: the same columns in another order."""
    ended(start("phone,first_name,πόλη,πόντοι\n+442079460111,Ann,Athens,120\n+442079460112,Ben,Patras,15\n"))
    ended(start("phone,first_name,πόντοι,πόλη\n+442079460111,Ann,130,Athens\n+442079460113,Cy,40,Volos\n"))
    ended(start("phone,Fødselsdag,Kjønn,Doğum yılı,Địa chỉ,Łódź\n+442079460114,1990-01-02,m,1990,12 Road,yes\n"))
    found = people()
    assert [found[f"+44207946011{n}"].attributes for n in (1, 2, 3)] == [
        {"πόλη": "Athens", "πόντοι": "130"},
        {"πόλη": "Patras", "πόντοι": "15"},
        {"πόλη": "Volos", "πόντοι": "40"},
    ]
    names = ["fødselsdag", "kjønn", "doğum_yılı", "địa_chỉ", "łódź"]
    assert sorted(found["+442079460114"].attributes) == sorted(names)
    monkeypatch.setattr(audience, "CONTACTS_LOOKED_AT", 1)  # most of them are the columns of imports
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert {*names, "πόλη", "πόντοι"} <= set(known_attributes())
