"""What happened to a campaign: a line on its page, and in the audit if a person did it."""

from adsapp.campaigns.models import Campaign, CampaignEvent
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import db
from adsapp.core.logs import get_logger
from adsapp.organizations.auditing import By

log = get_logger()


def record(
    campaign: Campaign, text: str, by: str = "", *, action: str = "", reason: str = "", **details: object
) -> None:
    """Add a line to what happened; with `action`, what `by` did goes into the audit too, with what of its details is
    known (not None)."""
    db.session.add(CampaignEvent(organization_id=campaign.organization_id, campaign_id=campaign.id, text=text, by=by))
    _tell(campaign, action or text.partition(":")[0])  # behind the colon may stand what a person wrote
    known = {name: value for name, value in details.items() if value is not None}
    if action and by:
        By(by, reason).audit(action, CAMPAIGN.of(campaign.id), title=campaign.name, **known)


def _tell(campaign: Campaign, what: str) -> None:
    about = {"campaign_id": str(campaign.id), "organization": str(campaign.organization_id)}
    status = campaign.status.value if campaign.status else None
    db.after_commit(lambda: log.info("campaign", what=what, status=status, **about))
