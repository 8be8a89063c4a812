"""Reading the templates from WhatsApp again and again."""

from collections.abc import Mapping, Sequence
from typing import Any

from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.integrations import queries as accounts


def check(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params; raises Invalid for an account that is not there."""
    account_id = parse_id(str(params.get("account_id", "")))
    if account_id is None or account_id not in {each.id for each in accounts.list_accounts()}:
        raise Invalid.field("account_id", "There is no such WhatsApp account")
    return {"account_id": str(account_id)}


def words(params: Mapping[str, Any]) -> str:
    """What a run does, in a sentence."""
    account_id = parse_id(str(params.get("account_id", "")))
    try:
        name = f"“{accounts.get_account(account_id).name}”" if account_id else "an account that is gone"
    except NotFound:
        name = "an account that is gone"
    return f"Reads the templates of {name} from WhatsApp."


def choices() -> Sequence[tuple[str, str]]:
    """The accounts whose templates can be read."""
    return [(str(each.id), each.name) for each in accounts.list_accounts()]


def define(value: str) -> dict[str, Any]:
    """The params that read this account's templates."""
    return {"account_id": value}
