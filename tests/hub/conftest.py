"""Fixtures of the hub's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.blobs.objects import Objects, open_objects
from hub.blobs.service import BlobService
from hub.db import Database
from tests.support.blobs import make_blobs, totals_counted, totals_kept
from tests.support.clock import FakeClock
from tests.support.commands import make_operators
from tests.support.s3 import REGION


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of three operators, made once: each key file costs a second."""
    folder = tmp_path_factory.mktemp("operators")
    make_operators(folder)
    return folder


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """An object store of each kind."""
    if request.param == "folder":
        return open_objects(str(tmp_path / "blobs"))
    bucket = request.getfixturevalue("s3_bucket")
    return open_objects(bucket, endpoint=request.getfixturevalue("s3_endpoint"), region=REGION)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def database(migrated_database_url: str) -> Iterator[Database]:
    """An open database. Whatever a test did with attachments, the totals are the sums."""
    opened = Database.open(migrated_database_url)
    yield opened
    kept, counted = opened.read_now(totals_kept), opened.read_now(totals_counted)
    opened.close()
    assert kept == counted


@pytest.fixture
def blobs(database: Database, objects: Objects, clock: FakeClock) -> BlobService:
    """The service of attachments."""
    return make_blobs(database, objects, clock)
