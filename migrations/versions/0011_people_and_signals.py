"""Consent is kept by person, known or not; people may have a user id instead of a number, or a new number; what the
provider says about accounts, templates and prices is kept."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table, rows_of_all
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0011"
down_revision = "0010"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
SOURCES = ("keyword", "button", "preferences", "provider", "by hand", "import", "api")
COLUMNS: dict[str, dict[str, Any]] = {
    "contacts": {"moved_to": sa.String(length=20), "moved_at": UtcDateTime()},
    "campaign_recipients": {
        "wa_user_id": sa.String(length=140),
        "price_category": sa.String(length=40),
        "price_type": sa.String(length=40),
        "price_model": sa.String(length=20),
        "billable": sa.Boolean(),
    },
    "inbound_messages": {"from_user_id": sa.String(length=140)},
    "whatsapp_accounts": {
        "quality": sa.String(length=20),
        "messaging_limit": sa.String(length=40),
        "restriction": sa.Text(),
        "pricing_tiers": JSON,
    },
}
TOUCHED = ("contacts", "opt_events", "consents")


def upgrade() -> None:
    add_columns()
    op.create_index("ix_contacts_wa_user_id", "contacts", ["organization_id", "wa_user_id"])
    add_consents()
    add_notices()
    with rows_of_all(op.get_bind(), *TOUCHED):
        fill_in()
    expect_sizes(op.get_bind())


def add_columns() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))


def add_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("person_key", sa.String(length=20), nullable=False),
        sa.Column("opted_out_at", UtcDateTime(), nullable=True),
        sa.Column("source", sa.Enum(*SOURCES, name="optsource", native_enum=False, length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_consents_organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "person_key", name=op.f("pk_consents")),
    )
    isolate_table(op.get_bind(), "consents")


def add_notices() -> None:
    op.create_table(
        "provider_notices",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=540), nullable=False),
        sa.Column(
            "level",
            sa.Enum("good", "warning", "bad", name="noticelevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            name=op.f("fk_provider_notices_organization_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_provider_notices_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_notices")),
    )
    op.create_index("ix_provider_notices_at", "provider_notices", ["organization_id", "at", "id"])
    isolate_table(op.get_bind(), "provider_notices")


def fill_in() -> None:
    """Whoever has said no under one form of their number has said so under all of them."""
    # The first no of each person; what else it was kept with stands in the contacts' histories.
    op.execute(
        'insert into consents (organization_id, person_key, opted_out_at, source, detail, "by", updated_at) '
        "select organization_id, person_key, min(opted_out_at), coalesce(min(opt_out_source), 'by hand'), '', '', "
        "min(opted_out_at) from contacts where opted_out_at is not null group by organization_id, person_key"
    )
    twins = (
        "from contacts c join consents k on k.organization_id = c.organization_id and k.person_key = c.person_key "
        "where c.opted_out_at is null"
    )
    op.execute(
        'insert into opt_events (organization_id, contact_id, at, opted_out, source, detail, "by") '
        f"select c.organization_id, c.id, k.opted_out_at, {_true()}, k.source, "
        f"'said under another form of this number', '' {twins}"
    )
    same = "k.organization_id = contacts.organization_id and k.person_key = contacts.person_key"
    op.execute(
        f"update contacts set opted_out_at = (select k.opted_out_at from consents k where {same}), "
        f"opt_out_source = (select k.source from consents k where {same}) "
        f"where opted_out_at is null and exists (select 1 from consents k where {same})"
    )


def _true() -> str:
    return "true" if op.get_bind().dialect.name == "postgresql" else "1"


def downgrade() -> None:
    raise NotImplementedError("consent of people who are no contacts would be lost")
