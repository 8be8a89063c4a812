"""What our users are told, one class a kind. Plain values, which are kept as JSON with the job that sends the letter.

Each kind has three templates in `templates/notifications/<kind>/`: subject, text and HTML. `url` is where to look; one
that lets somebody in is a `secret_url`, which no page shows of the job (`jobs.redaction`).
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Letter:
    """The base of all kinds."""

    kind: ClassVar[str]

    @property
    def link(self) -> str:
        """Where it leads."""
        return str(getattr(self, "url", "") or getattr(self, "secret_url", ""))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ImportFinished(Letter):
    """An import has ended; `failure` says why if it did not get through."""

    kind: ClassVar[str] = "import_finished"
    file_name: str
    url: str
    rows: int
    created: int
    updated: int
    rejected: int
    failure: str = ""


@dataclass(frozen=True)
class CampaignFinished(Letter):
    """Everybody in a campaign was sent to. The figures are those of that moment; reports still come in."""

    kind: ClassVar[str] = "campaign_finished"
    name: str
    url: str
    people: int
    accepted: int
    failed: int
    skipped: int
    uncertain: int


@dataclass(frozen=True)
class CampaignPaused(Letter):
    """A campaign stands still: `by` is who paused it, empty if it did so by itself."""

    kind: ClassVar[str] = "campaign_paused"
    name: str
    url: str
    reason: str
    by: str = ""


@dataclass(frozen=True)
class Invitation(Letter):
    """Somebody may join an organization by the link."""

    kind: ClassVar[str] = "invitation"
    organization: str
    inviter: str
    secret_url: str
    days: int


@dataclass(frozen=True)
class PasswordReset(Letter):
    """Whoever has the link may set another password."""

    kind: ClassVar[str] = "password_reset"
    secret_url: str
    minutes: int


@dataclass(frozen=True)
class Alert(Letter):
    """Something needs a person: `title` in a few words, `text` why and what to do, `action` what the link does.

    `things` are those it is about, if they are several.
    """

    kind: ClassVar[str] = "alert"
    title: str
    text: str
    url: str
    action: str = "Look at it"
    said: str = ""
    since: str = ""
    many: str = ""
    rule: str = ""
    things: tuple[str, ...] = ()


@dataclass(frozen=True)
class Digest(Letter):
    """What happened in a while; `lines` are words and their figures, `empty` says that there is nothing to say."""

    kind: ClassVar[str] = "digest"
    period: str
    lines: tuple[tuple[str, str], ...]
    url: str
    wrong: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    empty: str = ""


KINDS: dict[str, type[Letter]] = {
    each.kind: each
    for each in (ImportFinished, CampaignFinished, CampaignPaused, Invitation, PasswordReset, Alert, Digest)
}


def letter_from(kind: str, values: dict[str, Any]) -> Letter:
    """The letter as it was kept. KeyError for a kind that is not known here."""
    letter: Letter = TypeAdapter(KINDS[kind]).validate_python(values)
    return letter
