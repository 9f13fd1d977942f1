"""The follower: takes the watchlist mail of one desk, in the order of the log, into the screening store.

A message has its effect and moves the store's `applied_index` in one transaction, so that kill -9 at any moment leaves
what was or what comes next. A batch that is not the next one of its list is not kept: what is missing is asked for, and
comes again. What does not verify changes nothing and is asked for once more; the second time the list stays as it is
until a person subscribes anew. A message that kills its reader is left aside after three tries, and what it brought is
asked for like anything else that is missing.

Never does: subscribe, which a person does; believe a status of the hub's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, State, Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.alarms import AlarmKind
from agents.cases import header_of
from agents.client import Client
from agents.errors import SplitViewError, UnpinnedError
from agents.intake import TRIES
from agents.mailstore import Message
from agents.records import OpenedMessage, Standing
from agents.sync.condition import Condition
from agents.sync.config import Config
from agents.sync.following import places
from agents.sync.following.gaps import KEPT_BATCHES, Gap, Gaps
from agents.sync.following.joining import Joining
from agents.sync.following.places import Place
from agents.sync.following.taking import Taking
from agents.sync.screening.lists import ListKey, ListStatus, ListTerms, WatchedList
from agents.sync.screening.store import ScreeningStore
from agents.sync.threads import in_thread
from agents.tries import Try

RaiseAlarm = Callable[[AlarmKind, str], None]
"""Told a kind and a subject: names of lists, never content."""
_TAKEN: Final = frozenset({Verb.OFFER, Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.PUBLISH, Verb.SNAPSHOT})
_LIVE: Final = frozenset({ListStatus.SYNCING, ListStatus.CURRENT, ListStatus.LAGGING})
_AGAIN: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.STALLED, Reason.INTERNAL, Reason.QUOTA})


class Follower:
    """Follows the lists of one home."""

    def __init__(
        self, client: Client, store: ScreeningStore, config: Config, condition: Condition, alarm: RaiseAlarm
    ) -> None:
        """Takes an open client, the store that this process writes, the settings, and who is told."""
        self.client, self.store, self.config = client, store, config
        self.gaps = Gaps(client.store)
        self._condition, self._alarm = condition, alarm
        self.taking, self.joining = Taking(self), Joining(self)
        self.turn = asyncio.Lock()
        """Held by whoever changes the store, but for the portions of a snapshot that nobody sees yet."""
        self._terms: dict[bytes, pb.OfferList] = {}
        self.ending = False
        """Set where the process ends: a snapshot that is being taken in is given up, and begun again next time."""
        self._ended_tries: list[int] = []
        self._offers_seen: set[bytes] = set()
        self._lost_told: set[str] = set()

    async def catch_up(self, *, join: bool = True) -> int:
        """Takes everything that the mailbox holds and the store does not. Returns how many messages that were.

        Args:
            join: False to leave first snapshots to `self.joining.take()`, which takes long and holds up nobody.

        Raises:
            RefusedError: the hub did not hand over an attachment; what was taken stays taken.
        """
        async with self.turn:
            done, more = 0, True
            while more and (found := self._new()):
                for place in found:
                    done += await self._take(place)
                if place.log_index > self.store.applied_index():
                    self.store.set_applied(place.log_index)
                more = len(found) == places.PORTION
        return done + (await self.joining.take() if join else 0)

    def _new(self) -> list[Place]:
        """Returns what the mailbox holds and the store does not; a portion at most.

        Where the mailbox was led beyond the true log and went back, so does the store: its messages have come again.
        """
        seen = self.store.went_back()
        times, place = places.went_back(self.client.store, seen)
        if times != seen:
            self.store.go_back(times, min(place, self.store.applied_index()))
        return places.after(self.client.store, self.store.applied_index())

    async def look(self, *, ask: bool = True) -> None:
        """Looks for offers that came late, for lists that have fallen silent, and asks for what is missing.

        Args:
            ask: False while the feed has not brought everything that there is: what is missing may be on its way.

        Raises:
            RefusedError: the hub does not answer.
        """
        async with self.turn:
            with self.client.store.begin(lasting=False) as c:
                self._end_tries(c)
            for place in places.offers(self.client.store):
                if place.good and place.case_id not in self._offers_seen:
                    with suppress(ComityError):  # not pinned yet, or not to be opened: looked at again next time
                        self._offered(place, None)
            for listed in self.store.lists():
                if listed.status in _LIVE and self.is_followed(listed.key):
                    await self._look(listed, ask=ask)

    async def clean(self) -> bool:
        """Removes a portion of what snapshots have replaced. Returns whether there may be more."""
        async with self.turn:
            if self.joining.reading:
                return False  # the store's file is being written by another thread
            more = await in_thread(self.store.clean)
            if not more:
                await in_thread(self.store.shrink_log)
            return more

    def is_followed(self, key: ListKey) -> bool:
        """Returns whether the settings let a list be followed."""
        return self.config.is_followed(key.owner, key.list_id.hex())

    # --- one message

    async def _take(self, place: Place) -> int:
        """Takes one message in its turn. Returns 1 where it is ours."""
        return await self.attempt(place, self._dispatch) if place.verb in _TAKEN else 0

    async def attempt(self, place: Place, work: Callable[[Place, Message], Awaitable[None]]) -> int:
        """Does with a message what is to be done, counted, so that one that kills its reader is left aside.

        Returns:
            1 where it is a message of this family, else 0.

        Raises:
            RefusedError: the hub did not answer; the message is taken again.
        """
        attempt = Try(self.client.store, place.log_index)
        with self.client.store.begin(lasting=False) as c:
            self._end_tries(c)
            message = mailstore.message(c, place.message_hash)
            if message is None or header_of(message).family is not Family.WATCHLIST:
                return 0
            tries = attempt.count(c)
        try:
            if tries > TRIES:
                self._condition.count("quarantined")
                self._alarm(AlarmKind.LIST_REFUSED, f"{place.sender} {place.log_index} quarantined")
                self._missed(place)
            elif place.good:
                await work(place, message)
        except (asyncio.CancelledError, KeyboardInterrupt):
            attempt.take_back()
            raise
        except RefusedError as error:
            attempt.take_back()
            if error.reason in _AGAIN:
                raise
            self._refused(place)
        except SplitViewError:
            attempt.take_back()
            raise
        except UnpinnedError:
            self._condition.count("unpinned")
            self._missed(place)
        except (MalformedError, VerificationError, CannotOpenError):
            self._refused(place)
        if place.log_index > self.store.applied_index():
            self.store.set_applied(place.log_index)
        self._ended_tries.append(place.log_index)
        return 1

    async def go_on(self, place: Place) -> None:
        """Takes what came under a subscription behind its first snapshot, which is there now; in the caller's turn."""
        behind, last = place.log_index, self.store.applied_index()
        while found := places.of_case(self.client.store, place.case_id, behind, last):
            for one in found:
                await self._take(one)
                behind = one.log_index

    def _end_tries(self, c: Connection) -> None:
        """Forgets the counts of what was taken: with the next message, or at the next look."""
        while self._ended_tries:
            mailstore.end_tries(c, self._ended_tries.pop())

    async def _dispatch(self, place: Place, message: Message) -> None:
        match place.verb:
            case Verb.OFFER if not place.outgoing:
                self._offered(place, place.log_index)
            case Verb.SUBSCRIBE if place.outgoing:
                self._subscribed(place)
            case Verb.UNSUBSCRIBE:
                self._ended(place)
            case Verb.PUBLISH | Verb.SNAPSHOT if not place.outgoing:
                listed = self.by_case(place.case_id)
                if listed is not None and listed.status in _LIVE and self.is_followed(listed.key):
                    await self.taking.take(place, self.opened(message), listed)

    def _open(self, message_hash: bytes) -> OpenedMessage:
        """Opens a message that may be acted on, as `opened`."""
        with self.client.store.begin(lasting=False) as c:
            message = mailstore.message(c, message_hash)
        if message is None:
            raise RefusedError(Reason.NOT_FOUND, "the message is not here")
        return self.opened(message)

    def opened(self, message: Message) -> OpenedMessage:
        """Returns the content of a message that may be acted on.

        Raises:
            UnpinnedError, VerificationError, CannotOpenError, RefusedError: it may not.
        """
        opened = self.client.peek_message(message)
        if opened.standing is Standing.SUSPECT:
            raise VerificationError("the message was written under a key that is suspect")
        return opened

    def _offered(self, place: Place, applied_index: int | None) -> None:
        """Lists an offer, unless the list is followed already: then it counts once somebody has subscribed to it."""
        offer = self._open(place.message_hash)
        self._offers_seen.add(place.case_id)
        with self.client.store.begin(lasting=False) as c:
            legs = mailstore.legs(c, place.case_id)
        if not any(leg.state is State.OFFERED for leg in legs):
            return  # taken, declined or taken back since: the messages that did so say what follows
        key = ListKey(place.sender, offer.payload.offer_list.list_id)
        known = self.store.list_named(key)
        if known is not None and known.status in _LIVE:
            return
        terms = _terms(offer, place.case_id)
        if known is not None and known.terms.case_id == place.case_id:
            return
        self.store.put_list(key, terms, ListStatus.OFFERED, applied_index=applied_index)
        self._condition.count("offers")
        if any((w.owner, w.list_id) == (key.owner, key.list_id.hex()) for w in self.config.follow.lists):
            self._alarm(AlarmKind.LIST_AWAITED, f"{key.owner} {key.list_id.hex()} {place.case_id.hex()}")

    def _subscribed(self, place: Place) -> None:
        """A person of this desk has subscribed: from now on the list's owner sends."""
        with self.client.store.begin(lasting=False) as c:
            opening = places.opening_of(c, place.case_id)
        if not opening:
            return
        offer = self._open(opening)
        key = ListKey(offer.header.sender, offer.payload.offer_list.list_id)
        self.store.put_list(key, _terms(offer, place.case_id), ListStatus.SYNCING)
        self.store.set_heard(key, self.client.clock())
        lag = self.config.lag
        self.joining.waiting.put(key, -1)
        self.gaps.await_first(key, place.leaf_time + lag.minutes * 60_000, lag.retry_seconds)
        self._condition.count("subscriptions")

    def _ended(self, place: Place) -> None:
        listed = self.by_case(place.case_id)
        if listed is not None:
            key = listed.key
            self.store.set_status(key, ListStatus.REVOKED, applied_index=place.log_index)
            self.gaps.close(key)
            if not place.outgoing or self.config.is_wanted(key.owner, key.list_id.hex()):
                self._alarm(AlarmKind.LIST_ENDED, f"{key.owner} {key.list_id.hex()} {place.case_id.hex()}")

    # --- what is missing

    def _refused(self, place: Place) -> None:
        """What a message brought does not verify: it is asked for once more, as it was, and never got round."""
        self._condition.count("refused")
        listed = self.by_case(place.case_id)
        if listed is None:
            return
        self._alarm(AlarmKind.LIST_REFUSED, f"{listed.key.owner} {listed.key.list_id.hex()} at {place.log_index}")
        if place.verb in (Verb.PUBLISH, Verb.SNAPSHOT) and listed.status in _LIVE:
            known = self.gaps.of(listed.key)
            again = listed.status is not ListStatus.SYNCING and known is not None and known.refused > 0
            self.taking.gap(listed, "does not verify", refused=1, shut=again)

    def _missed(self, place: Place) -> None:
        """What a message brought was left aside."""
        listed = self.by_case(place.case_id)
        if listed is not None and place.verb in (Verb.PUBLISH, Verb.SNAPSHOT) and listed.status in _LIVE:
            self.taking.gap(listed, "was left aside")

    def _lost(self, listed: WatchedList, gap: Gap) -> None:
        """Tells a person, once, that what is missing will not come by itself."""
        key = listed.key
        subject = f"{key.owner} {key.list_id.hex()} after {listed.sequence}"
        if subject not in self._lost_told:
            self._lost_told.add(subject)
            self._alarm(AlarmKind.LIST_LOST, subject)
        if gap.newest - listed.sequence > KEPT_BATCHES and not gap.shut:
            self.taking.gap(listed, "is kept no more", shut=True)

    async def _look(self, listed: WatchedList, *, ask: bool) -> None:
        now, key = self.client.clock(), listed.key
        silent = now - max(listed.last_heard, self._condition.started)
        promised = self._heartbeat_minutes(listed.terms.case_id)
        if silent > 60_000 * max(self.config.lag.minutes, promised + 5):
            self.taking.gap(listed, "was not heard in time", silent=True)
        gap = self.gaps.of(key)
        if gap is not None and gap.newest > listed.sequence and listed.status is ListStatus.CURRENT:
            self.store.set_status(key, ListStatus.LAGGING)  # a process was killed between the two
        joins = self.joining.waiting.of(key) >= 0
        if gap is not None and listed.status is not ListStatus.SYNCING and gap.lost(listed.sequence):
            self._lost(listed, gap)
            gap = self.gaps.of(key)
        if ask and gap is not None and not joins and gap.due(now, self.config.lag.retry_seconds):
            self._condition.count("resyncs")
            self._alarm(AlarmKind.LIST_LAGGING, f"{key.owner} {key.list_id.hex()} after {listed.sequence}")
            try:
                await self.gaps.ask(self.client, key, listed.terms.case_id, gap, now)
            except RefusedError as error:
                if error.reason in _AGAIN or error.reason is Reason.FAMILY_NOT_OFFERED:
                    raise
                self._condition.count("resyncs_refused")
            except ComityError:  # not pinned, or a contradiction stands: those alarms are raised already
                self._condition.count("resyncs_refused")

    def _heartbeat_minutes(self, case_id: bytes) -> int:
        """Returns how often the owner has promised a batch."""
        if case_id not in self._terms:
            with self.client.store.begin(lasting=False) as c:
                opening = places.opening_of(c, case_id)
            with suppress(ComityError):
                self._terms[case_id] = self._open(opening).payload.offer_list
        terms = self._terms.get(case_id)
        return 0 if terms is None else int(terms.heartbeat_minutes)

    def by_case(self, case_id: bytes) -> WatchedList | None:
        """Returns the list that is followed under a subscription, or None."""
        return next((one for one in self.store.lists() if one.terms.case_id == case_id), None)

    # --- for `Taking`

    def took(self, listed: WatchedList, batch_time: int) -> None:
        """Notes that a batch is screenable."""
        self._condition.count("batches")
        self._condition.took(max(0, self.client.clock() - batch_time) / 1000)

    def count(self, name: str) -> None:
        """Counts an event."""
        self._condition.count(name)

    def alarm(self, kind: AlarmKind, subject: str) -> None:
        """Tells a person."""
        self._alarm(kind, subject)


def _terms(offer: OpenedMessage, case_id: bytes) -> ListTerms:
    body, handling = offer.payload.offer_list, offer.payload.handling
    return ListTerms(body.title, int(body.default_action), handling.SerializeToString(deterministic=True), case_id)
