"""What the audit's actions, and the kinds of things they are done to, are called.

Those on jobs have all their words in one table, `jobs.labels`.
"""

from collections.abc import Mapping

from adsapp.core.db.searching import search_key
from adsapp.jobs.labels import ACTION_WORDS

ACTIONS: Mapping[str, str] = {
    "retry job": ACTION_WORDS["retry"].noted_one,
    "cancel job": ACTION_WORDS["cancel"].noted_one,
    **{f"{action} jobs": words.noted for action, words in ACTION_WORDS.items()},
    "run job now": "Told a job to run now",
    "change job priority": ACTION_WORDS["prioritize"].noted_one,
    "pause queue": "Paused a queue",
    "resume queue": "Resumed a queue",
    "change queue limits": "Changed the limits of a queue",
    "drain worker": "Drained a worker",
    "start campaign": "Started a campaign",
    "schedule campaign": "Scheduled a campaign",
    "change campaign": "Changed a campaign before its start",
    "move campaign": "Moved a campaign to another time",
    "send to left out": "Sent to people who had been left out",
    "pause campaign": "Paused a campaign",
    "resume campaign": "Resumed a campaign",
    "cancel campaign": "Cancelled a campaign",
    "send failed again": "Sent failed messages again",
    "send uncertain again": "Sent uncertain messages again",
    "assume delivered": "Took uncertain messages as delivered",
    "start e-mail": "Sent an e-mail",
    "schedule e-mail": "Scheduled an e-mail",
    "pause e-mail": "Paused an e-mail",
    "resume e-mail": "Resumed an e-mail",
    "cancel e-mail": "Cancelled an e-mail",
    "send failed e-mails again": "Sent failed e-mails again",
    "send uncertain e-mails again": "Sent uncertain e-mails again",
    "assume e-mails delivered": "Took uncertain e-mails as delivered",
    "try import": "Tried an import",
    "start import": "Started an import",
    "undo import": "Undid an import",
    "add contact": "Added a contact",
    "change contact": "Changed a contact",
    "opt out contact": "Opted a contact out",
    "opt in contact": "Opted a contact in again",
    "sync templates": "Asked for the templates",
    "submit template": "Submitted a template for review",
    "change template": "Submitted a change of a template",
    "delete template": "Deleted a template",
    "try template": "Tried a template on people",
    "export trial": "Exported what a template reads like",
    "add member": "Added a member",
    "change role": "Changed a member's role",
    "remove member": "Removed a member",
    "reset password": "Gave a member another password",
    "make token": "Made a token",
    "revoke token": "Revoked a token",
    "sign in": "Signed in",
    "sign out": "Signed out",
    "enter": "Came over from another organization",
    "end session": "Signed a member out",
    "export activity": "Exported the activity",
    "export contacts": "Exported contacts",
    "export people": "Exported the people of a campaign",
    "export refused rows": "Exported the refused rows of an import",
    "connect WhatsApp number": "Connected a WhatsApp number",
    "change WhatsApp number": "Changed a WhatsApp number",
    "check WhatsApp number": "Checked a WhatsApp number",
    "connect e-mail account": "Connected an e-mail account",
    "change e-mail account": "Changed an e-mail account",
    "check e-mail account": "Checked an e-mail account",
    "remove e-mail account": "Removed an e-mail account",
    "add email template": "Added an e-mail template",
    "change email template": "Changed an e-mail template",
    "delete email template": "Deleted an e-mail template",
    "choose notifications": "Chose what a member is told",
    "export people of e-mail": "Exported the people of an e-mail",
    "suppress addresses": "Let addresses get no more e-mail",
    "release address": "Let an address get e-mail again",
    "set contact gap": "Changed for how long it is said who got a campaign",
}

KINDS: Mapping[str, str] = {
    "job": "Jobs",
    "campaign": "Campaigns",
    "email": "E-mails",
    "import": "Imports",
    "template": "Templates",
    "rendering": "Trials of templates",
    "contact": "Contacts",
    "queue": "Queues",
    "worker": "Workers",
    "account": "WhatsApp numbers",
    "email_account": "E-mail accounts",
    "email_template": "E-mail templates",
    "suppressions": "Suppressions",
    "member": "Members",
    "session": "Sign-ins",
    "token": "Tokens",
    "organization": "Organization",
}

LIMITS = {"at_once": "at once", "per_minute": "a minute", "waiting": "waiting"}
FIELDS = {
    "name": "name",
    "waba_id": "business account id",
    "messages_per_second": "messages a second",
    "token": "access token",
    "app_secret": "app secret",
    "verify_token": "verify token",
    "api_key": "API key",
    "sender_name": "sender's name",
    "sender_address": "sender's address",
    "reply_to": "reply address",
    "emails_per_second": "e-mails a second",
    "batch_size": "e-mails in one request",
    "tracks_opens": "tracking of opens",
    "tracks_clicks": "tracking of clicks",
    "webhook_secret": "signing secret",
    "subject": "subject",
    "html": "HTML",
    "text": "plain text",
    "variables": "variables",
}


def action_words(action: str) -> str:
    """An action as people read it."""
    return ACTIONS.get(action, action.capitalize())


def actions_with(text: str) -> list[str]:
    """The actions whose words have this text in them."""
    wanted = search_key(text)
    return [action for action, words in ACTIONS.items() if wanted in search_key(words)]
