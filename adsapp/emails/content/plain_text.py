"""An HTML body as somebody reads it who is shown no HTML. Pure.

The library's parser is a browser's, in C: it reads any markup in a time that grows with its length, which the standard
library's does not.
"""

from typing import Final

import turbohtml
from turbohtml import PlainText

_SHAPE: Final = PlainText(links="inline", images=True, table_cell_separator=" | ", bullet="- ")


def plain_text(markup: str) -> str:
    """The text of an HTML body, each link as "text (address)"; "" if nothing of it can be read."""
    return turbohtml.parse(markup).to_text(_SHAPE).strip("\n")
