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
            found = migrations.current(connection)
    except SQLAlchemyError as error:
        return problem_response(503, "Not ready", f"the database does not answer ({type(error).__name__})")
    needed = migrations.needed(current_app)
    if found != needed:
        upgrade = f"run: {current_app.config['SETTINGS'].command} db upgrade"
        wrong = f"the database has schema {found or 'none'}, this version needs {needed}; {upgrade}"
        return problem_response(503, "Not ready", wrong)
    return {"ok": True, "shape": "distributed" if current_app.config["SETTINGS"].distributed else "embedded"}
