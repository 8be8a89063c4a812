"""The people of the tests: Alice (owner), Adam (admin), Bob (agent), Vera (viewer); Charlie is elsewhere."""

import json
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from adsapp.core import db
from adsapp.organizations import queries, service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role

PASSWORD = "correct horse"
PEOPLE = {
    "alice": Role.OWNER,
    "adam": Role.ADMIN,
    "bob": Role.AGENT,
    "vera": Role.VIEWER,
}


@dataclass
class Cast:
    """Ids and tokens of the people, and how they sign in."""

    bakery_id: uuid.UUID
    other_id: uuid.UUID
    tokens: dict[str, str] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """Keep it for those whose database is a copy of this one."""
        kept = {"bakery_id": str(self.bakery_id), "other_id": str(self.other_id), "tokens": self.tokens}
        file.write_text(json.dumps(kept), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Cast":
        """As it was written."""
        kept = json.loads(file.read_text(encoding="utf-8"))
        return cls(uuid.UUID(kept["bakery_id"]), uuid.UUID(kept["other_id"]), kept["tokens"])

    def headers(self, name: str) -> dict[str, str]:
        """A program's headers with the rights of this person."""
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def add(self, name: str, role: Role) -> None:
        """Make this person and a token of theirs, in the organization of the session."""
        service.add_member(service.create_user(f"{name}@example.com", name.title(), PASSWORD), role, by=NOBODY)
        self.tokens[name] = service.create_token(name, role, by=NOBODY)

    def sign_in(self, client: FlaskClient, name: str) -> FlaskClient:
        """Sign in as this person, as the form's service does: a thousand tests need not fill it in."""
        app = client.application
        with app.app_context():
            person = queries.find_user(f"{name}@example.com")
            assert person is not None
            token = service.sign_in(person, "127.0.0.1", "Werkzeug").token
            db.session.commit()
        with client.session_transaction() as session:
            session.clear()
            session.update(_user_id=token, _fresh=True)  # what flask-login keeps
        return client

    def sign_in_by_form(self, client: FlaskClient, name: str) -> FlaskClient:
        """Sign in as a browser does: for tests of the sessions themselves."""
        answer = self.attempt(client, name)
        assert answer.status_code == 303, answer.text
        return client

    def attempt(self, client: FlaskClient, name: str, password: str = PASSWORD, **request: Any) -> TestResponse:
        """Fill in the form, with whatever else is known of the request."""
        token = csrf_token(client)
        sent = {"email": f"{name}@example.com", "password": password, "csrf_token": token}
        return client.post("/sign-in", data=sent, **request)


def token_on_page(client: FlaskClient, path: str = "/sign-in") -> str:
    """The token that the scripts and forms of this page carry."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)
    assert found, f"no CSRF token on {path}"
    return found.group(1)


def csrf_token(client: FlaskClient) -> str:
    """One that a page would carry, without the page, as Flask-WTF makes it: a random value in the session, signed."""
    with client.session_transaction() as session:
        kept = session.setdefault("csrf_token", uuid.uuid4().hex)
    key = client.application.secret_key
    assert key is not None
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(kept))


def use_quick_hashes(app: Flask) -> None:
    """Passwords that cost nothing to check."""
    app.extensions["password_hasher"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def add_organization(app: Flask, slug: str) -> uuid.UUID:
    """One with nobody in it; its id."""
    with app.app_context():
        organization_id = service.create_organization(slug, slug.title(), "US").id
        db.session.commit()
    return organization_id


def make_cast(app: Flask) -> Cast:
    """Make the two organizations and their people."""
    use_quick_hashes(app)
    with app.app_context():
        bakery = service.create_organization("harbour-bakery", "Harbour Bakery", "US")
        cast = Cast(bakery.id, uuid.UUID(int=0))
        for name, role in PEOPLE.items():
            cast.add(name, role)
        db.session.commit()
    with app.app_context():
        cast.other_id = service.create_organization("charlies", "Charlie's", "GB").id
        cast.add("charlie", Role.OWNER)
        db.session.commit()
    return cast


def join_charlies(app: Flask, cast: Cast, name: str) -> None:
    """Make somebody of Harbour Bakery a viewer of Charlie's, too."""
    with app.app_context():
        person = queries.find_user(f"{name}@example.com")
        assert person is not None
        db.bind_organization(cast.other_id)
        service.add_member(person, Role.VIEWER, by=NOBODY)
        db.session.commit()
