"""The header Idempotency-Key of a request, and the digest of an uploaded file."""

import hashlib
import re
from typing import IO

from flask import request

from adsapp.core.errors import Invalid

HEADER = "Idempotency-Key"
VISIBLE = re.compile(r"[!-~]{1,200}")
_BLOCK = 1 << 20


def requested_key() -> str | None:
    """The request's key, None without one; Invalid unless it is 1 to 200 visible ASCII characters."""
    key = request.headers.get(HEADER)
    if key is not None and not VISIBLE.fullmatch(key):
        raise Invalid.field(HEADER, "should be 1 to 200 visible ASCII characters, without blanks")
    return key


def sha256_of(stream: IO[bytes]) -> str:
    """The digest of a stream's content; the stream is rewound afterwards."""
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()
