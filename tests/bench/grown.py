"""A log of any length, made quickly and consistent in every row: `fsck` finds nothing.

One leaf of four is a referral to two desks that was erased since, as old traffic is: its row without content, its three
deliveries, its two legs. The others are events without parties. Leaves, tree, openings and deliveries come from the
functions that the sequencer uses, so that they hash to the root that the head tells.

Never does: signatures, content.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from comity.receipts import EventKind
from comity.workflow.terms import Family, Standing, State, Verb

from hub.db import Database
from hub.exchange import statements as sql
from hub.exchange.domain import EnvelopeState
from hub.log import store
from hub.log.domain import Batch, Draft, LogName, LogState, Moment, Party, salts_needed, sequence
from tests.bench.sealing import Plan
from tests.bench.world import AUTHOR, DESKS, SENDER

BATCH: Final = 256
BATCHES_A_TRANSACTION: Final = 64
REFERRAL_OF: Final = 4
"""One leaf of so many is a referral."""
ERASED: Final[dict[str, Any]] = {"event": None, "salt": None}
FAR_MS: Final = 4_000_000_000_000
"""A time at which clocks that must not act meanwhile will: Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the log stands on: the same for every process that grows one."""

    plan: Plan
    began_ms: int
    """Time of the directory's entries, Unix milliseconds UTC."""
    log_key: bytes
    """Public half."""


def grow(url: str, ground: Ground, size: int) -> None:
    """Appends to the exchange log until it has `size` leaves. A hub may serve the database meanwhile.

    Raises:
        RuntimeError: the stored hashes do not give the root that the head tells.
    """
    database = Database.open(url)
    try:
        number = itertools.count(1)
        while True:
            with database.writing() as connection:
                locked = store.lock_heads(connection)
                if locked.exchange.size >= size:
                    break
                _transaction(connection, ground, locked.exchange, size, number)
        root = database.read_now(lambda c: store.root_at(c, LogName.EXCHANGE, locked.exchange.size))
        if root != locked.exchange.root:
            raise RuntimeError("the log that was grown does not hash to its root")
    finally:
        database.close()


def _transaction(connection: Any, ground: Ground, state: LogState, size: int, number: Iterator[int]) -> None:
    """Appends some batches; all of one second, which is not before the log's last."""
    plan = ground.plan
    seconds = max(state.time_seconds, ground.began_ms // 1000 + 1)
    moment = Moment(seconds, plan.directory_size, plan.directory_root)
    counters = store.load_counters(connection, sorted(DESKS))
    frontier, root = state.frontier, state.root
    envelopes: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    for _ in range(BATCHES_A_TRANSACTION):
        count = min(BATCH, size - frontier.size)
        if count <= 0:
            break
        drafts = [_referral(ground) if at % REFERRAL_OF == 0 else Draft(EventKind.STARTED) for at in range(count)]
        batch = sequence(frontier, drafts, counters, moment, os.urandom(salts_needed(drafts)))
        _save(connection, ground, batch, counters)
        for entry in batch.entries[::REFERRAL_OF]:
            case = os.urandom(16)
            envelopes.append(_envelope(ground, entry.index, entry.draft.message_hash, case, next(number), seconds))
            legs += [_leg(entry.draft.message_hash, case, desk, ground.began_ms) for desk in DESKS if desk != SENDER]
        frontier, root = batch.frontier, batch.root
    sql.INSERT_ENVELOPES.run(connection, envelopes)
    sql.INSERT_LEGS.run(connection, legs)
    store.move_head(connection, state, frontier, root, seconds)


def _referral(ground: Ground) -> Draft:
    return Draft(
        EventKind.SUBMITTED,
        tuple(Party(desk) for desk in DESKS),
        message_hash=os.urandom(32),
        signatures_digest=os.urandom(32),
        kids=(ground.plan.author, ground.plan.approver),
    )


def _save(connection: Any, ground: Ground, batch: Batch, counters: dict[str, int]) -> None:
    store.append(
        connection,
        LogName.EXCHANGE,
        batch.first,
        leaves=[entry.leaf for entry in batch.entries],
        hashes=[entry.leaf_hash for entry in batch.entries],
        completed=batch.completed,
    )
    # Of what was erased neither event nor salt is kept.
    batch.entries[::REFERRAL_OF] = [replace(entry, **ERASED) for entry in batch.entries[::REFERRAL_OF]]
    store.save_events(connection, batch, counters)
    store.save_batch_row(
        connection,
        LogName.EXCHANGE,
        size=batch.size,
        root=batch.root,
        time_seconds=batch.moment.time_seconds,
        key=ground.log_key,
    )


def _envelope(
    ground: Ground, index: int, message_hash: bytes, case: bytes, number: int, seconds: int
) -> tuple[Any, ...]:
    # Ids grow with time, as UUIDv7 do; these are older than any that the run's envelopes have.
    envelope_id = number.to_bytes(8, "big") + os.urandom(8)
    names = (SENDER.partition("/")[0], envelope_id, SENDER, "\n".join(DESKS), case)
    kind = (int(Family.REFERRAL), int(Verb.REFER), True, ground.plan.author, AUTHOR)
    return (
        *(index, message_hash, *names, *kind, seconds, ground.began_ms),
        *(int(EnvelopeState.ERASED), 0, FAR_MS, None, None, None, None),
    )


def _leg(message_hash: bytes, case: bytes, desk: str, opened: int) -> tuple[Any, ...]:
    return (
        *(SENDER, case, desk, int(Family.REFERRAL), str(State.CLOSED), 5, message_hash, message_hash, opened, opened),
        *(b"", None, None, False, b"", None, False, None, opened, None, None, opened),
        *(int(Standing.FULL), False, None),
    )
