"""A sandbox inside another program, for tests and benchmarks: its own thread, its own loop, a free loopback port."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aiohttp import web

from adsapp.sandbox.config import SandboxConfig
from adsapp.sandbox.server import create_sandbox

_START_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Running:
    """`url` has no trailing slash. `app` belongs to the loop's thread: read it, but change it over HTTP only."""

    url: str
    app: web.Application
    loop: asyncio.AbstractEventLoop


async def start(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Serve on host:port (0: a free one); returns the runner to clean up and the address. OSError if taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0]
    return runner, f"http://{bound[0]}:{bound[1]}"


@contextmanager
def running_app(app: web.Application, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """Serve any aiohttp application in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        runner, url = asyncio.run_coroutine_threadsafe(start(app, host, port), loop).result(_START_TIMEOUT)
        try:
            yield Running(url, app, loop)
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_START_TIMEOUT)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_TIMEOUT)
        loop.close()


@contextmanager
def running_sandbox(config: SandboxConfig) -> Iterator[Running]:
    """A sandbox on a free loopback port, whichever port the configuration names."""
    config = replace(config, port=0)
    with running_app(create_sandbox(config), config.host) as running:
        yield running
