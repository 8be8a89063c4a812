"""The import contracts catch what they are there for: each planted violation must break one."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from grimp import ImportGraph, build_graph
from importlinter.application import use_cases
from importlinter.configuration import configure
from importlinter.domain.contract import registry

from adsapp.config import ROOT

PLANTS = {
    "a processor imported by a feature": ("adsapp/campaigns/service.py", "import huey_tasks.demo"),
    "a lower package imports a higher one": ("adsapp/contacts/service.py", "import adsapp.campaigns.models"),
    "core knows a feature": ("adsapp/core/clock.py", "import adsapp.jobs.states"),
    "configuration knows core": ("adsapp/config.py", "import adsapp.core.clock"),
    "neighbours import each other": ("adsapp/message_templates/queries.py", "import adsapp.contacts.models"),
    "models import the service": ("adsapp/jobs/models.py", "import adsapp.jobs.service"),
    "queries import views": ("adsapp/contacts/queries.py", "import adsapp.contacts.views"),
    "a campaign knows trials": ("adsapp/campaigns/service.py", "import adsapp.renderings.queries"),
    "a trial's service knows its pages": ("adsapp/renderings/service.py", "import adsapp.renderings.views"),
    "a service speaks Flask": ("adsapp/contacts/service.py", "import flask"),
    "a processor speaks Flask": ("huey_tasks/demo.py", "import flask"),
    "a processor imports views": ("huey_tasks/demo.py", "import adsapp.contacts.views"),
    "a feature speaks Huey": ("adsapp/campaigns/service.py", "import huey"),
    "the web speaks Huey beside the broker": ("adsapp/jobs/engine/worker.py", "import huey"),
    "the sandbox imports a feature": ("adsapp/sandbox/state.py", "import adsapp.contacts.models"),
    "the sandbox imports our client": (
        "adsapp/sandbox/whatsapp/provider.py",
        "import adsapp.integrations.whatsapp.client",
    ),
    "a client imports the sandbox": ("adsapp/integrations/whatsapp/client.py", "import adsapp.sandbox.whatsapp.errors"),
    "the job engine knows a feature": ("adsapp/jobs/registry.py", "import adsapp.campaigns.subject"),
    "the engine knows the service": ("adsapp/jobs/engine/claims.py", "import adsapp.jobs.service"),
    "the engine knows the pages": ("adsapp/jobs/engine/worker.py", "import adsapp.jobs.console.presenter"),
    "queries of jobs know operations": ("adsapp/jobs/queries/jobs.py", "import adsapp.jobs.bulk.operations"),
    "operations know the API": ("adsapp/jobs/bulk/run.py", "import adsapp.jobs.api.serializers"),
    "a page cancels a job without the audit": ("adsapp/contacts/imports/views.py", "import adsapp.jobs.transitions"),
    "an endpoint changes a job without the audit": ("adsapp/campaigns/api.py", "import adsapp.jobs.transitions"),
    "a page pauses a queue without the audit": (
        "adsapp/jobs/console/queue_page.py",
        "import adsapp.jobs.queues",
    ),
    "a command pauses a queue without the audit": ("adsapp/cli/jobs/queues.py", "import adsapp.jobs.queues"),
    "what may be done knows what does it": ("adsapp/jobs/rules.py", "import adsapp.jobs.transitions"),
    "the service of jobs knows the API": ("adsapp/jobs/service.py", "import adsapp.jobs.api.serializers"),
    "sending knows a page": ("adsapp/campaigns/sending/job.py", "import adsapp.campaigns.console.presenter"),
    "webhooks know a page": ("adsapp/campaigns/webhooks/apply.py", "import adsapp.campaigns.console.presenter"),
    "composing knows the service": ("adsapp/campaigns/compose/draft.py", "import adsapp.campaigns.service"),
    "contacts know the pages of imports": ("adsapp/contacts/service.py", "import adsapp.contacts.imports.views"),
    "contacts know how files are read": ("adsapp/contacts/service.py", "import adsapp.contacts.imports.reading.rows"),
    "a value knows files": ("adsapp/contacts/values/phones.py", "import adsapp.contacts.imports.reading.rows"),
    "an import's run knows its pages": ("adsapp/contacts/imports/run.py", "import adsapp.contacts.imports.views"),
    "a campaign knows schedules": ("adsapp/campaigns/service.py", "import adsapp.schedules.models"),
    "a fire knows a page": ("adsapp/schedules/firing.py", "import adsapp.schedules.presenter"),
    "counting knows what fires": ("adsapp/schedules/plan.py", "import adsapp.schedules.firing"),
    "the job engine knows schedules": ("adsapp/jobs/engine/worker.py", "import adsapp.schedules.dispatcher"),
    "a schedule knows a provider": ("adsapp/schedules/service.py", "import adsapp.integrations.whatsapp.client"),
    "sending knows a provider": ("adsapp/campaigns/sending/slice.py", "import adsapp.integrations.whatsapp.client"),
    "templates know a provider": ("adsapp/message_templates/service.py", "import adsapp.integrations.whatsapp.errors"),
    "the first page knows a provider": ("adsapp/dashboard/queries.py", "import adsapp.integrations.whatsapp.codes"),
    "alerts know a provider": ("adsapp/alerts/facts.py", "import adsapp.integrations.whatsapp.codes"),
    "alerts know the first page": ("adsapp/alerts/concerns.py", "import adsapp.dashboard.queries"),
    "a rule knows who is told": ("adsapp/alerts/rules/jobs.py", "import adsapp.alerts.telling"),
    "a delivery knows a page": ("adsapp/alerts/delivering.py", "import adsapp.alerts.console"),
    "a provider knows the list of providers": (
        "adsapp/integrations/whatsapp/service.py",
        "import adsapp.integrations.channels",
    ),
    "a provider's client opens the database": ("adsapp/integrations/whatsapp/client.py", "import adsapp.core.db"),
    "the database knows the web": ("adsapp/core/db/rows.py", "import adsapp.core.web.htmx"),
    "a pure module opens the database": ("adsapp/message_templates/rendering.py", "import adsapp.core.db"),
    "a value opens the database": ("adsapp/contacts/values/phones.py", "import sqlalchemy"),
    "the engine speaks Flask": ("adsapp/jobs/engine/claims.py", "import flask"),
    "a processor imports a console": ("huey_tasks/demo.py", "import adsapp.campaigns.console.presenter"),
    "a pure module speaks Flask": ("adsapp/contacts/imports/reading/rows.py", "import flask"),
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts over a tree, as `./run check` does."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_the_contracts_hold_and_a_planted_line_breaks_one(tmp_path: Path) -> None:
    for name in ("adsapp", "huey_tasks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    checked = lint(tmp_path)
    assert checked.returncode == 0, checked.stdout
    path, line = PLANTS["a lower package imports a higher one"]
    with (tmp_path / path).open("a") as file:
        file.write(f"\n{line}  # planted\n")
    assert lint(tmp_path).returncode != 0


@pytest.fixture(scope="session")
def imports() -> ImportGraph:
    """Who imports whom: read once, for to read it takes longer than to check it."""
    configure()
    use_cases._register_built_in_contract_types()
    return build_graph("adsapp", "huey_tasks", include_external_packages=True, cache_dir=None)


def broken(imports: ImportGraph) -> Iterator[str]:
    """The names of the contracts that do not hold, one after another: whoever needs one need not wait for all."""
    options = use_cases.read_user_options(str(ROOT / "pyproject.toml"))
    for each in options.contracts_options:
        kind = registry.get_contract_class(each["type"])
        contract = kind(name=each["name"], session_options=options.session_options, contract_options=each)
        if not contract.check(deepcopy(imports), verbose=False).kept:
            yield contract.name


def test_nothing_is_broken_before_something_is_planted(imports: ImportGraph) -> None:
    assert list(broken(imports)) == []


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_is_caught(imports: ImportGraph, plant: str) -> None:
    path, line = PLANTS[plant]
    importer, imported = path.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
    assert {importer, imported} <= imports.modules
    planted = deepcopy(imports)
    planted.add_import(importer=importer, imported=imported, line_number=1, line_contents=line)
    assert next(broken(planted), None), f"no contract forbids it: {plant}"
