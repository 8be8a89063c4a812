"""Rendering: our renderer beside Jinja2 and a Mustache library, and the whole job over many contacts on both databases.

The same people and the same texts go to all three, in one process on one core. Ours does more in the same time: values
are cleaned as WhatsApp wants them, written by their formatters, and measured. The peers put in the value that ours
found. Then `process-template` renders a template for everybody in an organization, by its own code, with every batch
committed; memory is looked at before and behind.
"""

import argparse
import gc
import resource
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import chevron
from flask import Flask
from jinja2 import Environment
from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_rows
from adsapp.core.ids import new_id
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.integrations.whatsapp.templates import read_template
from adsapp.jobs import Progress
from adsapp.message_templates import service as templates
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import parse_sources
from adsapp.message_templates.rendering import Renderer
from adsapp.organizations.auditing import NOBODY, By
from adsapp.renderings import run, service
from adsapp.renderings.asked import RenderingIn
from bench.support.harness import application, report
from tests.cast import add_organization

PEOPLE = 20_000
ROUNDS = 5
BODY = "Hello {{1}}, your order {{2}} for {{3}} is ready. It is kept until {{4}}. See you soon in {{5}}!"
COMPONENTS = [{"type": "BODY", "text": BODY}, {"type": "FOOTER", "text": "Reply STOP to leave"}]
PLAIN = {
    "1": {"field": "first_name", "fallback": "there"},
    "2": {"field": "attribute:order"},
    "3": {"field": "attribute:amount"},
    "4": {"field": "attribute:until"},
    "5": {"field": "attribute:city", "fallback": "town"},
}
WRITTEN = {
    **PLAIN,
    "1": {**PLAIN["1"], "format": "title"},
    "3": {**PLAIN["3"], "format": {"name": "currency", "locale": "de", "currency": "EUR"}},
    "4": {**PLAIN["4"], "format": {"name": "date", "locale": "de"}},
}
CITIES = ("Lisbon", "São Paulo", "Zürich", "Łódź", "İzmir", "Αθήνα")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000, help="of the whole job: %(default)s")
    parser.add_argument("--only", choices=("embedded", "distributed"), help="one of the two databases")
    arguments = parser.parse_args()
    people = [_person(number) for number in range(PEOPLE)]
    figures: dict[str, Any] = _renderers(people)
    for shape in [arguments.only] if arguments.only else ("embedded", "distributed"):
        with application(shape) as app:
            figures |= {f"{shape}_{name}": value for name, value in _whole_job(app, arguments.contacts).items()}
    report("render", [(name.replace("_", " "), f"{value:,}") for name, value in figures.items()], figures)


def _person(number: int) -> dict[str, Any]:
    return {
        "first_name": ("ANA MARIA", "Ben", "chidi", "Elif")[number % 4],
        "attributes": {
            "order": f"A-{number:07}",
            "amount": f"{number % 997}.{number % 100:02}",
            "until": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "city": CITIES[number % len(CITIES)],
        },
    }


# --- renderers --------------------------------------------------------------------------------------------------------


def _renderers(people: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    shape = view(COMPONENTS)
    plain, written = (Renderer(shape, parse_sources(shape, raw)) for raw in (PLAIN, WRITTEN))
    values = [
        {f"v{key.removeprefix('body.')}": text for key, text in plain.render(person).values.items()}
        for person in people
    ]
    named = BODY
    for number in range(1, 6):
        named = named.replace(f"{{{{{number}}}}}", f"{{{{v{number}}}}}")
    compiled = Environment(autoescape=False).from_string(named)  # noqa: S701  # plain text, as ours is
    unescaped = named.replace("{{", "{{{").replace("}}", "}}}")
    assert plain.render(people[7]).text == compiled.render(values[7]) == chevron.render(unescaped, values[7])
    return {
        "ours_per_second": _rate(lambda person: plain.render(person).text, people),
        "ours_with_formats_per_second": _rate(lambda person: written.render(person).text, people),
        "ours_values_only_per_second": _rate(written.render, people),
        "jinja2_per_second": _rate(compiled.render, values),
        "mustache_per_second": _rate(lambda given: chevron.render(unescaped, given), values[: PEOPLE // 10]),
    }


def _rate(render: Callable[[Any], Any], given: Sequence[Any]) -> int:
    """The best of several rounds, in renders a second of this process's own time."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.process_time()
        for each in given:
            render(each)
        best = max(best, len(given) / (time.process_time() - began))
    return round(best)


# --- the whole job ----------------------------------------------------------------------------------------------------


class _ByHand:
    """The job's progress without a job engine."""

    def __init__(self) -> None:
        self.done = 0

    def start(self, total: int | None, *, done: int = 0, failed: int = 0) -> None:
        """Nothing is shown."""

    def check(self) -> None:
        """Nobody cancels it."""

    def commit(self) -> None:
        """As the engine does, without the lease."""
        db.session.commit()

    def advance(self, done: int = 1, failed: int = 0) -> None:
        """Counted."""
        self.done += done


def _whole_job(app: Flask, contacts: int) -> dict[str, int]:
    organization_id = add_organization(app, "bench")
    with db.organization_context(app, organization_id):
        _fill(organization_id, contacts)
        rendering_id = _ask()
        db.session.commit()
        run.run_rendering(_warm(), cast(Progress, _ByHand()))
        gc.collect()
        before, began = _peak_mb(), time.perf_counter()
        progress = _ByHand()
        result = run.run_rendering(rendering_id, cast(Progress, progress))
        took = time.perf_counter() - began
    assert result["rendered"] + result["failed"] == progress.done == contacts
    return {"job_rows_per_second": round(contacts / took), "job_memory_grew_mb": _peak_mb() - before}


def _fill(organization_id: uuid.UUID, contacts: int) -> None:
    account = create_account(AccountIn("1550001", "77001", "token", "secret", "verify", "Bench"), by=NOBODY)
    entry = {"id": "1", "name": "order", "language": "en", "status": "APPROVED", "components": COMPONENTS}
    read = read_template(entry | {"category": "UTILITY"})
    templates.store_templates(account, [read] if read else [])
    for start in range(0, contacts, 1_000):
        people = [_contact(number) for number in range(start, min(start + 1_000, contacts))]
        insert_rows(Contact, people)
        db.session.commit()


def _contact(number: int) -> dict[str, Any]:
    columns = {
        column.name: column.default.arg
        for column in Contact.__table__.columns
        if column.default is not None and column.default.is_scalar
    }
    person = _person(number)
    phone = f"+1202{number:07}"
    return {
        **columns,
        "id": new_id(),
        "phone": phone,
        "person_key": phone,
        "name": "",
        "first_name": person["first_name"],
        "attributes": person["attributes"],
        "created_at": utcnow(),
        "updated_at": utcnow(),
    }


def _ask() -> uuid.UUID:
    asked = RenderingIn("order", "en", WRITTEN, audience={"all": True})
    return service.create_rendering(asked, By("Bench")).id


def _warm() -> uuid.UUID:
    """A small one, so that no statement is compiled while it is measured."""
    some = [str(each) for each in db.session.scalars(select(Contact.id).limit(10))]
    asked = RenderingIn("order", "en", WRITTEN, audience={"contact_ids": some})
    rendering_id = service.create_rendering(asked, By("Bench")).id
    db.session.commit()
    return rendering_id


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
