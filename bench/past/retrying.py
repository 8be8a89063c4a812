"""Retrying 10,000 failed jobs at once: when it answers, how long it takes, and what others feel of it meanwhile."""

import json
import sys
import threading
import time
from dataclasses import dataclass

from bench.past.looking import Answer, Browser
from bench.past.serving import Installation, add_failed, process
from bench.support.harness import quantile

QUEUE = "email-notification"  # no worker serves it here, so the jobs that begin again wait
WATCHED = ("/jobs", "/home/queues")
EVERY_SECONDS = 0.02  # a client that looks again as soon as it has seen, as nobody does; everybody else asks less
BEFORE = 60
MOST_SECONDS = 300


@dataclass(frozen=True)
class Retried:
    """What came of it."""

    jobs: int
    answer_ms: float
    seconds: float
    steps_seen: int  # how many different states of its progress were seen on the way
    before: dict[str, list[float]]
    during: dict[str, list[float]]

    @property
    def p95_ratio(self) -> float:
        """Of the page that suffers most."""
        return max(quantile(self.during[path], 0.95) / quantile(self.before[path], 0.95) for path in WATCHED)


def retry_all(installed: Installation, jobs: int) -> Retried:
    """Do it, with a worker of its own; the web server runs already."""
    add_failed(installed, QUEUE, jobs)
    port = installed.settings.port
    watcher = Browser(port).sign_in()
    program = Browser(port, {"Authorization": f"Bearer {installed.scenery.token}"})
    command = [sys.executable, "-m", "adsapp", "worker", "--queue", "template-processing"]
    with process("worker", command, installed.environment):
        _wait_until_idle(program)
        before = _watch(watcher, _Counted(BEFORE))
        answer = program.post_json("/api/jobs/retries", {"filter": {"state": "failed", "queue": QUEUE}})
        began = time.perf_counter()
        follow = _Follow(installed, _job_of(answer))
        during = _watch(watcher, follow)
        follow.join()
        took = time.perf_counter() - began
    _check(program, jobs)
    return Retried(jobs, answer.ms, took, len(follow.steps), before, during)


class _Counted:
    """So many looks."""

    def __init__(self, times: int) -> None:
        self._left = times

    def is_over(self) -> bool:
        """After them."""
        self._left -= 1
        return self._left < 0


class _Follow:
    """Until the operation has ended; follows its progress beside."""

    def __init__(self, installed: Installation, job: str) -> None:
        self.steps: set[int] = set()
        self._state = ""
        self._program = Browser(installed.settings.port, {"Authorization": f"Bearer {installed.scenery.token}"})
        self._job = job
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        """When the job has ended."""
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for it; raises RuntimeError where it did not complete."""
        self._thread.join()
        if self._state != "completed":
            raise RuntimeError(f"the operation is {self._state or 'not to be seen'}")

    def _look(self) -> None:
        give_up = time.monotonic() + MOST_SECONDS
        while time.monotonic() < give_up and self._state not in ("completed", "failed", "cancelled"):
            job = json.loads(self._program.get(f"/api/jobs/{self._job}").body)
            self._state = job["state"]
            self.steps.add(job["progress"]["done"])
            time.sleep(0.5)


def _watch(browser: Browser, until: "_Counted | _Follow") -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {path: [] for path in WATCHED}
    while not until.is_over():
        for path in WATCHED:
            taken[path].append(browser.get(path).ms)
            time.sleep(EVERY_SECONDS)
    return taken


def _job_of(answer: Answer) -> str:
    said = json.loads(answer.body)
    job: str = said.get("job", said)["id"]
    return job


def _counts(program: Browser) -> dict[str, int]:
    counts: dict[str, int] = json.loads(program.get("/api/jobs/stats?days=1").body)["queues"][QUEUE]
    return counts


def _wait_until_idle(program: Browser) -> None:
    """The worker has begun when the jobs that waited for one are done."""
    give_up = time.monotonic() + 60
    while json.loads(program.get("/api/jobs?queue=template-processing&state=waiting&limit=1").body)["jobs"]:
        if time.monotonic() > give_up:
            raise TimeoutError("the worker does not begin")
        time.sleep(0.2)


def _check(program: Browser, jobs: int) -> None:
    counts = _counts(program)
    if counts["failed"] or counts["waiting"] < jobs:
        raise RuntimeError(f"not all were retried: {counts}")
