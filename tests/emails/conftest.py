"""A provider of e-mail in memory for the directory's tests."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.cast import Cast
from tests.emails.rehearsal import MailRehearsal, rehearsing


@pytest.fixture
def mail(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailRehearsal]:
    """Harbour Bakery with a provider of e-mail in memory; the test runs the job by hand."""
    with rehearsing(app, cast, monkeypatch) as mail:
        yield mail
