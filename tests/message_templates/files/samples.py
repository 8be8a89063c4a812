"""Small files of each kind: as much of them as tells what they are."""

import base64

JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 20
# One pixel, so that a browser shows it.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MP4 = b"\0\0\0\x18ftypmp42" + b"a video" * 20
PDF = b"%PDF-1.7\n" + b"a document" * 20
