"""Freezing an audience into the ledger of a campaign or an e-mail: one row a person, decided once.

By chunks in the order of contact ids, each in one short transaction; a freeze that was killed goes on behind the last
row it wrote. Contacts that share a person make one row, the first one's.
"""

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Final

from sqlalchemy import Row, func, select

from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.jobs import Progress
from adsapp.outbound import audience as audiences
from adsapp.outbound.statuses import OutboundStatus

CHUNK: Final = 500
OF_CONTACT: Final = (*audiences.OF_PERSON, Contact.person_key)  # what both read


class Freezing(ABC):
    """The freeze of one campaign or e-mail. A subclass names its tables and makes the rows.

    `recipients` and `counts` have a column `owner`; whose they are has `status`, `audience_size` and `frozen_at`.
    """

    recipients: ClassVar[Any]
    counts: ClassVar[Any]
    owner: ClassVar[str]
    of_contact: ClassVar[Sequence[Any]] = OF_CONTACT

    def __init__(self, owner_id: uuid.UUID, spec: Mapping[str, Any], progress: Progress) -> None:
        """`spec` is the audience as it is kept with what is sent."""
        self.owner_id = owner_id
        self.audience = audiences.from_stored(spec)
        self._progress = progress

    @abstractmethod
    def locked(self) -> AbstractContextManager[Any]:
        """What is sent, locked and read afresh; None if it is gone."""

    @abstractmethod
    def rows(self, contacts: Sequence[Row[Any]], silent: set[str]) -> list[dict[str, Any]]:
        """The rows of these contacts; `silent` are the person keys of those among them who opted out."""

    def run(self, until: float) -> bool:
        """Chunk by chunk until `until` (`time.monotonic()`); True once the whole audience is in the ledger."""
        after = self._position()
        while time.monotonic() < until and not self._progress.is_draining:
            self._progress.check()
            ids = audiences.next_ids(self.audience, after, CHUNK)
            if not ids:
                return self._finish()
            if not self._write(self._rows_of(ids)):
                return False
            after = ids[-1]
        return False

    def _position(self) -> uuid.UUID | None:
        # Rows are written in the order of their contacts.
        mine = getattr(self.recipients, self.owner) == self.owner_id
        newest = select(self.recipients.contact_id).where(mine).order_by(self.recipients.id.desc()).limit(1)
        position: uuid.UUID | None = db.session.scalar(newest)
        return position

    def _rows_of(self, ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
        # Locked against being deleted: an import that is undone at this moment sees either the row, or nobody to
        # write to.
        wanted = select(*self.of_contact).where(Contact.id.in_(ids)).order_by(Contact.id)
        contacts = db.session.execute(wanted.with_for_update(read=True, key_share=True)).all()
        return self.rows(contacts, opt_outs.persons_out([contact.person_key for contact in contacts]))

    def _write(self, rows: list[dict[str, Any]]) -> bool:
        with self.locked() as sent:
            if sent is None or sent.status is not OutboundStatus.PREPARING:
                return False
            insert_new(self.recipients, rows)
            self._progress.commit()
        return True

    def _finish(self) -> bool:
        with self.locked() as sent:
            if sent is None or sent.status is not OutboundStatus.PREPARING:
                return False
            mine = getattr(self.counts, self.owner) == self.owner_id
            sent.audience_size = int(db.session.scalar(select(func.sum(self.counts.count)).where(mine)) or 0)
            sent.frozen_at, sent.status = utcnow(), OutboundStatus.SENDING
            self._progress.commit()
        return True
