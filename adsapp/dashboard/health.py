"""Is it alive, is it ready: for load balancers and supervisors."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from adsapp.core import db
from adsapp.core.db import migrations
from adsapp.core.web.problems import problem_response
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
    """200 when the database answers and has the schema of this code; 503 with the reason otherwise."""
    try:
        with db.db.engine.connect() as connection:
            wrong = migrations.mismatch(current_app, connection)
    except SQLAlchemyError as error:
        return problem_response(503, "Not ready", f"the database does not answer ({type(error).__name__})")
    if wrong:
        upgrade = f"run: {current_app.config['SETTINGS'].command} db upgrade"
        return problem_response(503, "Not ready", f"{wrong}; {upgrade}")
    return {"ok": True, "shape": "distributed" if current_app.config["SETTINGS"].distributed else "embedded"}
