"""A worker process as the others see it, without one: its row, which lives on without a heartbeat."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Queue
from adsapp.jobs.models import Worker


def add_lone_worker(app: Flask, queues: Iterable[Queue], **values: Any) -> uuid.UUID:
    """Register a worker of these queues; its id."""
    worker_id, alive = new_id(), utcnow() + timedelta(hours=1)
    row = {"id": worker_id, "host": "harbour", "pid": 7, "version": "0.1", "memory_mb": 61}
    row |= {"queues": [queue.value for queue in queues], "started_at": alive, "heartbeat_at": alive, **values}
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(insert(Worker).values(**row))
    return worker_id
