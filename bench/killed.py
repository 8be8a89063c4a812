"""Workers killed with -9 in imports and undos, at random steps (`bench.support.dying`): all as of an undisturbed run.

Two organizations import the same files, so that there are new, changed, repeated and refused rows, remarks, tags and
opt-outs; in one of them nobody is disturbed. Ends with exit code 1 if anything differs, and says what.
"""

import argparse
import io
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from adsapp.config import ROOT, Settings, env_name
from adsapp.contacts.imports import queries, service
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.models import Contact, ContactImport, ContactTag, Import, Tag
from adsapp.core import db
from adsapp.organizations.auditing import By
from bench.support.harness import application, environment, report
from tests.cast import add_organization
from tests.waiting import wait_for

T = TypeVar("T")
SHAPES = ("embedded", "distributed")
BY = By("bench")
QUICK: dict[str, Any] = {
    "lease_seconds": 1.5,
    "heartbeat_seconds": 0.25,
    "retry_seconds": 1e-6,  # it doubles with each attempt that is lost
    "sweep_seconds": 0.05,
    "job_attempts": 100,
    "import_chunk_rows": 5,
}
COUNTERS = ("rows_read", "created", "updated", "unchanged", "duplicate", "rejected", "opted_out")
PATIENCE = 120.0  # seconds, for anything that is awaited
LATEST_MOMENT = 300  # of writing, at which a worker kills itself; 25 of these are less than the job has


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--imports", type=int, default=20, help="kills in the import")
    parser.add_argument("--undos", type=int, default=5, help="kills in its undo")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows: list[tuple[str, str]] = []
    differing: list[str] = []
    for shape in SHAPES if asked.shape == "both" else (asked.shape,):
        with application(shape, **QUICK) as app:
            found = _Run(app, random.Random(asked.seed), asked.rows).compare(asked.imports, asked.undos)
        rows += [(f"{shape}: {label}", value) for label, value in found.rows]
        differing += [f"{shape}: {each}" for each in found.differing]
        print(f"{shape}: {', '.join(found.differing) or 'as of the undisturbed run'}", flush=True)
    report("killed", [*rows, ("differing", ", ".join(differing) or "nothing")], {"differing": differing})
    sys.exit(bool(differing))


@dataclass(frozen=True)
class _Found:
    """Figures for people, and what was not as of the undisturbed run."""

    rows: Sequence[tuple[str, str]]
    differing: Sequence[str]


def _file(rows: int, *, again: bool) -> bytes:
    """People; `again`: a third of them as before, the others new, every tenth row odd."""
    lines = ["phone,name,email,tags,opted out,city"]
    for number in range(rows):
        who = number if not again or number % 3 == 0 else number + rows
        phone = f"+1202{2_000_000 + who:07d}"
        if again and number % 10 == 7:
            phone = ("12", "no number", lines[1].partition(",")[0], f"(202) {2_000_000 + who:07d}")[number // 10 % 4]
        mail = "nonsense" if again and number % 50 == 3 else f"p{who}@example.com"
        said = "yes" if again and number % 40 == 9 else ""
        lines.append(f"{phone},P{who}{' New' if again else ''},{mail},{'may' if again else 'april'},{said},Riga")
    return "\n".join(lines).encode()


class Disturbed:
    """What is done by workers of one queue, of which so many die on the way, each at one of its first `latest` moments
    of writing (`bench.support.dying`)."""

    def __init__(self, app: Flask, chance: random.Random, queue: str, latest: int) -> None:
        self._app, self._chance, self._queue, self._latest = app, chance, queue, latest
        self._settings: Settings = app.config["SETTINGS"]

    def _to_the_end(self, organization_id: uuid.UUID, kills: int, done: Callable[[], bool]) -> int:
        """Let a worker do it, killed so many times on its way; how many times it was."""
        killed = 0
        for _ in range(kills):
            with self._worker("bench.support.dying", str(self._chance.randint(1, self._latest))) as worker:
                worker.wait(PATIENCE)
            killed += worker.returncode == -signal.SIGKILL and not self._inside(organization_id, done)
        with self._worker("adsapp"):
            wait_for(lambda: self._inside(organization_id, done), PATIENCE, "the end")
        return killed

    @contextmanager
    def _worker(self, *program: str) -> Iterator[subprocess.Popen[bytes]]:
        told = environment(self._settings) | {env_name(name): str(value) for name, value in QUICK.items()}
        command = [sys.executable, "-m", *program, "worker", "--queue", self._queue]
        with subprocess.Popen(command, cwd=ROOT, env=told, stderr=subprocess.DEVNULL) as worker:
            yield worker
            worker.terminate()

    def _inside(self, organization_id: uuid.UUID, act: Callable[[], T], *, commit: bool = False) -> T:
        with db.organization_context(self._app, organization_id):
            found = act()
            if commit:
                db.session.commit()
            return found


class _Run(Disturbed):
    """One shape: both organizations, one after the other."""

    def __init__(self, app: Flask, chance: random.Random, rows: int) -> None:
        super().__init__(app, chance, "contact-import", LATEST_MOMENT)
        self._rows = rows

    def compare(self, imports: int, undos: int) -> _Found:
        """Both ways, and what differs."""
        calm, calm_kills = self._whole(add_organization(self._app, "calm"), 0, 0)
        shaken, kills = self._whole(add_organization(self._app, "shaken"), imports, undos)
        assert calm_kills == (0, 0)
        differing = [name for name in calm if calm[name] != shaken[name]]
        if kills != (imports, undos):
            differing.append(f"kills: {kills} instead of {(imports, undos)}")
        counted = ", ".join(f"{name} {value:,}" for name, value in calm["counters of the import"].items() if value)
        said = (("killed", f"{kills[0]} times in the import, {kills[1]} in the undo"), ("import", counted))
        return _Found((*said, ("undo", str(calm["counters of the undo"]))), differing)

    def _whole(self, organization_id: uuid.UUID, imports: int, undos: int) -> tuple[dict[str, Any], tuple[int, int]]:
        self._begin(organization_id, _file(self._rows // 2, again=False))
        self._to_the_end(organization_id, 0, self._is_imported)
        before = self._inside(organization_id, _people)
        import_id = self._begin(organization_id, _file(self._rows, again=True))
        killed = self._to_the_end(organization_id, imports, self._is_imported)
        found: dict[str, Any] = {
            "contacts after the import": self._inside(organization_id, _people),
            "counters of the import": self._inside(organization_id, lambda: _counters(import_id)),
            "report": self._inside(organization_id, lambda: _reported(import_id)),
        }
        self._inside(organization_id, lambda: undoing.ask_undo(queries.get_import(import_id), BY), commit=True)
        killed_too = self._to_the_end(organization_id, undos, self._is_undone)
        found |= {
            "contacts after the undo": self._inside(organization_id, _people),
            "counters of the undo": self._inside(organization_id, lambda: _undo_counters(import_id)),
        }
        after = found["contacts after the undo"]
        wanted = {phone: each | _silence(after[phone]) for phone, each in before.items()}
        assert {phone: after[phone] for phone in before} == wanted, "the undo has not put everybody back"
        return found, (killed, killed_too)

    def _begin(self, organization_id: uuid.UUID, content: bytes) -> uuid.UUID:
        def begin() -> uuid.UUID:
            batch = service.receive(io.BytesIO(content), "people.csv", BY)
            service.start_import(batch, service.proposed(batch), ImportOptions(default_country="US"), by=BY)
            return batch.id

        return self._inside(organization_id, begin, commit=True)

    def _is_imported(self) -> bool:
        job = queries.list_imports().items[0].job
        return job is not None and job.is_finished

    def _is_undone(self) -> bool:
        undo = queries.list_imports().items[0].undo
        return undo is not None and undo.job is not None and undo.job.is_finished


def _people() -> dict[str, dict[str, Any]]:
    """All that is known of everybody, by number; what differs between two runs in any case is left out."""
    tags: dict[uuid.UUID, list[str]] = {}
    joined = select(ContactTag.contact_id, Tag.name).join(Tag, Tag.id == ContactTag.tag_id).order_by(Tag.name)
    for contact_id, name in db.session.execute(joined):
        tags.setdefault(contact_id, []).append(name)
    names = ("name", "first_name", "last_name", "email", "email_typed", "language", "country", "attributes")
    return {
        contact.phone: {name: getattr(contact, name) for name in names}
        | {"tags": tags.get(contact.id, []), "opted_out": contact.opted_out_at is not None}
        for contact in db.session.scalars(select(Contact))
    }


def _silence(after: dict[str, Any]) -> dict[str, Any]:
    """What an undo never takes back: that somebody opted out."""
    return {"opted_out": after["opted_out"]}


def _counters(import_id: uuid.UUID) -> dict[str, Any]:
    batch = db.session.get_one(Import, import_id)
    outcomes = select(Contact.phone, ContactImport.outcome).join(Contact, Contact.id == ContactImport.contact_id)
    touched = db.session.execute(outcomes.where(ContactImport.import_id == import_id)).all()
    counted = {name: getattr(batch, name) for name in COUNTERS}
    assert sum(counted[name] for name in COUNTERS[1:-1]) == counted["rows_read"]
    return counted | {"touched": len(touched)} | {f"refused {k}": v for k, v in batch.rejected_by_code.items()}


def _reported(import_id: uuid.UUID) -> list[Any]:
    return list(queries.reported_rows(import_id, queries.RowFilter(), limit=1_000_000).items)


def _undo_counters(import_id: uuid.UUID) -> dict[str, Any]:
    undo = queries.get_import(import_id).undo
    assert undo is not None
    return {"deleted": undo.deleted, "restored": undo.restored, "kept": undo.kept_by_code}


if __name__ == "__main__":
    main()
