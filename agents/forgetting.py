"""Forgetting what only a replaced key of the hub vouches for, once the key in force shows that it is of no log.

An agency that was away when operators replaced a key, and met the key's thief before it met its hub, may hold a head
or sizes that the hub never had: it could not prove them, and the agency would be cut off from it for good. So when the
directory says that a key was replaced, what was kept is judged like what comes: a head may not be from later than the
entry that replaced its key, and sizes must lead to the head that is signed by the key in force. What does not goes,
with an alarm and both sides as evidence. It goes only where replaced keys alone vouch for it: whatever else contradicts
that head is a second history as ever.

Never does: forget mail, or what a key in force has signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.directory import Directory
from comity.errors import RefusedError, VerificationError
from comity.merkle import EMPTY_ROOT, verify_consistency
from sqlalchemy import Connection

from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.gossip import CANNOT
from agents.history import History
from agents.hubkeys import head_replaced, is_late, signed_checkpoint
from agents.session import Session
from agents.store import Store
from agents.truststore import SeenHead, TrustedSize


async def forget(session: Session, store: Store, history: History, directory: Directory, seen: SeenHead) -> None:
    """Forgets what only replaced keys vouch for and does not fit a head; tells of it.

    Args:
        session: to ask for proofs.
        store: of this home.
        history: tells of it.
        directory: as far as it was replayed.
        seen: was verified, by the head key in force.

    Raises:
        RefusedError: the hub did not answer.
    """
    await _sizes(session, store, history, directory, seen)
    with store.begin() as c:
        kept = rows.newest_head(c)
    while kept is not None and _late(directory, kept):
        parts: dict[str, bytes | int] = {"shown_head": kept.body, "shown_head_signature": kept.sig}
        history.alarm(AlarmKind.REPLACED_KEY, f"head key {kept.head.directory_size}", parts)
        with store.begin() as c:
            rows.drop_head(c, kept)
            kept = rows.newest_head(c)


def _late(directory: Directory, kept: SeenHead) -> bool:
    replaced = head_replaced(directory, kept.head)
    return replaced is not None and is_late(directory, kept.head, replaced)


async def _sizes(session: Session, store: Store, history: History, directory: Directory, seen: SeenHead) -> None:
    with store.begin() as c:
        newest = rows.newest_size(c)
        if newest is None or not _by_replaced(c, directory, newest, seen):
            return
    if await _leads_to(session, newest, seen):
        return
    with store.begin() as c:
        kept = rows.sizes(c)
    first = await _first_beside(session, kept, seen)
    fits = kept[first - 1].size if first else 0
    with store.begin() as c:
        if not all(_by_replaced(c, directory, found, seen) for found in kept[first:]):
            return
        head = rows.newest_head(c)
    parts: dict[str, bytes | int] = {
        "head": seen.body,
        "head_signature": seen.sig,
        "shown_size": newest.size,
        "shown_root": newest.root,
        "shown_checkpoint": newest.note,
        "shown_head": b"" if head is None else head.body,
        "shown_head_signature": b"" if head is None else head.sig,
    }
    history.alarm(AlarmKind.REPLACED_KEY, f"exchange {newest.size} {newest.root.hex()}", parts)
    with store.begin() as c:
        if rows.newest_size(c) == newest:  # else another process of this home has done it
            rows.forget_beyond(c, fits)
    history.forget_tied()


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
    return replaced is not None and replaced <= seen.head.directory_size


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
