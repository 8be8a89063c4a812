"""An hour that a clock change skips is refused; of one that comes twice it is asked which, by the API and the form."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.outbound.timing import local_time
from tests.campaigns.rehearsal import Rehearsal
from tests.cast import csrf_token

LONDON = ZoneInfo("Europe/London")
SKIPPED, TWICE = "skipped", "twice"


def half_past_one(kind: str) -> datetime:
    """The next 01:30 in London that is skipped, or that comes twice."""
    today = datetime.combine(utcnow().date(), datetime.min.time()) + timedelta(days=1, hours=1, minutes=30)
    for day in range(365):
        clock = today + timedelta(days=day)
        before, after = (clock.replace(tzinfo=LONDON, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        if before != after and (before < after) == (kind == SKIPPED):
            return clock
    raise AssertionError("London changes its clocks twice a year")


def test_a_clock_in_its_zone_is_one_moment() -> None:
    assert local_time(datetime(2027, 10, 31, 3, 30), LONDON, None).astimezone(UTC).hour == 3
    hours = [local_time(datetime(2027, 10, 31, 1, 30), LONDON, fold).astimezone(UTC).hour for fold in (0, 1)]
    assert hours == [0, 1]
    for clock, field in ((datetime(2027, 3, 28, 1, 30), "scheduled_at"), (datetime(2027, 10, 31, 1, 30), "fold")):
        with pytest.raises(Invalid) as refused:
            local_time(clock, LONDON, None)
        assert [error.field for error in refused.value.fields] == [field]


@pytest.mark.parametrize(
    "kind, fold, field", [(SKIPPED, None, "scheduled_at"), (SKIPPED, 1, "scheduled_at"), (TWICE, None, "fold")]
)
def test_the_api_refuses_what_is_no_moment_or_two(
    rehearsal: Rehearsal, client: FlaskClient, kind: str, fold: int | None, field: str
) -> None:
    answer = ask(rehearsal, client, kind, fold)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.get_json()["errors"]]


def test_the_api_takes_the_one_that_is_named(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts("+12025550100")
    first, second = (ask(rehearsal, client, TWICE, fold).get_json()["campaign"]["scheduled_at"] for fold in (0, 1))
    assert datetime.fromisoformat(second) - datetime.fromisoformat(first) == timedelta(hours=1)


def ask(rehearsal: Rehearsal, client: FlaskClient, kind: str, fold: int | None) -> Any:
    body = {
        "name": f"Clocks {fold}",
        "template": {"name": "welcome", "language": "en_US"},
        "variables": {"1": {"value": "you"}},
        "audience": {"all": True},
        "scheduled_at": half_past_one(kind).isoformat(),
        "time_zone": "Europe/London",
    }
    return client.post(
        "/api/campaigns", json=body if fold is None else {**body, "fold": fold}, headers=rehearsal.cast.headers("bob")
    )


def test_the_form_asks_which_of_the_two(rehearsal: Rehearsal, client: FlaskClient) -> None:
    bob = rehearsal.cast.sign_in(client, "bob")
    clock = half_past_one(TWICE)
    typed = {"when": "later", "date": f"{clock:%Y-%m-%d}", "time": f"{clock:%H:%M}", "zone": "Europe/London"}
    token = csrf_token(client)
    page = bob.post("/campaigns", data={**typed, "csrf_token": token}).text
    select = re.search(r'<select[^>]*name="fold".*?</select>', page, re.DOTALL)
    assert select is not None
    assert "say which of the two is meant" in page
    chosen = bob.post("/campaigns", data={**typed, "fold": "1", "csrf_token": token}).text
    assert "say which of the two is meant" not in chosen
    assert f"{clock:%Y-%m-%d}T01:30" in chosen  # the second is the one of winter time, which is UTC
