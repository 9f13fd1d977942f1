"""Puts a backup back into an empty database, on either engine, and lets it be seen only once it was checked.

1. Every byte of the backup is compared with the manifest, which may name only what a backup writes.
2. Attachments go to their store, each compared with its digest. Their names are of this upload alone: nothing that
   lies there already is touched, and what an interrupted run leaves is found again by the next.
3. All rows go in in one transaction. In it, before it is committed, everything is checked as `comity-hub fsck` does.
   A restore that was interrupted, or that found anything, leaves the database empty.
4. Both heads get a new fence: a process that still held the old database's heads could write nothing here.
5. What belongs into the home goes there, where it is not there already; a key file is never written over.

What comes back is what the hub signs from then on. So a backup counts only if the hub signed it once, to its last leaf,
by the checkpoint in its manifest or in the home; or if whoever restores it says the digest of its manifest, written
down when it was taken.

A backup that is behind the checkpoint kept outside the database is refused before anything is written: it could not be
served. Restored all the same, to be read, it is refused by the hub's own start.

Never does: sign, serve, fill what is missing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from comity.checkpoint import parse_checkpoint
from comity.directory import Directory
from comity.errors import MalformedError

from hub.blobs.objects import Objects, open_objects
from hub.config import Settings
from hub.db import Database
from hub.keeping import store
from hub.keeping.archive import BLOBS, TABLES, BackupError, File, Manifest, inside, open_inside, read_table
from hub.keeping.checking import Report, check_outside, check_tables
from hub.log.domain import LogName
from hub.log.fsck import Finding
from hub.log.guard import GO_ON, ForkGuardError, read_signed
from hub.log.store import lock_heads, read_leaves, read_state
from hub.profiles import know_folder
from hub.server import CHECKPOINT_FILE

T = TypeVar("T")
Progress = Callable[[str, int], None]
_PIECE = 1 << 20
_PAGE = 500
_UNSIGNED = (
    "no checkpoint of this hub's own signs this backup to its last leaf: give the digest of its manifest that was"
    " written down when it was taken, with --manifest-sha256"
)


class BehindError(Exception):
    """The backup is behind what was signed since. Nothing was written."""

    def __init__(self, signed: int, held: int) -> None:
        super().__init__(
            f"FORK-GUARD: the last checkpoint was signed at {signed} leaves; this backup has {held}. A hub of it would"
            f" not serve, and nothing was written. {GO_ON}"
        )
        self.signed = signed
        self.held = held


class DamagedBackupError(Exception):
    """What the backup holds does not verify. The database is as empty as before."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(map(str, findings[:8])))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back."""

    report: Report
    attachments: int
    """Attachments whose bytes were put back, or found where they were left."""
    behind: list[Finding]
    """Findings against the checkpoint kept outside the database: a hub of this would not start."""


class _Uncommitted:
    """Reads inside the transaction that is not committed yet."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def read_now(self, fn: Callable[[Any], T], *, snapshot: bool = False) -> T:
        """Reads on the calling thread. One transaction is one moment, asked for or not."""
        return fn(self._connection)


def verify(folder: Path, progress: Progress | None = None, *, sha256: str = "") -> Manifest:
    """Compares every byte of a backup with its manifest.

    Args:
        folder: the backup.
        progress: is told how far it has come.
        sha256: what the manifest's digest must be, hexadecimal; empty where nobody knows.

    Raises:
        BackupError: it is no backup, not what was written, or another one.
        OSError: it cannot be read.
    """
    manifest = Manifest.read(folder, sha256=sha256)
    for count, _ in enumerate(manifest.verify(folder), start=1):
        if progress is not None:
            progress("files of the backup", count)
    return manifest


def check_not_behind(manifest: Manifest, home: Path) -> None:
    """Compares the backup with the checkpoint kept outside the database, by its size alone.

    Raises:
        BehindError: more was signed since.
    """
    try:
        signed = parse_checkpoint((home / CHECKPOINT_FILE).read_bytes())[0].size
    except (FileNotFoundError, MalformedError):
        return  # there is none; or it is none, which the check after the restore and the hub's start refuse
    if signed > manifest.exchange.size:
        raise BehindError(signed, manifest.exchange.size)


def signed_to_the_end(manifest: Manifest, home: Path | None) -> list[bytes]:
    """Returns the checkpoints, of the manifest and of the home, that say what the backup says, to its last leaf.

    Whose signature they bear is looked at with the restored directory.

    Args:
        manifest: of the backup.
        home: where it is restored to, if that is known.

    Raises:
        BackupError: there is none.
    """
    notes = [manifest.checkpoint.encode("utf-8", "replace")]
    if home is not None and (home / CHECKPOINT_FILE).exists():
        notes.append((home / CHECKPOINT_FILE).read_bytes())
    if found := [note for note in notes if _says(note, manifest)]:
        return found
    raise BackupError(_UNSIGNED)


def _says(note: bytes, manifest: Manifest) -> bool:
    try:
        said = parse_checkpoint(note)[0]
    except MalformedError:
        return False
    return (said.size, said.root.hex()) == (manifest.exchange.size, manifest.exchange.root)


async def put_back_attachments(settings: Settings, folder: Path, manifest: Manifest, progress: Progress) -> int:
    """Copies attachments into their store, or looks whether they are still there; returns how many.

    Raises:
        BackupError: one is missing, or is not what was backed up.
        RefusedError: UNAVAILABLE.
    """
    objects = open_objects(settings.blobs, endpoint=settings.blobs_s3_endpoint, region=settings.blobs_s3_region)
    count = 0
    if manifest.attachments == "copied":
        for file in manifest.files:
            if file.path.startswith(f"{BLOBS}/"):
                await objects.compose(file.path, _pieces(folder, file))
                count += 1
                progress("attachments", count)
        return count
    sizes: dict[str, dict[str, int]] = {}
    for page in read_table(folder, _table(manifest, "blobs")):
        for row in page:
            count += 1
            await _look(objects, sizes, row)
    return count


async def _look(objects: Objects, sizes: dict[str, dict[str, int]], row: dict[str, Any]) -> None:
    agency = row["agency"]
    if agency not in sizes:
        sizes[agency] = {one.path: one.size for one in await objects.list(f"{BLOBS}/{agency}")}
    path = f"{BLOBS}/{agency}/{row['sha256'].hex()}.{row['nonce'].hex()}"
    if sizes[agency].get(path) != row["length"]:
        raise BackupError("an attachment that the backup lists is not in the store of attachments")


async def _pieces(folder: Path, file: File) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    with open_inside(folder, file.path) as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
            yield piece
    # The name says the digest too: what has another one never becomes the object.
    if digest.hexdigest() != file.sha256 or file.sha256 != file.path.rpartition("/")[2].partition(".")[0]:
        raise BackupError(f"{file.path} changed while it was read")


def restore(
    settings: Settings, folder: Path, manifest: Manifest, attachments: int, progress: Progress, *, known: bool = False
) -> Restored:
    """Puts the rows back, checks everything, and commits.

    Args:
        settings: of the hub; its database has the schema and nothing in it.
        folder: the backup, verified.
        manifest: its manifest.
        attachments: how many attachments `put_back_attachments` put back.
        progress: is told how far it has come.
        known: whether the manifest's digest was compared with one written down. Otherwise the hub must have signed it.

    Raises:
        BackupError: the database is not empty, or the backup is of another release, changed meanwhile, or of nobody.
        DamagedBackupError: what it holds does not verify. The database is as empty as before.
        AlreadyServedError, SchemaError, UnsafeSettingError, RefusedError: the database cannot be used.
        ConfigError: a deadline profile of the hub's folder is none.
    """
    know_folder(settings.profiles)
    database = Database.open(settings.database)
    try:
        database.serve()
        notes = [] if known else signed_to_the_end(manifest, settings.home)
        of_home = manifest.of_home(folder)

        def fill(connection: Any) -> Report:
            report = _fill(connection, folder, manifest, progress)
            if not known:
                _check_signed(connection, notes)
            return report

        report = database.write(fill)
        _fill_home(settings.home, of_home, manifest.checkpoint)
        return Restored(report, attachments, check_outside(database, settings.home / CHECKPOINT_FILE))
    finally:
        database.close()


def _fill(connection: Any, folder: Path, manifest: Manifest, progress: Progress) -> Report:
    store.patient(connection)
    lock_heads(connection)
    if store.lacking(connection):
        raise BackupError("the database is at an older schema than this release writes: run `comity-hub migrate`")
    if store.filled(connection):
        raise BackupError("the database is not empty: a backup is restored into an empty one only")
    for name in store.tables():
        file, count = _table(manifest, name), 0
        for page in read_table(folder, file):
            if count == 0 and list(page[0]) != [column for column, _ in store.columns(name)]:
                raise BackupError("the backup is of another release: restore it with that one, then migrate")
            try:
                store.add(connection, name, page)
            except ValueError:
                raise BackupError(f"{file.path} holds rows that do not fit the database") from None
            count += len(page)
            progress(f"rows of {name}", count)
    for log, said in ((LogName.DIRECTORY, manifest.directory), (LogName.EXCHANGE, manifest.exchange)):
        state = read_state(connection, log)
        if (state.size, state.root.hex()) != (said.size, said.root):
            raise BackupError("the manifest names other heads than the backup's tables")
    report = check_tables(_Uncommitted(connection), progress)
    if report.findings:
        raise DamagedBackupError(report.findings)
    return report


def _table(manifest: Manifest, name: str) -> File:
    found = next((file for file in manifest.files if file.path == f"{TABLES}/{name}.jsonl"), None)
    if found is None:
        raise BackupError(f"the backup has no table {name}: it is of another release")
    return found


def _check_signed(connection: Any, notes: list[bytes]) -> None:
    directory = Directory()
    while entries := read_leaves(connection, LogName.DIRECTORY, directory.size, _PAGE):
        for entry in entries:
            directory.apply(entry)
    for note in notes:
        try:
            read_signed(connection, note, directory.state)
        except ForkGuardError:
            continue
        return
    raise BackupError(_UNSIGNED)


def _fill_home(home: Path, files: dict[str, bytes], checkpoint: str) -> None:
    """Puts into the home what is not there: genesis, operators' files, the key file where the backup has it."""
    for name, data in files.items():
        target = inside(home, name)
        if not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.new")
            beside.unlink(missing_ok=True)
            mode = 0o600 if target.suffix == ".key" else 0o644
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
            beside.replace(target)
    kept = home / CHECKPOINT_FILE
    if checkpoint and not kept.exists():
        kept.write_text(checkpoint, encoding="utf-8")
