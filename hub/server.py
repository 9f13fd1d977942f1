"""Composition root: builds every part of one hub process, starts them in order and stops them in order.

Start: database, directory, checks, sequencer, verifier, clocks, transport. Stop: transport first, so that what is in
flight is finished and nothing new comes in; then each part finishes what it was given.

Never does: anything of its own. No rule of the protocol is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from comity.errors import ComityError, MalformedError

from hub.blobs.rpc import BlobRpc
from hub.building import (
    SERVICES,
    StartError,
    check_keys,
    make_blob_service,
    make_directory_service,
    make_transport,
    offer,
    offered_methods,
    read_directory,
)
from hub.certificates import Authority, ServerCertificate
from hub.clock import Clock, SystemClock
from hub.config import Settings
from hub.db import Database
from hub.directory.rpc import DirectoryRpc
from hub.directory.service import HubDirectory
from hub.exchange.clockwork import Clockwork
from hub.exchange.rpc import ExchangeRpc
from hub.exchange.service import ExchangeService
from hub.exchange.verifier import Verifier
from hub.exchange.work import ExchangeWork
from hub.faults import Faults
from hub.feed.rpc import FeedRpc
from hub.feed.service import FeedService
from hub.health.rpc import HealthRpc
from hub.health.service import HealthService, living
from hub.interceptors.identity import Identity
from hub.interceptors.transport import server_credentials
from hub.log.domain import LogName
from hub.log.follower import Follower
from hub.log.guard import ForkGuardError, Guard, LogDamagedError
from hub.log.rpc import LogRpc
from hub.log.scrub import Scrub
from hub.log.seen import Seen
from hub.log.sequencer import Sequencer
from hub.log.service import LogService
from hub.log.store import read_state
from hub.policy import check_complete
from hub.profiles import know_folder
from hub.telemetry import Telemetry, build_telemetry
from hub.vault import HubKeys

COLLECT_SECONDS: Final = 3600.0
CHECKPOINT_FILE: Final = "checkpoint"
"""In the home: the last checkpoint, outside the database."""


class Hub:
    """One hub process. Made by `build`."""

    def __init__(self, settings: Settings, keys: HubKeys, clock: Clock, telemetry: Telemetry, faults: Faults) -> None:
        """Builds every part; nothing runs yet.

        Raises:
            UnsafeSettingError, RefusedError: the database.
            ConfigError: a deadline profile of the hub's folder is none.
            StartError: the certificate cannot be made.
        """
        check_complete(offered_methods())
        know_folder(settings.profiles)
        self._settings, self._keys, self._clock = settings, keys, clock
        self.telemetry = telemetry
        self.database = Database.open(settings.database, read_threads=settings.read_threads)
        self.directory = HubDirectory()
        guard = Guard(self.database, self.directory, keys.logs, settings.home / CHECKPOINT_FILE, faults)
        parts: dict[str, Any] = {
            "db": self.database,
            "directory": self.directory,
            "keys": keys.logs,
            "clock": clock,
            "faults": faults,
            "telemetry": telemetry,
        }
        seen = Seen()
        self.sequencer = Sequencer(
            **parts,
            work=ExchangeWork(),
            seen=seen,
            guard=guard,
            queue_size=settings.queue_size,
            agency_queue_percent=settings.agency_queue_percent,
            batch_size=settings.batch_size,
            trust_database_clock=isinstance(clock, SystemClock),
        )
        self.logs = LogService(**parts, seen=seen)
        self.feed = FeedService(**parts, log=self.logs, page_bytes=settings.feed_page_bytes)
        self._verifier = Verifier(
            directory=self.directory,
            faults=faults,
            sequencer=self.sequencer,
            telemetry=telemetry,
            processes=settings.verifier_processes,
        )
        self._clockwork = Clockwork(
            db=self.database, sequencer=self.sequencer, clock=clock, faults=faults, telemetry=telemetry
        )
        self._scrub = Scrub(
            db=self.database, telemetry=telemetry, on_damage=self.fail, pass_seconds=settings.scrub_seconds
        )
        self._follower = Follower(
            db=self.database,
            directory=self.directory,
            keys=keys.logs,
            seen=seen,
            on_grown=self.feed.grown,
            on_failure=self.fail,
            telemetry=telemetry,
        )
        self.blobs = make_blob_service(settings, self.database, clock, telemetry)
        self._authority = Authority(keys.authority, keys.authority_key, client_days=settings.client_certificate_days)
        try:
            self.certificate = ServerCertificate(self._authority, settings.names, settings.certificate_days, clock)
        except MalformedError as error:
            raise StartError(f"the setting names does not fit a certificate: {error}") from None
        self.identity = Identity(self.directory.view, clock)
        probes = {
            "database": self._probe_database,
            "sequencer": living(lambda: self.sequencer.alive and not self.sequencer.failed),
            "verifier": living(lambda: self._verifier.alive),
            "clockwork": living(lambda: self._clockwork.alive),
            "scrub": living(lambda: self._scrub.alive),
            "follower": living(lambda: self._follower.alive),
            "tasks": living(lambda: not any(task.done() for task in self._tasks)),
        }
        self.health = HealthService(probes, telemetry)
        exchange = ExchangeService(db=self.database, sequencer=self.sequencer, verifier=self._verifier, faults=faults)
        directory = make_directory_service(
            settings,
            self._authority,
            database=self.database,
            directory=self.directory,
            logs=self.logs,
            sequencer=self.sequencer,
            clock=clock,
            telemetry=telemetry,
            keys=keys.logs,
            stop_serving=self.fail,
        )
        self._server = make_transport(settings, self.identity, telemetry)
        offer(
            self._server,
            exchange=ExchangeRpc(exchange, telemetry),
            feed=FeedRpc(self.feed),
            directory=DirectoryRpc(directory),
            log=LogRpc(self.logs),
            blobs=BlobRpc(self.blobs),
            health=HealthRpc(self.health, [service.full_name for service in SERVICES]),
        )
        self.port = 0
        self._failure = ""
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._ending: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Host and port it listens on."""
        return f"{self._settings.listen.rpartition(':')[0]}:{self.port}"

    async def start(self) -> None:
        """Checks what must be checked and begins to serve.

        Raises:
            StartError: the database is not this hub's, was damaged or rolled back, or the address is taken.
            AlreadyServedError: another process serves this SQLite database.
            RefusedError: UNAVAILABLE.
        """
        await read_directory(self.database, self.directory)
        check_keys(self.directory, self._keys)
        try:
            await self.sequencer.start()
        except (ForkGuardError, LogDamagedError) as error:
            raise StartError(str(error)) from error
        self.sequencer.on_batch(self.feed.publish)
        self.sequencer.on_failure(self.fail)
        await self._verifier.start()
        self._clockwork.start()
        self._scrub.start()
        if self.database.dialect == "postgresql":
            self._follower.start()
        self._run(self._collect())
        counters = self.telemetry.counters
        counters.gauge("comity.queue", lambda: float(self.sequencer.waiting))
        counters.gauge("comity.reads_waiting", lambda: float(self.database.waiting_reads))
        try:
            self.port = self._server.add_secure_port(
                self._settings.listen, server_credentials(self.certificate, self._authority.pem)
            )
        except RuntimeError:
            raise StartError("the address cannot be listened on") from None
        await self._server.start()
        self.telemetry.log.info("serving", port=self.port, directory_size=self.directory.current.size)

    async def stop(self, grace: float | None = None) -> None:
        """Stops: calls in flight finish or get UNAVAILABLE, what was promised is durable. May be called twice.

        Args:
            grace: seconds that calls may take; the setting's by default.
        """
        if self._stopping:
            return
        self._stopping = True
        self.health.stop()
        seconds = self._settings.shutdown_grace_seconds if grace is None else grace
        self.feed.stop()
        await self._end_calls(seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.blobs.stop()
        await self._scrub.stop()
        await self._follower.stop()
        await self._clockwork.stop()
        await self._verifier.stop()
        await self.sequencer.stop()
        await asyncio.to_thread(self.database.close)
        self.telemetry.log.info("stopped", reason=self._failure)
        await asyncio.to_thread(self.telemetry.close)

    def request_stop(self) -> None:
        """Asks for an orderly end; `stopped` returns. From the event loop or a signal handler."""
        self._wanted.set()

    def fail(self, reason: str) -> None:
        """Stops serving at once, for a reason that a person must look at. On the event loop."""
        if self._failure:
            return
        self._failure = reason
        self.health.stop()
        self.telemetry.log.error("stops serving", reason=reason)
        self._end_calls(0)
        self._wanted.set()

    async def stopped(self) -> str:
        """Waits until the hub is asked to end, or must; returns why it must, empty where it was asked."""
        await self._wanted.wait()
        return self._failure

    def _end_calls(self, seconds: float) -> asyncio.Task[None]:
        # Once: gRPC does not survive two that stop one server at the same time.
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._server.stop(seconds))
        return self._ending

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def _collect(self) -> None:
        while True:
            try:
                await self.blobs.collect()
            except ComityError as error:
                self.telemetry.log.warning("attachments not collected", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 # the next round may succeed
                self.telemetry.failed("attachments not collected", error)
            await asyncio.sleep(COLLECT_SECONDS)

    async def _probe_database(self) -> None:
        await self.database.read(lambda connection: read_state(connection, LogName.EXCHANGE))


async def build(
    settings: Settings,
    keys: HubKeys,
    *,
    clock: Clock | None = None,
    telemetry: Telemetry | None = None,
    faults: Faults | None = None,
) -> Hub:
    """Builds a hub that does not run yet.

    Args:
        settings: of this process.
        keys: of this hub.
        clock: the system's by default.
        telemetry: what the settings ask for by default.
        faults: those of the environment by default.

    Raises:
        PolicyError: a method without a rule.
        StartError, UnsafeSettingError, RefusedError: it cannot be built.
    """
    return Hub(
        settings,
        keys,
        clock or SystemClock(),
        telemetry or build_telemetry(settings),
        faults if faults is not None else Faults.from_environment(),
    )
