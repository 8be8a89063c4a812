"""How long the console's pages take, with nothing else to do and during an import."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

from adsapp.config import ROOT
from adsapp.processes.commands import web_command
from bench.lists.ground import Installation
from bench.past.looking import Browser
from bench.past.serving import process, wait_for_port
from bench.support.harness import environment, quantile

PAGES = ("/", "/contacts", "/imports", "/jobs")
PAUSE = 0.05  # seconds between two pages: a person or two, no load test
IDLE_LOOKS = 200


@contextlib.contextmanager
def console(installed: Installation) -> Iterator[Browser]:
    """Its web server, with somebody signed in."""
    told = environment(installed.settings) | {"PYTHONPATH": str(ROOT), "PORT": str(installed.settings.port)}
    with process("web", web_command(installed.settings), told | {"LOG_LEVEL": "ERROR"}):
        wait_for_port(installed.settings.port)
        yield Browser(installed.settings.port).sign_in()


def idle_p95(browser: Browser) -> float:
    """In ms."""
    never = threading.Event()
    return quantile(_ask(browser, never, IDLE_LOOKS)[IDLE_LOOKS // 10 :], 0.95)


@contextlib.contextmanager
def meanwhile(browser: Browser) -> Iterator[list[float]]:
    """Somebody looks on until the end of the block; what each page took, in ms."""
    over, took = threading.Event(), list[float]()
    thread = threading.Thread(target=lambda: took.extend(_ask(browser, over)), daemon=True)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join(timeout=120)


def _ask(browser: Browser, over: threading.Event, most: int = 1_000_000) -> Sequence[float]:
    took: list[float] = []
    while len(took) < most and not over.wait(PAUSE):
        took.append(browser.get(PAGES[len(took) % len(PAGES)]).ms)
    return took
