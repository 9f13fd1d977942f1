"""The check of everything that a hub stores, as `comity-hub fsck` and a restore run it.

1. Both logs from their rows, and what every leaf commits to (`hub.log.fsck`).
2. Each envelope's acceptance, legs and clocks, derived again from the log, and the heads that watchlists were shown
   (`hub.exchange.audit`).
3. Attachments: totals, names, bytes (`hub.blobs.audit`).
4. The checkpoint that is kept outside the database.

Never does: repair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from comity.checkpoint import Checkpoint, VerifierKey, parse_checkpoint
from comity.directory import Directory
from comity.directory.state import State
from comity.errors import ComityError, MalformedError

from hub.blobs.audit.checking import AttachmentCheck
from hub.blobs.objects import Objects, open_objects
from hub.config import Settings
from hub.db import Database
from hub.exchange.audit.checking import WorkflowCheck
from hub.exchange.audit.lists import ListCheck
from hub.log import store
from hub.log.domain import LogName
from hub.log.fsck import Finding, Fsck, Reader
from hub.log.guard import ForkGuardError, is_of, read_signed
from hub.profiles import know_folder
from hub.server import CHECKPOINT_FILE

EVERY_SECONDS: Final = 2.0
"""How often a person is told how far something has come."""
_PAGE = 256

Progress = Callable[[str, int], None]
"""Is told, after each page, what is being done and how far it has come."""


@dataclass(slots=True)
class Report:
    """What a check found."""

    findings: list[Finding] = field(default_factory=list)
    directory_size: int = 0
    exchange_size: int = 0
    checked: int = 0
    """Leaves and deliveries."""
    legs: int = 0
    """Legs that were derived again."""
    legs_unjudged: int = 0
    """Legs of which an envelope has been erased: the log does not tell enough of them any more."""
    list_heads: int = 0
    """Heads of watchlists that were compared with one another and with the envelopes that showed them."""
    attachments: int = 0
    """Attachments whose bytes were looked for."""
    skipped: bool = False
    """Legs and attachments were not looked at: the log itself does not verify."""


def _nobody(_what: str, _count: int) -> None:
    """Nobody wants to know."""


def check_tables(reader: Reader, progress: Progress | None = None) -> Report:
    """Checks all tables.

    Args:
        reader: the database, or a transaction that is not committed yet.
        progress: is told how far it has come.

    Raises:
        RefusedError: UNAVAILABLE.
    """
    told, logs = progress or _nobody, Fsck(reader)
    for _ in logs.steps():
        told("leaves and deliveries", logs.checked)
    sizes = [reader.read_now(lambda c, log=log: store.read_state(c, log).size) for log in LogName]  # type: ignore[misc] # the default binds the loop's value
    report = Report(logs.findings, sizes[0], sizes[1], logs.checked)
    if report.findings:
        report.skipped = True
        return report
    workflow = WorkflowCheck(reader)
    for _ in workflow.steps():
        told("pages of events", workflow.pages)
    lists = ListCheck(reader)
    for _ in lists.steps():
        told("heads of watchlists", lists.judged)
    attachments = AttachmentCheck(reader, None)
    for _ in attachments.tables():
        told("pages of envelopes with attachments", attachments.pages)
    report.legs, report.legs_unjudged, report.list_heads = workflow.judged, workflow.unjudged, lists.judged
    report.findings += [*workflow.findings, *lists.findings, *attachments.findings]
    return report


async def check_objects(
    reader: Reader, objects: Objects, report: Report, *, deep: bool, progress: Progress | None = None
) -> None:
    """Looks for the bytes of every attachment, and reads them where `deep` is set; adds to the report.

    Raises:
        RefusedError: UNAVAILABLE.
    """
    told, check = progress or _nobody, AttachmentCheck(reader, objects, deep=deep)
    async for _ in check.objects():
        told("attachments", check.checked)
    report.attachments = check.checked
    report.findings += check.findings


def check_outside(reader: Reader, file: Path) -> list[Finding]:
    """Compares the exchange log with the checkpoint kept outside the database; no file is no finding."""
    directory = Directory()

    def replay(connection: Any) -> None:
        while entries := store.read_leaves(connection, LogName.DIRECTORY, directory.size, _PAGE):
            for entry in entries:
                directory.apply(entry)

    try:
        reader.read_now(replay, snapshot=True)
        if not directory.size:
            return []
    except ComityError:
        return []  # found with the directory's log
    if not file.exists():
        return []
    note, named = file.read_bytes(), ""
    try:
        last = reader.read_now(lambda connection: read_signed(connection, note, directory.state))
    except ForkGuardError:
        # The database may lack the very entry that names the key: then it lacks what was signed with it, too.
        claimed = _claimed(note, directory.state)
        if claimed is None or reader.read_now(lambda connection: is_of(connection, claimed)):
            said = "the checkpoint kept outside the database is not signed by this hub"
            return [Finding(LogName.EXCHANGE, 0, said)]
        last, named = claimed, ", with a key that the database does not name"
    if reader.read_now(lambda connection: is_of(connection, last)):
        return []
    held = reader.read_now(lambda connection: store.read_state(connection, LogName.EXCHANGE).size)
    said = "the database is behind, or beside, the checkpoint that was signed last"
    subject = f"signed at {last.size} leaves{named}, the database has {held}"
    return [Finding(LogName.EXCHANGE, max(0, last.size - 1), said, subject=subject)]


def _claimed(note: bytes, directory: State) -> Checkpoint | None:
    """Returns what a checkpoint says that names no log key of a directory; None where it is none, or another log's."""
    origin = directory.exchange_origin
    known = {VerifierKey(origin, key.key).key_id for key in directory.log_keys}
    try:
        checkpoint, signatures = parse_checkpoint(note)
    except MalformedError:
        return None
    strange = checkpoint.origin == origin and all(signature.key_id not in known for signature in signatures)
    return checkpoint if strange else None


async def check_all(settings: Settings, *, deep: bool = False, progress: Progress | None = None) -> Report:
    """Checks everything that a hub of these settings stores. The hub may serve meanwhile.

    Args:
        settings: which database, home and store of attachments.
        deep: whether to read every attachment and compare it with its digest.
        progress: is told how far it has come.

    Raises:
        ConfigError: a deadline profile of the hub's folder is none.
        UnsafeSettingError: the database is set to lose what it promised.
        RefusedError: UNAVAILABLE: the database or the store of attachments does not answer.
    """
    know_folder(settings.profiles)
    database = Database.open(settings.database)
    try:
        # Before the tables: what the file says may only be less than what they hold.
        outside = await asyncio.to_thread(check_outside, database, settings.home / CHECKPOINT_FILE)
        report = await asyncio.to_thread(check_tables, database, progress)
        report.findings += outside
        if not report.skipped:
            objects = open_objects(settings.blobs, endpoint=settings.blobs_s3_endpoint, region=settings.blobs_s3_region)
            await check_objects(database, objects, report, deep=deep, progress=progress)
        return report
    finally:
        database.close()
