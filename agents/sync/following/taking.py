"""Taking what a list's owner has published, of lists that are followed: the next batch, verified before it is visible.

Whoever follows replays every batch, so that the digest that a batch states is compared with what people signed. A
snapshot never fills a gap: at the sequence that is held it is compared, as the next one its batch is applied, beyond it
it only shows that something is missing. It is taken in for a newcomer alone (`joining`).

Never does: keep a batch that is not the next one; change half of a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from comity.errors import VerificationError
from comity.header import WatchlistPosition
from comity.watchlists.batches import head_of, parse_batch
from comity.watchlists.states import Standing, apply_batch, state_digest
from comity.workflow.terms import Verb

from agents.alarms import AlarmKind
from agents.records import OpenedMessage
from agents.sync.following.gaps import Gap
from agents.sync.following.places import Place
from agents.sync.following.unpacking import batch_bytes
from agents.sync.screening.lists import ListKey, ListStatus, WatchedList
from agents.sync.threads import in_thread

if TYPE_CHECKING:
    from agents.sync.following.follower import Follower

_AT_ONCE_BYTES: Final = 64 << 10
"""A batch that is longer is applied in another thread, so that the loop goes on answering."""


def latest_of(place: Place) -> int:
    """Returns the latest time that a batch in a message may state, Unix milliseconds UTC."""
    return place.leaf_time


class Taking:
    """Takes PUBLISH and SNAPSHOT of lists that are followed."""

    def __init__(self, follower: Follower) -> None:
        self._f = follower
        self._compared: dict[ListKey, int] = {}

    async def take(self, place: Place, opened: OpenedMessage, listed: WatchedList) -> None:
        """Takes one message of a list.

        Raises:
            MalformedError, VerificationError, CannotOpenError: it does not verify; nothing was changed.
            RefusedError: as before, or the hub did not hand over an attachment.
        """
        position, key = opened.header.watchlist, listed.key
        if position is None or (opened.header.sender, position.list_id) != (key.owner, key.list_id):
            raise VerificationError("a subscription brings another list than was offered under it")
        store, now = self._f.store, self._f.client.clock()
        gap = self._f.gaps.of(key)
        if gap is not None and gap.shut:
            self.gap(listed, gap.reason, newest=position.sequence)
        elif listed.status is ListStatus.SYNCING and (listed.generation or position.sequence > 1):
            self._newcomer(place, opened, listed, position)
        else:
            standing = store.standing(key) or Standing(key.list_id, key.owner)
            if position.sequence == standing.sequence + 1:
                await self._batch(place, opened, listed, standing)
                return
            if position.sequence > standing.sequence:
                self.gap(listed, "is missing", newest=position.sequence)
            elif position.sequence == standing.sequence:
                await self._compare(opened, listed, position, standing)
        store.set_heard(key, now)

    def gap(
        self,
        listed: WatchedList,
        reason: str,
        *,
        newest: int = 0,
        refused: int = 0,
        shut: bool = False,
        silent: bool = False,
    ) -> None:
        """Notes that something is missing: the list is LAGGING where that is enough of it, and it will be asked for.

        Args:
            listed: the list; of one that waits for its first snapshot the whole is missing.
            reason: constant words.
            newest: greatest sequence that was seen of it.
            refused: 1 where what came does not verify.
            shut: whether nothing fills it but a new subscription.
            silent: whether nothing but silence says so: then the list's age decides what is clear.
        """
        key, now = listed.key, self._f.client.clock()
        first = 0 if listed.status is ListStatus.SYNCING else listed.sequence + 1
        new = self._f.gaps.open(key, Gap(now, first, newest, reason, refused=refused, shut=shut))
        missing = max(1, newest - listed.sequence)
        enough = missing >= self._f.config.lag.batches or not newest or shut
        if not silent and listed.seen < max(newest, listed.sequence + 1):
            self._f.store.set_missing(key, newest)
        if listed.status is ListStatus.CURRENT and enough:
            self._f.store.set_status(key, ListStatus.LAGGING, silent=True)  # what is known is noted above
        if new:
            self._f.count("gaps")
            self._f.alarm(AlarmKind.LIST_LAGGING, f"{key.owner} {key.list_id.hex()} after {listed.sequence}")

    def _newcomer(self, place: Place, opened: OpenedMessage, listed: WatchedList, position: WatchlistPosition) -> None:
        """Whoever has just subscribed waits for the whole; a batch that comes before it is read again behind it."""
        if opened.header.verb is Verb.SNAPSHOT:
            self._f.joining.defer(place, opened, listed)
        else:
            self._f.gaps.open(listed.key, Gap(self._f.client.clock(), 0, position.sequence, "has not come"))

    async def _compare(
        self, opened: OpenedMessage, listed: WatchedList, position: WatchlistPosition, standing: Standing
    ) -> None:
        """Compares a batch that is held and came again, and with a snapshot's all that is held.

        Raises:
            VerificationError: another head, which nobody may have brought, or another state: the list takes nothing
                more until a person has acted.
        """
        if position.head != standing.head:
            self.gap(listed, "has two heads", shut=True)
            raise VerificationError("a list has two heads at one sequence")
        if opened.header.verb is Verb.SNAPSHOT and self._compared.get(listed.key) != position.sequence:
            if not await self._is_same(opened, position, standing):
                self.gap(listed, "is not what is held", shut=True)
                raise VerificationError("a list is held otherwise than its owner states")
            self._compared[listed.key] = position.sequence
        self.settle(listed.key, standing.sequence)

    async def _is_same(self, opened: OpenedMessage, position: WatchlistPosition, standing: Standing) -> bool:
        client, store, payload = self._f.client, self._f.store, opened.payload
        data = await batch_bytes(client.session, payload, payload.send_snapshot.batch, store.path.parent)
        if head_of(position.list_id, position.sequence, position.previous_head, data) != standing.head:
            raise VerificationError("a batch has another head than its header")
        stated, records = parse_batch(data).state_digest, store.records(ListKey(standing.owner_desk, position.list_id))

        def held() -> bytes:
            return state_digest(standing.used, (digest for _, digest in records.digests()))

        return stated == await in_thread(held)

    async def _batch(self, place: Place, opened: OpenedMessage, listed: WatchedList, standing: Standing) -> None:
        """Applies the next batch, also where a snapshot brings it: then the rest of that is here already."""
        client, store, key = self._f.client, self._f.store, listed.key
        payload = opened.payload
        body = payload.publish_batch if opened.header.verb is Verb.PUBLISH else payload.send_snapshot
        data = await batch_bytes(client.session, payload, body.batch, store.path.parent)
        view, position = client.directory(), opened.header.watchlist
        # One that waited behind a snapshot is read again, and the cursor stands further than that.
        applied_index = place.log_index if place.log_index > store.applied_index() else None

        def applied() -> int:
            latest = latest_of(place)
            effects = apply_batch(standing, data, view, store.records(key), position=position, latest=latest)
            seconds = place.leaf_time // 1000
            store.apply(key, effects, heard_at=client.clock(), leaf_time=seconds, applied_index=applied_index)
            return effects.standing.time

        # What states its digest is compared with all that is held; where a snapshot is read the store may be taken.
        long = len(data) > _AT_ONCE_BYTES or listed.count > 10_000 or self._f.joining.reading
        time = await in_thread(applied) if long else applied()
        self.settle(key, standing.sequence + 1)
        self._f.took(listed, time)

    def settle(self, key: ListKey, sequence: int) -> None:
        """Nothing is missing any more where everything that was seen of a list is held."""
        gap = self._f.gaps.of(key)
        if gap is None:
            return
        if sequence >= gap.newest:
            self._f.gaps.close(key)
            listed = self._f.store.list_named(key)
            if listed is not None and listed.status in (ListStatus.LAGGING, ListStatus.SYNCING):
                self._f.store.set_status(key, ListStatus.CURRENT)
        else:
            self._f.store.set_status(key, ListStatus.LAGGING)
            if sequence >= gap.from_sequence:
                self._f.gaps.move(key, gap, sequence + 1, self._f.client.clock())
