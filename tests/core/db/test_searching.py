"""Words are found whatever their case and accents, by one rule on both databases."""

import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, literal, select

from adsapp import jobs
from adsapp.contacts import service
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.db.searching import SIGNS, search_key
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.organizations.auditing import By
from tests.cast import Cast

# Case N15, and names that two databases might fold differently.
PEOPLE = {
    "Łukasz Żak": ["łukasz", "ŁUKASZ", "lukasz", "zak", "żak"],
    "Émile Dupré": ["émile", "emile", "DUPRE"],
    "ЮЛИЯ Иванова": ["юлия", "Юлия", "иванова"],
    "Öykü İnan": ["öykü", "ÖYKÜ", "oyku", "inan", "İNAN", "ınan"],
    "Straße Ångström": ["ångström", "ÅNGSTRÖM", "strasse", "STRASSE", "angstrom"],
    "Anna Löwe": ["lowe", "löwe"],
    "Søren Æbler": ["soren", "SØREN", "æbler", "aebler"],
    "Οδυσσέας": ["οδυσσεας", "ΟΔΥΣΣΈΑΣ"],
    "Sinéad O’Neil-Byrne": ["oneil", "o'neil", "O’NEIL", "neilbyrne", "neil-byrne"],
    "100% _Test_": ["100%", "_test_"],
}


def _everybody(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for number, name in enumerate(PEOPLE):
            data = ContactIn(phone=f"+1202555018{number}", name=name)
            service.create_contact(data, by=By(f"Chef {name}"))
        db.session.commit()


def test_people_are_found_in_lists_whatever_the_spelling(app: Flask, client: FlaskClient, cast: Cast) -> None:
    _everybody(app, cast)
    alice = cast.headers("alice")
    for name, spellings in PEOPLE.items():
        for words in spellings:
            answer = client.get("/api/contacts", query_string={"search": words}, headers=alice)
            assert [each["name"] for each in answer.json["contacts"]] == [name], words  # type: ignore[index]


def test_jobs_and_what_people_did_are_found_likewise(app: Flask, client: FlaskClient, cast: Cast) -> None:
    _everybody(app, cast)
    with db.organization_context(app, cast.bakery_id):
        for title in ("ÉTÉ à Łódź", "100_%", "Other"):
            jobs.enqueue("import-contacts", {"import_id": "0" * 32}, title=title, subject="import:x")
        db.session.commit()
        for words in ("été", "ete", "ŁÓDŹ", "lodz"):
            filters = JobFilters(search=words)
            assert [job.title for job in job_queries.list_jobs(filters).items] == ["ÉTÉ à Łódź"], words
            assert sum(job_queries.count_by_state(filters).of.values()) == 1
    alice = cast.sign_in(client, "alice")
    assert "ÉTÉ à Łódź" in alice.get("/jobs?q=%C3%A9t%C3%A9").text
    for words in ("dupré", "DUPRE", "юлия"):
        assert "Chef " in alice.get("/activity", query_string={"q": words}).text, words
    assert "Chef " not in alice.get("/activity?q=Dupont").text


@pytest.mark.parametrize(
    "block", [range(0x20, 0x250), range(0x370, 0x590), range(0x1E00, 0x2020), range(0xFB00, 0xFB07)]
)
def test_both_databases_have_the_rule_of_the_code(app: Flask, block: range) -> None:
    letters = [char for char in map(chr, block) if unicodedata.category(char)[0] == "L" or char in SIGNS]
    with app.app_context(), db.reading(), db.db.engine.connect() as connection:
        for start in range(0, len(letters), 100):
            some = letters[start : start + 100]
            columns = [func.search_key(literal(char)).label(f"c{place}") for place, char in enumerate(some)]
            found = connection.execute(select(*columns)).one()
            assert list(found) == list(map(search_key, some))
