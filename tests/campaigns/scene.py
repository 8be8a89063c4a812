"""A small organization for page tests: an account, three templates, five people, and campaigns made to measure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask

from adsapp.campaigns import service
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.models import Contact, ContactTag, Tag
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.integrations.whatsapp.templates import read_template
from adsapp.message_templates import service as templates
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast

BODY = {"type": "BODY", "text": "Hello {{1}}, see you on {{2}}.", "example": {"body_text": [["Ana", "Saturday"]]}}
ENTRIES: list[dict[str, Any]] = [
    {
        "id": "1",
        "name": "spring",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [BODY],
    },
    {
        "id": "2",
        "name": "sleeping",
        "language": "en",
        "status": "PAUSED",
        "category": "MARKETING",
        "components": [BODY],
    },
    {
        "id": "3",
        "name": "plain",
        "language": "de",
        "status": "APPROVED",
        "category": "UTILITY",
        "quality_score": {"score": "GREEN"},
        "components": [{"type": "BODY", "text": "We are open."}, {"type": "FOOTER", "text": "Reply STOP to leave"}],
    },
]
# (phone, first name, opted out?): four people can be written to, three have a name.
PEOPLE = (
    ("+12025550101", "Ana", False),
    ("+12025550102", "Ben", False),
    ("+12025550103", "<b>Chidi</b>", False),
    ("+12025550104", "", False),
    ("+12025550105", "Elif", True),
)


@dataclass
class Scene:
    """Ids of what was made."""

    app: Flask
    cast: Cast
    account_id: uuid.UUID
    templates: dict[str, uuid.UUID] = field(default_factory=dict)
    contacts: list[uuid.UUID] = field(default_factory=list)

    def form(self, using: str = "spring", **more: Any) -> dict[str, Any]:
        """What somebody types into the compose page who makes no mistake."""
        return {
            "name": "Garden weekend",
            "template": str(self.templates[using]),
            "audience": "all",
            "source.body.1": "first_name",
            "fallback.body.1": "there",
            "source.body.2": "value",
            "value.body.2": "Saturday",
            **more,
        }

    def campaign(
        self,
        status: OutboundStatus = OutboundStatus.SENDING,
        people: Mapping[Status, int] | None = None,
        codes: Mapping[Status, str] | None = None,
        **more: Any,
    ) -> uuid.UUID:
        """A campaign whose ledger holds so many people of each status."""
        people = {Status.READ: 1, Status.PENDING: 1} if people is None else people
        codes = codes or {}
        with db.organization_context(self.app, self.cast.bakery_id):
            campaign = _campaign(self.account_id, status, sum(people.values()), **more)
            db.session.add(campaign)
            db.session.flush()
            db.session.add(_event(campaign))
            states = [state for state, count in people.items() for _ in range(count)]
            db.session.add_all(
                _recipient(campaign, number, state, codes.get(state, "")) for number, state in enumerate(states)
            )
            campaign_id = campaign.id
            db.session.commit()
        return campaign_id

    def scheduled(self, **more: Any) -> uuid.UUID:
        """A campaign that waits for its time with its job: four people can be written to, by default."""
        with db.organization_context(self.app, self.cast.bakery_id):
            data = CampaignIn(
                name="Night market",
                template_name="plain",
                template_language="de",
                **{"audience": {"all": True}, "scheduled_at": utcnow() + timedelta(days=2), **more},
            )
            campaign_id = service.create_campaign(data, "Alice").id
            db.session.commit()
        return campaign_id

    def left_out(self, status: OutboundStatus = OutboundStatus.COMPLETED, count: int = 3) -> uuid.UUID:
        """A campaign whose people have no value for {{1}}, but one who got it; all have one for {{2}}."""
        people, codes = {Status.READ: 1, Status.SKIPPED: count}, {Status.SKIPPED: "missing_variable"}
        sources = {"body.1": {"field": "first_name"}, "body.2": {"field": "attribute:day"}}
        campaign_id = self.campaign(status, people, codes, variables=sources)
        with db.organization_context(self.app, self.cast.bakery_id):
            for each in db.session.scalars(
                db.db.select(CampaignRecipient).where(
                    CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.status == Status.SKIPPED
                )
            ):
                each.variables = {"body.2": "Saturday"}
            db.session.commit()
        return campaign_id

    def in_days(self, days: int) -> dict[str, str]:
        """What somebody types to move a campaign."""
        return {"date": f"{utcnow() + timedelta(days=days):%Y-%m-%d}", "time": "09:00", "zone": "Europe/Madrid"}

    def read(self, campaign_id: uuid.UUID) -> Campaign:
        """As it stands in the database."""
        with db.organization_context(self.app, self.cast.bakery_id), db.reading():
            found = db.session.get_one(Campaign, campaign_id)
            db.session.expunge(found)
            return found


def set_the_scene(app: Flask, cast: Cast) -> Scene:
    """Make it and commit."""
    with db.organization_context(app, cast.bakery_id):
        account = create_account(AccountIn("1550001", "77001", "token", "secret", "verify", "Main number"), by=NOBODY)
        templates.store_templates(account, [each for each in map(read_template, ENTRIES) if each])
        scene = Scene(app, cast, account.id)
        scene.templates = {each.name: each.id for each in db.session.scalars(db.db.select(MessageTemplate))}
        people = [_contact(*person) for person in PEOPLE]
        tag = Tag(organization_id=cast.bakery_id, name="london")
        db.session.add_all([*people, tag])
        db.session.flush()
        for person in people[:2]:
            db.session.add(ContactTag(organization_id=cast.bakery_id, tag_id=tag.id, contact_id=person.id))
        scene.contacts = [person.id for person in people]
        db.session.commit()
    return scene


def _contact(phone: str, name: str, opted_out: bool) -> Contact:
    return Contact(
        organization_id=db.require_organization_id(),
        phone=phone,
        person_key=phone,
        name=name,
        first_name=name,
        attributes={"shop": "harbour"},
        opted_out_at=utcnow() if opted_out else None,
    )


def _campaign(account_id: uuid.UUID, status: OutboundStatus, size: int, **more: Any) -> Campaign:
    frozen = status not in (OutboundStatus.SCHEDULED, OutboundStatus.PREPARING)
    ended = status in (OutboundStatus.COMPLETED, OutboundStatus.CANCELLED, OutboundStatus.FAILED)
    values: dict[str, Any] = {
        "name": "Spring opening",
        "template_name": "spring",
        "template_language": "en",
        "components": [BODY],
        "audience": {"all": True},
        "audience_size": size if frozen else None,
        "frozen_at": utcnow() if frozen else None,
        "started_at": utcnow() if frozen else None,
        "finished_at": utcnow() if ended else None,
        "created_by": "Alice",
    }
    return Campaign(
        organization_id=db.require_organization_id(), account_id=account_id, status=status, **(values | more)
    )


def _event(campaign: Campaign) -> CampaignEvent:
    return CampaignEvent(organization_id=campaign.organization_id, campaign_id=campaign.id, text="Started", by="Alice")


def _recipient(campaign: Campaign, number: int, status: Status, code: str) -> CampaignRecipient:
    phone = f"+1202555{1000 + number}"
    return CampaignRecipient(
        organization_id=campaign.organization_id,
        campaign_id=campaign.id,
        contact_id=uuid.uuid4(),
        phone=phone,
        person_key=phone,
        name=f"Person {number}",
        variables={"body.1": f"Person {number}", "body.2": "Saturday"},
        status=status,
        error_code=code,
    )
