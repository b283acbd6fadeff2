"""what Collections list, and which child Source each document became"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("collection_id", sa.String(80), nullable=False),
        sa.Column("version_id", sa.String(20), nullable=False),
        sa.Column("definition_sha256", sa.String(64), nullable=False),
        sa.Column("read_at", UtcDateTime, nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("unnamed", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["sources.source_id"], name=op.f("fk_collections_collection_id")
        ),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_collections")),
    )
    op.create_table(
        "collection_items",
        sa.Column("collection_id", sa.String(80), nullable=False),
        sa.Column("item_id", sa.String(20), nullable=False),
        sa.Column("child_id", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(3), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["sources.source_id"], name=op.f("fk_collection_items_collection_id")
        ),
        sa.PrimaryKeyConstraint("collection_id", "item_id", name=op.f("pk_collection_items")),
    )
    op.create_index(op.f("ix_collection_items_child_id"), "collection_items", ["child_id"], unique=False)
