"""What a hub's process is put together from, beside its parts: services offered, chain and transport around them.

Never does: start anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import grpc
from comity.errors import ComityError
from comity.v1 import (
    blobs_pb2,
    blobs_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
    exchange_pb2,
    exchange_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
    log_pb2,
    log_pb2_grpc,
)
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hub.blobs.objects import open_objects
from hub.blobs.rpc import BlobRpc
from hub.blobs.service import BlobService
from hub.certificates import Authority
from hub.clock import Clock, SystemClock
from hub.config import Settings
from hub.db import Database
from hub.directory.rpc import DirectoryRpc
from hub.directory.service import DirectoryService, HubDirectory
from hub.exchange.rpc import ExchangeRpc
from hub.feed.rpc import FeedRpc
from hub.health.rpc import HealthRpc
from hub.interceptors.chain import Chain
from hub.interceptors.identity import Identity
from hub.interceptors.method import StreamLimits, Surroundings
from hub.interceptors.transport import make_server
from hub.log.commands import Appended, SignedHead
from hub.log.domain import OLDER_THAN_KEYS, KeyNotHeldError, KeyRetiredError, LogKeys
from hub.log.fsck import Fsck
from hub.log.guard import GO_ON, LogDamagedError
from hub.log.rpc import LogRpc
from hub.log.sequencer import Sequencer
from hub.log.service import LogService
from hub.log.trial import Trial
from hub.quota import OpenStreams, RequestQuota
from hub.telemetry import Telemetry
from hub.vault import HubKeys

SERVICES: Final = (
    exchange_pb2.DESCRIPTOR.services_by_name["ExchangeService"],
    feed_pb2.DESCRIPTOR.services_by_name["FeedService"],
    directory_pb2.DESCRIPTOR.services_by_name["DirectoryService"],
    log_pb2.DESCRIPTOR.services_by_name["LogService"],
    blobs_pb2.DESCRIPTOR.services_by_name["BlobService"],
    health_pb2.DESCRIPTOR.services_by_name["Health"],
)
"""Descriptor of every service offered."""


class StartError(Exception):
    """The hub must not start; the message says why."""


def offered_methods() -> list[str]:
    """Returns the full name of every method that the hub offers."""
    return [f"/{service.full_name}/{method.name}" for service in SERVICES for method in service.methods]


class _Logs:
    """What the directory's service asks of the logs and the sequencer, which it does not know."""

    def __init__(self, logs: LogService, sequencer: Sequencer, trial: Trial) -> None:
        self._logs, self._sequencer, self._trial = logs, sequencer, trial

    async def current_head(self, *, fresh: bool = False) -> SignedHead:
        return await self._logs.current_head(fresh=fresh)

    async def root_at(self, log: int, size: int) -> bytes | None:
        return await self._logs.root_at(log, size)

    async def append(self, owner: str, statements: Sequence[bytes]) -> Appended:
        appended: Appended = await self._sequencer.submit(await self._trial.admit(statements), owner)
        return appended


async def read_directory(database: Database, directory: HubDirectory) -> None:
    """Replays the stored directory.

    Raises:
        StartError: it does not replay because something stored was damaged; the message names it.
        ComityError: the database does not answer, or an entry breaks the rules.
    """
    try:
        await database.read(directory.refresh)
    except ComityError as error:
        findings = await asyncio.to_thread(Fsck(database).run)
        if not findings:
            raise  # it did not answer
        raise StartError(str(LogDamagedError(findings))) from error


def check_keys(directory: HubDirectory, keys: HubKeys) -> None:
    """Looks whether keys are those that the directory names.

    Raises:
        StartError: they are not, or one was replaced before (caused by a `KeyRetiredError`), or there is no directory
            yet.
    """
    if not directory.current.size:
        raise StartError("this hub has no genesis yet: `comity-hub init --finish`")
    view, logs, state = directory.view(), keys.logs, directory.current.state
    try:
        logs.settled(view.log_key(), view.head_key())
    except KeyRetiredError as error:
        # Whoever has a replaced key could write on here, and this process would sign on with it.
        raise StartError(f"FORK-GUARD: {OLDER_THAN_KEYS}. Nothing was signed. {GO_ON}") from error
    except KeyNotHeldError:
        raise StartError("the key file is not the one the directory names") from None
    if state.tls_ca != keys.authority:
        raise StartError("the certificate authority is not the one in the genesis")


def make_blob_service(settings: Settings, database: Database, clock: Clock, telemetry: Telemetry) -> BlobService:
    """Returns the service of attachments, on the object store that the settings name."""
    objects = open_objects(settings.blobs, endpoint=settings.blobs_s3_endpoint, region=settings.blobs_s3_region)
    return BlobService(
        database,
        objects,
        clock,
        telemetry,
        agency_bytes=settings.agency_stored_bytes,
        agency_blobs=settings.agency_stored_blobs,
        agency_unfinished=settings.agency_unfinished_uploads,
        keep_hours=settings.upload_keep_hours,
    )


def make_directory_service(
    settings: Settings,
    authority: Authority,
    *,
    database: Database,
    directory: HubDirectory,
    logs: LogService,
    sequencer: Sequencer,
    clock: Clock,
    telemetry: Telemetry,
    keys: LogKeys,
    stop_serving: Callable[[str], None],
) -> DirectoryService:
    """Returns the directory's service, and before it the trial that statements pass."""
    trial = Trial(
        db=database,
        directory=directory,
        clock=clock,
        statements_per_day=settings.agency_statements_per_day,
        trust_database_clock=isinstance(clock, SystemClock),
    )
    return DirectoryService(
        directory=directory,
        database=database,
        logs=_Logs(logs, sequencer, trial),
        authority=authority,
        clock=clock,
        telemetry=telemetry,
        own_heads=[key.public for key in keys.own_heads],
        stop_serving=stop_serving,
    )


def make_transport(settings: Settings, identity: Identity, telemetry: Telemetry) -> grpc.aio.Server:
    """Returns a server with the whole chain, on no address yet."""
    s = settings
    chain = Chain(
        Surroundings(
            identity=identity,
            quota=RequestQuota(s.agency_requests_per_second, s.agency_request_burst),
            anonymous_quota=RequestQuota(s.anonymous_requests_per_second, s.anonymous_request_burst),
            streams=OpenStreams(s.stall_seconds),
            stream_limits=StreamLimits(s.agency_streams, s.key_streams, s.key_health_watches, s.health_watches),
            telemetry=telemetry,
            default_deadline_seconds=s.default_deadline_seconds,
            stall_seconds=s.stall_seconds,
            recheck_seconds=s.recheck_seconds,
        )
    )
    return make_server(s, chain)


def offer(
    server: grpc.aio.Server,
    *,
    exchange: ExchangeRpc,
    feed: FeedRpc,
    directory: DirectoryRpc,
    log: LogRpc,
    blobs: BlobRpc,
    health: HealthRpc,
) -> None:
    """Adds every service to a server."""
    exchange_pb2_grpc.add_ExchangeServiceServicer_to_server(exchange, server)
    feed_pb2_grpc.add_FeedServiceServicer_to_server(feed, server)
    directory_pb2_grpc.add_DirectoryServiceServicer_to_server(directory, server)
    log_pb2_grpc.add_LogServiceServicer_to_server(log, server)
    blobs_pb2_grpc.add_BlobServiceServicer_to_server(blobs, server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
