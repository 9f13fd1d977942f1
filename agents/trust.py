"""Trust: what this agency has verified of the hub and of others, and that never goes back.

- The directory is replayed in full from the pinned genesis, every rule checked; an entry that breaks one is not taken.
- An entry that a head did not cover cannot be from before that head, none is from before a leaf that names less of the
  directory, and none is from the future.
- Nothing is sealed on a head that is older than 10 minutes.
- Whatever is seen of the exchange log (heads, receipts, checkpoints in payloads) must belong to one history
  (`agents/history.py`).
- Roots and the genesis count only after people have compared a fingerprint. There is no trust on first use.

A contradiction becomes an evidence file and an alarm, and until a person has dismissed it nothing is sealed; but what
only a key shows that the hub's operators have replaced is told and stops nothing (`agents/hubkeys.py`).

Never does: keys, mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from comity.directory import Directory, Head, SignedStatement, View, parse_entry, verify_head
from comity.directory.heads import parse_head
from comity.encoding import Purpose, digest
from comity.errors import ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.keys import fingerprint, same_fingerprint
from comity.names import HUB

from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.errors import ReplacedKeyError, SplitViewError, UnpinnedError
from agents.gossip import settle
from agents.history import CLOCK_SKEW_MS, HUB_SLACK_MS, Clock, History
from agents.home import Home
from agents.hubkeys import by_replaced_key, head_replaced, is_late, signed_checkpoint
from agents.monitor import watch_own_name
from agents.session import Session
from agents.store import Store
from agents.tied import Tied
from agents.truststore import Pin, SeenHead, TrustedSize

__all__ = ["CLOCK_SKEW_MS", "HEAD_MAX_AGE_MS", "Clock", "Trust"]

HEAD_MAX_AGE_MS: Final = 10 * 60_000
"""How old the newest head may be for anything to be sealed on it."""
_GENESIS: Final = "genesis"


class Trust:
    """What one home has verified."""

    def __init__(self, home: Home, store: Store, clock: Clock) -> None:
        """Replays what the store holds: a store that was tampered with does not open.

        Raises:
            VerificationError: the store's directory does not replay.
        """
        self._home, self._store, self._clock = home, store, clock
        self._directory = Directory()
        self._refreshing = asyncio.Lock()
        with store.begin() as c:
            self._pins = rows.pins(c)
            entries = rows.entries(c)
        self.history = History(home, store, clock, lambda note, head: by_replaced_key(self._directory, note, head))
        """What was seen of the exchange log and of heads."""
        self._replay(self._directory, entries)

    # --- reading

    @property
    def head(self) -> Head | None:
        """The newest head that was verified: the one over the longest logs."""
        return None if self.history.newest is None else self.history.newest.head

    def view(self, size: int | None = None) -> View:
        """Returns the directory as of a size, the present one by default.

        Raises:
            RefusedError: DIRECTORY_STALE: nothing was replayed yet, or not that far.
        """
        if self._directory.size == 0 or (size is not None and not 0 < size <= self._directory.size):
            raise RefusedError(Reason.DIRECTORY_STALE, "the directory was not replayed that far: refresh")
        return self._directory.view(size)

    def genesis(self) -> bytes:
        """Returns the hub's genesis, a serialised Statement.

        Raises:
            RefusedError: DIRECTORY_STALE: nothing was replayed yet.
        """
        self.view()
        with self._store.begin() as c:
            return parse_entry(rows.entries(c)[0])[1]

    @property
    def directory_size(self) -> int:
        """Number of directory entries replayed."""
        return self._directory.size

    @property
    def directory_origin(self) -> str:
        """Origin of the directory log."""
        return self._directory.state.origin

    @property
    def exchange_origin(self) -> str:
        """Origin of the exchange log."""
        return self._directory.state.exchange_origin

    def newest_note(self) -> bytes:
        """Returns the newest signed checkpoint that was verified: what goes into payloads."""
        with self._store.begin() as c:
            return rows.newest_note(c)

    def check_sealable(self) -> Head:
        """Returns the newest head if something may be sealed on it.

        Raises:
            RefusedError: DIRECTORY_STALE: no head, or one older than 10 minutes.
            SplitViewError: a contradiction stands.
        """
        self.check_one_history()
        head = self.head
        if head is None or self._clock() - head.time > HEAD_MAX_AGE_MS:
            raise RefusedError(Reason.DIRECTORY_STALE, "the newest head is older than 10 minutes: refresh")
        return head

    def check_one_history(self) -> None:
        """Raises SplitViewError while a contradiction stands that nobody has dismissed."""
        with self._store.begin() as c:
            if any(alarm.kind == AlarmKind.SPLIT_VIEW for alarm in rows.alarms(c)):
                raise SplitViewError("the hub has shown two histories")

    # --- pins

    def set_genesis(self, statement: SignedStatement, typed: str, member: str) -> None:
        """Pins the hub's genesis after its fingerprint was compared.

        Raises:
            VerificationError: the fingerprint typed is not the statement's.
        """
        if not same_fingerprint(typed, statement.body):
            raise VerificationError("the fingerprint is not that of the genesis")
        self._pin(Pin(HUB, statement.digest, self._clock(), member))
        with self._store.begin() as c:
            rows.put_meta(c, _GENESIS, statement.body)

    def fingerprint(self, name: str) -> str:
        """Returns the fingerprint of an agency's present root, or of the hub's genesis for `hub`, to be read aloud.

        Raises:
            RefusedError: NOT_FOUND.
        """
        return fingerprint(self._pinnable(name))

    def pin(self, agency: str, typed: str, member: str) -> None:
        """Pins an agency's root after its fingerprint was compared by telephone.

        Raises:
            VerificationError: the fingerprint typed is not that of the directory. Nothing is pinned.
            RefusedError: NOT_FOUND: no such agency.
        """
        body = self._pinnable(agency)
        if not same_fingerprint(typed, body):
            raise VerificationError("the fingerprint is not that of the directory: do not pin, call again")
        self._pin(Pin(agency, digest(Purpose.STATEMENT, body), self._clock(), member))

    def unpin(self, agency: str) -> None:
        """Forgets a pin: that agency's mail is inert from now on."""
        with self._store.begin() as c:
            rows.remove_pin(c, agency)
            self._pins = rows.pins(c)

    def pins(self) -> list[Pin]:
        """Returns the pins that stand: those of a replaced root do not."""
        return [pin for name, pin in sorted(self._pins.items()) if self.pinned(name)]

    def pinned(self, name: str) -> bool:
        """Returns whether an agency's present root was compared here. Read anew: another process may have pinned."""
        with self._store.begin() as c:
            self._pins = rows.pins(c)
        pin = self._pins.get(name)
        try:
            return pin is not None and pin.digest == digest(Purpose.STATEMENT, self._pinnable(name))
        except RefusedError:
            return False

    def check_pinned(self, agency: str) -> None:
        """Raises UnpinnedError unless an agency's present root was compared here."""
        if not self.pinned(agency):
            raise UnpinnedError("that agency's fingerprint was not compared here")

    # --- the directory

    async def refresh(self, session: Session) -> Head:
        """Brings directory and head up to date.

        Raises:
            VerificationError: what the hub showed does not verify; nothing of it was taken.
            RefusedError: the hub did not answer.
        """
        async with self._refreshing:  # two at once could leave the shorter directory behind
            presented = self.history.newest
            body, sig = await session.get_head(None if presented is None else (presented.body, presented.sig))
            claimed = self._form(body)
            # Entries are read beyond the head too: it may be a second old, and each is signed by who made it.
            entries, statements, grown = list[bytes](), list[SignedStatement](), self._directory
            while brought := await session.read_entries(grown.size):
                grown = grown if entries else grown.clone()
                statements += self._replay(grown, brought)
                entries += brought
                if grown.size >= claimed.directory_size:
                    break
            if not 0 < claimed.directory_size <= grown.size:
                raise VerificationError("the head names more of the directory than the hub shows")
            seen = self._sound_head(grown, body, sig, presented)
            self._check_times(grown.size - len(entries), entries, presented, seen)
            with self._store.begin() as c:
                rows.add_entries(c, grown.size - len(entries), entries)
                watch_own_name(c, self._home.agency, statements, self._clock())
            self._directory = grown
            await self.history.check(session, seen.head.exchange_size, seen.head.exchange_root, b"", head=(body, sig))
            self.history.keep_head(seen)
            return self.head or seen.head

    def see_head(self, body: bytes, sig: bytes) -> bool:
        """Takes a head that came with the feed. Returns False where a refresh is needed to judge it.

        Raises:
            VerificationError: it does not verify.
        """
        claimed = self._form(body)
        if not 0 < claimed.directory_size <= self._directory.size:
            return False
        seen = self._sound_head(self._directory, body, sig)
        with self._store.begin() as c:
            known = rows.checkpoint(c, seen.head.exchange_size)
        if known is None or known.root != seen.head.exchange_root:
            return False
        self.history.keep_head(seen)
        return True

    def expect(self, statements: list[bytes]) -> None:
        """Remembers statement bodies that this agency is about to publish, so that the monitor knows them."""
        with self._store.begin() as c:
            for body in statements:
                rows.add_own_statement(c, digest(Purpose.STATEMENT, body))

    # --- the exchange log

    async def check_gossip(
        self, session: Session, note: bytes, at_most: int, asking: Callable[[], None] | None = None
    ) -> Tied:
        """Ties a checkpoint from a payload to the one history. What is returned is to be kept with the message.

        Args:
            session: to ask for a proof.
            note: as it stood in the payload.
            at_most: index of the message's own leaf: its sender cannot have seen a larger log.
            asking: called before the hub is asked, where it has to be.

        Raises:
            VerificationError: not signed by a key of the log, or by one that was replaced and did not sign it then.
            SplitViewError: the sender was shown another history.
        """
        found = self._gossiped(note, at_most)
        return await self.history.tie(session, found.size, found.root, note, asking=asking)

    def note_gossip(self, note: bytes, at_most: int) -> TrustedSize | None:
        """Does what `check_gossip` does as far as that asks nobody, for mail by which only a machine acts.

        Returns:
            What is to be kept with the message until `settle_gossip`; None where it is of the one history already.

        Raises:
            VerificationError: as `check_gossip`.
            SplitViewError: as `check_gossip`.
        """
        found = self._gossiped(note, at_most)
        return None if self.history.holds(found) else found

    async def settle_gossip(self, session: Session) -> None:
        """Ties what `note_gossip` left, see `agents/gossip.py`.

        Raises:
            SplitViewError: a sender was shown another history, or the hub does not prove that it was not.
            RefusedError: the hub did not answer for one yet. Both are raised once all had their turn.
        """
        head_time = None if self.head is None else self.head.time
        await settle(session, self._store, self.history, head_time, self._clock())

    def _gossiped(self, note: bytes, at_most: int) -> TrustedSize:
        checkpoint, replaced = signed_checkpoint(self.view(), self.exchange_origin, note)
        if replaced is not None and self.history.beyond(checkpoint.size, replaced):
            raise ReplacedKeyError("the checkpoint is signed by a log key that was replaced before")
        if checkpoint.size > at_most:
            self.history.contradiction(checkpoint.size, checkpoint.root, note, {"leaf_index": at_most})
        return TrustedSize(checkpoint.size, checkpoint.root, note)

    # --- how

    def _replay(self, directory: Directory, entries: list[bytes]) -> list[SignedStatement]:
        statements: list[SignedStatement] = []
        for entry in entries:
            try:
                statement = directory.apply(entry)
                if directory.size == 1 and not self._is_genesis(statement):
                    raise VerificationError("entry 0 is not the genesis that was pinned")
            except (ComityError, ValueError) as error:
                self.history.alarm(AlarmKind.DIRECTORY_REFUSED, str(directory.size), {"entry": entry})
                raise VerificationError("the hub shows a directory entry that breaks the rules") from error
            statements.append(statement)
        return statements

    def _is_genesis(self, statement: SignedStatement) -> bool:
        pin = self._pins.get(HUB)
        return pin is not None and pin.digest == statement.digest

    def _form(self, body: bytes) -> Head:
        try:
            return parse_head(body)
        except MalformedError:
            raise VerificationError("the head is malformed") from None

    def _sound_head(self, directory: Directory, body: bytes, sig: bytes, presented: SeenHead | None = None) -> SeenHead:
        """Verifies a head whose size was replayed, by the key of that size and against every head that was seen.

        Raises:
            VerificationError: it does not verify.
        """
        view = directory.view(self._form(body).directory_size)
        head = verify_head(body, sig, view.head_key())
        if (head.directory_origin, head.exchange_origin) != (directory.state.origin, directory.state.exchange_origin):
            raise VerificationError("the head is another hub's")
        replaced = head_replaced(directory, head)
        parts: dict[str, bytes | int] = {"shown_head": body, "shown_head_signature": sig}
        if replaced is not None and is_late(directory, head, replaced):
            self.history.forked(f"head key {head.directory_size}", parts, replaced=True)
        if head.directory_root != view.root:
            parts |= {"directory_size": head.directory_size, "replayed": view.root}
            parts["claimed"] = head.directory_root
            self.history.forked(f"directory {head.directory_size}", parts, replaced=replaced is not None)
        if head.time > self._clock() + CLOCK_SKEW_MS:
            raise VerificationError("the head is from the future: check the clocks")
        seen = SeenHead(head, body, sig)
        self.history.check_head(seen, presented, replaced=replaced is not None)
        return seen

    def _check_times(self, first: int, entries: list[bytes], before: SeenHead | None, seen: SeenHead) -> None:
        """Checks the times of new entries: the hub chooses them, but not against what it has signed before.

        An entry comes after every leaf that names a directory without it.

        Args:
            first: index of the first one.
            entries: that were replayed.
            before: the newest head that was held before they came.
            seen: the head that came with them.
        """
        latest = self._clock() + CLOCK_SKEW_MS
        leaves = self.history.leaf_times(range(first, first + len(entries)))
        for index, entry in enumerate(entries, start=first):
            time = parse_entry(entry)[0] * 1000
            heads = [found for found in (before, seen) if found is not None and index >= found.head.directory_size]
            late = next((found for found in heads if time < found.head.time - HUB_SLACK_MS), None)
            if late is not None or not leaves[index - first] * 1000 <= time <= latest:
                head = late or seen
                parts: dict[str, bytes | int] = {"entry": entry, "head": head.body, "head_signature": head.sig}
                self.history.alarm(AlarmKind.DIRECTORY_REFUSED, str(index), parts)
                raise VerificationError("the hub shows a directory entry of another time than it can be from")

    def _pinnable(self, name: str) -> bytes:
        if name == HUB:
            with self._store.begin() as c:
                body: bytes | None = rows.get_meta(c, _GENESIS) or None
        else:
            body = self.view().root_body(name)
        if not body:
            raise RefusedError(Reason.NOT_FOUND, "no such agency in the directory")
        return body

    def _pin(self, pin: Pin) -> None:
        with self._store.begin() as c:
            rows.put_pin(c, pin)
            self._pins = rows.pins(c)
