"""All tables.

Evidence (definitions, captures, snapshots, audit) repeats what the ledger holds; versions, positions, changes,
and what collections list, derive from it; subscriptions, digests, deliveries, fixity and incidents are the
service's own.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from watcher.store.types import UtcDateTime

SCHEMA = "0008"  # the newest of store/migrations/versions; numbers grow

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sources = Table(
    "sources",
    metadata,
    Column("source_id", String(80), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("definition_sha256", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("next_check_at", UtcDateTime),
    Column("last_capture_at", UtcDateTime),
    Column("last_outcome", String(30)),
    Column("failures_in_a_row", Integer, nullable=False),
    Column("crashes_in_a_row", Integer, nullable=False, server_default="0"),
    Column("health", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("baseline_version_id", String(20)),
    Column("lease_owner", String(100)),
    Column("lease_until", UtcDateTime),
    Column("fencing_token", Integer, nullable=False),
    Index(None, "state", "next_check_at"),
    Index(None, "host", "lease_until"),
    Index(None, "lease_until"),
)

definitions = Table(
    "definitions",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("valid_from", UtcDateTime, primary_key=True),
    Column("valid_until", UtcDateTime),
    Column("definition_sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("sequence", Integer, index=True),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("ready_at", UtcDateTime, nullable=False),
)

robots = Table(
    "robots",
    metadata,
    Column("origin", String(300), primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("status", Integer, nullable=False),
    Column("text", Text, nullable=False),
)

captures = Table(
    "captures",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("slot_at", UtcDateTime),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("outcome", String(30), nullable=False),
    Column("payload_sha256", String(64)),
    Column("trigger", String(20), nullable=False),
    Column("version_id", String(20)),
    Column("body", Text, nullable=False),
    UniqueConstraint("source_id", "slot_at"),
    Index(None, "source_id", "captured_at"),
    Index(None, "payload_sha256"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("source_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("payload_sha256", String(64), primary_key=True),
    Column("first_sequence", Integer, nullable=False),
    Column("first_captured_at", UtcDateTime, nullable=False),
    Column("media_type", String(200)),
    Column("length", Integer, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("version_id", String(20), primary_key=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("sequence", ForeignKey("captures.sequence"), nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("extractor", String(40), nullable=False),
    Column("extractor_version", Integer, nullable=False),
    Column("definition_sha256", String(64), nullable=False),
    Column("text_sha256", String(64), nullable=False),
    Column("error_code", String(40), nullable=False),
    Column("error", Text, nullable=False),
    Column("document", Text),
    Column("superseded_by", String(20)),
    Index(None, "source_id", "captured_at"),
)

positions = Table(
    "positions",
    metadata,
    Column("version_id", ForeignKey("versions.version_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("subject", String(3), nullable=False),
    Column("indicator", String(60), nullable=False),
    Column("stance", String(60), nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "subject", "indicator", "captured_at"),
)

changes = Table(
    "changes",
    metadata,
    Column("change_id", String(50), primary_key=True),
    Column("ordinal", Integer, nullable=False, unique=True),
    Column("source_id", ForeignKey("sources.source_id"), nullable=False),
    Column("from_version_id", ForeignKey("versions.version_id"), nullable=False),
    Column("to_version_id", ForeignKey("versions.version_id"), nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("trigger", String(20), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("alert", Boolean, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("significance", Float, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "source_id", "captured_at"),
)

position_changes = Table(
    "position_changes",
    metadata,
    Column("change_id", ForeignKey("changes.change_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("subject", String(3), nullable=False),
    Column("indicator", String(60), nullable=False),
    Column("old", String(60), nullable=False),
    Column("new", String(60), nullable=False),
    Column("severity", String(20), nullable=False),
    Index(None, "subject", "indicator"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscription_id", String(80), primary_key=True),
    Column("recipient", String(320), nullable=False),
    Column("filter", Text, nullable=False),
    Column("cadence", String(20), nullable=False),
    Column("covered_until", UtcDateTime, nullable=False),
    Column("covered_ordinal", Integer, nullable=False),
    Column("next_digest_at", UtcDateTime, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("digest_hour", String(5), nullable=False, server_default=""),
    Column("time_zone", String(64), nullable=False, server_default=""),
    Index(None, "active", "next_digest_at"),
)

digests = Table(
    "digests",
    metadata,
    Column("digest_id", String(50), primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.subscription_id"), nullable=False),
    Column("period_from", UtcDateTime, nullable=False),
    Column("period_to", UtcDateTime, nullable=False),
    Column("composed_at", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
    UniqueConstraint("subscription_id", "period_from"),
    Index(None, "composed_at"),
)

digest_changes = Table(
    "digest_changes",
    metadata,
    Column("digest_id", ForeignKey("digests.digest_id"), primary_key=True),
    Column("change_id", ForeignKey("changes.change_id"), primary_key=True),
)

gathered = Table(
    "gathered",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.subscription_id"), primary_key=True),
    Column("change_id", ForeignKey("changes.change_id"), primary_key=True),
    Column("tell_at", UtcDateTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(60), primary_key=True),
    Column("digest_id", ForeignKey("digests.digest_id"), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("last_error", Text, nullable=False),
    CheckConstraint("state IN ('pending','sending','sent','failed','unknown')", name="state"),
    Index(None, "state", "next_attempt_at"),
    Index(None, "digest_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("user", String(100), nullable=False),
    Column("action", String(60), nullable=False),
    Column("target", String(200), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index(None, "target"),
)

collections = Table(
    "collections",
    metadata,
    Column("collection_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("version_id", String(20), nullable=False),
    Column("definition_sha256", String(64), nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("unnamed", Integer, nullable=False),
    Column("problem", Text, nullable=False),
)

collection_items = Table(
    "collection_items",
    metadata,
    Column("collection_id", ForeignKey("sources.source_id"), primary_key=True),
    Column("item_id", String(20), primary_key=True),
    Column("child_id", String(80), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("subject", String(3), nullable=False),
    Column("year", Integer),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
)

fixity = Table(
    "fixity",
    metadata,
    Column("payload_sha256", String(64), primary_key=True),
    Column("first_sequence", Integer, nullable=False, index=True),
    Column("verified_at", UtcDateTime, index=True),
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Integer, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("target", String(200), nullable=False, index=True),
    Column("message", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Index(None, "resolved_at", "told_at"),
)
