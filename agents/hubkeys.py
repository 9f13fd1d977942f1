"""Which key of the hub counts for what it signed, also once two operators have put another in its place.

- Of a head: the head key of the directory size that the head names. Once that key is replaced, no head by it is from
  later than the entry that replaced it, beyond what clocks are apart, and none is kept: the next one says more.
- Of a receipt: the log key of the directory size that its leaf names (`agents/proving.py`); once that key is replaced,
  for the sizes of the next line.
- Of a checkpoint by itself, as payloads carry: any log key that the directory ever named; one that was replaced for no
  size beyond a leaf or a head that names a directory without it (`History.beyond`).

What a replaced key has signed and contradicts the one history is evidence and an alarm, and stops no sealing: a thief
of that key could sign it at any time, and a hub that shows two histories shows them under its next key too. What was
kept before the replacement was known is judged then (`agents/forgetting.py`).

Never does: storage, alarms.
"""

from __future__ import annotations

from comity.checkpoint import Checkpoint, VerifierKey, parse_note, sign_note, verify_checkpoint
from comity.directory import Directory, Head, View, verify_head
from comity.directory.heads import parse_head
from comity.errors import VerificationError

from agents.history import HUB_SLACK_MS


def signed_checkpoint(view: View, origin: str, note: bytes) -> tuple[Checkpoint, int | None]:
    """Verifies a checkpoint's signature.

    Args:
        view: the directory as far as it was replayed.
        origin: of the log.
        note: as it travelled.

    Returns:
        What it says, and the directory size from which its key is replaced; None where that key signs still.

    Raises:
        VerificationError: no key that the directory ever named has signed it.
    """
    key, checkpoint = _key_of(view, origin, note)
    return checkpoint, view.replaced_from(key)


def own_line(view: View, origin: str, note: bytes) -> bytes:
    """Returns a checkpoint with the line of the log's own key alone: anybody can add lines, as long as they please.

    Args:
        view: the directory as far as it was replayed.
        origin: of the log.
        note: verified by `signed_checkpoint`.
    """
    key = VerifierKey(origin, _key_of(view, origin, note)[0])
    text, lines = parse_note(note)
    own = next(one.signature for one in lines if (one.name, one.key_id) == (key.name, key.key_id))
    return sign_note(text, key, lambda _: own)


def _key_of(view: View, origin: str, note: bytes) -> tuple[bytes, Checkpoint]:
    for key in view.log_keys():
        try:
            return key, verify_checkpoint(note, origin, key)
        except VerificationError:
            continue
    raise VerificationError("the checkpoint is not signed by a key of the log")


def head_replaced(directory: Directory, head: Head) -> int | None:
    """Returns the directory size from which the key of a head's own size is replaced, or None while it signs.

    None, too, of one over more of the directory than was replayed: another process of this home has judged it.
    """
    if head.directory_size > directory.size:
        return None
    return directory.view().replaced_from(directory.view(head.directory_size).head_key())


def signed_by_replaced(directory: Directory, body: bytes, sig: bytes) -> bool:
    """Returns whether a head key that is replaced now has signed a head, of whatever size."""
    for key in directory.state.head_keys:
        if directory.view().replaced_from(key.key) is not None:
            try:
                verify_head(body, sig, key.key)
            except VerificationError:
                continue
            return True
    return False


def is_late(directory: Directory, head: Head, replaced: int) -> bool:
    """Returns whether a head is from later than the entry that replaced its key, which has that number plus one."""
    entered = directory.view().stale_since(replaced - 1) or 0
    return head.time > entered * 1000 + HUB_SLACK_MS


def by_replaced_key(directory: Directory, note: bytes, head: bytes) -> bool:
    """Returns whether a verified checkpoint, or else the body of a verified head, is by a key that is replaced now."""
    if note:
        origin = directory.state.exchange_origin
        try:
            return signed_checkpoint(directory.view(), origin, note)[1] is not None
        except VerificationError:
            return False
    return bool(head) and head_replaced(directory, parse_head(head)) is not None
