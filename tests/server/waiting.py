"""An application that answers once a file is there."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Says by another file that it was asked."""
    go = Path(os.environ["WAIT_FOR"])
    Path(f"{go}.begun").touch()
    while not go.exists():
        threading.Event().wait(0.02)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"waited"]
