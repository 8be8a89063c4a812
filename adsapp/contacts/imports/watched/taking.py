"""One run of a schedule that imports: it looks what is new, and starts an import of each such file.

The look comes first and holds no transaction: a file may take minutes to come. What is started, and that it was
started, are then written at once (`adsapp.schedules.starting`).

A file of a folder is taken if it is as it was at an earlier look, so that nobody writes to it any more. A run that
sees new ones looks once more a little later. What was taken once from a folder is known by its content and not taken
again, whatever it is called. At an address, a file is new if it is another one than the last.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Final

from sqlalchemy import select

from adsapp.contacts.imports import country, service, uploads
from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.signature import carried, signature
from adsapp.contacts.imports.service import ImportRunning
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.imports.watched import addresses, folders
from adsapp.contacts.imports.watched.folders import Listing, NoFolder, Seen
from adsapp.contacts.imports.watched.params import NO_FOLDERS, Watched
from adsapp.contacts.models import Import, ImportSighting
from adsapp.contacts.values.text import name_key
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.core.ids import new_id
from adsapp.core.outgoing import OutgoingError
from adsapp.core.words import plural
from adsapp.jobs import JobFailed, Progress
from adsapp.jobs.progress import Snooze
from adsapp.organizations.auditing import By
from adsapp.organizations.queries import own_organization

MOST_FILES: Final = 50  # of one run
SETTLES: Final = timedelta(seconds=20)  # between two looks at a new file
NOTHING: Final = "Nothing new: {}"
NAMED: Final = 3


@dataclass(frozen=True)
class Found:
    """A file to be imported. `seen` of one in a folder: it has to be that still when it was copied."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    sighting: ImportSighting
    seen: Seen | None = None


@dataclass(frozen=True)
class Look:
    """What a look found; if that is nothing, `why` says so."""

    asked: Watched
    files: Sequence[Found] = ()
    why: str = ""


@dataclass(frozen=True)
class Taken:
    """The imports that were started; the last one ends last. None of them: `said` is why."""

    subject: str | None
    job_id: uuid.UUID | None
    said: str


@contextmanager
def look(asked: Watched, progress: Progress) -> Iterator[Look]:
    """What is new, ready to be read until the end of the block. Raises JobFailed, Snooze."""
    if asked.url:
        with _fetched(asked, progress) as found:
            yield found
        return
    root = context.settings().import_folders
    if not root:  # they were allowed when the schedule was made
        raise JobFailed("no_folder", f"{NO_FOLDERS}. Nothing was imported.", permanent=True)
    try:
        with folders.opened(Path(root), own_organization().slug, asked.folder) as folder:
            yield _of_folder(asked, folder, progress)
    except NoFolder as error:
        raise JobFailed("no_folder", f"{error}. Nothing was imported.") from None


# --- an address ------------------------------------------------------------------------------------------------------


@contextmanager
def _fetched(asked: Watched, progress: Progress) -> Iterator[Look]:
    key = _key("url", asked.url, json.dumps([asked.header, asked.mapping, asked.options], sort_keys=True))
    sighting = _sightings(key).get("") or ImportSighting(source_key=key, name="")
    known = {"etag": sighting.etag, "last_modified": sighting.last_modified} if sighting.sha256 else {}
    last = sighting.sha256
    progress.commit()
    file = uploads.own_directory() / str(new_id())  # one that is left behind goes as other strays do
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield _of_address(asked, addresses.fetch(asked.url, known, file), file, sighting, last)
    except OutgoingError as error:
        raise JobFailed(error.code, f"{error.message}. Nothing was imported.", permanent=error.is_permanent) from None
    finally:
        file.unlink(missing_ok=True)


def _of_address(
    asked: Watched, fetched: addresses.Fetched | None, file: Path, sighting: ImportSighting, last: str | None
) -> Look:
    if fetched is None or fetched.sha256 == last:
        return Look(asked, why=NOTHING.format("the file is the same as last time."))
    sighting.etag, sighting.last_modified, sighting.sha256 = fetched.etag, fetched.last_modified, fetched.sha256
    name = addresses.file_name(asked.url) or addresses.USUAL_NAME
    return Look(asked, (Found(name, lambda: file.open("rb"), sighting),))


# --- a folder --------------------------------------------------------------------------------------------------------


def _of_folder(asked: Watched, folder: int, progress: Progress) -> Look:
    listing, key = folders.listed(folder), _key("folder", asked.folder)
    looked = _Looked.at(listing, key, progress.job_id)
    progress.commit()
    if not looked.ripe and looked.new and not looked.was_here:
        raise Snooze(utcnow() + SETTLES, f"waits whether {_names(looked.new)} still grows")
    if not looked.ripe:
        return Look(asked, why=_why_nothing(looked.new, listing))
    some = looked.ripe[:MOST_FILES]
    return Look(asked, tuple(_found(folder, seen, sighting) for seen, sighting in some))


def _found(folder: int, seen: Seen, sighting: ImportSighting) -> Found:
    return Found(seen.name, lambda: folders.reading(folder, seen.name), sighting, seen)


def _why_nothing(new: Sequence[Seen], listing: Listing) -> str:
    if new:
        return NOTHING.format(f"{_names(new)} is still being written, and is looked at again at the next run.")
    left = f" Left alone: {', '.join(listing.left[:NAMED])}." if listing.left else ""
    return NOTHING.format(f"the folder has no file that was not imported already.{left}")


def _names(files: Sequence[Seen]) -> str:
    return _listed([each.name for each in files])


def _listed(names: Sequence[str]) -> str:
    some = ", ".join(f"“{name}”" for name in names[:NAMED])
    return some if len(names) <= NAMED else f"{some} and {plural(len(names) - NAMED, 'file')} more"


@dataclass(frozen=True)
class _Looked:
    """The files that are whole, those of which that is not known, and whether this run has looked before."""

    ripe: Sequence[tuple[Seen, ImportSighting]]
    new: Sequence[Seen]
    was_here: bool

    @classmethod
    def at(cls, listing: Listing, key: str, job_id: uuid.UUID) -> "_Looked":
        """Compared with the look before; this one is noted."""
        before, now = _sightings(key), utcnow()
        was_here = any(each.seen_by == job_id for each in before.values())
        ripe: list[tuple[Seen, ImportSighting]] = []
        new: list[Seen] = []
        for seen in listing.files:
            sighting = before.pop(seen.name, None)
            if sighting is None or (sighting.size_bytes, sighting.changed_ns) != (seen.size_bytes, seen.changed_ns):
                _note(sighting or ImportSighting(source_key=key, name=seen.name), seen, job_id)
                new.append(seen)
            elif not sighting.sha256:
                is_young = now - sighting.seen_at < SETTLES / 2  # another run looked at it just now
                new.append(seen) if is_young else ripe.append((seen, sighting))
        for gone in before.values():
            db.session.delete(gone)
        return cls(ripe, new, was_here)


def _note(sighting: ImportSighting, seen: Seen, job_id: uuid.UUID) -> None:
    sighting.size_bytes, sighting.changed_ns, sighting.sha256 = seen.size_bytes, seen.changed_ns, ""
    sighting.seen_by, sighting.seen_at = job_id, utcnow()
    sighting.organization_id = db.require_organization_id()
    db.session.add(sighting)


# --- what is started -------------------------------------------------------------------------------------------------


def start(found: Look, by: By) -> Taken:
    """Start an import of each file that was found: all of them or none. Raises JobFailed."""
    if not found.files:
        return Taken(None, None, found.why)
    copies: list[str] = []
    try:
        started = [(each, batch) for each in found.files if (batch := _take(each, found.asked, by, copies))]
    except BaseException:
        for path in copies:
            uploads.remove(path)
        raise
    if not started:
        return Taken(None, None, NOTHING.format(f"{_listed([each.name for each in found.files])} was imported before."))
    last = started[-1][1]
    said = f"{plural(len(started), 'file')}: {_listed([each.name for each, _ in started])}" if len(started) > 1 else ""
    return Taken(IMPORT.of(last.id), last.job_id, said)


def _take(found: Found, asked: Watched, by: By, copies: list[str]) -> Import | None:
    """The import of one file; None if just that was imported before. `copies` tells what is on disk now."""
    batch = _received(found, asked, by)
    if batch is None:
        return None
    copies.append(batch.path)
    batch.source_key = found.sighting.source_key
    _remember(found.sighting, batch.sha256)
    if _is_known(batch, of_folder=found.seen is not None):
        _drop(batch)
        return None
    _start_one(batch, asked, by)
    return batch


def _start_one(batch: Import, asked: Watched, by: By) -> None:
    _refuse_other_columns(batch, asked)
    own = own_organization().default_country
    mapping, options = carried(asked.columns, batch.inspection["header"]), asked.importing
    options = options if options.default_country else options.model_copy(update={"default_country": own})
    proposal = country.proposal_of(Inspection.from_json(batch.inspection), mapping, own)
    if not proposal.allows(options.default_country):
        raise _unfit(batch, f"its numbers are not from {options.default_country}, but fit in {proposal.best.country}")
    service.start_import(batch, mapping, options, by=by)


def _received(found: Found, asked: Watched, by: By) -> Import | None:
    with found.open() as file:
        try:
            batch = service.receive(file, found.name, by, asked.reading_options.reading)
        except ImportRunning as error:
            running = db.session.get_one(Import, error.import_id)
            if running.source_key == found.sighting.source_key:  # under another name
                _remember(found.sighting, running.sha256)
                return None
            raise JobFailed("import_running", error.detail) from None
        except Invalid as error:
            message = f"“{found.name}” cannot be read: {error.detail} Nothing was imported."
            raise JobFailed(error.code, message, permanent=True) from None
        if found.seen is None or folders.is_as_seen(file, found.seen):
            return batch
    uploads.remove(batch.path)
    raise JobFailed("still_written", f"“{found.name}” was written to while it was read. Nothing was imported.")


def _remember(sighting: ImportSighting, sha256: str) -> None:
    sighting.sha256, sighting.organization_id = sha256, db.require_organization_id()
    db.session.merge(sighting)


def _drop(batch: Import) -> None:
    path = batch.path
    db.session.delete(batch)
    db.session.flush()
    db.after_commit(lambda: uploads.remove(path))


def _is_known(batch: Import, *, of_folder: bool) -> bool:
    """True if just that was imported before, from a folder, or last, from an address. Asked behind the lock of
    `receive`: another run may have been quicker."""
    before = select(Import.sha256).where(Import.source_key == batch.source_key, Import.id != batch.id)
    if of_folder:
        before = before.where(Import.sha256 == batch.sha256)
    return db.session.scalar(before.order_by(Import.id.desc()).limit(1)) == batch.sha256


def _refuse_other_columns(batch: Import, asked: Watched) -> None:
    header = batch.inspection["header"]
    if signature(header) == signature(asked.header):
        return
    now, then = {name_key(name) for name in header}, {name_key(name) for name in asked.header}
    missing = [name for name in asked.header if name_key(name) not in now]
    more = [name for name in header if name_key(name) not in then]
    said = [f"missing: {_quoted(missing)}"] * bool(missing) + [f"new: {_quoted(more)}"] * bool(more)
    raise _unfit(batch, f"its columns are not those of before ({'; '.join(said) or 'they stand in another order'})")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name or 'without a name'}”" for name in names[:20])


def _unfit(batch: Import, why: str) -> JobFailed:
    message = (
        f"“{batch.file_name}” was not imported: {why}. Import it by hand, which says what becomes of it, and choose "
        "that import in the schedule; or mend the file."
    )
    return JobFailed("file_does_not_fit", message, permanent=True)


def _sightings(key: str) -> dict[str, ImportSighting]:
    found = db.session.scalars(select(ImportSighting).where(ImportSighting.source_key == key))
    return {each.name: each for each in found}


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
