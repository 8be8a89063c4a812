"""Ports that are taken are named; children are started again and leave nothing behind."""

import signal
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from adsapp.cli import servers
from adsapp.cli.errors import CommandFailed
from adsapp.cli.readiness import check_port
from adsapp.config import Settings
from adsapp.demo import stage
from adsapp.jobs.scopes import Scope, Shard
from adsapp.processes.commands import worker_children
from adsapp.processes.supervisor import Child, Supervisor
from tests.cast import Cast
from tests.waiting import wait_for

IDLE = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True)\nwhile True: signal.pause()",
]


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandFailed, match=rf"port {port} .*PORT={port + 100} before"):
            check_port("127.0.0.1", port, "PORT")


def test_whom_a_worker_serves_is_known_before_it_starts(app: Flask, cast: Cast) -> None:
    assert servers._scope(app, ["harbour-bakery"], [], None).only == {cast.bakery_id}
    assert servers._scope(app, [], ["harbour-bakery"], Shard(2, 8)) == Scope(
        but=frozenset([cast.bakery_id]), shard=Shard(2, 8)
    )
    with pytest.raises(CommandFailed, match="there is no organization harbor; there are "):
        servers._scope(app, ["harbour-bakery", "harbor"], [], None)
    for wrong, says in (
        (["--shard", "9/8"], "9/8 is no shard; write it as 2/8"),
        (["--organization", "harbour-bakery", "--shard", "1/2"], "--organization stands alone"),
        (["--organization", "harbour-bakery", "--except", "lagoon"], "--organization stands alone"),
    ):
        refused = CliRunner().invoke(servers.worker, wrong)
        assert refused.exit_code == 2
        assert says in refused.output
    bound = ["--except=harbour-bakery", "--shard=2/8"]
    assert all(child.command[-2:] == bound for child in worker_children(app.config["SETTINGS"], bound))


def test_a_child_that_dies_is_started_again_and_none_is_left_behind() -> None:
    with Supervisor([Child("idle", IDLE)], grace_seconds=5) as supervisor:
        child = supervisor._children[0]
        assert child.process is not None
        first = child.process
        first.send_signal(signal.SIGKILL)
        first.wait()

        def look() -> bool:
            supervisor._look_after(child)
            return child.process is not first and child.is_running

        wait_for(look)
    assert not child.is_running


def test_a_child_that_ignores_the_signal_is_ended_after_its_grace() -> None:
    with Supervisor([Child("stubborn", STUBBORN)], grace_seconds=0.3) as supervisor:
        child = supervisor._children[0]
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL or child.process.returncode == -signal.SIGTERM


def test_children_find_the_data_of_the_folder_in_which_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=Path("var"))
    assert {child.env["ADSAPP_HOME"] for child in worker_children(settings)} == {str(tmp_path / "var")}
    number = stage.known_number(settings.home)
    assert stage.write_sandbox_config(settings, number, "") == tmp_path / "var" / "sandbox.json"
