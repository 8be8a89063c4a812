"""Hooks that run once a transaction is truly committed.

SQLAlchemy's after_commit also fires when a savepoint is released, before the real commit; and a savepoint that is
rolled back must discard only its own hooks. So a hook belongs to the transaction it was added in, moves to the parent
when a savepoint is released, and runs when the outermost transaction has been committed.
"""

from collections.abc import Callable

from sqlalchemy import (
    event,
)
from sqlalchemy.orm import (
    Session,
    SessionTransaction,
)

from adsapp.core.db.extension import session


def after_commit(hook: Callable[[], None]) -> None:
    """Run `hook` once the running transaction is truly committed; never if it is not."""
    owner = session()
    if not owner.in_transaction():
        owner.begin()
    _hooks(owner, _innermost(owner)).append(hook)


def _innermost(owner: Session) -> SessionTransaction | None:
    return owner.get_nested_transaction() or owner.get_transaction()


def _hooks(owner: Session, transaction: SessionTransaction | None) -> list[Callable[[], None]]:
    by_transaction: dict[SessionTransaction | None, list[Callable[[], None]]]
    by_transaction = owner.info.setdefault("after_commit", {})
    return by_transaction.setdefault(transaction, [])


@event.listens_for(Session, "after_commit")
def _mark_committed(owner: Session) -> None:
    owner.info.setdefault("committed", set()).add(_innermost(owner))


@event.listens_for(Session, "after_transaction_end")
def _hand_on_or_run(owner: Session, transaction: SessionTransaction) -> None:
    committed = owner.info.get("committed", set())
    hooks = owner.info.get("after_commit", {}).pop(transaction, [])
    if transaction not in committed:
        return
    committed.discard(transaction)
    if transaction.parent is not None:
        _hooks(owner, transaction.parent).extend(hooks)
        return
    for hook in hooks:
        hook()
