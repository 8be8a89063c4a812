"""What a file is, by its bytes and not by its name; and what the provider takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.whatsapp.media import RULES
from adsapp.message_templates.files.kinds import HEAD, kind_of, sniff, why_not
from adsapp.message_templates.files.values import file_id_of, of_file, why_none

from .samples import JPEG, MP4, PDF, PNG

OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("head", "name", "content_type", "kind"),
    [
        (JPEG, "a.png", "image/jpeg", "IMAGE"),
        (PNG, "", "image/png", "IMAGE"),
        (MP4, "a.mp4", "video/mp4", "VIDEO"),
        (b"\0\0\0\x18ftyp3gp5", "a", "video/3gpp", "VIDEO"),
        (PDF, "bill", "application/pdf", "DOCUMENT"),
        (b"PK\x03\x04", "a.docx", f"{OFFICE}wordprocessingml.document", "DOCUMENT"),
        (b"PK\x03\x04", "a.zip", "application/zip", ""),
        (b"PK\x03\x04", "a.doc", "application/zip", ""),
        (b"\xd0\xcf\x11\xe0", "a.xls", "application/vnd.ms-excel", "DOCUMENT"),
        (b"Dear Ana", "a.txt", "text/plain", "DOCUMENT"),
        (b"\0\1\2", "a.txt", "", ""),
        (b"RIFF\0\0\0\0WEBPVP8", "a.jpg", "image/webp", ""),
        (b"\0\0\0\x18ftypheic", "a.jpg", "image/heic", ""),
        (b"\0\0\0\x14ftypqt  ", "a.mov", "video/quicktime", ""),
        (b"GIF89a", "a.gif", "image/gif", ""),
        (b"<!DOCTYPE html><p>not found", "a.jpg", "text/html", ""),
        (b"", "a.jpg", "", ""),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, name: str, content_type: str, kind: str) -> None:
    assert sniff(head, name) == content_type
    assert kind_of(content_type, RULES) == kind


def test_what_is_not_taken_says_what_it_is_and_what_is() -> None:
    assert why_not("image/webp", 9, "IMAGE", RULES) == "is a WebP picture; a picture above a message is JPEG or PNG"
    assert "a HEIC picture, as phones make them; WhatsApp takes a picture (JPEG" in why_not("image/heic", 9, "", RULES)
    assert why_not("image/png", (5 << 20) + 99_999, "IMAGE", RULES) == "has 5.1 MB; a picture may have 5 MB"
    assert why_not("video/mp4", 0, "VIDEO", RULES) == "is empty"
    for content_type, size in (("image/png", 5 << 20), ("video/mp4", 16 << 20), ("application/pdf", 100 << 20)):
        assert why_not(content_type, size, "", RULES) == ""
        assert why_not(content_type, size + 1, "", RULES).startswith("has ")


def test_a_value_is_an_address_a_kept_file_or_the_providers_id() -> None:
    for good in (
        "https://a.example/a.jpg",
        "HTTP://a.example",
        "1234567890",
        "file:0190d5e4-0000-7000-8000-000000000000",
    ):
        assert why_none(good) == ""
    for bad in ("", "photo.jpg", "file:", "file:x", "ftp://a.example", "123"):
        assert "is no address" in why_none(bad)
    assert file_id_of("https://a.example") is None


@given(st.binary(max_size=HEAD), st.text(max_size=20), st.uuids())
def test_whatever_the_bytes_and_the_name_nothing_breaks(head: bytes, name: str, file_id: object) -> None:
    assert isinstance(why_not(sniff(head, name), len(head), "", RULES), str)
    assert file_id_of(of_file(file_id)) == file_id  # type: ignore[arg-type]
