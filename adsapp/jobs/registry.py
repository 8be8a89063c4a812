"""Processors: what kinds of job there are. One processor is one file in `huey_tasks/`.

    @dataclass(frozen=True)
    class GreetParams:
        name: str

    @processor("greet", queue=Queue.EMAIL_NOTIFICATION)
    def greet(params: GreetParams, progress: Progress) -> None:
        '''Greet somebody.'''        # the first line is its title in the console

The web process enqueues by name and needs the params class only, so params live with the processor and services
hand over a plain dict.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from adsapp.core.errors import FieldError, Invalid
from adsapp.jobs.models import Job
from adsapp.jobs.progress import Progress
from adsapp.jobs.states import TIMEOUT_SECONDS, Queue
from adsapp.organizations.auditing import By

P = TypeVar("P")
Result = dict[str, Any] | None
Run = Callable[[P, Progress], Result]


class UnknownProcessor(Exception):
    """No processor has this name here: the worker runs older or newer code."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of a job for `GET /api/jobs/ID/items`: what it is about and how it went."""

    key: str
    status: str
    code: str
    message: str


@dataclass(frozen=True)
class Processor:
    """A kind of job: its name, where it runs, how often it is tried and for how long."""

    name: str
    queue: Queue
    title: str
    params: TypeAdapter[Any]
    run: Callable[[Any, Progress], Result]
    attempts: int | None  # None: the setting JOB_ATTEMPTS
    timeout_seconds: int
    routine: bool = False  # the program's own upkeep: lists of jobs leave it out unless it fails
    goes_on: bool = False  # no pause of its queue holds it back, only one of its own kind
    trial: bool = False  # to try the engine with: no page offers it
    over_once_cancelled: str = ""  # why a cancelled job cannot be retried, and what to do; empty where it can

    def parse(self, payload: Mapping[str, Any]) -> Any:
        """The params object; raises Invalid that names each wrong field."""
        try:
            return self.params.validate_python(dict(payload))
        except ValidationError as error:
            fields = [FieldError(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors()]
            names = ", ".join(f"{field.field}: {field.message}" for field in fields)
            raise Invalid(f"The payload does not fit the processor {self.name}: {names}", fields=fields) from None


_processors: dict[str, Processor] = {}


def processor(
    name: str,
    *,
    queue: Queue,
    attempts: int | None = None,
    timeout_seconds: int | None = None,
    routine: bool = False,
    goes_on: bool = False,
    trial: bool = False,
    over_once_cancelled: str = "",
) -> Callable[[Run[P]], Run[P]]:
    """Register a function `(params, progress)` as the processor of jobs of this name.

    `routine` marks upkeep that nobody asked for: lists of jobs leave it out, unless it failed. `goes_on` is for what a
    pause of the queue must not hold back: what people do to jobs, and all routine work (people's STOP comes in by it).
    `trial` is for trying the engine.
    `over_once_cancelled` is for jobs whose subject ends with them: the sentence that is said to those who want to retry
    one.
    """

    def register(run: Run[P]) -> Run[P]:
        if name in _processors:
            raise ValueError(f"two processors are called {name}")
        _processors[name] = Processor(
            name=name,
            queue=queue,
            title=(run.__doc__ or name).strip().splitlines()[0].rstrip("."),
            params=TypeAdapter(_params_class(run)),
            run=run,
            attempts=attempts,
            timeout_seconds=timeout_seconds or TIMEOUT_SECONDS[queue],
            routine=routine,
            goes_on=goes_on or routine,
            trial=trial,
            over_once_cancelled=over_once_cancelled,
        )
        return run

    return register


def get_processor(name: str) -> Processor:
    """The processor of this name; raises UnknownProcessor."""
    try:
        return _processors[name]
    except KeyError:
        known = ", ".join(sorted(_processors)) or "none"
        raise UnknownProcessor(f"No processor is called {name}; known here: {known}") from None


def asked_processor(name: str) -> Processor:
    """As `get_processor`, for a name that somebody typed; raises Invalid."""
    try:
        return get_processor(name)
    except UnknownProcessor as error:
        raise Invalid.field("processor", str(error)) from None


def title_of(name: str) -> str:
    """The kind of job as people read it: its title in quotation marks, or the name of one that is not known here."""
    return f"“{bare_title(name)}”" if name in _processors else name


def bare_title(name: str) -> str:
    """As `title_of`, where it stands alone."""
    known = _processors.get(name)
    return known.title if known else name


def over_once_cancelled(name: str) -> str:
    """Why a cancelled job of this kind cannot be retried; empty where it can."""
    known = _processors.get(name)
    return known.over_once_cancelled if known else ""


def all_over_once_cancelled() -> list[str]:
    """The kinds of job that are over once they are cancelled."""
    return [each.name for each in _processors.values() if each.over_once_cancelled]


def processors() -> Iterator[Processor]:
    """All registered processors."""
    return iter(_processors.values())


def kinds_of(queue: Queue, *, going_on: bool = False) -> dict[str, str]:
    """The kinds of job that stand still while the queue is paused, or those that go on: names with their titles."""
    kinds = [kind for kind in processors() if kind.queue == queue and kind.goes_on == going_on and not kind.trial]
    return {kind.name: kind.title for kind in sorted(kinds, key=lambda kind: kind.title)}


def goes_on(name: str) -> bool:
    """True for a kind of job that a pause of its queue does not hold back."""
    return name in _processors and _processors[name].goes_on


def all_going_on() -> list[str]:
    """The kinds of job that no pause of their queue holds back."""
    return [each.name for each in _processors.values() if each.goes_on]


def _params_class(run: Callable[..., Any]) -> type[Any]:
    hints = typing.get_type_hints(run)
    hints.pop("return", None)
    params: type[Any] = next(iter(hints.values()))
    if not dataclasses.is_dataclass(params):
        raise TypeError(f"{run.__name__} should take a frozen dataclass as its first argument")
    return params


Hook = Callable[[Job, By], None]


_hooks: dict[str, Hook] = {}


def when_cancelled(processor: str, hook: Hook) -> None:
    """Call `hook(job, by)` in the transaction that cancels a waiting or delayed job of this processor."""
    _hooks[processor] = hook


def is_told(processor: str) -> bool:
    """True where a feature wants to know."""
    return processor in _hooks


def tell_cancelled(job: Job, by: By) -> None:
    """The job was cancelled without running."""
    if is_told(job.processor):
        _hooks[job.processor](job, by)
