"""A referral between two implementations: one agency works with the SDK, the other is the program in `node/`.

The hub is a real `comity-hub serve` process. The second agency's keys are made here and handed over as files, with the
genesis's fingerprint, as an agency's own officers would; nothing else passes between the two but through the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from comity.directory import parse_statement, sign_body
from comity.encoding import Purpose, tagged
from comity.keys import Use, fingerprint, kid
from comity.sealing import seal_desk_key
from comity.v1 import directory_pb2 as v1
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, State, Verb

from agents.admin import Admin
from agents.client import Client, now_ms
from agents.grants import make_grant
from agents.records import MessageStatus, Standing
from hub.cli.store import migrate
from tests.agents.offices import Office, Town, referral
from tests.interop import node
from tests.support.world import DAY, AgencyKeys, World, admit_agency, begin_world
from tests.system.processes import HubProcess, hub_home

DESK = "hkma/intake"
STEP_SECONDS = 60.0
ROLES = (Role.AGENT, Role.ANALYST, Role.APPROVER)


class FarTown(Town):
    """A town whose hub is another process."""

    async def append(self, statements: Sequence[bytes]) -> None:
        """Appends statements as operators do: over the wire."""
        await cast("HubProcess", self.hub).append(list(statements))


@dataclass(frozen=True, slots=True)
class Played:
    """What the two sides say of the same case."""

    theirs: dict[str, Any]
    """What the second implementation read and sent: its last line."""
    ours: dict[str, Any]
    """The same, as the first implementation has it."""


def write_second(world: World, agency: AgencyKeys, address: str, folder: Path) -> None:
    """Writes what the second agency's program needs into a new folder, as its officers would."""
    desk = agency.desks[DESK]
    folder.mkdir()
    (folder / "genesis.bin").write_bytes(world.statements[0])
    (folder / "tls.key").write_bytes(desk.tls_key.to_pem())
    (folder / "tls.crt").write_bytes(world.certificate(desk.tls_key))
    agent, admin = desk.members[Role.AGENT], agency.admin
    to = kid(agent.id, Use.WRAP, agent.wrap_key.public)
    sealed = seal_desk_key(DESK, desk.epoch, to, agent.wrap_key.public, desk.key.seed)
    grant = make_grant(DESK, desk.epoch, to, sealed, signer=admin.kid, sign=lambda _, data: admin.sign_key.sign(data))
    (folder / "desk.grant").write_bytes(grant)
    people = {
        role.name.lower(): {
            "id": desk.members[role].id,
            "seed": desk.members[role].sign_key.seed.hex(),
            "wrap_seed": desk.members[role].wrap_key.seed.hex(),
        }
        for role in ROLES
    }
    said = fingerprint(parse_statement(world.statements[0]).body)
    told = {"address": address, "desk": DESK, "fingerprint": said, "members": people}
    (folder / "desk.json").write_text(json.dumps(told), encoding="utf-8")


async def agree(sfc: Office, hkma: AgencyKeys, world: World, town: Town) -> None:
    """Both agencies sign an agreement, and the first pins the second by its fingerprint."""
    proposer = await sfc.client()
    await proposer.refresh()
    admitted = next(s for s in map(parse_statement, world.statements) if s.kind == "agency_admitted")
    proposer.pin(hkma.id, fingerprint(admitted.body))
    proposal = parse_statement(
        Admin(proposer).propose_agreement(
            hkma.id,
            families=[Family.REFERRAL],
            legal_basis="memorandum of understanding",
            valid_until=now_ms() + 300 * DAY,
        )
    )
    signature = hkma.admin.sign_key.sign(tagged(Purpose.STATEMENT, proposal.body))
    await town.append([sign_body(proposal.body, [*proposal.signatures, (hkma.admin.kid, signature)])])
    await proposer.refresh()


class SecondDesk:
    """The running program of the second implementation, read line by line."""

    def __init__(self, process: asyncio.subprocess.Process, tell: Callable[[str], None]) -> None:
        self._process = process
        self._tell = tell

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, folder: Path, tell: Callable[[str], None]) -> AsyncIterator[SecondDesk]:
        """Runs it for as long as the block lasts, at most."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "node", "live.js", str(folder), cwd=node.FOLDER, env=node.environment(), stdout=pipe, stderr=pipe
        )
        try:
            yield cls(process, tell)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def line(self) -> str:
        """Returns its next line.

        Raises:
            AssertionError: it ended; with what it said of that.
            TimeoutError: it says nothing.
        """
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        said = (await asyncio.wait_for(self._process.stdout.readline(), STEP_SECONDS)).decode("utf-8").rstrip("\n")
        if not said:
            raise AssertionError((await self._process.stderr.read()).decode("utf-8")[-4000:])
        return said

    async def until(self, word: str) -> None:
        """Tells its lines up to one that is a word alone."""
        while (said := await self.line()) != word:
            self._tell(said)

    async def result(self) -> dict[str, Any]:
        """Tells its lines to the end and returns the last one, which is JSON."""
        while not (said := await self.line()).startswith("{"):
            self._tell(said)
        assert await asyncio.wait_for(self._process.wait(), STEP_SECONDS) == 0
        return cast("dict[str, Any]", json.loads(said))


async def answered(analyst: Client, case: str, folder: Path) -> dict[str, Any]:
    """Reads the second side's decision with the first implementation, and closes the case."""
    await analyst.sync()
    (leg,) = analyst.case(case)
    assert leg.state is State.DECLINED
    assert analyst.sent()[0].statuses == {DESK: MessageStatus.OPENED}
    (declined,) = (item for item in analyst.inbox() if item.verb is Verb.DECLINE)
    opened = await analyst.open_item(declined.message)
    assert opened.standing is Standing.GOOD
    assert opened.payload.decline.reason == pb.DECLINE_REASON_CAPACITY
    annex = await analyst.save_attachment(declined.message, opened.attachments[0].id, folder)
    await analyst.send((await analyst.close_case(case, pb.Close(text="Noted, thank you."))).id)
    assert all(event.proof for event in analyst.timeline(case))
    assert analyst.alarms() == []
    return {
        "reply": declined.message,
        "annex": hashlib.sha256(annex.read_bytes()).hexdigest(),
        "close": "Noted, thank you.",
    }


async def play(folder: Path, tell: Callable[[str], None]) -> Played:
    """Plays a referral, its refusal and its end between the two implementations.

    Args:
        folder: empty; for the hub's and the agencies' homes.
        tell: takes a line a step.
    """
    world, url = begin_world(), f"sqlite:///{folder / 'hub.sqlite'}"
    migrate(url)
    async with hub_home(url, folder, world, whole=False) as hub:
        await hub.start()
        (folder / "agencies").mkdir()
        town = FarTown(cast("Any", hub), world, folder / "agencies")
        try:
            hkma = admit_agency(world, "hkma")
            await hub.append(world.statements[1:])
            write_second(world, hkma, hub.address, folder / "second")
            sfc = await town.office("sfc")
            for role in (Role.ANALYST, Role.APPROVER):
                await sfc.hire(role)
            await agree(sfc, hkma, world, town)
            async with SecondDesk.running(folder / "second", tell) as desk:
                await desk.until("following")
                # Nobody tells it that the hub signs with other keys from here on: the directory does.
                next_log, next_head = world.next_log_key.public, world.next_head_key.public
                kinds = (v1.LogKeyReplaced(new_key=next_log), v1.HeadKeyReplaced(new_key=next_head))
                await hub.append([world.as_operators(kind) for kind in kinds])
                analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
                evidence = folder / "證據 evidence.txt"
                evidence.write_bytes(b"0x008fe40574e881e7247b50b991c0cc057d66647f\n" * 5000)
                draft = await analyst.refer(DESK, referral(), attachments=[evidence])
                await approver.refresh()
                approver.approve(draft.id, approver.review(draft.id).info.message_hash)
                sent = await analyst.send(draft.id)
                await desk.until("declined")
                said = await answered(analyst, sent.case_id, folder)
                theirs = await desk.result()
            (leg,) = analyst.case(sent.case_id)
            file = {"name": evidence.name, "sha256": hashlib.sha256(evidence.read_bytes()).hexdigest()}
            ours = {
                "message": sent.message_hash,
                "summary": referral().summary,
                "attachment": file,
                "state": leg.state.name,
            }
            assert hub.fsck() == []
        finally:
            for office in town.offices.values():
                await office.close()
        assert await hub.stop() == 0
    return Played(theirs, ours | said)
