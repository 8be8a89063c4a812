"""What others rely on, as lines of text: routes, processors, commands, settings, stored values, tables.

Written with names that hardly ever move, so that it runs on an older version, too.
"""

import dataclasses
from collections.abc import Iterator

import click
from flask import Flask
from pydantic import TypeAdapter
from sqlalchemy import Connection, Enum, text

import huey_tasks  # noqa: F401  # registers the processors
from adsapp.cli import adsapp
from adsapp.config import Settings, env_name
from adsapp.core.db import Base
from adsapp.jobs.registry import processors

IMPLIED = {"HEAD", "OPTIONS"}  # Flask adds them


def routes(app: Flask) -> list[str]:
    """Method and path of every route; what its function is called is nobody's business."""
    rules = app.url_map.iter_rules()
    return sorted(f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - IMPLIED)


def processors_and_queues(_app: Flask) -> list[str]:
    """Name, queue and fields of the params, as they are in rows of `jobs`."""
    return sorted(f"{kind.name} in {kind.queue.value}: {_fields(kind.params)}" for kind in processors())


def _fields(params: TypeAdapter[object]) -> str:
    kind = params._type
    assert isinstance(kind, type)
    assert dataclasses.is_dataclass(kind)
    return ", ".join(field.name for field in dataclasses.fields(kind))


def commands(_app: Flask) -> list[str]:
    """Every command with its arguments and options."""
    return sorted(_commands(adsapp, ()))


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, (*path, name))
    else:
        yield " ".join([*path, *(_parameter(each) for each in command.params)])


def _parameter(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return f"{(parameter.name or '').upper()}{'...' if parameter.nargs != 1 else ''}"
    choices = f"=[{'|'.join(map(str, parameter.type.choices))}]" if isinstance(parameter.type, click.Choice) else ""
    return "/".join(parameter.opts + parameter.secondary_opts) + choices


def settings(_app: Flask) -> list[str]:
    """The environment variables; `.env.example` has their defaults."""
    return sorted(env_name(name) for name in Settings.model_fields)


def stored_values(_app: Flask) -> list[str]:
    """The values of every column that stores an enum as text."""
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]
    return sorted(
        f"{column.table.name}.{column.name}: {', '.join(column.type.enums)}"
        for column in columns
        if isinstance(column.type, Enum)
    )


CONTRACTS = {
    "routes": routes,
    "processors": processors_and_queues,
    "commands": commands,
    "settings": settings,
    "stored-values": stored_values,
}


def schema(connection: Connection) -> list[str]:
    """The schema as the migrations left it."""
    if connection.dialect.name == "sqlite":
        found = connection.scalars(text(SQLITE_SCHEMA)).all()
    else:
        found = [line for query in POSTGRES_SCHEMA for line in connection.scalars(text(query))]
    return [line.strip() for statement in found for line in statement.splitlines() if line.strip()]


SQLITE_SCHEMA = """
    select sql from sqlite_master where sql is not null and name not like 'sqlite_%'
    order by tbl_name, case type when 'table' then 0 else 1 end, name
"""

# Statements, or lines like them, each sorted within its kind; not-null constraints are with the columns. The parts of a
# table are left out: they are called after the months in which the test runs.
POSTGRES_SCHEMA = (
    """
    select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attnotnull then ' not null' else '' end
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
        || case a.attidentity when '' then '' else ' identity ' || a.attidentity::text end
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and not c.relispartition
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    order by c.relname collate "C", a.attnum
    """,
    """
    select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
        and conrelid not in (select oid from pg_class where relispartition)
    order by conrelid::regclass::text collate "C", conname collate "C"
    """,
    """
    select indexdef from pg_indexes where schemaname = 'public'
        and tablename not in (select relname from pg_class where relispartition)
    order by tablename collate "C", indexname collate "C"
    """,
    """
    select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        and tgrelid not in (select oid from pg_class where relispartition)
    order by tgrelid::regclass::text collate "C", tgname collate "C"
    """,
    """
    select 'row security of ' || relname || case when relforcerowsecurity then ', forced' else ', not forced' end
    from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace and not relispartition
    order by relname collate "C"
    """,
    """
    select concat_ws(' ', 'policy', tablename, policyname, permissive, cmd, roles::text, qual, 'check', with_check)
    from pg_policies where schemaname = 'public' order by tablename collate "C", policyname collate "C"
    """,
    """
    select 'grant ' || string_agg(lower(privilege_type), ', ' order by privilege_type collate "C")
        || ' on ' || table_name || ' to ' || grantee
    from information_schema.role_table_grants where table_schema = 'public' and grantee like 'adsapp\\_%'
    group by table_name, grantee order by table_name collate "C", grantee collate "C"
    """,
    """
    select 'grant ' || lower(privilege_type) || ' (' || string_agg(column_name, ', ' order by column_name collate "C")
        || ') on ' || table_name || ' to ' || grantee
    from information_schema.column_privileges c
    where table_schema = 'public' and grantee like 'adsapp\\_%' and not exists (
        select 1 from information_schema.role_table_grants t where (t.table_schema, t.table_name, t.grantee,
        t.privilege_type) = (c.table_schema, c.table_name, c.grantee, c.privilege_type))
    group by table_name, grantee, privilege_type
    order by table_name collate "C", grantee collate "C", privilege_type collate "C"
    """,
    """
    select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace order by proname collate "C"
    """,
)
