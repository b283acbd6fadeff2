"""the record of each Definition; when each Payload was verified; incidents of the evidence"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("definitions") as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_definitions_sequence"), ["sequence"], unique=False)
    op.create_table(
        "fixity",
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        sa.Column("first_sequence", sa.Integer(), nullable=False),
        sa.Column("verified_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("payload_sha256", name=op.f("pk_fixity")),
    )
    op.create_index(op.f("ix_fixity_verified_at"), "fixity", ["verified_at"], unique=False)
    op.create_index(op.f("ix_fixity_first_sequence"), "fixity", ["first_sequence"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("resolved_at", UtcDateTime, nullable=True),
        sa.Column("told_at", UtcDateTime, nullable=True),
        sa.Column("lease_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_resolved_at_told_at"), "incidents", ["resolved_at", "told_at"], unique=False)
    op.create_index(op.f("ix_incidents_target"), "incidents", ["target"], unique=False)
