"""Checkpoints that others were shown: tying those that machines' batches brought, after the batch has been applied.

People's mail is tied before it counts (`Trust.check_gossip`). What machines act on counts first, so that this is where
a hub is found out that shows a list's owner another log than a follower. It may not get away with saying nothing: a
size that the log's key has signed can be proved at once, and whoever cannot or does not is told of like a second
history. A size that a key has signed which was replaced meanwhile is told of once (`agents/hubkeys.py`).

Never does: read mail, decide what is due.
"""

from __future__ import annotations

from typing import Final

from comity.errors import Reason, RefusedError

from agents import truststore as rows
from agents.errors import ReplacedKeyError, SplitViewError
from agents.history import History
from agents.session import Session
from agents.store import Store

PROVED_WITHIN_MS: Final = 10 * 60_000
"""How long a hub that signs heads meanwhile may leave a size unproved."""
_TOLD: Final = -1
_CANNOT: Final = frozenset({Reason.NOT_FOUND, Reason.MALFORMED})
"""Answers by which a hub says that it has no proof; all others may pass."""


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
    split: SplitViewError | None = None
    failed: RefusedError | None = None
    for one in due:
        found = one.found
        try:
            await history.check(session, found.size, found.root, found.note)
        except SplitViewError as error:  # evidence and alarm are kept
            split = split or error
        except ReplacedKeyError:  # so they are, and nothing stops for it
            pass
        except RefusedError as error:
            try:
                _judge(store, history, one, error, head_time=head_time, now=now)
            except SplitViewError as unproved:
                split = split or unproved
            except ReplacedKeyError:
                _settled(store, found)
                continue
            if one.since != _TOLD:  # of that a person knows: the alarm stands, and no pass fails for it for ever
                failed = failed or error
            continue
        _settled(store, found)
    if split is not None:
        raise split
    if failed is not None:
        raise failed


def _settled(store: Store, found: rows.TrustedSize) -> None:
    with store.begin(lasting=False) as c:
        rows.drop_gossip_due(c, found)


def _judge(
    store: Store, history: History, one: rows.GossipDue, error: RefusedError, *, head_time: int | None, now: int
) -> None:
    """Says what to make of a hub that did not prove a size: it stays due, and a person is told once.

    Raises:
        SplitViewError: it cannot, or could have.
        ReplacedKeyError: so, of what only a replaced key has signed.
    """
    if one.since == _TOLD:
        return
    if error.reason not in _CANNOT:
        if head_time is None or now - head_time > PROVED_WITHIN_MS:
            # Nothing comes from the hub at all, which is an alarm of its own. The time begins when it is back.
            with store.begin(lasting=False) as c:
                rows.set_gossip_since(c, one.found, now)
            return
        if now - one.since <= PROVED_WITHIN_MS:
            return
    try:
        history.contradiction(one.found.size, one.found.root, one.found.note, {})
    except SplitViewError:
        with store.begin() as c:
            rows.set_gossip_since(c, one.found, _TOLD)
        raise
