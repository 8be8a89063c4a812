"""E-mails for programs: thin over the same services as the pages."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes, takes_upload
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import as_json, parse, parse_body, parse_query
from adsapp.emails import ledger, queries, reasons, service
from adsapp.emails.draft.asked import EmailIn
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.preflight import Preflight
from adsapp.emails.queries import Counts
from adsapp.emails.subject import EMAIL
from adsapp.jobs import Job, digest_of
from adsapp.jobs.api.idempotency import requested_key
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.idempotency import AskedMeanwhile, find_replay
from adsapp.jobs.queries import jobs as job_queries
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission

api = Blueprint("emails_api", __name__, url_prefix="/api")

SEND = "send-email"
BODY_BYTES = 4 * MB  # JSON takes many times its size in memory; files come in a form
MOMENTS = (
    "accepted_at", "sent_at", "delayed_at", "delivered_at", "opened_at", "clicked_at",
    "bounced_at", "complained_at", "failed_at", "unsubscribed_at",
)  # fmt: skip


class EmailBody(BaseModel):
    """An e-mail; `EmailIn` says what each field is."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    template: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    audience: dict[str, Any] | None = None
    recipients: list[dict[str, Any]] | None = None
    account: str | None = None
    reply_to: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    attachments: list[dict[str, Any]] = Field(default_factory=list)
    scheduled_at: datetime | None = None
    time_zone: str = "UTC"
    fold: Literal[0, 1] | None = None
    priority: int | None = None

    def as_asked(self) -> EmailIn:
        """The same, as services take it."""
        return EmailIn(**{name: getattr(self, name) for name in type(self).model_fields})


class Paging(BaseModel):
    """Where in a list, and how much of it."""

    cursor: str | None = None
    limit: int = Field(PAGE, ge=1, le=MOST)


class RecipientsQuery(Paging):
    """Which people of an e-mail."""

    status: str | None = None
    code: str | None = None


class PauseBody(BaseModel):
    """Why it is paused."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500)


class DecisionBody(BaseModel):
    """What becomes of those who are uncertain: send_again or assume_delivered."""

    model_config = ConfigDict(extra="forbid")

    decision: str


class RetryBody(BaseModel):
    """Those who failed with which code are sent to again."""

    model_config = ConfigDict(extra="forbid")

    code: str


@api.post("/jobs/send-email")
@takes_upload
@takes(BODY_BYTES)
@allow(Permission.SEND)
def send_email() -> ResponseReturnValue:
    """Send or schedule an e-mail: JSON, or a form with `email` as JSON and files as `attachments`. 202 with its job;
    the same again for the same Idempotency-Key."""
    body, key = _asked(), requested_key()
    digest, asked = digest_of(SEND, body.model_dump(mode="json")), body.as_asked()
    if (known := find_replay(key, digest)) is not None:
        return _accepted(known, service.preflight(asked))
    found = service.preflight(asked)
    try:
        by = current_actor().by()
        email = service.create_email(asked, by, people=found.will_send, idempotency_key=key, digest=digest)
        db.session.commit()
    except AskedMeanwhile:
        db.session.rollback()
        if (known := find_replay(key, digest)) is None:
            raise
        return _accepted(known, found)
    assert email.job_id is not None
    return _accepted(job_queries.get_job(email.job_id), found)


def _asked() -> EmailBody:
    if request.mimetype != "multipart/form-data":
        return parse_body(EmailBody)
    body = parse(EmailBody, as_json(request.form.get("email", ""), "email"))
    files = [
        {
            "filename": file.filename or "",
            "content_type": file.mimetype,
            "content": base64.b64encode(file.stream.read()).decode(),
        }
        for file in request.files.getlist("attachments")
    ]
    return body.model_copy(update={"attachments": [*body.attachments, *files]})


def _accepted(job: Job, found: Preflight) -> ResponseReturnValue:
    """The job and its e-mail; `notes` is what the form warns of before a person sends, as it is now."""
    email = queries.get_email(EMAIL.id_of(job.subject))
    notes = [{"text": line.text, "note": line.note, "value": line.value} for line in found.notes]
    answer: Response = jsonify(
        {"job": job_json(job), "email": email_json(email, queries.counts(email)), "notes": notes}
    )
    answer.status_code = 202
    answer.headers["Location"] = f"/api/jobs/{job.id}"
    return answer


@api.get("/emails")
@reads(Paging)
@allow(Permission.SEE)
def list_emails() -> ResponseReturnValue:
    """E-mails with their counts, newest first."""
    asked = parse_query(Paging)
    page = queries.list_emails(asked.cursor, asked.limit)
    counts = queries.counts_of(page.items)
    return jsonify({"emails": [email_json(each, counts[each.id]) for each in page.items], "next": page.next})


@api.get("/emails/<email_id>")
@allow(Permission.SEE)
def show_email(email_id: str) -> ResponseReturnValue:
    """One e-mail: what it says, its counts, and why some did not get it."""
    email = queries.get_email(email_id)
    counted = ledger.counted(email.id)
    shown = email_json(email, queries.counts(email, counted))
    bodies = {"html": email.html, "text": email.text, "variables": email.variables}
    why = {
        name: [vars(each) for each in queries.failures(email, status, counted)]
        for name, status in (("failures", Status.FAILED), ("skipped", Status.SKIPPED), ("bounces", Status.BOUNCED))
    }
    return jsonify({"email": shown | bodies, **why})


@api.get("/emails/<email_id>/recipients")
@reads(RecipientsQuery)
@allow(Permission.SEE)
def list_recipients(email_id: str) -> ResponseReturnValue:
    """Its people in the order they are sent to, all or of one status and code."""
    asked, email, mask = parse_query(RecipientsQuery), queries.get_email(email_id), current_actor().mask
    page = queries.recipients(email, asked.status, asked.cursor, asked.limit, asked.code)
    return jsonify({"recipients": [recipient_json(each, mask) for each in page.items], "next": page.next})


@api.post("/emails/<email_id>/pause")
@allow(Permission.SEND)
def pause_email(email_id: str) -> ResponseReturnValue:
    """Stop sending within a second or so."""
    reason = parse_body(PauseBody).reason
    return _changed(email_id, lambda email, by: service.pause(email, reason, by))


@api.post("/emails/<email_id>/resume")
@allow(Permission.SEND)
def resume_email(email_id: str) -> ResponseReturnValue:
    """Go on from the present point."""
    return _changed(email_id, service.resume)


@api.post("/emails/<email_id>/cancel")
@allow(Permission.SEND)
def cancel_email(email_id: str) -> ResponseReturnValue:
    """End it for good: who has not been sent to is left out."""
    return _changed(email_id, service.cancel)


@api.post("/emails/<email_id>/retries")
@allow(Permission.SEND)
def retry_failed(email_id: str) -> ResponseReturnValue:
    """Send again to those who failed with a code."""
    code = parse_body(RetryBody).code
    return _changed(email_id, lambda email, by: service.retry_failed(email, code, by))


@api.post("/emails/<email_id>/uncertain")
@allow(Permission.SEND)
def settle_uncertain(email_id: str) -> ResponseReturnValue:
    """Decide about those of whom nobody knows."""
    decision = parse_body(DecisionBody).decision
    return _changed(email_id, lambda email, by: service.settle_uncertain(email, decision, by))


def _changed(email_id: str, change: Callable[[Email, By], object]) -> ResponseReturnValue:
    email = queries.get_email(email_id)
    change(email, current_actor().by())
    db.session.commit()
    return jsonify({"email": email_json(email, queries.counts(email))})


def email_json(email: Email, counts: Counts) -> dict[str, Any]:
    """An e-mail for programs, without its bodies; `counts` add up to `audience_size` once it is known."""
    return {
        "id": str(email.id),
        "name": email.name,
        "status": email.status.value,
        "status_reason": email.status_reason,
        "paused_until": iso(email.paused_until),
        "job_id": str(email.job_id) if email.job_id else None,
        "account_id": str(email.account_id),
        "template_id": str(email.template_id) if email.template_id else None,
        "sender": email.sender,
        "reply_to": email.reply_to,
        "subject": email.subject,
        "tags": email.tags,
        "audience": email.audience,
        "audience_size": email.audience_size,
        "counts": counts_json(counts),
        "created_by": email.created_by,
        "created_at": iso(email.created_at),
        "scheduled_at": iso(email.scheduled_at),
        "started_at": iso(email.started_at),
        "finished_at": iso(email.finished_at),
    }


def counts_json(counts: Counts) -> dict[str, Any]:
    """`by_status` holds each recipient once; the totals include what came after (opened ones were delivered)."""
    return {
        "by_status": {status.value: getattr(counts, status.value) for status in Status},
        "total": counts.total,
        "accepted_total": counts.accepted_total,
        "sent_total": counts.sent_total,
        "delivered_total": counts.delivered_total,
        "opened_total": counts.opened_total,
        "unsubscribed_total": counts.unsubscribed,
    }


def recipient_json(recipient: EmailRecipient, mask: Mask) -> dict[str, Any]:
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
    return {
        "id": recipient.id,
        "contact_id": str(recipient.contact_id) if recipient.contact_id else None,
        "name": recipient.name,
        "email": mask.text(recipient.address),
        "status": recipient.status.value,
        "error": error,
        "attempts": recipient.attempts,
        "provider_id": recipient.provider_id,
        **{name: iso(getattr(recipient, name)) for name in MOMENTS},
    }
