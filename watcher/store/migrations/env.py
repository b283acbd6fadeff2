"""Alembic's entry: runs the migrations on the address that `watcher.store.database` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from watcher.store.schema import metadata

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
