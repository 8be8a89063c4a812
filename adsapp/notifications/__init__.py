"""Mail to our own users: what features need to tell them something.

    from adsapp.notifications import CampaignFinished, tell

A letter (`letters`) is what is told, with all it needs; it is kept with the job that sends it, so it says what was
true when it happened. `service` finds out who wants it and enqueues one job a person, in the caller's transaction. The
job renders (`rendering`) and hands over (`outgoing`): to Resend, to a mail server, or to the log.
"""

from adsapp.notifications.letters import (
    Alert,
    CampaignFinished,
    CampaignPaused,
    Digest,
    ImportFinished,
    Invitation,
    PasswordReset,
)
from adsapp.notifications.service import tell, tell_administrators, write_to

__all__ = [
    "Alert",
    "CampaignFinished",
    "CampaignPaused",
    "Digest",
    "ImportFinished",
    "Invitation",
    "PasswordReset",
    "tell",
    "tell_administrators",
    "write_to",
]
