"""The sidebar: what exists, in the order of the day, for those who may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request

from adsapp.alerts.console import views as alerts
from adsapp.core.web.urls import url_for
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
    also: tuple[str, ...] = ()  # other blueprints whose pages belong to it


GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("Home", "home", "dashboard.home", key="h"),
            Item("Campaigns", "send", "campaigns.list_campaigns", key="c"),
            Item("E-mail", "mail", "emails.list_emails", key="e"),
            Item("Contacts", "users", "contacts.list_contacts", key="p"),
            Item("Templates", "template", "message_templates.list_templates", key="t", also=("renderings",)),
        ),
    ),
    (
        "Work",
        (
            Item("Jobs", "list-details", "jobs.list_jobs", key="j"),
            Item("Schedules", "calendar-time", "schedules.list_schedules", key="s"),
            Item("Alerts", "alert-triangle", "alerts.list_alerts", key="l"),
            Item("Workers", "server-2", "workers.list_workers", Permission.MANAGE, key="w"),
        ),
    ),
    (
        "Organization",
        (
            Item("Activity", "history", "activity.list_events", Permission.MANAGE, key="a"),
            Item("Notifications", "bell", "notifications.show"),
            Item(
                "Settings",
                "settings",
                "integrations.show_whatsapp",
                Permission.ADMINISTER,
                also=("email_accounts", "people", "tokens"),
            ),
        ),
    ),
)

# Where the field at the head of every page looks, and what it says of it. It is the same on every page.
SEARCH, SEARCH_LABEL = "contacts.list_contacts", "Search contacts by name, number or e-mail"
SEARCH_LABEL_MASKED = "Search contacts by name"  # for those who must not guess numbers and addresses


def init_navigation(app: Flask) -> None:
    """Give every page its sidebar, the organization switcher and who is signed in."""

    def context() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        if actor is None:
            return {"nav": [], "organizations": []}
        return {
            "nav": list(_entries(app, actor)),
            "home_url": url_for("dashboard.home"),
            "search_url": url_for(SEARCH) if SEARCH in app.view_functions else None,
            "search_label": SEARCH_LABEL if actor.sees_numbers else SEARCH_LABEL_MASKED,
            "sandbox_url": app.config["SETTINGS"].sandbox_url,
            "organization_name": actor.organization.name,
            "organizations": _organizations(actor),
            "switch_organization_url": url_for("sign_in.switch_organization"),
            "user_name": actor.name,
            "user_role": actor.role.value,
            "profile_url": url_for("account.show"),
            "sign_out_url": url_for("sign_in.sign_out"),
            "alert_bell": alerts.bell,
        }

    app.context_processor(context)


def _organizations(actor: Actor) -> list[dict[str, Any]]:
    here = actor.organization.id
    return [{"id": each.id, "name": each.name, "active": each.id == here} for each in actor.organizations]


def _entries(app: Flask, actor: Actor) -> Iterator[dict[str, Any]]:
    here = (request.endpoint or "").partition(".")[0]
    for group, items in GROUPS:
        for item in items:
            if not actor.may(item.permission) or item.endpoint not in app.view_functions:
                continue
            yield {
                "group": group,
                "label": item.label,
                "icon": item.icon,
                "url": url_for(item.endpoint),
                "active": here in (item.endpoint.partition(".")[0], *item.also),
                "key": item.key,
            }
