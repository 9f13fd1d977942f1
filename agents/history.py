"""The one history: every head, checkpoint and leaf that the hub has signed must fit every other.

- A size of the exchange log is tied to the sizes seen before by a consistency proof; the trusted size only grows.
- Both logs grow under one lock, and a head is signed over both as they stood at one moment. So of two heads one covers
  the other, in both logs; a leaf that a head does not cover was checked under at least that head's directory; and along
  the log neither the leaves' times nor their directories go back. The hub chooses what a leaf says: only what it has
  signed before keeps it from choosing the time or the directory of before a revocation.
- Entries and leaves are dated under that lock, by one time that never goes back, so they are compared without slack:
  a leaf is not from before the last entry it names nor from after the next, an entry not from before a leaf. A head's
  time is its signer's clock, so that is compared with slack. Sizes are compared without.

A contradiction becomes an evidence file and an alarm, which stops sealing unless a replaced key alone shows it
(`agents/hubkeys.py`). Never does: the directory (`agents/trust.py`), mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Final, NoReturn

from comity.directory import Head
from comity.errors import VerificationError
from comity.merkle import EMPTY_ROOT, MAX_SIZE, verify_consistency
from comity.receipts import Leaf, Receipt, encode_receipt
from sqlalchemy import Connection

from agents import truststore as rows
from agents.alarms import AlarmKind, raise_alarm
from agents.errors import ReplacedKeyError, SplitViewError
from agents.evidence import save_evidence
from agents.headorder import CLOCK_SKEW_MS, HUB_SLACK_MS, contradict, covers, later
from agents.home import Home
from agents.session import Session
from agents.store import Store
from agents.tied import Offered, Tied, until_kept
from agents.truststore import SeenHead, TrustedSize

__all__ = ["CLOCK_SKEW_MS", "HUB_SLACK_MS", "Clock", "History", "Replaced", "contradict", "covers"]

Clock = Callable[[], int]
"""Returns Unix milliseconds UTC."""
Replaced = Callable[[bytes, bytes], bool]
"""Returns whether a signed checkpoint, or else a head's body, is by a key that was replaced since."""

TIED_SIZES: Final = 4096
"""How many proved sizes are remembered in memory, so that nobody has to look for them."""
REPLACED_TOLD: Final = 8
"""How many alarms of replaced keys may stand before what such a key signs is told no more: its thief signs on."""


def _fits(low: tuple[int, bytes], high: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Returns whether a path proves that the log of the greater size begins with that of the smaller one."""
    try:
        verify_consistency(low[0], high[0], low[1], high[1], path)
    except VerificationError:
        return False
    return True


class History:
    """What one home has seen signed of the exchange log, and of both logs' heads."""

    def __init__(self, home: Home, store: Store, clock: Clock, replaced: Replaced = lambda _note, _head: False) -> None:
        self._home, self._store, self._clock, self._replaced = home, store, clock, replaced
        self.superseded: Callable[[Head], bool] = lambda _: False
        """Whether the key of a head is replaced, by what is replayed."""
        self._tied: dict[int, tuple[bytes, bytes]] = {}  # root and note of what is kept, never what is still to be
        with store.begin() as c:
            self.newest: SeenHead | None = rows.newest_head(c)

    # --- heads

    def check_head(
        self, seen: SeenHead, presented: SeenHead | None = None, *, replaced: bool = False, up_to: int = MAX_SIZE
    ) -> None:
        """Compares a head with those kept.

        Args:
            seen: its signature was verified.
            presented: the head that the hub had before it when it answered with this one.
            replaced: its key was replaced since.
            up_to: heads over more leaves are about to be forgotten.

        Raises:
            SplitViewError: the hub has signed a contradiction.
            ReplacedKeyError: a key that was replaced has.
        """
        size = seen.head.exchange_size
        with self._store.begin() as c:
            kept = [rows.head_up_to(c, min(size, up_to)), rows.head_from(c, size), rows.head_up_to(c, up_to)]
        left = [other for other in kept if other is not None and other.head.exchange_size <= up_to]
        against = next((other for other in left if contradict(seen.head, other.head)), None)
        if against is None and presented is not None and not covers(seen.head, presented.head):
            against = presented
        if against is None:
            return
        parts: dict[str, bytes | int] = {
            "head": against.body,
            "head_signature": against.sig,
            "shown_head": seen.body,
            "shown_head_signature": seen.sig,
        }
        self.forked(f"head {seen.head.exchange_size} {seen.head.directory_size}", parts, replaced=replaced)

    def known(self, presented: SeenHead | None, up_to: int = MAX_SIZE) -> SeenHead | None:
        """Returns the head that was presented; where neither it is kept nor one that covers it, the newest there is.

        Args:
            presented: to the hub; somebody of this home may have forgotten it meanwhile.
            up_to: heads over more leaves are about to be forgotten.
        """
        with self._store.begin() as c:
            self.newest, left = rows.newest_head(c), rows.head_up_to(c, up_to)
        if presented is None or (left is not None and covers(left.head, presented.head)):
            return presented
        self._tied.clear()
        return left

    def forgot(self) -> None:
        """Takes note that heads and sizes were forgotten."""
        self._tied.clear()
        with self._store.begin() as c:
            self.newest = rows.newest_head(c)

    def keep_head(self, seen: SeenHead) -> None:
        """Keeps a head if it is over longer logs than the newest, or over the same ones later."""
        with self._store.begin() as c:  # another process of this home may have kept a newer one
            newest = rows.newest_head(c)
            if newest is None or later(seen.head, newest.head):
                rows.put_head(c, seen)
                newest = seen
        self.newest = newest

    # --- leaves

    def check_leaf(self, index: int, leaf: Leaf, superseded: int | None, entered: int = 0) -> None:
        """Checks that a leaf can say what it says where it stands.

        Args:
            index: its place.
            leaf: verified to stand there.
            superseded: Unix second at which the directory it names was no longer the newest, or None while it is.
            entered: Unix second of the last entry of the directory that it names.

        Raises:
            VerificationError: it cannot.
        """
        if leaf.time_seconds < entered:
            raise VerificationError("the leaf is from before the directory that it names")
        if superseded is not None and leaf.time_seconds > superseded:
            raise VerificationError("the leaf names a directory that was superseded before")
        with self._store.begin() as c:
            self.check_leaf_beside(c, index, leaf)

    def check_leaf_beside(self, c: Connection, index: int, leaf: Leaf) -> None:
        """Checks that a leaf can stand where it does beside the leaves and heads that are kept.

        Raises:
            VerificationError: it cannot.
        """
        before, after = rows.leaves_around(c, index)
        seen = rows.head_up_to(c, index)
        said = (leaf.directory_size, leaf.time_seconds)
        if before is not None and (said[0] < before[0] or said[1] < before[1]):
            raise VerificationError("the leaf is from before one that stands before it")
        if after is not None and (said[0] > after[0] or said[1] > after[1]):
            raise VerificationError("the leaf is from after one that stands after it")
        if seen is None:
            return
        if leaf.directory_size < seen.head.directory_size:
            raise VerificationError("the leaf names a shorter directory than a head from before it")
        # What a replaced key says of the time binds nobody: its thief could date a head so that no true leaf fits it.
        if leaf.time_seconds * 1000 < seen.head.time - HUB_SLACK_MS and not self.superseded(seen.head):
            raise VerificationError("the leaf is from before a head that does not cover it")

    def leaf_times(self, sizes: Sequence[int], up_to: int = MAX_SIZE) -> list[int]:
        """Returns for each size of the directory the time of the newest leaf kept that names no more of it, or 0.

        Another process of this home may be ahead, so not every leaf that is kept is from before what is read here.
        Leaves beyond `up_to` are about to be forgotten.
        """
        with self._store.begin() as c:
            return [rows.leaf_time_up_to(c, size, up_to) for size in sizes]

    def beyond(self, size: int, directory_size: int) -> bool:
        """Returns whether the log had a size only when the directory had one: by a leaf or head kept from before it."""
        if not 0 < size <= MAX_SIZE:
            return False
        with self._store.begin() as c:
            before, _ = rows.leaves_around(c, size - 1)
            seen = rows.head_up_to(c, size - 1)
        known = 0 if before is None else before[0]
        return max(known, 0 if seen is None else seen.head.directory_size) >= directory_size

    # --- sizes

    async def check(
        self,
        session: Session,
        size: int,
        root: bytes,
        note: bytes,
        *,
        head: tuple[bytes, bytes] = (b"", b""),
        keep_note: bool = True,
    ) -> None:
        """Ties a size of the exchange log to the one history and keeps it, see `tie`; its note where that is wanted."""

        async def kept() -> None:
            tied = await self.tie(session, size, root, note, head=head)
            if not keep_note:
                tied = replace(tied, size=TrustedSize(size, root, b""))
            with self._store.begin() as c:
                tied.keep(c)
            self.kept(tied)

        await until_kept(kept)

    async def tie(
        self,
        session: Session,
        size: int,
        root: bytes,
        note: bytes,
        *,
        head: tuple[bytes, bytes] = (b"", b""),
        leaf: tuple[int, Leaf] | None = None,
        last: Tied | None = None,
        asking: Callable[[], None] | None = None,
        offered: Offered | None = None,
    ) -> Tied:
        """Ties a size of the exchange log to the one history, or saves evidence that it does not belong to it.

        Args:
            session: to ask for a proof.
            size: number of leaves.
            root: of that tree, signed by the hub in a head or checkpoint.
            note: the signed checkpoint; empty for a head's.
            head: body and signature of the head that says so, where one does.
            leaf: index and leaf that was verified by it.
            last: what was tied before it and is to be kept before it, in the same batch.
            asking: called before the hub is asked, where it has to be.
            offered: a path that came with it; one that does not fit says nothing, and the hub is asked.

        Returns:
            What is to be kept.

        Raises:
            SplitViewError: it does not belong to it.
            ReplacedKeyError: so, and the key that signed it was replaced since.
            RefusedError: the hub did not answer.
        """
        found = TrustedSize(size, root, note)
        if (tied := self._tied.get(size, (b"", b"")))[0] == root and note in (b"", tied[1]):
            return Tied(found, leaf, base=None if last is None else last.greater, kept=True)
        if last is not None and (last.size.size, last.size.root) == (size, root):
            return Tied(found, leaf, base=last.base)
        shown: dict[str, bytes | int] = {"shown_head": head[0], "shown_head_signature": head[1]}
        with self._store.begin() as c:
            known, base = rows.checkpoint_and_newest(c, size)
        if known is not None and known.root == root and known.note:
            self._remember(known)
        if last is not None and (base is None or last.greater.size >= base.size):
            base = last.greater
        if known is None and base is not None and base.size == size:
            known = base
        if (known is not None and known.root != root) or (size == 0 and root != EMPTY_ROOT):
            self.contradiction(size, root, note, shown, known)
        if known is None and base is not None and 0 not in (size, base.size):
            low, high = sorted([(size, root), (base.size, base.root)])
            if offered is None or offered.size != base.size or not _fits(low, high, offered.path):
                if asking is not None:
                    asking()
                path = await session.get_consistency("exchange", low[0], high[0])
                if not _fits(low, high, path):
                    self.contradiction(size, root, note, shown | {"consistency_path": b"".join(path)}, base)
        outranks = known is not None and self._outranks(note, known.note)
        return Tied(found, leaf, base, outranks=outranks)

    def _outranks(self, note: bytes, kept: bytes) -> bool:
        """Returns whether a checkpoint is by a key in force and the one that is kept of its size by a replaced one."""
        if not note or not kept or note == kept:
            return False
        return self._replaced(kept, b"") and not self._replaced(note, b"")

    def holds(self, found: TrustedSize) -> bool:
        """Returns whether a size is kept as part of the one history.

        Raises:
            SplitViewError: it is kept with another root.
        """
        if self._tied.get(found.size, (b"", b""))[0] == found.root:
            return True
        with self._store.begin() as c:
            known = rows.checkpoint(c, found.size)
        if known is not None and known.root != found.root:
            self.contradiction(found.size, found.root, found.note, {}, known)
        return known is not None

    def saw(self, size: int, root: bytes) -> bool:
        """Returns whether a size is kept with that root."""
        with self._store.begin() as c:
            known = rows.checkpoint(c, size)
        return known is not None and known.root == root

    async def tie_again(self, session: Session, tied: Tied, last: Tied | None = None) -> Tied:
        """Ties what was overtaken to what is kept now, see `tie`."""
        found = tied.size
        self._tied.pop(found.size, None)  # perhaps it was forgotten by another process of this home
        return await self.tie(session, found.size, found.root, found.note, leaf=tied.leaf, last=last)

    def kept(self, tied: Tied) -> Tied:
        """Takes note that what was tied is kept: its transaction was committed. Returns it as such."""
        if tied.size.note:
            self._remember(tied.size)
        return replace(tied, kept=True)

    def _remember(self, found: TrustedSize) -> None:
        if len(self._tied) >= TIED_SIZES:
            self._tied.clear()
        self._tied[found.size] = (found.root, found.note)

    def contradiction(
        self,
        size: int,
        root: bytes,
        note: bytes,
        further: dict[str, bytes | int],
        trusted: TrustedSize | None = None,
        *,
        subject: str = "",
    ) -> NoReturn:
        """Saves what contradicts what, and raises SplitViewError, or ReplacedKeyError.

        Args:
            size: number of leaves of the tree that was shown.
            root: of that tree.
            note: the signed checkpoint that says so, empty where a head does.
            further: more of the evidence.
            trusted: what it contradicts; by default what is kept of that size, or the newest.
            subject: of the alarm; by default the size and root.
        """
        with self._store.begin() as c:
            ours = trusted or rows.checkpoint(c, size) or rows.newest_size(c) or TrustedSize(0, EMPTY_ROOT, b"")
        parts: dict[str, bytes | int] = {
            "shown_size": size,
            "shown_root": root,
            "shown_checkpoint": note,
            "trusted_size": ours.size,
            "trusted_root": ours.root,
            "trusted_checkpoint": ours.note,
            "head": b"" if self.newest is None else self.newest.body,
            "head_signature": b"" if self.newest is None else self.newest.sig,
        }
        head = further.get("shown_head")
        replaced = self._replaced(note, head if isinstance(head, bytes) else b"")
        self.forked(subject or f"exchange {size} {root.hex()}", parts | further, replaced=replaced)

    def forked(self, subject: str, parts: dict[str, bytes | int], *, replaced: bool) -> NoReturn:
        """Raises the alarm of a second history, and the error.

        Args:
            subject: what shows it.
            parts: the evidence.
            replaced: a key that was replaced since has signed it: that is told, and stops no sealing.
        """
        if replaced:
            with self._store.begin() as c:
                told = sum(one.kind == AlarmKind.REPLACED_KEY for one in rows.alarms(c))
            if told < REPLACED_TOLD:
                self.alarm(AlarmKind.REPLACED_KEY, subject, parts)
            raise ReplacedKeyError("a key of the hub that was replaced has signed another history")
        self.alarm(AlarmKind.SPLIT_VIEW, subject, parts)
        raise SplitViewError("the hub has shown two histories")

    def invalid(self, subject: str, index: int, parts: dict[str, bytes | int]) -> None:
        """Raises the alarm of something that the hub delivered and cannot prove, with the newest head from before it.

        Args:
            subject: what it is about.
            index: its place in the exchange log.
            parts: the evidence.
        """
        with self._store.begin() as c:
            seen = rows.head_up_to(c, min(index, MAX_SIZE))
        head: dict[str, bytes | int] = {} if seen is None else {"head": seen.body, "head_signature": seen.sig}
        self.alarm(AlarmKind.INVALID_DELIVERY, subject, parts | head)

    def invalid_receipt(self, receipt: Receipt, subject: str) -> None:
        """Raises the alarm of a receipt that does not verify, or is not of what it was given for."""
        self.invalid(subject, receipt.index, {"receipt": encode_receipt(receipt)})

    def alarm(self, kind: AlarmKind, subject: str, parts: dict[str, bytes | int], c: Connection | None = None) -> None:
        """Saves evidence and raises the alarm, in a transaction of its own or one that its caller began."""
        now = self._clock()
        with self._store.begin() if c is None else nullcontext(c) as connection:
            if raise_alarm(connection, kind, subject, now) or kind is not AlarmKind.REPLACED_KEY:
                save_evidence(self._home, kind, now, parts)
