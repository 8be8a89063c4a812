"""What is said if a disk is full, be it of files or of the database: nothing is kept half, and it can be done again."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

from adsapp.core.errors import Problem

CODE = "disk_full"
WHERE = "make room where ADSAPP_HOME and the database are"
OF_A_JOB = f"The disk of the server is full. What was done before is kept; {WHERE}, and it goes on by itself."
_POSTGRESQL = "53100"  # disk_full


class DiskFull(Problem):
    """There is no room for what was sent."""

    status = 507
    title = "The disk of the server is full"

    def __init__(self) -> None:
        super().__init__(f"Nothing of this was kept. Tell an admin to {WHERE}, then do it once more.", code=CODE)


def is_full(error: BaseException) -> bool:
    """True if this error says that a disk is full, or that no more of it may be used."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not isinstance(error, DBAPIError):
        return False
    told = error.orig
    return (
        getattr(told, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(told, "sqlstate", "") == _POSTGRESQL
    )
