"""Being the provider: what it tells of accounts, numbers and templates, with examples in its own shape."""

from collections.abc import Mapping
from typing import Any

from adsapp.sandbox.state import Account
from adsapp.sandbox.web import Problem
from adsapp.sandbox.whatsapp.delivery import Update
from adsapp.sandbox.whatsapp.sending import Sender

_WELCOME = {"message_template_id": 1, "message_template_name": "welcome", "message_template_language": "en_US"}
_TIER = {
    "tier_update_time": 1795870000,
    "pricing_category": "UTILITY",
    "tier": "25000001:50000000",
    "effective_month": "2026-11",
    "region": "India",
}


def examples(account: Account) -> dict[str, dict[str, Any]]:
    """By name, the field and its value for this account."""
    number = {"display_phone_number": account.config.display_phone_number}
    restricted = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1900000000}
    listed: dict[str, tuple[str, dict[str, Any]]] = {
        "the account is disabled": (
            "account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
        ),
        "the account may send again": (
            "account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
        ),
        "the account is restricted": (
            "account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restricted]},
        ),
        "another price tier": (
            "account_update", {"event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": _TIER},
        ),
        "a warning about the account": (
            "account_alerts", {"alert_type": "MESSAGING_LIMIT", "alert_severity": "CRITICAL", "alert_status": "ACTIVE"},
        ),
        "the number's quality is low": (
            "phone_number_quality_update", {**number, "event": "FLAGGED", "current_limit": "TIER_2K"},
        ),
        "the number's quality is better": (
            "phone_number_quality_update", {**number, "event": "UNFLAGGED", "current_limit": "TIER_10K"},
        ),
        "another limit of people a day": (
            "business_capability_update", {"max_daily_conversations_per_business": "TIER_100K"},
        ),
        "the template welcome is paused": (
            "message_template_status_update", {**_WELCOME, "event": "PAUSED", "other_info": {"title": "FIRST_PAUSE"}},
        ),
        "the template welcome can be sent again": (
            "message_template_status_update", {**_WELCOME, "event": "REINSTATED"},
        ),
        "the quality of welcome is low": (
            "message_template_quality_update",
            {**_WELCOME, "previous_quality_score": "GREEN", "new_quality_score": "RED"},
        ),
        "welcome is marketing now": (
            "template_category_update",
            {**_WELCOME, "previous_category": "UTILITY", "new_category": "MARKETING"},
        ),
    }  # fmt: skip
    return {name: {"field": field, "value": value} for name, (field, value) in listed.items()}


def update_from(sender: Sender, account: Account, data: Mapping[str, Any]) -> Update:
    """The event a request asks for. Raises Problem."""
    value = data.get("value") or {}
    if not isinstance(value, dict):
        raise Problem("not an object", "value", "send what differs from the example")
    if data.get("field"):
        return sender.event(account, str(data["field"]), value)
    example = examples(account).get(str(data.get("event")))
    if example is None:
        raise Problem("there is no such event", "event", "see GET /_sandbox/events, or send a field and its value", 404)
    return sender.event(account, example["field"], {**example["value"], **value})
