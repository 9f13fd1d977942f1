"""Two histories shown at one moment: in one answer, to two tasks, to two processes of one home."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from comity.merkle import Frontier, append, consistency_path, inclusion_path, leaf_hash
from comity.receipts import Receipt, parse_receipt
from comity.workflow.terms import Role

from agents import mailstore
from agents import truststore as rows
from agents.alarms import AlarmKind
from agents.errors import SplitViewError
from agents.history import History
from agents.home import Home
from agents.store import Store
from agents.tied import OvertakenError, Tied
from agents.truststore import TrustedSize
from tests.agents.offices import send_referral, two_offices

BASE = [leaf_hash(b"%d" % at) for at in range(4)]
ONE = [*BASE, *(leaf_hash(b"one %d" % at) for at in range(3))]
OTHER = [*BASE, *(leaf_hash(b"other %d" % at) for at in range(3))]


def root(leaves: Sequence[bytes]) -> bytes:
    return append(Frontier.empty(), leaves).frontier.root()


def nodes(leaves: Sequence[bytes]) -> Any:
    return lambda height, index: root(leaves[index << height : (index + 1) << height])


class Line:
    """What a dishonest hub says of its log: it proves whatever fork it is asked about."""

    def __init__(self, *forks: Sequence[bytes]) -> None:
        self.forks, self.asked = forks, 0
        self.meanwhile: Any = None

    async def get_consistency(self, _log: str, first: int, second: int) -> list[bytes]:
        self.asked += 1
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        fork = self.forks[min(self.asked, len(self.forks)) - 1]
        return list(consistency_path(first, second, nodes(fork)))


@pytest.fixture
def homes(tmp_path: Path) -> tuple[History, History]:
    """Two processes of one home that have seen the first four leaves."""
    home = Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    stores = [Store.open(home.store_path) for _ in range(2)]
    with stores[0].begin() as c:
        rows.put_checkpoint(c, TrustedSize(4, root(BASE), b"note 4"))
    one, other = (History(home, store, lambda: 1_800_000_000_000) for store in stores)
    return one, other


async def tie(history: History, fork: Sequence[bytes], size: int, last: Tied | None = None) -> Tied:
    note = b"note %d" % size
    return await history.tie(Line(fork), size, root(fork[:size]), note, last=last)  # type: ignore[arg-type]


def keep(history: History, tied: Tied) -> None:
    with history._store.begin() as c:
        tied.keep(c)


def kept(history: History) -> dict[int, bytes]:
    with history._store.begin() as c:
        found = [rows.checkpoint(c, size) for size in range(10)]
    return {one.size: one.root for one in found if one is not None}


def alarms(history: History) -> list[str]:
    with history._store.begin() as c:
        return [alarm.kind for alarm in rows.alarms(c)]


@pytest.mark.parametrize(("first", "second"), [(5, 5), (5, 6), (6, 5), (7, 5)])
async def test_of_two_forks_tied_at_once_the_second_is_not_kept_but_found_out(
    homes: tuple[History, History], first: int, second: int
) -> None:
    one, other = homes
    ties = await tie(one, ONE, first), await tie(other, OTHER, second)
    keep(one, ties[0])
    with pytest.raises(OvertakenError):
        keep(other, ties[1])
    assert kept(one) == {4: root(BASE), first: root(ONE[:first])}
    with pytest.raises(SplitViewError):
        await other.tie_again(Line(OTHER), ties[1])  # type: ignore[arg-type]
    assert alarms(one) == [AlarmKind.SPLIT_VIEW]
    (file,) = one._home.evidence_path.glob("split_view-*.json")
    parts = json.loads(file.read_bytes())["parts"]
    assert parts["shown_root"]["base64"] != parts["trusted_root"]["base64"]
    # What was given up is not remembered as good either.
    with pytest.raises(SplitViewError):
        await tie(other, OTHER, second)


@pytest.mark.parametrize("size", [5, 6, 7])
async def test_in_one_batch_each_size_is_compared_with_the_one_before_it(
    homes: tuple[History, History], size: int
) -> None:
    history, _ = homes
    last = await tie(history, ONE, 5)
    with pytest.raises(SplitViewError):
        await tie(history, OTHER, size, last)
    (file,) = history._home.evidence_path.glob("split_view-*.json")
    assert json.loads(file.read_bytes())["parts"]["trusted_size"] == 5


async def test_an_honest_batch_is_kept_whole_in_any_order_and_asks_once_for_each_size(
    homes: tuple[History, History],
) -> None:
    for history, sizes in zip(homes, ([6, 6, 5, 7], [7, 6, 5]), strict=True):
        line, last, ties = Line(ONE), None, list[Tied]()
        for size in sizes:
            last = await history.tie(line, size, root(ONE[:size]), b"note", last=last)  # type: ignore[arg-type]
            ties.append(last)
        with history._store.begin() as c:
            for tied in ties:
                tied.keep(c)
        assert line.asked == (3 if history is homes[0] else 0)
    assert kept(homes[0]) == {4: root(BASE)} | {size: root(ONE[:size]) for size in (5, 6, 7)}
    assert alarms(homes[0]) == []


async def test_what_depends_on_a_size_that_was_not_kept_is_not_kept(homes: tuple[History, History]) -> None:
    history, _ = homes
    last = await tie(history, ONE, 5)
    for size in (5, 6):
        tied = await tie(history, ONE, size, last)
        if size == 6:
            with pytest.raises(OvertakenError):
                keep(history, tied)
    assert kept(history) == {4: root(BASE)}


async def test_two_honest_processes_overtake_each_other_and_both_sizes_are_kept(homes: tuple[History, History]) -> None:
    one, other = homes
    line = Line(ONE)

    async def meanwhile() -> None:
        await one.check(Line(ONE), 5, root(ONE[:5]), b"note 5")  # type: ignore[arg-type]

    line.meanwhile = meanwhile
    await other.check(line, 6, root(ONE[:6]), b"note 6")  # type: ignore[arg-type]
    assert kept(one) == {4: root(BASE), 5: root(ONE[:5]), 6: root(ONE[:6])}
    assert line.asked == 2
    assert alarms(one) == []


def test_a_kept_size_is_never_given_the_note_of_another_root(homes: tuple[History, History]) -> None:
    history, _ = homes
    with history._store.begin() as c:
        rows.put_checkpoint(c, TrustedSize(4, root(OTHER[:5]), b"note of another"))
        assert rows.checkpoint(c, 4) == TrustedSize(4, root(BASE), b"note 4")


@pytest.mark.parametrize("further", [0, 1])
async def test_two_forks_in_one_answer_to_acknowledge_are_a_split_view(tmp_path: Path, further: int) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        messages = [bytes.fromhex(await send_referral(sfc, "hkma/intake")) for _ in range(2)]
        reader, world = await hkma.as_(Role.AGENT), hkma.town.world
        honest, honest_proof = reader.session.acknowledge, reader.session.get_consistency
        forked, asked = list[bytes](), list[int]()

        async def lying(acks: Any) -> list[Any]:
            one, two = await honest(acks)
            assert isinstance(one, Receipt)
            assert isinstance(two, Receipt)
            size = max(parse_checkpoint(receipt.checkpoint)[0].size for receipt in (one, two))
            leaves = [leaf_hash(leaf) for leaf in await reader.session.get_leaves("exchange", 0, size)]
            leaves[one.index] = leaf_hash(b"what the others are shown")
            leaves += [leaf_hash(b"further")] * further
            shown = Checkpoint(world.exchange_origin, len(leaves), root(leaves))
            note = sign_checkpoint(shown, shown.origin, world.log_key.sign, world.log_key.public)
            forked[:] = leaves
            return [
                one,
                replace(two, checkpoint=note, inclusion_path=inclusion_path(two.index, len(leaves), nodes(leaves))),
            ]

        async def proving(log: str, first: int, second: int) -> list[bytes]:
            asked.append(second)
            if second > len(forked) - further or (forked and len(asked) > 1):
                return list(consistency_path(first, second, nodes(forked)))
            return await honest_proof(log, first, second)

        async for response in reader.session.read_feed(0, follow=False):  # taken, not acknowledged yet
            await reader.refresh()
            if response.WhichOneof("message") == "item":
                await reader._intake.take(reader.session, response.item)
        asked.clear()
        reader.session.acknowledge = lying  # type: ignore[method-assign]
        reader.session.get_consistency = proving  # type: ignore[method-assign]
        with pytest.raises(SplitViewError):
            await reader.flush()

        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.SPLIT_VIEW]
        assert list(reader.home.evidence_path.glob("split_view-*.json"))
        with reader.store.begin() as c:
            found = [ack for message in messages for ack in mailstore.acks_of(c, message)]
            trusted = {size: rows.checkpoint(c, size) for size in range(len(forked) + 1)}
        notes = [parse_receipt(ack.receipt).checkpoint for ack in found if ack.settled]
        assert len(notes) < 2
        assert root(forked) not in {one.root for one in trusted.values() if one is not None}
