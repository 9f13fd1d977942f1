"""The hub admits the next batch of a list on its last head, or one that it was shown before: no gap and no fork."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from comity.errors import RefusedError
from comity.header import MAX_SEQUENCE
from comity.v1 import envelope_pb2
from comity.workflow.terms import Family, Verb
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from hub.exchange import lists
from tests.hub.test_crash import in_a_process_that_dies, submit_until_killed
from tests.support.clock import FakeClock
from tests.support.core import Core, running_core, texts
from tests.support.watchlists import WatchList, subscribe
from tests.support.world import World, make_world

REFUSED = "WRONG_SEQUENCE"


@pytest.fixture(scope="module")
def world() -> World:
    """Three agencies."""
    return make_world(agencies=("sfc", "hkma", "hkpf"))


def kept(core: Core, one: WatchList) -> list[int]:
    """Returns the sequences of a list that the hub keeps, ascending."""
    wanted = "SELECT sequence FROM watchlist_batches WHERE owner = '{}' AND list_id = {} ORDER BY sequence"
    literal = f"x'{one.list_id.hex()}'" if core.db.dialect == "sqlite" else f"'\\x{one.list_id.hex()}'::bytea"
    query = wanted.format(one.owner, literal)
    return list(core.db.read_now(lambda c: c.exec_driver_sql(query).scalars().all()))


async def told(core: Core, envelope: envelope_pb2.Envelope) -> tuple[str, str]:
    """Submits one envelope; returns (reason, the sequence that the hub names), or `receipt`."""
    (result,) = await core.submit(envelope)
    if not isinstance(result, RefusedError):
        core.verified(result)
        return "receipt", ""
    return str(result.reason), result.metadata.get("sequence", "")


async def test_batches_follow_one_another_on_the_last_head_or_repeat_what_was_shown(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view = WatchList(world), core.directory.view()
        first, second = await subscribe(core), await subscribe(core, desk="hkpf/cctb")
        to_second: dict[str, Any] = {"recipients": ["hkpf/cctb"]}

        async def publish(sequence: int, **changes: Any) -> tuple[str, str]:
            return await told(core, one.envelope(view, first, one.place(sequence, **changes)))

        # The first one is the first one, and its line goes on without a gap.
        assert await publish(2) == (REFUSED, "0")
        assert await publish(1) == ("receipt", "")
        assert await publish(3) == (REFUSED, "1")
        assert await publish(2, previous=os.urandom(32)) == (REFUSED, "1")
        for sequence in (2, 3):
            assert await publish(sequence) == ("receipt", "")
        # What was shown may be shown again, to anybody, and as it was.
        for sequence in (1, 2, 3):
            again = one.envelope(view, second, one.place(sequence), **to_second)
            assert await told(core, again) == ("receipt", "")
        for place in (
            one.place(3, head=os.urandom(32)),
            one.place(2, head=os.urandom(32)),
            one.place(2, previous=os.urandom(32)),
            one.place(1, head=os.urandom(32)),
        ):
            assert await told(core, one.envelope(view, second, place, **to_second)) == (REFUSED, "3")
        assert kept(core, one) == [1, 2, 3]
        # A refusal left nothing behind: the line goes on.
        assert await publish(4) == ("receipt", "")


async def test_a_snapshot_begins_a_list_or_goes_ahead_of_it_and_never_beside_it(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)

        async def send(verb: Verb, sequence: int, **changes: Any) -> tuple[str, str]:
            return await told(core, one.envelope(view, case, one.place(sequence, **changes), verb))

        assert await send(Verb.SNAPSHOT, 7) == ("receipt", "")  # unknown before
        assert await send(Verb.SNAPSHOT, 7) == ("receipt", "")
        assert await send(Verb.PUBLISH, 7) == ("receipt", "")
        assert await send(Verb.SNAPSHOT, 7, head=os.urandom(32)) == (REFUSED, "7")
        assert await send(Verb.SNAPSHOT, 6) == (REFUSED, "7")
        assert await send(Verb.PUBLISH, 1) == (REFUSED, "7")
        assert await send(Verb.SNAPSHOT, 8, previous=os.urandom(32)) == (REFUSED, "7")
        assert await send(Verb.PUBLISH, 12) == (REFUSED, "7")
        assert await send(Verb.SNAPSHOT, 12) == ("receipt", "")  # the owner went on by itself
        assert await send(Verb.PUBLISH, 9) == (REFUSED, "12")
        assert await send(Verb.PUBLISH, 13) == ("receipt", "")
        assert kept(core, one) == [7, 12, 13]
        # Too far ahead is refused like any other; the others of the batch are served.
        huge = one.envelope(view, case, one.place(MAX_SEQUENCE), Verb.SNAPSHOT)
        good = world.envelope(view)
        assert texts(await core.submit(huge, good)) == [REFUSED, "receipt"]
        assert await send(Verb.PUBLISH, 14) == ("receipt", "")


async def test_nobody_uses_up_the_numbers_of_a_list_with_one_snapshot(
    migrated_database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lists.MAX_AHEAD == 1_000_000
    monkeypatch.setattr(lists, "MAX_AHEAD", 1000)
    async with running_core(migrated_database_url, world) as core:
        one, other, view, case = WatchList(world), WatchList(world), core.directory.view(), await subscribe(core)

        async def send(sequence: int, verb: Verb = Verb.SNAPSHOT) -> tuple[str, str]:
            return await told(core, one.envelope(view, case, one.place(sequence), verb))

        far = other.envelope(view, await subscribe(core), other.place(1001), Verb.SNAPSHOT)
        assert await told(core, far) == (REFUSED, "0")
        assert await send(1, Verb.PUBLISH) == ("receipt", "")
        for sequence in (MAX_SEQUENCE, 1002):
            assert await send(sequence) == (REFUSED, "1")
        assert await send(1001) == ("receipt", "")
        assert await send(1002, Verb.PUBLISH) == ("receipt", "")


async def test_envelopes_of_one_list_in_one_batch_work_like_in_a_row(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view = WatchList(world), core.directory.view()
        first, second = await subscribe(core), await subscribe(core, desk="hkpf/cctb")
        to_second: dict[str, Any] = {"recipients": ["hkpf/cctb"]}
        envelopes = [
            one.envelope(view, first, one.place(1)),
            one.envelope(view, second, one.place(1), **to_second),
            one.envelope(view, first, one.place(2, head=os.urandom(32), previous=os.urandom(32))),
            world.envelope(view),
            one.envelope(view, first, one.place(2)),
            one.envelope(view, second, one.place(2, head=os.urandom(32)), **to_second),
            one.envelope(view, second, one.place(2), **to_second),
        ]
        before = core.db.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_batches").scalar_one())
        results = await core.submit(*envelopes)
        after = core.db.read_now(lambda c: c.exec_driver_sql("SELECT count(*) FROM log_batches").scalar_one())
        assert after == before + 1
        assert texts(results) == ["receipt", "receipt", REFUSED, "receipt", "receipt", REFUSED, "receipt"]
        assert [result.metadata for result in results if isinstance(result, RefusedError)] == [
            {"sequence": "1", "head": one.place(1).head.hex()},
            {"sequence": "2", "head": one.place(2).head.hex()},
        ]
        # A retry gets the same receipts and moves nothing.
        assert [r for r in await core.submit(*envelopes) if not isinstance(r, RefusedError)] == [
            r for r in results if not isinstance(r, RefusedError)
        ]
        assert kept(core, one) == [1, 2]


async def test_another_owners_list_of_the_same_id_is_another_list(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view = WatchList(world), core.directory.view()
        other = WatchList(world, "hkma/intake", one.list_id)
        mine = await subscribe(core, desk="hkpf/cctb")
        theirs = await subscribe(core, "hkma/intake", "hkpf/cctb")
        to_it: dict[str, Any] = {"recipients": ["hkpf/cctb"]}
        for sequence in (1, 2):
            assert await told(core, one.envelope(view, mine, one.place(sequence), **to_it)) == ("receipt", "")
        assert await told(core, other.envelope(view, theirs, other.place(2), **to_it)) == (REFUSED, "0")
        assert await told(core, other.envelope(view, theirs, other.place(1), **to_it)) == ("receipt", "")
        assert (kept(core, one), kept(core, other)) == ([1, 2], [1])


async def test_a_subscription_carries_one_list_for_as_long_as_it_lasts(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, other, view = WatchList(world), WatchList(world), core.directory.view()
        case, another = await subscribe(core), await subscribe(core)
        assert texts(
            await core.submit(
                one.envelope(view, case, one.place(1)), other.envelope(view, case, other.place(1), Verb.SNAPSHOT)
            )
        ) == ["receipt", REFUSED]
        assert await told(core, other.envelope(view, case, other.place(1))) == (REFUSED, "0")
        assert await told(core, other.envelope(view, another, other.place(1))) == ("receipt", "")
        assert await told(core, one.envelope(view, another, one.place(1))) == (REFUSED, "1")
        assert (kept(core, one), kept(core, other)) == ([1], [1])


async def test_only_the_last_heads_are_kept_and_older_ones_are_neither_next_nor_repetitions(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        first = one.envelope(view, case, one.place(1))
        receipt = await core.take(first)
        await core.take(one.envelope(view, case, one.place(lists.WINDOW), Verb.SNAPSHOT))
        assert kept(core, one) == [1, lists.WINDOW]
        for sequence in (lists.WINDOW + 1, lists.WINDOW + 2):
            await core.take(one.envelope(view, case, one.place(sequence)))
        assert kept(core, one) == [lists.WINDOW, lists.WINDOW + 1, lists.WINDOW + 2]
        assert await told(core, one.envelope(view, case, one.place(1))) == (REFUSED, str(lists.WINDOW + 2))
        assert core.verified((await core.submit(first))[0]) == receipt


async def test_A_19_the_database_refuses_to_change_what_was_shown_or_to_forget_it_early(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        for sequence in (1, 2):
            await core.take(one.envelope(view, case, one.place(sequence)))
        statements = [
            "UPDATE watchlist_batches SET head = previous_head",
            "UPDATE watchlist_batches SET sequence = sequence + 10",
            "DELETE FROM watchlist_batches WHERE sequence = 1",
            "DELETE FROM watchlist_batches",
            "UPDATE watchlist_legs SET list_id = case_id",
        ]
        if core.db.dialect == "sqlite":
            statements += [
                f"INSERT OR {what} INTO {table} SELECT * FROM {table}"
                for what in ("REPLACE", "IGNORE")
                for table in ("watchlist_batches", "watchlist_legs")
            ]
        else:
            statements.append("TRUNCATE watchlist_batches")
        engine = create_engine(migrated_database_url)
        for statement in statements:
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
        engine.dispose()
        assert kept(core, one) == [1, 2]


async def test_two_processes_that_are_given_two_heads_at_once_admit_one(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world) as core:
        other = Core(migrated_postgres_url, world)
        await other.start()
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        await core.take(one.envelope(view, case, one.place(1)))
        for sequence in range(2, 8):
            heads = [os.urandom(32) for _ in range(2)]
            sent = [one.envelope(view, case, one.place(sequence, head=head)) for head in heads]
            told_each = [texts(found)[0] for found in await asyncio.gather(core.submit(sent[0]), other.submit(sent[1]))]
            assert sorted(told_each) == [REFUSED, "receipt"]
            one.heads[sequence] = heads[told_each.index("receipt")]
        assert kept(core, one) == list(range(1, 8))
        await other.stop()


@pytest.mark.parametrize("point", ["submit.after_workflow", "submit.before_commit", "submit.after_commit"])
async def test_S_03_a_batch_and_its_place_in_the_list_are_durable_together_or_not_at_all(
    migrated_database_url: str, world: World, point: str
) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        await core.take(one.envelope(view, case, one.place(1)))
    second = one.envelope(view, case, one.place(2))
    assert in_a_process_that_dies(submit_until_killed(migrated_database_url, world, [second], point, 1)) == []
    async with running_core(migrated_database_url, world) as core:
        committed = point == "submit.after_commit"
        assert kept(core, one) == ([1, 2] if committed else [1])
        assert len(await core.read("hkma/intake")) == (4 if committed else 3)
        assert await told(core, second) == ("receipt", "")
        assert await told(core, one.envelope(view, case, one.place(2, head=os.urandom(32)))) == (REFUSED, "2")
        assert kept(core, one) == [1, 2]
        assert len(await core.read("hkma/intake")) == 4


async def test_a_pruned_subscription_takes_its_binding_with_it(migrated_database_url: str, world: World) -> None:
    clock = FakeClock(world.now)
    async with running_core(migrated_database_url, world, clock=clock) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        taken = await core.take(one.envelope(view, case, one.place(1)))
        await core.acknowledge(world.ack(taken.event.message_hash, "hkma/intake"))
        leaving: dict[str, Any] = {"verb": Verb.UNSUBSCRIBE, "family": Family.WATCHLIST, "case_id": case}
        await core.take(world.envelope(view, "hkma/intake", ["sfc/intake"], **leaving))

        def bound() -> int:
            query = "SELECT count(*) FROM watchlist_legs"
            return int(core.db.read_now(lambda c: c.exec_driver_sql(query).scalar_one()))

        assert bound() == 1
        for days in (16, 16, 400, 31):
            clock.advance(days=days)
            while await core.clockwork.tick():
                pass
        assert bound() == 0


async def test_batches_without_watchlists_cost_no_statement_more(migrated_database_url: str, world: World) -> None:
    async with running_core(migrated_database_url, world) as core:
        one, view, case = WatchList(world), core.directory.view(), await subscribe(core)
        statements: list[str] = []
        event.listen(
            core.db._engine, "before_cursor_execute", lambda _c, _k, text, *_: statements.append(text.casefold())
        )
        await core.take(world.envelope(view))
        assert statements
        assert not [text for text in statements if "watchlist" in text]
        await core.take(one.envelope(view, case, one.place(1)))
        assert 3 <= len([text for text in statements if "watchlist" in text]) <= 5
