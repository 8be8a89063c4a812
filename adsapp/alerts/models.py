"""Tables of alerts: rules where an organization changed them, incidents, channels, and what was told by which."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, Json, Sealed, SecretText, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id

EMAIL = "email"  # the channel that every organization has: who is told, each member chooses


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"


class ChannelKind(StrEnum):
    """Where a channel leads."""

    SLACK = "slack"
    WEBHOOK = "webhook"


class What(StrEnum):
    """What is told of an incident."""

    FIRED = "fired"
    GREW = "grew"
    RESOLVED = "resolved"
    TEST = "test"


class DeliveryState(StrEnum):
    """What became of telling it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"  # another try would end the same
    FAILED = "failed"  # it was tried often enough

    @property
    def is_final(self) -> bool:
        return self is not DeliveryState.WAITING

    @property
    def is_bad(self) -> bool:
        return self in (DeliveryState.REFUSED, DeliveryState.FAILED)


class AlertRule(Tenant, Base):
    """A rule as an organization has changed it; without a row it is as it is from the start (`rules`)."""

    __tablename__ = "alert_rules"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    is_on: Mapped[bool]
    threshold: Mapped[float]
    clears_at: Mapped[float]  # once it has fired it goes on until the value is on this side
    window_minutes: Mapped[int]
    for_minutes: Mapped[int]  # so long it must have been so
    cool_down_minutes: Mapped[int]  # so long nobody is told again
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    channels: Mapped[list[str] | None] = mapped_column(Json)  # ids, and EMAIL; None: all there are
    quiet_from: Mapped[str] = mapped_column(String(5), default="")  # 22:00; both empty: no quiet hours
    quiet_until: Mapped[str] = mapped_column(String(5), default="")
    quiet_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_by: Mapped[str] = mapped_column(ShortText, default="")


class AlertIncident(Tenant, Base):
    """Something a rule found, from its beginning to its end: one row, however many things it is about.

    `opened_at` is None as long as it has not been so for long enough; nobody sees it then. `things` are those it is
    about now, at most MOST_THINGS of them, `keys` name all of these, `told_keys` those of which somebody was told.
    """

    __tablename__ = "alert_incidents"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        Index(
            "uq_alert_incidents_open",
            "organization_id",
            "kind",
            unique=True,
            postgresql_where=sql("resolved_at is null"),
            sqlite_where=sql("resolved_at is null"),
        ),
        Index("ix_alert_incidents_list", "organization_id", "id"),
        Index("ix_alert_incidents_kind", "organization_id", "kind", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    title: Mapped[str]
    text: Mapped[str]
    action: Mapped[str] = mapped_column(ShortText, default="")
    url: Mapped[str] = mapped_column(default="")  # a path of ours
    things: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    keys: Mapped[list[str]] = mapped_column(Json, default=list)
    count: Mapped[int]  # how many now
    peak: Mapped[int]  # how many at most
    times: Mapped[int] = mapped_column(SmallInteger, default=1)  # how often it came back within its cool-down
    since: Mapped[datetime]  # when the trouble began, as far as that is known
    seen_at: Mapped[datetime]  # when a rule first found it
    opened_at: Mapped[datetime | None]
    last_at: Mapped[datetime]  # when a rule last found it
    resolved_at: Mapped[datetime | None]
    resolved_because: Mapped[str] = mapped_column(default="")
    told: Mapped[What | None] = mapped_column(text_enum(What))  # the last thing that was told of it
    told_at: Mapped[datetime | None]
    told_count: Mapped[int] = mapped_column(default=0)
    told_keys: Mapped[list[str]] = mapped_column(Json, default=list)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str] = mapped_column(ShortText, default="")
    note: Mapped[str] = mapped_column(default="")
    snoozed_until: Mapped[datetime | None]
    snoozed_by: Mapped[str] = mapped_column(ShortText, default="")

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.resolved_at is None

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    @property
    def lasted(self) -> timedelta:
        """From when it began to the end, or to when it was last seen."""
        return (self.resolved_at or self.last_at) - self.since


class AlertChannel(Tenant, Base):
    """Where alerts go besides the console and e-mail. The address is a secret: whoever has it can write there."""

    __tablename__ = "alert_channels"
    __table_args__ = (UniqueConstraint("organization_id", "id"), UniqueConstraint("organization_id", "name"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ChannelKind] = mapped_column(text_enum(ChannelKind))
    name: Mapped[str] = mapped_column(ShortText)
    host: Mapped[str]  # of the address: what pages show of it
    address: Mapped[SecretText]
    secret: Mapped[SecretText | None] = mapped_column(Sealed(SecretText))  # what a webhook is signed with
    is_on: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    created_by: Mapped[str] = mapped_column(ShortText, default="")


class AlertDelivery(Tenant, Base):
    """One message by one channel, to one person if it is e-mail: what it said, and what became of it."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "incident_id"],
            ["alert_incidents.organization_id", "alert_incidents.id"],
            ondelete="CASCADE",
        ),
        Index("ix_alert_deliveries_list", "organization_id", "id"),
        Index("ix_alert_deliveries_channel", "organization_id", "channel", "id"),
        Index("ix_alert_deliveries_incident", "organization_id", "incident_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    incident_id: Mapped[uuid.UUID | None]  # None: a test
    kind: Mapped[str] = mapped_column(String(40), default="")  # of the rule
    what: Mapped[What] = mapped_column(text_enum(What))
    channel: Mapped[str] = mapped_column(String(40))  # EMAIL, or the id of a channel
    channel_name: Mapped[str] = mapped_column(ShortText)  # as it was called then
    user_id: Mapped[uuid.UUID | None]  # the member who gets the mail
    body: Mapped[dict[str, Any]]  # channels.message.Message
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(ShortText, default="")
    answer: Mapped[str] = mapped_column(default="")  # what the other side said, in words for people
    replay_of: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    next_at: Mapped[datetime | None]  # of the next try
    ended_at: Mapped[datetime | None]


class AlertWatch(Tenant, Base):
    """When the rules of an organization were last looked at: whoever moves it on looks, on whatever machine."""

    __tablename__ = "alert_watches"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    watched_at: Mapped[datetime]


class AlertSeen(Tenant, Base):
    """Up to when a person has seen the alerts: what began later is unread."""

    __tablename__ = "alert_seen"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
