"""The pages of message templates as their templates read them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from adsapp.core.clock import utcnow
from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.jobs import Job, State
from adsapp.jobs.wait_reasons import WaitReason, why_waiting
from adsapp.message_templates import availability, history, previews, queries
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import MessageTemplate, TemplateChange
from adsapp.message_templates.previews import Bubble

QUIET_SECONDS, SYNCING_SECONDS = 30, 2


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of a template that pages show; `quality` is (kind of pill, word)."""

    id: uuid.UUID
    name: str
    category: str
    status: str
    language: str
    language_code: str
    quality: tuple[str, str]
    provider_id: str
    synced_at: datetime

    @classmethod
    def of(cls, template: MessageTemplate) -> "Facts":
        """Read them off."""
        return cls(
            id=template.id,
            name=template.name,
            category=template.category,
            status=template.status,
            language=language_name(template.language),
            language_code=template.language,
            quality=availability.quality_of(template),
            provider_id=template.provider_id,
            synced_at=template.synced_at,
        )


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A template in the list, with a picture of it; `variables` is how many values are filled in."""

    facts: Facts
    bubble: Bubble
    variables: int
    can_be_sent: bool

    @classmethod
    def of(cls, template: MessageTemplate) -> "TemplateCard":
        """Take it apart once."""
        view = queries.view_of(template)
        why_not = availability.why_not(template, view)
        return cls(
            Facts.of(template),
            previews.of_template(view, template.sample_file_id),
            len(view.variables),
            can_be_sent=not why_not,
        )


@dataclass(frozen=True, slots=True)
class Sync:
    """The newest reading of the templates; `obstacle` is what keeps it from beginning."""

    job_id: uuid.UUID
    is_active: bool
    is_under_way: bool
    has_failed: bool
    error: str | None
    finished_at: datetime | None
    obstacle: WaitReason | None

    @classmethod
    def of(cls, job: Job) -> "Sync":
        """The standing of the template."""
        is_under_way = _is_under_way(job)
        return cls(
            job_id=job.id,
            is_active=job.state == State.ACTIVE,
            is_under_way=is_under_way,
            has_failed=job.state == State.FAILED,
            error=job.error,
            finished_at=job.finished_at,
            obstacle=obstacle(job) if is_under_way else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesPage(LivePage):
    """All templates; asks for itself often while a sync runs."""

    template: ClassVar[str] = "message_templates/list.html"
    fragment: ClassVar[str] = "message_templates/_list.html"

    as_of: datetime = field(compare=False)
    cards: Sequence[TemplateCard]
    sync: Sync | None
    has_number: bool

    @classmethod
    def of(cls, templates: Sequence[MessageTemplate], sync: Job | None, *, has_number: bool) -> "TemplatesPage":
        """By name and language."""
        cards = tuple(map(TemplateCard.of, templates))
        return cls(as_of=utcnow(), cards=cards, sync=Sync.of(sync) if sync else None, has_number=has_number)

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("message_templates.templates_fragment", version=self.version)

    @property
    def is_syncing(self) -> bool:
        """True while the templates are read, or about to be."""
        return self.sync is not None and self.sync.is_under_way

    @property
    def every(self) -> int:
        """Seconds between two looks."""
        return SYNCING_SECONDS if self.is_syncing else QUIET_SECONDS

    @property
    def synced_at(self) -> datetime | None:
        """When they were read last."""
        return max((card.facts.synced_at for card in self.cards), default=None)

    @property
    def sendable(self) -> int:
        """How many can be sent."""
        return sum(card.can_be_sent for card in self.cards)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that became of it, with what that means: `level` is a kind of pill."""

    at: datetime
    text: str
    level: str
    meaning: str
    told_by: str

    @classmethod
    def of(cls, change: TemplateChange) -> "Change":
        """In words."""
        level, text, meaning = CHANGES[change.what](change)
        return cls(change.at, text, level, meaning, TOLD_BY.get(change.told_by, ""))


TOLD_BY = {history.WEBHOOK: "WhatsApp said so", history.SYNC: "Seen at a sync", history.HERE: "Submitted here"}


def _plain(word: str) -> str:
    return "in review" if word.upper() == "PENDING" else word.replace("_", " ").lower()


def _status_change(change: TemplateChange) -> tuple[str, str, str]:
    after = change.after.upper()
    level = "good" if after == "APPROVED" else "neutral" if after in (*LOOKED_AT, "") else "bad"
    said = _plain(change.reason)
    reason = f"WhatsApp’s reason: {said}. " if said and said != "none" else ""
    means = {"APPROVED": "It can be sent.", "PENDING": "WhatsApp looks at it."}.get(after, "Nothing of it can be sent.")
    text = (
        f"{_plain(change.after).capitalize()}, was {_plain(change.before)}"
        if change.before
        else f"Begun as {_plain(change.after)}"
    )
    return level, text, f"{reason}{means}"


def _category_change(change: TemplateChange) -> tuple[str, str, str]:
    before = f", was {_plain(change.before)}" if change.before else ""
    return "warning", f"{_plain(change.after).capitalize()}{before}", history.COSTS.get(change.after.upper(), "")


def _quality_change(change: TemplateChange) -> tuple[str, str, str]:
    level, word = availability.QUALITIES.get(change.after.upper(), ("neutral", "not rated"))
    _, before = availability.QUALITIES.get(change.before.upper(), ("", "not rated"))
    meaning = history.QUALITY_COSTS.get(level, "Few people block or report it." if level == "good" else "")
    return level, f"Quality {word}, was {before}", meaning


CHANGES = {history.STATUS: _status_change, history.CATEGORY: _category_change, history.QUALITY: _quality_change}


@dataclass(frozen=True, slots=True)
class InLanguage:
    """The same template in another language."""

    id: uuid.UUID
    language: str
    status: str
    bubble: Bubble

    @classmethod
    def of(cls, template: MessageTemplate) -> "InLanguage":
        """Take it apart."""
        bubble = previews.of_template(queries.view_of(template), template.sample_file_id)
        return cls(template.id, language_name(template.language), template.status, bubble)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePage(LivePage):
    """One template: how it looks, what must be filled in, whether it can be sent; it asks for itself while WhatsApp
    looks at it, and less often otherwise."""

    template: ClassVar[str] = "message_templates/show.html"
    fragment: ClassVar[str] = "message_templates/_show.html"

    as_of: datetime = field(compare=False)
    facts: Facts
    view: TemplateView
    bubble: Bubble
    why_not: str | None
    why_not_edited: str
    others: Sequence[InLanguage]
    changes: Sequence[Change] = ()

    @classmethod
    def of(cls, template: MessageTemplate, why_not_edited: str = "") -> "TemplatePage":
        """Take it apart once."""
        view = queries.view_of(template)
        return cls(
            as_of=utcnow(),
            facts=Facts.of(template),
            view=view,
            bubble=previews.of_template(view, template.sample_file_id),
            why_not=availability.why_not(template, view),
            why_not_edited=why_not_edited,
            others=tuple(map(InLanguage.of, queries.other_languages(template))),
            changes=tuple(map(Change.of, history.changes_of(template))),
        )

    @property
    def live_url(self) -> str:
        """It never ends: a template may be paused at any time."""
        return url_for("message_templates.template_fragment", template_id=self.facts.id, version=self.version)

    @property
    def every(self) -> int:
        """Seconds between two looks."""
        return SYNCING_SECONDS if self.facts.status.upper() in LOOKED_AT else QUIET_SECONDS


LOOKED_AT = ("PENDING", "IN_APPEAL")


def _is_under_way(job: Job) -> bool:
    """True for a sync that runs or is about to: one that is planned for later keeps nobody from asking for one now."""
    return not job.is_finished and not (job.state == State.DELAYED and not job.failures)


def obstacle(job: Job) -> WaitReason | None:
    """What keeps a sync from being read now, if that is more than the next free worker."""
    reason = why_waiting(job)
    return None if reason is None or reason.code == "free_worker" else reason
