"""`adsapp templates render`: a template tried from the command line."""

import json
from pathlib import Path

from flask import Flask

from adsapp.config import Settings
from adsapp.core import db
from adsapp.message_templates.models import Rendering
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation

WHOSE = ("--organization", "harbour-bakery")
SOURCES = ("--variables", json.dumps({"1": {"field": "first_name"}, "2": {"value": "May"}}))


def test_a_template_is_tried_on_an_audience_or_on_rows_of_a_file(
    app: Flask, cast: Cast, settings: Settings, command: Command, tmp_path: Path
) -> None:
    set_the_scene(app, cast)
    told = Installation(settings).environment

    def render(*more: str) -> Done:
        return command(told, ("templates", "render", "spring", "en", *WHOSE, *SOURCES, *more))

    made = render("--all", "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["people"] == 5
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([{"first_name": "Ana"}, {}]), encoding="utf-8")
    assert "The trial" in render("--rows", str(file)).stdout
    with db.organization_context(app, cast.bakery_id):
        assert sorted(each.total or 0 for each in db.session.scalars(db.db.select(Rendering))) == [2, 5]
    file.write_text("[", encoding="utf-8")
    refused = render("--rows", str(file))
    assert (refused.returncode, "is no JSON" in refused.stderr) == (1, True)
    nobody = render()
    assert (nobody.returncode, "Choose an audience" in nobody.stderr) == (1, True)
