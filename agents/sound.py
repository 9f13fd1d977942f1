"""What the hub shows of itself must be sound: a head by the key of its size, entries dated as they can be.

Evidence and an alarm are kept of what is not, where a signature shows it.

Never does: replay, compare with what was seen of the logs (`agents/trust.py`, `agents/history.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.directory import Directory, Head, parse_entry, verify_head
from comity.directory.heads import parse_head
from comity.errors import MalformedError, VerificationError
from comity.merkle import MAX_SIZE

from agents.alarms import AlarmKind
from agents.history import HUB_SLACK_MS, History
from agents.hubkeys import head_replaced, is_late, signed_by_replaced
from agents.truststore import SeenHead


def head_form(body: bytes) -> Head:
    """Returns what a head says.

    Raises:
        VerificationError: it is malformed.
    """
    try:
        return parse_head(body)
    except MalformedError:
        raise VerificationError("the head is malformed") from None


def sound_head(history: History, directory: Directory, body: bytes, sig: bytes, latest: int) -> SeenHead:
    """Verifies a head whose size was replayed, by the key of that size.

    Args:
        history: keeps the evidence.
        directory: as far as it was replayed.
        body: of the head.
        sig: its signature.
        latest: no head is from later, Unix milliseconds.

    Raises:
        SplitViewError: it names another directory.
        ReplacedKeyError: it was signed by a key that was replaced before.
        VerificationError: it does not verify.
    """
    view = directory.view(head_form(body).directory_size)
    parts: dict[str, bytes | int] = {"shown_head": body, "shown_head_signature": sig}
    try:
        head = verify_head(body, sig, view.head_key())
    except VerificationError:
        if signed_by_replaced(directory, body, sig):
            history.forked(f"head key {view.size}", parts, replaced=True)
        raise
    if (head.directory_origin, head.exchange_origin) != (directory.state.origin, directory.state.exchange_origin):
        raise VerificationError("the head is another hub's")
    replaced = head_replaced(directory, head)
    if replaced is not None and is_late(directory, head, replaced):
        history.forked(f"head key {head.directory_size}", parts, replaced=True)
    if head.directory_root != view.root:
        parts |= {"directory_size": head.directory_size, "replayed": view.root}
        parts["claimed"] = head.directory_root
        history.forked(f"directory {head.directory_size}", parts, replaced=replaced is not None)
    if head.time > latest:
        raise VerificationError("the head is from the future: check the clocks")
    return SeenHead(head, body, sig)


def check_dates(
    history: History,
    first: int,
    entries: Sequence[bytes],
    heads: Sequence[SeenHead],
    latest: int,
    *,
    up_to: int = MAX_SIZE,
) -> None:
    """Checks the times of new entries: the hub chooses them, but not against what it has signed before.

    An entry comes after every leaf that names a directory without it.

    Args:
        history: keeps leaves and the evidence.
        first: index of the first one.
        entries: that were replayed.
        heads: the newest one that was held before they came, if any, and the one that came with them.
        latest: no entry is from later, Unix milliseconds.
        up_to: leaves beyond that size of the exchange log are about to be forgotten.

    Raises:
        VerificationError: one is of another time than it can be from.
    """
    leaves = history.leaf_times(range(first, first + len(entries)), up_to)
    for index, entry in enumerate(entries, start=first):
        time = parse_entry(entry)[0] * 1000
        without = [seen for seen in heads if index >= seen.head.directory_size]
        late = next((seen for seen in without if time < seen.head.time - HUB_SLACK_MS), None)
        if late is not None or not leaves[index - first] * 1000 <= time <= latest:
            head = late or heads[-1]
            parts: dict[str, bytes | int] = {"entry": entry, "head": head.body, "head_signature": head.sig}
            history.alarm(AlarmKind.DIRECTORY_REFUSED, str(index), parts)
            raise VerificationError("the hub shows a directory entry of another time than it can be from")
