"""How much of a number's limit one, two and four sending processes use, and whether any second has more than it.

Real worker processes over an installation of their own, each with a campaign, on one number of the sandbox, which says
what it saw: first undisturbed, then while one process after the other is stopped (SIGSTOP) for 0.2 to 5 s. A process
that sends alone sends nothing while it is stopped, so that time is left out of its share. The reference is the limit.
Statuses are not reported back.
"""

import argparse
import contextlib
import math
import random
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert

from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.queries import get_campaign
from adsapp.campaigns.service import create_campaign
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.core.ids import new_id
from adsapp.demo import stage
from adsapp.demo.http import wait_until
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Queue
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.audience import MOST_CONTACT_IDS
from adsapp.outbound.statuses import OutboundStatus
from bench.support.harness import application, report
from bench.support.workers import workers_of
from tests.cast import add_organization
from tests.live import Sandbox, running_sandbox, shipped_templates

NUMBER, WABA = "100000000000001", "200000000000001"
WARM_UP = 2.0  # seconds from the first message on that are left out of a share
BETWEEN_STOPS = (1.0, 4.0)
STOPS = (0.2, 5.0)
GIVE_UP = 300.0


@dataclass(frozen=True)
class Case:
    """One measurement."""

    shape: str
    rate: float
    processes: int
    with_stops: bool

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.shape}, {self.rate:g} a second, {self.processes} processes{', stops' * self.with_stops}"


@dataclass(frozen=True)
class Seen:
    """What the sandbox saw."""

    share: float  # of the limit
    most_in_one_second: int
    refused: int
    twice: int


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[12.5, 80, 1000])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--shapes", nargs="+", choices=("embedded", "distributed"), default=["embedded", "distributed"])
    parser.add_argument("--seconds", type=float, default=15.0, help="of sending, for each measurement")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    seen: dict[Case, Seen] = {}
    for shape in arguments.shapes:
        for rate in arguments.rates:
            for processes in arguments.processes:
                for with_stops in (False, True):
                    case = Case(shape, rate, processes, with_stops)
                    print(f"measuring {case.label} …", flush=True)
                    seen[case] = _measure(case, arguments.seconds, chance)
    rows = [(case.label, _in_words(case, one)) for case, one in seen.items()]
    report("send", rows, {"cases": [{**vars(case), **vars(one)} for case, one in seen.items()]})


def _in_words(case: Case, seen: Seen) -> str:
    most, limit = seen.most_in_one_second, math.ceil(case.rate)
    odd = f", {seen.refused} refused, {seen.twice} twice" if seen.refused or seen.twice else ""
    return f"{seen.share:.3f} of the limit, busiest second {most} of {limit}{odd}"


def _measure(case: Case, seconds: float, chance: random.Random) -> Seen:
    ports = {"sandbox_port": stage.free_port()}
    with (
        application(case.shape, **ports) as app,
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "sandbox.json", latency_ms=5) as url,
    ):
        settings = app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(
            update={"whatsapp_api_base_url": url, "sandbox_url": url}
        )
        sandbox = Sandbox(url, NUMBER)
        campaigns = _prepare(app, sandbox, case, seconds)
        with workers_of(settings, Queue.BULK_MESSAGES, case.processes) as workers:
            with _stopping(workers if case.with_stops else [], chance) as stopped:
                wait_until(partial(_any_ended, app, campaigns), GIVE_UP, "the end of the first campaign")
            ended = time.time()
            wait_until(partial(_all_ended, app, campaigns), GIVE_UP, "the end of all campaigns")
        return _judge(case, sandbox, ended, stopped)


def _judge(case: Case, sandbox: Sandbox, ended: float, stopped: Sequence[tuple[float, float]]) -> Seen:
    ledger = sandbox.ledger()
    at = sorted(message["accepted_at"] for message in ledger)
    first, last = at[0] + WARM_UP, min(ended, at[-1])
    idle = sum(max(0.0, min(until, last) - max(since, first)) for since, until in stopped if case.processes == 1)
    share = sum(first <= moment < last for moment in at) / ((last - first - idle) * case.rate)
    stats = sandbox.stats()
    twice = len(ledger) - len({message["to"] for message in ledger})
    return Seen(round(share, 3), stats["most_in_one_second"], sum(stats["refused_by_code"].values()), twice)


# --- the installation -------------------------------------------------------------------------------------------------


def _prepare(app: Flask, sandbox: Sandbox, case: Case, seconds: float) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """An organization with its number, and a campaign for each process; pairs of organization and campaign."""
    each = min(MOST_CONTACT_IDS, math.ceil(case.rate * (seconds + WARM_UP) / case.processes))
    sandbox.call("accounts", _account_at_the_sandbox(case.rate))
    owner = add_organization(app, "bench")
    with db.organization_context(app, owner):
        given = AccountIn(NUMBER, WABA, "token", "secret", "verify", messages_per_second=case.rate)
        account = create_account(given, NOBODY)
        db.session.add_all(shipped_templates(account))
        made = []
        for share in range(case.processes):
            people = [_contact(owner, share * each + place) for place in range(each)]
            db.session.execute(insert(Contact), people)
            made.append(create_campaign(_campaign(share, [str(one["id"]) for one in people]), by="bench"))
        pairs = [(owner, campaign.id) for campaign in made]
        db.session.commit()
        return pairs


def _account_at_the_sandbox(rate: float) -> dict[str, Any]:
    names = {"phone_number_id": NUMBER, "waba_id": WABA, "token": "token", "app_secret": "secret"}
    return {**names, "webhook_url": "", "throughput": math.ceil(rate)}


def _contact(owner: uuid.UUID, place: int) -> dict[str, Any]:
    phone = f"+1202{2_000_000 + place}"
    return {"id": new_id(), "organization_id": owner, "phone": phone, "person_key": person_key(phone), "name": "Ann"}


def _campaign(share: int, contact_ids: list[str]) -> CampaignIn:
    return CampaignIn(
        name=f"Share {share}",
        template_name="welcome",
        template_language="en_US",
        variables={"1": {"field": "first_name", "fallback": "there"}},
        audience={"contact_ids": contact_ids},
    )


def _statuses(app: Flask, campaigns: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> list[OutboundStatus]:
    with db.organization_context(app, campaigns[0][0]), db.reading():
        return [get_campaign(campaign_id).status for _, campaign_id in campaigns]


def _any_ended(app: Flask, campaigns: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> bool:
    return OutboundStatus.COMPLETED in _statuses(app, campaigns)


def _all_ended(app: Flask, campaigns: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> bool:
    return set(_statuses(app, campaigns)) == {OutboundStatus.COMPLETED}


# --- the processes ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _stopping(workers: Sequence[subprocess.Popen[bytes]], chance: random.Random) -> Iterator[list[tuple[float, float]]]:
    """Stop one process after the other for a while; since when and until when each was stopped."""
    over, stopped = threading.Event(), list[tuple[float, float]]()

    def stop_again_and_again() -> None:
        while workers and not over.wait(chance.uniform(*BETWEEN_STOPS)):
            process, since = chance.choice(workers), time.time()
            process.send_signal(signal.SIGSTOP)
            over.wait(chance.uniform(*STOPS))
            process.send_signal(signal.SIGCONT)
            stopped.append((since, time.time()))

    thread = threading.Thread(target=stop_again_and_again)
    thread.start()
    try:
        yield stopped
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
