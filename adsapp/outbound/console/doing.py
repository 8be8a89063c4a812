"""Doing what was confirmed: with just as many people as the question named, or it is asked again."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid, NotFound, Problem
from adsapp.core.web.confirmation import Confirmation, Shown, ask, it_was
from adsapp.outbound.console.dialogs import Failed, Verb
from adsapp.outbound.missing_values import WRITE_IT

F = TypeVar("F", bound=Failed)


def confirmed(
    change: Callable[[], object], verb: Verb, target: str, question: Callable[[], Confirmation]
) -> ResponseReturnValue:
    """Do what may message people once just as many were confirmed as there are now; else ask, and say what changed."""
    asked, shown = question(), Shown.read(request.form)
    if asked.shown is not None and shown.count != asked.shown.count:
        if not shown.count:
            return ask(asked)
        return ask(asked.asked_again(it_was(shown.count, asked.shown.count, "people"))), Conflict.status
    return do(change, verb, target)


def do(change: Callable[[], object], verb: Verb, target: str) -> ResponseReturnValue:
    """Do it, and go to the page with what was done or why it could not be."""
    try:
        change()
        db.session.commit()
        flash(verb.done, "good")
    except (Conflict, Invalid) as error:  # the page was older than what it shows
        return refused(target, error)
    return redirect(target, 303)


def typed_values(keys: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed as the values of these variables, by their keys, and what is wrong with it."""
    values = {key: request.form.get(f"value.{key}", "") for key in keys}
    return values, {key: WRITE_IT for key, text in values.items() if not text.strip()}


def refused(target: str, error: Problem) -> ResponseReturnValue:
    """Back to the page, with the reason."""
    db.session.rollback()
    flash(error.detail, "bad")
    return redirect(target, 303)


def failure_of(failures: Sequence[F], code: str, it: str) -> F:
    """Those who failed with this code; raises NotFound."""
    found = next((each for each in failures if each.code == code), None)
    if found is None:
        raise NotFound(f"Nobody in this {it} failed with this code")
    return found
