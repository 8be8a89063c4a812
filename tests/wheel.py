"""The wheel, and an environment that has nothing else: made once for all tests of a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from adsapp.config import ROOT, VERSION
from tests.once import made_once
from tests.servers import Servers

NOTHING_SET = {"PATH": os.defpath}  # no setting, no PYTHONPATH


def run_uv(*arguments: str | Path) -> None:
    """Run uv, which `./run` uses, too: it finds the packages of requirements.lock in its cache."""
    beside_python = Path(sys.executable).parent
    uv = shutil.which("uv", path=os.pathsep.join([str(beside_python), os.environ["PATH"]]))
    assert uv, "uv is missing: `./run test` installs it"
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def built_wheel(servers: Servers) -> Path:
    """The wheel, built from the source distribution, so that both are whole."""
    return made_once(servers.home / "dist", _build) / f"adsapp-{VERSION}-py3-none-any.whl"


def _build(place: Path) -> None:
    run_uv("build", "--no-build-isolation", "--python", sys.executable, "--out-dir", place, ROOT)


def installed_program(servers: Servers) -> Path:
    """The `adsapp` command of an environment that was empty before."""
    wheel = built_wheel(servers)

    def install(place: Path) -> None:
        run_uv("venv", "--python", sys.executable, place)
        options = ("--compile-bytecode", "--python", place, "--constraint", ROOT / "requirements.lock")
        run_uv("pip", "install", *options, wheel)

    return made_once(servers.home / "installed", install) / "bin" / "adsapp"
