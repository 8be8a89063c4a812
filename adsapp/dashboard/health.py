"""Is it alive, is it ready: for load balancers and supervisors."""

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from adsapp.core import context, db
from adsapp.core.db import migrations
from adsapp.core.errors import NotFound, Unauthenticated
from adsapp.core.observing import metrics
from adsapp.core.web.problems import problem_response
from adsapp.dashboard import figures
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
    """200 when the database answers, has the schema of this code or a newer one and takes writes, and Redis answers;
    503 with the reason otherwise."""
    for is_wrong in (_schema, _writes, _broker):
        if reason := is_wrong():
            return problem_response(503, "Not ready", reason)
    return {"ok": True, "shape": "distributed" if context.settings().distributed else "embedded"}


@views.get("/metrics")
@public
def show_metrics() -> ResponseReturnValue:
    """The figures of this process and of the queues, for Prometheus: with METRICS_TOKEN, and not at all without."""
    settings = context.settings()
    if not settings.metrics_token or not metrics.is_on():
        raise NotFound("There are no figures here: METRICS_TOKEN is not set")
    if not metrics.may_read(settings, request.headers.get("Authorization", "")):
        raise Unauthenticated("Send METRICS_TOKEN: Authorization: Bearer TOKEN")
    return Response(figures.figures(current_app), content_type=metrics.CONTENT_TYPE)


def _schema() -> str:
    try:
        with db.db.engine.connect() as connection:
            wrong = migrations.is_behind(current_app, connection)
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
