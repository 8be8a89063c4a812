"""Rules about accounts at providers, and about who wants no more e-mail."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from adsapp.alerts import concerns, facts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Course, Facts, Finding, Measure, Rule, Was, rolling
from adsapp.core.words import DAY_MINUTES, span
from adsapp.integrations.events import NoticeKind
from adsapp.integrations.models import NoticeLevel

NOTICE_LASTS: Final = timedelta(days=7)
STANDING: Final = frozenset({NoticeKind.ACCOUNT, NoticeKind.QUALITY, NoticeKind.LIMIT, NoticeKind.ALERT})
OF_TEMPLATES: Final = frozenset({NoticeKind.TEMPLATE_STATUS, NoticeKind.TEMPLATE_QUALITY, NoticeKind.TEMPLATE_CATEGORY})
MOST_NEW: Final = 10_000  # suppressions that are looked at


def _refused(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for concern in concerns.refused_numbers(facts.troubled_numbers(now.now)):
        yield Finding(concern.key, concern)
    for concern in concerns.refused_senders(facts.troubled_emails(now.now)):
        yield Finding(concern.key, concern)


def _standing(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    yield from _noticed(now, STANDING)


def _templates(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    yield from _noticed(now, OF_TEMPLATES)


def _noticed(now: Facts, kinds: Collection[str]) -> Iterator[Finding]:
    found = [each for each in facts.notices(now.now - NOTICE_LASTS) if each.kind in kinds]
    for concern in concerns.notices(found):
        yield Finding(concern.key, concern)


def _past_standing(since: datetime, until: datetime, conditions: Conditions) -> Course:
    return _past_notices(since, STANDING)


def _past_templates(since: datetime, until: datetime, conditions: Conditions) -> Course:
    return _past_notices(since, OF_TEMPLATES)


def _past_notices(since: datetime, kinds: Collection[str]) -> Course:
    courses: dict[str, list[tuple[datetime, float]]] = {}
    for each in reversed(facts.notices_said(since)):
        if each.kind in kinds:
            key = f"{each.kind}:{each.account_id}:{each.about}"
            courses.setdefault(key, []).append((each.at, 0.0 if each.level is NoticeLevel.GOOD else 1.0))
    return courses


def _surge(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    new = facts.newest_suppressions(now.now - conditions.window, MOST_NEW)
    if not new or not conditions.is_over(len(new), was="suppressions" in was):
        return
    many = f"{len(new):,}" if len(new) < MOST_NEW else f"{MOST_NEW:,}+"
    text = (
        f"By bounces, complaints and unsubscriptions in the last {span(conditions.window_minutes)}. Look at where the "
        "addresses came from before the next e-mail: mailbox providers refuse a sender of which too many complain."
    )
    concern = Concern(
        "warning", "ban", f"{many} addresses were suppressed", text, min(new),
        action="See who is suppressed", url="/suppressions",
    )  # fmt: skip
    yield Finding("suppressions", concern, len(new))


def _past_surge(since: datetime, until: datetime, conditions: Conditions) -> Course:
    new = sorted(facts.newest_suppressions(since, MOST_NEW))
    return {"suppressions": rolling([(at, 1.0) for at in new], conditions.window)}


REFUSED = Rule(
    kind="token_refused",
    title="A provider refuses an account",
    text="WhatsApp or Resend takes nothing more under a token or key.",
    icon="plug-connected-x",
    look=_refused,
    together="{} accounts are refused",
    all_url="/settings/whatsapp",
    all_action="Open the settings",
    usual=Conditions(severity=Severity.CRITICAL),
)
STANDING_DOWN = Rule(
    kind="quality_down",
    title="A number's quality or limit went down",
    text="What WhatsApp says of an account, its number's quality, its limit; until it says something better.",
    icon="alert-triangle",
    look=_standing,
    together="WhatsApp warns of {} things",
    all_url="/campaigns",
    all_action="See the campaigns",
    usual=Conditions(cool_down_minutes=DAY_MINUTES),
    past=_past_standing,
)
TEMPLATE_CHANGED = Rule(
    kind="template_changed",
    title="A template was paused, or costs more, or is taken badly",
    text="WhatsApp rejected or paused a template, put it into another category, or its quality went down.",
    icon="template",
    look=_templates,
    together="{} templates changed",
    all_url="/templates",
    all_action="See the templates",
    usual=Conditions(cool_down_minutes=DAY_MINUTES),
    past=_past_templates,
)
SURGE = Rule(
    kind="suppressions",
    title="Suppressions surge",
    text="Addresses that bounced, complained or unsubscribed within a while.",
    icon="ban",
    look=_surge,
    together="Suppressions surge",
    all_url="/suppressions",
    all_action="See who is suppressed",
    usual=Conditions(threshold=50, clears_at=20, window_minutes=60),
    measure=Measure("New suppressions", "addresses", 1, MOST_NEW, "Over when at most", one="address"),
    has_window=True,
    past=_past_surge,
)
RULES = (REFUSED, STANDING_DOWN, TEMPLATE_CHANGED, SURGE)
