"""Where text leaves: what a template writes and what the API answers goes through the mask of whoever asks."""

from typing import Any

from flask import Flask, Response, g, has_request_context
from flask.json.provider import DefaultJSONProvider
from jinja2 import pass_environment

from adsapp.core.masks import WHOLE, Mask


def init_leaving(app: Flask) -> None:
    """Attach it."""
    app.jinja_env.finalize = _written
    app.json = _MaskedJson(app)


def current_mask() -> Mask:
    """What whoever makes the request may see; all, outside of a request and for nobody, who is shown nothing."""
    actor = g.get("actor") if has_request_context() else None
    return WHOLE if actor is None else actor.mask


def shown(value: Any) -> Any:
    """A value as it may be shown; markup has gone through here in its pieces."""
    return current_mask().text(value) if type(value) is str else value


@pass_environment  # else what is constant in a template would be masked for all, once, by whoever came first
def _written(_environment: Any, value: Any) -> Any:
    return shown(value)


class _MaskedJson(DefaultJSONProvider):
    """Masks what is answered; other JSON, such as the session's, is nobody's to look at."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer."""
        mask = current_mask()
        answer: Response = super().response(*map(mask.value, args), **mask.value(kwargs))  # type: ignore[assignment]
        return answer
