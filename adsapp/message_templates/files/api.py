"""Files for headers, for programs: kept, listed, deleted. A message names one as `{"value": "file:ID"}`."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Invalid
from adsapp.core.web.limits import takes_upload
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_query
from adsapp.message_templates.files import queries, service
from adsapp.message_templates.files.values import of_file
from adsapp.message_templates.models import HeaderFile
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("files_api", __name__, url_prefix="/api")


class FilesQuery(BaseModel):
    """Which files: IMAGE, VIDEO or DOCUMENT."""

    kind: str = ""


@api.get("/files")
@reads(FilesQuery)
@allow(Permission.SEE)
def list_files() -> ResponseReturnValue:
    """The newest files."""
    found = queries.list_files(parse_query(FilesQuery).kind.upper())
    return jsonify({"files": [file_json(each) for each in found]})


@api.post("/files")
@takes_upload
@allow(Permission.SEND, to="send messages")
def keep_file() -> ResponseReturnValue:
    """Keep the form's `file`: 201. 422 says what WhatsApp does not take about it."""
    given = request.files.get("file")
    if given is None:
        raise Invalid.field("file", "Send the file as the part `file` of a form (multipart/form-data)")
    kept = service.keep(given.stream, given.filename or "", current_actor().by())
    answer = jsonify({"file": file_json(kept)})
    answer.status_code = 201
    db.session.commit()
    return answer


@api.delete("/files/<uuid:file_id>")
@allow(Permission.MANAGE, to="delete files")
def delete_file(file_id: Any) -> ResponseReturnValue:
    """Delete it; 204. Campaigns that still have to send it pause."""
    service.delete(queries.get_file(file_id), current_actor().by())
    db.session.commit()
    return "", 204


def file_json(kept: HeaderFile) -> dict[str, Any]:
    """A file; `value` is how a message names it."""
    return {
        "id": str(kept.id),
        "kind": kept.kind,
        "name": kept.name,
        "content_type": kept.content_type,
        "size_bytes": kept.size_bytes,
        "value": of_file(kept.id),
        "created_by": kept.created_by,
        "created_at": iso(kept.created_at),
        "uploaded_at": iso(kept.uploaded_at),
    }
