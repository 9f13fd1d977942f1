"""The fixtures that other tests stand on do what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from sqlalchemy import create_engine, text

from tests.support.postgres import postgres_server


def test_each_test_gets_an_empty_database_that_can_be_written(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE wall (brick INTEGER)"))
        connection.execute(text("INSERT INTO wall VALUES (7)"))

    with engine.connect() as connection:
        bricks = connection.execute(text("SELECT brick FROM wall")).scalars().all()
    engine.dispose()

    assert bricks == [7]


def test_the_server_is_durable_and_survives_a_crash() -> None:
    with postgres_server() as server:
        url = server.create_database()
        with server.connect() as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            connection.execute("CREATE TABLE wall (brick INTEGER)")
        server.kill()
        server.start()
        with server.connect() as connection:
            assert connection.execute("SELECT count(*) FROM wall").fetchone() == (0,)
        server.drop_database(url)
        assert url.rpartition("/")[2].partition("?")[0] not in server.databases()
    assert not server.home.exists()


def test_a_server_ends_with_its_owner() -> None:
    program = "from tests.support.postgres import launch_server; print(launch_server().home, flush=True)"
    home = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()

    deadline = time.monotonic() + 20
    gone = False
    while not gone and time.monotonic() < deadline:
        time.sleep(0.25)
        gone = subprocess.run(["/bin/ls", home], capture_output=True, check=False).returncode != 0

    assert home.startswith(f"{os.environ.get('TEST_POSTGRES_PLACE', '/tmp')}/pg-")
    assert gone
