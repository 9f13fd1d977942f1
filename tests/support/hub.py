"""A real hub for tests: a gRPC server with TLS on a port of its own, the full chain, a real database.

async with running_hub(migrated_database_url, world, home=tmp_path) as hub:
    async with hub.as_desk("sfc/intake") as channel:
        await ExchangeServiceStub(channel).Submit(...)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from comity.directory import View
from comity.errors import Reason
from comity.tls import TlsKey
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from hub.clock import Clock
from hub.config import Settings
from hub.errors import DETAILS_KEY
from hub.faults import Faults
from hub.founding import found
from hub.log.commands import AppendStatements
from hub.log.domain import LogKeys
from hub.server import Hub, build
from hub.telemetry import Telemetry
from hub.vault import HubKeys
from tests.support.spans import watched
from tests.support.world import World


@dataclass
class RunningHub:
    """A hub that serves, and ways to call it."""

    hub: Hub
    world: World
    settings: Settings

    @property
    def address(self) -> str:
        """host:port."""
        return self.hub.address

    def view(self) -> View:
        """The hub's directory as it is now."""
        return self.hub.directory.view()

    def channel(
        self, key: TlsKey, certificate: bytes | None = None, options: Sequence[tuple[str, Any]] = ()
    ) -> grpc.aio.Channel:
        """Returns a channel with a TLS key, certified by the hub's CA unless a certificate (PEM) is given."""
        pem = self.world.certificate(key) if certificate is None else certificate
        credentials = grpc.ssl_channel_credentials(self.world.authority_pem, key.to_pem(), pem)
        # Without a pool of its own, a channel would share the connection of an earlier one with equal credentials.
        own = ("grpc.use_local_subchannel_pool", 1)
        return grpc.aio.secure_channel(self.address, credentials, options=[own, *options])

    def as_desk(self, desk: str) -> grpc.aio.Channel:
        """Returns a channel of a desk."""
        return self.channel(self.world.desk(desk).tls_key)

    def as_operator(self, number: int = 1) -> grpc.aio.Channel:
        """Returns a channel of an operator."""
        return self.channel(self.world.operators[number - 1].tls_key)

    async def append(self, *statements: bytes) -> None:
        """Adds statements to the directory, past the wire."""
        await self.hub.sequencer.submit(AppendStatements(statements))


def hub_keys(world: World) -> HubKeys:
    """Returns a world's hub keys as the hub takes them."""
    logs = LogKeys(world.log_key, world.head_key, next_log=world.next_log_key, next_head=world.next_head_key)
    return HubKeys(world.origin, logs, world.authority_key, world.authority)


def hub_settings(database_url: str, home: Path, **changes: Any) -> Settings:
    """Returns settings for a test."""
    own = {"home": home, "database_url": database_url, "listen": "127.0.0.1:0", "verifier_processes": 0}
    return Settings(**(own | changes))


@asynccontextmanager
async def running_hub(
    database_url: str,
    world: World,
    *,
    home: Path,
    clock: Clock | None = None,
    telemetry: Telemetry | None = None,
    faults: Faults | None = None,
    statements: Sequence[bytes] | None = None,
    **changes: Any,
) -> AsyncIterator[RunningHub]:
    """Runs a hub for as long as the block lasts.

    Args:
        database_url: a database with the newest schema; one that holds this world's hub already goes on.
        world: its operators, agencies and keys.
        home: folder for blobs and the last checkpoint.
        clock: the system's by default.
        telemetry: quiet by default.
        faults: none by default.
        statements: to append besides the genesis; all of the world's by default.
        **changes: settings that differ.
    """
    settings = hub_settings(database_url, home, **changes)
    keys = hub_keys(world)
    await found(settings, keys, world.statements[0])
    quiet, told_too_much = (telemetry, list[str]()) if telemetry else watched()
    hub = await build(settings, keys, clock=clock, telemetry=quiet, faults=faults or Faults())
    try:
        await hub.start()
        rest = list(world.statements[1:] if statements is None else statements)
        missing = rest[hub.directory.current.size - 1 :]
        if missing:
            await hub.sequencer.submit(AppendStatements(tuple(missing)))
        yield RunningHub(hub, world, settings)
    finally:
        await hub.stop(0.5)
    assert told_too_much == [], "spans that are not on the list"


async def drain(stream: Any) -> None:
    """Reads a stream of answers to its end."""
    while await stream.read() is not grpc.aio.EOF:
        pass


def reason_of(error: grpc.aio.AioRpcError) -> Reason:
    """Returns the documented reason in an error from the wire."""
    return Reason(info_of(error).reason)


def info_of(error: grpc.aio.AioRpcError) -> ErrorInfo:
    """Returns the one ErrorInfo in an error from the wire."""
    details = dict(error.trailing_metadata() or ())[DETAILS_KEY]
    status = Status.FromString(details)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    (detail,) = status.details
    info = ErrorInfo()
    assert detail.Unpack(info)
    return info
