"""Files at the provider: those of messages, kept for 30 days, and samples of templates, uploaded in pieces."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from adsapp.sandbox.whatsapp.errors import ApiError

APP_ID = "300000000000001"
LASTS = 30 * 86_400.0
MB = 1 << 20
# What a message may carry, and how large; what a template's sample may be (provider's media reference).
TYPES: Mapping[str, tuple[frozenset[str], int]] = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * MB),
    "video": (frozenset({"video/mp4", "video/3gpp"}), 16 * MB),
    "document": (
        frozenset(
            {
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                "text/plain",
            }
        ),
        100 * MB,
    ),
}
SAMPLES = {"image/jpeg": "image", "image/png": "image", "video/mp4": "video", "application/pdf": "document"}
KEPT_TO_SHOW = 4 * MB  # larger ones are counted, not kept: the sandbox lives in memory


@dataclass(slots=True)
class Stored:
    """A file of a business number. `content` is empty for what is too large to be shown."""

    id: str
    phone_number_id: str
    kind: str
    content_type: str
    size: int
    uploaded_at: float
    content: bytes = b""


@dataclass(slots=True)
class Session:
    """An upload in pieces; `handle` once all of it is there."""

    id: str
    token: str
    content_type: str
    size: int
    received: int = 0
    handle: str = ""


@dataclass
class Shelf:
    """All of them. `now`: the sandbox's time."""

    now: Callable[[], float]
    files: dict[str, Stored] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)  # the kind of header that a sample is for
    uploads: Counter[str] = field(default_factory=Counter)  # what was uploaded how often: "media", "sample"

    def forget(self) -> None:
        """Everything."""
        for each in (self.files, self.sessions, self.handles, self.uploads):
            each.clear()

    def keep(self, phone_number_id: str, content_type: str, content: bytes) -> dict[str, Any]:
        """A file for messages. Raises ApiError for a type or a size that no message may carry."""
        kind = next((name for name, (types, _) in TYPES.items() if content_type in types), "")
        if not kind:
            raise ApiError(100, f"Param file must be a file with one of the supported types, not {content_type}")
        most = TYPES[kind][1]
        if not content or len(content) > most:
            raise ApiError(131053, f"{kind}: {len(content)} bytes; from 1 to {most} are taken")
        stored = Stored(
            f"{4_000_000_000_000_000 + sum(self.uploads.values()) + 1}",
            phone_number_id,
            kind,
            content_type,
            len(content),
            self.now(),
            content if len(content) <= KEPT_TO_SHOW else b"",
        )
        self.uploads["media"] += 1
        self.files[stored.id] = stored
        return {"id": stored.id}

    def find(self, media_id: str) -> Stored | None:
        """A file that has not expired."""
        stored = self.files.get(media_id)
        return stored if stored is not None and self.now() - stored.uploaded_at < LASTS else None

    def begin(self, token: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """An upload in pieces. Raises ApiError for what is no sample of a template."""
        content_type, length = asked.get("file_type", ""), asked.get("file_length", "")
        if content_type not in SAMPLES:
            raise ApiError(100, f"file_type: {content_type!r} is not one of {', '.join(sorted(SAMPLES))}")
        if not length.isdecimal() or not 0 < int(length) <= TYPES[SAMPLES[content_type]][1]:
            raise ApiError(100, f"file_length: {length!r} bytes are not taken")
        session = Session(f"upload:{len(self.sessions) + 1:032x}", token, content_type, int(length))
        self.sessions[session.id] = session
        return {"id": session.id}

    def session(self, session_id: str, token: str | None) -> Session:
        """An upload that is under way. Raises ApiError if there is none, or it is somebody else's."""
        session = self.sessions.get(session_id)
        if session is None or session.token != token:
            raise ApiError(100, f"There is no upload {session_id}", subcode=33)
        return session

    def receive(self, session: Session, offset: str, content: bytes) -> dict[str, Any]:
        """The next piece, from `offset` on; the handle once it was the last."""
        if offset != str(session.received):
            raise ApiError(100, f"file_offset: {offset!r}, and {session.received} bytes are there")
        session.received += len(content)
        if session.received > session.size:
            raise ApiError(100, f"more than the {session.size} bytes that were announced")
        if session.received < session.size:
            return {"id": session.id, "file_offset": session.received}
        session.handle = f"4:{session.id.removeprefix('upload:')}:ARb"
        self.handles[session.handle] = SAMPLES[session.content_type]
        self.uploads["sample"] += 1
        return {"h": session.handle}

    def check_samples(self, components: Any) -> None:
        """Raise ApiError if a header's sample was not uploaded, or is of another kind."""
        for part in components:
            kind = str(part.get("format", "")).lower()
            if str(part.get("type", "")).upper() != "HEADER" or kind not in TYPES:
                continue
            handle = next(iter(part["example"]["header_handle"]), None)
            if self.handles.get(str(handle)) != kind:
                raise ApiError(100, f"HEADER: the sample is no uploaded {kind}", subcode=2388273)

    def check_header(self, phone_number_id: str, content: Mapping[str, Any], kind: str) -> int:
        """Raise ApiError for a file that this number has not; the code of what is only found out later, else 0."""
        media_id = content.get("id")
        if media_id is None:
            return 131053 if cannot_be_fetched(str(content.get("link"))) else 0
        stored = self.find(str(media_id))
        if stored is None or stored.phone_number_id != phone_number_id:
            raise ApiError(131009, f"header: there is no file {media_id}; files are kept for 30 days")
        if stored.kind != kind:
            raise ApiError(131053, f"header: the file {media_id} is no {kind}")
        return 0


def cannot_be_fetched(link: str) -> bool:
    """The sandbox opens no link. A host that can never be there (RFC 2606) stands for one that does not answer."""
    host = urlsplit(link).hostname or ""
    return host.endswith(".invalid")
