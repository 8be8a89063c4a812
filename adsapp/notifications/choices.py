"""What members can choose to be told, and what they are told if they have chosen nothing."""

from dataclasses import dataclass

from adsapp.notifications.letters import Alert, CampaignFinished, CampaignPaused, Digest, ImportFinished
from adsapp.organizations import policy
from adsapp.organizations.models import Role
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class Choice:
    """One kind of letter, in words; `usual` is the right of those who get it if they have not chosen: None, nobody."""

    kind: str
    title: str
    text: str
    usual: Permission | None

    def is_usual_for(self, role: Role) -> bool:
        return self.usual is not None and policy.allows(role, self.usual)


# Invitations and new passwords are no choice: whoever is meant asked for them, or cannot come in without.
CHOICES = (
    Choice(
        ImportFinished.kind,
        "My import has ended",
        "If it took longer than a minute, or failed.",
        Permission.SEE,
    ),
    Choice(
        CampaignFinished.kind,
        "My campaign has ended",
        "If it took longer than a minute: how many were sent to, failed or were skipped.",
        Permission.SEE,
    ),
    Choice(
        CampaignPaused.kind,
        "My campaign was paused",
        "By itself, or by somebody else, and why. Owners and admins hear of those that a program started.",
        Permission.SEE,
    ),
    Choice(
        Alert.kind,
        "Alerts",
        "Something needs a person: an account is refused, a queue stands still.",
        Permission.ADMINISTER,
    ),
    Choice(
        Digest.kind,
        "Daily digest",
        "What went out, what went wrong, what is due today and what waits for a decision.",
        None,
    ),
)
