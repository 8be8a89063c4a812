"""Which placeholders of an e-mail may have no value, and who was left out for it (`outbound.left_out`)."""

from adsapp.emails.content import placeholders
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reasons import MISSING_VARIABLE
from adsapp.message_templates.placeholders import FromAttribute, FromField
from adsapp.outbound.lacking import may_be_empty
from adsapp.outbound.left_out import LeftOut, Variable, source_words


def from_contacts(email: Email) -> dict[str, FromField | FromAttribute]:
    """Where the placeholders that come from contacts have their values, by their names."""
    used = EmailContent(email.subject, email.html, email.text).variables_used
    stored = {name: source for name, source in email.variables.items() if name in used}
    sources = placeholders.parse(used, stored, None)
    return {name: source for name, source in sources.items() if isinstance(source, FromField | FromAttribute)}


def may_lack(email: Email) -> dict[str, Variable]:
    """Those of them that have no fallback."""
    return {
        name: Variable(name, f"{{{{{name}}}}}", source_words(source.name))
        for name, source in from_contacts(email).items()
        if may_be_empty(source)
    }


def left_out(email: Email) -> LeftOut:
    """Those who were left out for that."""
    their = EmailRecipient
    is_left_out = their.status == Status.SKIPPED, their.error_code == MISSING_VARIABLE
    return LeftOut(their, (their.email_id == email.id, *is_left_out))


def lacked(email: Email) -> dict[str, Variable]:
    """Of `may_lack` those that somebody who was left out for it does lack, by their names."""
    return left_out(email).lacked(may_lack(email))
