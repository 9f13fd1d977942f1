"""`comity-sync` as it runs on a machine: a process of its own, under a passphrase that systemd hands over.

It follows, answers the agency's own systems, is killed and comes back equal, takes new settings, ends in order.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import grpc
from comity.v1 import screening_pb2, screening_pb2_grpc
from comity.workflow.terms import Role

from agents import joining
from agents.admin import Admin
from agents.keyring import MemberKeyring, new_member_id
from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from tests.agents.following.desks import live
from tests.agents.offices import PASSPHRASE, Office
from tests.agents.owner.market import WALLETS, Owner, entry, market
from tests.system.processes import ROOT, environment


@dataclass
class Agent:
    """A desk's agent as a process."""

    folder: Path
    home: Path
    config: Path
    process: Process | None = None

    async def run(self, *words: str) -> Process:
        """Starts a command of `comity-sync`."""
        variables = environment() | {"CREDENTIALS_DIRECTORY": str(self.folder / "credentials")}
        command = [sys.executable, "-m", "agents.sync", *words, "--config", str(self.config)]
        return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=variables, cwd=ROOT)

    async def start(self) -> None:
        """Starts the daemon and waits until it has begun."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        self.process = await self.run("run", "--ready-file", str(ready))
        await until(lambda: ready.exists() and ready.read_text().endswith("\n"))

    async def end(self, number: signal.Signals) -> tuple[int, list[str]]:
        """Ends the daemon. Returns its exit code and the events it wrote down."""
        assert self.process is not None
        self.process.send_signal(number)
        _, said = await self.process.communicate()
        assert self.process.returncode is not None
        lines = [line for line in said.decode().splitlines() if line.startswith("{")]
        return self.process.returncode, [json.loads(line)["event"] for line in lines]

    async def told(self, *words: str) -> tuple[int, str]:
        """Runs a command to its end. Returns its exit code and what it says."""
        process = await self.run(*words)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    def equals(self, owner: Owner) -> bool:
        """Whether the store holds the owner's list, to the head."""
        try:
            reader = ScreeningReader.open(self.home / "screening.db")
        except ScreeningStoreError:
            return False
        with closing(reader):
            row = owner.now
            return any(
                (one.sequence, one.head) == (row.sequence, row.head)
                and dict(reader.records(one.key).bytes()) == live(owner)
                for one in reader.lists()
            )


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 # another process sets no event of ours
            await asyncio.sleep(0.05)


async def agent_of(office: Office, folder: Path) -> Agent:
    """A member with the role agent, its key file as hard to guess as in earnest, and the settings of its process."""
    member = new_member_id(office.home.agency)
    MemberKeyring.generate(member).save(office.home, PASSPHRASE)
    request = joining.member_request(office.home, member, PASSPHRASE)
    await Admin(await office.client(), office.root).certify(request, roles=[Role.AGENT])
    (folder / "credentials").mkdir(parents=True)
    (folder / "credentials" / "comity-sync-passphrase").write_bytes(PASSPHRASE + b"\n")
    config = folder / "sync.toml"
    config.write_text(
        f'home = "{office.home.path}"\nmember = "{member}"\ndisk_free_megabytes = 0\n'
        f'[screening]\naddress = "unix:{folder}/api/screening.sock"\n[observe]\nlisten = "127.0.0.1:0"\n'
    )
    return Agent(folder, office.home.path, config)


async def verdict_of(agent: Agent, address: str) -> int:
    """Asks the agent's own API."""
    async with grpc.aio.insecure_channel(f"unix:{agent.folder}/api/screening.sock") as channel:
        stub = screening_pb2_grpc.ScreeningServiceStub(channel)  # type: ignore[no-untyped-call, unused-ignore]
        query = screening_pb2.ScreenQuery(address=address)
        answer = await stub.Screen(screening_pb2.ScreenRequest(queries=[query]), timeout=20)
        return int(answer.results[0].verdict)


async def test_the_agent_as_a_process_follows_is_killed_comes_back_equal_and_ends_in_order(tmp_path: Path) -> None:
    async with market(tmp_path) as (owner, (follower,)):
        agent = await agent_of(follower.office, tmp_path / "a")
        await follower.subscribe(owner.row.list_id)
        await owner.publish(entry(1))
        await owner.hear()
        await agent.start()
        await until(lambda: agent.equals(owner))
        assert await verdict_of(agent, WALLETS[1]) == screening_pb2.SCREEN_VERDICT_HIT
        assert await verdict_of(agent, WALLETS[2]) == screening_pb2.SCREEN_VERDICT_CLEAR

        assert (await agent.end(signal.SIGKILL))[0] == -signal.SIGKILL
        await owner.publish(entry(2))
        await agent.start()
        await until(lambda: agent.equals(owner))
        assert await verdict_of(agent, WALLETS[2]) == screening_pb2.SCREEN_VERDICT_HIT

        code, said = await agent.told("doctor", "--json")
        found = {line["what"]: line["gravity"] for line in map(json.loads, said.splitlines())}
        # The certificate renews itself; nobody has delegated the desk's keys, so people must see to those.
        assert (code, found["list"], found["tls-certificate"], found["desk-key"]) == (1, "GOOD", "GOOD", "SOON")
        code, said = await agent.told("status", "--json")
        row = owner.now
        (shown,) = json.loads(said)
        held = [shown[name] for name in ("status", "entries", "sequence", "head")]
        assert held == ["CURRENT", 2, row.sequence, row.head.hex()]
        assert 0 <= shown["age_seconds"] < 600
        code, said = await agent.told("status")
        assert f"batch {row.sequence}, head {row.head.hex()[:16]}, 2 entries, " in said
        assert said.endswith(" minutes old\n")

        agent.config.write_text(agent.config.read_text() + "[lag]\nminutes = 5\n")
        assert agent.process is not None
        agent.process.send_signal(signal.SIGHUP)
        await owner.publish(entry(3))
        await until(lambda: agent.equals(owner))
        code, events = await agent.end(signal.SIGTERM)
        assert (code, events[-1]) == (0, "ended")
        assert "settings read again" in events
        assert "a loop failed and begins again" not in events

        agent.config.write_text(agent.config.read_text() + "minuts = 5\n")
        process = await agent.run("run")
        assert (await process.communicate())[1].decode().strip().endswith("lag.minuts")
        assert process.returncode == 78
