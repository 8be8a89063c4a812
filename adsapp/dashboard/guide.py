"""The way to the first campaign: what is done, what can be done next, and what waits for something else.

Read from the data alone. It is over for good with the first campaign, whatever is deleted later.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, exists, func, literal, select

from adsapp.campaigns.models import Campaign
from adsapp.contacts.models import Contact
from adsapp.core import context
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.integrations.models import Account
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.policy import Permission


class Standing(StrEnum):
    """How far a step is."""

    DONE = "done"
    NEXT = "next"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `action` and `url` say where it is done, `needs` who may; `waits_for` is empty unless it waits."""

    title: str
    text: str
    standing: Standing
    action: str
    url: str
    needs: Permission
    waits_for: str = ""


class Made(NamedTuple):
    """What the organization has."""

    campaign: bool
    number: bool
    contact: bool
    template: bool


def steps() -> tuple[Step, ...]:
    """All four, in their order; none once there has been a campaign."""
    made = Made(*map(bool, fetch(MADE)[0]))
    return () if made.campaign else (_number(made), _contacts(made), _template(made), _campaign(made))


def _number(made: Made) -> Step:
    return Step(
        "Connect a WhatsApp number",
        f"Meta's app dashboard has its id, its token and the app secret. {_without_a_number()}",
        _standing(made.number),
        "Connect a number",
        "/settings/whatsapp",
        Permission.ADMINISTER,
    )


def _without_a_number() -> str:
    settings = context.settings()
    if settings.sandbox_url:
        return "This is the demo: messages go to the sandbox, and to nobody's phone."
    return f"To try the sandbox first, which messages nobody, run {settings.command} demo."


def _contacts(made: Made) -> Step:
    return Step(
        "Import your contacts",
        "An Excel or CSV file from your till, shop or spreadsheet. You see what would be stored before anything is.",
        _standing(made.contact),
        "Import contacts",
        "/imports/new",
        Permission.MANAGE,
    )


def _template(made: Made) -> Step:
    return Step(
        "Choose a template",
        "Only messages that WhatsApp has approved can begin a conversation. They are made in WhatsApp Manager and "
        "read in here.",
        _standing(made.template, made.number),
        "Open the templates",
        "/templates",
        Permission.MANAGE,
        waits_for="" if made.number or made.template else "a number",
    )


def _campaign(made: Made) -> Step:
    wanted = (("a number", made.number), ("contacts", made.contact), ("an approved template", made.template))
    lacking = [what for what, is_there in wanted if not is_there]
    return Step(
        "Send your first campaign",
        "You see the exact number of people before anything is sent.",
        _standing(is_done=False, can_begin=not lacking),
        "Compose a campaign",
        "/campaigns/new",
        Permission.SEND,
        waits_for=", ".join(lacking),
    )


def _standing(is_done: bool, can_begin: bool = True) -> Standing:
    if is_done:
        return Standing.DONE
    return Standing.NEXT if can_begin else Standing.WAITS


# --- the statement, made once: every poll of every open home page reads it ---------------------------------------


def _any(model: Any, *wanted: Any) -> Any:
    columns = cast(Table, model.__table__).c
    return exists(select(literal(1)).where(own_rows(columns), *wanted).limit(1))


APPROVED = func.upper(cast(Table, MessageTemplate.__table__).c.status) == "APPROVED"
MADE = select(_any(Campaign), _any(Account), _any(Contact), _any(MessageTemplate, APPROVED))
