"""An import that comes again and again: from an address over real HTTP, and from a folder of the operator's."""

import io
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.watched import addresses, folders, taking
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.jobs import Job, JobFailed, State
from adsapp.jobs.progress import Snooze
from adsapp.schedules import service
from adsapp.schedules.models import Schedule, ScheduleFire
from tests.cast import Cast, csrf_token
from tests.schedules.file_host import HOST, FileHost, file_host
from tests.schedules.test_recurring import ADAM, _run_by_hand, all_of, make, run_now

Finished = Callable[[uuid.UUID], Job]
FIRST = b"Name,Mobile,Town\nAna,+447946050501,Leeds\n"
LINK, MISSING = "it is no folder, or a link, which is not followed", "no such file or directory"
SECOND = FIRST + b"Ben,+447946050502,York\n"


@dataclass
class Kitchen:
    """Harbour Bakery with an import by hand, whose columns and tags are used again."""

    app: Flask
    cast: Cast
    like: uuid.UUID
    root: Path

    @property
    def incoming(self) -> Path:
        return self.root / "harbour-bakery" / "incoming"

    def put(self, name: str, content: bytes) -> Path:
        """A file into the folder."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        (self.incoming / name).write_bytes(content)
        return self.incoming / name

    def schedule(self, **params: Any) -> uuid.UUID:
        return make(self.app, self.cast, "start-import", {"like": str(self.like), **params})

    def imports(self) -> list[Import]:
        """Those of the schedule, oldest first."""
        wanted = select(Import).where(Import.id != self.like).order_by(Import.id)
        return list(all_of(self.app, self.cast, wanted))

    def people(self) -> set[str]:
        return {each.phone for each in all_of(self.app, self.cast, select(Contact))}

    def said(self) -> list[str]:
        return [each.reason for each in all_of(self.app, self.cast, select(ScheduleFire).order_by(ScheduleFire.id))]

    def run(self, schedule_id: uuid.UUID) -> Any:
        """A run by hand; one that wants to look once more is let."""
        job_id = run_now(self.app, self.cast, schedule_id)
        try:
            result = _run_by_hand(self.app, self.cast, job_id)
        except Snooze:
            result = _run_by_hand(self.app, self.cast, job_id)
        return result

    def end(self, *job_ids: uuid.UUID | None) -> None:
        """As if these had been worked through."""
        with db.organization_context(self.app, self.cast.bakery_id):
            for job in db.session.scalars(select(Job).where(Job.state.not_in([State.COMPLETED]))):
                job.state = State.COMPLETED
            db.session.commit()


@pytest.fixture
def kitchen(app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    """A host of the test may be reached, and there is a folder."""
    changed = {"outgoing_allowed_hosts": (HOST,), "import_folders": str(tmp_path / "drop")}
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=changed))
    monkeypatch.setattr(taking, "SETTLES", timedelta(0))
    with db.organization_context(app, cast.bakery_id):
        batch = imports.receive(io.BytesIO(b"name,mobile,town\nEve,+447946050500,Hull\n"), "people.csv", ADAM)
        options = ImportOptions(default_country="GB", tags=["shop"])
        job = imports.start_import(batch, imports.proposed(batch), options, by=ADAM)
        job.state = State.COMPLETED
        db.session.commit()
        return Kitchen(app, cast, batch.id, tmp_path / "drop")


@pytest.fixture
def host() -> Iterator[FileHost]:
    with file_host(FIRST) as found:
        yield found


@pytest.mark.usefixtures("worker")
def test_a_file_at_an_address_is_imported_as_the_one_before_and_once(
    kitchen: Kitchen, host: FileHost, finished: Finished
) -> None:
    address = host.url.replace("//", "//ann:s%40fe@") + "/lists/contacts.csv?key=t0ken"
    schedule_id = kitchen.schedule(url=address)
    ran = finished(run_now(kitchen.app, kitchen.cast, schedule_id))
    assert ran.state is State.COMPLETED, ran.error
    (batch,) = kitchen.imports()
    assert ran.result == {"made": f"import:{batch.id}", "job_id": str(batch.job_id)}
    assert batch.job_id is not None
    assert finished(batch.job_id).state is State.COMPLETED
    assert (batch.file_name, batch.created_by, batch.options["tags"]) == ("contacts.csv", "schedule Weekly", ["shop"])
    assert kitchen.people() == {"+447946050501"}
    assert (host.asked[0][0], host.who()) == ("/lists/contacts.csv?key=t0ken", "ann:s@fe")

    assert finished(run_now(kitchen.app, kitchen.cast, schedule_id)).result == {"made": "", "said": kitchen.said()[1]}
    assert kitchen.said()[1] == "Nothing new: the file is the same as last time."
    assert "if-none-match" in host.asked[1][1]
    host.etags = False  # then it is known by its content
    finished(run_now(kitchen.app, kitchen.cast, schedule_id))
    assert len(kitchen.imports()) == 1

    host.content = SECOND
    finished(run_now(kitchen.app, kitchen.cast, schedule_id))
    again = kitchen.imports()[1].job_id
    assert again is not None
    finished(again)
    assert kitchen.people() == {"+447946050501", "+447946050502"}


def test_what_does_not_fit_is_not_imported_and_named(kitchen: Kitchen, host: FileHost) -> None:
    schedule_id = kitchen.schedule(url=f"{host.url}/contacts.csv")
    for content, said in (
        (b"Name,Telephone,Town\nAna,+447946050501,Leeds\n", "missing: “mobile”; new: “Telephone”"),
        (b"Name,Town,Mobile\nAna,Leeds,+447946050501\n", "another order"),
        (b"\x00\x01", "cannot be read"),
    ):
        host.content = content
        with pytest.raises(JobFailed, match=said) as failure:
            kitchen.run(schedule_id)
        assert failure.value.permanent
        kitchen.end()
    host.content = b"Name,Mobile,Town\nC,+491712345678,Bonn\n" + b"".join(b"A,0171 234567%d,\n" % n for n in range(9))
    with pytest.raises(JobFailed, match="fit in DE"):
        kitchen.run(schedule_id)
    kitchen.end()
    host.content = FIRST
    for change, said, permanent in (
        ({"status": 404}, "answered 404", True),
        ({"status": 503}, "answered 503", False),
        ({"status": 200, "promises": 9}, "and then nothing more", False),
        ({"promises": 0, "location": "http://[::ffff:169.254.169.254]/latest"}, "not on the open internet", True),
    ):
        for name, value in change.items():
            setattr(host, name, value)
        with pytest.raises(JobFailed, match=said) as failure:
            kitchen.run(schedule_id)
        assert failure.value.permanent is permanent
        kitchen.end()
    settings = kitchen.app.config["SETTINGS"]
    host.location, host.content = "", FIRST * 40_000
    kitchen.app.config["SETTINGS"] = settings.model_copy(update={"max_upload_mb": 1})
    with pytest.raises(JobFailed, match="more than 1,000,000 bytes"):
        kitchen.run(schedule_id)
    kitchen.app.config["SETTINGS"] = settings
    assert kitchen.imports() == []
    directory = settings.home / "uploads" / str(kitchen.cast.bakery_id)
    assert len(list(directory.iterdir())) == 1  # that of the import by hand


def test_each_file_of_a_folder_is_imported_once_when_it_is_whole(kitchen: Kitchen, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(SECOND)
    first = kitchen.put("a.csv", FIRST)
    kitchen.put("notes.doc", b"not a table")
    (kitchen.incoming / "link.csv").symlink_to(secret)
    schedule_id = kitchen.schedule(folder="incoming")
    job_id = run_now(kitchen.app, kitchen.cast, schedule_id)
    with pytest.raises(Snooze, match=r"“a\.csv” still grows") as waits:
        _run_by_hand(kitchen.app, kitchen.cast, job_id)
    with db.organization_context(kitchen.app, kitchen.cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        before, job.state, job.wait_reason = job.state, State.DELAYED, waits.value.reason  # as its worker does
        db.session.commit()
    page = kitchen.cast.sign_in(kitchen.app.test_client(), "alice").get(f"/schedules/{schedule_id}").text
    assert "Waits whether “a.csv” still grows" in page
    with db.organization_context(kitchen.app, kitchen.cast.bakery_id):
        db.session.get_one(Job, job_id).state = before
        db.session.commit()
    first.write_bytes(SECOND)  # somebody was not through
    assert _run_by_hand(kitchen.app, kitchen.cast, job_id)
    assert "“a.csv” is still being written" in kitchen.said()[-1]
    kitchen.end()
    assert kitchen.imports() == []

    kitchen.put("b.csv", FIRST)
    os.utime(first, ns=(1, 1))
    assert kitchen.run(schedule_id)["made"].startswith("import:")
    assert [each.file_name for each in kitchen.imports()] == ["a.csv", "b.csv"]
    assert kitchen.said()[-1] == "2 files: “a.csv”, “b.csv”"
    kitchen.end()

    kitchen.put("c.csv", SECOND + b"Cid,+447946050503,Hull\n")
    job_id = run_now(kitchen.app, kitchen.cast, schedule_id)
    with pytest.raises(Snooze):
        _run_by_hand(kitchen.app, kitchen.cast, job_id)
    made = [_run_by_hand(kitchen.app, kitchen.cast, job_id) for _ in range(2)]
    assert made[0] == made[1]  # its worker was lost after the first: it finds what that made
    assert len(kitchen.imports()) == 3
    kitchen.end()

    first.rename(kitchen.incoming / "renamed.csv")  # known by what is in it
    assert "was imported before" in kitchen.run(schedule_id)["said"]
    kitchen.end()
    said = kitchen.run(schedule_id)["said"]
    assert said.startswith("Nothing new: the folder has no file that was not imported already.")
    assert "link.csv (a link), notes.doc (no table)" in said
    assert len(kitchen.imports()) == 3


def test_a_way_out_of_the_folder_is_refused(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.put("a.csv", FIRST)
    (kitchen.root / "harbour-bakery" / "gone").mkdir()
    (kitchen.incoming / "out").mkdir()
    schedules = {said: kitchen.schedule(folder=folder) for folder, said in (("incoming/out", LINK), ("gone", MISSING))}
    (kitchen.root / "harbour-bakery" / "gone").rmdir()
    (kitchen.incoming / "out").rmdir()
    (kitchen.incoming / "out").symlink_to(tmp_path)
    for said, schedule_id in schedules.items():
        with pytest.raises(JobFailed, match=said):
            kitchen.run(schedule_id)
        with pytest.raises(Invalid, match=f"{said}. Make it, then try again"):
            kitchen.schedule(folder={LINK: "incoming/out", MISSING: "gone"}[said])
    kitchen.end()
    settings = kitchen.app.config["SETTINGS"]
    kitchen.app.config["SETTINGS"] = settings.model_copy(update={"import_folders": ""})
    with pytest.raises(JobFailed, match="No folder is set up here"):  # nor is it where the worker was started
        kitchen.run(schedule_id)
    kitchen.app.config["SETTINGS"] = settings
    for folder in ("../other-org", "/etc", "incoming/../../other-org", "a\\b", "a\nb"):
        with pytest.raises(Invalid), db.organization_context(kitchen.app, kitchen.cast.bakery_id):
            folders.checked(folder)
    assert kitchen.imports() == []


@pytest.mark.both
def test_where_from_is_asked_for_and_its_secrets_are_shown_to_nobody(kitchen: Kitchen) -> None:
    app, cast = kitchen.app, kitchen.cast
    alice = cast.sign_in(app.test_client(), "alice")
    form = {
        "csrf_token": csrf_token(alice),
        "kind": "start-import",
        "name": "Nightly list",
        "source": str(kitchen.like),
        "when": "@daily",
        "time_zone": "UTC",
    }
    refused = alice.post("/schedules", data=form)
    assert refused.status_code == 422
    assert "Enter the address of the file, or a folder" in refused.text
    assert "a private network" in alice.post("/schedules", data={**form, "url": "http://10.0.0.1/x.csv"}).text
    made = alice.post("/schedules", data={**form, "url": "https://ann:pw1@example.com/x.csv?token=t0ken&b"})
    assert made.status_code == 303
    pages = [made.location, f"{made.location}/edit", f"/api{made.location}", "/schedules"]
    shown = [alice.get(page).text for page in pages]
    assert "https://•••@example.com/x.csv?token=•••&amp;•••" in shown[0]
    assert "as “people.csv” was, and tags everybody in it “shop”." in shown[0]
    for each in shown:
        assert "t0ken" not in each
        assert "pw1" not in each
    kept = alice.post(made.location, data={**form, "source": "", "name": "Each night"})
    assert kept.status_code == 303
    (schedule,) = all_of(app, cast, select(Schedule))
    with app.app_context():
        assert schedule.params.open()["url"] == "https://ann:pw1@example.com/x.csv?token=t0ken&b"
    covered = alice.get(f"/api{made.location}").json
    assert covered is not None
    params = covered["schedule"]["params"]
    token = {"X-CSRF-Token": csrf_token(alice)}
    answer = alice.patch(f"/api{made.location}", json={"params": params}, headers=token)
    assert answer.status_code == 422
    assert "enter the whole one" in answer.text
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, service.run_now(db.session.get_one(Schedule, schedule.id), ADAM).job_id)
        db.session.commit()
        job_id = job.id
    assert "t0ken" not in alice.get(f"/jobs/{job_id}").text


def test_an_address_is_covered_whatever_it_looks_like() -> None:
    for url, shown in (
        ("https://example.com/a.csv", "https://example.com/a.csv"),
        ("https://example.com/a?x", "https://example.com/a?•••"),
        ("https://u@example.com/#frag", "https://•••@example.com/"),
        ("https://[broken", "•••"),
    ):
        assert addresses.shown(url) == shown
