"""Where the pages of campaigns and of e-mails are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import url_for


class Sent(Protocol):
    """A campaign or an e-mail."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def frozen_at(self) -> datetime | None: ...
    @property
    def scheduled_at(self) -> datetime | None: ...
    @property
    def status_reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """The pages of one kind: its blueprint, what one is called in it (`show_campaign`, `campaign_id`), and the crumb of
    its list."""

    blueprint: str
    one: str
    listed: str

    def url(self, endpoint: str, item: Sent, **more: Any) -> str:
        """An address of one of them."""
        named: dict[str, Any] = {f"{self.one}_id": item.id, **more}
        return url_for(f"{self.blueprint}.{endpoint}", **named)

    def page(self, item: Sent, **more: Any) -> str:
        """Its page."""
        return self.url(f"show_{self.one}", item, **more)

    def page_with(self, item: Sent, anchor: str, args: Mapping[str, str], keep: Sequence[str], **more: Any) -> str:
        """Its page with what of the present address is kept."""
        kept: dict[str, Any] = {name: args[name] for name in keep if args.get(name)}
        return self.page(item, _anchor=anchor, **(kept | more))

    def crumbs(self, item: Sent, label: str) -> tuple[tuple[str, str | None], ...]:
        """The way to a question about it."""
        listed = url_for(f"{self.blueprint}.list_{self.blueprint}")
        return (self.listed, listed), (item.name, self.page(item)), (label, None)
