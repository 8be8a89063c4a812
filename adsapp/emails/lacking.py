"""Which placeholders of an e-mail may have no value, and who was left out for it (`outbound.missing_values`)."""

from adsapp.emails.content.rendering import EmailContent, known_sources
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reasons import MISSING_VARIABLE
from adsapp.integrations.values import clean
from adsapp.message_templates.placeholders import FromAttribute, FromField, source_words
from adsapp.outbound.missing_values import PeopleWithoutValue, Variable, why


def sources_of(email: Email) -> dict[str, FromField | FromAttribute]:
    """Where the placeholders that come from contacts have their values, by their names."""
    sources = known_sources(EmailContent(email.subject, email.html, email.text, email.variables))
    return {name: source for name, source in sources.items() if isinstance(source, FromField | FromAttribute)}


def from_contacts(email: Email) -> dict[str, Variable]:
    """All placeholders that come from contacts, by their names."""
    return {
        name: Variable(name, f"{{{{{name}}}}}", source_words(source.name), clean(source.fallback))
        for name, source in sources_of(email).items()
    }


def people_without_value(email: Email) -> PeopleWithoutValue:
    """Those who were left out for that."""
    their = EmailRecipient
    is_left_out = their.status == Status.SKIPPED, their.error_code == MISSING_VARIABLE
    return PeopleWithoutValue(their, (their.email_id == email.id, *is_left_out))


def lacked(email: Email) -> dict[str, Variable]:
    """The placeholders that somebody who was left out for it does lack, by their names."""
    return people_without_value(email).lacked(from_contacts(email))


def why_left_out(email: Email, skipped: int) -> str:
    """The reason in words; `skipped` people were left out for this or another one."""
    return why(people_without_value(email).named(from_contacts(email), skipped))
