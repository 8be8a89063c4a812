"""Kinds of job: each is declared once, by its processor, one file in `huey_tasks/`.

    @dataclass(frozen=True)
    class GreetParams:
        name: str

    @processor("greet", queue=Queue.EMAIL_NOTIFICATION)
    def greet(params: GreetParams, progress: Progress) -> None:
        '''Greet somebody.'''        # the first line is its title in the console

Everything the job engine, its pages and its API know of a kind of job stands in that one declaration: what its jobs
work on (`subject`), how their items are read (`items`), what is done when one is cancelled (`on_cancel`), who may let
one run (`needs`) and how many people it messages (`reach`). Hooks are `lazy`, so that a process knows every kind
without holding the code behind it.

The web process enqueues by name and needs the params class only, so params live with the processor and services
hand over a plain dict.
"""

import dataclasses
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from adsapp.core.crypto import UnreadableSecret
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.pagination import Page
from adsapp.jobs.models import Job
from adsapp.jobs.progress import Progress
from adsapp.jobs.states import TIMEOUT_SECONDS, Priority, Queue
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission

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


# (job, status or "", cursor or "", limit) -> the rows and the cursor of the next page
ItemSource = Callable[[Job, str, str, int], Page[ItemRow]]
# What a job's figures are figures of, in sentences; "" if nothing needs to be said.
CountsHook = Callable[[Job], str]
# Called in the transaction that cancels a job that is not running.
CancelHook = Callable[[Job, By], None]
# Called in the transaction in which a person lets a job begin: again, or before its time (`begin` retry or run).
BeginHook = Callable[[Job, By, str], None]
# How many people get a message if these jobs begin now; exact, as it is asked about before they do.
ReachHook = Callable[[Sequence[Job]], int]
# What right it takes to let a job of these params run: for kinds that do now this, now that.
NeedsHook = Callable[[Any], Permission]


# What a schedule asks a kind of job that can recur; see `Recurring`.
CheckHook = Callable[[Mapping[str, Any]], dict[str, Any]]
WordsHook = Callable[[Mapping[str, Any]], str]
ChoicesHook = Callable[[], Sequence[tuple[str, str]]]
DefineHook = Callable[[str], dict[str, Any]]
NarrowHook = Callable[[Mapping[str, Any], int], dict[str, Any]]
AsksHook = Callable[[Mapping[str, Any] | None], Sequence["Asked"]]
FillHook = Callable[[Mapping[str, Any], Mapping[str, str], Mapping[str, Any]], dict[str, Any]]
UsesHook = Callable[[Mapping[str, Any]], Sequence[str]]
ShownHook = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that the form of a schedule has for one kind alone."""

    name: str
    label: str
    help: str
    example: str


@dataclass(frozen=True)
class Lazy:
    """A function that is imported when it is first called: see `lazy`."""

    module: str
    name: str

    def load(self) -> Callable[..., Any]:
        """Import it; raises ImportError or AttributeError if there is no such function."""
        function: Callable[..., Any] = getattr(import_module(self.module), self.name)
        return function

    def __call__(self, *args: Any) -> Any:
        return self.load()(*args)


def lazy(path: str) -> Lazy:
    """A hook by its "module:function"."""
    module, _, name = path.partition(":")
    return Lazy(module, name)


@dataclass(frozen=True, kw_only=True)
class SubjectWords:
    """What the questions before many jobs are changed add about a subject; empty if there is nothing to add."""

    if_retried: str = ""  # a sentence
    if_cancelled: str = ""  # a clause after "; "
    if_one_cancelled: str = ""  # a sentence about a job that cannot be retried afterwards
    if_resumed: str = ""  # a clause after ": "
    if_nothing_fits: str = ""  # a sentence


@dataclass(frozen=True)
class Subject:
    """A kind of thing that jobs work on; `Job.subject` is its key and the id of one, "key:id"."""

    key: str
    plural: str
    page: str  # its path, with {} for the id
    link: str  # what the link to that page says
    keeps_jobs: bool = False  # the jobs are kept as long as what they work on, whatever their age
    words: SubjectWords = SubjectWords()

    def of(self, subject_id: uuid.UUID | str) -> str:
        """The value of `Job.subject`."""
        return f"{self.key}:{subject_id}"

    def id_of(self, subject: str | None) -> str:
        """The id in a job's subject of this kind: what `of` put there; "" if there is none."""
        return (subject or "").removeprefix(f"{self.key}:")

    def path(self, subject_id: uuid.UUID | str) -> str:
        """The page of this one."""
        return self.page.format(subject_id)


@dataclass(frozen=True, kw_only=True)
class Recurring:
    """What makes a kind of job one that schedules can start, again and again.

    - `what`: what each run is, for a list to choose from: “An e-mail”.
    - `check`: the params as they are kept, for params that somebody gives; raises Invalid, each field by its name.
    - `words`: what a run of these params does, in a sentence. They were checked once, and what they name may be gone.
    - `choices`: what a form offers to be done again, values with their words; `define`: the params of such a value.
    - `narrow`: the same params without people who got a message in so many hours, for kinds that can leave them out.
    - `asks`: what that form asks besides, for the params of now, None for a new one; `fill`: params with what was typed
      there, given the params of now.
    - `uses`: the keys of things that a run cannot do without (`core.uses`).
    - `shown`: the params as people and programs may see them, for kinds that have secrets in them.
    - `chooses`: what that form asks, `nothing_yet`: what is said if there is nothing to choose.
    """

    what: str
    check: CheckHook
    words: WordsHook
    choices: ChoicesHook
    define: DefineHook
    chooses: str
    nothing_yet: str
    narrow: NarrowHook | None = None
    asks: AsksHook | None = None
    fill: FillHook | None = None
    shown: ShownHook | None = None
    uses: UsesHook | None = None
    priority: int = Priority.NORMAL


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What every process may ask about a kind of job, whether it knows its processor or not."""

    name: str
    title: str
    internal: bool = False  # the program's own upkeep: lists of jobs leave it out unless it fails
    ignores_pause: bool = False  # no pause of its queue holds it back, only one of its own kind
    demo_only: bool = False  # to try the engine with: no page offers it
    final_if_cancelled: str = ""  # why a cancelled job cannot be retried, and what to do instead; empty if it can
    subject: Subject | None = None
    items: ItemSource | None = None  # None: its items are those it recorded itself
    counts: CountsHook | None = None  # None: its figures need no words
    on_cancel: CancelHook | None = None
    on_begin: BeginHook | None = None
    reach: ReachHook | None = None  # None: it messages nobody
    recurs: Recurring | None = None  # None: no schedule starts it

    def what_it_counts(self, job: Job) -> str:
        """What the figures of this job are figures of, in sentences; "" if nothing needs to be said."""
        return self.counts(job) if self.counts else ""

    def needed_for(self, job: Job) -> Permission:
        """The right to let this job run again or before its time: the one that it takes to ask for such a job."""
        return Permission.MANAGE

    @property
    def quoted_title(self) -> str:
        """The title inside a sentence."""
        return f"“{self.title}”"


@dataclass(frozen=True, kw_only=True)
class Unknown(Kind):
    """A kind of job whose processor is not known here; it goes by its name."""

    @property
    def quoted_title(self) -> str:
        """The name, without quotation marks: it is none that people gave."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Processor(Kind):
    """A kind of job and how it is run: where, how often it is tried and for how long."""

    queue: Queue
    params: TypeAdapter[Any]
    run: Callable[[Any, Progress], Result]
    attempts: int | None  # None: the setting JOB_ATTEMPTS
    timeout_seconds: int
    needs: Permission | NeedsHook

    def needed_for(self, job: Job) -> Permission:
        """As the kind declares; if it depends on the params and those cannot be read, the right to manage."""
        if isinstance(self.needs, Permission):
            return self.needs
        try:
            return self.needs(self.parse(job.payload.open()))
        except (UnreadableSecret, Invalid):
            return Permission.MANAGE

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
    internal: bool = False,
    ignores_pause: bool = False,
    demo_only: bool = False,
    final_if_cancelled: str = "",
    subject: Subject | None = None,
    items: ItemSource | None = None,
    counts: CountsHook | None = None,
    on_cancel: CancelHook | None = None,
    on_begin: BeginHook | None = None,
    reach: ReachHook | None = None,
    recurs: Recurring | None = None,
    needs: Permission | NeedsHook = Permission.MANAGE,
) -> Callable[[Run[P]], Run[P]]:
    """Register a function `(params, progress)` as the processor of jobs of this name.

    - `internal`: upkeep that nobody asked for. Lists of jobs leave it out, unless it failed.
    - `ignores_pause`: for what a pause of the queue must not hold back. What people do to jobs is so, and all internal
      work (people's STOP comes in by it).
    - `demo_only`: to try the engine with.
    - `final_if_cancelled`: for jobs whose subject ends with them, what is said to those who want to retry one.
    - `subject`, `items`, `on_cancel`: what its jobs work on, whose rows are their items, and what else is done when one
      is cancelled that is not running.
    - `counts`: what the figures of one of its jobs are figures of, if they need words.
    - `needs`: the right to ask for such a job. Whoever lets one run again or before its time has to have it too.
    - `reach`: how many people some of its jobs would message, for kinds that message people: that number is confirmed
      before a person lets one run. `on_begin`: what else is done then.
    - `recurs`: for kinds that a schedule can start.
    """

    def register(run: Run[P]) -> Run[P]:
        if name in _processors:
            raise ValueError(f"two processors are called {name}")
        _processors[name] = Processor(
            name=name,
            title=(run.__doc__ or name).strip().splitlines()[0].rstrip("."),
            internal=internal,
            ignores_pause=ignores_pause or internal,
            demo_only=demo_only,
            final_if_cancelled=final_if_cancelled,
            subject=subject,
            items=items,
            counts=counts,
            on_cancel=on_cancel,
            on_begin=on_begin,
            reach=reach,
            recurs=recurs,
            needs=needs,
            queue=queue,
            params=TypeAdapter(_params_class(run)),
            run=run,
            attempts=attempts,
            timeout_seconds=timeout_seconds or TIMEOUT_SECONDS[queue],
        )
        return run

    return register


def _params_class(run: Callable[..., Any]) -> type[Any]:
    hints = typing.get_type_hints(run)
    hints.pop("return", None)
    params: type[Any] = next(iter(hints.values()))
    if not dataclasses.is_dataclass(params):
        raise TypeError(f"{run.__name__} should take a frozen dataclass as its first argument")
    return params


def kind(name: str) -> Kind:
    """The kind of job of this name; one that is not known here is `Unknown`."""
    return _processors.get(name) or Unknown(name=name, title=name)


def get_processor(name: str) -> Processor:
    """The processor of this name; raises UnknownProcessor."""
    try:
        return _processors[name]
    except KeyError:
        known = ", ".join(sorted(_processors)) or "none"
        raise UnknownProcessor(f"No processor is called {name}; known here: {known}") from None


def require_processor(name: str) -> Processor:
    """The processor whose name somebody typed; raises Invalid."""
    try:
        return get_processor(name)
    except UnknownProcessor as error:
        raise Invalid.field("processor", str(error)) from None


def processors() -> Iterator[Processor]:
    """All registered processors."""
    return iter(_processors.values())


def recurring() -> dict[str, Processor]:
    """The kinds of job that schedules can start, by name, in the order of the alphabet."""
    return {each.name: each for each in sorted(processors(), key=lambda each: each.name) if each.recurs}


def subjects(queue: Queue | None = None) -> dict[str, Subject]:
    """What jobs work on, by key: those of all queues, or of one."""
    return {each.subject.key: each.subject for each in processors() if each.subject and queue in (None, each.queue)}


def messaging() -> list[str]:
    """The kinds of job that message people."""
    return [each.name for each in processors() if each.reach]


def unpausable() -> list[str]:
    """The kinds of job that no pause of their queue holds back."""
    return [each.name for each in processors() if each.ignores_pause]


def kinds_of(queue: Queue, *, ignoring_pause: bool = False) -> dict[str, str]:
    """The kinds of job that a pause of the queue holds back, or those that ignore it: names with their titles."""
    found = [each for each in processors() if each.queue == queue and each.ignores_pause == ignoring_pause]
    return {each.name: each.title for each in sorted(found, key=lambda each: each.title) if not each.demo_only}
