"""what checks say of a Source's address; checks that were never finished"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sources") as batch_op:
        batch_op.add_column(sa.Column("crashes_in_a_row", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("health", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_sources_lease_until"), ["lease_until"], unique=False)
