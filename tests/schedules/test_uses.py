"""What a schedule cannot do without: whoever deletes it is told, and the schedule says why it cannot run."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import delete

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.ids import new_id
from adsapp.jobs.registry import recurring
from adsapp.message_templates.models import MessageTemplate
from adsapp.schedules.models import Schedule, ScheduleState
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast, csrf_token
from tests.emails.scene import set_the_email_scene
from tests.schedules.test_api import CAMPAIGN
from tests.schedules.test_recurring import make


def test_who_deletes_what_a_schedule_uses_is_told_and_then_it_says_why(app: Flask, cast: Cast) -> None:
    scene = set_the_scene(app, cast)
    mails = set_the_email_scene(app, cast)
    sends = make(app, cast, "start-campaign", CAMPAIGN)
    mailing = {
        "template": str(mails.template_id),
        "audience": {"all": True},
        "variables": {"attribute:city": {"field": "attribute:city", "fallback": "your town"}},
    }
    mails_again = make(app, cast, "start-email", mailing)
    with db.organization_context(app, cast.bakery_id):
        db.session.get_one(Schedule, sends).name = "Weekly offer"
        db.session.commit()
    alice = cast.sign_in(app.test_client(), "alice")
    said = "1 schedule uses it, and cannot run without: “{}”."
    assert said.format("Weekly offer") in alice.get(f"/templates/{scene.templates['spring']}/deletion").text
    assert "uses it" not in alice.get(f"/templates/{scene.templates['plain']}/deletion").text
    question = f"/email-templates/{mails.template_id}/deletion"
    assert said.format("Weekly") in alice.get(question).text

    assert "its next run fails" not in alice.get(f"/schedules/{sends}").text
    assert "cannot run" not in alice.get("/schedules").text
    assert alice.post(question, data={"csrf_token": csrf_token(alice)}).status_code == 303
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(delete(MessageTemplate).where(MessageTemplate.name == "spring"))
        db.session.commit()
    assert alice.get("/schedules").text.count("cannot run") == 2
    for schedule_id, what in ((sends, "spring"), (mails_again, "template")):
        page = alice.get(f"/schedules/{schedule_id}").text
        assert "As things are, its next run fails" in page
        answer = alice.get(f"/api/schedules/{schedule_id}").json
        assert answer is not None
        assert what in answer["schedule"]["cannot_run"]
    with db.organization_context(app, cast.bakery_id):
        db.session.get_one(Schedule, sends).state = ScheduleState.ENDED
        db.session.commit()
    assert "its next run fails" not in alice.get(f"/schedules/{sends}").text


@pytest.mark.parametrize("kind", ["start-campaign", "start-email"])
def test_an_audience_is_named_and_that_of_a_trial_refused(app: Flask, cast: Cast, kind: str) -> None:
    recurs = recurring()[kind].recurs
    assert recurs is not None
    assert recurs.uses is not None
    batch = str(new_id())
    assert recurs.uses({"audience": {"tags": ["a", "b"]}}) == ["tag:a", "tag:b"]
    assert recurs.uses({"audience": {"import_id": batch}}) == [f"import:{batch}"]
    with db.organization_context(app, cast.bakery_id), pytest.raises(Invalid, match="people of a trial"):
        recurs.check({**CAMPAIGN, "audience": {"rendering_id": str(uuid.uuid4())}})
