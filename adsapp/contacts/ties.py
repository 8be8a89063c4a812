"""What binds contacts to the rest of the program: whoever is bound is never deleted.

Features above this one say here how they refer to contacts, in a module that every process imports.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement


@dataclass(frozen=True)
class Tie:
    """`binds` is the condition, in a statement about `Contact`; `title` says so of people, `advice` what to do then."""

    code: str
    title: str
    advice: str
    binds: Callable[[], ColumnElement[bool]]


_ties: dict[str, Tie] = {}


def bind(tie: Tie) -> Tie:
    """Let nobody be deleted who is bound so."""
    _ties[tie.code] = tie
    return tie


def ties() -> tuple[Tie, ...]:
    """All of them."""
    return tuple(_ties.values())
