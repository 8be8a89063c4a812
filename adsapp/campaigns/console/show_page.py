"""The campaign's page put together: what its templates read. Spoken to by the views only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for

from adsapp.campaigns import queries, reasons
from adsapp.campaigns.console import dialogs, presenter
from adsapp.campaigns.console.dialogs import Ask
from adsapp.campaigns.console.presenter import Funnel, Person
from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.queries import Counts, Failure
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.core.web.htmx import version_of
from adsapp.core.web.templating import format_phone
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import AccountStatus
from adsapp.message_templates.languages import language_name
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

PEOPLE: Final = 25
MOVING_SECONDS, WAITING_SECONDS = 2, 15
# Delivery reports come in for a while after the last message went out; then the page has nothing to ask for.
REPORTS_COME_FOR: Final = timedelta(minutes=2)
LISTED_ARGS: Final = ("status", "code", "cursor")
SHOWN_ARGS: Final = (*LISTED_ARGS, "person")
NOBODY_HERE: Final = ("Nobody here", "No one of this campaign is in this state now.")
NOBODY_YET: Final = ("Nobody yet", "People appear once the audience is fixed.")
NO_RIGHT: Final = "viewers cannot send messages"


def context(campaign: Campaign, actor: Actor, args: Mapping[str, str]) -> dict[str, Any]:
    """Everything `campaigns/_campaign.html` shows. `args`: status, code, cursor, person."""
    counts = queries.counts(campaign)
    failures = queries.failures(campaign)
    funnel = Funnel(counts, presenter.skipped_reasons(campaign))
    people = _people(campaign, counts, actor, args)
    events = queries.events(campaign, 20)
    person = presenter.person(campaign, _number(args.get("person", "")))
    pace = queries.rate_now(campaign, counts)
    account = accounts.get_account(campaign.account_id)
    slowed_until = account.slowed_until if account.slowed_until and account.slowed_until > utcnow() else None
    is_refused = account.status is AccountStatus.REFUSED and not dialogs.has_ended(campaign)
    unreachable = accounts.why_unreachable(account, utcnow()) if presenter.goes_out(campaign) else None
    waits = presenter.why_it_waits(campaign)
    every = _every(campaign, counts, events[0].at if events else None)
    version = version_of(
        campaign.status, campaign.status_reason, counts, campaign.replied_count, campaign.opted_out_count,
        [(row["id"], row["status"], row["replied_at"]) for row in people["rows"]], events[:1] and events[0].id,
        round(pace.per_second, 1), person and (person.recipient.id, person.recipient.status), slowed_until, every,
        is_refused, unreachable, waits,
    )  # fmt: skip
    shown: dict[str, Any] = {name: args[name] for name in SHOWN_ARGS if args.get(name)}
    return {
        "campaign": campaign,
        "funnel": funnel,
        "counts": counts,
        "told": reasons.with_reason,
        "headline": presenter.headline(campaign, counts),
        "trouble": presenter.trouble(campaign, counts),
        "people_text": presenter.people(counts.total),
        "pace": pace,
        "slowed_until": slowed_until,
        "account_is_refused": is_refused,
        "unreachable": unreachable,
        "waits": waits,
        "job_url": url_for("jobs.show_job", job_id=campaign.job_id) if campaign.job_id else None,
        "local_start": presenter.local_start(campaign),
        "in_language": language_name(campaign.template_language),
        "audience_words": presenter.audience_words(campaign.audience),
        "failures": [_failure(campaign, failure) for failure in failures],
        "uncertain": counts.uncertain,
        "people": people,
        "preview": _preview(campaign, person, args),
        "events": events,
        "verbs": [_verb(campaign, verb, actor) for verb in dialogs.verbs(campaign)],
        "asks": _asks(campaign, counts, failures, actor),
        "send_reason": None if actor.may(Permission.SEND) else NO_RIGHT,
        "again_url": _again_url(campaign, actor),
        "as_of": utcnow(),
        "every": every,
        "version": version,
        "live_url": _live_url(campaign, version, shown) if every else None,
    }


def with_action(campaign: Campaign, ask: Ask) -> Ask:
    """The question with the address its answer goes to."""
    return replace(ask, action=url_for(f"campaigns.{ask.name}", campaign_id=campaign.id))


def _live_url(campaign: Campaign, version: str, shown: Mapping[str, Any]) -> str:
    return url_for("campaigns.campaign_fragment", campaign_id=campaign.id, **shown, version=version)


def _page_url(campaign: Campaign, anchor: str, args: Mapping[str, str], keep: Sequence[str], **more: Any) -> str:
    """The page's address with what of the present one is kept."""
    kept: dict[str, Any] = {name: args[name] for name in keep if args.get(name)}
    return url_for("campaigns.show_campaign", campaign_id=campaign.id, _anchor=anchor, **(kept | more))


def _every(campaign: Campaign, counts: Counts, changed_at: datetime | None) -> int | None:
    """Seconds between two looks, None once nothing moves any more. `changed_at`: when somebody last paused it, …."""
    if presenter.goes_out(campaign) or counts.sending:
        return MOVING_SECONDS
    just_now = changed_at is not None and utcnow() - changed_at < REPORTS_COME_FOR
    if campaign.status is CampaignStatus.PAUSED and just_now:
        return MOVING_SECONDS  # what was written before the pause is still being answered and reported
    if not dialogs.has_ended(campaign):
        return WAITING_SECONDS
    on_their_way = counts.accepted + counts.sent
    ended = campaign.finished_at
    if on_their_way and ended and utcnow() - ended < REPORTS_COME_FOR:
        return MOVING_SECONDS
    return None


def _failure(campaign: Campaign, failure: Failure) -> dict[str, Any]:
    why_not_yet = reasons.why_not_yet(failure.code, campaign.finished_at, utcnow())
    return {**vars(failure), "can_retry": dialogs.may_retry(campaign, failure), "why_not_yet": why_not_yet}


def _verb(campaign: Campaign, verb: dialogs.Verb, actor: Actor) -> dict[str, Any]:
    url = url_for("campaigns.ask_verb", campaign_id=campaign.id, verb=verb.name)
    return {**vars(verb), "url": url, "why_not": None if actor.may(Permission.SEND) else NO_RIGHT}


def _asks(campaign: Campaign, counts: Counts, failures: Sequence[Failure], actor: Actor) -> list[Ask]:
    if not actor.may(Permission.SEND):
        return []
    return [with_action(campaign, ask) for ask in dialogs.asks(campaign, counts, failures)]


def _again_url(campaign: Campaign, actor: Actor) -> str | None:
    if not dialogs.has_ended(campaign) or not actor.may(Permission.SEND):
        return None
    return url_for("campaigns.new_campaign", again=campaign.id)


def _people(campaign: Campaign, counts: Counts, actor: Actor, args: Mapping[str, str]) -> dict[str, Any]:
    status, code, cursor = args.get("status", ""), args.get("code"), args.get("cursor")
    page = queries.recipients(campaign, status or None, cursor or None, PEOPLE, code or None)
    return {
        "rows": [_row(campaign, recipient, actor, args) for recipient in page.items],
        "chips": [_chip(campaign, chip, status) for chip in presenter.chips(counts)],
        "code": code,
        "pager": _pager(campaign, page, args),
        "nobody": NOBODY_HERE if counts.total else NOBODY_YET,
    }


def _row(campaign: Campaign, recipient: CampaignRecipient, actor: Actor, args: Mapping[str, str]) -> dict[str, Any]:
    moment = presenter.moment_of(recipient)
    return {
        "id": recipient.id,
        "name": recipient.name,
        "number": format_phone(recipient.phone, actor.sees_numbers),
        "status": recipient.status.value,
        "code": recipient.error_code.replace("_", " ") or None,
        "replied_at": recipient.replied_at,
        "at": moment,
        "time_shape": "second" if utcnow() - moment < timedelta(hours=12) else "full",
        "url": _page_url(campaign, "preview", args, LISTED_ARGS, person=recipient.id),
    }


def _chip(campaign: Campaign, chip: tuple[str, str, int, str], chosen: str) -> dict[str, Any]:
    status, label, count, kind = chip
    url = _page_url(campaign, "people", {}, (), status=status or None)
    return {"label": label, "count": count, "kind": kind, "url": url, "current": status == chosen}


def _pager(campaign: Campaign, page: Page[CampaignRecipient], args: Mapping[str, str]) -> dict[str, str | None]:
    def url(cursor: str | None) -> str:
        return _page_url(campaign, "people", args, ("status", "code"), cursor=cursor)

    return {"next": url(page.next) if page.next else None, "first": url(None) if args.get("cursor") else None}


def _preview(campaign: Campaign, person: Person | None, args: Mapping[str, str]) -> dict[str, Any]:
    if person is None:
        unnamed = {"at": None, "ticks": None, "previous_url": None, "next_url": None}
        return {"name": "with the approved examples", "bubble": presenter.example(campaign), **unnamed}

    def url(recipient_id: int | None) -> str | None:
        return _page_url(campaign, "preview", args, LISTED_ARGS, person=recipient_id) if recipient_id else None

    return {
        "name": person.recipient.name or "No name",
        "bubble": person.bubble,
        "at": person.at,
        "ticks": person.ticks,
        "previous_url": url(person.previous_id),
        "next_url": url(person.next_id),
    }


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
