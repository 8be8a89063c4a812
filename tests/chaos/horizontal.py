"""Many machines on one box: two webs, four workers, one PostgreSQL, one Valkey, and a wire of its own from each machine
to each server. Campaigns go out through the sandbox while machines are killed, frozen, and cut off; in the end nobody
got two messages, nobody was lost, and no second had more than a number's limit.

What happens, when, and to whom is decided by the seed.
"""

import contextlib
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

import huey_tasks  # noqa: F401  # registers the processors
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import CampaignRecipient, RecipientStatus
from adsapp.campaigns.queries import counts, get_campaign
from adsapp.campaigns.service import create_campaign
from adsapp.config import Settings
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.core.ids import new_id
from adsapp.demo import stage
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job, Queue
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import add_organization
from tests.chaos.network import (
    Link,
    Network,
    Socket,
    postgres_through,
    redis_through,
    socket_of_postgres,
    socket_of_redis,
)
from tests.live import SECRET, TOKEN, VERIFY, Sandbox, running_sandbox, shipped_templates
from tests.nursery import born
from tests.waiting import wait_for

QUICK = {
    "LEASE_SECONDS": "3",
    "HEARTBEAT_SECONDS": "0.5",
    "RETRY_SECONDS": "0.05",
    "GRACE_SECONDS": "1",
    "SLICE_SECONDS": "1",
    "LOG_LEVEL": "ERROR",
    "WORKERS_BULK_MESSAGES": "2",
    "WORKERS_CONTACT_IMPORT": "1",
    "WORKERS_TEMPLATE_PROCESSING": "1",
    "WORKERS_EMAIL_NOTIFICATION": "1",
    "JOB_ATTEMPTS": "100",
    "TZ": "UTC",
}
LONGER_THAN_A_LEASE = (3.5, 5.0)  # seconds for which a machine is frozen, or cut off
# A machine that others use, too, may be slower than so short a lease: that costs an attempt, and must cost no more.
ATTEMPTS = 100
SHORTLY = (0.5, 2.0)  # for which a dead machine is away
ENDED = {OutboundStatus.COMPLETED}
ARRIVED = {RecipientStatus.DELIVERED, RecipientStatus.READ}


class Blow(StrEnum):
    """What happens to a machine."""

    KILL = "kill"  # SIGKILL to the whole process group, and started again a little later
    FREEZE = "freeze"  # SIGSTOP for longer than a lease
    CUT_REDIS = "cut_redis"  # connections are closed, new ones refused
    CUT_POSTGRES = "cut_postgres"
    HANG_REDIS = "hang_redis"  # nothing comes through and nobody is told
    HANG_POSTGRES = "hang_postgres"


@dataclass(frozen=True)
class Size:
    """How much happens in a run."""

    people: int = 240  # of each organization
    per_second: int = 40  # the limit of each number
    organizations: int = 2
    workers: int = 4
    webs: int = 2
    blows: int = 6
    span: float = 12.0  # seconds over which they fall
    patience: float = 120.0


@dataclass
class Report:
    """What happened, and what was violated."""

    seed: int
    blows: dict[str, int] = field(default_factory=dict)
    people: int = 0
    delivered: int = 0
    uncertain: int = 0  # and never accepted: it cannot be known, and it is said
    most_in_one_second: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Machine:
    """A process group, and its wires."""

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    postgres: Link
    redis: Link
    process: ForkServerProcess | None = None
    is_struck: bool = False  # by something that has not passed yet

    def start(self) -> None:
        """Begin, or begin again."""
        self.process = born("tests.chaos.machine", [self.module, *self.arguments], self.environment)

    def signal(self, number: signal.Signals) -> None:
        """To all its processes."""
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """As if the power had gone."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.join(10)


class Machines:
    """All of them, over one database and one broker."""

    def __init__(self, settings: Settings, network: Network, size: Size) -> None:
        self._settings, self._network = settings, network
        self._postgres = socket_of_postgres(settings.database_url)
        self._redis = socket_of_redis(settings.redis_url)
        queues = [f"--queue={queue.value}" for queue in Queue]
        self.workers = [self._machine(f"worker {n}", "adsapp", ["worker", *queues]) for n in range(size.workers)]
        ports = [stage.free_port() for _ in range(size.webs)]
        served = ["--host=127.0.0.1", "--threads=4", "adsapp.wsgi:app"]
        self.webs = [
            self._machine(f"web {n}", "adsapp.server", [f"--port={port}", *served]) for n, port in enumerate(ports)
        ]
        self.balancer = network.link(*(Socket(port=port) for port in ports))

    @property
    def all(self) -> list[Machine]:
        """Webs and workers."""
        return [*self.webs, *self.workers]

    def stop(self) -> None:
        """End them, whatever state they are in."""
        for machine in self.all:
            machine.kill()

    def _machine(self, name: str, module: str, arguments: Sequence[str]) -> Machine:
        postgres, redis = self._network.link(self._postgres), self._network.link(self._redis)
        told = {
            **os.environ,
            **stage.environment(self._settings),
            "DATABASE_URL": postgres_through(self._settings.database_url, postgres),
            "REDIS_URL": redis_through(self._settings.redis_url, redis),
            "SECRET_KEY": self._settings.secret_key,
            "ENCRYPTION_KEYS": ",".join(self._settings.encryption_keys),
            **QUICK,
        }
        return Machine(name, module, arguments, told, postgres, redis)


class Run:
    """One run of one seed."""

    def __init__(self, app: Flask, network: Network, sandbox_url: str, seed: int, size: Size) -> None:
        self._app, self._network, self._size = app, network, size
        self._chance = random.Random(seed)
        self._machines = Machines(app.config["SETTINGS"], network, size)
        self._sandbox_url = sandbox_url
        self._numbers: list[Sandbox] = []
        self._campaigns: list[tuple[uuid.UUID, uuid.UUID]] = []
        self._healing: list[tuple[float, Machine, Callable[[], None]]] = []
        self._report = Report(seed)

    def go(self) -> Report:
        """Run, and judge."""
        began = time.monotonic()
        try:
            for place in range(self._size.organizations):
                self._prepare(place)
            for machine in self._machines.all:
                machine.start()
            self._strike_all()
            wait_for(self._have_all_ended, self._size.patience, "all campaigns end and everybody is settled")
        except AssertionError as error:  # a wait that found no end
            self._report.violations.append(str(error))
        finally:
            self._machines.stop()
        self._judge()
        self._report.seconds = round(time.monotonic() - began, 1)
        return self._report

    # --- what is sent ---------------------------------------------------------------------------------------------

    def _prepare(self, place: int) -> None:
        """An organization with its number, and a campaign to all its people."""
        owner = add_organization(self._app, f"team-{place}")
        number, waba = f"10000000000{place:04}", f"20000000000{place:04}"
        limit = self._size.per_second
        with db.organization_context(self._app, owner):
            given = AccountIn(number, waba, TOKEN, SECRET, VERIFY, messages_per_second=float(limit))
            account = create_account(given, NOBODY)
            db.session.add_all(shipped_templates(account))
            phones = [f"+1202{2_000_000 + place * 100_000 + each}" for each in range(self._size.people)]
            people = [_contact(owner, phone) for phone in phones]
            db.session.execute(insert(Contact), people)
            campaign = create_campaign(_campaign(), by="chaos")
            db.session.commit()
            self._campaigns.append((owner, campaign.id))
            webhook = f"http://127.0.0.1:{self._machines.balancer.port}/webhooks/whatsapp/{account.id}"
        sandbox = Sandbox(self._sandbox_url, number)
        names = {"phone_number_id": number, "waba_id": waba, "token": TOKEN, "app_secret": SECRET}
        sandbox.call("accounts", {**names, "webhook_url": webhook, "throughput": limit})
        self._numbers.append(sandbox)

    # --- what happens ---------------------------------------------------------------------------------------------

    def _strike_all(self) -> None:
        """The blows of this seed at their moments; each begins once the one before has hit somebody."""
        kinds = list(Blow)
        self._chance.shuffle(kinds)
        chosen = [kinds[n % len(kinds)] for n in range(self._size.blows)]
        moments = sorted(self._chance.uniform(0.1, 1.0) * self._size.span for _ in chosen)
        dice = [(self._chance.random(), self._chance.random()) for _ in chosen]
        wait_for(self._has_begun, self._size.patience, "the campaigns begin")
        began = time.monotonic()
        for at, blow, (whom, how_long) in zip(moments, chosen, dice, strict=True):
            while time.monotonic() - began < at:
                self._heal_what_is_over()
                time.sleep(0.02)
            self._strike(blow, whom, how_long)
        while self._healing:
            self._heal_what_is_over()
            time.sleep(0.02)

    def _strike(self, blow: Blow, whom: float, how_long: float) -> None:
        while not (free := self._who_may_be_hit()):
            self._heal_what_is_over()
            time.sleep(0.02)
        machine = free[int(whom * len(free))]
        machine.is_struck = True
        low, high = SHORTLY if blow is Blow.KILL else LONGER_THAN_A_LEASE
        until = time.monotonic() + low + how_long * (high - low)
        self._healing.append((until, machine, self._hit(blow, machine, how_long)))
        self._report.blows[blow] = self._report.blows.get(blow, 0) + 1

    def _who_may_be_hit(self) -> list[Machine]:
        """The machines of a kind are never all away at once: what goes on then is nothing but waiting."""
        for kind in (self._machines.all, self._machines.workers):
            free = [each for each in kind if not each.is_struck]
            if len(free) > 1:
                return free
        return []

    def _hit(self, blow: Blow, machine: Machine, chance: float) -> Callable[[], None]:
        """Do it; how it passes."""
        if blow is Blow.KILL:
            machine.kill()
            return machine.start
        if blow is Blow.FREEZE:
            machine.signal(signal.SIGSTOP)
            return partial(machine.signal, signal.SIGCONT)
        link = machine.redis if blow in (Blow.CUT_REDIS, Blow.HANG_REDIS) else machine.postgres
        self._network.tell(link.cut if blow in (Blow.CUT_REDIS, Blow.CUT_POSTGRES) else link.hang)
        return partial(self._network.tell, partial(link.heal, forgets=chance < 0.5))

    def _heal_what_is_over(self) -> None:
        now = time.monotonic()
        for until, machine, heal in [each for each in self._healing if each[0] <= now]:
            self._healing.remove((until, machine, heal))
            heal()
            machine.is_struck = False

    # --- how it ends ----------------------------------------------------------------------------------------------

    def _has_begun(self) -> bool:
        return all(sandbox.stats()["accepted"] for sandbox in self._numbers)

    def _recipients(self) -> Iterator[tuple[Sandbox, dict[str, RecipientStatus]]]:
        for sandbox, (owner, campaign_id) in zip(self._numbers, self._campaigns, strict=True):
            with db.organization_context(self._app, owner), db.reading():
                rows = db.session.execute(
                    select(CampaignRecipient.phone, CampaignRecipient.status).where(
                        CampaignRecipient.campaign_id == campaign_id
                    )
                )
                yield sandbox, {phone.lstrip("+"): status for phone, status in rows}

    def _have_all_ended(self) -> bool:
        """Every campaign is through, and of everybody whom the provider knows we know it, too."""
        for owner, campaign_id in self._campaigns:
            with db.organization_context(self._app, owner), db.reading():
                if get_campaign(campaign_id).status not in ENDED:
                    return False
        for sandbox, statuses in self._recipients():
            if any(statuses.get(phone) not in ARRIVED for phone in _accepted(sandbox)):
                return False
        return True

    def _judge(self) -> None:
        report, say = self._report, self._report.violations.append
        report.violations += self._what_goes_on()
        for sandbox, statuses in self._recipients():
            accepted = _accepted(sandbox)
            stats = sandbox.stats()
            report.people += len(statuses)
            report.most_in_one_second = max(report.most_in_one_second, stats["most_in_one_second"])
            if twice := [phone for phone, count in accepted.items() if count > 1]:
                say(f"{len(twice)} got two messages, {twice[0]} for one")
            if len(statuses) != self._size.people:
                say(f"{len(statuses)} people are in the ledger, not {self._size.people}")
            for phone, status in statuses.items():
                if phone in accepted:
                    report.delivered += status in ARRIVED
                    if status not in ARRIVED:
                        say(f"{phone} got it and is {status}")
                elif status is RecipientStatus.UNCERTAIN:
                    report.uncertain += 1
                else:
                    say(f"{phone} did not get it and is {status}")
            if stats["most_in_one_second"] > self._size.per_second:
                say(f"{stats['most_in_one_second']} messages in one second, {self._size.per_second} are allowed")
            if stats["refused_by_code"]:
                say(f"the provider refused some: {stats['refused_by_code']}")
        for owner, campaign_id in self._campaigns:
            with db.organization_context(self._app, owner), db.reading():
                if not counts(get_campaign(campaign_id)).adds_up:
                    say("the counters of a campaign are not the sum of its people")
        del report.violations[20:]

    def _what_goes_on(self) -> Iterator[str]:
        """Of each campaign that has not ended how it stands, and why."""
        for owner, campaign_id in self._campaigns:
            with db.organization_context(self._app, owner), db.reading():
                campaign = get_campaign(campaign_id)
                if campaign.status in ENDED:
                    continue
                job = db.session.get_one(Job, campaign.job_id)
                waits = why_waiting(job)
                yield (
                    f"a campaign is {campaign.status} ({campaign.status_reason}); its job is {job.state}, "
                    f"due {job.run_at}, its lease until {job.lease_until}, and waits: {waits}"
                )


def _accepted(sandbox: Sandbox) -> Counter[str]:
    """How many messages the provider has taken for each person."""
    return Counter(number.lstrip("+") for number in sandbox.numbers())


def _contact(owner: uuid.UUID, phone: str) -> dict[str, Any]:
    return {"id": new_id(), "organization_id": owner, "phone": phone, "person_key": person_key(phone), "name": "Ann"}


def _campaign() -> CampaignIn:
    return CampaignIn(
        name="Welcome",
        template_name="welcome",
        template_language="en_US",
        variables={"1": {"field": "first_name", "fallback": "there"}},
        audience={"all": True},
    )


def run(app: Flask, folder: Path, seed: int, size: Size) -> Report:
    """One run over the database and broker of this application."""
    with running_sandbox(folder / "sandbox.json") as url, Network() as network:
        settings = app.config["SETTINGS"]
        told = {"whatsapp_api_base_url": url, "sandbox_url": url, "job_attempts": ATTEMPTS}
        app.config["SETTINGS"] = settings.model_copy(update=told)
        try:
            return Run(app, network, url, seed, size).go()
        finally:
            app.config["SETTINGS"] = settings
