#!/usr/bin/env python3
"""Installs as docs/operations.md says and sees that the main job gets through: an import, a campaign and an e-mail go
to the sandbox, all counts are compared; then a backup, then a stop of each process within its time.

    deploy/rehearse.py systemd   starts what the units say: ExecStart, User, WorkingDirectory, EnvironmentFile
    deploy/rehearse.py compose   starts what the compose file says, with the image's variables, on this machine's
                                 PostgreSQL and Redis (Debian: postgresql redis-server python3-yaml)

For a machine that may be thrown away, as root. It needs neither systemd nor Docker, and shows nothing of what only they
do: hardening, limits, the image itself, TLS. Its processes have a network of their own.
"""

import configparser
import fcntl
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
UNITS, COMPOSE = CHECKOUT / "deploy" / "systemd", CHECKOUT / "deploy" / "compose.yaml"
ADSAPP, PYTHON = "/opt/adsapp/bin/adsapp", "/opt/adsapp/bin/python"
WEB, SANDBOX = "http://127.0.0.1:5000", "http://127.0.0.1:5001"
START_SECONDS = 240.0  # for a machine that does much else
SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x1 | 0x40
QUEUES = ("bulk-messages", "contact-import", "template-processing", "email-notification")
IN_PLACE_OF_PROVIDERS = {"SANDBOX_URL": SANDBOX, "RESEND_API_BASE_URL": f"{SANDBOX}/resend"}

# The main job, as `adsapp demo --once` does it, upon processes that others have started.
MAIN_JOB = """
import json, subprocess, sys
import huey_tasks
from adsapp import create_app
from adsapp.cli import demo
from adsapp.config import Settings
from adsapp.demo import once, stage
from adsapp.demo.http import Api, wait_until

settings, web = Settings.load(), sys.argv[1]
number = stage.known_number(settings.home)
token, account, mail = demo._make_organization(create_app(settings), number, stage.known_team(settings.home))
config = stage.write_sandbox_config(settings, number, f"{web}/webhooks/whatsapp/{account}",
    mail_webhook_url=f"{web}/webhooks/resend/{mail}", fast=True)
sandbox = subprocess.Popen([sys.executable, "-m", "adsapp.sandbox", "--config", str(config)])
try:
    wait_until(lambda: Api(settings.sandbox_url).get("/_sandbox/health"), 60, "the start of the sandbox")
    checks = once.run(Api(web, token), settings.sandbox_url, lambda *_: None)
finally:
    sandbox.terminate()
for check in checks:
    print("  ", "ok " if check.holds else "NOT", check.what, check.found, "of", check.expected)
sys.exit(not all(check.holds for check in checks))
"""


@dataclass(frozen=True)
class Service:
    """A process as its file describes it."""

    name: str
    command: Sequence[str]
    user: str
    folder: str
    told: Mapping[str, str]
    stops_within: float

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it."""
        return subprocess.Popen(self.command, cwd=self.folder, env=dict(self.told), user=self.user, group=self.user)

    def run(self, *command: str) -> None:
        """Run another command as this one would be; it has to succeed."""
        subprocess.run(command, cwd=self.folder, env=dict(self.told), user=self.user, group=self.user, check=True)


def main() -> None:
    """Install, then go on in a network that nobody else is in."""
    if sys.argv[1:] not in (["systemd"], ["compose"], ["systemd", "--installed"], ["compose", "--installed"]):
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit("run it as root, on a machine that may be thrown away")
    way = sys.argv[1]
    if "--installed" not in sys.argv:
        install()
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, way, "--installed"])
    _raise_loopback()
    services = list(of_units() if way == "systemd" else of_compose())
    rehearse([each for each in services if each.name != "upgrade"], upgrade=services[0])
    print(f"{way}: everything that was promised held", flush=True)


def install() -> None:
    """As under Install, with the versions that the tests ran with."""
    say("installing into /opt/adsapp")
    _run(sys.executable, "-m", "venv", "/opt/adsapp")
    pip = ("/opt/adsapp/bin/pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--require-hashes", "-r", str(CHECKOUT / "requirements.lock"))
    _run(*pip, "--no-deps", str(CHECKOUT))


# --- what the files say -----------------------------------------------------------------------------------------------


def of_units() -> Iterator[Service]:
    """The steps of the documentation, then each unit."""
    _run("useradd", "--system", "--home-dir", "/var/lib/adsapp", "--shell", "/usr/sbin/nologin", "adsapp")
    _run("install", "-d", "-m", "0750", "-g", "adsapp", "/etc/adsapp")
    _run("install", "-d", "-m", "0700", "-o", "adsapp", "/var/backups/adsapp")
    _run("install", "-d", "-m", "0700", "-o", "adsapp", "-g", "adsapp", "/var/lib/adsapp")  # StateDirectory=
    chosen = {"ADSAPP_HOME": "/var/lib/adsapp", **IN_PLACE_OF_PROVIDERS}
    lines = (CHECKOUT / ".env.example").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in chosen]
    file = Path("/etc/adsapp/environment")
    file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in chosen.items())]) + "\n", encoding="utf-8")
    file.chmod(0o640)
    shutil.chown(file, group="adsapp")
    web = of_unit("adsapp-web.service")
    yield Service("upgrade", [ADSAPP, "db", "upgrade"], web.user, web.folder, web.told, 0)
    yield web
    for queue in QUEUES:
        yield of_unit("adsapp-worker@.service", queue)


def of_unit(name: str, instance: str = "") -> Service:
    """What systemd would start; a section may have a name twice."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / name, encoding="utf-8")
    service = unit["Service"]
    command = shlex.split(service["ExecStart"].replace("%i", instance).replace("%%", "%"))
    read = Path(service["EnvironmentFile"]).read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=", 1) for line in read if "=" in line and line[0] not in "#;")
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    told |= {"PATH": path, "HOME": pwd.getpwnam(service["User"]).pw_dir, "USER": service["User"]}
    stops = float(service.get("TimeoutStopSec", "90"))
    return Service(instance or name, command, service["User"], service["WorkingDirectory"], told, stops)


def of_compose() -> Iterator[Service]:
    """Each service of ours, upon a PostgreSQL and a Redis that are called as in the compose file's network."""
    import yaml

    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    key = subprocess.run([ADSAPP, "secrets", "new-key"], capture_output=True, text=True, check=True).stdout.split()[-1]
    given = {"POSTGRES_PASSWORD": "rehearsal", "SECRET_KEY": "rehearsal " * 4, "ENCRYPTION_KEYS": key}
    given |= {"DOMAIN": "console.example.com", "METRICS_TOKEN": "rehearsal"}
    _start_servers(given["POSTGRES_PASSWORD"], found["valkey"]["command"][1:])
    _run("useradd", "--system", "--uid", "10001", "--home-dir", "/data", "--shell", "/usr/sbin/nologin", "adsapp")
    _run("install", "-d", "-o", "adsapp", "-g", "adsapp", "-m", "0700", "/data")
    image = _of_image()
    ours = {name: service for name, service in found.items() if service["image"] == "adsapp"}
    for name in ("upgrade", *(each for each in ours if each != "upgrade")):
        told = image | {what: _filled(value, given) for what, value in ours[name]["environment"].items()}
        stops = float(ours[name].get("stop_grace_period", "10s").removesuffix("s"))
        command = [ADSAPP, *ours[name]["command"]]
        yield Service(name, command, "adsapp", "/data", told | IN_PLACE_OF_PROVIDERS, stops)


def _filled(value: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)(?::[-?][^}]*)?\}", lambda found: given.get(found[1], ""), value)


def _of_image() -> dict[str, str]:
    """The variables that the Dockerfile sets."""
    lines = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    told: dict[str, str] = {}
    for line in re.findall(r"^ENV (.+)$", lines, re.MULTILINE):
        told |= dict(each.split("=", 1) for each in line.split())
    return told | {"PATH": told["PATH"].replace("$PATH", os.environ["PATH"])}


def _start_servers(password: str, valkey_options: Sequence[str]) -> None:
    with Path("/etc/hosts").open("a", encoding="utf-8") as hosts:
        hosts.write("127.0.0.1 postgres valkey\n")
    version = next(each.name for each in sorted(Path("/etc/postgresql").iterdir()))
    _run("pg_ctlcluster", version, "main", "start")
    for statement in (
        f"create role adsapp superuser login password '{password}'",
        "create database adsapp owner adsapp",
    ):
        _run("su", "postgres", "-c", f'psql --quiet --command "{statement}"')
    subprocess.Popen(["redis-server", *valkey_options], stdout=subprocess.DEVNULL)


# --- the rehearsal ----------------------------------------------------------------------------------------------------


def rehearse(services: Sequence[Service], upgrade: Service) -> None:
    """Raises if something does not hold."""
    say("db upgrade")
    upgrade.run(*upgrade.command)
    say("starting " + ", ".join(each.name for each in services))
    running = [(each, each.start()) for each in services]
    try:
        _wait_for(f"{WEB}/readyz", running)
        say("the main job")
        upgrade.run(PYTHON, "-c", MAIN_JOB, WEB)
        say("doctor")
        upgrade.run(ADSAPP, "doctor", "--offline")
        say("backup")
        _back_up(upgrade)
    finally:
        slow = [each.name for each, process in running if not _stops(each, process)]
    if slow:
        sys.exit(f"did not end well or in time: {', '.join(slow)}")


def _back_up(upgrade: Service) -> None:
    if upgrade.folder != "/var/lib/adsapp":
        upgrade.run(ADSAPP, "backup", "/data/backup")
        return
    backup = of_unit("adsapp-backup.service")
    backup.run(*backup.command)
    (made,) = Path("/var/backups/adsapp").iterdir()
    assert json.loads((made / "manifest.json").read_text(encoding="utf-8"))


def _stops(service: Service, process: "subprocess.Popen[bytes]") -> bool:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=service.stops_within) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        return False


def _wait_for(url: str, running: "Sequence[tuple[Service, subprocess.Popen[bytes]]]") -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError) as error:
            why = error
        ended = [each.name for each, process in running if process.poll() is not None]
        if ended or time.monotonic() > until:
            sys.exit(f"{url} does not answer: {why}; ended by themselves: {', '.join(ended) or 'none'}")
        time.sleep(0.3)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_AND_RUNNING))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def say(what: str) -> None:
    print(f"rehearse: {what}", flush=True)


if __name__ == "__main__":
    main()
