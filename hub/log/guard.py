"""Before anything is signed: is the database whole, and is it the one that was signed last?

The newest checkpoint is also kept in a file outside the database. A database that is behind that file, or beside it,
was restored from a backup: to go on would fork history, so the hub refuses to start. The file may lag by a second; it
can never be ahead of what was committed.

Never does: repair, sign.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from comity.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from comity.directory.state import State, View
from comity.errors import MalformedError, VerificationError
from comity.receipts import parse_leaf

from hub.db import Database
from hub.faults import Faults
from hub.log import store
from hub.log.domain import DirectorySource, LogKeys, LogName
from hub.log.fsck import Fsck, LogDamagedError

_KEEP_SECONDS = 1.0
_TRIES = 20
_TRY_SECONDS = 0.005
GO_ON = "Find the newest copy of the database; deploy/runbooks/rolled-back.md says how to go on"
"""What a person is told where a database is not the one whose checkpoint was signed last."""


class ForkGuardError(Exception):
    """The database is not the one whose checkpoint was signed last. Nothing was signed, the hub does not start."""

    def __init__(self, size: int, held: int) -> None:
        found = f"the last checkpoint was signed at {size} leaves; the database has {held}"
        if held >= size:
            found += ", and others among them"
        if not size:
            found = "the checkpoint kept outside the database is not signed by this hub"
        super().__init__(f"FORK-GUARD: {found}. Nothing was signed. {GO_ON}")
        self.size = size
        self.held = held


def last_checkpoint(path: Path, origin: str, log_keys: Sequence[bytes]) -> Checkpoint | None:
    """Returns the checkpoint kept outside the database, or None where there is no file yet.

    Args:
        path: of the file.
        origin: of the exchange log.
        log_keys: public halves, every one that ever signed.

    Raises:
        ForkGuardError: the file is there, but none of these keys signed it.
        OSError: it cannot be read.
    """
    if not path.exists():
        return None
    return read_checkpoint(path.read_bytes(), origin, log_keys)


def read_checkpoint(note: bytes, origin: str, log_keys: Sequence[bytes]) -> Checkpoint:
    """Returns what a signed checkpoint says.

    Raises:
        ForkGuardError: none of these keys signed it.
    """
    for key in log_keys:
        try:
            return verify_checkpoint(note, origin, key)
        except VerificationError:
            continue
    raise ForkGuardError(0, 0)


def read_signed(connection: Any, note: bytes, directory: State) -> Checkpoint:
    """Returns what a checkpoint of the exchange log says that is signed as its batch is, or with the present key.

    A batch is signed with the log key of the directory size that its leaves name: one that was replaced before says
    nothing, whoever has it by now.

    Args:
        connection: to a database that holds the log.
        note: the checkpoint as it travels.
        directory: replayed from the same database.

    Raises:
        ForkGuardError: neither key signed it.
    """
    keys = [View(directory).log_key()]
    with contextlib.suppress(MalformedError):
        last = parse_checkpoint(note)[0].size - 1
        leaves = store.read_leaves(connection, LogName.EXCHANGE, last, 1)
        under = parse_leaf(leaves[0]).directory_size if leaves else 0
        if 0 < under <= directory.size:
            keys.append(View(directory, under).log_key())
    return read_checkpoint(note, directory.exchange_origin, keys)


def is_of(connection: Any, checkpoint: Checkpoint) -> bool:
    """Returns whether the exchange log begins with what a checkpoint signs; not where hashes of it are missing."""
    try:
        return store.root_at(connection, LogName.EXCHANGE, checkpoint.size) == checkpoint.root
    except VerificationError:
        return False


class Guard:
    """Checks at start, and keeps the last checkpoint."""

    def __init__(
        self, db: Database, directory: DirectorySource, keys: LogKeys, path: Path | None, faults: Faults
    ) -> None:
        """Takes the file of the last checkpoint; None where there is no place outside the database."""
        self._db, self._directory, self._keys, self._path, self._faults = db, directory, keys, path, faults
        self._note = b""
        self._written_at = 0.0

    def check_rows(self) -> None:
        """Refuses a database that was damaged. Reads all of it.

        Raises:
            LogDamagedError: something stored is not what the logs commit to; the findings name each index.
            RefusedError: UNAVAILABLE.
        """
        findings = Fsck(self._db).run()
        if findings:
            raise LogDamagedError(findings)

    def check_history(self) -> None:
        """Refuses a database that was rolled back. The directory was read before.

        Raises:
            ForkGuardError: it is behind or beside the last checkpoint.
            RefusedError: UNAVAILABLE.
        """
        last = self._last()
        if last is None:
            return
        held = self._db.read_now(lambda connection: store.read_state(connection, LogName.EXCHANGE)).size
        if not self._db.read_now(lambda connection: is_of(connection, last)):
            raise ForkGuardError(last.size, held)

    def _last(self) -> Checkpoint | None:
        """Returns the last checkpoint, or None where there is no file yet.

        Raises:
            ForkGuardError: the file is there, but no key of this hub signed it.
        """
        if self._path is None:
            return None
        return last_checkpoint(self._path, self._directory.current.state.exchange_origin, self._own_keys())

    def remember(self, note: bytes) -> None:
        """Takes the newest checkpoint, to be written soon; empty where nothing was signed."""
        self._note = note or self._note

    def keep_up(self, *, force: bool = False) -> None:
        """Writes the newest checkpoint, at most once a second unless forced. Where that fails it is due still.

        One that names more leaves stays: another process that shares the home wrote it.

        Raises:
            OSError: the disk did not take it, or a process that was stopped in the middle of this keeps the others out.
        """
        if not self._note or self._path is None:
            return
        now = time.monotonic()
        if not force and now - self._written_at < _KEEP_SECONDS:
            return
        if self._faults.armed:
            self._faults.hit("log.before_checkpoint_file")
        # A name of this process: others that share the home keep theirs at the same time.
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        with beside.open("wb") as file:
            file.write(self._note)
            file.flush()
            os.fsync(file.fileno())
        with self._alone(self._path):
            if self._is_further():
                beside.replace(self._path)
            else:
                beside.unlink()
        self._note, self._written_at = b"", now

    @contextlib.contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Keeps other processes from replacing the file. It is held for a moment only, and waited for as briefly."""
        with path.with_name(f"{path.name}.lock").open("a", encoding="ascii") as file:
            for left in reversed(range(_TRIES)):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not left:
                        raise
                    time.sleep(_TRY_SECONDS)
            yield

    def _is_further(self) -> bool:
        """Returns whether the newest checkpoint names more leaves than the file's; a file that is none counts for 0.

        Whose signature the file's bears is not asked: a process that lacks the key of another would put it back.
        """
        if self._path is None or not self._path.exists():
            return True
        newest = parse_checkpoint(self._note)[0]
        try:
            kept = parse_checkpoint(self._path.read_bytes())[0]
        except MalformedError:
            return True
        return kept.origin != newest.origin or newest.size > kept.size

    def _own_keys(self) -> list[bytes]:
        return [key.public for key in self._keys.log_keys]


__all__ = ["ForkGuardError", "Guard", "LogDamagedError"]
