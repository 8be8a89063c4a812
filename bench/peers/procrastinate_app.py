"""Procrastinate, as its own documentation sets it up; it runs in an environment of its own.

`schema`, `produce …` (see producing.py) or `work`.
"""

import asyncio
import os
import sys

from procrastinate import App, PsycopgConnector

from bench.peers import recording
from bench.peers.producing import produce

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))


@app.task(name="noop", queue="bench")
async def noop(sleep_ms: float, sent_at: float) -> None:
    """Nothing, or a sleep."""
    recording.started(sent_at)
    if sleep_ms:
        await asyncio.sleep(sleep_ms / 1000)


def main() -> None:
    """Do what the command line asks for."""
    if sys.argv[1] == "work":
        app.run_worker(queues=["bench"], concurrency=int(os.environ["BENCH_CONCURRENCY"]))
        return
    with app.open():
        if sys.argv[1] == "schema":
            app.schema_manager.apply_schema()
        else:
            produce(lambda payload: noop.defer(**payload), lambda payloads: noop.batch_defer(*payloads))
