"""An `adsapp` command that kills itself with -9 at a given moment of its writing.

    python -m bench.support.dying 17 worker …

Moments are those before and after each statement that changes what an import or a rendering holds, and the one before
each commit.
They are counted, not timed, so a kill hits the same step of a job on a fast machine as on a slow one.
"""

import itertools
import os
import re
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from adsapp.cli import main

WRITES = re.compile(
    r"\s*(insert|update|delete)\b.*\b(contacts|contact_tags|contact_imports|import_rows|imports|renderings|rendering_rows)\b",
    re.I | re.S,
)


def die_at(moment: int) -> None:
    """From now on."""
    passed = itertools.count(1)

    def pass_by(*_about: Any) -> None:
        if next(passed) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def pass_a_write(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if WRITES.match(statement):
            pass_by()

    event.listen(Engine, "before_cursor_execute", pass_a_write)
    event.listen(Engine, "after_cursor_execute", pass_a_write)
    event.listen(Engine, "commit", pass_by)


if __name__ == "__main__":
    die_at(int(sys.argv.pop(1)))
    main()
