"""An import that comes again and again, as a schedule keeps it.

    {"url": "https://example.com/list.csv?token=…", "like": "<id of an import>"}
    {"folder": "incoming", "like": "<id of an import>"}

What the import says is copied when the schedule is made: the columns with what they become, how the file is read, and
the options. So it counts as it was then, also when that import is gone. A program may give these itself.
"""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from adsapp.contacts.imports.queries import IN_LISTS, get_import
from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading_form import ReadingForm
from adsapp.contacts.imports.schemas import ImportOptions, ReadingOptions
from adsapp.contacts.imports.service import mapping_of
from adsapp.contacts.imports.watched import addresses, folders
from adsapp.contacts.models import Import
from adsapp.core import context, db
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.parsing import parse
from adsapp.jobs.registry import Asked
from adsapp.organizations.queries import own_organization

CHOICES: Final = 50
NO_FOLDERS: Final = "No folder is set up here. Whoever runs ADSapp can do that (IMPORT_FOLDERS)"
WHERE: Final = "Enter the address of the file, or a folder"


@dataclass(frozen=True)
class Watched:
    """Where files come from, and how each is imported; `header` are the names of its columns, by whose index
    `mapping` says what they become."""

    url: str = ""
    folder: str = ""
    like: str = ""
    header: tuple[str, ...] = ()
    mapping: dict[str, str | None] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> Mapping:
        """What each column becomes."""
        return mapping_of(self.mapping, self.header)

    @property
    def importing(self) -> ImportOptions:
        """How what is read is imported."""
        return parse(ImportOptions, self.options)

    @property
    def reading_options(self) -> ReadingOptions:
        """How the file is read."""
        return parse(ReadingOptions, self.reading)


_READ: Final = TypeAdapter(Watched)


def watched_of(params: Dict[str, Any]) -> Watched:
    """The params, read; raises Invalid for what is of another kind than it should be."""
    known = {name: value for name, value in params.items() if name in Watched.__dataclass_fields__}
    try:
        return _READ.validate_python(known)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid.field(".".join(map(str, first["loc"])), first["msg"]) from None


def check(params: Dict[str, Any]) -> dict[str, Any]:
    """The params as they are kept; raises Invalid, each field by its name."""
    given = watched_of(params)
    place = _place(given)
    if not given.header:
        given = _copied(given)
    return {
        "url": place.get("url", ""),
        "folder": place.get("folder", ""),
        "like": given.like,
        "header": list(given.header),
        "mapping": given.columns.to_json(),
        "options": given.importing.to_json(),
        "reading": given.reading_options.model_dump(exclude_none=True),
    }


def _place(given: Watched) -> dict[str, str]:
    if bool(given.url.strip()) == bool(given.folder.strip()):
        raise Invalid.field("url", f"{WHERE}, one of the two" if given.url.strip() else WHERE)
    if given.url.strip():
        return {"url": addresses.checked(given.url)}
    root = context.settings().import_folders
    if not root:
        raise Invalid.field("folder", NO_FOLDERS)
    folder = folders.checked(given.folder)
    if why_not := folders.why_none(Path(root), own_organization().slug, folder):
        raise Invalid.field("folder", why_not)
    return {"folder": folder}


def _copied(given: Watched) -> Watched:
    """With the columns and options of the import that it is to be like."""
    if not given.like:
        raise Invalid.field("like", "Name the import whose columns are used again (like), or give header and mapping")
    try:
        return watched_of({**define(given.like), "url": given.url, "folder": given.folder})
    except NotFound as error:
        raise Invalid.field("like", error.detail) from None


def define(value: str) -> dict[str, Any]:
    """The params that import as this import did, but for where from; raises NotFound, Invalid for one that was not
    begun."""
    batch = get_import(value)
    if batch.job_id is None:
        raise Invalid.field("source", "This import was not begun yet, so that nobody has said what its columns become")
    read_as = ReadingForm.of(Inspection.from_json(batch.inspection))
    chosen = {name: text for name, text in asdict(read_as).items() if text and name in batch.inspection["chosen"]}
    return {
        "like": str(batch.id),
        "header": list(batch.inspection["header"]),
        "mapping": dict(batch.mapping),
        "options": dict(batch.options),
        "reading": chosen,
    }


def choices() -> Sequence[tuple[str, str]]:
    """Imports that can be done again, the newest first."""
    begun = select(Import).options(*IN_LISTS).where(Import.job_id.is_not(None)).order_by(Import.id.desc())
    found = db.session.scalars(begun.limit(CHOICES))
    return [(str(each.id), f"{each.file_name} · {each.created_at:%-d %b %Y}") for each in found]


def words(params: Dict[str, Any]) -> str:
    """What a run does, in a sentence."""
    given = watched_of(params)
    tags = given.options.get("tags") or ()
    tagged = f", and tags everybody in it {' and '.join(f'“{tag}”' for tag in tags)}" if tags else ""
    return f"Imports {where(given)} as {_like(given)}{tagged}."


def where(given: Watched) -> str:
    """Where its files come from, without secrets."""
    if given.url:
        return f"the file at {addresses.shown(given.url)}, if it is another one than last time,"
    name = "your own folder" if given.folder == folders.HERE else f"the folder “{given.folder}”"
    return f"the new files of {name}"


def _like(given: Watched) -> str:
    wanted = parse_id(given.like)
    found = wanted and db.session.scalar(select(Import.file_name).where(Import.id == wanted))
    return f"“{found}” was" if found else "its columns say"


def asks(params: Dict[str, Any] | None) -> Sequence[Asked]:
    """What the form asks besides: where from. `params` is what the schedule does now, if it is there."""
    now = watched_of(params) if params else Watched()
    address = f" It is {addresses.shown(now.url)} now; leave this empty to keep it." if now.url else ""
    about = "The file is fetched at each run. A key in the address is kept encrypted, and is shown to nobody again."
    asked = [Asked("url", "Address of the file", f"{about}{address}", "https://example.com/contacts.csv")]
    if context.settings().import_folders:
        own = "Below the one that is set up for you. Each new file is imported once it is whole. A dot is that itself."
        kept = f" It is “{now.folder}” now; leave this empty to keep it." if now.folder else ""
        asked.append(Asked("folder", "Or a folder", f"{own}{kept}", "incoming"))
    return asked


def fill(params: Dict[str, Any], typed: Dict[str, str], kept: Dict[str, Any]) -> dict[str, Any]:
    """The params with where from, as it is typed; empty: as it is kept."""
    places = {name: typed.get(name, "") for name in ("url", "folder")}
    if not any(places.values()):
        places = {name: str(kept.get(name, "")) for name in places}
    return {**params, **places}


def shown(params: Dict[str, Any]) -> dict[str, Any]:
    """The params as they may be seen."""
    return {**params, "url": addresses.shown(str(params["url"]))} if params.get("url") else dict(params)
