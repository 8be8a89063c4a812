"""How many people a campaign would message if it went on now: the number that is confirmed before it does."""

from adsapp.campaigns import queries
from adsapp.campaigns.compose.draft import Message
from adsapp.campaigns.compose.tally import count
from adsapp.campaigns.models import Campaign
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import parse_sources
from adsapp.outbound import audience as audiences


def reach(campaign: Campaign) -> int:
    """Exactly: those who are still to go, or as long as the audience is not fixed, those whom it has now."""
    if campaign.frozen_at is not None:
        return queries.counts(campaign).to_go
    return count(audiences.from_stored(campaign.audience), message_of(campaign)).will_send


def message_of(campaign: Campaign) -> Message:
    """What it sends, as drafts have it."""
    if campaign.text is not None:
        return Message(None, None, {}, campaign.text)
    shape = view(campaign.components, campaign.parameter_format)
    return Message(None, shape, parse_sources(shape, campaign.variables), None)
