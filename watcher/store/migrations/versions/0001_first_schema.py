"""first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import watcher.store.types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("user", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_target"), ["target"], unique=False)

    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("ready_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("fetched_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_robots")),
    )
    op.create_table(
        "sources",
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("registered_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_capture_at", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.String(length=30), nullable=True),
        sa.Column("failures_in_a_row", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("baseline_version_id", sa.String(length=20), nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("fencing_token", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_sources")),
    )
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sources_host_lease_until"), ["host", "lease_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_sources_state_next_check_at"), ["state", "next_check_at"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("subscription_id", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("cadence", sa.String(length=20), nullable=False),
        sa.Column("covered_until", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("covered_ordinal", sa.Integer(), nullable=False),
        sa.Column("next_digest_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_subscriptions")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_subscriptions_active_next_digest_at"), ["active", "next_digest_at"], unique=False
        )

    op.create_table(
        "captures",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("slot_at", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("captured_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=True),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.String(length=20), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_captures_source_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_captures")),
        sa.UniqueConstraint("source_id", "slot_at", name=op.f("uq_captures_source_id_slot_at")),
    )
    with op.batch_alter_table("captures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_captures_payload_sha256"), ["payload_sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_captures_source_id_captured_at"), ["source_id", "captured_at"], unique=False
        )

    op.create_table(
        "definitions",
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("valid_from", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_definitions_source_id")),
        sa.PrimaryKeyConstraint("source_id", "valid_from", name=op.f("pk_definitions")),
    )
    op.create_table(
        "digests",
        sa.Column("digest_id", sa.String(length=50), nullable=False),
        sa.Column("subscription_id", sa.String(length=80), nullable=False),
        sa.Column("period_from", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("period_to", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("composed_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.subscription_id"], name=op.f("fk_digests_subscription_id")
        ),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_digests")),
        sa.UniqueConstraint("subscription_id", "period_from", name=op.f("uq_digests_subscription_id_period_from")),
    )
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_digests_composed_at"), ["composed_at"], unique=False)

    op.create_table(
        "snapshots",
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("first_sequence", sa.Integer(), nullable=False),
        sa.Column("first_captured_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_snapshots_source_id")),
        sa.PrimaryKeyConstraint("source_id", "payload_sha256", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.String(length=60), nullable=False),
        sa.Column("digest_id", sa.String(length=50), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", watcher.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending','sending','sent','failed','unknown')", name=op.f("ck_deliveries_state")
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.digest_id"], name=op.f("fk_deliveries_digest_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_digest_id"), ["digest_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_deliveries_state_next_attempt_at"), ["state", "next_attempt_at"], unique=False
        )

    op.create_table(
        "versions",
        sa.Column("version_id", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("captured_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("extractor", sa.String(length=40), nullable=False),
        sa.Column("extractor_version", sa.Integer(), nullable=False),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["sequence"], ["captures.sequence"], name=op.f("fk_versions_sequence")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_versions_source_id")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_versions")),
    )
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_versions_source_id_captured_at"), ["source_id", "captured_at"], unique=False
        )

    op.create_table(
        "changes",
        sa.Column("change_id", sa.String(length=50), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("from_version_id", sa.String(length=20), nullable=False),
        sa.Column("to_version_id", sa.String(length=20), nullable=False),
        sa.Column("captured_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("significance", sa.Float(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["from_version_id"], ["versions.version_id"], name=op.f("fk_changes_from_version_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_changes_source_id")),
        sa.ForeignKeyConstraint(["to_version_id"], ["versions.version_id"], name=op.f("fk_changes_to_version_id")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_changes")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_changes_ordinal")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_changes_source_id_captured_at"), ["source_id", "captured_at"], unique=False
        )

    op.create_table(
        "positions",
        sa.Column("version_id", sa.String(length=20), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=3), nullable=False),
        sa.Column("indicator", sa.String(length=60), nullable=False),
        sa.Column("stance", sa.String(length=60), nullable=False),
        sa.Column("captured_at", watcher.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.source_id"], name=op.f("fk_positions_source_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.version_id"], name=op.f("fk_positions_version_id")),
        sa.PrimaryKeyConstraint("version_id", "ordinal", name=op.f("pk_positions")),
    )
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_positions_subject_indicator_captured_at"),
            ["subject", "indicator", "captured_at"],
            unique=False,
        )

    op.create_table(
        "digest_changes",
        sa.Column("digest_id", sa.String(length=50), nullable=False),
        sa.Column("change_id", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["changes.change_id"], name=op.f("fk_digest_changes_change_id")),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.digest_id"], name=op.f("fk_digest_changes_digest_id")),
        sa.PrimaryKeyConstraint("digest_id", "change_id", name=op.f("pk_digest_changes")),
    )
    op.create_table(
        "position_changes",
        sa.Column("change_id", sa.String(length=50), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=3), nullable=False),
        sa.Column("indicator", sa.String(length=60), nullable=False),
        sa.Column("old", sa.String(length=60), nullable=False),
        sa.Column("new", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["changes.change_id"], name=op.f("fk_position_changes_change_id")),
        sa.PrimaryKeyConstraint("change_id", "ordinal", name=op.f("pk_position_changes")),
    )
    with op.batch_alter_table("position_changes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_position_changes_subject_indicator"), ["subject", "indicator"], unique=False
        )
