"""The blueprint that all pages of jobs and queues belong to."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.inputs import own_path

views = Blueprint("jobs", __name__)


def done(otherwise: str) -> ResponseReturnValue:
    """Commit, and back to the URL the button stood on."""
    db.session.commit()
    return redirect(own_path(request.form.get("back", "")) or otherwise, 303)
