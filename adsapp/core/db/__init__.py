"""The database: one Flask-SQLAlchemy extension over our own Base, two shapes, one tenant a session.

A session is bound to one organization (`bind_organization`) and then sees and writes that organization's rows only:
by a filter added to every ORM statement (both databases), and by row-level security on PostgreSQL, where each
transaction takes the role `adsapp_app`. Before it is bound it sees whom a key lets in (`show_key`), by the role
`adsapp_door`. Work that looks across organizations (dispatch, claims, the reaper, whose a webhook is) uses
`engine_transaction` and its role `adsapp_engine`, which sees job tables only. docs/adr/0003 and 0020 have the reasons.
"""

from adsapp.core.db.after_commit import after_commit
from adsapp.core.db.brief import WAIT_SECONDS, brief_session, check_writes
from adsapp.core.db.engine import (
    engine_options,
    has_one_writer,
    hold_key,
    hold_keys,
    listen,
    reading,
    set_isolation_level,
    set_reading,
)
from adsapp.core.db.extension import db, init_db, job_engine, read_only, session
from adsapp.core.db.sealed import Sealed, SecretJson, SecretText, vault
from adsapp.core.db.tenancy import (
    APP_ROLE,
    DOOR_ROLE,
    ENGINE_ROLE,
    UnscopedStatement,
    at_the_door,
    bind_organization,
    current_organization_id,
    end_engine_connection,
    engine_connection,
    engine_transaction,
    organization_context,
    require_organization_id,
    show_key,
)
from adsapp.core.db.types import AtTheDoor, Base, BigId, Json, ShortText, Tenant, UtcDateTime, text_enum

__all__ = [
    "APP_ROLE",
    "DOOR_ROLE",
    "ENGINE_ROLE",
    "WAIT_SECONDS",
    "AtTheDoor",
    "Base",
    "BigId",
    "Json",
    "Sealed",
    "SecretJson",
    "SecretText",
    "ShortText",
    "Tenant",
    "UnscopedStatement",
    "UtcDateTime",
    "after_commit",
    "at_the_door",
    "bind_organization",
    "brief_session",
    "check_writes",
    "current_organization_id",
    "db",
    "end_engine_connection",
    "engine_connection",
    "engine_options",
    "engine_transaction",
    "has_one_writer",
    "hold_key",
    "hold_keys",
    "init_db",
    "job_engine",
    "listen",
    "organization_context",
    "read_only",
    "reading",
    "require_organization_id",
    "session",
    "set_isolation_level",
    "set_reading",
    "show_key",
    "text_enum",
    "vault",
]
