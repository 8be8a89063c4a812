"""Traces: what one click led to, from the request over its jobs to the provider and back, as spans for OpenTelemetry.

A span has a name, when it began and ended, and a few facts: routes, kinds of job, counts, statuses, ids of ours. Never
what people entered. While OTEL_EXPORTER_OTLP_ENDPOINT is not set, which is the default, a span costs a look at an
attribute, and the library behind it, which is an extra, need not be there.

Spans go to the collector from a thread of their own, in batches. What does not fit into its queue is dropped, so a
collector that is slow, hangs or is away delays nothing.
"""

import atexit
import os
import socket
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from adsapp.config import VERSION, Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Link, SpanContext

ROOM: Final = 100  # spans that `record` adds to one span, and as many again that failed: more nobody can look at
LAST_WORDS_SECONDS: Final = 2.0  # what the collector gets when a process ends
EXPORT_SECONDS: Final = 5.0  # for one batch

About = Mapping[str, str | int | float | bool]


class Kind(StrEnum):
    """What a span is between two programs, or two processes of ours."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"


class Span:
    """Something that takes time. As a context: what is begun within belongs to it. This one does nothing."""

    carried: str | None = None  # what makes others, elsewhere and later, belong to it (W3C's traceparent)

    def tell(self, about: About) -> None:
        """Facts that are known only now."""

    def fail(self, why: str) -> None:
        """It went wrong; `why` is a code or the name of a class, never a text."""

    def follow(self, carried: str | None) -> None:
        """Something of another trace led to it too."""

    def end(self, at: int | None = None) -> None:
        """It is over; one that is never ended is not told of. `at`: nanoseconds, now by default."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        return None


NOTHING: Final = Span()


class _Told(Span):
    """One that is told of."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.room = {False: ROOM, True: ROOM}  # for what goes well, and for what fails
        self._before: Span | None = None

    @property
    def carried(self) -> str:  # type: ignore[override]  # which is made when it is asked for
        """See Span."""
        context = self.real.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def tell(self, about: About) -> None:
        self.real.set_attributes(about)

    def fail(self, why: str) -> None:
        from opentelemetry.trace import StatusCode

        self.real.set_attribute("error.type", why)
        self.real.set_status(StatusCode.ERROR)

    def follow(self, carried: str | None) -> None:
        if (context := _read(carried)) is not None:
            self.real.add_link(context)

    def end(self, at: int | None = None) -> None:
        self.real.end(at)

    def __enter__(self) -> Self:
        self._before = _current.get()
        _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        _current.set(self._before)
        if kind is not None:
            self.fail(kind.__name__)
        self.end()


_current: ContextVar[Span | None] = ContextVar("span", default=None)


@dataclass
class _State:
    provider: "TracerProvider | None" = None
    tracer: Any = None  # None while traces are off


_state = _State()


def turn_on(settings: Settings, service: str) -> None:
    """Tell the collector of this process from here on, if one is set."""
    if not settings.otel_exporter_otlp_endpoint or _state.provider is not None:
        return
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider

    ours = Resource(
        {
            "service.name": service,
            "service.version": VERSION,
            "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        }
    )
    told = OTELResourceDetector().detect()  # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word
    _state.provider = TracerProvider(resource=ours.merge(told), shutdown_on_exit=False)
    _state.provider.add_span_processor(_batches(settings.otel_exporter_otlp_endpoint))
    _state.tracer = _state.provider.get_tracer("adsapp", VERSION)
    atexit.register(turn_off)


def _batches(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    class Batches(BatchSpanProcessor):
        """Says its last words in a moment: a collector that hangs does not keep a process that wants to end."""

        def shutdown(self) -> None:
            self._batch_processor.shutdown(timeout_millis=int(LAST_WORDS_SECONDS * 1000))

    return Batches(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS))


def turn_off() -> None:
    """Send what is there, if the collector takes it at once, and tell nothing more."""
    provider, _state.provider, _state.tracer = _state.provider, None, None
    if provider is not None:
        provider.shutdown()


def is_on() -> bool:
    """Whether this process tells of what it does."""
    return _state.tracer is not None


def flush() -> None:
    """Send what is there now."""
    if _state.provider is not None:
        _state.provider.force_flush()


def span(
    name: str,
    about: About | None = None,
    *,
    kind: Kind = Kind.INTERNAL,
    parent: str | None = None,
    links: Iterable[str | None] = (),
    began: int | None = None,
) -> Span:
    """Begin one; part of `parent` (what another one `carried`), else of the one that this thread is in, else the
    first of a new trace. Use it as a context, or end it yourself. It begins now if it has not `began` before."""
    if _state.tracer is None:
        return NOTHING
    return _Told(_begin(name, about, kind, parent, links, began))


def record(
    name: str,
    began: int,
    about: About,
    *,
    kind: Kind = Kind.INTERNAL,
    failed: str = "",
) -> None:
    """Something that has just ended, and began at `now()`; part of the span that this thread is in, which has room for
    so many of them only. `failed` says why, if it did."""
    if _state.tracer is None:
        return
    inside = _current.get()
    if isinstance(inside, _Told):
        if not inside.room[bool(failed)]:
            return
        inside.room[bool(failed)] -= 1
    made = _Told(_begin(name, about, kind, began=began))
    if failed:
        made.fail(failed)
    made.end()


def now() -> int:
    """For `record`: nanoseconds; 0 while traces are off."""
    return time.time_ns() if _state.tracer is not None else 0


def current() -> Span:
    """The one that this thread is in."""
    return _current.get() or NOTHING


def enter(inside: Span) -> None:
    """What this thread begins from here on belongs to this one, until `leave`: where no `with` can be written."""
    if inside is not NOTHING:
        _current.set(inside)


def leave() -> None:
    """This thread is in none any more."""
    if _state.tracer is not None:
        _current.set(None)


def carried() -> str | None:
    """What makes jobs that are added now belong to what happens here; None if nothing is told."""
    return current().carried


def _begin(
    name: str,
    about: About | None,
    kind: Kind,
    parent: str | None = None,
    links: Iterable[str | None] = (),
    began: int | None = None,
) -> Any:
    from opentelemetry import trace
    from opentelemetry.context import Context

    inside = _current.get()
    context = Context()
    if (far := _read(parent)) is not None:
        context = trace.set_span_in_context(trace.NonRecordingSpan(far), context)
    elif isinstance(inside, _Told):
        context = trace.set_span_in_context(inside.real, context)
    return _state.tracer.start_span(name, context, trace.SpanKind[kind.value], about, _links(links), start_time=began)


def _links(carried: Iterable[str | None]) -> "list[Link]":
    from opentelemetry.trace import Link

    return [Link(context) for each in carried if (context := _read(each)) is not None]


def _read(carried: str | None) -> "SpanContext | None":
    """None for what is no traceparent of version 00."""
    from opentelemetry.trace import SpanContext, TraceFlags

    parts = (carried or "").split("-")
    if [len(part) for part in parts] != [2, 32, 16, 2] or parts[0] != "00":
        return None
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:])
    except ValueError:
        return None
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None
