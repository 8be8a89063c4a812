"""Campaigns and templates for programs: thin over the same services as the pages."""

from datetime import datetime
from typing import Any, Literal

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.campaigns import ledger, queries, reasons, service
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.compose.preflight import Preflight
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.freshness import tagged
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.jobs import Job, digest_of
from adsapp.jobs.api.idempotency import requested_key
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.idempotency import AskedMeanwhile, find_replay
from adsapp.jobs.queries import jobs as job_queries
from adsapp.message_templates import queries as templates
from adsapp.message_templates.availability import why_not
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("campaigns_api", __name__, url_prefix="/api")

AUDIENCE_BYTES = 2 * MB  # an audience may be some 50,000 ids


class TemplateBody(BaseModel):
    """Which approved template."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str


class CampaignBody(BaseModel):
    """A campaign as design §9 has it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    template: TemplateBody | None = None
    text: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    audience: dict[str, Any]
    scheduled_at: datetime | None = None
    time_zone: str = "UTC"
    fold: Literal[0, 1] | None = None
    priority: int | None = None

    def as_draft(self) -> CampaignIn:
        """The same, as services take it."""
        template = self.template or TemplateBody(name="", language="")
        return CampaignIn(
            name=self.name,
            template_name=template.name,
            template_language=template.language,
            variables=self.variables,
            audience=self.audience,
            text=self.text,
            scheduled_at=self.scheduled_at,
            time_zone=self.time_zone,
            fold=self.fold,
            priority=self.priority,
        )


class Paging(BaseModel):
    """Where in a list, and how much of it."""

    cursor: str | None = None
    limit: int = Field(PAGE, ge=1, le=MOST)


class RecipientsQuery(Paging):
    """Which recipients of a campaign."""

    status: str | None = None


@api.post("/jobs/bulk-message")
@api.post("/campaigns")
@takes(AUDIENCE_BYTES)
@allow(Permission.SEND)
def create_campaign() -> ResponseReturnValue:
    """Start or schedule a campaign: 202 with its job; the same again for the same Idempotency-Key."""
    body, key = parse_body(CampaignBody), requested_key()
    # Without a fold the digest is the one of before there was any, so a key that is sent again is still known.
    digest = digest_of("bulk-message", body.model_dump(mode="json", exclude={"fold"} if body.fold is None else None))
    draft = body.as_draft()
    service.look_at_links(draft)
    found = service.preflight(draft)
    if (known := find_replay(key, digest)) is not None:
        return _accepted(known, found)
    try:
        campaign = service.create_campaign(
            draft, by=current_actor().name, people=found.will_send, idempotency_key=key, digest=digest
        )
        db.session.commit()
    except AskedMeanwhile:
        db.session.rollback()
        if (known := find_replay(key, digest)) is None:
            raise
        return _accepted(known, found)
    assert campaign.job_id is not None
    return _accepted(job_queries.get_job(campaign.job_id), found)


def _accepted(job: Job, found: Preflight) -> ResponseReturnValue:
    """The job and its campaign; `notes` is what the form warns of before a person sends, as it is now."""
    campaign = queries.get_campaign(CAMPAIGN.id_of(job.subject))
    notes = [{"text": line.text, "note": line.note, "value": line.value} for line in found.notes]
    shown = campaign_json(campaign, queries.counts(campaign))
    answer: Response = jsonify({"job": job_json(job), "campaign": shown, "notes": notes})
    answer.status_code = 202
    answer.headers["Location"] = f"/api/jobs/{job.id}"
    return answer


@api.get("/campaigns")
@reads(Paging)
@tagged
@allow(Permission.SEE)
def list_campaigns() -> ResponseReturnValue:
    """Campaigns with their counts, newest first."""
    asked = parse_query(Paging)
    page = queries.list_campaigns(asked.cursor, asked.limit)
    counts = queries.counts_of(page.items)
    shown = [campaign_json(campaign, counts[campaign.id]) for campaign in page.items]
    return jsonify({"campaigns": shown, "next": page.next})


@api.get("/campaigns/<campaign_id>")
@reads(RecipientsQuery)
@tagged
@allow(Permission.SEE)
def show_campaign(campaign_id: str) -> ResponseReturnValue:
    """One campaign: its counts, why some failed, and a page of its recipients."""
    asked = parse_query(RecipientsQuery)
    campaign = queries.get_campaign(campaign_id)
    counted = ledger.counted(campaign.id)
    page = queries.recipients(campaign, asked.status, asked.cursor, asked.limit)
    mask = current_actor().mask
    return jsonify(
        {
            "campaign": campaign_json(campaign, queries.counts(campaign, counted)),
            "failures": [vars(failure) for failure in queries.failures(campaign, counted=counted)],
            "skipped": [vars(failure) for failure in queries.failures(campaign, Status.SKIPPED, counted)],
            "recipients": [recipient_json(recipient, mask) for recipient in page.items],
            "next": page.next,
        }
    )


@api.get("/templates")
@allow(Permission.SEE)
def list_templates() -> ResponseReturnValue:
    """All templates, with their variables and why one cannot be sent."""
    return jsonify({"templates": [template_json(template) for template in templates.list_templates()]})


def campaign_json(campaign: Campaign, counts: queries.Counts) -> dict[str, Any]:
    """A campaign for programs; `counts` add up to `audience_size` once it is known."""
    template = {"name": campaign.template_name, "language": campaign.template_language}
    return {
        "id": str(campaign.id),
        "name": campaign.name,
        "status": campaign.status.value,
        "status_reason": campaign.status_reason,
        "job_id": str(campaign.job_id) if campaign.job_id else None,
        "template": template if campaign.template_name else None,
        "text": campaign.text,
        "audience": campaign.audience,
        "audience_size": campaign.audience_size,
        "counts": counts_json(campaign, counts),
        "created_by": campaign.created_by,
        "created_at": iso(campaign.created_at),
        "scheduled_at": iso(campaign.scheduled_at),
        "started_at": iso(campaign.started_at),
        "finished_at": iso(campaign.finished_at),
    }


def counts_json(campaign: Campaign, counts: queries.Counts) -> dict[str, Any]:
    """`by_status` holds each recipient once; the totals include what came after (read ones were delivered)."""
    return {
        "by_status": {status.value: getattr(counts, status.value) for status in Status},
        "total": counts.total,
        "accepted_total": counts.accepted_total,
        "sent_total": counts.sent_total,
        "delivered_total": counts.delivered_total,
        "read_total": counts.read_total,
        "replied": campaign.replied_count,
        "opted_out": campaign.opted_out_count,
    }


def recipient_json(recipient: CampaignRecipient, mask: Mask) -> dict[str, Any]:
    """A recipient, as `mask` allows."""
    error = None
    if recipient.error_code:
        reason = reasons.explain(recipient.error_code)
        error = {
            "code": recipient.error_code,
            "title": reason.title,
            "advice": reason.advice,
            "message": recipient.error_message,
        }
    moments = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "replied_at")
    return {
        "id": recipient.id,
        "contact_id": str(recipient.contact_id),
        "name": recipient.name,
        "phone": mask.number(recipient.phone),
        "status": recipient.status.value,
        "error": error,
        "attempts": recipient.attempts,
        "wamid": mask.secret(recipient.provider_id),  # it holds the number, lightly wrapped
        **{name: iso(getattr(recipient, name)) for name in moments},
        "pricing": pricing_json(recipient),
    }


def pricing_json(recipient: CampaignRecipient) -> dict[str, Any] | None:
    """What the provider said it charges by, None if it has said nothing yet."""
    if recipient.price_category is None:
        return None
    return {
        "category": recipient.price_category,
        "type": recipient.price_type,
        "model": recipient.price_model,
        "billable": recipient.billable,
    }


def template_json(template: MessageTemplate) -> dict[str, Any]:
    """A template; `can_be_sent` False comes with the reason."""
    view = templates.view_of(template)
    reason = why_not(template, view)
    return {
        "id": str(template.id),
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "quality": template.quality,
        "variables": [{"key": one.key, "label": one.label, "example": one.example} for one in view.variables],
        "body": view.body_text,
        "can_be_sent": not reason,
        "why_not": reason,
        "synced_at": iso(template.synced_at),
    }
