"""Alembic's entry: runs the migrations on the address that `watcher.store.database` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, event, pool

from watcher.store.schema import metadata

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
if engine.dialect.name == "sqlite":
    # Python's driver begins no transaction before DDL by itself: a killed migration would stay half done.
    event.listen(engine, "connect", lambda driver, _: setattr(driver, "isolation_level", None))
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
