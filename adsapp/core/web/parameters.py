"""The parameters in the query of an API call: each view says which it reads, and any other is refused by its name."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from pydantic import BaseModel

from adsapp.core.errors import FieldError, Invalid

View = TypeVar("View", bound=Callable[..., Any])


def reads(*parameters: str | type[BaseModel]) -> Callable[[View], View]:
    """Mark a view of the API with what it reads of the query: names, or models with a field for each."""
    names = {name for each in parameters for name in ([each] if isinstance(each, str) else each.model_fields)}

    def mark(view: View) -> View:
        view.reads = frozenset(names)  # type: ignore[attr-defined]
        return view

    return mark


def init_parameters(app: Flask) -> None:
    """Attach the check, after the guard: who may not ask is told nothing else."""
    app.before_request(_refuse_unknown)


def _refuse_unknown() -> None:
    if not request.path.startswith("/api/") or request.routing_exception is not None:
        return
    known: frozenset[str] = getattr(current_app.view_functions[request.endpoint or ""], "reads", frozenset())
    unknown = [name for name in request.args if name not in known]
    if unknown:
        there_are = f"there are {', '.join(sorted(known))}" if known else "this call takes none"
        fields = [FieldError(name, f"There is no such parameter; {there_are}") for name in unknown]
        raise Invalid("; ".join(f"{field.field}: {field.message}" for field in fields), fields=fields)
