"""Forgetting what only a replaced key of the hub vouches for, once the key in force shows that it is of no log.

An agency that was away when operators replaced a key, and met the key's thief before it met its hub, may hold a head
or sizes that the hub never had: it could not prove them, and the agency would be cut off from it for good. So when the
directory says that a key was replaced, what was kept is judged like what comes: a head may not be from later than the
entry that replaced its key, and sizes must lead to the head that is signed by the key in force. What does not goes,
with an alarm and both sides as evidence. It goes only where replaced keys alone vouch for it: whatever else contradicts
that head is a second history as ever.

First it is judged; what came is held against what would be left; then what goes goes in one transaction with the
entries that say why.

Never does: forget mail, or what a key in force has signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from comity.directory import Directory
from comity.errors import Reason, RefusedError, VerificationError
from comity.merkle import EMPTY_ROOT, MAX_SIZE, verify_consistency
from sqlalchemy import Connection

from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.gossip import CANNOT
from agents.headorder import covers
from agents.history import History
from agents.hubkeys import head_replaced, is_late, signed_checkpoint
from agents.rereading import go_back
from agents.session import Session
from agents.store import Store
from agents.truststore import SeenHead, TrustedSize

Parts = Mapping[str, bytes | int]


class OvertakenHeadError(RefusedError):
    """The head was signed before the entry that replaced its key, or by the key's thief: the next one says more.

    Or another process of this home has kept something meanwhile, beside which nothing was judged.
    """


@dataclass(frozen=True, slots=True)
class Doubted:
    """What is to be forgotten, as judged against a head."""

    seen: SeenHead
    """That head, by the key in force."""
    size: int
    """Sizes of the exchange log beyond it go; `MAX_SIZE` where none does."""
    heads: int
    """Heads over more leaves go; `MAX_SIZE` where none does."""
    newest: tuple[TrustedSize | None, SeenHead | None]
    """The greatest size and head that there were."""
    told: Mapping[str, Parts]
    """Subjects of alarms, and the evidence of each."""

    def __bool__(self) -> bool:
        """Returns whether anything goes."""
        return self.heads != MAX_SIZE or self.size != MAX_SIZE

    def forget(self, c: Connection, history: History, directory: Directory) -> None:
        """Forgets it and tells of it.

        Args:
            c: of the transaction that keeps the entries.
            history: tells of it.
            directory: with those entries.

        Raises:
            OvertakenHeadError: something else is kept by now. Nothing is to be written.
        """
        if not self:
            return
        now = rows.newest_size(c), rows.newest_head(c)
        if now != self.newest or (self.size != MAX_SIZE and _is_vouched(c, directory, self.size, self.seen)):
            raise OvertakenHeadError(Reason.BUSY, "another process of this home has kept something meanwhile")
        for subject, parts in self.told.items():
            history.alarm(AlarmKind.REPLACED_KEY, subject, dict(parts), c)
        rows.forget_heads_beyond(c, self.heads)
        if self.size == MAX_SIZE:
            return
        rows.forget_beyond(c, self.size)
        go_back(c, self.size)
        # What is left leads to that head: whoever is killed now knows it, and from when the replaced key says nothing.
        rows.put_checkpoint(c, TrustedSize(self.seen.head.exchange_size, self.seen.head.exchange_root, b""))
        left = rows.newest_head(c)
        if left is None or covers(self.seen.head, left.head):
            rows.put_head(c, self.seen)


async def judge(
    session: Session, store: Store, directory: Directory, seen: SeenHead, added: tuple[int, Sequence[bytes]]
) -> Doubted:
    """Returns what only replaced keys vouch for and does not fit a head. Nothing is written.

    Args:
        session: to ask for proofs.
        store: of this home.
        directory: as far as it was replayed.
        seen: was verified, by the head key in force.
        added: entries that are not kept yet, and the index of the first.

    Raises:
        RefusedError: the hub did not answer.
    """
    told: dict[str, Parts] = {}
    with store.begin() as c:
        newest = rows.newest_size(c), rows.newest_head(c)
    size = await _fitting(session, store, directory, seen)
    shown, head = newest
    by_force: Parts = {"head": seen.body, "head_signature": seen.sig}
    if size != MAX_SIZE and shown is not None:
        told[f"forgotten {shown.size} {shown.root.hex()}"] = {
            **by_force,
            "shown_size": shown.size,
            "shown_root": shown.root,
            "shown_checkpoint": shown.note,
            "shown_head": b"" if head is None else head.body,
            "shown_head_signature": b"" if head is None else head.sig,
        }
    heads = size
    with store.begin() as c:
        kept = rows.head_up_to(c, heads)
        while kept is not None and (replaced := _late(directory, kept)) is not None:
            at = replaced - 1 - added[0]
            # Its date is the hub's word, against that of whoever signed the head: people see both.
            entry = added[1][at] if at >= 0 else rows.entries(c, replaced - 1)[0]
            parts = {**by_force, "entry": entry, "shown_head": kept.body, "shown_head_signature": kept.sig}
            told.setdefault(f"forgotten head {kept.head.directory_size}", parts)
            heads = kept.head.exchange_size - 1
            kept = rows.head_up_to(c, heads)
    return Doubted(seen, size, heads, newest, told)


def _late(directory: Directory, kept: SeenHead) -> int | None:
    """Returns the directory size from which a head's key is replaced, where it is from later than that."""
    replaced = head_replaced(directory, kept.head)
    return replaced if replaced is not None and is_late(directory, kept.head, replaced) else None


async def _fitting(session: Session, store: Store, directory: Directory, seen: SeenHead) -> int:
    """Returns the greatest size kept that leads to a head, where all beyond is to be forgotten; else `MAX_SIZE`."""
    with store.begin() as c:
        newest = rows.newest_size(c)
        if newest is None or not _by_replaced(c, directory, newest, seen):
            return MAX_SIZE
    if await _leads_to(session, newest, seen):
        return MAX_SIZE
    with store.begin() as c:
        kept = rows.sizes(c)
    first = await _first_beside(session, kept, seen)
    fits = kept[first - 1].size if first else 0
    with store.begin() as c:
        return MAX_SIZE if _is_vouched(c, directory, fits, seen) else fits


def _is_vouched(c: Connection, directory: Directory, size: int, seen: SeenHead) -> bool:
    """Returns whether a key that was not replaced before a head has signed something beyond a size.

    A head in force counts whoever has signed checkpoints of its size since: a receipt can come again under any key.
    """
    beyond = (found for found in rows.sizes(c) if found.size > size)
    if not all(_by_replaced(c, directory, found, seen) for found in beyond):
        return True
    return not all(_before(head_replaced(directory, one.head), seen) for one in rows.heads_beyond(c, size))


def _before(replaced: int | None, seen: SeenHead) -> bool:
    return replaced is not None and replaced <= seen.head.directory_size


def _by_replaced(c: Connection, directory: Directory, found: TrustedSize, seen: SeenHead) -> bool:
    """Returns whether nothing but keys that were replaced before a head vouches for a size.

    A size without a note came with a head: that one, or one over longer logs, is kept.
    """
    if found.note:
        try:
            _, replaced = signed_checkpoint(directory.view(), directory.state.exchange_origin, found.note)
        except VerificationError:
            return False
    else:
        head = rows.head_from(c, found.size) or rows.newest_head(c)
        replaced = None if head is None else head_replaced(directory, head.head)
    return _before(replaced, seen)


async def _first_beside(session: Session, kept: Sequence[TrustedSize], seen: SeenHead) -> int:
    """Returns which is the first that does not lead to a head: they are one history, so those before it do."""
    low, high = 0, len(kept) - 1
    while low < high:
        middle = (low + high) // 2
        if await _leads_to(session, kept[middle], seen):
            low = middle + 1
        else:
            high = middle
    return low


async def _leads_to(session: Session, found: TrustedSize, seen: SeenHead) -> bool:
    size, root = seen.head.exchange_size, seen.head.exchange_root
    if found.size in (0, size):
        return found.root == (root if found.size else EMPTY_ROOT)
    if found.size > size:  # a head that covers the entry that replaced the key covers all that the key has signed
        return False
    try:
        path = await session.get_consistency("exchange", found.size, size)
        verify_consistency(found.size, size, found.root, root, path)
    except VerificationError:
        return False
    except RefusedError as error:
        if error.reason in CANNOT:
            return False
        raise
    return True
