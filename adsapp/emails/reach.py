"""How many people an e-mail would go to if it went on now: the number that is confirmed before it does."""

from adsapp.emails import queries
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.draft.tally import count, sources_of
from adsapp.emails.models import Email
from adsapp.outbound import audience as audiences


def reach(email: Email) -> int:
    """Those who are still to go, or as long as the audience is not fixed, those whom it has now."""
    if email.frozen_at is not None:
        return queries.counts(email).to_go
    content = EmailContent(email.subject, email.html, email.text, email.variables)
    return count(audiences.from_stored(email.audience), sources_of(content)).will_send
