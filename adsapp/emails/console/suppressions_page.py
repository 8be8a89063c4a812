"""The page of suppressions as its templates read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from flask import url_for

from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Choice, Confirmation, lines_of
from adsapp.core.web.pages import WebPage
from adsapp.emails.console.blueprint import Tab, tabs
from adsapp.emails.models import Suppression, SuppressionReason
from adsapp.emails.suppressions.queries import counts_by_reason
from adsapp.outbound.console.people import Chip

LIST: Final = "emails.list_suppressions"
WORDS: Final[Mapping[SuppressionReason, tuple[str, str, str]]] = {  # kind, word, what it means
    SuppressionReason.BOUNCE: ("bad", "bounced", "The mailbox does not exist or takes nothing."),
    SuppressionReason.COMPLAINT: ("bad", "complained", "They marked an e-mail as spam."),
    SuppressionReason.UNSUBSCRIBED: ("neutral", "unsubscribed", "They clicked the link in an e-mail."),
    SuppressionReason.MANUAL: ("neutral", "added by hand", "Somebody of your team put them here."),
}


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """An address that gets no e-mail."""

    id: int
    address: str
    kind: str
    word: str
    detail: str
    email_id: uuid.UUID | None
    by: str
    at: datetime

    @classmethod
    def of(cls, row: Suppression) -> SuppressionRow:
        """What the list shows of it."""
        kind, word, meaning = WORDS[row.reason]
        detail = row.detail or meaning
        return cls(row.id, row.address, kind, word, detail, row.email_id, row.created_by, row.created_at)


@dataclass(frozen=True, slots=True)
class Adding:
    """Addresses that somebody adds, as typed, and what is wrong with them."""

    typed: str = ""
    detail: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionsPage(WebPage):
    """Who gets no e-mail and why, newest first."""

    template: ClassVar[str] = "email/suppressions.html"

    rows: Sequence[SuppressionRow]
    tabs: Sequence[Tab]
    chips: Sequence[Chip]
    total: int
    search: str
    reason: str
    cursor: str
    next_url: str | None
    first_url: str | None
    add: Adding
    may_search: bool  # for a part of an address

    @classmethod
    def of(
        cls,
        page: Page[Suppression],
        search: str,
        reason: SuppressionReason | None,
        cursor: str,
        add: Adding,
        *,
        may_search: bool,
    ) -> SuppressionsPage:
        """A page of them, with the counts of all."""
        counts = counts_by_reason()
        query = {"search": search or None, "reason": reason or None}
        return cls(
            rows=tuple(map(SuppressionRow.of, page.items)),
            tabs=tabs("Suppressions"),
            chips=tuple(_chips(counts, reason)),
            total=sum(counts.values()),
            search=search,
            reason=reason or "",
            cursor=cursor,
            next_url=url_for(LIST, **query, cursor=page.next) if page.next else None,  # type: ignore[arg-type]
            first_url=url_for(LIST, **query) if cursor else None,  # type: ignore[arg-type]
            add=add,
            may_search=may_search,
        )


def _chips(counts: Mapping[SuppressionReason, int], chosen: SuppressionReason | None) -> Sequence[Chip]:
    every = Chip("all", sum(counts.values()), "neutral", url_for(LIST), chosen is None)
    return [
        every,
        *(
            Chip(WORDS[reason][1], count, WORDS[reason][0], url_for(LIST, reason=reason.value), reason is chosen)
            for reason, count in counts.items()
            if count or reason is chosen
        ),
    ]


def removal(row: Suppression) -> Confirmation:
    """Let an address get e-mail again?"""
    _, _, meaning = WORDS[row.reason]
    lines = [f"{meaning} From now on e-mails go to {row.address} again."]
    if row.reason in (SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBED):
        lines.append("They asked for no more. Do this only if they told you that they want your e-mails again.")
    elif row.reason is SuppressionReason.BOUNCE:
        lines.append("If the mailbox still takes nothing, it bounces again and harms your name as a sender.")
    lines.append("It is taken off the list at Resend, too.")
    return Confirmation(
        name=f"ask-remove-{row.id}",
        title=f"Send to {row.address} again?",
        lines=lines_of(*lines),
        action=url_for("emails.remove_suppression", suppression_id=row.id),
        choices=(Choice("Remove the suppression", "danger", "trash"),),
        leave="Keep it",
        back=url_for(LIST),
        crumbs=(("E-mail", url_for("emails.list_emails")), ("Suppressions", url_for(LIST)), ("Remove", None)),
    )
