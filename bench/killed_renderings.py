"""Workers killed with -9 while a template is rendered, at random steps (`support.dying`): all as of an undisturbed run.

Two organizations have the same people, some of whom lack a value, have one that is no date, or a message that is too
long; in one of them nobody is disturbed. Ends with exit code 1 if anything differs, and says what.
"""

import argparse
import random
import sys
import uuid
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_rows
from adsapp.core.ids import new_id
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.integrations.whatsapp.templates import read_template
from adsapp.message_templates import service as templates
from adsapp.message_templates.models import Rendering, RenderingRow
from adsapp.organizations.auditing import NOBODY, By
from adsapp.renderings import service
from adsapp.renderings.asked import RenderingIn
from bench.killed import QUICK, SHAPES, Disturbed
from bench.support.harness import application, report
from tests.cast import add_organization

T = TypeVar("T")
BODY = "Hello {{1}}, it is due on {{2}}: {{3}}. See you."
ENTRY = {
    "id": "1",
    "name": "due",
    "language": "en",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": BODY}, {"type": "FOOTER", "text": "Reply STOP to leave"}],
}
VARIABLES = {
    "1": {"field": "first_name"},
    "2": {"field": "attribute:due", "format": {"name": "date", "locale": "de"}},
    "3": {"field": "attribute:note", "fallback": "-"},
}
WRITTEN = 5_000  # contacts at once
LATEST_MOMENT = 12  # of writing, at which a worker kills itself: some in the first batches, some before
COLUMNS = ("number", "name", "phone", "outcome", "code", "variable", "message", "variables")


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    parser.add_argument("--contacts", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows: list[tuple[str, str]] = []
    differing: list[str] = []
    for shape in SHAPES if asked.shape == "both" else (asked.shape,):
        with application(shape, **QUICK) as app:
            run = _Run(app, random.Random(asked.seed), asked.contacts)
            calm, _ = run.whole(add_organization(app, "calm"), 0)
            shaken, killed = run.whole(add_organization(app, "shaken"), asked.kills)
        wrong = [name for name in calm if calm[name] != shaken[name]]
        wrong += [] if killed == asked.kills else [f"kills: {killed} instead of {asked.kills}"]
        print(f"{shape}: {', '.join(wrong) or 'as of the undisturbed run'}", flush=True)
        rows.append((f"{shape}: killed", f"{killed} times"))
        rows.append((f"{shape}: rendered", f"{calm['rendered']:,}, and {calm['failed']:,} not"))
        differing += [f"{shape}: {each}" for each in wrong]
    rows.append(("differing", ", ".join(differing) or "nothing"))
    report("killed_renderings", rows, {"differing": differing})
    sys.exit(bool(differing))


class _Run(Disturbed):
    """One shape."""

    def __init__(self, app: Flask, chance: random.Random, contacts: int) -> None:
        super().__init__(app, chance, "template-processing", LATEST_MOMENT)
        self._contacts = contacts

    def whole(self, organization_id: uuid.UUID, kills: int) -> tuple[dict[str, Any], int]:
        """The results of a rendering, and how often its worker died on the way."""
        self._inside(organization_id, lambda: _prepare(organization_id, self._contacts), commit=True)
        self._inside(organization_id, _begin, commit=True)
        killed = self._to_the_end(organization_id, kills, _is_done)
        return self._inside(organization_id, _results), killed


def _prepare(organization_id: uuid.UUID, contacts: int) -> None:
    number = str(organization_id.int)[:15]
    account = create_account(AccountIn(number, number[::-1], "token", "secret", "verify"), by=NOBODY)
    template = read_template(ENTRY)
    assert template is not None
    templates.store_templates(account, [template])
    now = utcnow()
    for start in range(0, contacts, WRITTEN):
        numbers = range(start, min(start + WRITTEN, contacts))
        insert_rows(Contact, [_person(each) for each in numbers], {"created_at": now, "updated_at": now})


def _person(number: int) -> dict[str, Any]:
    due = "soon" if number % 11 == 3 else f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    usual = {
        column.name: column.default.arg
        for column in Contact.__table__.columns
        if column.default is not None and column.default.is_scalar
    }
    return usual | {
        "id": new_id(),
        "phone": f"+1202{2_000_000 + number:07d}",
        "person_key": f"1202{2_000_000 + number:07d}",
        "first_name": "" if number % 7 == 2 else f"P{number}",
        "attributes": {"due": due, "note": "x" * 1_100 if number % 13 == 5 else f"note {number}"},
    }


def _begin() -> None:
    service.create_rendering(RenderingIn("due", "en", VARIABLES, audience={"all": True}), By("bench"))


def _rendering() -> Rendering:
    return db.session.scalars(select(Rendering)).one()


def _is_done() -> bool:
    job = _rendering().job
    return job is not None and job.is_finished


def _results() -> dict[str, Any]:
    rendering = _rendering()
    columns = [getattr(RenderingRow, name) for name in COLUMNS]
    rows = [tuple(row) for row in db.session.execute(select(*columns).order_by(RenderingRow.number))]
    counted = {name: getattr(rendering, name) for name in ("total", "rendered", "failed", "failed_by_code")}
    assert rendering.rendered + rendering.failed == len(rows)
    return {**counted, "rows": rows}


if __name__ == "__main__":
    main()
