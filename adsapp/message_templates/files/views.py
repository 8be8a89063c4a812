"""A kept file itself: shown above a message's preview."""

from flask import send_file
from flask.typing import ResponseReturnValue

from adsapp.message_templates.files import queries, service
from adsapp.message_templates.views import views
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission

POLICY = "default-src 'none'; sandbox"


@views.get("/files/<file_id>")
@allow(Permission.SEE)
def show_file(file_id: str) -> ResponseReturnValue:
    """Its bytes: a picture or a video to be shown, a document to be kept by the browser."""
    kept = queries.get_file(file_id)
    path = service.path_of_kept(kept)
    is_document = kept.kind == "DOCUMENT"
    answer = send_file(path, kept.content_type, as_attachment=is_document, download_name=kept.name, etag=kept.sha256)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
