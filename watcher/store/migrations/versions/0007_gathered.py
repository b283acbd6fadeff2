"""Changes that wait until further Sources with the same edit can be told along"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gathered",
        sa.Column("subscription_id", sa.String(80), nullable=False),
        sa.Column("change_id", sa.String(50), nullable=False),
        sa.Column("tell_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.subscription_id"], name=op.f("fk_gathered_subscription_id")
        ),
        sa.ForeignKeyConstraint(["change_id"], ["changes.change_id"], name=op.f("fk_gathered_change_id")),
        sa.PrimaryKeyConstraint("subscription_id", "change_id", name=op.f("pk_gathered")),
    )
