"""Makes the demo's organization: people of each role, contacts, templates, one finished campaign, jobs to act on."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from adsapp import jobs
from adsapp.campaigns import reasons
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignRecipient, RecipientStatus
from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact, ContactTag, OptEvent, OptSource, Tag
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.demo import emails, work
from adsapp.demo.people import TAGS, Person, people
from adsapp.demo.stage import Number, Team
from adsapp.integrations.email_queries import find_default_email_account
from adsapp.integrations.models import Account, EmailAccount
from adsapp.integrations.resend.service import EmailAccountIn, connect_account
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.organizations import queries as organizations
from adsapp.organizations import service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role
from adsapp.outbound.statuses import OutboundStatus

SLUG = "harbour-bakery"
PASSWORD = "demo-only-1234"  # noqa: S105  # printed at each start, on a machine that answers itself only
CONTACTS = 2000
SAMPLE = 592  # people in the sample file, who must still be new when it is imported
FINISHED = 1000
MESSAGES_PER_SECOND = 80  # at which the finished campaign went out
KNOWN_SINCE = timedelta(days=40)
OPTED_OUT = timedelta(days=12)  # before today
USERS = {
    "alice@example.com": ("Alice", Role.OWNER),
    "adam@example.com": ("Adam", Role.ADMIN),
    "bob@example.com": ("Bob", Role.AGENT),
    "vera@example.com": ("Vera", Role.VIEWER),
}


@dataclass(frozen=True)
class Demo:
    """The ids the demo needs, and whether it was made just now."""

    organization_id: uuid.UUID
    account_id: uuid.UUID
    email_account_id: uuid.UUID
    is_new: bool


def ensure_demo(app: Flask, number: Number, team: Team) -> Demo:
    """The demo's organization: made at the first start, then left as people change it."""
    with app.app_context():
        known = organizations.find_organization(SLUG)
        organization_id = known.id if known else None
    organization_id = organization_id or _make_people(app)
    with db.organization_context(app, organization_id):
        account = db.session.scalars(select(Account)).first()
        sender = find_default_email_account() or connect_team(team)
        sender_id = sender.id
        if account is not None:
            # The sandbox's port may have changed since the last start.
            account.sandbox_url = sender.sandbox_url = context.settings().sandbox_url
            db.session.commit()
            return Demo(organization_id, account.id, sender_id, is_new=False)
        account = connect_sandbox(number)
        contacts = _add_contacts()
        _add_finished_campaign(account, contacts[:FINISHED])
        emails.add_emails(sender, contacts)
        account_id = account.id
        db.session.commit()
    with db.organization_context(app, organization_id):
        jobs.enqueue("sync-templates", {"account_id": str(account_id)}, created_by="demo")
        work.add_delayed_job(account_id)
        work.add_schedule(account_id)
        db.session.commit()
    return Demo(organization_id, account_id, sender_id, is_new=True)


def connect_sandbox(number: Number) -> Account:
    """The sandbox's number as this organization's account."""
    return create_account(AccountIn(name="Sandbox number", verify_token=number.app_secret, **vars(number)), by=NOBODY)


def connect_team(team: Team) -> EmailAccount:
    """The sandbox's team as this organization's sender of e-mail."""
    data = EmailAccountIn(
        name="Sandbox team",
        api_key=team.key,
        sender_address=f"hello@{team.domain}",
        sender_name="Harbour Bakery",
        webhook_secret=team.webhook_secret,
        tracks_opens=True,
        tracks_clicks=True,
    )
    return connect_account(data, by=NOBODY)


def _make_people(app: Flask) -> uuid.UUID:
    with app.app_context():
        bakery_id = service.create_organization(SLUG, "Harbour Bakery", "US").id
        for email, (name, role) in USERS.items():
            person = service.create_user(email, name, PASSWORD)
            service.add_member(person, role, by=NOBODY)
            person.last_organization_id = bakery_id
        db.session.commit()
    with app.app_context():
        alice = organizations.find_user("alice@example.com")
        service.create_organization("corner-books", "Corner Books", "GB")
        if alice is not None:
            service.add_member(alice, Role.ADMIN, by=NOBODY)
        db.session.commit()
    return bakery_id


def _add_contacts() -> list[tuple[uuid.UUID, Person]]:
    organization_id = db.require_organization_id()
    made = [(new_id(), person) for person in people(CONTACTS, skip=SAMPLE)]
    silent = {key for position, (key, _) in enumerate(made[:FINISHED]) if _outcome(position)[1] == reasons.OPTED_OUT}
    db.session.execute(insert(Contact), [_contact(organization_id, key, person, key in silent) for key, person in made])
    db.session.execute(
        insert(OptEvent),
        [
            {
                "organization_id": organization_id,
                "contact_id": key,
                "at": utcnow() - OPTED_OUT,
                "opted_out": True,
                "source": OptSource.KEYWORD,
                "detail": "STOP",
            }
            for key in silent
        ],
    )
    opt_outs.meet(silent)
    tags = {name: new_id() for name in TAGS}
    db.session.execute(
        insert(Tag), [{"organization_id": organization_id, "id": key, "name": name} for name, key in tags.items()]
    )
    db.session.execute(
        insert(ContactTag),
        [{"organization_id": organization_id, "tag_id": tags[person.tag], "contact_id": key} for key, person in made],
    )
    return made


def _contact(organization_id: uuid.UUID, key: uuid.UUID, person: Person, is_silent: bool) -> dict[str, Any]:
    since = utcnow() - KNOWN_SINCE
    return {
        "opted_out_at": utcnow() - OPTED_OUT if is_silent else None,
        "opt_out_source": OptSource.KEYWORD.value if is_silent else None,
        "created_at": since,
        "updated_at": since,
        "id": key,
        "organization_id": organization_id,
        "phone": person.phone,
        "person_key": person.phone,
        "name": f"{person.first_name} {person.last_name}",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "country": "US",
        "attributes": {"city": person.city},
    }


# How the finished campaign went, for each hundred people; the rest have read it.
OUTCOMES: tuple[tuple[int, RecipientStatus, str], ...] = (
    (5, RecipientStatus.FAILED, "131026"),
    (2, RecipientStatus.FAILED, "131000"),
    (3, RecipientStatus.SKIPPED, reasons.OPTED_OUT),
    (4, RecipientStatus.SENT, ""),
    (24, RecipientStatus.DELIVERED, ""),
)
MESSAGES = {
    "131026": "The number is not registered with WhatsApp.",
    "131000": "Something went wrong.",
    reasons.OPTED_OUT: "The person has opted out.",
}
BODY = [
    {
        "type": "BODY",
        "text": "Hello {{1}}, welcome to Harbour Bakery. Fresh bread leaves the oven every morning at seven.",
    },
]


def _add_finished_campaign(account: Account, audience: Sequence[tuple[uuid.UUID, Person]]) -> None:
    began = utcnow() - timedelta(hours=20)
    campaign = Campaign(
        organization_id=account.organization_id,
        name="Spring opening",
        account_id=account.id,
        status=OutboundStatus.COMPLETED,
        template_name="welcome",
        template_language="en_US",
        components=BODY,
        variables={"body.1": {"field": "first_name", "fallback": "there"}},
        audience={"all": True},
        audience_size=len(audience),
        created_by="Alice",
        created_at=began,
        started_at=began,
        frozen_at=began,
        finished_at=began + timedelta(seconds=len(audience) / MESSAGES_PER_SECOND),
        replied_count=0,
        opted_out_count=0,
    )
    db.session.add(campaign)
    db.session.flush()
    rows = [_recipient(campaign, position, *one) for position, one in enumerate(audience)]
    db.session.execute(insert(CampaignRecipient), rows)
    for seconds, text, by in (
        (0, f"Started, with an audience of {len(audience):,}", campaign.created_by),
        (len(audience) / MESSAGES_PER_SECOND, "Completed", ""),
    ):
        db.session.add(
            CampaignEvent(
                organization_id=account.organization_id,
                campaign_id=campaign.id,
                at=began + timedelta(seconds=seconds),
                text=text,
                by=by,
            )
        )


def _recipient(campaign: Campaign, position: int, contact_id: uuid.UUID, person: Person) -> dict[str, Any]:
    status, code = _outcome(position)
    accepted = campaign.created_at + timedelta(seconds=position / MESSAGES_PER_SECOND)
    went_out = status is not RecipientStatus.SKIPPED  # whoever failed was accepted first
    reached = {RecipientStatus.SENT: 1, RecipientStatus.DELIVERED: 2, RecipientStatus.READ: 3}.get(status, 0)
    return {
        "organization_id": campaign.organization_id,
        "campaign_id": campaign.id,
        "contact_id": contact_id,
        "phone": person.phone,
        "person_key": person.phone,
        "name": f"{person.first_name} {person.last_name}",
        "variables": {"body.1": person.first_name},
        "status": status,
        "error_code": code,
        "error_message": MESSAGES.get(code),
        "attempts": int(went_out),
        "sending_at": accepted if went_out else None,
        "provider_id": f"wamid.DEMO{position:06d}" if reached else None,
        "accepted_at": accepted if went_out else None,
        "sent_at": accepted + timedelta(seconds=1) if reached >= 1 else None,
        "delivered_at": accepted + timedelta(seconds=3) if reached >= 2 else None,
        "read_at": accepted + timedelta(minutes=4) if reached >= 3 else None,
        "failed_at": accepted + timedelta(seconds=2) if status is RecipientStatus.FAILED else None,
        "created_at": campaign.created_at,
        "updated_at": accepted,
    }


def _outcome(position: int) -> tuple[RecipientStatus, str]:
    place = position * 37 % 100  # spread over the list, the same each time
    for share, status, code in OUTCOMES:
        if place < share:
            return status, code
        place -= share
    return RecipientStatus.READ, ""
