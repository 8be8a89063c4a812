"""The import contracts catch what they are there for: each planted violation must break one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adsapp.config import ROOT

PLANTS = {
    "a processor imported by a feature": ("adsapp/campaigns/service.py", "import huey_tasks.demo"),
    "a lower package imports a higher one": ("adsapp/contacts/service.py", "import adsapp.campaigns.models"),
    "core knows a feature": ("adsapp/core/clock.py", "import adsapp.jobs.states"),
    "configuration knows core": ("adsapp/config.py", "import adsapp.core.clock"),
    "neighbours import each other": ("adsapp/message_templates/queries.py", "import adsapp.contacts.models"),
    "models import the service": ("adsapp/jobs/models.py", "import adsapp.jobs.service"),
    "queries import views": ("adsapp/contacts/queries.py", "import adsapp.contacts.views"),
    "a service speaks Flask": ("adsapp/contacts/service.py", "import flask"),
    "a processor speaks Flask": ("huey_tasks/demo.py", "import flask"),
    "a processor imports views": ("huey_tasks/demo.py", "import adsapp.contacts.views"),
    "a feature speaks Huey": ("adsapp/campaigns/service.py", "import huey"),
    "the web speaks Huey beside the broker": ("adsapp/jobs/worker.py", "import huey"),
    "the sandbox imports a feature": ("adsapp/sandbox/state.py", "import adsapp.contacts.models"),
    "the sandbox imports our client": ("adsapp/sandbox/provider.py", "import adsapp.integrations.whatsapp.client"),
    "a client imports the sandbox": ("adsapp/integrations/whatsapp/client.py", "import adsapp.sandbox.errors"),
    "a pure module opens the database": ("adsapp/message_templates/rendering.py", "import adsapp.core.db"),
    "a pure module speaks Flask": ("adsapp/contacts/reading/rows.py", "import flask"),
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts over a tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that plants can be put into."""
    copy = tmp_path_factory.mktemp("planted")
    for name in ("adsapp", "huey_tasks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_contracts_hold(tree: Path) -> None:
    checked = lint(tree)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_caught(tree: Path, plant: str) -> None:
    path, line = PLANTS[plant]
    file = tree / path
    text = file.read_text()
    file.write_text(text + f"\n{line}  # planted\n")
    try:
        assert lint(tree).returncode != 0, f"no contract forbids it: {plant}"
    finally:
        file.write_text(text)
