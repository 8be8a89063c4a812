"""A browser is found, fetched, or named as missing; under CI its absence is a failure."""

import pytest

from tests.browser import find


def test_the_one_that_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADSAPP_TEST_BROWSER", "/somewhere/chromium")
    assert find.find() == "/somewhere/chromium"


@pytest.mark.parametrize(
    ("ci", "there", "fetched"),
    [
        ("true", "/usr/bin/chromium", True),
        ("true", "/usr/bin/chromium-headless-shell", False),
        ("", "/usr/bin/chromium", False),
    ],
)
def test_the_quicker_one_is_fetched_where_nobody_minds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, there: str, fetched: bool
) -> None:
    monkeypatch.delenv("ADSAPP_TEST_BROWSER", raising=False)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(find, "find", lambda: there)
    monkeypatch.setattr(find, "fetch", lambda: "/usr/bin/fetched")
    find.main()
    assert capsys.readouterr().out.strip() == ("/usr/bin/fetched" if fetched else there)


@pytest.mark.parametrize("ci, code", [("true", 1), ("", 0)])
def test_without_any_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(find, "find", lambda: None)
    monkeypatch.setattr(find, "fetch", lambda: None)
    with pytest.raises(SystemExit) as ended:
        find.main()
    assert ended.value.code == code
    assert "left out" in capsys.readouterr().err
