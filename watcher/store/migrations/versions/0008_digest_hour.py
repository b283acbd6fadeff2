"""at which hour of which time zone a Subscription gets its Digest"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriptions") as batch_op:
        batch_op.add_column(sa.Column("digest_hour", sa.String(5), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("time_zone", sa.String(64), nullable=False, server_default=""))
