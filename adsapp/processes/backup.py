"""A backup of an installation in one folder: its database, its uploads, and a manifest that says what they are.

Keys are not in it: whoever has both can read every secret, so they are kept apart (`keys_of`). Nor are the journals of
senders: they say what was written at one moment, and of a database that is older than that they would tell lies.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask

from adsapp.config import VERSION, Settings
from adsapp.core import db, logs
from adsapp.core.clock import iso, utcnow
from adsapp.core.crypto import UnreadableSecret, Vault
from adsapp.core.db import migrations
from adsapp.organizations import queries as organizations
from adsapp.processes import copies, restored

log = logs.get_logger()

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
UPLOADS: Final = "uploads"
SECRETS: Final = "secrets.json"
BLOCK: Final = 1 << 20
KNOWN: Final = b"adsapp"  # sealed into the manifest: whose keys open it, has the keys of this backup


class BackupFailed(Exception):
    """A backup could not be made or restored; the text says why, and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a backup is. `files` has the SHA-256 of each, by its path in the folder."""

    format: int
    made_at: str
    version: str
    schema: str
    shape: str
    key_check: str
    files: Mapping[str, str]


def make(app: Flask, folder: Path) -> Manifest:
    """Write a backup of the running installation into a folder that is new or empty. Raises BackupFailed."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty: name a new folder for each backup")
    settings: Settings = app.config["SETTINGS"]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    uploads = settings.home.resolve() / UPLOADS
    # Before the database and after it: whatever it speaks of is then among them.
    _copy_files(uploads, folder / UPLOADS)
    try:
        copies.copy_out(settings, folder / copies.name_of(settings))
    except copies.CopyFailed as error:
        raise BackupFailed(str(error)) from None
    _copy_files(uploads, folder / UPLOADS)
    manifest = _describe(app, folder)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")  # last: it is whole now
    log.info("backup_made", files=len(manifest.files), schema=manifest.schema)
    return manifest


def keys_of(settings: Settings, file: Path, beside: Path) -> None:
    """Write the keys into a file of their own, readable by its owner only; never into the backup itself."""
    if beside.resolve() in file.resolve().parents:
        raise BackupFailed(f"{file} is inside the backup: keep keys apart from it")
    kept = {"secret_key": settings.secrets.secret_key, "encryption_keys": list(settings.secrets.encryption_keys)}
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            json.dump(kept, target)
    except FileExistsError:
        raise BackupFailed(f"{file} is there already: name a new one") from None


def take_keys(settings: Settings, file: Path) -> None:
    """Put the keys of a backup where an installation without a DATABASE_URL keeps its own. Raises BackupFailed."""
    if settings.distributed:
        raise BackupFailed(
            f"put the keys of {file} into SECRET_KEY and ENCRYPTION_KEYS, on every machine, and leave --keys"
        )
    kept = settings.home.resolve() / SECRETS
    if kept.exists() and json.loads(kept.read_text()) != json.loads(file.read_text()):
        raise BackupFailed(f"{kept} has other keys already: restore into an ADSAPP_HOME that is new")
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            target.write(file.read_text(encoding="utf-8"))


def restore(app: Flask, folder: Path) -> Manifest:
    """Make an empty installation what the backup says, with everything held that sends. Raises BackupFailed; nothing
    works on what was restored before it is held."""
    settings: Settings = app.config["SETTINGS"]
    manifest = read(folder)
    _demand_fit(app, settings, manifest)
    _check(folder, manifest)
    if not copies.is_empty(app):
        where = "DATABASE_URL" if settings.distributed else f"ADSAPP_HOME ({settings.home})"
        raise BackupFailed(f"the database is not empty: point {where} to a new one; nothing was changed")
    _copy_files(folder / UPLOADS, settings.home.resolve() / UPLOADS)
    try:
        copies.copy_in(app, folder / copies.name_of(settings))
    except copies.CopyFailed as error:
        raise BackupFailed(str(error)) from None
    _hold(app, manifest)
    copies.finish(app, manifest.schema)
    log.warning("restored", made_at=manifest.made_at, schema=manifest.schema)
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup; BackupFailed if it is none, or was not finished."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise BackupFailed(f"{folder} has format {told['format']}, this version reads {FORMAT}")
        return Manifest(**told)
    except FileNotFoundError:
        raise BackupFailed(f"{folder} is no backup, or one that was not finished: it has no {MANIFEST}") from None
    except (ValueError, KeyError, TypeError):
        raise BackupFailed(f"{MANIFEST} of {folder} cannot be read") from None


def _describe(app: Flask, folder: Path) -> Manifest:
    settings: Settings = app.config["SETTINGS"]
    vault: Vault = app.extensions["vault"]
    return Manifest(
        format=FORMAT,
        made_at=iso(utcnow()) or "",
        version=VERSION,
        schema=migrations.needed(app),
        shape=_shape(settings),
        key_check=vault.seal(KNOWN).decode(),
        files={path.relative_to(folder).as_posix(): _digest(path) for path in _files(folder)},
    )


def _demand_fit(app: Flask, settings: Settings, manifest: Manifest) -> None:
    if manifest.shape != _shape(settings):
        wants = "with DATABASE_URL and REDIS_URL" if manifest.shape == "distributed" else "without DATABASE_URL"
        raise BackupFailed(f"the backup is of an installation {wants}: restore it so")
    if manifest.schema != migrations.needed(app):
        raise BackupFailed(
            f"the backup has schema {manifest.schema}, this version needs {migrations.needed(app)}: restore it with "
            f"version {manifest.version}, then upgrade"
        )
    try:
        app.extensions["vault"].open(manifest.key_check.encode())
    except UnreadableSecret:
        raise BackupFailed(
            "the keys here are not those of the backup, and without them its secrets cannot be read: give --keys FILE, "
            "or set ENCRYPTION_KEYS"
        ) from None


def _check(folder: Path, manifest: Manifest) -> None:
    for path, digest in manifest.files.items():
        file = folder / path
        if not file.resolve().is_relative_to(folder.resolve()):
            raise BackupFailed(f"{MANIFEST} names a file outside of the backup: {path}")
        if not file.is_file():
            raise BackupFailed(f"{path} is missing in the backup; nothing was changed")
        if _digest(file) != digest:
            raise BackupFailed(f"{path} is not what was saved (its checksum is another); nothing was changed")


def _hold(app: Flask, manifest: Manifest) -> None:
    made = f"{datetime.fromisoformat(manifest.made_at):%Y-%m-%d %H:%M} UTC"
    with app.app_context():
        known = organizations.list_organizations()
    for organization_id, _slug in known:
        with db.organization_context(app, organization_id):
            restored.hold(made)
            db.session.commit()


def _shape(settings: Settings) -> str:
    return "distributed" if settings.distributed else "embedded"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)


def _copy_files(source: Path, target: Path) -> None:
    """What is not there yet. A file that goes meanwhile belongs to an import that has ended."""
    for path in _files(source) if source.is_dir() else ():
        copy = target / path.relative_to(source)
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copyfile(path, copy)
        except FileNotFoundError:
            copy.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
