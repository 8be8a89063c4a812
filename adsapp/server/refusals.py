"""What the server itself refuses, before the application is asked: `application/problem+json` (RFC 9457)."""

import json
from http import HTTPStatus

from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web import Response

SERVER = "ADSapp"


def refusal(status: HTTPStatus, detail: str) -> Response:
    """The answer, which is the connection's last: where the next request would begin is not known."""
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    headers = {"Content-Type": "application/problem+json", "Server": SERVER, "Cache-Control": "no-store"}
    response = Response(status=status.value, body=json.dumps(problem).encode(), headers=headers)
    response.force_close()
    return response


def unreadable(error: BaseException | None, line_bytes: int) -> Response:
    """The answer to what could not be read as a request."""
    if isinstance(error, BadHttpMessage) and error.message.startswith("Too many headers"):
        return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has more headers than are read.")
    if not isinstance(error, LineTooLong):
        return refusal(HTTPStatus.BAD_REQUEST, "This is not a request as HTTP/1.1 has it.")
    most = int(error.args[1])
    if most == line_bytes:
        return refusal(HTTPStatus.REQUEST_URI_TOO_LONG, f"The address may have {most:,} bytes.")
    return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A header may have {most:,} bytes.")
