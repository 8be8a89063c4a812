"""Figures of this process for Prometheus: counted as things happen, read when somebody asks.

Features declare what they count (`counter`, `histogram`, `gauge`) where they count it. While nobody wants figures,
which is the default, to count costs a look at an attribute, and the library behind it is not loaded.

Where several processes share one port (the web's, WEB_PROCESSES) each writes into a file of its own under
PROMETHEUS_MULTIPROC_DIR, and whichever is asked adds the files up.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from adsapp.config import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
LONG_SECONDS: Final = (0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)


@dataclass(eq=False)
class Instrument:
    """One metric: its name, what it says, and the labels that divide it."""

    kind: str
    name: str
    help: str
    labels: Sequence[str]
    buckets: Sequence[float] = ()
    real: Any = field(default=None, init=False)  # None while figures are off
    _divided: dict[tuple[tuple[str, str], ...], Any] = field(default_factory=dict, init=False)

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """So many more; for counters."""
        if self.real is not None and amount:
            self._of(labels).inc(amount)

    def observe(self, value: float, /, **labels: str) -> None:
        """One more of this size; for histograms."""
        if self.real is not None:
            self._of(labels).observe(value)

    def observe_all(self, values: Sequence[float], /, **labels: str) -> None:
        """One more of each of these sizes."""
        if self.real is not None and values:
            observe = self._of(labels).observe
            for value in values:
                observe(value)

    def use(self, real: Any) -> None:
        """Count in this from here on; None: nowhere."""
        self.real, self._divided = real, {}

    def _of(self, labels: dict[str, str]) -> Any:
        """The one with these labels, found once: the library looks at every name and value each time."""
        if not self.labels:
            return self.real
        key = tuple(labels.items())
        found = self._divided.get(key)
        if found is None:
            found = self._divided[key] = self.real.labels(**labels)
        return found

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus knows it."""
        return tuple(f"{self.name}{end}" for end in ("_bucket", "_sum", "_count")) if self.buckets else (self.name,)


@dataclass(frozen=True)
class Reading:
    """What a gauge shows at the moment it is asked for."""

    gauge: Instrument
    value: float
    labels: Sequence[str] = ()


Reader = Callable[[], Iterable[Reading]]


@dataclass
class _State:
    declared: dict[str, Instrument] = field(default_factory=dict)
    registry: "CollectorRegistry | None" = None
    readers: list[Reader] = field(default_factory=list)
    by_organization: bool = False


_state = _State()


def counter(name: str, says: str, *labels: str) -> Instrument:
    """Something that only ever grows; its name ends in `_total`."""
    return _declare(Instrument("counter", name, says, labels))


def histogram(name: str, says: str, *labels: str, buckets: Sequence[float] = SECONDS) -> Instrument:
    """How large things were; its name ends in the unit."""
    return _declare(Instrument("histogram", name, says, labels, buckets))


def gauge(name: str, says: str, *labels: str) -> Instrument:
    """Something that goes up and down, read when somebody asks (`Readers`)."""
    return _declare(Instrument("gauge", name, says, labels))


def read_too(reader: Reader) -> None:
    """Whatever this process shows from here on, it shows this too."""
    _state.readers.append(reader)


def declared() -> Sequence[Instrument]:
    """Every metric that the modules loaded so far know."""
    return tuple(_state.declared.values())


def _declare(made: Instrument) -> Instrument:
    if made.name in _state.declared:
        raise ValueError(f"two metrics are called {made.name}")
    _state.declared[made.name] = made
    if _state.registry is not None:
        _make_real(made)
    return made


def turn_on(settings: Settings) -> None:
    """Count from here on, in this process."""
    _state.by_organization = settings.metrics_by_organization
    if _state.registry is not None:
        return
    from prometheus_client import CollectorRegistry

    _state.registry = CollectorRegistry()
    for each in declared():
        _make_real(each)


def turn_off() -> None:
    """Count no more, and forget what was counted."""
    _state.registry, _state.by_organization = None, False
    for each in declared():
        each.use(None)


def is_on() -> bool:
    """Whether this process counts."""
    return _state.registry is not None


def _make_real(made: Instrument) -> None:
    from prometheus_client import Counter, Histogram

    if made.kind == "counter":
        made.use(Counter(made.name, made.help, made.labels, registry=_state.registry))
    elif made.kind == "histogram":
        made.use(Histogram(made.name, made.help, made.labels, registry=_state.registry, buckets=made.buckets))


def organization_label(organization_id: object) -> str:
    """The value of a label `organization`: empty, unless whoever runs the installation wants one series for each."""
    return str(organization_id) if _state.by_organization else ""


def may_read(settings: Settings, authorization: str) -> bool:
    """Whether a request with this header may read the figures."""
    wanted = settings.metrics_token
    return not wanted or hmac.compare_digest(authorization.encode(), f"Bearer {wanted}".encode())


def exposition(readers: Sequence[Reader]) -> bytes:
    """The figures of this process, or of all that share its files, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    assert _state.registry is not None, "figures are off"
    now = CollectorRegistry()
    now.register(_Gauges([*readers, *_state.readers]))
    return bytes(generate_latest(_counted(_state.registry)) + generate_latest(now))


def _counted(own: "CollectorRegistry") -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry, values
    from prometheus_client.multiprocess import MultiProcessCollector

    if values.ValueClass.__name__ != "MmapedValue":
        return own
    of_all = CollectorRegistry()
    MultiProcessCollector(of_all)  # type: ignore[no-untyped-call]
    return of_all


class _Gauges:
    """Asks the readers; what one of them cannot tell is left out, never wrong."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def collect(self) -> Iterator[Any]:
        """See CollectorRegistry."""
        from prometheus_client.core import GaugeMetricFamily

        families: dict[str, Any] = {}
        for read in self._readers:
            for each in read():
                made = each.gauge
                if made.name not in families:
                    families[made.name] = GaugeMetricFamily(made.name, made.help, labels=list(made.labels))
                families[made.name].add_metric(list(each.labels), each.value)
        yield from families.values()
