"""Who may come in is guarded, too: people, sessions, tokens and organizations are seen by a key or from within."""

from alembic import op
from sqlalchemy import Connection, text

from adsapp.core.db import APP_ROLE, DOOR_ROLE, ENGINE_ROLE
from adsapp.core.db.ddl import KEY, MINE, add_policy, guard_table, make_roles

revision = "0017"
down_revision = "0016"

A_MEMBER = f"exists (select 1 from memberships m where m.organization_id = {MINE} and m.user_id = "

# What a bound session sees.
OWN = {
    "organizations": f"id = {MINE}",
    "memberships": f"organization_id = {MINE}",
    "api_tokens": f"organization_id = {MINE}",
    "users": f"{A_MEMBER}users.id)",
    "sessions": f"{A_MEMBER}sessions.user_id)",
}

# Whom a key lets in: the digest of a cookie or of a token, an e-mail address, a slug. Each table here is seen through
# these same conditions by the others: a session opens its person, a person opens their memberships, and so on.
BY_KEY = {
    "sessions": f"token_hash = {KEY}",
    "api_tokens": f"token_hash = {KEY}",
    "users": f"email = {KEY} or id = (select s.user_id from sessions s where s.token_hash = {KEY})",
    "memberships": f"user_id = (select s.user_id from sessions s where s.token_hash = {KEY}) "
    f"or user_id = (select u.id from users u where u.email = {KEY})",
    "organizations": f"slug = {KEY} or id in (select m.organization_id from memberships m) "
    f"or id = (select t.organization_id from api_tokens t where t.token_hash = {KEY})",
}


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    make_roles(connection)
    for table in OWN:
        guard_table(connection, table)
        add_policy(connection, table, "organization", APP_ROLE, OWN[table])
        connection.execute(text(f"create policy door on {table} for select to {DOOR_ROLE} using ({BY_KEY[table]})"))
        connection.execute(text(f"grant select on {table} to {DOOR_ROLE}"))
    # A new person is nobody's member yet.
    connection.execute(text(f"create policy newcomer on users for insert to {APP_ROLE} with check (true)"))
    connection.execute(text(f"grant select, insert, update, delete on sign_in_failures to {DOOR_ROLE}"))
    _narrow_engine(connection)
    _guard_workers(connection)
    _let_analyze(connection)


def _narrow_engine(connection: Connection) -> None:
    """Of all organizations it knows who there are, and whose a number is: nothing of people, no token."""
    for table in (*OWN, "whatsapp_accounts"):
        connection.execute(text(f"revoke all on {table} from {ENGINE_ROLE}"))
    connection.execute(text(f"grant select (id, slug) on organizations to {ENGINE_ROLE}"))
    connection.execute(text(f"grant select (id, organization_id) on whatsapp_accounts to {ENGINE_ROLE}"))
    connection.execute(text(f"create policy engine on organizations for select to {ENGINE_ROLE} using (true)"))


def _guard_workers(connection: Connection) -> None:
    """They serve all organizations: everybody sees them, and asks them to end, and only the engine does the rest."""
    guard_table(connection, "workers")
    connection.execute(text(f"revoke all on workers from {APP_ROLE}"))
    for role in (APP_ROLE, DOOR_ROLE):
        connection.execute(text(f"grant select, update (drain_requested_at, drain_requested_by) on workers to {role}"))
    add_policy(connection, "workers", "everybody", f"{APP_ROLE}, {DOOR_ROLE}", "true")
    add_policy(connection, "workers", "engine", ENGINE_ROLE, "true")


def _let_analyze(connection: Connection) -> None:
    """Only its owner may have a table analyzed, and whoever imports need not be the owner."""
    connection.execute(
        text(
            "create function analyze_table(wanted regclass) returns void language plpgsql security definer "
            "set search_path = pg_catalog as $$ begin execute format('analyze %s', wanted); end $$"
        )
    )


def downgrade() -> None:
    raise NotImplementedError("what is guarded stays guarded")
