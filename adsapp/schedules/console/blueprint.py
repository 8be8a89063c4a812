"""The blueprint that all pages of schedules belong to."""

from flask import Blueprint

views = Blueprint("schedules", __name__)
