"""Receipts, checkpoints and heads made of what is stored: the same bytes each time, whichever process makes them.

Never does: I/O.
"""

from __future__ import annotations

from functools import lru_cache

from comity.directory import Head, sign_head
from comity.directory.state import State, View
from comity.keys import SigningKey
from comity.merkle import EMPTY_ROOT
from comity.receipts import Receipt

from hub.log.commands import SignedHead
from hub.log.domain import LogKeys, LogState, note_of
from hub.log.store import StoredReceipt

_REMEMBERED = 4096


@lru_cache(maxsize=_REMEMBERED)
def note_at(origin: str, size: int, root: bytes, key: SigningKey) -> bytes:
    """Returns a log's signed checkpoint. Remembered: a batch's receipts are asked for many times."""
    return note_of(origin, size, root, key)


def receipt_of(stored: StoredReceipt, origin: str, keys: LogKeys) -> Receipt:
    """Returns the receipt of a stored event. Of an erased one event and salt are empty; its place still is proven.

    Raises:
        KeyNotHeldError: the log key that signed its batch is not held.
    """
    checkpoint = note_at(origin, stored.batch_size, stored.batch_root, keys.signer_of(stored.key))
    return Receipt(stored.event or b"", stored.salt or b"", stored.index, stored.leaf, stored.path, checkpoint)


def head_of(
    directory: State, exchange: LogState, now_ms: int, keys: LogKeys, directory_size: int | None = None
) -> SignedHead:
    """Returns a signed head over both logs as they stood at one moment: clients hold the hub to that.

    Args:
        directory: the replayed directory.
        exchange: the exchange log.
        now_ms: when it is signed, Unix milliseconds UTC.
        keys: of the logs.
        directory_size: how much of the directory there was at that moment; None for all of it.

    Raises:
        KeyNotHeldError: the directory of that size names another key than those that are held.
    """
    size = directory.size if directory_size is None else directory_size
    signer = keys.named_head(View(directory, size).head_key()) if size else keys.head_key
    head = Head(
        directory_origin=directory.origin,
        directory_size=size,
        directory_root=directory.roots[size - 1] if size else EMPTY_ROOT,
        exchange_origin=directory.exchange_origin,
        exchange_size=exchange.size,
        exchange_root=exchange.root,
        time=now_ms,
    )
    return SignedHead(*sign_head(head, signer))
