"""A campaign that goes out again and again: a new one at each run, whose audience is frozen anew.

The params are what `POST /api/campaigns` takes, without a time.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from adsapp.campaigns import queries, service
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import db
from adsapp.jobs import Job
from adsapp.organizations.auditing import By
from adsapp.outbound.audience import NOT_WITHIN, refuse_to_recur
from adsapp.outbound.audience import uses as uses_of_audience
from adsapp.outbound.whom import audience_words

CHOICES = 50


def check(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params with nothing wrong in them; raises Invalid as a campaign's draft does."""
    asked = campaign_in(params)
    refuse_to_recur(asked.audience)
    checked = draft.check(asked)
    return {
        "name": checked.name,
        "template": {"name": asked.template_name, "language": asked.template_language} if asked.template_name else None,
        "text": asked.text,
        "variables": checked.message.variables,
        "audience": dict(checked.audience.spec),
        "priority": asked.priority,
    }


def campaign_in(params: Mapping[str, Any]) -> CampaignIn:
    """The campaign as a person would ask for it now."""
    template = params.get("template") or {}
    return CampaignIn(
        name=params.get("name") or "",
        template_name=template.get("name", ""),
        template_language=template.get("language", ""),
        variables=params.get("variables") or {},
        audience=params.get("audience") or {},
        text=params.get("text"),
        priority=params.get("priority"),
    )


def words(params: Mapping[str, Any]) -> str:
    """What a run does, in a sentence."""
    asked = campaign_in(params)
    what = f"the template “{asked.template_name}” ({asked.template_language})" if asked.template_name else "a text"
    return f"Sends {what} to {audience_words(asked.audience)}, as a new campaign each time."


def uses(params: Mapping[str, Any]) -> list[str]:
    """Its template, and what its audience is made of."""
    asked = campaign_in(params)
    template = [f"template:{asked.template_name}/{asked.template_language}"] if asked.template_name else []
    return [*template, *uses_of_audience(asked.audience)]


def choices() -> Sequence[tuple[str, str]]:
    """Campaigns that can be done again, newest first: not those to the people of a trial."""
    found = db.session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(CHOICES))
    again = [each for each in found if not each.audience.get("rendering_id")]
    return [(str(each.id), f"{each.name} · {each.template_name or 'a text'}") for each in again]


def define(value: str) -> dict[str, Any]:
    """The params that make this campaign again; raises NotFound."""
    campaign = queries.get_campaign(value)
    template = {"name": campaign.template_name, "language": campaign.template_language}
    return {
        "name": campaign.name,
        "template": template if campaign.template_name else None,
        "text": campaign.text,
        "variables": campaign.variables,
        "audience": campaign.audience,
        "priority": None,
    }


def narrow(params: Mapping[str, Any], hours: int) -> dict[str, Any]:
    """The same without those who got a campaign in so many hours before a run; 0: with them."""
    audience = {name: value for name, value in params["audience"].items() if name != NOT_WITHIN}
    return {**params, "audience": audience | ({NOT_WITHIN: hours} if hours else {})}


def people_reached(jobs: Sequence[Job]) -> int:
    """How many people get it if these begin now."""
    return sum(service.preflight(campaign_in(job.payload.open())).will_send for job in jobs)


def start(params: Mapping[str, Any], by: By, label: str) -> tuple[str, uuid.UUID]:
    """Start it once more, under its name with a label; its subject and its job. Raises as `create_campaign` does: a
    template that was deleted since is one of the reasons."""
    asked = campaign_in(params)
    refuse_to_recur(asked.audience)
    asked = campaign_in({**params, "name": f"{asked.name[: draft.LONGEST_NAME - len(label) - 3]} · {label}"})
    people = service.preflight(asked).will_send
    campaign = service.create_campaign(asked, by.name, user_id=by.user_id, people=people)
    assert campaign.job_id is not None
    return CAMPAIGN.of(campaign.id), campaign.job_id
