"""Runs one job: bind the organization, call the processor, record how it ended.

The only place where a processor meets Flask and the database session, so that processors see neither.
"""

import time
import traceback

from flask import Flask
from sqlalchemy import Engine

from adsapp.config import Settings
from adsapp.core import db, space
from adsapp.core.clock import DatabaseClock
from adsapp.core.crypto import UnreadableSecret
from adsapp.core.errors import Problem
from adsapp.core.logs import get_logger, telling_of
from adsapp.core.observing import error_reports
from adsapp.jobs.engine import job_lines, job_spans
from adsapp.jobs.engine.batching import BatchWriter
from adsapp.jobs.engine.heartbeat import Heartbeat
from adsapp.jobs.engine.outcomes import Cancelled, Completed, Completion, Failed, Outcome, Released, Snoozed
from adsapp.jobs.progress import (
    Claim,
    Control,
    JobCancelled,
    JobFailed,
    JobTimedOut,
    LeaseLost,
    LinePace,
    Progress,
    Snooze,
    WorkerStopping,
)
from adsapp.jobs.registry import UnknownProcessor, get_processor

log = get_logger()

PUT_BACK = (
    "Put that key back at the end of ENCRYPTION_KEYS, on every machine (where the setting is empty: of encryption_keys "
    "in secrets.json under ADSAPP_HOME), start the workers and the web server again, then retry this job."
)


class Runner:
    """Runs jobs in this process."""

    def __init__(
        self, app: Flask, engine: Engine, clock: DatabaseClock, heartbeat: Heartbeat, commits: BatchWriter
    ) -> None:
        self._app = app
        self._engine = engine
        self._clock = clock
        self._heartbeat = heartbeat
        self._commits = commits
        settings: Settings = app.config["SETTINGS"]
        self._pace = LinePace(settings.log_progress_items, settings.log_progress_seconds)

    def run(self, claim: Claim, control: Control) -> None:
        """Run a job that is ours to the end of this attempt."""
        began = time.monotonic()
        progress = Progress(self._engine, self._clock, claim, control, self._pace)
        try:
            with telling_of(**job_lines.about(claim)), job_spans.attempting(claim) as attempt:
                job_lines.began(claim)
                outcome = self._attempt(claim, progress)
                job_spans.ended(attempt, outcome, progress.done, progress.failed)
        except BaseException:  # whatever it is: a job that nobody works on must not be renewed
            self._heartbeat.untrack(claim)
            raise
        if outcome is None:
            self._heartbeat.untrack(claim)
            return
        unwritten, failed = progress.unwritten(), progress.failed
        completion = Completion(claim, outcome, unwritten, began, progress.done, failed)
        self._commits.finish(completion, self._heartbeat.untrack)

    def _attempt(self, claim: Claim, progress: Progress) -> Outcome | None:
        try:
            return self._call(claim, progress)
        except LeaseLost:
            log.warning("lease_lost", kind=claim.processor)
            return None
        except JobCancelled:
            return Cancelled()
        except WorkerStopping:
            return Released()
        except Snooze as back:
            return Snoozed(back.run_at, back.reason)
        except JobTimedOut:
            text = f"The job ran longer than its limit of {claim.timeout_seconds} s and was stopped."
            return Failed("timed_out", text, "")
        except JobFailed as error:
            return Failed(error.code, error.message, traceback.format_exc(), error.permanent)
        except UnknownProcessor as error:
            return Failed("unknown_processor", str(error), "", permanent=True)
        except UnreadableSecret as error:  # the keys are those of this process: another attempt has no others
            return Failed("unreadable_secret", f"{error}. {PUT_BACK}", "", permanent=True)
        except Problem as error:
            return Failed(error.code or "invalid", error.detail, traceback.format_exc(), permanent=True)
        except (Exception, SystemExit) as error:  # a bug or a broken part: kept for the user, tried again
            log.error("job_broke", kind=claim.processor, error=type(error).__name__)
            error_reports.report(error, kind=claim.processor)
            if space.is_full(error):
                return Failed(space.CODE, space.OF_A_JOB, traceback.format_exc())
            return Failed(type(error).__name__, _in_words(error), traceback.format_exc())

    def _call(self, claim: Claim, progress: Progress) -> Outcome:
        processor = get_processor(claim.processor)
        with db.organization_context(self._app, claim.organization_id):
            params = processor.parse(claim.payload.open())
            if processor.on_cancel is None:  # those have to do something about a cancellation themselves
                progress.check()
            result = processor.run(params, progress)
            progress.commit()
        return Completed(result)


def _in_words(error: BaseException) -> str:
    try:
        text = str(error).strip().splitlines()
    except Exception:  # an error that cannot even say itself: its name has to do
        text = []
    return f"{type(error).__name__}: {text[0][:500]}" if text else type(error).__name__
