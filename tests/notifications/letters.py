"""A letter of each kind, as it really is."""

from adsapp.notifications.letters import (
    Alert,
    CampaignFinished,
    CampaignPaused,
    Digest,
    ImportFinished,
    Invitation,
    Letter,
    PasswordReset,
)

AT = "https://console.example"
LETTERS: tuple[Letter, ...] = (
    ImportFinished("spring customers.csv", f"{AT}/imports/1", 12_430, 12_001, 400, 29),
    ImportFinished("spring customers.csv", f"{AT}/imports/1", 1, 1, 0, 0, "The file breaks off in line 12."),
    CampaignFinished("Spring opening", f"{AT}/campaigns/1", 9_800, 9_700, 70, 28, 2),
    CampaignPaused("Spring opening", f"{AT}/campaigns/1", "31 % of the messages were not delivered"),
    CampaignPaused("Spring opening", f"{AT}/campaigns/1", "the offer is wrong", "Bob"),
    Invitation("Harbour Bakery", "Alice", f"{AT}/join/abc", 7),
    PasswordReset(f"{AT}/reset/abc", 30),
    Alert("WhatsApp refuses the account", "The access token has expired. Enter another one.", f"{AT}/settings"),
    Alert(
        "3 campaigns and e-mails paused themselves",
        "The access token has expired. Enter another one.",
        f"{AT}/campaigns",
        action="See the campaigns",
        said="It is more by now.",
        since="2026-11-29 06:12 UTC",
        many="3 in all",
        rule="A campaign or an e-mail paused itself",
        things=("“Spring” is paused", "“May” is paused"),
    ),
    Digest("last week", (("Messages sent", "12,430"), ("Opted out", "3")), f"{AT}/"),
    Digest("last week", (), f"{AT}/"),
    Digest(
        "on Monday, 01 March",
        (("Messages sent", "12,430 (11,900 a week before)"),),
        f"{AT}/",
        wrong=("WhatsApp refuses “Main number” (over). The token has expired.",),
        due=("Campaign “Spring” at 09:00",),
        waits=("“May” is paused: 31 % did not arrive",),
    ),
    Digest("on Monday, 01 March", (), f"{AT}/", empty="Nothing went out, nothing failed, nothing waits for you."),
)
