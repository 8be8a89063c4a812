"""What people call things of alerts."""

from collections.abc import Mapping
from typing import Final

from adsapp.alerts.models import ChannelKind, DeliveryState, Severity, What

SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.WARNING: "Warning",
    Severity.CRITICAL: "Critical",
}
PILLS: Final[Mapping[Severity, str]] = {
    Severity.WARNING: "warning",
    Severity.CRITICAL: "bad",
}
KINDS: Final[Mapping[ChannelKind, str]] = {
    ChannelKind.SLACK: "Slack",
    ChannelKind.WEBHOOK: "Webhook",
}
TOLD: Final[Mapping[What, str]] = {
    What.FIRED: "That it began",
    What.GREW: "That it is more",
    What.RESOLVED: "That it is over",
    What.TEST: "A test",
}
NOTED: Final = ("warning", "only noted", "file-text")  # where no mail leaves
# State of a delivery: kind of pill, word, icon.
STATES: Final[Mapping[DeliveryState, tuple[str, str, str]]] = {
    DeliveryState.WAITING: ("neutral", "being sent", "clock"),
    DeliveryState.DELIVERED: ("good", "taken", "check"),
    DeliveryState.REFUSED: ("bad", "refused", "ban"),
    DeliveryState.FAILED: ("bad", "given up", "circle-x"),
}
