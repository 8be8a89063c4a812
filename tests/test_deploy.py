"""What lies under deploy/ starts what there is, as whom it should, and stops it in time."""

import configparser
import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from adsapp.cli import COMMANDS
from adsapp.config import ROOT, Settings, env_name
from adsapp.demo.http import Api, wait_until
from adsapp.demo.stage import free_port
from adsapp.jobs import Queue
from adsapp.processes.supervisor import DRAINED
from tests import servers as throwaway
from tests.servers import Servers
from tests.wheel import NOTHING_SET, installed_program

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if service["image"] == "adsapp"
}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")
GRACE = Settings.model_fields["grace_seconds"].default
QUEUES = sorted(queue.value for queue in Queue)
START_SECONDS = 240  # seven processes at once, on a machine that does much else; what is promised is the stop


def seconds(span: str) -> int:
    """Of "40s"."""
    return int(span.removesuffix("s"))


def interpolated(environment: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """As compose does it."""
    return {
        name: VARIABLE.sub(lambda found: given.get(found[1], found[2] or ""), value)
        for name, value in environment.items()
    }


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_the_commands_of_the_compose_file_serve_and_stop_in_time(
    servers: Servers,
    tmp_path: Path,
    redis_number: int,
    shape: str,
) -> None:
    program, name = installed_program(servers), f"adsapp_{uuid.uuid4().hex[:12]}"
    with ExitStack() as ends:
        throwaway.create_database(servers, name, "template0")
        ends.callback(throwaway.drop_database, servers, name)
        given = {"SECRET_KEY": "tests only", "ENCRYPTION_KEYS": Fernet.generate_key().decode(), "DOMAIN": "127.0.0.1"}
        port = free_port()
        here = {  # in place of what a network of containers gives
            "DATABASE_URL": throwaway.with_database(servers.database_url, name),
            "REDIS_URL": servers.redis_db(redis_number),
            "ADSAPP_HOME": str(tmp_path / "data"),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "METRICS_PORT": str(free_port()),
        }
        started: dict[str, subprocess.Popen[bytes]] = {}
        (place := tmp_path / "root").mkdir()
        (tmp_path / "data").mkdir()
        for service, told in OURS.items():
            environment = NOTHING_SET | interpolated(told["environment"], given) | here
            process = subprocess.Popen([program, *told["command"]], cwd=place, env=environment)
            ends.callback(process.kill)
            if service == "upgrade":
                assert process.wait(START_SECONDS) == 0
                continue
            started[service] = process
        wait_until(lambda: Api(f"http://127.0.0.1:{port}").get("/readyz"), START_SECONDS, "the start of the web server")
        wait_until(lambda: _living(program, environment, place) == QUEUES, START_SECONDS, "the start of the workers")
        for service, process in started.items():
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(seconds(OURS[service]["stop_grace_period"])) == 0, service
            assert time.monotonic() - began < seconds(OURS[service]["stop_grace_period"])
        assert list(place.iterdir()) == []  # its root is read-only there


def _living(program: Path, environment: Mapping[str, str], place: Path) -> list[str]:
    asked: list[str | Path] = [program, "doctor", "--offline", "--json"]
    done = subprocess.run(asked, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    says = [each["says"] for each in json.loads(done.stdout)["findings"] if each["part"] == "workers"]
    return sorted(found[1] for line in says if (found := re.match(r"1 serve ([\w-]+);", line)))


def test_the_compose_file_starts_everything_as_nobody_who_can_do_harm() -> None:
    served = [told["command"][2] for told in OURS.values() if told["command"][:2] == ["worker", "--queue"]]
    assert sorted(served) == QUEUES
    assert {told["command"][0] for told in OURS.values()} == {"web", "worker", "db"}
    known = {env_name(name) for name in Settings.model_fields}
    for name, told in OURS.items():
        assert told["read_only"] is True
        assert told["cap_drop"] == ["ALL"]
        assert set(told["environment"]) <= known, name
        if told["command"][0] == "worker":
            assert seconds(told["stop_grace_period"]) > GRACE + 10
            assert told["mem_limit"]
    asked = set(VARIABLE.findall((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert {name for name, _ in asked} == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_a_pool_for_one_organization_leaves_nobody_out() -> None:
    services = yaml.safe_load((DEPLOY / "compose.pool.yaml").read_text(encoding="utf-8"))["services"]
    assert services["pool"]["extends"]["service"] in OURS
    told = {name: told["command"] for name, told in services.items()}
    assert told["pool"][:3] == told["bulk-messages"][:3] == OURS["bulk-messages"]["command"]
    assert (told["pool"][3], told["bulk-messages"][3]) == ("--organization", "--except")
    assert told["pool"][4] == told["bulk-messages"][4]
    unit = (DEPLOY / "systemd" / "adsapp-pool@.service").read_text(encoding="utf-8")
    assert "adsapp worker --organization %i\n" in unit


def test_the_image_runs_as_a_user_without_rights_and_says_whether_it_lives() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001:10001$", lines, re.MULTILINE)
    assert "HEALTHCHECK" in lines
    assert "--require-hashes" in lines
    assert re.search(r'^ENTRYPOINT \["adsapp"\]$', lines, re.MULTILINE)
    carried = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    assert carried >= {
        "adsapp",
        "huey_tasks",
        "migrations",
        "static",
        "templates",
        "pyproject.toml",
        "requirements.lock",
        "requirements-observe.lock",
    }
    assert all((ROOT / name).exists() for name in carried)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists_and_lets_jobs_end(unit: Path) -> None:
    told = configparser.RawConfigParser(strict=False)
    told.optionxform = str  # type: ignore[assignment,method-assign]
    told.read(unit, encoding="utf-8")
    service = told["Service"]
    command = re.search(r"/adsapp/bin/adsapp (\w+)", service["ExecStart"])
    assert command is not None
    assert command[1] in COMMANDS
    assert service["User"] == "adsapp"
    for guard in ("NoNewPrivileges", "PrivateTmp"):
        assert service[guard] == "yes"
    assert service["ProtectSystem"] == "strict"
    if "worker" in unit.stem:
        assert float(service["TimeoutStopSec"]) > GRACE + 10
        assert service["RestartPreventExitStatus"] == str(DRAINED)


@pytest.mark.parametrize("unit", ["adsapp-web.service", "adsapp-worker@.service", "adsapp-pool@.service"])
def test_systemd_finds_little_to_harden(unit: str) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("there is no systemd here")
    asked: list[str | Path] = [systemd, "security", "--offline=true", "--threshold=20", DEPLOY / "systemd" / unit]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_PAGER": ""})
    assert done.returncode == 0, done.stdout


def test_systemd_understands_every_line_of_the_units(tmp_path: Path) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("there is no systemd here")
    asked = []
    for unit in [*UNITS, DEPLOY / "systemd" / "adsapp-backup.timer"]:
        named = tmp_path / unit.name.replace("@", "@bulk-messages")
        # The program is not installed here, and systemd looks whether it is.
        named.write_text(unit.read_text(encoding="utf-8").replace("/opt/adsapp/bin/adsapp", "/bin/true"), "utf-8")
        asked.append(named)
    done = subprocess.run([systemd, "verify", *asked], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_rehearsal_starts_as_the_documentation_writes_it() -> None:
    done = subprocess.run([DEPLOY / "rehearse.py"], capture_output=True, text=True, check=False)
    assert "deploy/rehearse.py systemd" in done.stderr


def test_units_and_compose_start_the_same() -> None:
    of_units = set()
    for unit in UNITS:
        if "pool" in unit.stem:
            continue  # beside the others, in a compose file of its own
        started = re.search(r"^ExecStart=/opt/adsapp/bin/adsapp (.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        if started is not None:
            of_units |= {started[1].replace("%i", queue) for queue in QUEUES}
    assert of_units == {" ".join(told["command"]) for told in OURS.values()} - {"db upgrade"}


def test_the_example_of_kubernetes_serves_all_queues_as_nobody() -> None:
    found = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "adsapp.yaml").read_text(encoding="utf-8")))
    pods = [each["spec"]["template"]["spec"] for each in found if each["kind"] in ("Deployment", "Job")]
    served = []
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["args"][0] in COMMANDS
            if container["args"][0] == "worker":
                served.append(container["args"][2])
                assert pod["terminationGracePeriodSeconds"] > GRACE + 10
            assert container["args"][0] == "db" or container["resources"]["limits"]["memory"]
    assert sorted(served) == QUEUES
    settings = {env_name(name) for name in Settings.model_fields}
    assert set(next(each for each in found if each["kind"] == "ConfigMap")["data"]) <= settings
