"""The file above a campaign's message, given to the provider before the first of them is sent, and again when its copy
there grows old: a campaign that was scheduled, paused or recurs sends what was chosen, whenever that was."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Final

from adsapp.campaigns import consequences, ledger
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Channel
from adsapp.integrations.errors import ProviderError, SendError
from adsapp.jobs import Progress, Snooze
from adsapp.message_templates.files import service as files

WAIT_SECONDS: Final = 30.0  # if the provider cannot be reached, or asks to wait and does not say how long


def with_files(
    campaign_id: uuid.UUID, account_id: uuid.UUID, message: CampaignMessage, channel: Channel, progress: Progress
) -> CampaignMessage:
    """The message with the ids by which its files can be sent now. Commits, and waits for the provider.

    Pauses the campaign if there is no file or the provider does not take it; raises Snooze then, or to try again.
    """
    wanted = files.files_in(message.variables)
    if not wanted:
        return message
    try:
        return replace(message, files=files.ids_at_provider(wanted, account_id, channel))
    except files.FileGone as gone:
        why = str(gone)
    except ProviderError as error:
        why = _why_not_taken(error.error)
    with ledger.locked(campaign_id) as campaign:
        if campaign is not None and campaign.status.goes_out:
            consequences.pause_automatically(campaign, why)
        progress.commit()
    raise Snooze(None, f"the campaign is paused: {why}")


def _why_not_taken(error: SendError) -> str:
    if error.is_wait or error.action.sends_again:
        wait = timedelta(seconds=error.retry_after or WAIT_SECONDS)
        raise Snooze(utcnow() + wait, f"the file above its message is not uploaded yet: {error.title or error.message}")
    return f"WhatsApp did not take the file above its message. {error.told_at_last}"
