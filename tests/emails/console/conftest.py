"""Alice at her browser, beside e-mails made to measure."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import Cast, csrf_token
from tests.emails.scene import EmailScene, set_the_email_scene

Post = Callable[..., TestResponse]


@pytest.fixture
def scene(app: Flask, cast: Cast) -> EmailScene:
    return set_the_email_scene(app, cast)


@pytest.fixture
def alice(app: Flask, cast: Cast, scene: EmailScene) -> FlaskClient:
    return cast.sign_in(app.test_client(), "alice")


@pytest.fixture
def vera(app: Flask, cast: Cast, scene: EmailScene) -> FlaskClient:
    """Who only looks."""
    return cast.sign_in(app.test_client(), "vera")


@pytest.fixture
def post(alice: FlaskClient) -> Post:
    """Send a form as Alice, and follow where it leads."""
    token = csrf_token(alice)

    def send(path: str, follow: bool = True, **fields: Any) -> TestResponse:
        return alice.post(path, data={"csrf_token": token, **fields}, follow_redirects=follow)

    return send
