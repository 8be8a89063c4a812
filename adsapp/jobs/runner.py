"""Runs one job: claim, bind the organization, call the processor, record how it ended.

The only place where a processor meets Flask and the database session, so that processors see neither.
"""

import time
import traceback
import uuid

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.errors import Problem
from adsapp.core.logs import get_logger
from adsapp.jobs import finishing, leases
from adsapp.jobs.finishing import Cancelled, Completed, Failed, HandedBack, Outcome, Released
from adsapp.jobs.leases import Heartbeat, WorkerIdentity
from adsapp.jobs.progress import (
    Claim,
    Control,
    HandBack,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    LeaseLost,
    Progress,
    WorkerStopping,
)
from adsapp.jobs.registry import UnknownProcessor, get_processor
from adsapp.jobs.states import State

log = get_logger()

FINISH_TRIES_SECONDS = 10


class Runner:
    """Runs jobs in this process."""

    def __init__(
        self, app: Flask, engine: Engine, clock: DatabaseClock, heartbeat: Heartbeat, worker: WorkerIdentity
    ) -> None:
        settings = app.config["SETTINGS"]
        self._app = app
        self._engine = engine
        self._clock = clock
        self._heartbeat = heartbeat
        self._worker = worker
        self._lease: float = settings.lease_seconds
        self._retry_seconds: float = settings.retry_seconds

    def run(self, job_id: uuid.UUID) -> State | None:
        """Run the job to the end of this attempt; None where it was not ours to run."""
        claim = leases.claim(self._engine, self._clock, self._worker, job_id, self._lease)
        if claim is None:
            return None
        control = self._heartbeat.hold(claim)
        try:
            outcome = self._attempt(claim, control)
            return None if outcome is None else self._finish(claim, outcome)
        finally:
            self._heartbeat.release(claim)

    def _attempt(self, claim: Claim, control: Control) -> Outcome | None:
        try:
            return self._call(claim, control)
        except LeaseLost:
            log.warning("lease_lost", job_id=str(claim.job_id), processor=claim.processor)
            return None
        except JobCancelled:
            return Cancelled()
        except WorkerStopping:
            return Released()
        except HandBack as back:
            return HandedBack(back.run_at, back.reason)
        except JobTimedOut:
            text = f"The job ran longer than its limit of {claim.timeout_seconds} s and was stopped."
            return Failed("timed_out", text, "")
        except JobFailed as error:
            return Failed(error.code, error.message, traceback.format_exc(), error.permanent)
        except UnknownProcessor as error:
            return Failed("unknown_processor", str(error), "", permanent=True)
        except Problem as error:
            return Failed(error.code or "invalid", error.detail, traceback.format_exc(), permanent=True)
        except Exception as error:  # a bug or a broken part: kept for the user, tried again
            log.error("job_failed", job_id=str(claim.job_id), processor=claim.processor, error=type(error).__name__)
            return Failed(type(error).__name__, _in_words(error), traceback.format_exc())

    def _call(self, claim: Claim, control: Control) -> Outcome:
        processor = get_processor(claim.processor)
        progress = Progress(self._engine, self._clock, claim, control)
        with db.organization_context(self._app, claim.organization_id):
            params = processor.parse(db.vault().open_json(claim.payload))
            control.check()
            result = processor.run(params, progress)
            progress.commit()
            progress.write()
        return Completed(result)

    def _finish(self, claim: Claim, outcome: Outcome) -> State | None:
        # The work is done; a database that is away for a moment must not turn it into a lost worker.
        give_up = time.monotonic() + FINISH_TRIES_SECONDS
        while True:
            try:
                return finishing.finish(self._engine, self._clock, claim, outcome, self._retry_seconds)
            except DBAPIError as error:
                if time.monotonic() > give_up:
                    raise
                log.warning("finish_again", job_id=str(claim.job_id), error=type(error).__name__)
                time.sleep(0.2)


def _in_words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:500]}" if text else type(error).__name__
