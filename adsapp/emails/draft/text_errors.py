"""What is wrong with the text of an e-mail, whether it is a template's or one of its own. Pure."""

from collections.abc import Iterator
from typing import Final

from adsapp.core.errors import FieldError
from adsapp.emails.content.rendering import EmailContent

LONGEST_SUBJECT: Final = 998  # characters of a header's line (RFC 5322, 2.1.1)
LONGEST_BODY: Final = 1_000_000  # mail programs cut an e-mail off long before


def content_errors(content: EmailContent) -> Iterator[FieldError]:
    """Each mistake of a subject and its bodies, at its place."""
    subject = content.subject.strip()
    if not subject:
        yield FieldError("subject", "Write a subject")
    elif len(subject) > LONGEST_SUBJECT:
        yield FieldError("subject", f"The subject has {len(subject):,} characters; {LONGEST_SUBJECT} are allowed")
    elif any(not char.isprintable() for char in subject):
        yield FieldError("subject", "The subject should be one line, without line breaks or control characters")
    if not content.html.strip() and not content.text.strip():
        yield FieldError("html", "Write what the e-mail says: HTML, plain text, or both")
    for name, body in (("html", content.html), ("text", content.text)):
        if len(body) > LONGEST_BODY:
            told = f"The {'HTML' if name == 'html' else 'text'} has {len(body):,} characters; {LONGEST_BODY:,} are "
            yield FieldError(name, f"{told}allowed. Link to pictures and files rather than putting them in")
