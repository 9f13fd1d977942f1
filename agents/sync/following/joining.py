"""Joining: a newcomer's first snapshot, taken in beside everything else, verified, and shown all at once.

Which snapshot waits is kept in the mailbox, so that an agent that is killed meanwhile takes it in from its beginning.
Other lists go on while one is read. What its list's owner sent behind it is taken as soon as the snapshot is there.

Never does: put a snapshot in the place of a list that is followed: whoever follows replays every batch.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from comity.errors import MalformedError, Reason, VerificationError
from comity.watchlists.snapshots import StateRecord, adopt
from comity.workflow.terms import Verb

from agents import truststore
from agents.alarms import AlarmKind
from agents.mailstore import Message
from agents.records import OpenedMessage
from agents.store import Store
from agents.sync.following import places
from agents.sync.following.places import Place
from agents.sync.following.taking import latest_of
from agents.sync.following.unpacking import Most, NoRoomError, batch_bytes, read_state
from agents.sync.screening.lists import ListKey, ListStatus, WatchedList
from agents.sync.threads import in_thread

if TYPE_CHECKING:
    from agents.sync.following.follower import Follower

_NAME: Final = "snapshot "


class Waiting:
    """Which snapshot waits for each list, by its place in the log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[ListKey, int] = {}

    def of(self, key: ListKey) -> int:
        """Returns the place of the snapshot that waits; -1 for none."""
        if key not in self._known:
            with self._store.begin(lasting=False) as c:
                found = truststore.get_meta(c, _name(key))
            self._known[key] = int(found) if found else -1
        return self._known[key]

    def put(self, key: ListKey, log_index: int) -> None:
        """Notes that a snapshot waits, in the place of one that waited before; -1 for none."""
        if self.of(key) != log_index:
            with self._store.begin(lasting=False) as c:
                truststore.put_meta(c, _name(key), b"%d" % log_index if log_index >= 0 else b"")
            self._known[key] = log_index


class Joining:
    """Takes in the first snapshots of one home's lists, one at a time."""

    def __init__(self, follower: Follower) -> None:
        self._f = follower
        self._one = asyncio.Lock()
        self.waiting = Waiting(follower.client.store)
        self.reading = False
        """Whether one is being read: the store is written by another thread, too."""

    def defer(self, place: Place, opened: OpenedMessage, listed: WatchedList) -> None:
        """Keeps in mind a newcomer's snapshot.

        Raises:
            VerificationError: what is held of the list from before is newer, or has another head.
        """
        _check_not_older(opened, listed)
        self.waiting.put(listed.key, place.log_index)

    async def take(self) -> int:
        """Takes in every snapshot that waits. Returns how many messages were taken.

        Raises:
            RefusedError: the hub did not hand over an attachment; the snapshot waits on.
        """
        async with self._one:
            done = 0
            for listed in self._f.store.lists():
                log_index = self.waiting.of(listed.key)
                if log_index < 0:
                    continue
                place = places.at(self._f.client.store, log_index)
                if place is not None and self._awaited(place) is not None:
                    done += await self._f.attempt(place, self._take)
                if self.waiting.of(listed.key) == log_index:
                    self.waiting.put(listed.key, -1)
            return done

    def _awaited(self, place: Place) -> WatchedList | None:
        """Returns the list of a snapshot while it is still the one that a newcomer waits for."""
        listed = self._f.by_case(place.case_id)
        if listed is None or listed.status is not ListStatus.SYNCING or not self._f.is_followed(listed.key):
            return None
        return listed if self.waiting.of(listed.key) == place.log_index else None

    async def _take(self, place: Place, message: Message) -> None:
        follower = self._f
        client, store = follower.client, follower.store
        async with follower.turn:  # whoever cleans the store has ended
            listed, opened = self._awaited(place), follower.opened(message)
            if listed is None:
                return
            generation = store.begin_snapshot(listed.key)
            self.reading = True
        key, folder, position = listed.key, store.path.parent, opened.header.watchlist

        def keep(records: list[StateRecord]) -> None:
            if follower.ending:
                raise InterruptedError  # the rest would be taken in for nobody
            store.add_records(generation, records)

        try:
            if position is None or opened.header.verb is not Verb.SNAPSHOT:
                raise VerificationError("a snapshot has no position")
            payload, body = opened.payload, opened.payload.send_snapshot
            most = Most(follower.config.snapshots.records, follower.config.snapshots.megabytes << 20)
            if body.count > most.records:
                raise MalformedError("a snapshot has more records than are taken here", Reason.TOO_LARGE)
            data = await batch_bytes(client.session, payload, body.batch, folder)
            reader = await read_state(client.session, payload, body.state, folder, keep, most=most)
            after = adopt(reader, data, position, key.owner, latest=latest_of(place))
            async with follower.turn:
                listed = self._awaited(place)
                if listed is None:
                    return  # the subscription has ended meanwhile, or a newer snapshot is here
                _check_not_older(opened, listed)
                await in_thread(
                    store.publish_generation,
                    key,
                    generation,
                    after,
                    heard_at=client.clock(),
                    leaf_time=place.leaf_time // 1000,
                )
                follower.count("snapshots")
                follower.taking.settle(key, position.sequence)
                follower.took(listed, after.time)
                await follower.go_on(place)
        except NoRoomError:
            follower.alarm(AlarmKind.NOT_FIT, f"disk {key.owner} {key.list_id.hex()}")
            raise
        finally:
            store.give_up(generation)  # nothing where it is shown
            self.reading = False


def _check_not_older(opened: OpenedMessage, listed: WatchedList) -> None:
    position = opened.header.watchlist
    if position is None or position.sequence < listed.sequence:
        raise VerificationError("a snapshot is older than what is held")
    if position.sequence == listed.sequence and position.head != listed.head:
        raise VerificationError("a list has two heads at one sequence")


def _name(key: ListKey) -> str:
    return f"{_NAME}{key.owner} {key.list_id.hex()}"
