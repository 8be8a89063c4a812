"""People who were left out because a variable had no value: which variables those are, who lacks which, and what is
written for all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from adsapp.core import db
from adsapp.core.db.constructs import text_at
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.integrations.values import clean
from adsapp.outbound.statuses import OutboundStatus

FEW: Final = 500  # people, among whom is looked for who lacks what
WRITE_IT: Final = "Write the text that they get"


@dataclass(frozen=True)
class Variable:
    """A variable that may have no value: its key, what the page calls it, where it comes from, in words, and what is
    sent if there is nothing."""

    key: str
    called: str
    source: str
    fallback: str = ""

    @property
    def in_words(self) -> str:
        """{{1}} (First name)."""
        return f"{self.called} ({self.source})"


@dataclass(frozen=True)
class PersonWithoutValue:
    """Somebody who was left out: their id in the ledger, their values, and the keys of the variables without one."""

    id: int
    variables: Mapping[str, Any]
    lacks: frozenset[str]


@dataclass(frozen=True)
class PeopleWithoutValue:
    """Those of a campaign's or an e-mail's ledger who were left out for that: the table, and which of its rows."""

    recipients: type[Any]
    those: tuple[ColumnElement[bool], ...]

    def lacked(self, variables: Mapping[str, Variable]) -> dict[str, Variable]:
        """Which of these variables some of them lack, by their keys."""
        return {key: each for key, each in variables.items() if self._somebody_lacks(key)}

    def named(self, variables: Mapping[str, Variable], skipped: int) -> Iterable[Variable]:
        """Those of these variables that the reason names: exactly, unless more people were `skipped`, for whatever
        reason, than can be looked through each time that the page asks; then all that have no fallback."""
        if skipped <= FEW:
            return self.lacked(variables).values()
        return [each for each in variables.values() if not each.fallback]

    def some(self, asked: Iterable[str], after: int, limit: int) -> list[PersonWithoutValue]:
        """Some of them in the ledger's order, from behind that id, with which of the asked variables each lacks."""
        them = self.recipients
        rows = db.session.execute(
            select(them.id, them.variables).where(*self.those, them.id > after).order_by(them.id).limit(limit)
        )
        return [PersonWithoutValue(row.id, row.variables, lacks(row.variables, asked)) for row in rows]

    def _somebody_lacks(self, key: str) -> bool:
        value = text_at(self.recipients.variables, key)
        found = select(self.recipients.id).where(*self.those, func.trim(func.coalesce(value, "")) == "")
        return db.session.scalar(found.limit(1)) is not None


def lacks(values: Mapping[str, Any], asked: Iterable[str]) -> frozenset[str]:
    """Which of these variables have no value."""
    return frozenset(key for key in asked if not str(values.get(key) or "").strip())


def why(variables: Iterable[Variable], between: str = " or ") -> str:
    """The reason, with the variables that it may be (or, joined by " and ", that it is)."""
    names = between.join(each.in_words for each in variables)
    return f"No value for {names}" if names else "A variable has no value"


def can_be_sent_to(frozen_at: datetime | None, status: OutboundStatus) -> bool:
    """Whether those who were left out can still get it: all of them are known, and it was not ended for good."""
    return frozen_at is not None and status is not OutboundStatus.CANCELLED


def refuse_unfixed(frozen_at: datetime | None) -> None:
    """While the audience is fixed there may be more of them, whom nobody could send to afterwards. Raises Conflict."""
    if frozen_at is None:
        raise Conflict("Its audience is still being put together; try again once sending has begun", code="not_fixed")


def read_texts(values: Mapping[str, str], lacked: Iterable[str]) -> dict[str, str]:
    """What is written for those who lack these variables. Raises Invalid if a text is empty or for no such variable."""
    texts, known = {key: clean(value) for key, value in values.items()}, set(lacked)
    wrong = [FieldError(f"values.{key}", WRITE_IT) for key, text in texts.items() if not text]
    wrong += [FieldError(f"values.{key}", "Nobody lacks this variable") for key in texts if key not in known]
    if wrong or not texts:
        raise Invalid("; ".join(each.message for each in wrong) or WRITE_IT, fields=wrong)
    return texts


def with_texts(rows: Iterable[PersonWithoutValue], texts: Mapping[str, str]) -> list[tuple[int, dict[str, Any]]]:
    """The ids and values, with the texts filled in, of those who lack nothing else."""
    return [
        (row.id, {**row.variables, **{key: texts[key] for key in row.lacks}})
        for row in rows
        if row.lacks <= texts.keys()
    ]
