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

from comity.checkpoint import Checkpoint
from comity.directory import Directory, Head, SignedStatement, View, parse_entry
from comity.encoding import Purpose, digest
from comity.errors import ComityError, Reason, RefusedError, VerificationError
from comity.keys import fingerprint, same_fingerprint
from comity.names import HUB

from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.errors import ReplacedKeyError, SplitViewError, UnpinnedError
from agents.forgetting import OvertakenHeadError, judge
from agents.gossip import settle
from agents.history import CLOCK_SKEW_MS, Clock, History
from agents.home import Home
from agents.hubkeys import by_replaced_key, head_replaced, own_line, signed_checkpoint
from agents.monitor import watch_own_name
from agents.session import Session
from agents.sound import check_dates, head_form, sound_head
from agents.store import Store
from agents.tied import Tied
from agents.truststore import Pin, TrustedSize

__all__ = ["CLOCK_SKEW_MS", "HEAD_MAX_AGE_MS", "Clock", "Trust"]

HEAD_MAX_AGE_MS: Final = 10 * 60_000
"""How old the newest head may be for anything to be sealed on it."""
NOTES_LOOKED_AT: Final = 32
"""Among how many of the newest checkpoints one by the key in force is looked for, where keys were replaced."""
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
        self.history = History(home, store, clock, self._by_replaced)
        self.history.superseded = lambda head: head_replaced(self._directory, head) is not None
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
    def _latest(self) -> int:
        """Nothing that is signed is from later, Unix milliseconds."""
        return self._clock() + CLOCK_SKEW_MS

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
        """Returns the newest signed checkpoint that was verified: what goes into payloads; empty without one.

        None goes out that is signed by a key which is replaced now: another agency may know better from when.
        """
        several = len(self._directory.state.log_keys) > 1
        with self._store.begin() as c:
            notes = rows.newest_notes(c, NOTES_LOOKED_AT if several else 1)
        return next((one for one in notes if not several or self._signed(one)[1] is None), b"")

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
            tries = max(2, len(session.endpoints.addresses))
            while True:
                tries -= 1
                try:
                    return await self._refresh(session)
                except ReplacedKeyError:  # the process that answered signs on with it: another may not
                    session.endpoints.leave_present()
                    if not tries:
                        raise
                except OvertakenHeadError:
                    if not tries:
                        raise

    async def _refresh(self, session: Session) -> Head:
        presented, refused = self.history.newest, None
        try:
            body, sig = await session.get_head(None if presented is None else (presented.body, presented.sig))
        except RefusedError as error:
            if presented is None or error.reason is not Reason.BAD_SIGNATURE:
                raise
            # The hub has not signed what is kept: the directory may say that its key was replaced.
            refused = error
            body, sig = await session.get_head(None)
        claimed = head_form(body)
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
        seen = sound_head(self.history, grown, body, sig, self._latest)
        if head_replaced(grown, seen.head) is not None:
            self.history.check_head(seen, replaced=True)
            raise OvertakenHeadError(Reason.BUSY, "the key of the newest head was replaced just now")
        first = grown.size - len(entries)
        doubted = await judge(session, self._store, grown, seen, (first, entries))
        if doubted and grown.size > seen.head.directory_size:  # nobody has signed yet what is beyond: it can wait
            entries = entries[: max(0, seen.head.directory_size - first)]
            grown = self._directory.clone()
            statements = self._replay(grown, entries)
        before = self.history.known(presented, doubted.heads)
        gone = before is not presented
        self.history.check_head(seen, None if gone else presented, up_to=doubted.heads)
        if refused is not None and not gone:
            raise refused
        heads = [seen] if before is None else [before, seen]
        check_dates(self.history, first, entries, heads, self._latest, up_to=doubted.size)
        with self._store.begin() as c:
            doubted.forget(c, self.history, grown)
            rows.add_entries(c, first, entries)
            watch_own_name(c, self._home.agency, statements, self._clock())
        if doubted:
            self.history.forgot()
        self._directory = grown
        await self.history.check(session, seen.head.exchange_size, seen.head.exchange_root, b"", head=(body, sig))
        self.history.keep_head(seen)
        return self.head or seen.head

    def see_head(self, body: bytes, sig: bytes) -> bool:
        """Takes a head that came with the feed. Returns False where a refresh is needed to judge it, or another head.

        Raises:
            VerificationError: it does not verify.
        """
        claimed = head_form(body)
        if not 0 < claimed.directory_size <= self._directory.size:
            return False
        seen = sound_head(self.history, self._directory, body, sig, self._latest)
        replaced = head_replaced(self._directory, seen.head) is not None
        self.history.check_head(seen, replaced=replaced)
        with self._store.begin() as c:
            known = rows.checkpoint(c, seen.head.exchange_size)
        if replaced or known is None or known.root != seen.head.exchange_root:
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
        return await self.history.tie(session, found.size, found.root, found.note, asking=asking)

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
        checkpoint, replaced = self._signed(note)
        if replaced is not None and self.history.beyond(checkpoint.size, replaced):
            raise ReplacedKeyError("the checkpoint is signed by a log key that was replaced before")
        if checkpoint.size > at_most:
            self.history.contradiction(checkpoint.size, checkpoint.root, note, {"leaf_index": at_most})
        return TrustedSize(checkpoint.size, checkpoint.root, own_line(self.view(), self.exchange_origin, note))

    # --- how

    def _signed(self, note: bytes) -> tuple[Checkpoint, int | None]:
        return signed_checkpoint(self.view(), self.exchange_origin, note)

    def _by_replaced(self, note: bytes, head: bytes) -> bool:
        """See `by_replaced_key`. Another process of this home may have read the directory on."""
        with self._store.begin() as c:
            entries = rows.entries(c, self._directory.size)
        read_on = self._directory.clone() if entries else self._directory
        self._replay(read_on, entries)
        return by_replaced_key(read_on, note, head)

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
