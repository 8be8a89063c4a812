"""An e-mail that goes out again and again: a new one at each run, whose audience is frozen anew.

The params are what `POST /api/jobs/send-email` takes, without a time, recipients and attachments.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.emails import queries, service
from adsapp.emails.draft.asked import EmailIn
from adsapp.emails.draft.check import LONGEST_NAME
from adsapp.emails.draft.check import check as check_draft
from adsapp.emails.models import Email, EmailTemplate
from adsapp.emails.subject import EMAIL
from adsapp.jobs import Job
from adsapp.organizations.auditing import By
from adsapp.outbound.audience import refuse_to_recur
from adsapp.outbound.audience import uses as uses_of_audience
from adsapp.outbound.whom import audience_words

CHOICES = 50
NAMES = ("name", "subject", "html", "text", "template", "variables", "audience", "account", "reply_to", "tags")


def check(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params with nothing wrong in them; raises Invalid as an e-mail's draft does."""
    refuse_to_recur(params.get("audience") or {})
    checked = check_draft(email_in(params))
    kept = {name: params.get(name) for name in (*NAMES, "priority")}
    return {**kept, "name": checked.name, "audience": dict(checked.audience.spec) if checked.audience else {}}


def email_in(params: Mapping[str, Any]) -> EmailIn:
    """The e-mail as a person would ask for it now."""
    given = {name: params[name] for name in NAMES if params.get(name)}
    return EmailIn(**{"audience": {}, **given}, priority=params.get("priority"))


def words(params: Mapping[str, Any]) -> str:
    """What a run does, in a sentence."""
    what = f"the subject “{params['subject']}”" if params.get("subject") else _template_words(str(params["template"]))
    return f"Sends an e-mail with {what} to {audience_words(params.get('audience') or {})}, as a new one each time."


def _template_words(template: str) -> str:
    found = db.session.scalar(select(EmailTemplate.name).where(EmailTemplate.id == _id(template)))
    return f"the template “{found or template}”"


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def uses(params: Mapping[str, Any]) -> list[str]:
    """Its template, and what its audience is made of."""
    template = [f"email_template:{params['template']}"] if params.get("template") else []
    return [*template, *uses_of_audience(params.get("audience") or {})]


def choices() -> Sequence[tuple[str, str]]:
    """E-mails that can be done again, newest first: those to an audience, without files."""
    found = db.session.scalars(select(Email).order_by(Email.id.desc()).limit(CHOICES))
    return [(str(each.id), f"{each.name} · {each.subject}") for each in found if not _why_not(each)]


def define(value: str) -> dict[str, Any]:
    """The params that make this e-mail again; raises NotFound, Invalid for one that went to given addresses."""
    email = queries.get_email(value)
    if why_not := _why_not(email):
        raise Invalid.field("source", why_not)
    has_template = email.template_id is not None and db.session.get(EmailTemplate, email.template_id) is not None
    own = (
        {"template": str(email.template_id)}
        if has_template
        else {
            "subject": email.subject,
            "html": email.html,
            "text": email.text,
        }
    )
    return {
        "name": email.name,
        "variables": email.variables,
        "audience": email.audience,
        "account": str(email.account_id),
        "reply_to": email.reply_to,
        "tags": email.tags,
        **own,
    }


def _why_not(email: Email) -> str:
    if "recipients" in email.audience:
        return "This e-mail went to addresses that were given for it alone; choose one that went to an audience"
    if email.audience.get("rendering_id"):
        return "This e-mail went to the people of a trial, who are those of that day; choose one to another audience"
    return "An e-mail with files cannot recur; send a link to them instead" if email.attachments else ""


def people_reached(jobs: Sequence[Job]) -> int:
    """How many people get it if these begin now."""
    return sum(service.preflight(email_in(job.payload.open())).will_send for job in jobs)


def start(params: Mapping[str, Any], by: By, label: str) -> tuple[str, uuid.UUID]:
    """Start it once more, under its name with a label; its subject and its job. Raises as `create_email` does."""
    refuse_to_recur(params.get("audience") or {})
    asked = email_in(params)
    asked = email_in({**params, "name": f"{asked.name[: LONGEST_NAME - len(label) - 3]} · {label}"})
    email = service.create_email(asked, by, people=service.preflight(asked).will_send)
    assert email.job_id is not None
    return EMAIL.of(email.id), email.job_id
