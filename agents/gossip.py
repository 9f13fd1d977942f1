"""Checkpoints that others were shown: tying those that machines' batches brought, after the batch has been applied.

People's mail is tied before it counts (`Trust.check_gossip`). What machines act on counts first, so that this is where
a hub is found out that shows a list's owner another log than a follower. It may not get away with saying nothing: a
size that the log's key has signed can be proved at once, and whoever cannot or does not is told of like a second
history, until the proof comes. A size that a key has signed which was replaced meanwhile is told of once
(`agents/hubkeys.py`).

Never does: read mail, decide what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from comity.errors import Reason, RefusedError

from agents import truststore as rows
from agents.alarms import AlarmKind, withdraw_alarm
from agents.errors import ReplacedKeyError, SplitViewError
from agents.history import History
from agents.session import Session
from agents.store import Store
from agents.truststore import TOLD, GossipDue, TrustedSize

CANNOT: Final = frozenset({Reason.NOT_FOUND, Reason.MALFORMED})
"""Answers by which a hub says that it has no proof; all others may pass."""
PROVED_WITHIN_MS: Final = 10 * 60_000
"""How long a hub that signs heads meanwhile may leave a size unproved."""
COUNTED_MS: Final = 60_000
"""The most that counts of the time between two passes that asked: in a longer one this computer may have slept."""
TOLD_A_PASS: Final = 4
"""How many of those that a person was told of are asked for in a pass, so that many cost no more than a few."""


async def settle(session: Session, store: Store, history: History, head_time: int | None, now: int) -> None:
    """Ties what is due, each by itself: what the hub does not answer for hides nothing that stands behind it.

    Args:
        session: to ask for proofs.
        store: where what is due is kept.
        history: the one history.
        head_time: of the newest head, Unix milliseconds; None without one.
        now: Unix milliseconds.

    Raises:
        SplitViewError: a sender was shown another history, or the hub does not prove that it was not.
        RefusedError: the hub did not answer for one yet.
    """
    with store.begin() as c:
        due = rows.gossip_due(c)
    fresh = head_time is not None and now - head_time <= PROVED_WITHIN_MS
    split: SplitViewError | None = None
    failed: RefusedError | None = None
    for one in _asked_for(due):
        found = one.found
        try:
            await history.check(session, found.size, found.root, found.note)
        except SplitViewError as error:  # evidence and alarm are kept
            split = split or error
            _settled(store, one)
        except ReplacedKeyError:  # so they are, and nothing stops for it
            _settled(store, one)
        except RefusedError as error:
            try:
                _judge(store, history, one, error, fresh=fresh, now=now)
            except SplitViewError as unproved:
                split = split or unproved
            except ReplacedKeyError:
                _settled(store, one)
                continue
            if one.waited != TOLD:  # of that a person knows: the alarm stands, and no pass fails for it for ever
                failed = failed or error
        else:
            _settled(store, one, proved=True)
    if split is not None:
        raise split
    if failed is not None:
        raise failed


def _asked_for(due: Sequence[GossipDue]) -> list[GossipDue]:
    told = sorted((one for one in due if one.waited == TOLD), key=lambda one: one.asked)
    return [*(one for one in due if one.waited != TOLD), *told[:TOLD_A_PASS]]


def _settled(store: Store, one: GossipDue, *, proved: bool = False) -> None:
    with store.begin(lasting=proved and one.waited == TOLD) as c:
        rows.drop_gossip_due(c, one.found)
        if proved:
            withdraw_alarm(c, AlarmKind.SPLIT_VIEW, _subject(one.found))


def _subject(found: TrustedSize) -> str:
    return rows.unproved(found.size, found.root)


def _judge(store: Store, history: History, one: GossipDue, error: RefusedError, *, fresh: bool, now: int) -> None:
    """Says what to make of a hub that did not prove a size: it stays due, and a person is told once.

    Time counts between passes that asked, while heads come: without any that is an alarm of its own.

    Raises:
        SplitViewError: it cannot, or could have.
        ReplacedKeyError: so, of what only a replaced key has signed.
    """
    waited, told = one.waited, None
    if waited != TOLD and fresh and one.asked:
        waited += max(0, min(now - one.asked, COUNTED_MS))
    if waited != TOLD and (error.reason in CANNOT or waited > PROVED_WITHIN_MS):
        found = one.found
        try:
            history.contradiction(found.size, found.root, found.note, {}, subject=_subject(found))
        except SplitViewError as split:
            waited, told = TOLD, split
    with store.begin(lasting=waited == TOLD) as c:
        if not rows.set_gossip_due(c, one.found, waited, now):  # another process of this home has settled it meanwhile
            withdraw_alarm(c, AlarmKind.SPLIT_VIEW, _subject(one.found))
            return
    if told is not None:
        raise told
