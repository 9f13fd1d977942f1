"""Brings a database from schema to schema while hubs serve it, and gives a role what serving needs.

A migration expands or contracts, and its file says which. What expands is made at any time: the processes of the
release before go on. What contracts takes away something that they need: it is made only when asked for, and only when
nobody who needs it serves. It holds the claims' numbers meanwhile (`hub/claim.py`), so that nobody begins to either.

Never does: go back. Migrations lie beside the source, or inside the installed package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine, inspect, make_url
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hub.claim import CLAIMS, FileClaim, check_schema
from hub.cli.failures import CommandError
from hub.schema import SERVING_PRIVILEGES

_PLACES = (Path(__file__).resolve().parents[2] / "migrations", Path(__file__).resolve().parents[1] / "_migrations")
_CLAIMED = (
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid::bigint = %s"
    " AND objid::bigint < %s AND pid <> pg_backend_pid()"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# A process of the first release claims nothing, but it listens. Of another role's session the server shows no query.
_LISTENING = (
    "SELECT count(*) FROM pg_stat_activity AS a WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND application_name <> 'comity-hub'"
    " AND (query = 'LISTEN comity' OR query = '<insufficient privilege>')"
)
_RANK = (
    "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace"
    " AND c.relkind = 'r' AND pg_has_role(r.oid, c.relowner, 'MEMBER')) FROM pg_roles AS r WHERE rolname = %s"
)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of a database."""

    revision: str
    """Where it is now."""
    contracts: bool
    """Whether a contracting migration is left, to be made when no process of the release before serves."""


def _config(url: str) -> Config:
    folder = next((place for place in _PLACES if (place / "env.py").exists()), None)
    if folder is None:
        raise CommandError("the migrations are not installed")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    # What a person set on SQLite's address is for `hub/db.py` to judge.
    engine = create_engine(make_url(url).difference_update_query(["synchronous"]), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def is_unused(url: str) -> bool:
    """Returns whether a database has no schema yet, or only the beginning of one: whoever made it was killed over it.

    Raises:
        CommandError: the database does not answer.
    """
    try:
        with _connected(url) as connection:
            if not inspect(connection).has_table("log_heads"):
                return True
            return bool(connection.exec_driver_sql("SELECT count(*) FROM log_heads WHERE size > 0").scalar_one() == 0)
    except SQLAlchemyError:
        raise CommandError("the database does not answer") from None


def migrate(url: str, *, contract: bool = False) -> Migrated:
    """Brings a database forward: as far as nothing is taken away, or to the newest schema.

    Args:
        url: of the database. An empty one gets the newest schema.
        contract: True to take away what the release before needs, where none of its processes serves any more.

    Raises:
        CommandError: such a process serves, the database does not answer, or the migrations are missing.
    """
    config = _config(url)
    scripts = ScriptDirectory.from_config(config)
    try:
        with _connected(url) as connection:
            present = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            config.attributes["connection"] = connection
            for script in _missing(scripts, present):
                if present is not None and script.module.__dict__.get("kind") == "contract":
                    if not contract:
                        return Migrated(str(present), contracts=True)
                    with _nobody_below(connection, script.module.oldest):
                        command.upgrade(config, script.revision)
                else:
                    command.upgrade(config, script.revision)
                present = script.revision if present is not None else None
            return Migrated(str(scripts.get_current_head()), contracts=False)
    except SQLAlchemyError:
        raise CommandError(
            "the database cannot be migrated: it does not answer, refuses, or is too busy; nothing is half done"
        ) from None


def _missing(scripts: ScriptDirectory, present: str | None) -> list[Script]:
    """Returns the migrations that a database lacks, in their order.

    Raises:
        CommandError: it is at a revision that this release does not know.
    """
    known = list(scripts.walk_revisions())[::-1]
    names = [script.revision for script in known]
    if present is not None and present not in names:
        raise CommandError("the database is at the schema of a newer release: migrate with that one")
    return known[names.index(present) + 1 :] if present is not None else known


@contextmanager
def _nobody_below(connection: Connection, oldest: int) -> Iterator[None]:
    """Keeps processes that know less than a revision away, as long as the block runs.

    Raises:
        CommandError: one serves.
        AlreadyServedError: the same, on SQLite.
    """
    if connection.dialect.name == "sqlite":
        claim = FileClaim(str(connection.engine.url.database))
        try:
            yield
        finally:
            claim.close()
        return
    held = [
        connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s, %s)", (CLAIMS, number)).scalar_one()
        for number in range(1, oldest)
    ]
    claimed = connection.exec_driver_sql(_CLAIMED, (CLAIMS, oldest)).scalar_one()
    listening = connection.exec_driver_sql(_LISTENING).scalar_one()
    connection.rollback()
    if listening or not all(held):
        raise CommandError(
            f"processes of an older release still serve this database ({claimed + listening}): stop them, then again"
        )
    # The locks are the session's, and end with it.
    yield


def grant(url: str, role: str) -> None:
    """Gives a PostgreSQL role what a serving process needs, and takes away all else that it had on these tables.

    Raises:
        CommandError: it is SQLite; there is no such role; or it owns the tables or is a superuser: nothing could be
            kept from it.
    """
    try:
        with _connected(url) as connection:
            if connection.dialect.name != "postgresql":
                raise CommandError("SQLite has no roles: keep the file from other users")
            rank = connection.exec_driver_sql(_RANK, (role,)).scalar_one_or_none()
            if rank is None:
                raise CommandError("there is no such role: make it with CREATE ROLE … LOGIN, then grant again")
            if rank:
                raise CommandError("this role owns the tables or is a superuser: nothing can be kept from it")
            _grant(connection, role)
            connection.commit()
    except (SQLAlchemyError, psycopg.Error):
        raise CommandError("nothing was granted: the database does not answer, or refuses") from None


def _grant(connection: Connection, role: str) -> None:
    driver: Any = connection.connection
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    names = {"role": sql.Identifier(role), "schema": sql.Identifier(schema)}
    present = set(inspect(connection).get_table_names())
    with driver.cursor() as cursor:
        statement = sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names)
        cursor.execute(statement)
        for table, privileges in SERVING_PRIVILEGES.items():
            if table not in present:
                continue
            names["table"] = sql.Identifier(schema, table)
            statement = sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names)
            cursor.execute(statement)
            granted = sql.SQL(", ").join(sql.SQL(privilege) for privilege in privileges)
            statement = sql.SQL("GRANT {privileges} ON {table} TO {role}").format(privileges=granted, **names)
            cursor.execute(statement)


def check(url: str) -> None:
    """Looks whether this release can serve a database.

    Raises:
        SchemaError: it cannot.
        CommandError: the database does not answer, or keeps from this role what serving needs.
    """
    try:
        with _connected(url) as connection:
            check_schema(connection)
    except ProgrammingError:
        raise CommandError(
            "the database does not let this role serve: `comity-hub migrate --grant-to ROLE`, as the tables' owner"
        ) from None
    except SQLAlchemyError:
        raise CommandError("the database does not answer") from None
