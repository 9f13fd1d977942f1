"""Alembic's environment: runs the migrations of this folder on the database whose address it is given.

One transaction a migration; on PostgreSQL an advisory lock, so that two processes do not migrate at once, and short
timeouts, so that a migration gives way to traffic instead of stopping it.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, event

from hub.schema import metadata

_LOCK = 0x636F6D697479  # "comity"


def _configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )


def _begin(connection: Connection) -> None:
    """Begins in earnest: Python's sqlite3 begins before rows are written, not before tables are made."""
    driver = connection.connection.dbapi_connection
    if driver is not None and not driver.in_transaction:
        driver.execute("BEGIN IMMEDIATE")


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET lock_timeout = '4s'")
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.commit()
    elif not event.contains(connection, "begin", _begin):
        event.listen(connection, "begin", _begin)
    _configure(connection)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def run() -> None:
    """Migrates on the connection that was handed in, or on a new one."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    engine = create_engine(context.config.get_main_option("sqlalchemy.url", ""))
    try:
        with engine.connect() as connection:
            _run(connection)
    finally:
        engine.dispose()


run()
