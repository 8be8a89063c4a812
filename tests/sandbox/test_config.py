"""Settings that cannot be used say where they are wrong; the command ends as it says."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adsapp.sandbox.__main__ import main
from adsapp.sandbox.config import ConfigError, account_from, config_from, read_config

from .support import NUMBER, TOKEN, WABA, Client, welcome

ACCOUNT = {"phone_number_id": NUMBER, "waba_id": WABA, "token": TOKEN, "app_secret": "s"}


def test_a_file_holds_everything(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(json.dumps({"port": 0, "fast": True, "seed": None, "static": None, "accounts": [ACCOUNT]}))
    config = read_config(path)
    assert config.accounts[0].phone_number_id == NUMBER
    assert config.timing.sent < 0.1
    assert config.static is None
    assert config_from({"static": "x"}).static == Path("x")


def test_a_secret_is_not_shown_by_accident() -> None:
    assert TOKEN not in repr(account_from(ACCOUNT))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "expected a JSON object"),
        ({"prot": 1}, "prot"),
        ({"port": "5001"}, "port"),
        ({"port": True}, "port"),
        ({"fast": 1}, "fast"),
        ({"seed": "a"}, "seed must be int or null"),
        ({"accounts": {}}, "accounts must be a list"),
        ({"accounts": [{}]}, "accounts[0]: phone_number_id"),
        ({"accounts": [{**ACCOUNT, "throughput": 0}]}, "throughput"),
        ({"accounts": [{**ACCOUNT, "token": 1}]}, "token"),
    ],
)
def test_a_wrong_setting_is_named(data: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(data)
    assert words in str(caught.value)


def test_wrong_flags_end_with_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--config", str(tmp_path / "none.json")]) == 2
    assert main(["--token", TOKEN]) == 2
    assert "--phone-number-id" in capsys.readouterr().err
    assert main(["--static", str(tmp_path / "none")]) == 2


def test_a_port_in_use_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(json.dumps({"accounts": [ACCOUNT]}))
    command = [sys.executable, "-m", "adsapp.sandbox", "--config", str(path), "--port", "0", "--fast"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = Client(process.stdout.readline().split()[-1])
        assert client.send(welcome()).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
