"""The logins of PostgreSQL: whose each is, and whether the one that serves may do more than it needs.

One login may own and do everything, as in a small installation. Otherwise DATABASE_OWNER_URL is that of the tables'
owner, for `adsapp db upgrade` alone, and DATABASE_ENGINE_URL one that works on the jobs of all organizations; the login
of DATABASE_URL is neither. docs/adr/0020 has the reasons.
"""

from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from adsapp.config import Settings
from adsapp.core.db.extension import db
from adsapp.core.db.tenancy import APP_ROLE, DOOR_ROLE, ENGINE_ROLE


def owner_engine() -> Engine:
    """What migrations run over."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.database_owner_url:
        return db.engine
    return create_engine(settings.owner_url, poolclass=NullPool, hide_parameters=True)


def admit() -> None:
    """Let the logins that serve take the roles that they need, and no other; the owner does it after each upgrade."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.database_owner_url:
        return
    serving, working = _name(settings.sqlalchemy_url), _name(settings.engine_url)
    with owner_engine().begin() as connection:
        connection.execute(text("grant select on alembic_version to public"))
        # By itself a login sees nothing: it has to take a role, as each of our transactions does.
        how = " with inherit false" if (connection.dialect.server_version_info or ()) >= (16,) else ""
        for role, login in ((APP_ROLE, serving), (DOOR_ROLE, serving), (ENGINE_ROLE, working)):
            connection.execute(text(f"grant {role} to {_quoted(connection, login)}{how}"))
        if working != serving:
            connection.execute(text(f"revoke {ENGINE_ROLE} from {_quoted(connection, serving)}"))


def _name(url: str) -> str:
    return make_url(url).username or ""


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


_STRENGTHS = text(
    "select rolsuper as is_superuser, rolbypassrls as passes_by, rolcreaterole as makes_roles, "
    "(select count(*) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') "
    "and pg_has_role(r.oid, c.relowner, 'member')) as tables, "
    "(select pg_has_role(r.oid, e.oid, 'member') from pg_roles e where e.rolname = :engine) as is_engine "
    "from pg_roles r where r.rolname = session_user"
)


def excesses(connection: Connection) -> list[str]:
    """What this connection's login may do that serving needs not, in words; nothing on SQLite, which has no logins."""
    if connection.dialect.name != "postgresql":
        return []
    found = connection.execute(_STRENGTHS, {"engine": ENGINE_ROLE}).one()
    words = {
        "is a superuser": found.is_superuser,
        "passes row-level security by": found.passes_by,
        "makes roles": found.makes_roles,
        f"owns {found.tables} tables": found.tables,
        "may take the engine's role": found.is_engine,
    }
    return [what for what, is_so in words.items() if is_so]
