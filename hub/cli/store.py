"""Brings a database to the newest schema.

Never does: go back. Migrations lie beside the source, or inside the installed package.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from hub.cli.failures import CommandError

_PLACES = (Path(__file__).resolve().parents[2] / "migrations", Path(__file__).resolve().parents[1] / "_migrations")


def _config(url: str) -> Config:
    folder = next((place for place in _PLACES if (place / "env.py").exists()), None)
    if folder is None:
        raise CommandError("the migrations are not installed")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str) -> str:
    """Brings a database to the newest schema and returns its revision.

    Raises:
        CommandError: the database does not answer, or the migrations are missing.
    """
    config = _config(url)
    try:
        command.upgrade(config, "head")
        return str(revision(url))
    except SQLAlchemyError:
        raise CommandError("the database cannot be migrated: it does not answer, or refuses") from None


def revision(url: str) -> str | None:
    """Returns the revision a database is at, None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        raise CommandError("the database does not answer") from None
    finally:
        engine.dispose()


def newest(url: str) -> str | None:
    """Returns the newest revision that this release knows."""
    return ScriptDirectory.from_config(_config(url)).get_current_head()
