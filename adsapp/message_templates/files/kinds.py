"""What a file is, by its first bytes, and whether the provider takes it for a header. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adsapp.integrations.media import MediaRule

CALLED: Final = {"IMAGE": "picture", "VIDEO": "video", "DOCUMENT": "document"}
ACCEPT: Final = {  # for a browser's dialog, which only proposes
    "IMAGE": "image/jpeg,image/png",
    "VIDEO": "video/mp4,video/3gpp",
    "DOCUMENT": ".pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.txt",
}
HEAD: Final = 2_048  # bytes that tell what a file is
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_BY_ENDING: Final = {  # what looks alike from within
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}presentationml.presentation",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
}
_BEGINS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"GIF8", "image/gif"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_BRANDS: Final = ((b"3g", "video/3gpp"), (b"hei", "image/heic"), (b"mif1", "image/heic"), (b"avif", "image/avif"),
    (b"qt", "video/quicktime"))  # fmt: skip
NOT_TAKEN: Final = {
    "image/gif": "a GIF",
    "image/webp": "a WebP picture",
    "image/heic": "a HEIC picture, as phones make them",
    "image/avif": "an AVIF picture",
    "video/webm": "a WebM video",
    "video/quicktime": "a QuickTime video",
    "text/html": "a web page",
    "application/zip": "an archive",
}


def sniff(head: bytes, name: str = "") -> str:
    """The content type of a file that begins so, "" if that is not known."""
    for begin, content_type in _BEGINS:
        if head.startswith(begin):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return next((content_type for begin, content_type in _BRANDS if brand.startswith(begin)), "video/mp4")
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if head.startswith(b"PK\x03\x04"):
        return _BY_ENDING.get(ending, "application/zip") if ending.endswith("x") else "application/zip"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return _BY_ENDING.get(ending, "") if not ending.endswith("x") else ""
    return _text(head, ending)


def _text(head: bytes, ending: str) -> str:
    lower = head[:300].lstrip().lower()
    if lower.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "text/plain" if ending == ".txt" and head and b"\0" not in head else ""


def kind_of(content_type: str, rules: Mapping[str, MediaRule]) -> str:
    """The kind of header that such a file is for, "" if for none."""
    return next((kind for kind, rule in rules.items() if content_type in rule.types), "")


def taken(rule: MediaRule) -> str:
    """JPEG or PNG; the names of the types, for people."""
    *names, last = rule.types.values()
    return f"{', '.join(names)} or {last}" if names else last


def why_not(content_type: str, size: int | None, kind: str, rules: Mapping[str, MediaRule]) -> str:
    """Why the provider does not take such a file above a message, "" if it does. `kind` "": of any kind."""
    kind = kind or kind_of(content_type, rules)
    if kind not in rules:
        return f"is {_named(content_type)}; WhatsApp takes {'; '.join(_kind_taken(rules))}"
    rule = rules[kind]
    if content_type not in rule.types:
        return f"is {_named(content_type)}; a {CALLED[kind]} above a message is {taken(rule)}"
    if size is not None and size > rule.most_bytes:
        return f"has {in_mb(size)}; a {CALLED[kind]} may have {in_mb(rule.most_bytes)}"
    return "is empty" if size == 0 else ""


def _named(content_type: str) -> str:
    return NOT_TAKEN.get(content_type, content_type or "of a type that is not known")


def _kind_taken(rules: Mapping[str, MediaRule]) -> list[str]:
    return [f"a {CALLED[kind]} ({taken(rule)})" for kind, rule in rules.items()]


def in_mb(size: int) -> str:
    """5 MB, 0.3 MB: as the provider counts."""
    return f"{size / (1 << 20):.1f} MB".replace(".0 MB", " MB")
