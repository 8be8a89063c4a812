"""The blueprint of the jobs API, and what its request bodies have in common."""

from typing import Annotated

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

api = Blueprint("jobs_api", __name__, url_prefix="/api")

Reason = Annotated[str, Field(max_length=200)]


class Body(BaseModel):
    """A body in which an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")
