"""Pytest fixtures that hand a test a fresh database, on both engines the hub supports.

`sqlite_url` and `postgres_url` are empty databases; `database_url` runs its test once on each. The `migrated_…`
ones hold the schema of the newest migration: it is built once a run and copied for every test.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.support.postgres import PostgresServer, shared_server

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("sqlite", "postgres")


def alembic_config(url: str) -> Config:
    """Returns the configuration that migrates the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share and no other run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def shared_postgres(run_folder: Path) -> PostgresServer:
    """The server all tests of this run share. A test that restarts or breaks a server takes `own_postgres`."""
    # A worker's parent is the process that started the run.
    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return shared_server(run_folder, owner)


@pytest.fixture
def postgres_url(shared_postgres: PostgresServer) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    url = shared_postgres.create_database()
    yield url
    shared_postgres.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database in a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'hub.sqlite'}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database: the test runs once on each engine."""
    return cast("str", request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def migrated_postgres_template(shared_postgres: PostgresServer, run_folder: Path) -> str:
    """The name of a database that holds the newest schema and that nobody is connected to."""
    head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    name = f"head_{head}"
    with (run_folder / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name not in shared_postgres.databases():
            url = shared_postgres.create_database(name=f"{name}_unfinished")
            command.upgrade(alembic_config(url), "head")
            shared_postgres.create_database(template=f"{name}_unfinished", name=name)
    return name


@pytest.fixture
def migrated_postgres_url(shared_postgres: PostgresServer, migrated_postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the newest schema."""
    url = shared_postgres.create_database(migrated_postgres_template)
    yield url
    shared_postgres.drop_database(url)


@pytest.fixture(scope="session")
def migrated_sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds the newest schema."""
    path = tmp_path_factory.mktemp("template") / "head.sqlite"
    command.upgrade(alembic_config(f"sqlite:///{path}"), "head")
    return path


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the newest schema."""
    # Beside the file lies its write-ahead log: a copy without it would be an older database.
    for source in migrated_sqlite_template.parent.glob("head.sqlite*"):
        shutil.copy2(source, tmp_path / source.name.replace("head", "hub"))
    return f"sqlite:///{tmp_path / 'hub.sqlite'}"


@pytest.fixture(params=ENGINES)
def migrated_database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with the newest schema: the test runs once on each engine."""
    return cast("str", request.getfixturevalue(f"migrated_{request.param}_url"))
