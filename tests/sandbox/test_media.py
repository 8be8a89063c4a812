"""Files at the sandbox: uploaded once, known by id for 30 days, as samples in pieces; and what is refused."""

from typing import Any

from .support import NUMBER, TOKEN, WABA, Answer, Client, Receiver, template_message, text_parameters

JPEG = b"\xff\xd8\xff" + bytes(1_000)
PICTURE: dict[str, Any] = {
    "name": "with_picture",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Hello {{1}}, look.", "example": {"body_text": [["Ana"]]}},
    ],
}
OAUTH = {"Authorization": f"OAuth {TOKEN}"}


def upload(client: Client, content: bytes = JPEG, kind: str = "image/jpeg", **more: Any) -> Answer:
    edge = "----a-boundary"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n',
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: {kind}\r\n\r\n',
    ]
    body = "".join(parts).encode() + content + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    return client.call("POST", f"/v25.0/{NUMBER}/media", body, headers=headers, **more)


def sample(client: Client, content: bytes = JPEG, kind: str = "image/jpeg") -> str:
    app = client.get("/v25.0/app").json["id"]
    asked = f"file_name=a&file_length={len(content)}&file_type={kind}"
    session = client.call("POST", f"/v25.0/{app}/uploads?{asked}").json["id"]
    half = len(content) // 2
    first = client.call("POST", f"/v25.0/{session}", content[:half], token=None, headers={**OAUTH, "file_offset": "0"})
    assert first.json == {"id": session, "file_offset": half}
    there = client.get(f"/v25.0/{session}", token=None, headers=OAUTH).json["file_offset"]
    rest = {**OAUTH, "file_offset": str(there)}
    return str(client.call("POST", f"/v25.0/{session}", content[there:], token=None, headers=rest).json["h"])


def with_header(**content: str) -> dict[str, Any]:
    header = {"type": "header", "parameters": [{"type": "image", "image": content}]}
    return template_message(
        "with_picture", "en", [header, {"type": "body", "parameters": text_parameters("Ana")}], to="+12025550199"
    )


def make(client: Client, handle: str) -> Answer:
    components = [{**PICTURE["components"][0], "example": {"header_handle": [handle]}}, PICTURE["components"][1]]
    return client.call("POST", f"/v25.0/{WABA}/message_templates", {**PICTURE, "components": components})


def test_a_file_goes_from_the_sample_to_the_message_and_ends_after_30_days(sandbox: Client, receiver: Receiver) -> None:
    assert make(sandbox, "4:none").code == 100
    assert make(sandbox, sample(sandbox, b"%PDF-1.7 and more", "application/pdf")).code == 100
    assert make(sandbox, sample(sandbox)).status == 200
    receiver.wait_until(lambda: b"APPROVED" in b"".join(receiver.posts))

    media_id = upload(sandbox).json["id"]
    assert sandbox.get(f"/v25.0/{media_id}").json["file_size"] == len(JPEG)
    assert sandbox.send(with_header(id=media_id)).status == 200
    assert sandbox.ledger()[-1]["header"] == {"id": media_id}
    pdf = upload(sandbox, b"%PDF-1.7", "application/pdf").json["id"]
    assert sandbox.send(with_header(id=pdf)).code == 131053
    assert sandbox.send(with_header(id="1")).code == 131009
    assert sandbox.send(with_header(link="https://a.example/a.jpg")).status == 200
    assert sandbox.send(with_header(link="https://gone.invalid/a.jpg")).status == 200
    receiver.wait_until(lambda: b"131053" in b"".join(receiver.posts))

    sandbox.control("clock", {"advance_seconds": 29 * 86_400})
    assert sandbox.send(with_header(id=media_id)).status == 200
    sandbox.control("clock", {"advance_seconds": 86_401})
    assert sandbox.send(with_header(id=media_id)).code == 131009
    assert sandbox.get(f"/v25.0/{media_id}").code == 100


def test_what_is_no_file_for_a_message_is_refused(quiet: Client) -> None:
    assert upload(quiet, b"GIF89a", "image/gif").code == 100
    assert upload(quiet, b"").code == 131053
    assert upload(quiet, bytes(5 * (1 << 20) + 1)).code == 131053
    assert upload(quiet, token="another").code == 190
    app = quiet.get("/v25.0/app").json["id"]
    for asked in ("file_length=10&file_type=image/gif", "file_length=0&file_type=image/png"):
        assert quiet.call("POST", f"/v25.0/{app}/uploads?{asked}").code == 100
    kept = upload(quiet).json["id"]
    assert quiet.get("/_sandbox/media").json["uploads"] == {"media": 1}
    assert quiet.call("DELETE", f"/v25.0/{kept}").json == {"success": True}
    assert quiet.call("DELETE", f"/v25.0/{kept}").code == 100
