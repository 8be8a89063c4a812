"""What campaigns and templates know of a provider: a `Channel` for each account, and what may come of a send.

A send ends in exactly one of four ways, and the ledger treats each differently:

- `Accepted`: the provider took the message and named it.
- `Refused`: the provider said no; `SendError.action` says what that means for the others.
- `NotSent`: nothing of the request left this machine, so it may be sent again at once.
- `Uncertain`: the request left and no readable answer came. It may have been delivered, so it is never sent
  again by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from adsapp.integrations.errors import SendError

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from adsapp.integrations.email_events import Report, SuppressionReport
    from adsapp.integrations.events import Delivery
    from adsapp.integrations.media import FileToSend


@dataclass(frozen=True, slots=True)
class Accepted:
    """Taken by the provider; says nothing about delivery.

    `provider_id` is the provider's name for the message. `address` is how the provider spells the person's address,
    which may differ from the one given. `is_held`: the provider keeps the message back while it judges the template.
    `each`: of a request with several e-mails, what became of each in their order; such a request has no id itself.
    """

    provider_id: str
    address: str | None = None
    is_held: bool = False
    each: tuple[Accepted | Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    error: SendError


@dataclass(frozen=True, slots=True)
class Uncertain:
    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    reason: str


Outcome = Accepted | Refused | Uncertain | NotSent


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A free text to one person. `reference` is ours; the provider returns it with each status."""

    to: str
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """An approved template, filled in for one person: `values` by the variables' keys, `named` as the template's
    format is. `reference` as above. `file_name`: what a document above it is called."""

    to: str
    name: str
    language: str
    values: Mapping[str, str]
    named: bool
    reference: str
    file_name: str = ""


Message = TextMessage | TemplateMessage


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """One e-mail to one person, filled in. `sender` is "Name <address>"; `reference` is ours, and the provider returns
    it with each report. `unsubscribe_url` "" for none. `attachments`: filename, content_type, content in base64."""

    to: str
    sender: str
    subject: str
    html: str
    text: str
    reference: str
    reply_to: str = ""
    unsubscribe_url: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """A template as the provider has it now. `status` is APPROVED, PENDING, REJECTED, PAUSED, …; `components` is
    exactly what was approved."""

    name: str
    language: str
    status: str
    provider_id: str = ""
    category: str = ""
    status_reason: str | None = None
    quality: str = ""
    parameter_format: str = "POSITIONAL"
    components: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template as it is submitted: `components` in the provider's shape, with examples."""

    name: str
    language: str
    category: str
    parameter_format: str
    components: list[dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What the provider said of an account, or why it said nothing: `reason`, in sentences, with what to do.

    `refuses`: it said no for good, so a message would fail as well. `said` is the provider's own text.
    """

    display_phone_number: str = ""
    verified_name: str = ""
    throughput: str = ""
    quality: str = ""
    reason: str = ""
    said: str = ""
    refuses: bool = False

    @property
    def is_good(self) -> bool:
        """True if the provider answered."""
        return not self.reason

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What it said of the number, for people."""
        return [
            ("Display number", self.display_phone_number),
            ("Verified name", self.verified_name),
            ("Throughput", self.throughput),
            ("Quality", self.quality),
        ]

    @property
    def sentence(self) -> str:
        """The whole answer in one line."""
        if self.is_good:
            return ", ".join(f"{name.lower()}: {value or 'not given'}" for name, value in self.facts)
        said = f" WhatsApp says: {self.said.rstrip('. ')}." if self.said else ""
        return self.reason + said


@dataclass(frozen=True)
class EmailFinding:
    """One thing that was looked at: the key, the domain, the webhook; and what to do if it is not as it should be.

    `prevents`: without it nothing can be sent.
    """

    what: str
    is_good: bool
    told: str
    prevents: bool = False


@dataclass(frozen=True)
class EmailAnswer:
    """What the provider said of an e-mail account. `reason`: why it cannot send, in sentences, "" if it can.

    `refuses`: it said no for good, so an e-mail would be refused as well; else it could not be asked.
    """

    findings: tuple[EmailFinding, ...] = ()
    reason: str = ""
    refuses: bool = False

    @property
    def is_good(self) -> bool:
        """True if it can send."""
        return not self.reason

    @property
    def sentence(self) -> str:
        """The whole answer in one line."""
        return self.reason or " ".join(finding.told for finding in self.findings)


Send = Callable[[Mapping[str, Any]], Awaitable[Outcome]]
"""Sends a prepared request. The outcome tells everything a provider or a network may do; it raises only when cancelled,
and a cancelled send must be treated as `Uncertain`."""


class Channel(Protocol):
    """One account at one provider: everything that campaigns and templates ask of it.

    It holds a copy of what it needs of the account, so it outlives the transaction it was made in. Making one asks
    nobody anything; only the calls that say so wait for the provider, and they are never made inside a transaction.
    """

    @property
    def key(self) -> str:
        """What the account's limits are kept under, the same in all processes and for ever."""

    @property
    def rate(self) -> float:
        """Messages a second that the account may send."""

    def prepare(self, message: Message) -> Mapping[str, Any]:
        """The request that sends this message; raises ValueError if it cannot be built."""

    def connect(self, http: ClientSession) -> Send:
        """A function that sends prepared requests over this session, in its event loop."""

    def fetch_templates(self) -> Sequence[ProviderTemplate]:
        """All templates the provider has now; raises ProviderError. Waits."""

    def create_template(self, text: TemplateText) -> ProviderTemplate:
        """Submit a new template; as it is then, which is pending. Raises ProviderError. Waits."""

    def edit_template(self, provider_id: str, text: TemplateText) -> None:
        """Submit another text or category; it is reviewed again. Raises ProviderError. Waits."""

    def delete_template(self, name: str, provider_id: str) -> None:
        """Delete it in this language; raises ProviderError. Waits."""

    def upload_media(self, file: FileToSend) -> str:
        """Give the provider a file for messages; its id there, which `channels.media_lasts` says how long is good.
        Raises ProviderError. Waits."""

    def upload_sample(self, file: FileToSend) -> str:
        """Give it the sample of a template's header; the handle that `components` names. As above."""

    def check(self) -> Answer:
        """Ask the provider whether it accepts the account. Waits up to 10 s."""

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """What to answer when the webhook's address is entered at the provider; None if it is not the provider."""

    def is_genuine(self, raw: bytes, header: Callable[[str], str | None]) -> bool:
        """True if these very bytes were signed by the provider; `header` finds a header of the request by name."""

    def parse(self, raw: bytes, received_at: datetime) -> Delivery:
        """The events of one webhook delivery, in its order. Never raises."""


@dataclass(slots=True)
class Limits:
    """What a provider's answers have said of an account so far: None as long as they have said nothing."""

    requests_per_second: float | None = None
    daily_sent: int | None = None
    monthly_sent: int | None = None


class EmailChannel(Protocol):
    """One account at one provider of e-mail: everything that e-mails ask of it. It is as a `Channel` is."""

    @property
    def key(self) -> str:
        """What the account's limits are kept under, the same in all processes and for ever."""

    @property
    def rate(self) -> float:
        """Requests a second that the account may make: what it is allowed here, and no more than the provider says."""

    @property
    def batch_size(self) -> int:
        """How many e-mails go in one request."""

    @property
    def limits(self) -> Limits:
        """What the provider's answers say; it changes while requests are answered."""

    def prepare(self, messages: Sequence[EmailMessage], key: str) -> Mapping[str, Any]:
        """The request that sends these e-mails under this key: the same messages make the same bytes."""

    def connect(self, http: ClientSession) -> Send:
        """A function that sends prepared requests over this session, in its event loop. A request with several e-mails
        is `Accepted` with `each`."""

    def check(self) -> EmailAnswer:
        """Ask the provider whether it accepts the account, and what is missing. Waits up to 10 s."""

    def read_delivery(self, raw: bytes, header: Callable[[str], str | None], now: datetime) -> tuple[str, str]:
        """The id of a webhook delivery, the same each time it is sent, and why these bytes are not the provider's,
        "" if they are. `header` finds a header of the request by name."""

    def parse(self, raw: bytes, received_at: datetime) -> Report:
        """What one delivery tells. Never raises."""

    def suppress(self, addresses: Sequence[str]) -> None:
        """Let the provider write to these no more; raises ProviderError. Waits."""

    def release(self, addresses: Sequence[str]) -> None:
        """Take these off its list; raises ProviderError. Waits."""

    def suppressed(self) -> Sequence[SuppressionReport]:
        """All that are on its list; raises ProviderError. Waits."""
