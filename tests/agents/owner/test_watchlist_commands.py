"""`comity watchlist` as people at the owner's desk and at a subscriber's type it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from comity.workflow.terms import Role

from agents import keyprocess
from agents.cli.main import run
from agents.sync.owner import holding
from agents.sync.staging import Staging
from tests.agents.offices import CHEAP, PASSPHRASE, Office
from tests.agents.owner.market import Follower, Owner, entry, market

CSV = """address,category,giver,valid_until
0x8589427373D6D84E98730D7795D8f6f8731FDA16,sanctions,ofac-sdn,2030-01-01
0x722122dF12D4e14e13Ac3b6895a86e84145b6967,mixer,ofac-sdn,2030-01-01
0x722122dF12D4e14e13Ac3b6895a86e84145b6968,mixer,ofac-sdn,2030-01-01
"""
WALLET = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


@dataclass
class Desk:
    """Runs commands for one member of an office."""

    office: Office
    member: str
    capture: pytest.CaptureFixture[str]

    async def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Runs a command with `--json`; returns what it printed."""
        self.capture.readouterr()
        line = ["--home", str(self.office.home.path), "--as", self.member, "--json", "watchlist", *words]
        ended = await asyncio.to_thread(run, line)
        said = self.capture.readouterr()
        assert ended == code, said.err
        found: dict[str, Any] = json.loads((said.out or said.err).splitlines()[-1])
        return found

    async def shown(self, *words: str) -> str:
        """Runs a command as a person does, in Chinese; returns what it printed."""
        self.capture.readouterr()
        line = ["--home", str(self.office.home.path), "--as", self.member, "--lang", "zh-Hant", *words]
        ended = await asyncio.to_thread(run, line)
        said = self.capture.readouterr()
        assert ended == 0, said.err
        return said.out


@pytest.fixture
async def trade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[tuple[Owner, Follower, Desk, Desk]]:
    """A market whose owner's analyst and approver have unlocked their keys."""
    async with market(tmp_path) as (owner, (follower,)):
        members = [owner.office.people[Role.ANALYST], owner.office.people[Role.APPROVER]]
        for member in members:
            keyprocess.unlock(owner.office.home, member, PASSPHRASE, floor=CHEAP)
        try:
            analyst, approver = (Desk(owner.office, member, capsys) for member in members)
            yield owner, follower, analyst, approver
        finally:
            for member in members:
                keyprocess.lock(owner.office.home, member)


def long_file(path: Path) -> Path:
    """A file of more rows than become durable at once."""
    rows = "".join(f"0x{number:040x},mixer,ofac-sdn,2030-01-01\n" for number in range(1000, 3500))
    path.write_text(f"address,category,giver,valid_until\n{rows}")
    return path


async def stopped(analyst: Desk, title: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that a person stops with Ctrl-C says what is staged and how to go on, and goes on so."""
    keep, kept = Staging._keep, list[int]()

    def interrupted(self: Staging, run: Any, done: int) -> None:
        if kept:
            raise KeyboardInterrupt
        kept.append(done)
        keep(self, run, done)

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "_keep", interrupted)
        said = (await analyst("import", title, str(file), code=130))["error"]
    assert (said["kind"], said["code"]) == ("INTERRUPTED", 130)
    assert "Stopped: 2000 rows are staged" in said["message"]
    words = said["message"].rpartition(" watchlist ")[2].split()
    assert words[0] == "import"
    again = await analyst(*words)
    assert (again["import"]["rows"], again["changes"]["added"]) == (2500, 2500)


async def test_a_file_becomes_a_list_that_two_people_signed(
    trade: tuple[Owner, Follower, Desk, Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, follower, analyst, approver = trade
    title = owner.row.title
    file = tmp_path / "wallets.csv"
    file.write_text(CSV)
    imported = await analyst("import", title, str(file), "--action", "block", "--report", str(tmp_path / "refused.csv"))
    assert imported["import"]["refused"] == {"BAD_CHECKSUM": 1}
    assert imported["changes"] == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0, "block": 2}
    assert "BAD_CHECKSUM" in (tmp_path / "refused.csv").read_text()
    checked = await analyst("check", title)
    assert [(row["row"], row["column"]) for row in checked["refused"]] == [(4, "address")]
    signed = await analyst("publish", title, "--import", imported["import"]["id"], "--yes")
    assert (signed["publication"]["state"], signed["sent"]) == ("AWAITING_APPROVAL", None)
    refused = await analyst("approve", signed["publication"]["id"], "--yes", code=1)
    assert refused["error"]["reason"] == "WRONG_ROLE"
    approved = await approver("approve", signed["publication"]["id"], "--yes")
    assert approved["publication"]["state"] == "PUBLISHED"
    assert approved["list"]["entries"] == 2
    assert (await analyst("diff", title))["changes"]["unchanged"] == 2
    again = await analyst("publish", title, "--import", imported["import"]["id"], "--yes")
    assert (again["publication"], again["list"]["entries"]) == (None, 2)

    await follower.subscribe(owner.row.list_id)
    await owner.analyst.sync()
    assert (await analyst("publish", title))["sent"] == {"logged": 1, "held": 0}
    await follower.follow(owner.office.home.desk)
    assert len(follower.records.kept) == 2
    signed = await analyst("add", title, WALLET, "--giver", "sfc", "--action", "block", "--yes")
    approved = await approver("approve", signed["publication"]["id"], "--yes")
    assert approved["sent"] == {"logged": 0, "held": 1}  # an approver may not send: the author, or the agent, does
    assert (await analyst("publish", title))["sent"] == {"logged": 1, "held": 0}
    await follower.follow(owner.office.home.desk)
    assert len(follower.records.kept) == 3
    gone = await analyst(
        "retract", title, "0x722122df12d4e14e13ac3b6895a86e84145b6967", "--reason", "delisted", "--yes"
    )
    assert gone["list"]["entries"] == 2
    found = await analyst("subscribers", title)
    assert [one["state"] for one in found["subscribers"]] == ["ACTIVE"]
    shown = await analyst("show", title, "--entry", "0x8589427373d6d84e98730d7795d8f6f8731fda16")
    assert [one["action"] for one in shown["entries"]] == ["BLOCK"]

    await stopped(analyst, title, long_file(tmp_path / "long.csv"), monkeypatch)

    # The home is put back to before its last batch, and goes on otherwise: the hub knows another line.
    with owner.publisher.store.write() as c:
        c.execute("UPDATE lists SET head = ? WHERE number = ?", (bytes(32), owner.row.number))
    words = ("add", title, "0x0000000000000000000000000000000000000007", "--giver", "sfc", "--action", "alert", "--yes")
    assert (await analyst(*words, code=1))["list"]["halted"] == "WRONG_SEQUENCE"
    # Of a list that has halted nothing is signed any more; what the log does not lead on from stays as it is.
    signed = len((await analyst("show", title))["publications"])
    assert (await analyst(*words, code=1))["error"]["reason"] == "WRONG_SEQUENCE"
    assert len((await analyst("show", title))["publications"]) == signed
    assert "does not take" in (await analyst("repair", title, code=1))["error"]["message"]


async def test_what_was_ready_in_an_older_copy_goes_out_where_a_person_says_so(
    trade: tuple[Owner, Follower, Desk, Desk],
) -> None:
    owner, _, analyst, _ = trade
    title = owner.row.title
    wanted, taken_back = owner.sign(entry(1)), owner.sign(entry(2))
    with owner.publisher.store.write() as c:
        holding.hold(c, owner.row.number)
    assert (await analyst("publish", title))["list"]["entries"] == 0
    found = await analyst("repair", title)
    assert found["read_back"] is None
    assert [one["state"] for one in found["waiting"]] == ["HELD_BACK"] * 2
    said = await analyst.shown("watchlist", "repair", title)
    assert "--release" in said
    assert "已扣起" in said
    await analyst("discard", taken_back.id.hex())
    assert (await analyst("repair", title, "--release", wanted.id.hex()))["waiting"] == []
    again = await analyst("repair", title, "--release", wanted.id.hex(), code=1)
    assert again["error"]["reason"] == "WRONG_STATE"
    assert (await analyst("publish", title))["list"]["entries"] == 1
