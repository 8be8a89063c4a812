"""An installation needs no checkout: the wheel carries everything, does the main job and serves the console."""

import re
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adsapp.config import ROOT
from adsapp.demo.http import Api, wait_until
from adsapp.demo.stage import free_port
from tests.servers import Servers
from tests.wheel import NOTHING_SET, built_wheel, installed_program

PLACES = {  # in a checkout: in a wheel
    "adsapp": "adsapp",
    "huey_tasks": "huey_tasks",
    "migrations": "adsapp/migrations",
    "static": "adsapp/static",
    "templates": "adsapp/templates",
}
ASSET = re.compile(r"""(?:href|src)="(/static/[^"#]+)""")


@pytest.fixture(scope="session")
def wheel(servers: Servers) -> Path:
    """The wheel."""
    return built_wheel(servers)


@pytest.fixture(scope="session")
def program(servers: Servers) -> Path:
    """The `adsapp` command of an environment that was empty before."""
    return installed_program(servers)


def test_a_wheel_carries_all_that_a_checkout_has_and_takes_no_other_name(wheel: Path) -> None:
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in carried} == {"adsapp", "huey_tasks"}
    assert carried == {f"{PLACES[top]}/{path}" for top in PLACES for path in _files(ROOT / top)}


def _files(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [path.relative_to(folder).as_posix() for path in found]


def test_an_installation_does_the_main_job_and_leaves_nothing_behind(program: Path, tmp_path: Path) -> None:
    printed = _run(program, tmp_path, "demo", "--once")
    assert "ok   delivered: " in printed
    assert "NOT" not in printed
    assert list(tmp_path.iterdir()) == []


def test_an_installation_serves_its_own_pages_over_the_data_of_the_present_folder(
    program: Path, tmp_path: Path
) -> None:
    decoy = tmp_path / "adsapp" / "__init__.py"  # as in a checkout of another version
    decoy.parent.mkdir()
    decoy.write_text("raise ImportError('this is not what was installed')")
    _run(program, tmp_path, "db", "upgrade")
    with _web(program, tmp_path) as address:
        page = _get(f"{address}/sign-in")
        assets = set(ASSET.findall(page))
        assert any("/static/app.css" in asset for asset in assets)
        assert all(_get(address + asset) for asset in assets)
    assert {path.name for path in tmp_path.iterdir()} == {"adsapp", "var"}


def _run(program: Path, place: Path, *arguments: str) -> str:
    """What a command prints that must succeed."""
    command = [str(program), *arguments]
    done = subprocess.run(command, cwd=place, env=NOTHING_SET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _web(program: Path, place: Path) -> Iterator[str]:
    """The web server, started in `place`; its address, once it is ready."""
    port = free_port()
    with subprocess.Popen([program, "web"], cwd=place, env={**NOTHING_SET, "PORT": str(port)}) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: Api(address).get("/readyz"), 60, "the start of the web server")
            yield address
        finally:
            server.terminate()


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode("utf-8", "replace"))
