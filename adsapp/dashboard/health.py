"""Is it alive, is it ready: for load balancers and supervisors."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from adsapp.core import context, db
from adsapp.core.db import migrations
from adsapp.core.web.problems import problem_response
from adsapp.jobs.broker import Broker
from adsapp.organizations.access import public

views = Blueprint("health", __name__)


@views.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """200 while the process answers at all."""
    return {"ok": True}


@views.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """200 when the database answers, has the schema of this code and takes writes, and Redis answers; 503 with the
    reason otherwise."""
    for is_wrong in (_schema, _writes, _broker):
        if reason := is_wrong():
            return problem_response(503, "Not ready", reason)
    return {"ok": True, "shape": "distributed" if context.settings().distributed else "embedded"}


def _schema() -> str:
    try:
        with db.db.engine.connect() as connection:
            wrong = migrations.mismatch(current_app, connection)
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return f"{wrong}; run: {context.settings().command} db upgrade" if wrong else ""


def _writes() -> str:
    try:
        db.check_writes()
    except SQLAlchemyError as error:
        return (
            f"the database can be read, but a write does not go through within {db.WAIT_SECONDS:.0f} seconds "
            f"({type(error).__name__}); a process that holds its lock may be frozen"
        )
    return ""


def _broker() -> str:
    broker: Broker = context.extension("broker")
    why = broker.why_away()
    return f"Redis does not answer ({why}): pages, sign-in and webhooks go on, jobs wait" if why else ""
