"""A real Chromium, and a look at a page in four variants that asks axe about each, and photographs each if asked to."""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.find import choose_node, find
from tests.cast import PASSWORD, Cast
from tests.live import running_web

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VARIANTS = [(width, height, scheme) for width, height in ((1280, 800), (390, 844)) for scheme in ("light", "dark")]
CHECKED = VARIANTS[:3]  # what is dark has the same colours on a phone: a picture, if they are wanted, but no third look
# Two frames: the first takes the new size and colours over, the second shows them. A page that the browser believes to
# be covered gets no frame for a while; after a second there is nothing to wait for.
PAINTED = "new Promise(done => {requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 1000)})"
AXE = Axe().axe_script
# Of what is in order axe says no more than that, so it need not describe it. The dark scheme is nothing but other
# colours (tests/front/test_house_rules.py), so there it is asked about these alone.
VIOLATIONS = "options => axe.run({resultTypes: ['violations'], ...options}).then(found => found.violations)"
OPTIONS = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
SCREENSHOTS = Path(__file__).with_name("screenshots")
expect.set_options(timeout=30_000)  # what is awaited comes; on a machine that others use, too, it may take its time
# A request that a newer one replaced (hx-sync); a refusal, no answer and a time-out have names of their own.
REPLACED = re.compile(r"htmx:(?:sendAbort|afterRequest),")
# What an e-mail would fetch from elsewhere, the frame around it refuses: that is said in the console, and meant.
NOT_FETCHED = re.compile(r"Loading the image 'https://bakery\.example/")
PICTURES_WANTED = os.environ.get("ADSAPP_TEST_PICTURES") == "1"  # for people: no test looks at them


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser the tests marked `browser` are left out by name, except under CI, where that is a failure."""
    if find() is not None or os.environ.get("CI") == "true":
        return
    there = [item for item in items if not item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=[item for item in items if item not in there])
    items[:] = there


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """Chromium, started once a test process, and the event loop that Playwright keeps running for it."""
    path = find()
    assert path is not None, "no Chromium found: see tests/browser/find.py"
    choose_node()
    with sync_playwright() as playwright:
        started, loop = playwright.chromium.launch(executable_path=path, args=list(FLAGS)), asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield started, loop
        asyncio._set_running_loop(loop)
        started.close()


@pytest.fixture
def browser(chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """Chromium, for one test: while it lasts, this thread is within Playwright's loop; other tests have their own."""
    started, loop = chromium
    asyncio._set_running_loop(loop)
    yield started
    asyncio._set_running_loop(None)


@dataclass
class Look:
    """Looks at pages and collects what axe and the console complain about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def at(self, name: str) -> None:
        """The page as it stands, in each variant: axe's opinion, and a picture."""
        for width, height, scheme in VARIANTS if PICTURES_WANTED else CHECKED:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            self.page.evaluate(PAINTED)
            if PICTURES_WANTED:
                self.page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
            self._check(f"{name}, {scheme}, {width} px", scheme)
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.emulate_media(color_scheme="light")

    def _check(self, where: str, scheme: str) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        for violation in self.page.evaluate(VIOLATIONS, OPTIONS[scheme]):
            places = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self.complaints.append(f"{where}: {violation['id']} ({violation['help']}): {places}")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.complaints.append(f"{where}: the page is {wide} px wider than the window")

    def heard(self, message: ConsoleMessage) -> None:
        """Note an error in the console: a broken script, a breach of the content policy."""
        if message.type == "error" and not (REPLACED.match(message.text) or NOT_FETCHED.match(message.text)):
            self.complaints.append(f"console: {message.text} ({message.location})")


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """A page of its own and its look; the test fails if anybody complained."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    look = Look(page)
    page.on("console", look.heard)
    page.on("pageerror", lambda error: look.complaints.append(f"script: {error}"))
    yield look
    context.close()
    assert not look.complaints, "\n".join(look.complaints)


@dataclass
class Console:
    """The console of Harbour Bakery on the air; no worker runs, so nothing moves by itself."""

    app: Flask
    cast: Cast
    url: str

    def open(self, page: Page, path: str) -> None:
        """Go to one of its pages."""
        page.goto(self.url + path)


@pytest.fixture
def console(app: Flask, cast: Cast) -> Iterator[Console]:
    """Served from this process: what a page does in a browser is not about how its server was started."""
    with running_web(app) as url:
        yield Console(app, cast, url)


@pytest.fixture
def alice(console: Console, look: Look) -> Iterator[Page]:
    """Alice's page, signed in."""
    sign_in(look.page, console.url)
    yield look.page
    look.page.goto("about:blank")  # nobody asks a server that is about to stop


def sign_in(page: Page, url: str) -> None:
    """As Alice, by hand."""
    page.goto(url)
    type_password(page)


def type_password(page: Page) -> None:
    """What Alice does on the page where one signs in."""
    page.get_by_label("E-mail").fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")
