"""Taking messages under a clock that stands still until it is told to move."""

import pytest

from adsapp.sandbox import SandboxConfig
from adsapp.sandbox.clock import Clock
from adsapp.sandbox.state import Figures, Message, Sandbox
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.sending import Sender
from adsapp.sandbox.whatsapp.webhooks import WebhookEngine

from .support import NUMBER, TOKEN, account, welcome


class Bench:
    """A sandbox without HTTP; `now` is moved by hand."""

    def __init__(self, **changes: object) -> None:
        self.now = 1_800_000_000.0
        clock = Clock(wall=lambda: 0.0, monotonic=lambda: self.now)
        config = SandboxConfig(accounts=(account(throughput=5),), seed=1, **changes)  # type: ignore[arg-type]
        self.sandbox = Sandbox(config, clock)
        self.engine = WebhookEngine(clock, config.timing)
        self.sender = Sender(self.sandbox, self.engine)

    def send(self, to: str) -> int:
        """The code it is refused with; 0 where it is accepted."""
        try:
            self.sender.take(self.sandbox.account_for(NUMBER, TOKEN), welcome(to))
        except ApiError as error:
            return error.code
        return 0


def test_the_sixth_in_a_second_is_refused_until_the_second_is_over() -> None:
    bench = Bench()
    assert [bench.send(f"+1202555010{n}") for n in range(6)] == [0, 0, 0, 0, 0, 130429]
    bench.now += 0.999
    assert bench.send("+12025550106") == 130429
    bench.now += 0.001
    assert bench.send("+12025550106") == 0


def test_a_refused_message_costs_its_recipient_nothing() -> None:
    bench = Bench()
    for number in range(5):
        bench.send(f"+1202555010{number}")
    assert {bench.send("+12025550177") for _ in range(100)} == {130429}
    bench.now += 1
    assert bench.send("+12025550177") == 0


def test_the_pair_rate_can_be_switched_off() -> None:
    bench = Bench(pair_rate=False)
    for _ in range(60):
        assert bench.send("+12025550101") == 0
        bench.now += 0.25


def test_statuses_happen_when_their_time_has_come() -> None:
    bench = Bench()
    bench.send("+12025550101")
    (message,) = bench.sandbox.messages
    seen = []
    for _ in range(10):
        bench.engine.flush()
        seen.append(message.status)
        bench.now += 0.5
    assert seen[0] == "accepted"
    assert seen[1] == "sent"
    assert seen[2] == "delivered"


def test_a_message_never_moves_down() -> None:
    message = Message("wamid.x", NUMBER, "1", "1", None, None, "service", 0.0)
    for status, code in (("delivered", 0), ("sent", 0), ("failed", 131000)):
        message.become(status, code)
    assert (message.status, message.error_code) == ("delivered", 0)


def test_the_most_at_once_is_remembered() -> None:
    figures = Figures()
    for step in ("arrive", "arrive", "leave", "arrive", "leave", "leave"):
        figures.arrive(1.0) if step == "arrive" else figures.leave()
    assert (figures.in_flight, figures.in_flight_max, figures.arrivals.most) == (0, 2, 3)


def test_time_only_goes_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)
