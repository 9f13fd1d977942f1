"""Takes a backup while hubs serve: every table at one moment, and the bytes of every attachment of that moment.

All tables are read in one snapshot, which holds up nobody. Attachments are copied before it and once more after it:
they never change, and none that an envelope names is collected, so that what the snapshot names is there.
The folder gets its name last, when every byte and the manifest are on the disk: an interrupted backup has another one.

Never does: sign, write to the database, read a key (the key file is copied sealed, and only where asked for).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from comity.directory import Directory

from hub.blobs.audit.store import complete
from hub.blobs.objects import Objects, blob_path, open_objects
from hub.clock import Clock
from hub.config import Settings
from hub.db import Database
from hub.keeping import store
from hub.keeping.archive import (
    HOME,
    MANIFEST,
    TABLES,
    BackupError,
    File,
    Manifest,
    Reached,
    TableWriter,
    digest_file,
    inside,
    read_table,
    sync_tree,
)
from hub.log.domain import LogName
from hub.log.guard import ForkGuardError, is_of, read_signed
from hub.log.store import read_leaves, read_state
from hub.server import CHECKPOINT_FILE

Progress = Callable[[str, int], None]
KEY_FILE: Final = "hub.key"
PUBLIC_FILES: Final = ("genesis", "operators/*.pub", "operators/*.crt")
_PAGE = 500
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Blob:
    """One complete attachment."""

    agency: str
    sha256: bytes
    nonce: bytes
    length: int

    @property
    def path(self) -> str:
        """In the object store and in the backup alike."""
        return blob_path(self.agency, self.sha256, self.nonce)


class Backup:
    """Takes one backup."""

    def __init__(self, settings: Settings, clock: Clock, progress: Progress | None = None) -> None:
        """Takes which hub, and who is told how far it has come."""
        self._settings, self._clock = settings, clock
        self._progress = progress or (lambda _what, _count: None)

    async def take(self, target: Path, *, with_keys: bool = False, copied: bool | None = None) -> Manifest:
        """Takes it.

        Args:
            target: folder; it must not exist.
            with_keys: copy the sealed key file too.
            copied: whether the bytes of attachments are copied; by default they are where they lie in a folder, and
                only listed where they lie in a bucket.

        Raises:
            BackupError: the target exists, there is no hub, or an attachment's bytes are not those of its row.
            UnsafeSettingError, RefusedError: the database or the store of attachments does not answer.
            OSError: the disk does not take it. Nothing bears the target's name then.
        """
        unfinished = await asyncio.to_thread(_begin, target)
        database = Database.open(self._settings.database)
        try:
            copy = not self._settings.blobs.startswith("s3://") if copied is None else copied
            manifest = await self._fill(database, unfinished, with_keys=with_keys, copy=copy)
            await asyncio.to_thread(_finish, unfinished, target, manifest)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        finally:
            database.close()
        return manifest

    async def _fill(self, database: Database, folder: Path, *, with_keys: bool, copy: bool) -> Manifest:
        (folder / TABLES).mkdir(mode=0o700)
        objects = open_objects(
            self._settings.blobs,
            endpoint=self._settings.blobs_s3_endpoint,
            region=self._settings.blobs_s3_region,
        )
        held: dict[str, File] = {}
        if copy:
            await self._copy_now(database, objects, folder, held)
        # Before the snapshot: what it signs is then no longer than what the snapshot holds.
        note = _read(self._settings.home / CHECKPOINT_FILE)
        manifest = await asyncio.to_thread(
            database.read_now, lambda c: self._dump(c, folder, note, copy), snapshot=True
        )
        files = list(manifest.files) + list(self._home(folder, with_keys=with_keys))
        if copy:
            wanted = [*await asyncio.to_thread(lambda: list(_listed(folder, manifest)))]
            for blob in wanted:
                if blob.path not in held:
                    try:
                        held[blob.path] = await self._copy(objects, blob, folder)
                    except FileNotFoundError:
                        raise BackupError("the bytes of an attachment are missing: run `comity-hub fsck`") from None
            files += [held[path] for path in sorted(blob.path for blob in wanted)]
            for path in held.keys() - {blob.path for blob in wanted}:
                inside(folder, path).unlink()
        manifest = replace(manifest, files=tuple(files), with_keys=with_keys)
        manifest.check_names()
        return manifest

    async def _copy_now(self, database: Database, objects: Objects, folder: Path, held: dict[str, File]) -> None:
        after = ("", b"")
        while page := await database.read(lambda c, after=after: complete(c, after, _PAGE)):  # type: ignore[misc] # the default binds the loop's value
            for row in page:
                blob = _Blob(row.agency, bytes(row.sha256), bytes(row.nonce), row.length)
                try:
                    held[blob.path] = await self._copy(objects, blob, folder)
                except FileNotFoundError:
                    continue  # collected meanwhile; what is still wanted after the snapshot is looked for again
                self._progress("attachments", len(held))
            after = (page[-1].agency, bytes(page[-1].sha256))

    async def _copy(self, objects: Objects, blob: _Blob, folder: Path) -> File:
        target = inside(folder, blob.path)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        size = 0
        try:
            with target.open("wb") as file:
                async for piece in objects.read(blob.path, 0, _PIECE):
                    size += len(piece)
                    await asyncio.to_thread(file.write, piece)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            raise
        digest = await asyncio.to_thread(digest_file, target)
        if (size, digest) != (blob.length, blob.sha256.hex()):
            raise BackupError("the bytes of an attachment are not those of its row: run `comity-hub fsck`")
        return File(blob.path, size, digest)

    def _dump(self, connection: Any, folder: Path, note: bytes, copy: bool) -> Manifest:
        store.patient(connection)
        # The first statement fixes the snapshot; the clock is read after it.
        directory, exchange = (read_state(connection, log) for log in LogName)
        taken = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        if not directory.size:
            raise BackupError("there is nothing to back up: this database holds no hub yet")
        files = []
        for name in store.tables():
            table = TableWriter(folder, name, store.columns(name))
            for count, row in enumerate(store.rows(connection, name), start=1):
                table.write(row)
                if count % 1000 == 0:
                    self._progress(f"rows of {name}", count)
            files.append(table.close())
        genesis = Directory()
        genesis.apply(read_leaves(connection, LogName.DIRECTORY, 0, 1)[0])
        return Manifest(
            taken_at=taken.isoformat(timespec="milliseconds"),
            schema=store.schema(connection),
            origin=genesis.state.origin,
            exchange_origin=genesis.state.exchange_origin,
            directory=Reached(directory.size, directory.root.hex()),
            exchange=Reached(exchange.size, exchange.root.hex()),
            checkpoint=_checkpoint(connection, note),
            attachments="copied" if copy else "listed",
            with_keys=False,
            files=tuple(files),
        )

    def _home(self, folder: Path, *, with_keys: bool) -> Iterator[File]:
        home = self._settings.home
        paths = [path for pattern in PUBLIC_FILES for path in sorted(home.glob(pattern))]
        if with_keys:
            if not (home / KEY_FILE).exists():
                raise BackupError("there is no key file in the home")
            paths.append(home / KEY_FILE)
        for path in paths:
            name = f"{HOME}/{path.relative_to(home).as_posix()}"
            target = inside(folder, name)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o600)
            yield File(name, target.stat().st_size, digest_file(target))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _checkpoint(connection: Any, note: bytes) -> str:
    """Returns the checkpoint that was kept outside, as text.

    Raises:
        BackupError: it is not of this log, or signs more than the log has.
    """
    if not note:
        return ""
    directory = Directory()
    while entries := read_leaves(connection, LogName.DIRECTORY, directory.size, _PAGE):
        for entry in entries:
            directory.apply(entry)
    try:
        last = read_signed(connection, note, directory.state)
    except ForkGuardError:
        last = None
    if last is None or not is_of(connection, last):
        raise BackupError(
            "the database is behind the checkpoint kept outside it, or not its own: run `comity-hub fsck`"
        )
    return note.decode("utf-8")


def _listed(folder: Path, manifest: Manifest) -> Iterator[_Blob]:
    """Yields the attachments that the backup's own table names."""
    table = next(file for file in manifest.files if file.path == f"{TABLES}/blobs.jsonl")
    for page in read_table(folder, table):
        for row in page:
            yield _Blob(row["agency"], row["sha256"], row["nonce"], row["length"])


def _begin(target: Path) -> Path:
    if target.exists():
        raise BackupError("the target exists: a backup is never written over another")
    unfinished = target.with_name(f".{target.name}.unfinished-{secrets.token_hex(4)}")
    unfinished.mkdir(mode=0o700, parents=True)
    return unfinished


def _finish(unfinished: Path, target: Path, manifest: Manifest) -> None:
    sync_tree(unfinished)
    (unfinished / MANIFEST).write_bytes(manifest.serialise())
    for path in unfinished.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    sync_tree(unfinished)
    if target.exists():
        raise BackupError("the target exists: a backup is never written over another")
    unfinished.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
