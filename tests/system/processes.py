"""Real `comity-hub serve` processes for tests: started, killed, stopped, and looked at from outside.

async with hub_home(database_url, tmp_path, make_world()) as hub:
    await hub.start(FAULT="submit.before_commit:kill")
    receipt = await hub.session("sfc/intake").submit(envelope)

Nothing of the hub runs in the test's own process but the founding of its database. Processes that a test started end
with its block, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from comity.directory import View
from comity.keyfile import MODERATE, Cost
from comity.tls import TlsKey
from comity.v1 import directory_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub

from agents.session import Session
from agents.transport import Identity
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.founding import found
from hub.log.fsck import Finding, Fsck
from tests.support.hub import hub_keys, hub_settings, running_hub
from tests.support.world import DAY, World
from tests.system.copies import Copy, original

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = b"hub: velvet anchor lantern"
START_SECONDS = 60.0
CHEAP = Cost(1, 64 << 10)
"""What a key file costs that only copies open (`tests/chaos/zygote.py`)."""


def environment(**more: str) -> dict[str, str]:
    """Returns the environment of a program of ours, without what this run was told."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "proto")]), "PYTHONWARNINGS": "error"} | more


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until something is so.

    Raises:
        TimeoutError: it does not become so.
    """
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.02)  # nothing tells a test of another process's doings


@dataclass
class HubProcess:
    """One hub's home and the process that serves it, if one does."""

    home: Path
    url: str
    world: World = field(repr=False)
    port: int = 0
    """The first start takes a free one; every later start takes the same."""
    process: subprocess.Popen[bytes] | Copy | None = None
    sessions: list[Session] = field(default_factory=list, repr=False)
    program: str = "hub"
    """Module that is run."""
    copied: bool = False
    """Whether its processes are copies of one that has imported the hub, which start in a moment."""

    @property
    def log(self) -> Path:
        """What every process wrote to its standard output and error."""
        return self.home.with_name(f"{self.home.name}.log")

    @property
    def temporary(self) -> Path:
        """The folder for temporary files that the processes were given."""
        return self.home.with_name(f"{self.home.name}.tmp")

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    async def start(self, **more: str) -> None:
        """Starts a process and waits until it listens.

        Args:
            **more: of its environment, such as FAULT.
        """
        ready = self.home / "port"
        ready.unlink(missing_ok=True)
        self.temporary.mkdir(exist_ok=True)
        self.process = self._run("serve", "--listen", self.address, "--ready-file", ready, more=more)

        def listens() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
            return ready.exists() and ready.read_text(encoding="ascii").strip() != ""

        await until(listens, START_SECONDS)
        self.port = int(ready.read_text(encoding="ascii"))

    def _run(self, command: str, *arguments: object, more: dict[str, str]) -> subprocess.Popen[bytes] | Copy:
        variables = {"TMPDIR": str(self.temporary)} | more
        if self.copied:
            words = [command, "--home", self.home, "--database-url", self.url, *arguments]
            model = original(ROOT, *sorted(environment().items()))
            return model.start([str(word) for word in words], variables, self.log, PASSPHRASE)
        reading, writing = os.pipe()
        os.write(writing, PASSPHRASE + b"\n")
        os.close(writing)
        words = [sys.executable, "-m", self.program, command, "--home", self.home, "--database-url", self.url]
        words += ["--passphrase-fd", reading, *arguments]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in words],
                pass_fds=[reading],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(**variables),
                cwd=ROOT,
            )
        os.close(reading)
        return process

    async def ended(self, seconds: float = 40.0) -> int:
        """Waits for the process to end and returns its exit code; negative is the number of a signal."""
        assert self.process is not None
        await until(lambda: self.process is None or self.process.poll() is not None, seconds)
        code, self.process = self.process.returncode, None
        return code

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended()

    async def close(self) -> None:
        """Ends whatever still runs."""
        for session in self.sessions:
            await session.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    # --- clients

    def credentials(self, key: TlsKey) -> grpc.ChannelCredentials:
        """Returns what a client with a TLS key presents, certified by the hub's authority."""
        return grpc.ssl_channel_credentials(self.world.authority_pem, key.to_pem(), self.world.certificate(key))

    def channel(self, key: TlsKey) -> grpc.aio.Channel:
        """Returns a channel with a TLS key."""
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 16 << 20)]
        return grpc.aio.secure_channel(self.address, self.credentials(key), options=options)

    def as_desk(self, desk: str) -> grpc.aio.Channel:
        """Returns a channel of a desk."""
        return self.channel(self.world.desk(desk).tls_key)

    def as_operator(self) -> grpc.aio.Channel:
        """Returns a channel of an operator."""
        return self.channel(self.world.operators[0].tls_key)

    def session(self, desk: str, *, patience: float = 60.0, endpoints: Sequence[str] = ()) -> Session:
        """Returns an agency's own connection: it tries again, with the same bytes. Closed with the hub."""
        key = self.world.desk(desk).tls_key
        identity = Identity(key, self.world.certificate(key), self.world.now + DAY)
        session = Session(endpoints or [self.address], self.world.authority, identity, patience)
        self.sessions.append(session)
        return session

    async def append(self, statements: Sequence[bytes]) -> None:
        """Appends statements to the directory, as an operator."""
        parsed = [directory_pb2.Statement.FromString(data) for data in statements]
        async with self.as_operator() as channel:
            await DirectoryServiceStub(channel).AppendStatements(
                directory_pb2.AppendStatementsRequest(statements=parsed)
            )

    # --- the database, from outside

    def opened(self) -> Database:
        """Opens the database, to look at it. To be closed."""
        return Database.open(self.url)

    def view(self) -> View:
        """Returns the directory as it is stored now."""
        directory = HubDirectory()
        with contextlib.closing(self.opened()) as database:
            database.read_now(directory.refresh)
        return directory.view()

    def fsck(self) -> list[Finding]:
        """Checks everything that is stored."""
        with contextlib.closing(self.opened()) as database:
            return Fsck(database).run()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""
        with contextlib.closing(self.opened()) as database:
            return database.read_now(lambda connection: [tuple(row) for row in connection.exec_driver_sql(query)])


@contextlib.asynccontextmanager
async def hub_home(
    url: str, folder: Path, world: World, *, whole: bool = True, copied: bool = False
) -> AsyncIterator[HubProcess]:
    """Founds a hub in a database with the newest schema, and ends its process with the block.

    Args:
        url: of the database.
        folder: where its home is made.
        world: its keys and statements.
        whole: whether all of the world's statements are entered, or the genesis alone.
        copied: whether its processes are copies of one that has imported the hub; its key file is then a cheap one.
    """
    hub = HubProcess(folder / "hub", url, world, copied=copied)
    hub.home.mkdir()
    keys = hub_keys(world)
    (hub.home / "hub.key").write_bytes(keys.seal(PASSPHRASE, CHEAP if copied else MODERATE))
    await found(hub_settings(url, hub.home), keys, world.statements[0])
    if whole:
        async with running_hub(url, world, home=hub.home):
            pass
    try:
        yield hub
    finally:
        await hub.close()


def twin(hub: HubProcess, name: str) -> HubProcess:
    """Returns a second process's home on the same database: its keys, and nothing else of the first."""
    other = HubProcess(hub.home.with_name(name), hub.url, hub.world, copied=hub.copied)
    other.home.mkdir()
    shutil.copy2(hub.home / "hub.key", other.home / "hub.key")
    return other
