"""When a schedule runs, in words, over changes of the clocks; and what can never be is refused with the reason."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adsapp.core.errors import Invalid
from adsapp.schedules import times
from tests.schedules.clocks import disagreements

LONDON = ZoneInfo("Europe/London")
ZULU = ZoneInfo("UTC")
ANCHOR = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

WORDS = {
    "0 9 15 2 mon": "On the 15th of February and every Monday in February at 09:00",
    "0 9 30 2 mon": "Every Monday in February at 09:00",
    "* * * * *": "Every minute",
    "0 * * * *": "Every hour",
    "15 * * * *": "Every hour at minute 15",
    "*/15 * * * *": "Every 15 minutes",
    "*/7 * * * *": "At the minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour",
    "*/15 9-17 * * 1-5": "Every 15 minutes from 09:00 to 17:59, Monday to Friday",
    "*/10 */2 * * *": "Every 10 minutes in every 2nd hour from 00:00 on",
    "*/20 8,12,18 * * *": "Every 20 minutes in the hours 8, 12 and 18",
    "0 */2 * * *": "Every 2 hours",
    "30 */3 * * *": "Every 3 hours at minute 30",
    "30 1 * * *": "Every day at 01:30",
    "0 9 * * 1": "Every Monday at 09:00",
    "0 9 * * 7": "Every Sunday at 09:00",
    "0 9 * * 5-7": "Friday to Sunday at 09:00",
    "0 9 * * 1-5": "Monday to Friday at 09:00",
    "15 10,12 * * 1,7": "Every Monday and Sunday at 10:15 and 12:15",
    "0 9 1 * 1": "On the 1st of the month and every Monday at 09:00",
    "0 9 */15 * 1": "On the 1st, 16th and 31st of the month if it is a Monday, at 09:00",
    "0 9 1-31 * 5": "Every day at 09:00",
    "0 9 1,15 3,6 *": "On the 1st and 15th of March and June at 09:00",
    "0 9 1-7 * *": "On the 1st to the 7th of the month at 09:00",
    "0 9 * 3-5 *": "Every day from March to May at 09:00",
    "0 9 * 12 1": "Every Monday in December at 09:00",
    "0 9 L * *": "On the last day of the month at 09:00",
    "0 9 LW * *": "On the last working day of the month at 09:00",
    "0 9 * * MON#1": "On the 1st Monday of the month at 09:00",
    "0 9 * * 5L": "On the last Friday of the month at 09:00",
    "@yearly": "On the 1st of January at 00:00",
    "@monthly": "On the 1st of the month at 00:00",
    "@weekly": "Every Sunday at 00:00",
    "@daily": "Every day at 00:00",
    "@Hourly": "Every hour",
    "every minute": "Every minute",
    "every 90 minutes": "Every 90 minutes",
    "every 2 hours": "Every 2 hours",
    "every 1440 minutes": "Every day",
    "at 2027-01-15 09:00": "Once, on 15 Jan 2027 at 09:00",
}

REFUSED = {
    "": "Say when it runs",
    "0 0 31 2 *": "there is no 31 February",
    "0 0 30 FEB *": "there is no 30 February",
    "0 0 31 4,6 *": "there is no 31 April or June",
    "0 0 30 2 */2": "there is no 30 February",
    "0 25 * * *": "The hour “25” cannot be read; it takes 0 to 23",
    "60 * * * *": "The minute “60”",
    "0 9 * * MO": "The day of the week “MO”",
    "0 9 * 13 *": "The month “13”",
    "0 9 0 * *": "The day of the month “0”",
    "0 9 5-1 * *": "The day of the month “5-1”",
    "*/0 * * * *": "The minute “*/0”",
    "0 9 * *": "4 fields; cron has five",
    "0 0 9 * * 1": "6 fields; cron has five",
    "@reboot": "There is no @reboot",
    "every 0 minutes": "from 1 minute to 31 days",
    "every 100 days": "from 1 minute to 31 days",
    "tomorrow": "cannot be read",
    "at noon": "is no date with a time",
    "at 2027-01-15": "is no date with a time",
    "at 2027-03-28 01:30": "this time does not exist",
    "at 2027-10-31 01:30": "at 2027-10-31 01:30+01:00 or at 2027-10-31 01:30+00:00",
    "1" * 101: "101 characters are too many",
}


@pytest.mark.parametrize("text, words", WORDS.items())
def test_an_expression_is_said_in_words(text: str, words: str) -> None:
    assert times.parse(text, LONDON, ANCHOR).words == words


@pytest.mark.parametrize("text, reason", REFUSED.items())
def test_what_cannot_be_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        times.parse(text, LONDON, ANCHOR)
    assert refused.value.fields[0].field == "when"
    assert reason in refused.value.detail


@pytest.mark.parametrize("text", WORDS)
def test_what_is_kept_means_the_same_when_it_is_read_again(text: str) -> None:
    first = times.parse(text, LONDON, ANCHOR)
    again = times.parse(first.text, LONDON, ANCHOR)
    assert again.text == first.text
    assert times.next_runs(again, LONDON, ANCHOR, 5) == times.next_runs(first, LONDON, ANCHOR, 5)


def test_our_runs_are_those_of_cronsim_around_changes_of_the_clocks() -> None:
    count = int(os.environ.get("ADSAPP_MANY_SCHEDULES", "1500"))
    assert not list(disagreements(count, seed=count))


# --- case D01: the hour that is missing and the hour that comes twice -------------------------------------------------


def runs(text: str, zone: str, after: str, count: int) -> list[str]:
    start = datetime.fromisoformat(after)
    found = times.next_runs(times.parse(text, ZoneInfo(zone), start), ZoneInfo(zone), start, count)
    return [f"{run:%Y-%m-%dT%H:%MZ}" for run in found]


@pytest.mark.parametrize(
    "text, zone, utc",
    [
        ("30 1 28 3 *", "Europe/London", ["2027-03-28T01:00Z"]),
        ("30 2 14 3 *", "America/New_York", ["2027-03-14T07:00Z"]),
        ("30 1 31 10 *", "Europe/London", ["2027-10-31T00:30Z", "2028-10-31T01:30Z"]),
        ("30 1 7 11 *", "America/New_York", ["2027-11-07T05:30Z"]),
    ],
)
def test_d01_a_fixed_time_runs_once_on_its_day(text: str, zone: str, utc: list[str]) -> None:
    assert runs(text, zone, "2027-01-01T00:00Z", len(utc)) == utc


def test_d01_a_daily_run_comes_on_each_local_day() -> None:
    assert runs("30 1 * * *", "Europe/London", "2027-03-26T12:00Z", 3) == [
        "2027-03-27T01:30Z",
        "2027-03-28T01:00Z",
        "2027-03-29T00:30Z",
    ]
    assert runs("30 1 * * *", "Europe/London", "2027-10-29T12:00Z", 3) == [
        "2027-10-30T00:30Z",
        "2027-10-31T00:30Z",
        "2027-11-01T01:30Z",
    ]


def test_d01_whoever_asks_in_the_second_of_the_two_hours_is_not_told_of_the_first() -> None:
    assert runs("30 1 * * *", "Europe/London", "2027-10-31T01:10Z", 1) == ["2027-11-01T01:30Z"]


def test_d01_hours_and_minutes_go_by_real_time() -> None:
    assert runs("0 * * * *", "Europe/London", "2027-10-30T23:30Z", 4) == [
        f"2027-10-31T0{hour}:00Z" for hour in range(4)
    ]
    assert runs("15 * * * *", "Europe/London", "2027-03-28T00:00Z", 3) == [
        f"2027-03-28T0{hour}:15Z" for hour in range(3)
    ]
    assert runs("*/30 * * * *", "Europe/London", "2027-03-28T00:30Z", 3) == [
        "2027-03-28T01:00Z",
        "2027-03-28T01:30Z",
        "2027-03-28T02:00Z",
    ]


def test_every_so_many_minutes_is_counted_in_real_time_from_the_beginning() -> None:
    found = runs("every 90 minutes", "Europe/London", "2027-03-28T00:00Z", 3)
    assert found == ["2027-03-28T01:30Z", "2027-03-28T03:00Z", "2027-03-28T04:30Z"]
    anchored = times.parse("every 90 minutes", LONDON, ANCHOR)
    assert anchored.after(ANCHOR - timedelta(days=1), LONDON) == ANCHOR + timedelta(minutes=90)
    assert anchored.after(ANCHOR + timedelta(minutes=90), LONDON) == ANCHOR + timedelta(minutes=180)


def test_a_change_of_the_clocks_is_noted_beside_the_run_after_it() -> None:
    first, second, third = times.next_runs(
        times.parse("30 1 * * *", LONDON, ANCHOR), LONDON, datetime(2027, 3, 26, 12, tzinfo=UTC), 3
    )
    assert times.clock_change(first, second, LONDON) == "The clocks went forward by 1 hour since the run before"
    assert times.clock_change(second, third, LONDON) == ""
    howe = ZoneInfo("Australia/Lord_Howe")
    before, after = (datetime(2027, 4, day, 12, tzinfo=UTC) for day in (2, 5))
    assert times.clock_change(before, after, howe) == "The clocks went back by 30 minutes since the run before"


# --- case D03: day of month and day of week together, and Sunday as 7 -------------------------------------------------


@pytest.mark.parametrize(
    "text, days",
    [
        ("0 9 1 * 1", ["11-30 09:00", "12-01 09:00", "12-07 09:00", "12-14 09:00"]),
        ("0 0 13 * 5", ["11-27 00:00", "12-04 00:00", "12-11 00:00", "12-13 00:00"]),
        ("0 9 * * 7", ["11-29 09:00", "12-06 09:00"]),
        ("0 9 * * 0", ["11-29 09:00", "12-06 09:00"]),
        ("0 9 * * SUN", ["11-29 09:00", "12-06 09:00"]),
        ("15 10,12 * * 1,7", ["11-29 10:15", "11-29 12:15", "11-30 10:15", "11-30 12:15", "12-06 10:15"]),
        ("0 9 * * 5-7", ["11-27 09:00", "11-28 09:00", "11-29 09:00", "12-04 09:00"]),
        ("0 9 * * 1-5", ["11-26 09:00", "11-27 09:00", "11-30 09:00", "12-01 09:00"]),
        ("0 9 1-31 * 5", ["11-26 09:00", "11-27 09:00", "11-28 09:00"]),
    ],
)
def test_d03_either_day_field_matches(text: str, days: list[str]) -> None:
    found = times.next_runs(times.parse(text, ZULU, ANCHOR), ZULU, ANCHOR, len(days))
    assert [f"{run:%m-%d %H:%M}" for run in found] == days


def test_d03_fridays_and_thirteenths_of_2026() -> None:
    every = times.runs(times.parse("0 0 13 * 5", ZULU, ANCHOR), ZULU, datetime(2025, 12, 31, 23, tzinfo=UTC))
    count = 0
    for run in every:
        if run.year > 2026:
            break
        count += 1
    assert count == 61


# --- case D05: a local time becomes UTC -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "local, zone, utc",
    [
        ("2027-01-15 09:00", "Asia/Kolkata", "2027-01-15T03:30Z"),
        ("2027-01-15 09:00", "Asia/Kathmandu", "2027-01-15T03:15Z"),
        ("2027-01-15 09:00", "Pacific/Auckland", "2027-01-14T20:00Z"),
        ("2027-03-26 09:00", "Europe/London", "2027-03-26T09:00Z"),
        ("2027-03-29 09:00", "Europe/London", "2027-03-29T08:00Z"),
        ("2027-03-15 09:00", "America/New_York", "2027-03-15T13:00Z"),
        ("2027-01-15T09:00:00+05:30", "Europe/London", "2027-01-15T03:30Z"),
        ("2027-10-31 01:30+01:00", "Europe/London", "2027-10-31T00:30Z"),
        ("2027-10-31 01:30+00:00", "Europe/London", "2027-10-31T01:30Z"),
    ],
)
def test_d05_a_local_time_becomes_utc(local: str, zone: str, utc: str) -> None:
    assert runs(f"at {local}", zone, "2026-12-01T00:00Z", 2) == [utc]


def test_d05_what_is_kept_shows_the_same_local_time() -> None:
    kept = times.parse("at 2027-01-15T09:00", ZoneInfo("Asia/Kolkata"), ANCHOR)
    assert kept.text == "at 2027-01-15 09:00"


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid, match="did you mean Europe/Madrid") as refused:
        times.zone_of("madrid")
    assert refused.value.fields[0].field == "time_zone"
