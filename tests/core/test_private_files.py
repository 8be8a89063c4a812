"""What an installation keeps is for the user that it runs as, and for nobody else on the machine."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adsapp import create_core
from adsapp.campaigns.sending.journal import Journal
from adsapp.config import Settings
from adsapp.contacts.imports import uploads
from adsapp.core import db
from adsapp.core.ids import new_id
from adsapp.jobs import Queue
from tests.conftest import QUICK


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """As most machines have it: everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_files_are_for_their_owner_alone_and_so_are_folders(usual_umask: None, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new" / "home", **QUICK)
    app = create_core(settings)
    with db.organization_context(app, new_id()):
        db.session.execute(text("create table kept (id)"), execution_options={"names_organization": True})
        uploads.save(io.BytesIO(b"name,phone"), new_id())
        app.extensions["broker"].push(Queue.BULK_MESSAGES, new_id(), 1)
        journal = Journal(settings.home, new_id())
        made = {path.relative_to(tmp_path): path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*")}
        journal.close()
        db.session.rollback()
        db.db.engine.dispose()
    kinds = {path.suffix or path.parts[2] for path in made if len(path.parts) > 2}
    assert {".db", ".json", "uploads"} <= kinds, made
    for path, mode in made.items():
        assert mode == (0o700 if (tmp_path / path).is_dir() else 0o600), f"{path} {mode:o}"
