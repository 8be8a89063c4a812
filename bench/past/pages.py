"""What is looked at: pages, the fragments they poll, and calls of the API, each by name."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from adsapp.core.ids import first_id_of
from bench.past.looking import Browser, Unexpected
from bench.past.serving import Installation
from bench.support.harness import quantile

WARM_UPS = 6


class Kind(StrEnum):
    """What a path answers with; each kind has its own budget."""

    PAGE = "page"
    FRAGMENT = "fragment"
    CALL = "call"


@dataclass(frozen=True)
class Look:
    """One thing that is looked at; `expect` is the status."""

    name: str
    kind: Kind
    path: str
    expect: int = 200


@dataclass
class Times:
    """How long it took, in ms, at each size."""

    look: Look
    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """The middle at the large size over that at the small one: less of the machine's moods than in the p95."""
        return quantile(self.many, 0.5) / quantile(self.few, 0.5)

    @property
    def p95(self) -> float:
        """At the large size."""
        return quantile(self.many, 0.95)


def looks(installed: Installation, browser: Browser) -> list[Look]:
    """All of them, at this installation."""
    return [look for look in (*_pages(installed, browser), *_fragments(browser)) if _is_there(browser, look)]


def _pages(installed: Installation, browser: Browser) -> list[Look]:
    deep = first_id_of(installed.past.middle)
    failed = _first_job(browser, "failed")
    paths = {
        "home": "/",
        "jobs": "/jobs",
        "jobs, failed": "/jobs?state=failed",
        "jobs, a queue": "/jobs?queue=email-notification",
        "jobs, a queue's failed": "/jobs?queue=bulk-messages&state=failed",
        "jobs, search that finds": "/jobs?q=99",
        "jobs, search that finds nothing": "/jobs?q=zebra",
        "jobs, deep": f"/jobs?cursor={deep}",
        "jobs, failed, deep": f"/jobs?state=failed&cursor={deep}",
        "job": f"/jobs/{_first_job(browser, 'completed')}",
        "job, failed": f"/jobs/{failed}",
        "queue": "/queues/bulk-messages",
        "workers": "/workers",
    }
    calls = {
        "API job": f"/api/jobs/{failed}",
        "API stats, 7 days": "/api/jobs/stats?days=7",
        "API stats, 90 days": "/api/jobs/stats?days=90",
    }
    return [Look(name, Kind.PAGE, path) for name, path in paths.items()] + [
        Look(name, Kind.CALL, path) for name, path in calls.items()
    ]


def _fragments(browser: Browser) -> list[Look]:
    running = _first_job(browser, "active")
    paths = {
        "jobs/rows": "/jobs/rows",
        "jobs/rows, failed": "/jobs/rows?state=failed",
        **{f"home/{block}": f"/home/{block}" for block in ("attention", "queues", "running", "chart", "latest")},
        "jobs/ID/live": f"/jobs/{running}/live",
    }
    whole = [Look(name, Kind.FRAGMENT, path) for name, path in paths.items()]
    polled = {"jobs/rows": "/jobs", "jobs/ID/live": f"/jobs/{running}"}  # those of home change with the minute
    return whole + [
        Look(f"{name}, unchanged", Kind.FRAGMENT, _polled(browser, page), 204) for name, page in polled.items()
    ]


def _first_job(browser: Browser, state: str) -> str:
    """The newest job about a campaign: a page of one shows more than that of another, at both sizes alike."""
    found = json.loads(browser.get(f"/api/jobs?state={state}&limit=50").body)["jobs"]
    job: str = next(job["id"] for job in found if (job["subject"] or "").startswith("campaign:"))
    return job


def _polled(browser: Browser, page: str) -> str:
    """The address at which this page asks whether anything changed."""
    found = re.search(r'hx-get="([^"]+)"', browser.get(page).text)
    if found is None:
        raise Unexpected(f"{page} polls nothing")
    return html.unescape(found.group(1))


def _is_there(browser: Browser, look: Look) -> bool:
    # What this version has not got yet is left out.
    try:
        browser.get(look.path, look.expect)
    except Unexpected as error:
        if ": 404 instead" in str(error):
            return False
        raise
    return True


@dataclass(frozen=True)
class Browsers:
    """One at each installation, and one at the plain reference."""

    few: Browser
    many: Browser
    plain: Browser


def fetch_all(at: Browsers, looks: Sequence[tuple[Look, Look]], times: int) -> tuple[list[Times], list[float]]:
    """Fetch everything at both sizes, and the reference, in turn, so that what the machine does besides hits all."""
    taken, plain = [Times(large) for _, large in looks], []
    for turn in range(WARM_UPS + times):
        plain.append(at.plain.get("/").ms)
        for times_of, (small, large) in zip(taken, looks, strict=True):
            _fetch(at, times_of, small, large, counts=turn >= WARM_UPS)
    return taken, plain[WARM_UPS:]


def _fetch(at: Browsers, times: Times, small: Look, large: Look, *, counts: bool) -> None:
    few, many = at.few.get(small.path, small.expect).ms, at.many.get(large.path, large.expect).ms
    if counts:
        times.few.append(few)
        times.many.append(many)


def of_kind(times: Sequence[Times], *kinds: Kind) -> list[Times]:
    """Those of these kinds."""
    return [each for each in times if each.look.kind in kinds]
