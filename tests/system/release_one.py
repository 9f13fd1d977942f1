"""`comity-hub` as the database saw the first release: its statement for batches on schema 0001, and no claim.

It says where a batch begins, listens without claiming, and looks for no range of schemas. All else is this release's.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from hub import claim, db
from hub.bulk import Bulk
from hub.cli import store as cli_store
from hub.cli.main import app
from hub.log import store
from hub.log.domain import LogName
from hub.schema import log_batches

_BATCH = Bulk(
    "INSERT INTO log_batches (log, size, first, root, time_seconds, key) VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT INTO log_batches (log, size, first, root, time_seconds, key)"
    " SELECT * FROM unnest(%b::smallint[], %b::bigint[], %b::bigint[], %b::bytea[], %b::bigint[], %b::bytea[])",
)
"""As it was released."""


def _save_batch_row(connection: Any, log: LogName, *, size: int, root: bytes, time_seconds: int, key: bytes) -> None:
    b = log_batches.c
    first = connection.execute(select(func.coalesce(func.max(b.size), 0)).where(b.log == int(log))).scalar_one()
    _BATCH.run(connection, [int(log)], [size], [first], [root], [time_seconds], [key])


def _listen_only(self: Any) -> None:
    connection = self._connect()
    connection.exec_driver_sql("LISTEN comity")
    self._connection = connection


def be_the_first_release() -> None:
    """Puts in place what the first release did otherwise."""
    assert store.save_batch_row.__name__ == "save_batch_row"
    store.save_batch_row = _save_batch_row
    for name in ("_HEADS_SQLITE", "_HEADS_POSTGRES", "_LOCK_POSTGRES"):
        setattr(store, name, getattr(store, name).replace("(SELECT oldest FROM schema_range)", "1"))
    claim.SharedClaim.take = _listen_only  # type: ignore[method-assign]
    cli_store.check = lambda _: None
    db._CONNECT.pop("application_name")


if __name__ == "__main__":
    be_the_first_release()
    app()
