"""Addresses of static files, each with its version, so that browsers may keep them for ever."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import current_app, request, url_for


def static_url(name: str) -> str:
    """Where a file below static/ is found. Made once for each file: a page names a hundred, most of them icons."""
    return _static_url(current_app.static_folder or "static", request.script_root, name)


@lru_cache(maxsize=1024)
def _static_url(folder: str, _script_root: str, name: str) -> str:
    return url_for("static", filename=name, v=_fingerprint(Path(folder) / name))


def _fingerprint(path: Path) -> str:
    return hashlib.blake2s(path.read_bytes(), digest_size=6).hexdigest() if path.is_file() else "0"
