"""Addresses of pages, made once: a page names some fifty, and most of them are the same on every page."""

from functools import lru_cache

import flask


def url_for(endpoint: str, **values: object) -> str:
    """As Flask's, within a request, for values that are kept as keys: words, numbers, ids."""
    return _made(flask.request.script_root, endpoint, **values)


@lru_cache(maxsize=4_096, typed=True)
def _made(_script_root: str, endpoint: str, **values: object) -> str:
    return flask.url_for(endpoint, **values)  # type: ignore[arg-type]  # its named options are none of ours
