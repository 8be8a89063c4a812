"""What the Cloud API tells of accounts, numbers and templates, in words for people. Pure.

Source: the provider's webhook reference, 2026 (account_update, account_alerts, phone_number_quality_update,
business_capability_update, message_template_*, template_category_update).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from adsapp.integrations.events import AccountEvent, Event, NoticeKind, Source, TemplateStatusEvent, UnknownEvent
from adsapp.integrations.whatsapp.reading import dict_of, list_of, moment_of, text_of
from adsapp.integrations.whatsapp.templates import read_reason

Reader = Callable[[dict[str, Any], Source, datetime], Iterator[Event]]

# What happened to a template, if that is not its status from now on.
_STATUS_AFTER: Final = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "FLAGGED": "APPROVED"}
_META: Final = "See the account's status in Meta Business Suite."


class Told(NamedTuple):
    """What an event of an account means. `can_send`: see `AccountEvent`."""

    level: str
    title: str
    text: str
    can_send: bool | None = None


_GONE: Final = "Nothing can be sent until it is connected again."
ACCOUNT: Final[dict[str, Told]] = {
    "ACCOUNT_DELETED": Told("bad", "The WhatsApp account was deleted", "Connect another one.", False),
    "ACCOUNT_OFFBOARDED": Told("bad", "The number was taken off the Cloud API", _GONE, False),
    "ACCOUNT_RECONNECTED": Told("good", "The number is connected to the Cloud API again", "", True),
    "PARTNER_REMOVED": Told("bad", "The WhatsApp account is no longer shared with the app", _GONE, False),
    "PARTNER_APP_UNINSTALLED": Told("bad", "The app's access to the WhatsApp account was removed", _GONE, False),
    "ACCOUNT_VIOLATION": Told("bad", "WhatsApp says that the account broke a policy", _META),
}
BANS: Final[dict[str, Told]] = {
    "SCHEDULE_FOR_DISABLE": Told("bad", "The WhatsApp account will be disabled", _META),
    "DISABLE": Told("bad", "The WhatsApp account is disabled", _META, False),
    "REINSTATE": Told("good", "The WhatsApp account is no longer disabled", "", True),
}
RESTRICTIONS: Final = {
    "RESTRICTED_BIZ_INITIATED_MESSAGING": ("people who did not write first cannot be messaged", False),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": ("people who wrote cannot be answered", None),
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": ("no number can be added", None),
    "RESTRICTED_UTILITY_TEMPLATES": ("no utility template can be made", None),
}
NUMBER: Final[dict[str, tuple[str, str, str, str]]] = {  # level, quality from now on, title, text
    "FLAGGED": (
        "warning",
        "RED",
        "Many people block or report this number: its quality is low",
        "Message only people who asked for it, and less often; WhatsApp lowers the limit otherwise.",
    ),
    "UNFLAGGED": ("good", "UNKNOWN", "The number's quality is no longer low", ""),
}


def account_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`account_update`."""
    event = text_of(value.get("event")).upper()
    if event == "VOLUME_BASED_PRICING_TIER_UPDATE":
        yield _price(dict_of(value.get("volume_tier_info")), source, now)
    elif event == "ACCOUNT_RESTRICTION" and _restrictions(value):
        yield _restriction(_restrictions(value), source, now)
    elif (told := _account_told(event, value)) is not None:
        yield AccountEvent(
            NoticeKind.ACCOUNT, told.level, told.title, told.text, source, now, value=event, can_send=told.can_send
        )
    else:
        yield UnknownEvent("account_update", f"nothing to do for {event or 'an event without a name'}", value, source)


def _account_told(event: str, value: dict[str, Any]) -> Told | None:
    if event == "DISABLED_UPDATE":
        ban = dict_of(value.get("ban_info"))
        return _with_detail(BANS.get(text_of(ban.get("waba_ban_state")).upper()), text_of(ban.get("waba_ban_date")))
    violation = text_of(dict_of(value.get("violation_info")).get("violation_type"))
    return _with_detail(ACCOUNT.get(event), _plain(violation))


def _with_detail(told: Told | None, detail: str) -> Told | None:
    return told._replace(title=f"{told.title}: {detail}") if told and detail else told


def _restrictions(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in list_of(value.get("restriction_info")) if isinstance(item, dict)]


def _restriction(items: list[dict[str, Any]], source: Source, now: datetime) -> AccountEvent:
    kinds = [text_of(item.get("restriction_type")).upper() for item in items]
    known = [RESTRICTIONS.get(kind, (_plain(kind), None)) for kind in kinds]
    until = next((text_of(item.get("expiration")) for item in items if item.get("expiration")), "")
    ends = f"Until {moment_of(until, now):%Y-%m-%d %H:%M} UTC. " if until.isdecimal() else ""
    title = "WhatsApp restricts the account: " + ", ".join(words for words, _ in known)
    can_send = False if any(can is False for _, can in known) else None
    return AccountEvent(
        NoticeKind.ACCOUNT, "bad", title, ends + _META, source, now, value="ACCOUNT_RESTRICTION", can_send=can_send
    )


def _price(tier: dict[str, Any], source: Source, now: datetime) -> AccountEvent:
    market = f"{text_of(tier.get('pricing_category'))} {text_of(tier.get('region'))}".strip()
    value = f"{text_of(tier.get('tier'))} in {text_of(tier.get('effective_month'))}".removesuffix(" in ")
    title = f"Another price tier: {market or 'all messages'}, {value}"
    return AccountEvent(NoticeKind.PRICE, "good", title, "", source, now, about=market, value=value)


def alerts_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`account_alerts`."""
    kind = text_of(value.get("alert_type")) or text_of(dict_of(value.get("alert_info")).get("alert_type"))
    inner = dict_of(value.get("alert_info")) or value
    if not kind:
        yield UnknownEvent("account_alerts", "an alert without a type", value, source)
        return
    is_over = text_of(inner.get("alert_status")).upper() in ("RESOLVED", "NONE")
    severe = text_of(inner.get("alert_severity")).upper() in ("CRITICAL", "HIGH")
    level = "good" if is_over else "bad" if severe else "warning"
    said = text_of(inner.get("alert_description"))
    yield AccountEvent(
        NoticeKind.ALERT, level, f"WhatsApp warns: {_plain(kind)}", said or _META, source, now, about=kind
    )


def review_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`account_review_update`."""
    decision = text_of(value.get("decision")).upper()
    good = decision == "APPROVED"
    title = f"WhatsApp's review of the account: {_plain(decision) or 'no decision'}"
    yield AccountEvent(NoticeKind.ACCOUNT, "good" if good else "bad", title, "" if good else _META, source, now)


def quality_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`phone_number_quality_update`: the quality of a number, and what it may send a day."""
    event, number = text_of(value.get("event")).upper(), text_of(value.get("display_phone_number"))
    if event in NUMBER:
        level, quality, title, text = NUMBER[event]
        yield AccountEvent(NoticeKind.QUALITY, level, title, text, source, now, value=quality, number=number)
    limit = _limit(value)
    if limit:
        yield _limit_event(limit, event == "DOWNGRADE", source, now, number)
    if event not in NUMBER and not limit:
        yield UnknownEvent("phone_number_quality_update", "neither a quality nor a limit", value, source)


def capability_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`business_capability_update`: how many people the business may message in 24 hours."""
    limit = _limit(value)
    if limit:
        yield _limit_event(limit, False, source, now)
    else:
        yield UnknownEvent("business_capability_update", "no limit", value, source)


def _limit(value: dict[str, Any]) -> str:
    names = ("max_daily_conversations_per_business", "max_daily_conversation_per_phone", "current_limit")
    found = next((text_of(value.get(name)) for name in names if text_of(value.get(name))), "")
    return "TIER_UNLIMITED" if found == "-1" else found


def _limit_event(limit: str, is_lower: bool, source: Source, now: datetime, number: str = "") -> AccountEvent:
    title = f"{'Fewer' if is_lower else 'Another number of'} people may be messaged in 24 hours: {_people(limit)}"
    text = "People beyond that are refused. It rises again with good quality." if is_lower else ""
    level = "warning" if is_lower else "good"
    return AccountEvent(NoticeKind.LIMIT, level, title, text, source, now, value=limit, number=number)


def _people(limit: str) -> str:
    bare = limit.upper().removeprefix("TIER_")
    return {"UNLIMITED": "no limit", "NOT_SET": "not set"}.get(bare, bare.replace("K", ",000"))


def template_status_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`message_template_status_update`."""
    event = text_of(value.get("event")).upper()
    status = _STATUS_AFTER.get(event, event)
    if not event or not text_of(value.get("message_template_name")):
        yield UnknownEvent("message_template_status_update", "no template name or event", value, source)
        return
    yield _template(value, source, status=status, reason=_template_reason(value))


def _template_reason(value: dict[str, Any]) -> str:
    spelled_out = text_of(dict_of(value.get("rejection_info")).get("reason")) or text_of(
        dict_of(value.get("other_info")).get("title")
    )
    return spelled_out or read_reason(text_of(value.get("reason"))) or ""


def template_quality_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`message_template_quality_update`."""
    quality = text_of(value.get("new_quality_score")).upper()
    if not quality or not text_of(value.get("message_template_name")):
        yield UnknownEvent("message_template_quality_update", "no template name or quality", value, source)
        return
    yield _template(value, source, quality=quality)


def template_category_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """`template_category_update`: prices and the consent that is needed follow the category."""
    category = text_of(value.get("new_category")).upper()
    if not category or not text_of(value.get("message_template_name")):
        yield UnknownEvent("template_category_update", "no template name or category", value, source)
        return
    yield _template(value, source, category=category)


def _template(value: dict[str, Any], source: Source, **changed: str) -> TemplateStatusEvent:
    told = {"status": "", "reason": "", **changed}
    return TemplateStatusEvent(
        text_of(value.get("message_template_id")),
        text_of(value.get("message_template_name")),
        text_of(value.get("message_template_language")),
        source=source,
        **told,
    )


def _plain(word: str) -> str:
    return word.replace("_", " ").lower()


FIELDS: Final[dict[str, Reader]] = {
    "account_update": account_field,
    "account_alerts": alerts_field,
    "account_review_update": review_field,
    "phone_number_quality_update": quality_field,
    "business_capability_update": capability_field,
    "message_template_status_update": template_status_field,
    "message_template_quality_update": template_quality_field,
    "template_category_update": template_category_field,
}
