"""The pieces of a page that are drawn by functions, and those that are kept once drawn."""

from flask import Flask

from adsapp.core.web import markup
from adsapp.core.web.urls import url_for


def test_attributes_are_escaped_and_those_that_say_no_are_left_out() -> None:
    given = {"hx_get": "/x?a=1&b", "class_": 'a"b', "hidden": True, "open": False, "title": None}
    assert markup.render_attributes(given) == ' hx-get="/x?a=1&amp;b" class="a&#34;b" hidden'


def test_a_line_lies_between_its_lowest_and_its_highest_value() -> None:
    assert markup.render_points([0, 5, 10], 100, 20, 0, 10, 2) == "2,22 52,12 102,2"
    assert (
        markup.render_points([7], 100, 20, 7, 7, 0) == "0,20 0,20"
    )  # a line to itself is drawn, one of a point is not


def test_the_rows_under_a_chart_are_escaped() -> None:
    rows = markup.render_chart_rows([{"values": [1]}, {"values": ["<2>"]}], ["<now>"], "%")
    assert rows == '<tr><th scope="row">&lt;now&gt;</th><td class="num">1%</td><td class="num">&lt;2&gt;%</td></tr>'


def test_an_address_is_made_anew_where_the_console_stands_elsewhere(app: Flask) -> None:
    for root in ("", "/console", ""):
        with app.test_request_context("/", base_url=f"http://localhost{root}"):
            assert url_for("jobs.list_jobs", state="failed") == f"{root}/jobs?state=failed"
