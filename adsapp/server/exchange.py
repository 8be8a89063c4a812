"""One request and its answer: may it send its body, the body, the application, the answer."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

from aiohttp import HttpVersion11
from aiohttp.web import BaseRequest, RequestPayloadError, StreamResponse

from adsapp.core.web.limits import ASKED, Asked
from adsapp.server import wsgi
from adsapp.server.answer import Answer
from adsapp.server.body import Body, TooLong, TooSlow
from adsapp.server.limits import UNASKED, Limits
from adsapp.server.refusals import SERVER, refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Front:
    """The application behind the event loop; `threads` requests are worked on at a time."""

    def __init__(self, app: "WSGIApplication", threads: int, limits: Limits) -> None:
        self._app = app
        self.limits = limits
        self._threads = ThreadPoolExecutor(threads, "request")
        self._disk = ThreadPoolExecutor(1, "disk")
        self._working: set[Future[None]] = set()

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer one request. What else it sends is read and thrown away: the connection lives, and a browser, which
        shows no answer before it has sent everything, shows this one."""
        body = Body(request, self.limits, self._disk)
        try:
            response = await self._answered(request, body)
            if body.size or not _is_expecting(request):
                with suppress(TooSlow, RequestPayloadError, ConnectionError):
                    await body.throw_away()
            return response
        except TooSlow:
            return refusal(HTTPStatus.REQUEST_TIMEOUT, "The body of the request came too slowly. Send it again.")
        except RequestPayloadError:
            return refusal(HTTPStatus.BAD_REQUEST, "The body of the request is not sent as HTTP asks.")
        except ConnectionError:
            if request.transport is not None:
                request.transport.abort()  # a close would wait until the client has read what is sent already
            return refusal(HTTPStatus.BAD_REQUEST, "")  # nobody hears it
        finally:
            body.close()

    async def _answered(self, request: BaseRequest, body: Body) -> StreamResponse:
        if not request.body_exists:
            return await self._work(request, None, None)
        if _is_expecting(request) or (request.content_length or UNASKED + 1) > UNASKED:
            asked = Asked()
            answer = await self._call(request, None, request.content_length, asked)
            if asked.most is None:
                return await self._refuse(request, answer)
            most = asked.most
            answer.close()
            await _let_come(request)
        else:
            most = UNASKED
        try:
            await body.read(most)
        except TooLong as too_long:
            return await self._refuse(request, await self._call(request, None, too_long.size, Asked()))
        return await self._work(request, body.file, body.size)

    async def _refuse(self, request: BaseRequest, answer: Answer) -> StreamResponse:
        """The application's refusal of a body that was not read. A client that waits for our word sends none of it."""
        return await self._send(request, answer, is_last=_is_expecting(request))

    async def _work(self, request: BaseRequest, body: IO[bytes] | None, length: int | None) -> StreamResponse:
        return await self._send(request, await self._call(request, body, length))

    async def _call(
        self, request: BaseRequest, body: IO[bytes] | None, length: int | None, asked: Asked | None = None
    ) -> Answer:
        loop = asyncio.get_running_loop()
        answer, environ = Answer(loop), wsgi.environ_of(request, body, length)
        if asked is not None:
            environ[ASKED] = asked
        work = self._threads.submit(wsgi.run, self._app, environ, answer)
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        await answer.begun()
        return answer

    async def _send(self, request: BaseRequest, answer: Answer, *, is_last: bool = False) -> StreamResponse:
        try:
            if answer.is_whole_failure:
                return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Try again; if it stays so, tell an admin the time.")
            response = StreamResponse(status=answer.status)
            for name, value in (("Server", SERVER), *answer.headers):
                response.headers.add(name, value)
            if is_last:
                response.force_close()
            await self._write(request, response, answer)
            return response
        except TimeoutError:
            raise ConnectionError("the client does not read its answer") from None
        finally:
            answer.close()

    async def _write(self, request: BaseRequest, response: StreamResponse, answer: Answer) -> None:
        await response.prepare(request)
        while block := await answer.next():
            async with asyncio.timeout(self.limits.answer_seconds):
                await response.write(block)
        async with asyncio.timeout(self.limits.answer_seconds):
            await response.write_eof()

    @property
    def working(self) -> int:
        """How many requests have a thread at the moment, or wait for one."""
        return len(self._working)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._disk.shutdown(wait=False)


def _is_expecting(request: BaseRequest) -> bool:
    return request.version >= HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue"


async def _let_come(request: BaseRequest) -> None:
    if _is_expecting(request):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # it is no part of the answer
