"""`comity-hub fsck`, `backup`, `restore`, `stats`: looking after what a hub has stored.

Never does: sign, repair, show content.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from comity.errors import Reason, RefusedError

from hub.cli import store
from hub.cli.ceremony import Config, DatabaseUrl, Home
from hub.cli.failures import EXIT_BEHIND, EXIT_FAILED, EXIT_UNAVAILABLE, CommandError, in_words, say
from hub.cli.periods import begin_of, end_of
from hub.cli.tables import stats_lines
from hub.clock import SystemClock
from hub.config import Settings, load_settings
from hub.keeping.archive import MANIFEST, BackupError, Manifest
from hub.keeping.backup import Backup
from hub.keeping.checking import EVERY_SECONDS, Report, check_all
from hub.keeping.counting.figures import figures
from hub.keeping.counting.store import Period
from hub.keeping.restore import (
    BehindError,
    DamagedBackupError,
    Restored,
    check_not_behind,
    put_back_attachments,
    restore,
    signed_to_the_end,
    verify,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Shown = Annotated[bool, typer.Option("--progress", help="Tell on standard error how far it has come.")]
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


def fsck(
    home: Home = None,
    *,
    read_attachments: Annotated[
        bool, typer.Option("--read-attachments", help="Read every attachment and compare it with its digest.")
    ] = False,
    as_json: Json = False,
    progress: Shown = False,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Derives everything stored again from the log and compares it; names what does not verify. Hubs may serve."""
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        try:
            report = asyncio.run(check_all(settings, deep=read_attachments, progress=_told(progress)))
        except RefusedError as error:
            if error.reason is not Reason.UNAVAILABLE:
                raise
            say(f"could not check: {error}")
            raise typer.Exit(EXIT_UNAVAILABLE) from None
        if as_json:
            typer.echo(json.dumps(_report(report)))
        else:
            _print(report)
        if report.findings:
            raise typer.Exit(EXIT_FAILED)


def _print(report: Report) -> None:
    for finding in report.findings:
        typer.echo(str(finding))
    if report.skipped:
        say("the log itself does not verify: legs, clocks, watchlists and attachments were not looked at")
    if not report.findings:
        typer.echo("everything stored verifies")
    if report.legs_unjudged:
        typer.echo(f"  legs judged {report.legs}, not judged {report.legs_unjudged}: an envelope of each was erased")


def _report(report: Report) -> dict[str, Any]:
    findings = [asdict(found) | {"log": found.log.name.lower()} for found in report.findings]
    return asdict(report) | {"verifies": not report.findings, "findings": findings}


def _told(wanted: bool) -> Any:
    """Returns who tells how far something has come, every two seconds at most; None where nobody wants to know."""
    if not wanted and not sys.stderr.isatty():
        return None
    last = time.monotonic()

    def tell(what: str, count: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_SECONDS:
            last = time.monotonic()
            say(f"{count} {what}")

    return tell


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="New folder to write the backup to.")],
    *,
    home: Home = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Copy the sealed key file too: keep such a backup like the key file.")
    ] = False,
    attachments: Annotated[
        str, typer.Option(help="copy or list; by default copied from a folder and listed from a bucket.")
    ] = "",
    progress: Shown = False,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Takes a backup while hubs serve: one moment, every byte with its digest."""
    with in_words():
        if attachments not in {"", "copy", "list"}:
            raise CommandError("--attachments is copy or list")
        settings = load_settings(config, home=home, database_url=database_url)
        store.check(settings.database)
        told = _told(progress)
        copied = None if not attachments else attachments == "copy"
        try:
            manifest = asyncio.run(
                Backup(settings, SystemClock(), told).take(target, with_keys=with_keys, copied=copied)
            )
        except BackupError as error:
            raise CommandError(str(error)) from None
        _describe(target, manifest)
        try:
            signed_to_the_end(manifest, None)
        except BackupError:
            typer.echo("  the hub has signed more since, or nothing yet: to restore it, this digest must be given")


def _describe(folder: Path, manifest: Manifest) -> None:
    size = sum(file.bytes for file in manifest.files)
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    typer.echo(f"backup of {manifest.exchange_origin}, {manifest.taken_at}")
    typer.echo(f"  directory {manifest.directory.size} leaves, exchange {manifest.exchange.size} leaves")
    typer.echo(f"  attachments {manifest.attachments}, keys {'included' if manifest.with_keys else 'not included'}")
    typer.echo(f"  {len(manifest.files)} files, {size} bytes; manifest sha256 {digest}")


def restore_backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A backup.")],
    *,
    home: Home = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare every byte with the manifest; write nothing.")
    ] = False,
    behind: Annotated[
        bool, typer.Option("--behind", help="Restore a backup that is behind, to read it; no hub will serve it.")
    ] = False,
    manifest_sha256: Annotated[
        str, typer.Option(metavar="HEX", help="Digest of its manifest, as `backup` said it; anything else is refused.")
    ] = "",
    progress: Shown = False,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Puts a backup into an empty database, on either engine, and checks everything before it is kept."""
    with in_words():
        if manifest_sha256 and not _SHA256.fullmatch(manifest_sha256):
            raise CommandError("--manifest-sha256 is 64 hexadecimal digits")
        settings = load_settings(config, home=home, database_url=database_url)
        known = bool(manifest_sha256)
        try:
            manifest = verify(folder, _told(progress), sha256=manifest_sha256)
            if check:
                _describe(folder, manifest)
                typer.echo("every byte is what the manifest says")
                return
            if not behind:
                check_not_behind(manifest, settings.home)
            if not known:
                signed_to_the_end(manifest, settings.home)
            restored = _restore(settings, folder, manifest, _told(progress) or (lambda _what, _count: None), known)
        except BehindError as error:
            say(str(error))
            raise typer.Exit(EXIT_BEHIND) from None
        except DamagedBackupError as error:
            for finding in error.findings:
                typer.echo(str(finding))
            raise CommandError("what the backup holds does not verify; nothing was kept") from None
        except BackupError as error:
            raise CommandError(str(error)) from None
        report = restored.report
        typer.echo(f"restored: directory {report.directory_size} leaves, exchange {report.exchange_size} leaves")
        typer.echo(f"  attachments {restored.attachments}; everything restored verifies")
        for finding in restored.behind:
            typer.echo(str(finding))
        if restored.behind:
            say("no hub will serve this database: deploy/runbooks/rolled-back.md")
            raise typer.Exit(EXIT_BEHIND)
        typer.echo("before it serves: no agency may have seen more leaves than these (deploy/runbooks/rolled-back.md)")


def _restore(settings: Settings, folder: Path, manifest: Manifest, told: Any, known: bool) -> Restored:
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if store.is_unused(settings.database):
        store.migrate(settings.database, contract=True)
    count = asyncio.run(put_back_attachments(settings, folder, manifest, told))
    return restore(settings, folder, manifest, count, told, known=known)


def stats(
    home: Home = None,
    *,
    since: Annotated[
        str, typer.Option(help="Count the last 90m, 24h or 7d, or from a UTC date or time on; all where left out.")
    ] = "",
    until: Annotated[str, typer.Option(help="Count what was before this UTC date or time, like 2026-12-01.")] = "",
    as_json: Json = False,
    progress: Shown = False,
    database_url: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Figures from the log's tables: how many, how fast, how much; never of what or about whom. Hubs may serve.

    "pairs" is for oversight: for each pair of agencies and each family what was sent, how long it took until it was
    acknowledged, executed or answered, what was overdue, lapsed, expired, recalled, passed on by consent, and refused.

    A refusal is counted by its verb, and an acknowledgement's by its reason. The coded reason inside a refusal is
    sealed: the hub cannot read it, and does not count it. Each agency can, of its own cases.
    """
    with in_words():
        settings = load_settings(config, home=home, database_url=database_url)
        now = SystemClock().now_ms()
        period = Period(begin_of(since, now // 1000), end_of(until))
        store.check(settings.database)
        counted = figures(settings, now, period, _told(progress))
        if as_json:
            typer.echo(json.dumps(counted))
        else:
            for line in stats_lines(counted):
                typer.echo(line)
