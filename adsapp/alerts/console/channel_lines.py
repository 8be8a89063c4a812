"""The channels, each with what became of the last thing that was told by it."""

from collections.abc import Sequence
from dataclasses import dataclass

from adsapp.alerts import queries, telling
from adsapp.alerts.models import EMAIL, AlertChannel
from adsapp.alerts.queries import Standing
from adsapp.alerts.words import KINDS
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """A channel and how it stands."""

    key: str
    name: str
    kind: str
    where: str
    is_on: bool
    standing: Standing | None
    url: str
    test_url: str

    @property
    def is_failing(self) -> bool:
        return self.is_on and self.standing is not None and self.standing.is_bad


def lines_of_all() -> list[ChannelLine]:
    """E-mail first, then the others by name."""
    channels = queries.list_channels()
    standings = queries.standings(channels)
    email = ChannelLine(
        key=EMAIL,
        name="E-mail",
        kind="E-mail",
        where=f"To {plural(len(telling.readers()), 'member')} who chose it",
        is_on=True,
        standing=standings.get(EMAIL),
        url=url_for("notifications.show"),
        test_url=url_for("alerts.test_email"),
    )
    return [email, *(_line(channel, standings.get(str(channel.id))) for channel in channels)]


def failing(lines: Sequence[ChannelLine]) -> tuple[str, ...]:
    """What those channels say that did not take what was told last."""
    return tuple(f"{line.name}: {line.standing.answer}" for line in lines if line.is_failing and line.standing)


def silent(lines: Sequence[ChannelLine]) -> tuple[str, ...]:
    """The names of those channels."""
    return tuple(line.name for line in lines if line.is_failing)


def _line(channel: AlertChannel, standing: Standing | None) -> ChannelLine:
    return ChannelLine(
        key=str(channel.id),
        name=channel.name,
        kind=KINDS[channel.kind],
        where=channel.host,
        is_on=channel.is_on,
        standing=standing,
        url=url_for("alerts.show_channel", channel_id=str(channel.id)),
        test_url=url_for("alerts.test_channel", channel_id=str(channel.id)),
    )
