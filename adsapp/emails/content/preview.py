"""An e-mail to look at inside a page of ours, without trust in anything it says. Pure.

The document goes into `<iframe sandbox src="…">` and is served with `HEADERS`. The browser is told three times that
nothing runs and nothing is fetched: by the frame's sandbox, by the header, and by the policy that the document begins
with, which also holds if it is saved, or shown by `srcdoc`. (By `srcdoc` it has the policy of the page around it too,
and ours allows no styles in the markup, so it looks bare there.)
"""

import html
from typing import Final

from adsapp.emails.content.rendering import RenderedEmail

SANDBOX: Final = ""  # the attribute's value: nothing is allowed, no scripts, forms, windows, or our origin
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "font-src data:",
        "form-action 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'self'; sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}
_PAPER = "<style>html{background:#fff;color:#111;font-family:sans-serif}body{margin:1rem}</style>"


def preview_document(rendered: RenderedEmail) -> str:
    """A whole HTML document: the HTML body, or the text if there is none.

    Our policy comes first. The e-mail's own doctype, html and head are then no more than what a browser passes over.
    """
    body = rendered.html or f'<pre style="white-space:pre-wrap;font:inherit">{html.escape(rendered.text)}</pre>'
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
    head = f'<!doctype html><html><head><meta charset="utf-8">{policy}<meta name="referrer" content="no-referrer">'
    return f"{head}{_PAPER}</head>{body}"
