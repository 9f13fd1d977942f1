"""Imports in progress, on disk: each row is judged once, and an import that was cut off goes on at its row.

One SQLite file in the agency's home. Rows are appended as they are judged and put in order of their entries once, at
the end; rows of one entry are merged as they are read (`merging`). What a portion of rows comes to (candidates,
refusals, how far it came) becomes durable in one transaction, so that a kill at any point loses nothing and counts
nothing twice. Only an import that came to its end gives out entries: of a file that was refused, or where the owner
wished to stop, nothing is published.

Never does: publish, sign, or show a row's text anywhere but in the owner's own report.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from comity.errors import ComityError

from agents.sync.importers.benign import Benign
from agents.sync.importers.faults import FaultCode, FileRefusedError, Limits
from agents.sync.importers.judging import Judge
from agents.sync.importers.merging import Assertion, Desired, entry_of, is_live, merge
from agents.sync.importers.opening import Source
from agents.sync.importers.policy import ImportPolicy, OnRefusal
from agents.sync.importers.reading import detect, read_rows
from agents.sync.importers.rows import Candidate, Format, RawRow, RefusalCode, RowRefusal, Warned
from agents.sync.progress import ImportCounts, ImportInfo, ImportState, Progress, StagingCode, counts_of

_PORTION: Final = 2000
"""Rows that become durable together."""
_PAGE: Final = 500
_VERSION: Final = 1
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS imports (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, path TEXT NOT NULL,
        size INTEGER NOT NULL, sha256 BLOB NOT NULL, format TEXT NOT NULL, policy TEXT NOT NULL, state TEXT NOT NULL,
        rows INTEGER NOT NULL, bytes INTEGER NOT NULL, counts TEXT NOT NULL, fault TEXT NOT NULL,
        fault_row INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS candidates (
        key INTEGER NOT NULL, number INTEGER NOT NULL, entry_id BLOB NOT NULL, assertion TEXT NOT NULL,
        PRIMARY KEY (key, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS entries (
        key INTEGER NOT NULL, entry_id BLOB NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (key, entry_id, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS refusals (
        key INTEGER NOT NULL, number INTEGER NOT NULL, row INTEGER NOT NULL, source_column TEXT NOT NULL,
        code TEXT NOT NULL, text TEXT NOT NULL, shown TEXT NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID""",
)
_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
)
_SET_VERSION: Final = "PRAGMA user_version = 1"
_INSERT_IMPORT: Final = "INSERT INTO imports VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, '', 0)"
_SELECT_IMPORT: Final = "SELECT * FROM imports WHERE id = ? AND state <> 'FORGOTTEN'"
_SELECT_IMPORTS: Final = "SELECT * FROM imports WHERE state <> 'FORGOTTEN' ORDER BY created, key"
_CLAIM: Final = "UPDATE imports SET rows = ? WHERE key = ? AND rows = ? AND state = 'RUNNING'"
_ADVANCE: Final = "UPDATE imports SET bytes = ?, counts = ?, state = ?, fault = ?, fault_row = ? WHERE key = ?"
_PUT_CANDIDATE: Final = "INSERT INTO candidates VALUES (?, ?, ?, ?)"
_PUT_IN_ORDER: Final = """INSERT INTO entries SELECT key, entry_id, number FROM candidates WHERE key = ?
    ORDER BY entry_id, number"""
_COUNT_ENTRIES: Final = "SELECT count(DISTINCT entry_id) FROM entries WHERE key = ?"
_PUT_REFUSAL: Final = "INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?, ?)"
_PAGE_CANDIDATES: Final = """SELECT e.entry_id, e.number, c.assertion FROM entries e
    JOIN candidates c ON c.key = e.key AND c.number = e.number
    WHERE e.key = ? AND (e.entry_id, e.number) > (?, ?) ORDER BY e.entry_id, e.number LIMIT ?"""
_PAGE_REFUSALS: Final = """SELECT number, row, source_column, code, text, shown FROM refusals
    WHERE key = ? AND number > ? ORDER BY number LIMIT ?"""
_FORGET: Final = "UPDATE imports SET state = 'FORGOTTEN' WHERE id = ?"
_SELECT_FORGOTTEN: Final = "SELECT key FROM imports WHERE state = 'FORGOTTEN'"
_CLEAR: Final = (
    """DELETE FROM entries WHERE key = ?1 AND entry_id IN (SELECT entry_id FROM entries WHERE key = ?1 LIMIT ?2)""",
    """DELETE FROM candidates WHERE key = ?1 AND number IN (SELECT number FROM candidates WHERE key = ?1 LIMIT ?2)""",
    """DELETE FROM refusals WHERE key = ?1 AND number IN (SELECT number FROM refusals WHERE key = ?1 LIMIT ?2)""",
)
_DELETE_IMPORT: Final = "DELETE FROM imports WHERE key = ?"


class StagingError(ComityError):
    """An import cannot be used as asked. Carries the code."""

    code: StagingCode

    def __init__(self, code: StagingCode) -> None:
        """Takes the code, whose text is constant."""
        super().__init__(code.text)
        self.code = code


class Staging:
    """The imports of one home."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Staging:
        """Opens the file, making it where it is absent, and clears what was forgotten but not yet gone.

        Raises:
            StagingError: NEWER_VERSION.
        """
        if not path.exists():
            path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        staging = cls(connection)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            if connection.execute("PRAGMA user_version").fetchone()[0] > _VERSION:
                raise StagingError(StagingCode.NEWER_VERSION)
            with staging._transaction():
                for table in _SCHEMA:
                    connection.execute(table)
                connection.execute(_SET_VERSION)
            staging._clear()
        except BaseException:
            connection.close()
            raise
        return staging

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def begin(
        self, path: Path, policy: ImportPolicy, *, named: Format | None = None, limits: Limits | None = None
    ) -> ImportInfo:
        """Begins an import: looks at the file, keeps its digest and what it is. No row is judged yet.

        Args:
            path: of the file; also where `run` looks for it.
            policy: the owner's choices, kept with the import.
            named: the format; None to find it out.
            limits: what is taken at most.

        Raises:
            FileRefusedError: the file is refused as it stands; nothing is kept.
            MalformedError: the policy names a chain, field or giver that cannot be.
        """
        Judge(policy)
        source = Source(path, limits)
        sha256 = source.finish()
        found = named or detect(source)
        import_id = secrets.token_hex(8)
        counts = json.dumps(ImportCounts().stored())
        row = (import_id, policy.now, str(path.resolve()), source.size, sha256, found.value, policy.to_json())
        with self._transaction() as connection:
            connection.execute(_INSERT_IMPORT, (*row, ImportState.RUNNING.value, counts))
        return self.info(import_id)

    def run(
        self,
        import_id: str,
        *,
        path: Path | None = None,
        benign: Benign | None = None,
        limits: Limits | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> ImportInfo:
        """Judges the rows that are left; returns how the import then stands.

        An import that was cut off goes on at its row. One that has ended already is left as it is. A file that turns
        out to be refused, and a refused row where the policy says to stop, end the import: its `state` says so.

        Args:
            import_id: of `begin`.
            path: where the file is now; None where it was.
            benign: wallets to be warned of; None for those that come with the program.
            limits: what is taken at most.
            progress: called after each portion.

        Raises:
            StagingError: UNKNOWN_IMPORT, or BUSY where another process runs it.
            FileRefusedError: the file is gone, or another one (CHANGED); the import can be taken up with the right one.
        """
        info = self.info(import_id)
        if info.state is not ImportState.RUNNING:
            return info
        source = Source(path or info.path, limits)
        if source.finish() != info.sha256:
            raise FileRefusedError(FaultCode.CHANGED)
        run = _Run(info, Judge(info.policy, benign))
        rows = islice(read_rows(source, info.policy, info.format), info.rows, None)
        while run.state is ImportState.RUNNING:
            try:
                if run.judge(rows) and source.finish() != info.sha256:
                    raise FileRefusedError(FaultCode.CHANGED)
            except FileRefusedError as refused:
                run.refuse(refused)
            self._keep(run, source.done)
            if progress is not None:
                progress(Progress(run.rows, source.done, source.size))
        return self.info(import_id)

    def _keep(self, run: _Run, done: int) -> None:
        with self._transaction() as connection:
            if connection.execute(_CLAIM, (run.rows, run.key, run.begun)).rowcount != 1:
                raise StagingError(StagingCode.BUSY)
            connection.executemany(_PUT_CANDIDATE, run.candidates)
            connection.executemany(_PUT_REFUSAL, run.refusals)
            if run.state is ImportState.DONE:
                connection.execute(_PUT_IN_ORDER, (run.key,))
                run.counts.entries = connection.execute(_COUNT_ENTRIES, (run.key,)).fetchone()[0]
            row = (done, json.dumps(run.counts.stored()), run.state.value, run.fault, run.fault_row)
            connection.execute(_ADVANCE, (*row, run.key))
        run.next_portion()

    def info(self, import_id: str) -> ImportInfo:
        """Returns how an import stands.

        Raises:
            StagingError: UNKNOWN_IMPORT.
        """
        row = self._connection.execute(_SELECT_IMPORT, (import_id,)).fetchone()
        if row is None:
            raise StagingError(StagingCode.UNKNOWN_IMPORT)
        return _info(row)

    def imports(self) -> list[ImportInfo]:
        """Returns every import, the oldest first."""
        return [_info(row) for row in self._connection.execute(_SELECT_IMPORTS)]

    def candidates(self, import_id: str) -> Iterator[Desired]:
        """Yields the entries of an import that came to its end, in ascending order of their ids, a page at a time.

        What a list of events has delisted is left out (`delisted`).

        Raises:
            StagingError: UNKNOWN_IMPORT; NOT_COMPLETE for an import that has not ended, or was stopped or refused.
        """
        info = self._complete(import_id)
        for entry_id, assertion in self._pages(info.key):
            if is_live(assertion):
                yield entry_of(entry_id, assertion, info.policy)

    def delisted(self, import_id: str) -> Iterator[bytes]:
        """Yields ids of the entries whose last event was their removal, ascending.

        Raises:
            StagingError: as `candidates`.
        """
        for entry_id, assertion in self._pages(self._complete(import_id).key):
            if not is_live(assertion):
                yield entry_id

    def _complete(self, import_id: str) -> ImportInfo:
        info = self.info(import_id)
        if info.state is not ImportState.DONE:
            raise StagingError(StagingCode.NOT_COMPLETE)
        return info

    def _pages(self, key: int) -> Iterator[tuple[bytes, Assertion]]:
        for entry_id, rows in groupby(self._rows(key), key=itemgetter(0)):
            yield entry_id, reduce(merge, (Assertion.from_json(text) for _, _, text in rows))

    def _rows(self, key: int) -> Iterator[tuple[bytes, int, str]]:
        last: tuple[bytes, int] = (b"", 0)
        while page := self._connection.execute(_PAGE_CANDIDATES, (key, *last, _PAGE)).fetchall():
            yield from page
            last = page[-1][:2]

    def refusals(self, import_id: str) -> Iterator[RowRefusal]:
        """Yields the rows that were refused, in the order of the file; of an import in any state.

        Raises:
            StagingError: UNKNOWN_IMPORT.
        """
        key, last = self.info(import_id).key, 0
        while page := self._connection.execute(_PAGE_REFUSALS, (key, last, _PAGE)).fetchall():
            for _, row, column, code, text, shown in page:
                yield RowRefusal(row, column, RefusalCode(code), text, shown)
            last = page[-1][0]

    def forget(self, import_id: str) -> None:
        """Removes an import, with every text it kept.

        Raises:
            StagingError: UNKNOWN_IMPORT.
        """
        with self._transaction() as connection:
            if connection.execute(_SELECT_IMPORT, (import_id,)).fetchone() is None:
                raise StagingError(StagingCode.UNKNOWN_IMPORT)
            connection.execute(_FORGET, (import_id,))
        self._clear()

    def _clear(self) -> None:
        for (key,) in self._connection.execute(_SELECT_FORGOTTEN).fetchall():
            for statement in _CLEAR:
                while self._connection.execute(statement, (key, _PORTION)).rowcount:
                    pass
            self._connection.execute(_DELETE_IMPORT, (key,))


class _Run:
    """One run of an import, a portion at a time."""

    def __init__(self, info: ImportInfo, judge: Judge) -> None:
        self.key = info.key
        self.begun = self.rows = info.rows
        self.counts = info.counts
        self.state = ImportState.RUNNING
        self.fault, self.fault_row = "", 0
        self.candidates: list[tuple[int, int, bytes, str]] = []
        self.refusals: list[tuple[Any, ...]] = []
        self._judge = judge
        self._stops = info.policy.on_refusal is OnRefusal.STOP

    def judge(self, rows: Iterator[RawRow]) -> bool:
        """Judges the next portion and returns whether the file has ended.

        `state` is STOPPED at a refusal that stops the import.
        """
        for raw in islice(rows, _PORTION):
            self.rows += 1
            self.counts.rows += 1
            verdict = self._judge.judge(raw)
            if verdict is None:
                self.counts.left_out += 1
            elif isinstance(verdict, Candidate):
                found = verdict.assertion
                self.candidates.append((self.key, self.rows, verdict.entry_id, found.to_json()))
                self.counts.accepted += 1
                if found.warned:
                    self.counts.warned.update(Warned(found.warned))
            else:
                shown = (verdict.row, verdict.column, verdict.code.value, verdict.text, verdict.shown)
                self.refusals.append((self.key, self.rows, *shown))
                self.counts.refused[verdict.code] += 1
                if self._stops:
                    self.state = ImportState.STOPPED
                    return False
        if self.rows - self.begun == _PORTION:
            return False
        self.state = ImportState.DONE
        return True

    def refuse(self, refused: FileRefusedError) -> None:
        """Ends the import at a fault of the file."""
        self.state = ImportState.REFUSED
        self.fault, self.fault_row = refused.code.value, refused.row

    def next_portion(self) -> None:
        """Empties what has become durable."""
        self.begun = self.rows
        self.candidates, self.refusals = [], []


def _info(row: tuple[Any, ...]) -> ImportInfo:
    key, import_id, created, path, size, sha256, kind, policy, state, rows, done, counts, fault, fault_row = row
    return ImportInfo(
        key=key,
        id=import_id,
        created=created,
        path=Path(path),
        size=size,
        sha256=sha256,
        format=Format(kind),
        policy=ImportPolicy.from_json(policy),
        state=ImportState(state),
        rows=rows,
        bytes_done=done,
        counts=counts_of(json.loads(counts)),
        fault=FaultCode(fault) if fault else None,
        fault_row=fault_row,
    )
