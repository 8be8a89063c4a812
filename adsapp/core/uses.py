"""Who uses what somebody is about to delete: features further up know it, and the question of one below says so.

`add_pages` names those who are asked. A thing goes by a key, "template:spring/en".
"""

from collections.abc import Callable, Iterator

from flask import Flask, current_app

Asked = Callable[[str], str]  # a sentence about those who use the thing; "" if nobody does


def init_uses(app: Flask, *asked: Asked) -> None:
    """Ask these."""
    app.extensions["adsapp.uses"] = asked


def warnings(key: str) -> Iterator[str]:
    """What is to be said before the thing is deleted."""
    for ask in current_app.extensions["adsapp.uses"]:
        if said := ask(key):
            yield said
