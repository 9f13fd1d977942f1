"""A thief of a replaced log key who has the database too: where the exchange log shows what he writes, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import verify_checkpoint
from comity.directory.heads import parse_head
from comity.receipts import EventKind, parse_event, parse_leaf

from hub.keeping.checking import check_tables
from hub.log import batching, store
from hub.log.commands import AppendStatements, Record
from hub.log.domain import LogKeys, LogName, Moment
from hub.log.guard import LogDamagedError
from tests.hub.test_replaced_keys import head_replaced, log_replaced
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core
from tests.support.hub import hub_keys
from tests.support.world import World, make_world

OLDER = "the leaf names an older directory than a leaf before it"
GROWN = "the leaf names a directory that had grown before it"
EARLY = "the leaf is from before the directory that it names"


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


@contextmanager
def rows_of(thief: LogKeys, moment: Moment | None, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes a batch what somebody writes with the database's password, a key, and a moment of his choice."""
    honest = batching.Batching._lock

    def lock(self: batching.Batching, connection: Any) -> tuple[Any, Moment]:
        exchange, now = honest(self, connection)
        return exchange, moment or now

    with patch.context() as patched:
        patched.setattr(batching.Batching, "_lock", lock)
        patched.setattr(LogKeys, "named_log", lambda _self, _public: thief.log_key)
        yield


def found(core: Core) -> list[tuple[int, str]]:
    """(index, what) of every finding in the exchange log."""
    return [(f.index, f.what) for f in core.fsck() if f.log is LogName.EXCHANGE]


async def test_the_entry_that_replaces_a_key_brings_a_leaf_that_names_it_under_the_key_in_force(
    migrated_database_url: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    keys = hub_keys(world).logs
    async with running_core(migrated_database_url, world, keys=keys, checkpoint_file=file) as core:
        fed = len(await core.read("hkma/intake"))
        for made, key in ((log_replaced, world.next_log_key), (head_replaced, world.next_log_key)):
            before = core.db.read_now(lambda c: store.read_state(c, LogName.EXCHANGE))
            appended = await core.sequencer.submit(AppendStatements((made(world),)))
            after = core.db.read_now(lambda c: store.read_state(c, LogName.EXCHANGE))
            assert after.size == before.size + 1
            (leaf,) = core.db.read_now(lambda c, at=before.size: store.read_leaves(c, LogName.EXCHANGE, at, 1))
            view = core.directory.view()
            assert (parse_leaf(leaf).directory_size, parse_leaf(leaf).directory_root) == (view.size, view.root)
            stored = core.db.read_now(lambda c, at=before.size: store.load_receipts(c, [at]))[before.size]
            assert stored.event is not None
            assert parse_event(stored.event).kind is EventKind.OPERATOR
            assert (stored.batch_size, stored.key) == (after.size, key.public)
            # Whoever appended is shown both in one head, and the hub that starts again must hold both.
            head = parse_head(appended.head.body)
            assert (head.directory_size, head.exchange_size, head.exchange_root) == (view.size, after.size, after.root)
        world.revoke_tls("hkma/intake")
        await core.catch_up()  # no other statement brings one
        assert core.db.read_now(lambda c: store.read_state(c, LogName.EXCHANGE)).size == after.size
        assert len(await core.read("hkma/intake")) == fed
    assert verify_checkpoint(file.read_bytes(), world.exchange_origin, world.next_log_key.public).size == after.size


@pytest.mark.parametrize("later", [0, 60])
async def test_a_batch_of_a_replaced_key_after_its_time_is_found_whatever_its_leaf_names_and_when(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    clock = FakeClock(world.now)
    core = Core(migrated_sqlite_url, world, clock=clock, keys=hub_keys(world).logs)
    await core.start()
    old = core.directory.current.view()
    log_replaced(world)
    await core.catch_up()
    clock.advance(seconds=later)
    thief = LogKeys(world.log_key, world.head_key)
    with rows_of(thief, Moment(clock.now // 1000, old.size, old.root), monkeypatch):
        (receipt,) = await core.submit(world.envelope(old))
    assert verify_checkpoint(receipt.checkpoint, world.exchange_origin, world.log_key.public)
    (good,) = await core.submit(world.envelope(core.directory.view()))
    assert found(core) == [(receipt.index, OLDER)]
    assert good.index > receipt.index
    # A restore takes none of it, and no hub starts on it.
    assert [finding.what for finding in check_tables(core.db).findings] == [OLDER]
    await core.stop()
    again = Core(migrated_sqlite_url, world, clock=clock, keys=hub_keys(world).logs)
    with pytest.raises(LogDamagedError):
        await again.start()
    await again.stop()


@pytest.mark.parametrize(
    ("replaces", "named", "seconds", "what"),
    [
        (True, 0, 90, GROWN),
        (True, 0, 61, GROWN),
        (True, 1, 30, EARLY),
        # The first release dated each log by itself, and its clock may have stepped back in between.
        (True, 1, 57, ""),
        (False, 0, 63, ""),
        (False, 0, 66, GROWN),
    ],
)
async def test_without_that_leaf_a_leaf_must_fit_between_the_entry_it_names_and_the_next(
    migrated_sqlite_url: str,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    replaces: bool,
    named: int,
    seconds: int,
    what: str,
) -> None:
    """A log in which a release before this one replaced the key has no leaf at that place."""
    clock = FakeClock(world.now)
    core = Core(migrated_sqlite_url, world, clock=clock, keys=hub_keys(world).logs)
    await core.start()
    began, old = clock.now // 1000, core.directory.current.view()
    clock.advance(seconds=60)
    if replaces:
        log_replaced(world)
    else:
        world.revoke_tls("hkma/intake")
    with monkeypatch.context() as before:
        before.setattr(batching, "replaces_key", lambda _current, _grown: False)
        await core.catch_up()
    assert found(core) == []
    view = core.directory.current.view(old.size + named)
    key = world.next_log_key if replaces and named else world.log_key
    with rows_of(LogKeys(key, world.head_key), Moment(began + seconds, view.size, view.root), monkeypatch):
        receipt = await core.sequencer.submit(Record(EventKind.OPERATOR))
    assert found(core) == ([(receipt.index, what)] if what else [])
    await core.stop()
