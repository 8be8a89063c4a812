"""What a contact got from the rest of the program, as their page shows it.

Features above this one say here what they sent somebody, in a module that the pages import.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adsapp.contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing: what it is called, how it went, where it is and when it was."""

    title: str
    text: str
    icon: str
    url: str
    at: datetime


_finders: list[tuple[str, Callable[[Contact], Sequence[Trace]]]] = []


def leave(title: str, find: Callable[[Contact], Sequence[Trace]]) -> None:
    """Show what `find` finds of a contact under this title."""
    _finders.append((title, find))


def of(contact: Contact) -> list[tuple[str, Sequence[Trace]]]:
    """Each title with what there is, newest first; without those that have nothing."""
    return [(title, found) for title, find in _finders if (found := find(contact))]
