"""To whom something goes is said in the words that people chose it by."""

import uuid
from typing import Any

import pytest
from flask import Flask

from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.outbound.whom import audience_words
from tests.cast import Cast


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "all contacts"),
        ({"not_messaged_within_hours": 24}, "all contacts without those who got a campaign in 24 hours"),
        ({"tags": ["vip"]}, "tag “vip”"),
        ({"tags": ["vip", "riga"]}, "tags “vip”, “riga”"),
        ({"rendering_id": str(uuid.uuid4())}, "those of a trial for whom it could be rendered"),
        ({"contact_ids": [str(uuid.uuid4())]}, "1 chosen contact"),
        ({"recipients": 20}, "20 addresses"),
        ({"import_id": str(uuid.uuid4())}, "an import that was deleted"),
    ],
)
def test_an_audience_is_said_as_it_was_chosen(app: Flask, cast: Cast, spec: dict[str, Any], words: str) -> None:
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert audience_words(spec) == words


@pytest.mark.both
def test_the_people_of_an_import_are_said_by_their_own_organizations_file(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        told = {"file_name": "guests.csv", "path": "-", "sha256": "", "size_bytes": 1}
        made = Import(organization_id=cast.bakery_id, status=ImportStatus.COMPLETED, **told)
        db.session.add(made)
        db.session.commit()
        spec = {"import_id": str(made.id)}
        assert audience_words(spec) == "import guests.csv"
    with db.organization_context(app, cast.other_id):
        assert audience_words(spec) == "an import that was deleted"
