"""The pages of contacts as their templates read them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from adsapp.contacts import queries, traces
from adsapp.contacts.forms import ContactForm
from adsapp.contacts.models import Contact, Import, OptEvent, OptSource, Tag
from adsapp.contacts.queries import ContactFilter
from adsapp.contacts.traces import Trace
from adsapp.contacts.values.countries import countries
from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Choice, Confirmation, Field, Line
from adsapp.core.web.exports import ExportPage, forms_of
from adsapp.core.web.pages import WebPage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

SOURCES = {
    OptSource.KEYWORD: "wrote it as a message",
    OptSource.BUTTON: "pressed the button in a message",
    OptSource.PREFERENCES: "changed it in WhatsApp",
    OptSource.PROVIDER: "WhatsApp refused a message for it",
    OptSource.HAND: "entered by hand",
    OptSource.IMPORT: "told by an import",
    OptSource.API: "told by a program",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactListPage(WebPage):
    """Contacts, newest first; `total` is how many there are in all, `found` how many of them the list is narrowed to
    (None if it is not), and `query` by what."""

    template: ClassVar[str] = "contacts/list.html"

    contacts: Sequence[Contact]
    tags: Mapping[uuid.UUID, Sequence[str]]
    all_tags: Sequence[Tag]
    wanted: ContactFilter
    total: int
    found: int | None
    file_name: str  # of the import it is narrowed to
    query: Mapping[str, Any]
    cursor: str
    next_cursor: str | None

    @classmethod
    def of(cls, wanted: ContactFilter, query: Mapping[str, Any], cursor: str) -> "ContactListPage":
        """The page at this cursor."""
        page, found = _found(wanted, cursor)
        return cls(
            contacts=page.items,
            tags=queries.tags_of([contact.id for contact in page.items]),
            all_tags=queries.tags(),
            wanted=wanted,
            total=queries.contact_count(),
            found=found,
            file_name=queries.file_name(wanted.import_id),
            query=query,
            cursor=cursor,
            next_cursor=page.next,
        )

    @property
    def lead(self) -> str:
        """How many are shown, of how many."""
        everybody = plural(self.total, "person", "people")
        if self.found is None:
            return everybody
        most = queries.MOST_COUNTED
        found = f"more than {most:,} of {everybody}" if self.found > most else f"{self.found:,} of {everybody}"
        return f"{found}: {', '.join(self.narrowed_to)}"

    @property
    def narrowed_to(self) -> Sequence[str]:
        """What the list is narrowed to, in words."""
        words = {
            f"with “{self.wanted.search}”": self.wanted.search,
            f"with the tag {self.wanted.tag}": self.wanted.tag,
            "who opted out": self.wanted.opted_out,
            f"who came in by the import {self.file_name or 'that was deleted'}": self.wanted.import_id,
        }
        return tuple(each for each, is_so in words.items() if is_so)

    @property
    def next_url(self) -> str | None:
        """Those added earlier."""
        if not self.next_cursor:
            return None
        return url_for("contacts.list_contacts", **self.query, cursor=self.next_cursor)

    @property
    def first_url(self) -> str | None:
        """The newest, from a later page."""
        return url_for("contacts.list_contacts", **self.query) if self.cursor else None


def _found(wanted: ContactFilter, cursor: str) -> tuple[Page[Contact], int | None]:
    if not wanted.is_narrow:
        return queries.list_contacts(wanted, cursor), None
    found = queries.find_contacts(wanted, cursor)
    return found.page, found.count


def export_page(wanted: ContactFilter, query: Mapping[str, Any]) -> ExportPage:
    """Who it is about whom the list was narrowed to, and the files to choose from."""
    return ExportPage(
        title="Export contacts",
        lead=ContactListPage.of(wanted, query, "").lead,
        note="with tags, consent and every attribute; it can be imported again as it is",
        forms=forms_of(url_for("contacts.export_csv", **query), url_for("contacts.export_xlsx", **query)),
        crumbs=(("Contacts", url_for("contacts.list_contacts", **query)), ("Export", None)),
    )


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """A time when the person agreed to messages, or opted out of them."""

    kind: str
    title: str
    at: datetime
    how: str
    detail: str

    @classmethod
    def of(cls, event: OptEvent) -> "ConsentEvent":
        """In words."""
        return cls(
            kind="bad" if event.opted_out else "good",
            title="Opted out" if event.opted_out else "Agreed to messages again",
            at=event.at,
            how=SOURCES[event.source] + (f", {event.by}" if event.by else ""),
            detail=event.detail,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage(WebPage):
    """One contact: details, tags, consent and its history."""

    template: ClassVar[str] = "contacts/show.html"

    contact: Contact
    title: str
    tags: Sequence[str]
    history: Sequence[ConsentEvent]
    imports: Sequence[tuple[Import, str]]
    traces: Sequence[tuple[str, Sequence[Trace]]]
    country: str
    moved: str
    opt_in_error: str
    confirmations: Sequence[Confirmation]

    @classmethod
    def of(cls, contact: Contact, actor: Actor, opt_in_error: str = "") -> "ContactPage":
        """As this person may see it."""
        may_opt_out = not contact.opted_out_at and actor.may(Permission.SEND)
        return cls(
            contact=contact,
            title=title_of(contact, actor),
            tags=queries.tags_of([contact.id])[contact.id],
            history=tuple(map(ConsentEvent.of, queries.consent_history(contact))),
            imports=queries.imports_of(contact),
            traces=traces.of(contact),
            country=countries().get(contact.country, contact.country),
            moved=_moved(contact, actor),
            opt_in_error=opt_in_error,
            confirmations=(opt_out(contact, actor),) if may_opt_out else (),
        )


@dataclass(frozen=True, slots=True)
class ContactFormPage(WebPage):
    """A contact to be added or edited; `known_url` leads to the one that has this number already."""

    template: ClassVar[str] = "contacts/form.html"

    form: ContactForm
    contact: Contact | None = None
    known_url: str = ""

    @property
    def countries(self) -> Sequence[tuple[str, str]]:
        """Countries to choose from."""
        return [("", "As the number says"), *countries().items()]


def _moved(contact: Contact, actor: Actor) -> str:
    """The number the person has now, as this actor may see it; "" if WhatsApp told of none."""
    if not (contact.moved_to and contact.moved_at):
        return ""
    number, day = actor.mask.number(contact.moved_to), f"{contact.moved_at:%Y-%m-%d}"
    return f"{number}, WhatsApp said on {day}; messages go there"


def title_of(contact: Contact, actor: Actor) -> str:
    """The name, else the number as this person may see it."""
    return contact.display_name or actor.mask.number(contact.phone)


def opt_out(contact: Contact, actor: Actor) -> Confirmation:
    """Asked before a person gets no more messages."""
    title, here = title_of(contact, actor), url_for("contacts.show_contact", contact_id=contact.id)
    note = (
        "No campaign reaches this person any more, and no import changes that. "
        "To undo it, somebody has to write down how the person agreed again."
    )
    why = Field(
        "Why (optional)",
        "detail",
        id="opt-out-detail",
        help="Kept in the history of consent.",
        more={"maxlength": 500, "placeholder": "Asked for it on the phone"},
    )
    return Confirmation(
        name="opt-out",
        title=f"Opt {title} out?",
        window=f"Opt {title} out",
        lines=(Line(note, "muted"),),
        fields=(why,),
        action=url_for("contacts.opt_out", contact_id=contact.id),
        choices=(Choice("Opt out", "danger", "ban"),),
        leave="Keep sending",
        back=here,
        crumbs=(("Contacts", url_for("contacts.list_contacts")), (title, here), ("Opt out", None)),
    )
