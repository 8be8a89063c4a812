"""What a page costs a slow line, and that nothing on it moves by itself while it refreshes."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from tests.browser.conftest import PAINTED, Console, Look, sign_in
from tests.campaigns.scene import Scene, set_the_scene

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("shape", ["embedded"], indirect=True)]

KB = 1_000
FIRST_LOAD, LATER_PAGE, POLL = 80 * KB, 12 * KB, 6 * KB
STILL = 0.001  # of a layout shift of 1; a figure at the right edge that gets a digit more is some 0.00002
FILES = {"sign-in", "app.css", "app.js", "icons.svg", "inter-latin-wght-normal.woff2"}
WHEN_IT_LIKES = {"favicon.svg"}  # browsers ask for it at another time
PAGES = ("/", "/campaigns", "/campaigns/new", "/contacts", "/templates", "/jobs", "/workers", "/imports", "/activity")
PEOPLE = 200
LISTEN = """() => {
  window.moved = [];
  new PerformanceObserver((list) => moved.push(...list.getEntries())).observe({ type: "layout-shift" });
}"""
# Chromium tells an observer of a frame after that frame.
MOVED = f"{PAINTED}.then(() => {PAINTED}).then(() => moved.reduce((sum, entry) => sum + entry.value, 0))"


@dataclass
class Wire:
    """What came over the network, not from the browser's cache: bytes with headers, by address."""

    page: Page
    came: list[tuple[str, float]] = field(default_factory=list)
    _asked: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.requestServedFromCache", self._kept)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self._asked[event["requestId"]] = event["request"]["url"]

    def _kept(self, event: dict[str, Any]) -> None:
        self._asked.pop(event["requestId"], None)

    def _answered(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            self._kept(event)

    def _finished(self, event: dict[str, Any]) -> None:
        address = self._asked.pop(event["requestId"], None)
        if address:
            self.came.append((address, event["encodedDataLength"]))

    def of(self, address: str) -> list[tuple[str, float]]:
        """All that a page needs."""
        self.came.clear()
        self.page.goto(address)
        self.page.evaluate(PAINTED)
        return list(self.came)


def test_pages_are_few_small_requests_and_stand_still_while_they_refresh(console: Console, look: Look) -> None:
    scene = set_the_scene(console.app, console.cast)
    running = scene.campaign(people={Status.PENDING: PEOPLE, Status.SKIPPED: 3})
    wire = Wire(look.page)
    first = wire.of(f"{console.url}/sign-in")
    assert sum(size for _, size in first) < FIRST_LOAD, first
    assert {address.partition("?")[0].rpartition("/")[2] for address, _ in first} - WHEN_IT_LIKES == FILES
    sign_in(look.page, console.url)
    for path in (*PAGES, f"/campaigns/{running}"):
        came = [each for each in wire.of(console.url + path) if "version=" not in each[0]]  # not what refreshes
        assert [address for address, _ in came] == [console.url + path]
        assert came[0][1] < LATER_PAGE, came
    for width in (1280, 390):
        look.page.set_viewport_size({"width": width, "height": 844})
        console.open(look.page, f"/campaigns/{running}")
        watch(wire, scene)
    look.page.goto("about:blank")


def watch(wire: Wire, scene: Scene) -> None:
    """A campaign gets on, step by step; each refresh costs little, and nothing of the page moves."""
    page = wire.page
    expect(page.locator("[data-live-text]")).to_contain_text("as of")
    page.evaluate(LISTEN)
    for status in (Status.SENDING, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ):
        wire.came.clear()
        with page.expect_response(lambda answer: "/live?" in answer.url and answer.status == 200):
            get_on(scene, status)
            page.keyboard.press("r")
        assert page.evaluate(MOVED) < STILL, status
        assert all(size < POLL for _, size in wire.came), wire.came


def get_on(scene: Scene, status: Status, count: int = 9) -> None:
    """Some people of the campaign."""
    with db.organization_context(scene.app, scene.cast.bakery_id):
        waiting = select(CampaignRecipient).where(CampaignRecipient.status == Status.PENDING).limit(count)
        for each in db.session.scalars(waiting):
            each.status = status
        db.session.commit()
