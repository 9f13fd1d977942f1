"""What somebody does first who owns the database and wants to change what is logged: takes the guards away.

The database refuses to change the log by its triggers. They stop a slip and a stolen password of the serving role, not
an owner or superuser; what such a one changes is found by comparison with the log.
"""

from __future__ import annotations

from sqlalchemy import Connection


def unguard(connection: Connection) -> None:
    """Takes the triggers away: on SQLite for good, on PostgreSQL for the rest of this transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
