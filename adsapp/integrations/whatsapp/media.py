"""Pictures, videos and documents at the Cloud API: what it takes, for how long it keeps it, and the upload in pieces.

Source: the provider's references of media, of template headers and of the resumable upload, 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from adsapp.integrations.media import MediaRule

MIB: Final = 1 << 20
LASTS: Final = timedelta(days=30)  # an id of a file is good for so long
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_IMAGES: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_VIDEOS: Final = {"video/mp4": "MP4", "video/3gpp": "3GP"}
_DOCUMENTS: Final = {
    "application/pdf": "PDF",
    "application/msword": "DOC",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.ms-powerpoint": "PPT",
    f"{_OFFICE}wordprocessingml.document": "DOCX",
    f"{_OFFICE}spreadsheetml.sheet": "XLSX",
    f"{_OFFICE}presentationml.presentation": "PPTX",
    "text/plain": "TXT",
}
RULES: Final[Mapping[str, MediaRule]] = {
    "IMAGE": MediaRule(_IMAGES, frozenset(_IMAGES), 5 * MIB),
    "VIDEO": MediaRule(_VIDEOS, frozenset({"video/mp4"}), 16 * MIB),
    "DOCUMENT": MediaRule(_DOCUMENTS, frozenset({"application/pdf"}), 100 * MIB),
}
