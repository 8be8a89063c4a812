"""A campaign as what a job works on; light, because every process imports it."""

from adsapp.contacts.ties import Tie, bind
from adsapp.jobs.registry import Subject, SubjectWords, lazy

CAMPAIGN = Subject(
    "campaign",
    plural="campaigns",
    page="/campaigns/{}",
    link="Open the campaign",
    keeps_jobs=True,
    words=SubjectWords(
        if_retried="A campaign sends nothing again to those who got it.",
        if_cancelled="a campaign is over once it is cancelled",
        if_one_cancelled="It cannot be retried: the campaign ends with it, and who has not been sent to is left out.",
        if_resumed="campaigns among them go out",
        if_nothing_fits="A cancelled campaign is over.",
    ),
)

bind(
    Tie(
        "message",
        "In a campaign",
        "Whoever a message was sent to, or will be, stays a contact.",
        lazy("adsapp.campaigns.ledger:is_recipient"),
    )
)
