"""The channels and one of them, as their templates read them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from adsapp.alerts import queries
from adsapp.alerts.console import dialogs
from adsapp.alerts.console.alert_pages import tabs_for
from adsapp.alerts.console.channel_lines import ChannelLine, lines_of_all
from adsapp.alerts.console.forms import ChannelForm
from adsapp.alerts.models import AlertChannel, ChannelKind
from adsapp.alerts.queries import Standing
from adsapp.alerts.words import KINDS
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import WebPage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsPage(WebPage):
    """Where alerts go."""

    template: ClassVar[str] = "alerts/channels.html"

    rows: Sequence[ChannelLine]

    @classmethod
    def of(cls) -> "ChannelsPage":
        return cls(rows=lines_of_all())

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPage(WebPage):
    """A channel to add, or one to change."""

    template: ClassVar[str] = "alerts/channel.html"

    form: ChannelForm
    kind: str
    is_webhook: bool
    channel: AlertChannel | None = None
    standing: Standing | None = None
    removal: Confirmation | None = None
    secret: str = ""  # proposed for a new webhook

    @classmethod
    def new(cls, form: ChannelForm) -> "ChannelPage":
        kind = ChannelKind(form.values["kind"])
        proposed = form.secrets.get("secret") or secrets.token_urlsafe(32)
        return cls(form=form, kind=KINDS[kind], is_webhook=kind is ChannelKind.WEBHOOK, secret=proposed)

    @classmethod
    def of(cls, channel: AlertChannel, form: ChannelForm) -> "ChannelPage":
        return cls(
            form=form,
            kind=KINDS[channel.kind],
            is_webhook=channel.kind is ChannelKind.WEBHOOK,
            channel=channel,
            standing=queries.standings([channel]).get(str(channel.id)),
            removal=dialogs.removal(channel),
        )
