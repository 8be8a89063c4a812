"""An upgrade while messages go out: the version of an earlier commit works on, and its successor takes over.

The earlier version is taken from git and runs as it was: web, a worker for each queue, the sandbox, on PostgreSQL and
Valkey. While its campaign goes out, this version's `db upgrade` brings the schema; the earlier processes go on upon it,
import a second file and send to it; then this version's workers take their place, then its web. Somebody looks at pages
all the time, through a proxy as there would be one. Nothing may be lost, sent twice, or answered with an error.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adsapp.config import ROOT, Settings
from adsapp.demo.http import Api, ApiError, wait_until
from adsapp.demo.stage import free_port
from bench.support.harness import distributed, durable_servers, environment, report

PEOPLE, LATER = 1_500, 300
QUEUES = ("bulk-messages", "contact-import", "template-processing", "email-notification")
LOOKED_AT = ("/readyz", "/api/jobs?limit=5", "/api/campaigns?limit=5", "/api/jobs/stats?days=7")
PATIENCE = 240.0

# Run by the earlier version itself: what it needs to begin with, by its own code.
BEGIN = """
import json, sys
from adsapp.config import Settings
from adsapp.cli import demo
from adsapp.demo import stage
settings = Settings.load()
app = demo._migrated(settings)
number = stage.known_number(settings.home)
token, account, mail = demo._make_organization(app, number, stage.known_team(settings.home))
at = sys.argv[1] + "/webhooks"
config = stage.write_sandbox_config(
    settings, number, f"{at}/whatsapp/{account}", mail_webhook_url=f"{at}/resend/{mail}", fast=True, magic=False)
print(json.dumps({"token": token, "config": str(config)}))
"""


@dataclass
class Version:
    """The code of a commit, or ours, and its running processes."""

    name: str
    code: Path
    told: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run Python with its code to the end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.code, env=self._environment(), capture_output=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{self.name}: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode()

    def start(self, name: str, *arguments: str) -> None:
        """Start a process of it."""
        command = [sys.executable, "-m", *arguments]
        self.running[name] = subprocess.Popen(command, cwd=self.code, env=self._environment())

    def start_workers(self) -> None:
        """One for each queue."""
        for queue in QUEUES:
            self.start(f"worker {queue}", "adsapp", "worker", "--queue", queue)

    def end(self, beginning: str = "") -> list[int]:
        """Ask those of its processes to end and wait; how they did."""
        ending = [self.running.pop(name) for name in list(self.running) if name.startswith(beginning)]
        for process in ending:
            process.terminate()
        return [process.wait(timeout=60) for process in ending]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.told, "PYTHONPATH": str(self.code)}


class Proxy(socketserver.ThreadingTCPServer):
    """Passes connections on to the first web process that takes them."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind: list[int] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Passing(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Both ways until both are closed."""
        assert isinstance(self.server, Proxy)
        for port in list(self.server.behind):
            with contextlib.suppress(OSError):
                other = socket.create_connection(("127.0.0.1", port), timeout=5)
                other.settimeout(60)
                break
        else:
            return
        back = threading.Thread(target=_pump, args=(other, self.request), daemon=True)
        back.start()
        _pump(self.request, other)
        back.join()
        other.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class Onlooker:
    """Somebody who looks at the same pages again and again; what they were answered."""

    url: str
    token: str
    answers: Counter[str] = field(default_factory=Counter)

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Until the end of the block."""
        over = threading.Event()
        thread = threading.Thread(target=self._look, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @property
    def refused(self) -> dict[str, int]:
        """What was no 200."""
        return {what: count for what, count in self.answers.items() if not what.startswith("200")}

    def _look(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            for path in LOOKED_AT:
                try:
                    Api(self.url, self.token).get(path)
                    self.answers[f"200 {path}"] += 1
                except (ApiError, OSError) as error:
                    self.answers[f"{path}: {type(error).__name__} {error}"] += 1


def main() -> None:
    """Upgrade, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="commit", default="", help="the earlier version; the one before the last schema")
    commit = parser.parse_args().commit or _before_the_last_schema()
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    try:
        with durable_servers() as servers:
            settings = Settings(home=home / "data", port=free_port(), sandbox_port=free_port(), **distributed(servers))
            wrong = _upgrade(settings, home, commit)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    raise SystemExit(1 if wrong else 0)


def _before_the_last_schema() -> str:
    newest = max((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    asked = ["git", "-C", str(ROOT), "log", "--diff-filter=A", "--format=%H~1", "-1", "--", str(newest)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def _code_of(commit: str, place: Path) -> Path:
    place.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(place)], input=archive.stdout, check=True)
    return place


def _upgrade(settings: Settings, home: Path, commit: str) -> list[str]:
    settings.home.mkdir()
    sandbox = f"http://127.0.0.1:{settings.sandbox_port}"
    told = environment(settings) | {
        "SANDBOX_URL": sandbox, "RESEND_API_BASE_URL": f"{sandbox}/resend", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    old = Version("the earlier version", _code_of(commit, home / "earlier"), told)
    ours = Version("this version", ROOT, told | {"PORT": str(free_port())})
    proxy = Proxy()
    url = f"http://127.0.0.1:{proxy.server_address[1]}"
    try:
        begun = json.loads(old.run("-c", BEGIN, url).splitlines()[-1])
        api, onlooker = Api(url, begun["token"]), Onlooker(url, begun["token"])
        old.start("sandbox", "adsapp.sandbox", "--config", begun["config"])
        _start_web(old, settings.port, proxy)
        old.start_workers()
        with onlooker.looking():
            said = _take_over(old, ours, api, proxy, sandbox)
        rows, wrong = _judge(api, sandbox, onlooker, said)
    finally:
        ours.end()
        old.end()
        proxy.shutdown()
    report("upgrade", [("from", commit[:12]), *rows], {"from": commit[:12], "wrong": wrong, **said})
    return wrong


def _start_web(version: Version, port: int, proxy: Proxy) -> None:
    version.start("web", "adsapp.server", "--host=127.0.0.1", f"--port={port}", "--threads=8", "adsapp.wsgi:app")
    wait_until(lambda: Api(f"http://127.0.0.1:{port}").get("/readyz"), 60, f"the web of {version.name}")
    proxy.behind.insert(0, port)


def _take_over(old: Version, ours: Version, api: Api, proxy: Proxy, sandbox: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    wait_until(lambda: api.get("/api/templates")["templates"], 60, "the templates")
    first = _send_to(api, "first", 0, PEOPLE)
    wait_until(lambda: len(_ledger(sandbox)) > PEOPLE // 10, PATIENCE, "the first messages")
    began = time.monotonic()
    ours.run("-m", "adsapp", "db", "upgrade")
    said["upgrade_seconds"] = round(time.monotonic() - began, 1)
    said["sent_before"] = len(_ledger(sandbox))
    later = _send_to(api, "later", PEOPLE, LATER)
    wait_until(lambda: _is_accepted(api, later), PATIENCE, "what the earlier version does upon the new schema")
    said["sent_upon_the_new_schema"] = len(_ledger(sandbox)) - said["sent_before"]
    ours.start_workers()
    said["workers_ended"] = old.end("worker")
    _start_web(ours, int(ours.told["PORT"]), proxy)
    said["web_ended"] = old.end("web")
    last = _send_to(api, "last", PEOPLE + LATER, LATER)
    for campaign in (first, later, last):
        wait_until(lambda campaign=campaign: _is_delivered(api, campaign), PATIENCE, "the delivery")  # type: ignore[misc]
    return said


def _send_to(api: Api, name: str, first: int, people: int) -> str:
    """Import so many people and start a campaign to them; its id."""
    lines = ["phone,first_name", *(f"+1202{2_000_000 + first + n:07},P{n}" for n in range(people))]
    batch = api.upload("/api/jobs/import-contacts", f"{name}.csv", "\n".join(lines).encode(), {})
    job = batch["job"]["id"]
    wait_until(lambda: api.get(f"/api/jobs/{job}")["state"] == "completed", PATIENCE, f"the import {name}")
    answer = api.post(
        "/api/jobs/bulk-message",
        {
            "name": name,
            "template": {"name": "welcome", "language": "en_US"},
            "variables": {"1": {"field": "first_name", "fallback": "there"}},
            "audience": {"import_id": batch["import"]["id"]},
        },
    )
    campaign: str = answer["campaign"]["id"]
    return campaign


def _counts(api: Api, campaign: str) -> dict[str, int]:
    counts: dict[str, int] = api.get(f"/api/campaigns/{campaign}?limit=1")["campaign"]["counts"]["by_status"]
    return counts


def _is_accepted(api: Api, campaign: str) -> bool:
    counts = _counts(api, campaign)
    return bool(counts) and not counts.get("pending") and not counts.get("sending") and sum(counts.values()) > 0


def _is_delivered(api: Api, campaign: str) -> bool:
    counts = {status: count for status, count in _counts(api, campaign).items() if count}
    return bool(counts) and set(counts) <= {"delivered", "read", "failed"}


def _ledger(sandbox: str) -> Sequence[Mapping[str, Any]]:
    messages: Sequence[Mapping[str, Any]] = Api(sandbox).get("/_sandbox/ledger")["messages"]
    return messages


def _judge(
    api: Api, sandbox: str, onlooker: Onlooker, said: Mapping[str, Any]
) -> tuple[list[tuple[str, str]], list[str]]:
    sent = Counter(message["to"] for message in _ledger(sandbox))
    people, twice = PEOPLE + 2 * LATER, sum(count > 1 for count in sent.values())
    failed = api.get("/api/jobs?state=failed&limit=5")["jobs"]
    wrong = [
        *(["messages are lost"] if len(sent) != people else []),
        *(["messages were sent twice"] if twice else []),
        *(["jobs failed"] if failed else []),
        *(["nothing was sent by the earlier version upon the new schema"] * (not said["sent_upon_the_new_schema"])),
        *(["a process did not end by itself"] * any([*said["workers_ended"], *said["web_ended"]])),
        *(f"answered {count} times: {what}" for what, count in onlooker.refused.items()),
    ]
    rows = [
        ("schema brought while messages went out", f"{said['upgrade_seconds']} s"),
        ("sent by the earlier version upon the new schema", f"{said['sent_upon_the_new_schema']:,}"),
        ("people messaged", f"{len(sent):,} of {people:,}, {twice} twice"),
        ("pages looked at meanwhile", f"{onlooker.answers.total():,}, {sum(onlooker.refused.values())} refused"),
        ("what is wrong", "; ".join(wrong) or "nothing"),
    ]
    return rows, wrong


if __name__ == "__main__":
    main()
