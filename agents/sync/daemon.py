"""The daemon of one home: reads the feed, follows lists, screens, publishes the desk's own lists, renews its keys.

Loops that do not wait for one another: the feed (what came is durable, then applied, then acknowledged), a look around
every few seconds (silence, gaps, alarms, disk, clock), housekeeping (renewals, purging, old generations), and, where
the desk owns lists, the publisher every second. A loop that fails is written down and begins again; the process ends
when it is told to, and not otherwise.

Never does: decide anything that a person decides; act on mail of an agency that nobody has pinned.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from typing import Final

from comity.errors import ComityError, Reason, RefusedError, VerificationError

from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import SplitViewError
from agents.joining import genesis_ca
from agents.renewal import renew
from agents.sync import notify
from agents.sync.alarming import Alarming
from agents.sync.condition import Condition, Expiry
from agents.sync.config import DAY_MS, MINUTE_MS, Config
from agents.sync.doctor import AHEAD_MS, BEHIND_MS
from agents.sync.expiries import expiries, hub_certificates
from agents.sync.following.follower import Follower
from agents.sync.following.purging import purge, thin
from agents.sync.following.reporting import Reporting
from agents.sync.health import Health
from agents.sync.journal import Journal
from agents.sync.owner.publisher import Publisher
from agents.sync.screening.api import serve_screening
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.rules import load_rules
from agents.sync.screening.screening import Screening
from agents.sync.screening.sightings import FILE, Reporter, SightingQueue
from agents.sync.screening.store import ScreeningStore
from agents.sync.stores import conditions_of, size_of, wanted_of
from agents.sync.threads import in_thread

LOOK_SECONDS: Final = 10.0
"""How often silence, gaps, disk and alarms are looked at."""
REFRESH_SECONDS: Final = 30.0
"""How often the directory is refreshed."""
KEEP_SECONDS: Final = 3600.0
"""How often renewals and purging are looked at."""
OWNER_SECONDS: Final = 1.0
"""How often the publisher has its turn."""
GATHER_SECONDS: Final = 0.5
"""For how long acknowledgements gather before they are sent: what came is applied meanwhile."""
MOST_PORTIONS: Final = 10_000
"""Portions of old generations that are removed in one turn."""
_NOT_OFFERED: Final = "family"
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Daemon:
    """Everything that runs for one home. Made by `open`; `run` ends once `stop` is set."""

    def __init__(self, client: Client, store: ScreeningStore, config: Config, journal: Journal) -> None:
        """Takes an open client, the screening store that this process writes, the settings and the log."""
        self.client, self.store, self.config, self.journal = client, store, config, journal
        self.condition = Condition(started=client.clock())
        self.alarming = Alarming(client, config, self.condition, journal)
        self.follower = Follower(client, store, config, self.condition, self.alarming.raise_)
        self._tell_store()
        # The writer's connection is the follower's alone, which may be using it in another thread.
        self._reader = ScreeningReader.open(store.path)
        self._reporting = Reporting(client, self._reader, self.condition)
        self.health = Health(self.condition, client.clock)
        self.stop = asyncio.Event()
        self._news, self._to_join, self._to_acknowledge = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._hub_certificates: list[Expiry] = []
        self._connected_at = 0
        self._publisher: Publisher | None = None

    def reload(self, config: Config) -> None:
        """Takes new limits. Home, member, store and addresses stay until the next start."""
        self.config = self.follower.config = self.alarming.config = config
        self._tell_store()
        self.journal.say("settings read again")

    def _tell_store(self) -> None:
        """Says to whoever screens what the settings say of being clear."""
        self.store.set_wanted(wanted_of(self.config))
        self.store.set_max_age(self.config.screening.max_age_minutes * MINUTE_MS)

    async def run(self, begun: Callable[[], None] = lambda: None) -> None:
        """Runs until told to stop; then ends what it began.

        Args:
            begun: called once the health endpoint listens.

        Raises:
            OSError: the health endpoint cannot be listened on, or the token's file not be read.
            AddressError: the screening API cannot be listened on.
        """
        async with contextlib.AsyncExitStack() as ends:  # of what was begun, however little that was
            ends.callback(self._reader.close)
            await self.health.start(self.config.observe.listen)
            ends.push_async_callback(self.health.stop)
            await self._screening(ends)
            await self._loops(begun)
        self.journal.say("ended")

    async def _loops(self, begun: Callable[[], None]) -> None:
        """Runs every loop until told to stop."""
        loops: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("feed", self._feed),
            ("follow", self._follow),
            ("join", self._join),
            ("acknowledge", self._acknowledge),
            ("look", self._look),
            ("refresh", self._refresh),
            ("keep", self._keep),
            ("owner", self._own),
            ("watchdog", self._watchdog),
        ]
        tasks = [asyncio.create_task(self._lasting(name, loop), name=name) for name, loop in loops]
        self.journal.say("begun", desk=self.client.desk, member=self.client.member, port=self.health.port)
        begun()
        notify.tell("READY=1")
        try:
            await self.stop.wait()
        finally:
            notify.tell("STOPPING=1")
            self.follower.ending = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._publisher is not None:
                self._publisher.close()
            await self.alarming.close()

    async def _screening(self, ends: contextlib.AsyncExitStack) -> None:
        """Begins to answer the agency's own systems, which goes on while the hub is away."""
        at = self.config.screening
        if not at.address:
            return
        token = "" if at.token_file is None else (await in_thread(at.token_file.read_text)).strip()
        screened: Callable[[Screening], None] | None = None
        if at.rules is not None:
            queue = ends.enter_context(SightingQueue(self.client.home.path / FILE))
            screened = Reporter(await in_thread(load_rules, at.rules), queue, self.client.clock)
        found = await serve_screening(
            self.config.store_path,
            at.address,
            token=token,
            clock=self.client.clock,
            screened=screened,
        )
        ends.push_async_callback(found.stop)
        self.journal.say("screening", name=found.address)

    # --- the feed

    async def _feed(self) -> None:
        """Reads the feed from where this desk stands; each item is durable before the next is read."""
        failures = 0
        while True:
            try:
                await self.client.refresh()
                self._heard()
                self._news.set()
                self._to_acknowledge.set()
                async for _ in self.client.live_unseen():
                    failures = 0
                    self._heard()
                    self._news.set()
                    self._to_acknowledge.set()
            except RefusedError as error:
                self._lost(error.reason)
            except VerificationError:
                # The evidence is saved and the alarm raised; a hub that mends itself is read again.
                self._lost("the hub cannot prove what it shows")
                failures = max(failures, len(_PAUSES) - 1)
            except ComityError as error:  # a desk key that was not granted to this member: a colleague helps
                self._lost(type(error).__name__)
                failures = max(failures, len(_PAUSES) - 1)
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    def _heard(self) -> None:
        if not self.condition.connected:
            self._connected_at = self.client.clock()
            self.journal.say("connected")
        self.condition.connected = True
        self.condition.heard = self.client.clock()

    def _lost(self, reason: str) -> None:
        if self.condition.connected:
            self.journal.say("disconnected", level="warning", reason=str(reason))
        self.condition.connected = False
        self.condition.count("disconnects")

    async def _follow(self) -> None:
        """Applies what the feed brought, as soon as it is durable."""
        await self._applying(self._news, self._catch_up)

    async def _catch_up(self) -> int:
        done = await self.follower.catch_up(join=False)
        self._to_join.set()
        return done

    async def _join(self) -> None:
        """Takes in first snapshots, while everything else goes on."""
        await self._applying(self._to_join, self.follower.joining.take)

    async def _applying(self, wanted: asyncio.Event, work: Callable[[], Awaitable[int]]) -> None:
        """Does what is wanted; what failed is wanted again after a pause, whether anything new comes or not."""
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                done = await work()
            except RefusedError:
                wanted.set()  # an attachment that the hub did not hand over: again in a moment
                await asyncio.sleep(_PAUSES[-2])
                continue
            except Exception:
                wanted.set()
                raise
            if done:
                self.condition.count("messages", done)
                self._taken()

    async def _acknowledge(self) -> None:
        """Sends acknowledgements behind the messages that they are of: nobody waits for them."""
        while True:
            await self._to_acknowledge.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._to_acknowledge.clear()
            with contextlib.suppress(ComityError):  # what is pending is sent with the next pass
                await self.client.flush()
            self._show()

    # --- looking around

    async def _look(self) -> None:
        while True:
            self.condition.heard = max(self.condition.heard, self.client.caught_up_at)
            try:
                await self.follower.look(ask=self._caught_up())
                if self.condition.connected:
                    await self._reporting.send()
            except RefusedError as error:
                self._refused(error)
            self._machine()
            self._show()
            self.alarming.look()
            self._to_acknowledge.set()
            await asyncio.sleep(LOOK_SECONDS)

    def _caught_up(self) -> bool:
        """Returns whether everything has come that there was when the feed was last connected."""
        return self.condition.connected and self.client.caught_up_at >= self._connected_at

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            with contextlib.suppress(RefusedError):
                await self.client.follow_settings()
                head = await self.client.refresh()
                self.condition.clock_offset_ms = self.client.clock() - head.time
                self.condition.heard = self.client.clock()

    def _refused(self, error: RefusedError) -> None:
        """A hub of an earlier release does not take the family: it is said plainly, and everything else goes on."""
        if error.reason is Reason.FAMILY_NOT_OFFERED and self.condition.offered:
            self.condition.offered = False
            self.alarming.raise_(AlarmKind.NOT_FIT, _NOT_OFFERED)
            self.journal.say("the hub, or an agreement, does not take watchlists", level="error")

    def _taken(self) -> None:
        """The hub has brought watchlist mail: it takes the family."""
        if not self.condition.offered:
            self.condition.offered = True
            self.alarming.dismiss(AlarmKind.NOT_FIT, _NOT_OFFERED)

    def _machine(self) -> None:
        at, home = self.condition, self.config.home
        at.disk_free = shutil.disk_usage(home).free
        at.store_bytes, at.mail_bytes = size_of(self.config.store_path), size_of(self.client.home.store_path)
        small = at.disk_free < self.config.disk_free_megabytes * 1_000_000
        wrong = not -BEHIND_MS <= at.clock_offset_ms <= AHEAD_MS
        self._reporting.look()
        for subject, stands in (("disk", small), ("clock", wrong), ("sightings", at.sightings_full)):
            (self.alarming.raise_ if stands else self.alarming.dismiss)(AlarmKind.NOT_FIT, subject)

    def _show(self) -> None:
        self.condition.lists = conditions_of(self._reader, self.config)

    # --- housekeeping

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(RefusedError):
                for did in await renew(self.client):
                    self.condition.count("renewals")
                    self.journal.say("renewed", did=did)
            await self._name_expiries()
            await self._purge()
            for _ in range(MOST_PORTIONS):
                if not await self.follower.clean():
                    break
                await asyncio.sleep(0.02)
            await asyncio.sleep(KEEP_SECONDS)

    async def _name_expiries(self) -> None:
        client, now = self.client, self.client.clock()
        ca, endpoints = genesis_ca(client.store), client.home.endpoints
        self._hub_certificates = await in_thread(hub_certificates, endpoints, ca) or self._hub_certificates
        self.condition.expiries = (*expiries(client, now), *self._hub_certificates)
        subjects = set()
        for one in self.condition.expiries:
            if not one.due(now, self.config.warn_days):
                continue
            days = (one.ends - now) // DAY_MS
            self.journal.say("ends soon", level="warning", what=one.what.value, name=one.name, days=days)
            if one.due(now, self.config.warn_days // 4):
                subjects.add(f"{one.what.value} {one.name} {one.ends}")
        for subject in subjects:
            self.alarming.raise_(AlarmKind.ENDS_SOON, subject)
        for alarm in client.alarms():
            if alarm.kind is AlarmKind.ENDS_SOON and alarm.subject not in subjects:
                self.alarming.dismiss(alarm.kind, alarm.subject)

    async def _purge(self) -> None:
        keep, now = self.config.mail.keep_days * DAY_MS, self.client.clock()
        applied = self._reader.applied_index()
        gone = 0
        while part := await in_thread(purge, self.client.store, applied=applied, now=now, keep_ms=keep):
            gone += part
            await asyncio.sleep(0.05)
        await in_thread(thin, self.client.store, now=now, keep_ms=keep)
        if gone:
            self.condition.count("purged", gone)
            self.journal.say("purged", count=gone)

    async def _own(self) -> None:
        """Gives the publisher its turn, where the settings let this process publish the desk's own lists."""
        if not self.config.owner.enabled:
            await self.stop.wait()
        while not self._caught_up():  # noqa: ASYNC110 # what was published before is seen before anything else is
            await asyncio.sleep(OWNER_SECONDS)
        if self._publisher is None:
            self._publisher = Publisher.open(self.client)
        while True:
            try:
                report = await self._publisher.tick()
                self.condition.count("published", report.batches)
            except RefusedError as error:
                self._refused(error)
                await asyncio.sleep(_PAUSES[2])
            await asyncio.sleep(OWNER_SECONDS)

    async def _watchdog(self) -> None:
        """Tells systemd that the loop turns."""
        seconds = notify.watchdog_seconds()
        if not seconds:
            await self.stop.wait()
        while True:
            notify.tell("WATCHDOG=1")
            await asyncio.sleep(seconds)

    async def _lasting(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Runs a loop, again where it fails: one part that is sick takes no other with it."""
        while not self.stop.is_set():
            try:
                await loop()
            except SplitViewError:
                self.journal.say("the hub has shown two histories", level="error", name=name)
            except Exception as error:  # noqa: BLE001 # whatever it is, the other loops go on
                self.condition.count("failures")
                self.journal.say("a loop failed and begins again", level="error", name=name, error=type(error).__name__)
            await asyncio.sleep(_PAUSES[-2])
