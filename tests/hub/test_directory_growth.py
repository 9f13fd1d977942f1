"""What adding to the directory costs others: bad statements never reach the sequencer, and no agency adds too many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.directory import parse_entry
from comity.errors import Reason, RefusedError
from comity.tls import TlsKey
from comity.v1 import directory_pb2 as pb
from comity.v1.directory_pb2_grpc import DirectoryServiceStub

from hub.faults import Faults
from hub.log import store
from hub.log.domain import LogName
from hub.log.trial import Trial
from tests.support.core import Core, running_core
from tests.support.hub import info_of, reason_of, running_hub
from tests.support.world import World, make_world

DAY_SECONDS = 86_400


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def contact(world: World, agency: str = "sfc") -> bytes:
    """The next statement of an agency."""
    desk = f"{agency}/intake"
    return world.as_admin(agency, pb.DutyContact(desk=desk, telephone="+85212345678", hours="always", languages=["en"]))


def request(*statements: bytes) -> pb.AppendStatementsRequest:
    return pb.AppendStatementsRequest(statements=[pb.Statement.FromString(data) for data in statements])


def trial_of(core: Core, most: int) -> Trial:
    """A trial with a cap of its own; the core's clock counts."""
    parts: dict[str, Any] = {"db": core.db, "directory": core.directory, "clock": core.clock}
    return Trial(**parts, statements_per_day=most, trust_database_clock=False)


async def reason(call: Any) -> Reason:
    """Why a call was refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return reason_of(caught.value)


async def test_a_batch_with_one_bad_statement_never_reaches_the_sequencer(
    migrated_database_url: str, tmp_path: Path, world: World
) -> None:
    faults, reached = Faults(), []
    async with (
        running_hub(migrated_database_url, world, home=tmp_path, faults=faults) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        append = DirectoryServiceStub(channel).AppendStatements
        good = [contact(world) for _ in range(16)]
        bad = request(*good)
        bad.statements[-1].signatures[0].sig = bytes(64)
        size = hub.hub.directory.current.size
        faults.arm("submit.after_queue", lambda: reached.append(1))
        assert await reason(append(bad)) is Reason.STATEMENT_REFUSED
        assert await reason(append(request(good[1]))) is Reason.STALE_POSITION
        assert (reached, hub.hub.directory.current.size) == ([], size)
        await append(request(*good))
        assert (reached, hub.hub.directory.current.size) == ([1], size + 16)


async def test_an_agency_beyond_its_statements_of_a_day_is_refused_and_may_still_revoke(
    migrated_database_url: str, tmp_path: Path, world: World
) -> None:
    second = TlsKey.generate()
    world.register_tls("sfc/intake", second)
    cap = world.positions["sfc"][0] + 3
    for run in ("first", "after a restart"):  # the log itself is what counts
        async with (
            running_hub(migrated_database_url, world, home=tmp_path, agency_statements_per_day=cap) as hub,
            hub.as_desk("sfc/intake") as sfc,
            hub.as_desk("hkma/intake") as hkma,
            hub.as_operator() as operator,
        ):
            if run == "first":
                for _ in range(3):
                    await DirectoryServiceStub(sfc).AppendStatements(request(contact(world)))
            positions = dict(world.positions)
            too_many = request(contact(world))
            for channel in (sfc, hkma, operator):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await DirectoryServiceStub(channel).AppendStatements(too_many)
                assert reason_of(caught.value) is Reason.QUOTA
                assert DAY_SECONDS - 600 < int(info_of(caught.value).metadata["retry_after_seconds"]) <= DAY_SECONDS
            world.positions.update(positions)
            del world.statements[-1]
            await DirectoryServiceStub(hkma).AppendStatements(request(contact(world, "hkma")))
            await DirectoryServiceStub(operator).AppendStatements(request(world.suspend("hkma"), world.resume("hkma")))
            if run == "first":
                await DirectoryServiceStub(sfc).AppendStatements(request(world.revoke_tls("sfc/intake", second)))
            assert hub.view().transport_desk(second.spki_sha256, world.now) is None


async def test_after_a_day_an_agency_may_go_on_and_batches_count_in_full(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        made = world.positions["sfc"][0]
        trial = trial_of(core, made + 2)
        clock: Any = core.clock
        clock.advance(hours=1)
        await core.sequencer.submit(await trial.admit([contact(world)]))
        positions = dict(world.positions)
        with pytest.raises(RefusedError) as caught:
            await trial.admit([contact(world), contact(world)])
        assert caught.value.reason is Reason.QUOTA
        assert int(caught.value.metadata["retry_after_seconds"]) == DAY_SECONDS - 3600
        world.positions.update(positions)
        await core.sequencer.submit(await trial.admit([contact(world)]))
        clock.advance(hours=23)
        await core.sequencer.submit(await trial.admit([contact(world) for _ in range(made)]))
        with pytest.raises(RefusedError):
            await trial.admit([contact(world)])


async def test_what_was_tried_is_judged_again_where_the_directory_or_the_time_has_moved(
    migrated_database_url: str, world: World
) -> None:
    async with running_core(migrated_database_url, world) as core:
        trial, clock = trial_of(core, 1000), core.clock

        async def entry(index: int) -> tuple[int, bytes]:
            (leaf,) = core.db.read_now(lambda c: store.read_leaves(c, LogName.DIRECTORY, index, 1))
            return parse_entry(leaf)

        first = contact(world)
        tried = await trial.admit([first])
        assert tried.tried is not None
        size = (await core.sequencer.submit(tried)).first_index
        assert core.directory.current is tried.tried.grown, "nothing was judged a second time"
        assert await entry(size) == (clock.now_ms() // 1000, first)

        second, other = contact(world), contact(world, "hkma")
        tried = await trial.admit([second])
        assert (await core.sequencer.submit(await trial.admit([other]))).first_index == size + 1
        assert (await core.sequencer.submit(tried)).first_index == size + 2
        assert (await entry(size + 2))[1] == second

        third = contact(world)
        tried, again = await trial.admit([third]), await trial.admit([third])
        clock.advance(seconds=3)  # type: ignore[attr-defined]
        await core.sequencer.submit(tried)
        assert await entry(size + 3) == (clock.now_ms() // 1000, third)
        with pytest.raises(RefusedError) as caught:
            await core.sequencer.submit(again)
        assert caught.value.reason is Reason.STALE_POSITION


async def test_what_another_process_appended_is_seen_before_anything_is_judged(
    migrated_postgres_url: str, world: World
) -> None:
    async with running_core(migrated_postgres_url, world) as one, running_core(migrated_postgres_url, world) as two:
        made = world.positions["sfc"][0]
        trial = trial_of(two, made + 2)
        await one.sequencer.submit(await trial_of(one, 1000).admit([contact(world)]))
        await two.sequencer.submit(await trial.admit([contact(world)]))
        assert two.directory.current.size == len(world.statements)
        with pytest.raises(RefusedError) as caught:
            await trial.admit([contact(world)])
        assert caught.value.reason is Reason.QUOTA
