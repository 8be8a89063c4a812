"""How much of its provider's limit e-mail uses, by one and by two processes, and whether any second has more than it.

Real worker processes over an installation of their own, each with an e-mail, on one team of the sandbox, which says
what it saw. The reference is the limit: so many requests a second, each with a batch. Reports are taken in meanwhile.
"""

import argparse
import math
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.jobs import Queue
from bench.support.harness import application, report
from bench.support.workers import workers_of
from tests.cast import add_organization
from tests.emails.on_the_air import LiveMail, mail_on_the_air
from tests.live import running_sandbox
from tests.waiting import wait_for

WARM_UP = 2.0  # seconds from the first e-mail on that are left out of a share
GIVE_UP = 600.0


@dataclass(frozen=True)
class Seen:
    """What the sandbox saw."""

    share: float  # of the limit
    most_requests_in_one_second: int
    refused: int
    twice: int
    emails_per_second: float


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emails", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=20, help="the limit, a second")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--threads", type=int, default=2, help="of each process; reports are taken in by one of them")
    parser.add_argument("--shapes", nargs="+", choices=("embedded", "distributed"), default=["embedded", "distributed"])
    arguments = parser.parse_args()
    seen: dict[tuple[str, int], Seen] = {}
    for shape in arguments.shapes:
        for processes in arguments.processes:
            print(f"measuring {shape}, {processes} processes …", flush=True)
            seen[shape, processes] = _measure(shape, processes, arguments)
    rows = [
        (f"{shape}, {processes} processes", _in_words(one, arguments.requests))
        for (shape, processes), one in seen.items()
    ]
    cases = [{"shape": shape, "processes": processes, **vars(one)} for (shape, processes), one in seen.items()]
    report("email", rows, {"cases": cases})


def _in_words(seen: Seen, limit: int) -> str:
    odd = f", {seen.refused} refused, {seen.twice} twice" if seen.refused or seen.twice else ""
    most = f"busiest second {seen.most_requests_in_one_second} of {limit}"
    return f"{seen.share:.3f} of the limit, {most}, {seen.emails_per_second:,.0f} e-mails a second{odd}"


def _measure(shape: str, processes: int, arguments: Any) -> Seen:
    with (
        application(shape) as app,
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "sandbox.json") as url,
    ):
        owner = add_organization(app, "bench")
        limits = {"requests": arguments.requests, "batch": arguments.batch}
        with mail_on_the_air(app, owner, url, **limits) as mail:
            each = math.ceil(arguments.emails / processes)
            emails = [_start(mail, share, each) for share in range(processes)]
            with workers_of(app.config["SETTINGS"], Queue.EMAIL_NOTIFICATION, processes, arguments.threads):
                ended: dict[uuid.UUID, float] = {}
                wait_for(lambda: _note_ends(mail, emails, ended), GIVE_UP, "the end of all e-mails")
            return _judge(mail, arguments, min(ended.values()))


def _start(mail: LiveMail, share: int, count: int) -> uuid.UUID:
    people = [{"email": f"row{share * count + place}@example.com", "name": "Ann"} for place in range(count)]
    return mail.start(audience=None, recipients=people)


def _note_ends(mail: LiveMail, emails: list[uuid.UUID], ended: dict[uuid.UUID, float]) -> bool:
    for email_id in emails:
        if email_id not in ended and mail.status(email_id) == "completed":
            ended[email_id] = time.time()
    return len(ended) == len(emails)


def _judge(mail: LiveMail, arguments: Any, first_end: float) -> Seen:
    """Until the first of them has ended: afterwards one process alone uses the limit."""
    lines = mail.ask(f"ledger?team={mail.team}")["emails"]
    at = sorted(line["accepted_at"] for line in lines)
    first, last = at[0] + WARM_UP, min(first_end, at[-1])
    per_second = sum(first <= moment < last for moment in at) / (last - first)
    stats = mail.stats()
    return Seen(
        share=round(per_second / (arguments.requests * arguments.batch), 3),
        most_requests_in_one_second=stats["most_requests_in_one_second"],
        refused=sum(stats["refused_by_name"].values()),
        twice=len(lines) - len({line["to"][0] for line in lines}),
        emails_per_second=round(per_second, 1),
    )


if __name__ == "__main__":
    main()
