"""What the demonstration proves at its end: what the hub cannot read, cannot change, and will not deliver.

Never does: use a key of any agency.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from stage import ROOT, DemoError, Desk, Stage
from story import Story
from watchlists import HIT


def agencies_verify(stage: Stage, desks: list[Desk]) -> None:
    """Each agency checks the log and its receipts from its own store."""
    stage.heading("Each side verifies the log and every receipt it holds, with its own program.")
    for d in desks:
        report = stage.data(d, 0, "log", "verify", quiet=False)
        if report["findings"]:
            raise DemoError(f"{d.agency}: {report['findings']}")
        stage.say(
            f"{d.agency}: exchange log of {report['exchange_size']} leaves, {report['receipts_checked']} receipts: good"
        )


def stranger_is_refused(stage: Stage, other: Desk, stranger: Desk) -> None:
    """An agency without an agreement is refused, the same as one that does not exist."""
    stage.heading(
        f"A regulator without an agreement with {other.agency.upper()} tries a referral: refused, before it is stored."
    )
    stage.comity(stranger, 0, "agency", "pin", other.agency, "--fingerprint", other.fingerprint)
    form = stage.folder / "referral.json"
    stage.say(stage.refused(stranger, 0, "referral", "draft", "--to", other.desk, "--from", form))


def hub_knows_nothing(stage: Stage, story: Story, listed: list[str]) -> None:
    """The hub's database, files, logs and traces hold none of the marked text, in any common spelling of it."""
    stage.heading(
        "The hub's database, write-ahead log, blobs, log lines, traces and metrics are searched for the text,"
    )
    stage.say("while it runs and after it has stopped, when the last traces and metrics are out.")
    home = stage.folder / "hub"
    words = [story.canary, "陳國強", "John Example", "SFC/ENF/2026/0147", "trace 資金流向.csv", *listed]
    needles = [w.encode(e) for w in words for e in ("utf-8", "utf-16-le")]
    needles += [w.encode().hex().encode() for w in words]
    _search(stage, home, needles, ("hub.sqlite", "hub.sqlite-wal", "hub.log"))
    stage.stop_hub()
    _search(stage, home, needles, ("hub.sqlite", "hub.log", "traces.otlp", "metrics.otlp"))
    # A search that could not find anything would prove nothing.
    if story.canary.encode() not in (stage.folder / "referral.json").read_bytes():
        raise DemoError("the search does not find the text where it is")


def _search(stage: Stage, home: Path, needles: list[bytes], expected: tuple[str, ...]) -> None:
    files = [p for p in home.rglob("*") if p.is_file()]
    missing = set(expected) - {p.name for p in files if p.stat().st_size}
    if missing:
        raise DemoError(f"the hub's {min(missing)} is not there to be searched")
    size = 0
    for path in files:
        data = path.read_bytes()
        size += len(data)
        for needle in needles:
            if needle in data:
                raise DemoError(f"the hub's {path.name} holds what it must not know")
    stage.say(f"{len(files)} files, {size:,} bytes: none of {len(needles)} patterns found")


def crash_loses_nothing(stage: Stage, sfc: Desk, screens: Desk, listed: str) -> None:
    """The hub is killed and started again; what it promised is still there, and screening never missed it."""
    stage.heading("The hub is killed without warning, and started again.")
    stage.stop_hub(9)
    stage.begin(screens.agency, "comity", "--home", screens.home, "--as", screens.members[0], "screen", listed)
    stage.say(f"{stage.finish(screens.agency, ends=HIT).splitlines()[0]}, while there is no hub")
    stage.start_hub(stage.folder / "hub")
    report = stage.data(sfc, 0, "log", "verify")
    if report["findings"]:
        raise DemoError("the log does not verify after the crash")
    stage.say("every receipt still verifies")


def change_is_named(stage: Stage) -> None:
    """One byte of the stored log is changed; the check names the place and the hub refuses to start."""
    stage.heading("One byte of the stored log is changed, as an operator with the database's password could.")
    stage.stop_hub()
    database = stage.folder / "hub" / "hub.sqlite"
    copy = stage.folder / "before.db"
    copy.write_bytes(database.read_bytes())
    connection = sqlite3.connect(database)
    index, leaf = connection.execute(
        "SELECT idx, leaf FROM log_leaves WHERE log = 2 ORDER BY idx LIMIT 1 OFFSET 3"
    ).fetchone()
    changed = bytearray(leaf)
    changed[-1] ^= 1
    # The database refuses to change its log; whoever owns it takes that guard away first.
    connection.execute("DROP TRIGGER log_leaves_never_changed")
    connection.execute("UPDATE log_leaves SET leaf = ? WHERE log = 2 AND idx = ?", (bytes(changed), index))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    found = _fsck(stage, stage.folder / "hub")
    stage.say(found.stdout)
    if found.returncode == 0 or str(index) not in found.stdout:
        raise DemoError("the changed byte was not found")
    database.write_bytes(copy.read_bytes())
    for beside in database.parent.glob(database.name + "-*"):
        beside.unlink()
    again = _fsck(stage, stage.folder / "hub")
    if again.returncode != 0:
        raise DemoError(f"the restored database does not verify: {again.stdout}{again.stderr}")
    stage.say("put back: everything stored verifies")


def _fsck(stage: Stage, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "fsck", "--home", str(home)]
    return subprocess.run(
        command, capture_output=True, text=True, env=stage.environment, cwd=ROOT, timeout=60, check=False
    )
