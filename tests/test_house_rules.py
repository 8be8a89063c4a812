"""What a tidy person would look after: nothing unguarded, nothing without a consumer, nothing undocumented."""

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

import huey_tasks
from adsapp import create_app
from adsapp.config import ROOT, Settings, env_name
from adsapp.jobs import Queue
from adsapp.jobs.labels import OUTCOMES, PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.registry import Lazy, processors, subjects
from adsapp.organizations.policy import Permission
from adsapp.processes.commands import worker_children

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = sorted((ROOT / "adsapp").rglob("*.py"))
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
ENDPOINT = re.compile(r"""\burl_for\(\s*["']([\w.]+)["']""")
# A path written out: href="/campaigns/new", url=f"/imports/{imported.id}", href="/imports/" ~ id
PATH = re.compile(r"""(?:href|url|action)=f?["'](/[^"'{}?]*)""")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application; nothing here touches its database."""
    return create_app(Settings(home=tmp_path_factory.mktemp("home"), log_level="ERROR"))


def test_every_route_says_who_may_use_it(program: Flask) -> None:
    for endpoint, view in program.view_functions.items():
        if endpoint == "static":
            continue
        assert hasattr(view, "permission"), f"{endpoint} says neither @allow nor @public"
        assert view.permission is None or view.permission in Permission


def test_no_route_changes_anything_by_get(program: Flask) -> None:
    for rule in program.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()):
            continue
        source = inspect.getsource(inspect.unwrap(program.view_functions[rule.endpoint]))
        assert ".commit()" not in source, f"{rule.rule} commits by GET"


def test_only_the_doors_are_open_to_everybody(program: Flask) -> None:
    is_open = {name for name, view in program.view_functions.items() if getattr(view, "permission", 0) is None}
    doors = ("sign_in.sign_in", "sign_in.check_sign_in", "health.", "unsubscribe.")
    strangers = {name for name in is_open if not name.startswith(doors) and "webhook" not in name}
    assert strangers == set()


def test_every_queue_has_a_consumer() -> None:
    served = [child.command[child.command.index("--queue") + 1] for child in worker_children(Settings())]
    assert sorted(served) == sorted(queue.value for queue in Queue)


def test_every_processor_has_a_title_and_a_queue_that_is_served() -> None:
    known = list(processors())
    assert known
    for processor in known:
        assert (processor.run.__doc__ or "").strip(), f"{processor.name} has no docstring"
        assert processor.title != processor.name, f"{processor.name} has no title for the console"
        assert processor.queue in Queue


def test_the_audit_is_written_by_services_never_by_pages_api_or_commands() -> None:
    edges = re.compile(r"adsapp/(?:cli/|.*(?:views|api)\.py|.*/(?:console|api)/)")
    for path in SOURCES:
        place = path.relative_to(ROOT).as_posix()
        if edges.match(place):
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"\.by\([^)]*\)\.(?:audit|note)\(|\.audit\(", source), (
                f"{place} writes the audit itself"
            )


def test_every_hook_of_a_kind_of_job_is_there_and_loaded_only_when_it_is_called() -> None:
    hooks: list[object] = [hook for each in processors() for hook in (each.items, each.on_cancel) if hook]
    recurs = [each.recurs for each in processors() if each.recurs]
    hooks += [hook for one in recurs for hook in (one.check, one.words, one.choices, one.define, one.narrow) if hook]
    assert hooks
    assert recurs
    for hook in hooks:
        assert isinstance(hook, Lazy), f"{hook} is imported by every process"
        assert callable(hook.load())


def test_the_job_engine_names_no_feature() -> None:
    feature = re.compile(r"campaign|recipient|import-contacts|bulk-message\b|whatsapp", re.IGNORECASE)
    for path in (ROOT / "adsapp" / "jobs").rglob("*.py"):
        named = [line for line in path.read_text(encoding="utf-8").splitlines() if feature.search(line)]
        assert named == [], f"{path.relative_to(ROOT)} knows a feature"


def test_no_room_holds_more_than_twenty_modules() -> None:
    rooms = Counter(path.parent for path in (ROOT / "adsapp").rglob("*.py") if path.name != "__init__.py")
    assert {str(room.relative_to(ROOT)): count for room, count in rooms.items() if count > 20} == {}


def test_every_file_of_processors_registers_one() -> None:
    files = {path.stem for path in Path(huey_tasks.__path__[0]).glob("*.py")} - {"__init__"}
    modules = {processor.run.__module__.rpartition(".")[2] for processor in processors()}
    assert files == modules


def test_every_setting_is_documented_with_its_default() -> None:
    documented = dict(_documented())
    assert list(documented) == [env_name(name) for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        text, value = documented[env_name(name)]
        assert text == field.description
        assert value == _as_text(field.default)


def _documented() -> Iterator[tuple[str, tuple[str, str]]]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            yield name, (above.removeprefix("# "), value)


def _as_text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default == () else str(default)


def test_the_environment_is_read_in_one_file_only() -> None:
    reads = re.compile(r"os\.environ\.get|os\.environ\[|os\.getenv")
    allowed = {"config.py"}
    for path in SOURCES:
        if "sandbox" in path.parts or path.name in allowed:
            continue
        assert not reads.search(path.read_text(encoding="utf-8")), f"{path} reads the environment"


# Statements on the session's connection pass the tenant filter by. Each of these names its rows by ids or organization.
PAST_THE_FILTER = {
    "jobs/wait_reasons.py": "asks for the time",
    "jobs/progress.py": "looks at the lease of its own job",
    "jobs/transitions.py": "changes jobs by their ids and organization",
    "contacts/imports/lane.py": "holds a key",
    "contacts/imports/service.py": "holds a key",
    "campaigns/sending/claim.py": "holds keys",
    "organizations/throttling.py": "counts failures, which belong to no organization",
    "core/key_rotation.py": "reads and rewrites secrets as they are kept, in one organization after another",
}


def test_nothing_goes_past_the_filter_of_organizations_unseen() -> None:
    outside = [path for path in SOURCES if not path.is_relative_to(ROOT / "adsapp" / "core" / "db")]
    texts = {path.relative_to(ROOT / "adsapp").as_posix(): path.read_text(encoding="utf-8") for path in outside}
    assert {name for name, source in texts.items() if ".connection()" in source} == set(PAST_THE_FILTER)
    bulk = re.compile(r"\.bulk_(insert_mappings|update_mappings|save_objects)\b")
    assert [name for name, source in texts.items() if bulk.search(source)] == []


def test_what_comes_from_outside_is_read_in_one_place_only() -> None:
    edges = re.compile(
        r"adsapp/(?:.*(?:views|api|forms?|filters|access|sign_in|downloads|confirmation|queries)\.py|.*/(?:console|api|web|queries)/)"
    )
    reads = re.compile(
        r"\.isdigit\(|\.isdecimal\(|fromisoformat\((?!ended)|urlsplit\(|json\.loads\(|get_json\(|strptime\("
    )
    for path in SOURCES:
        place = path.relative_to(ROOT).as_posix()
        if edges.match(place) and "sandbox" not in path.parts and not place.endswith("core/web/parsing.py"):
            found = reads.findall(path.read_text(encoding="utf-8"))
            assert found == [], f"{place} reads what was sent by itself; core/inputs.py and core/web/parsing.py do"


def test_numbers_and_addresses_are_masked_in_one_place_only() -> None:
    allowed = {"access.py", "masks.py"}
    decides = re.compile(r"sees_numbers|SEE_NUMBERS")
    deciding = {path.name for path in SOURCES if decides.search(path.read_text(encoding="utf-8"))}
    # The others decide what may be searched for, what the field for it is called, and what of a job's data is told.
    others = {"views.py", "suppressions_views.py", "api.py", "navigation.py", "presenter.py", "policy.py"}
    assert deciding <= allowed | others, deciding
    for path in TEMPLATES:
        source = COMMENT.sub("", path.read_text(encoding="utf-8"))
        assert "sees_numbers" not in source or path.parent.name == "contacts", f"{path} masks by itself"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_templates_name_only_endpoints_that_exist(program: Flask, path: Path) -> None:
    source = COMMENT.sub("", path.read_text(encoding="utf-8"))
    missing = {name for name in ENDPOINT.findall(source) if name not in program.view_functions}
    assert missing == set()


def test_paths_written_out_lead_somewhere(program: Flask) -> None:
    adapter = program.url_map.bind("localhost")
    places = {path: COMMENT.sub("", path.read_text(encoding="utf-8")) for path in (*TEMPLATES, *SOURCES)}
    for path, source in places.items():
        if "sandbox" in path.parts:
            continue
        for target in PATH.findall(source):
            assert _leads_somewhere(adapter, target), f"{path.relative_to(ROOT)} leads to {target}"
    assert subjects().keys() == {"campaign", "email", "import", "rendering", "schedule"}
    for subject in subjects().values():
        assert _leads_somewhere(adapter, subject.path("")), subject
        assert subject.link


def _leads_somewhere(adapter: object, target: str) -> bool:
    # What ends in a slash is completed by an id.
    whole = target + "01a210a8-716a-702e-9273-2c0d2a147695" if len(target) > 1 and target.endswith("/") else target
    try:
        adapter.match(whole)  # type: ignore[attr-defined]
    except RequestRedirect:
        return True
    except NotFound:
        return False
    return True


def test_every_queue_priority_and_outcome_has_words_for_people() -> None:
    assert set(QUEUE_TITLES) == set(Queue)
    assert sorted(PRIORITY_WORDS) == [1, 2, 3, 4]
    assert {"completed", "failed", "retry", "lost", "released", "cancelled"} == set(OUTCOMES)
