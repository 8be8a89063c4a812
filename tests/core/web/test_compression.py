"""What goes out as gzip, what does not, and for whom."""

import gzip
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue

from adsapp.core.web.compression import SMALLEST, init_compression

TEXT = "Thirty-one requests a page. " * 40
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """A program with an answer of each kind."""
    app = Flask("answers")
    init_compression(app)

    def stream() -> Iterator[str]:
        yield from (TEXT, TEXT)

    answers: dict[str, Callable[[], ResponseReturnValue]] = {
        "page": lambda: TEXT,
        "error": lambda: (TEXT, 422),
        "json": lambda: jsonify(TEXT),
        "problem": lambda: Response(TEXT, 404, mimetype="application/problem+json"),
        "tagged": lambda: Response(TEXT, headers={"ETag": '"abc"'}),
        "varied": lambda: Response(TEXT, headers={"Vary": "HX-Request"}),
        "small": lambda: "x" * (SMALLEST - 1),
        "nothing": lambda: ("", 204),
        "unchanged": lambda: ("", 304),
        "part": lambda: (TEXT, 206),
        "download": lambda: Response(TEXT, headers={"Content-Disposition": 'attachment; filename="a.csv"'}),
        "stream": lambda: Response(stream()),
        "packed": lambda: Response(TEXT, headers={"Content-Encoding": "br"}),
        "picture": lambda: Response(TEXT, mimetype="image/png"),
    }
    for name, answer in answers.items():
        app.add_url_rule(f"/{name}", name, answer)
    return app.test_client()


@pytest.mark.parametrize("name", ["page", "error", "json", "problem", "tagged", "varied"])
def test_text_goes_out_as_gzip_to_those_who_take_it(client: FlaskClient, name: str) -> None:
    plain, packed = client.get(f"/{name}"), client.get(f"/{name}", headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data)
    assert gzip.decompress(packed.data) == plain.data
    assert packed.status_code == plain.status_code
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert ("HX-Request" in packed.headers["Vary"]) == (name == "varied")


def test_a_tag_of_other_bytes_is_a_weak_one(client: FlaskClient) -> None:
    assert client.get("/tagged").headers["ETag"] == '"abc"'
    assert client.get("/tagged", headers=PACKED).headers["ETag"] == 'W/"abc"'


@pytest.mark.parametrize("name", ["small", "nothing", "unchanged", "part", "download", "stream", "packed", "picture"])
def test_all_else_goes_out_as_it_is(client: FlaskClient, name: str) -> None:
    plain, asked = client.get(f"/{name}"), client.get(f"/{name}", headers=PACKED)
    assert asked.data == plain.data
    assert asked.headers.get("Content-Encoding") == plain.headers.get("Content-Encoding")
    assert ("Accept-Encoding" in asked.headers.get("Vary", "")) == (name == "small")


@pytest.mark.parametrize("takes", ["", "br", "identity", "gzip;q=0", "*;q=0"])
def test_who_takes_no_gzip_gets_none(client: FlaskClient, takes: str) -> None:
    assert client.get("/page", headers={"Accept-Encoding": takes}).text == TEXT


@pytest.mark.parametrize(
    ("site", "is_packed"), [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False)]
)
def test_an_answer_that_another_site_made_a_browser_ask_for_does_not_tell_by_its_length(
    client: FlaskClient, site: str, is_packed: bool
) -> None:
    answer = client.get("/page", headers={"Sec-Fetch-Site": site, **PACKED})
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_packed
