"""The sidebar: what exists, in the order of the day, for those who may see it."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for

from adsapp.organizations import queries
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class Item:
    """One entry: where it leads and which endpoints belong to it."""

    label: str
    icon: str
    endpoint: str
    permission: Permission = Permission.SEE
    key: str = ""  # the letter after g


GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("Home", "home", "dashboard.home", key="h"),
            Item("Campaigns", "send", "campaigns.list_campaigns", key="c"),
            Item("Contacts", "users", "contacts.list_contacts", key="p"),
            Item("Templates", "template", "message_templates.list_templates", key="t"),
        ),
    ),
    ("Work", (Item("Jobs", "list-details", "jobs.list_jobs", key="j"),)),
)


def init_navigation(app: Flask) -> None:
    """Give every page its sidebar."""

    def context() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        if actor is None:
            return {"nav": [], "memberships": []}
        memberships = queries.memberships_of(actor.user) if actor.user else []
        return {
            "nav": [_group(app, title, items, actor) for title, items in GROUPS],
            "memberships": memberships,
            "sandbox_url": app.config["SETTINGS"].sandbox_url,
        }

    app.context_processor(context)


def _group(app: Flask, title: str, items: tuple[Item, ...], actor: Actor) -> dict[str, Any]:
    here = (request.endpoint or "").partition(".")[0]
    shown = [item for item in items if actor.may(item.permission) and item.endpoint in app.view_functions]
    return {
        "title": title,
        "items": [
            {
                "label": item.label,
                "icon": item.icon,
                "url": url_for(item.endpoint),
                "active": item.endpoint.partition(".")[0] == here,
                "key": item.key,
            }
            for item in shown
        ],
    }
