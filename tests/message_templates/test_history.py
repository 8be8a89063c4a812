"""What became of a template: whoever tells it, each change is kept once, shown with its meaning, and told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.templates import read_template
from adsapp.jobs import Progress
from adsapp.message_templates import history, service
from adsapp.message_templates.models import MessageTemplate, TemplateChange
from adsapp.message_templates.queries import get_template
from tests.campaigns.rehearsal import ByHand, Rehearsal
from tests.campaigns.webhooks.test_notices import TEMPLATE, attention, say


def changes(rehearsal: Rehearsal) -> list[tuple[str, str, str, str]]:
    with rehearsal.organization(), db.reading():
        rows = db.session.scalars(select(TemplateChange).order_by(TemplateChange.id))
        return [(each.what, each.before, each.after, each.told_by) for each in rows]


def sync(rehearsal: Rehearsal, **changed: Any) -> None:
    with rehearsal.organization():
        found = get_template("welcome", "en_US")
        entry: dict[str, Any] = {
            "name": "welcome",
            "language": "en_US",
            "id": found.provider_id,
            "components": found.components,
        }
        entry |= {"status": found.status, "category": found.category, "quality_score": {"score": found.quality}}
        db.session.rollback()
        read = read_template(entry | changed)
        assert read is not None
        rehearsal.provider.templates = [
            read,
            replace(read, name="fresh", status="PENDING", quality="", category="UTILITY"),
        ]
        service.sync(rehearsal.account_id, cast(Progress, ByHand()))


def test_each_change_is_kept_once_whoever_tells_it_and_shown_with_what_it_costs(
    rehearsal: Rehearsal, client: FlaskClient
) -> None:
    with rehearsal.organization():
        before = get_template("welcome", "en_US")
        was = before.category
        own_id = before.id
    say(rehearsal, "message_template_quality_update", **TEMPLATE, new_quality_score="YELLOW")
    say(rehearsal, "message_template_quality_update", **TEMPLATE, new_quality_score="YELLOW")
    say(rehearsal, "template_category_update", **TEMPLATE, new_category="MARKETING")
    sync(rehearsal)
    told = [("quality", "", "YELLOW", "webhook"), ("category", was, "MARKETING", "webhook")]
    mine = [each for each in changes(rehearsal) if each != ("status", "", "PENDING", "sync")]
    assert [(what, after, by) for what, _, after, by in mine] == [(what, after, by) for what, _, after, by in told]
    sync(rehearsal, status="PAUSED", quality_score={"score": "RED"})
    sync(rehearsal, quality_score={"score": "LOW"})
    assert changes(rehearsal)[-2:] == [("status", "APPROVED", "PAUSED", "sync"), ("quality", "YELLOW", "RED", "sync")]

    alice = rehearsal.cast.sign_in(client, "alice")
    page = alice.get(f"/templates/{own_id}").text
    assert page.index("Quality low, was medium") < page.index("Paused, was approved") < page.index("Marketing, was")
    assert "charged as marketing from now on, which costs more" in page
    assert "Seen at a sync." in page
    told_of = alice.get(f"/api/templates/{own_id}").get_json()["changes"]
    assert [each["after"] for each in told_of[:2]] == ["RED", "PAUSED"]
    home = attention(rehearsal)
    assert "is paused" in home
    assert "costs more than utility" in home


def test_an_edit_that_comes_too_early_is_told_before_it_is_submitted(rehearsal: Rehearsal) -> None:
    with rehearsal.organization():
        template = get_template("welcome", "en_US")
        assert history.edits_left(template) == ""
        for _ in range(10):
            was = history.Was.of(template)
            template.status = "PENDING"
            history.note(template, was, history.HERE)
            template.status = "APPROVED"
        db.session.flush()
        assert "10 times in 30 days, and WhatsApp takes 10: again from" in history.edits_left(template)
        rows = db.session.scalars(select(TemplateChange).order_by(TemplateChange.id)).all()
        for row in rows[1:]:
            row.at -= timedelta(days=31)
        assert "takes one change of an approved template in 24 hours: again from" in history.edits_left(template)
        rows[0].at -= timedelta(days=1)
        assert history.edits_left(template) == ""
        db.session.rollback()
        assert db.session.scalars(select(MessageTemplate)).first() is not None
        assert get_account(rehearsal.account_id) is not None
