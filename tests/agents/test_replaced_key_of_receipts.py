"""A replaced log key under a receipt of its time: it counts for no size of the log from after it, whatever the leaf."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory import sign_head
from comity.errors import VerificationError
from comity.merkle import leaf_hash
from comity.receipts import Leaf, Receipt, encode_leaf, encode_receipt, parse_receipt
from comity.workflow.terms import Role

from agents import mailstore, truststore
from agents.alarms import AlarmKind
from agents.errors import SplitViewError
from agents.forgetting import judge
from agents.proofs import _Order
from agents.proving import verify_place
from agents.truststore import TrustedSize
from tests.agents.offices import send_referral, two_offices
from tests.agents.replaced_keys import HKMA, After, Longer, note, replace_keys, replaced


async def led_to_today(after: After) -> Receipt:
    """Returns the receipt of the early message, its place proved in today's true log, which the old key has signed."""
    reader = after.reader
    early, head = parse_receipt(reader.receipt(after.early)), reader.trust.head
    assert head is not None
    log = await Longer.of(reader.session, head.exchange_size, junk=0)
    assert log.root == head.exchange_root
    path = tuple(log.inclusion(early.index))
    return replace(early, inclusion_path=path, checkpoint=after.note(log.size, log.root))


async def test_a_file_with_a_receipt_that_the_old_key_leads_to_today_is_not_good_and_passes_nothing_on(
    tmp_path: Path,
) -> None:
    async with replaced(tmp_path) as after:
        reader = after.reader
        forged = await led_to_today(after)
        with pytest.raises(VerificationError, match="replaced before"):
            await reader.prove_receipt(encode_receipt(forged))
        with pytest.raises(VerificationError, match="replaced before"):
            reader.verify_receipt(encode_receipt(forged))
        with pytest.raises(VerificationError, match="replaced before"):
            await verify_place(reader.trust, reader.session, forged)
        assert reader.alarms() == []

        size = parse_checkpoint(forged.checkpoint)[0].size
        with reader.store.begin() as c:  # as where the replacement is known by a head alone
            c.exec_driver_sql("DELETE FROM leaves")
            c.exec_driver_sql("DELETE FROM heads WHERE exchange_size < ?", (size,))
            c.exec_driver_sql("UPDATE checkpoints SET note = x'' WHERE size >= ?", (size,))
        head = reader.trust.head
        assert head is not None
        reader.trust.history.forgot()
        assert (await reader.prove_receipt(encode_receipt(forged))).receipt == forged
        assert reader.trust.newest_note() == b""
        with reader.store.begin() as c:  # nor one that came with a delivery: others may know from when it is
            truststore.put_checkpoint(c, TrustedSize(size, head.exchange_root, forged.checkpoint))
        assert reader.trust.newest_note() == b""
        # The key in force takes its place, of the same size, too.
        trust, true = reader.trust, after.note(size, head.exchange_root, after.world.next_log_key)
        await trust.history.check(reader.session, size, head.exchange_root, true)
        assert trust.newest_note() == true
        await trust.history.check(reader.session, size, head.exchange_root, forged.checkpoint)
        assert trust.newest_note() == true


async def test_a_leaf_that_names_a_directory_of_before_its_time_is_found_by_whoever_verifies_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thief of the old key has the database, too, and the hub has gone on behind what he wrote."""
    async with replaced(tmp_path) as after:
        reader = after.reader
        await reader.refresh()
        now, old = reader.directory(), reader.trust.view(reader.directory().size - 2)
        size = parse_checkpoint(await reader.session.get_checkpoint("exchange"))[0].size
        leaves = await reader.session.get_leaves("exchange", 0, size)
        seconds = reader.clock() // 1000
        leaves += [encode_leaf(Leaf(seconds, view.size, view.root, bytes(32))) for view in (old, now, now, old)]
        leaves.append(encode_leaf(Leaf(seconds - 60, now.size, now.root, bytes(32))))
        log = Longer([leaf_hash(leaf) for leaf in leaves])
        honest = reader.session.get_checkpoint

        async def get_checkpoint(kind: str) -> bytes:
            in_force = after.world.next_log_key
            return after.note(log.size, log.root, in_force) if kind == "exchange" else await honest(kind)

        async def get_leaves(kind: str, start: int, count: int) -> list[bytes]:
            return leaves[start : start + count] if kind == "exchange" else await read(kind, start, count)

        read = reader.session.get_leaves
        monkeypatch.setattr(reader.session, "get_checkpoint", get_checkpoint)
        monkeypatch.setattr(reader.session, "get_leaves", get_leaves)
        monkeypatch.setattr(reader.session, "get_consistency", log.consistency)
        report = await reader.verify_log()
        at = "exchange: leaf {} is from before one that stands before it"
        assert report.findings == tuple(at.format(size + place) for place in (0, 3, 4))
        # Of the first release's logs each had its own time: as far as clocks step back, where no key was replaced.
        entered, between = now.stale_since(now.size - 1) or 0, reader.trust.view(now.size - 1)
        for seconds, good in ((3, True), (6, False)):
            early, late = Leaf(entered - seconds, now.size, now.root, bytes(32)), entered + seconds
            assert _Order(reader.trust).goes_on(encode_leaf(early)) is good
            grown = Leaf(late, between.size, between.root, bytes(32))
            assert _Order(reader.trust).goes_on(encode_leaf(grown)) is good
        assert not _Order(reader.trust).goes_on(encode_leaf(Leaf(entered + 3, old.size, old.root, bytes(32))))


async def test_no_delivery_takes_an_agency_that_knows_beyond_the_log_of_its_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        world, reader = sfc.town.world, await hkma.as_(Role.AGENT)
        unread = await send_referral(sfc, HKMA)
        await replace_keys(sfc.town)
        head = await reader.refresh()
        log = await Longer.of(reader.session, head.exchange_size)
        honest = reader.session.read_feed

        async def lying(start: int, *, follow: bool) -> AsyncIterator[Any]:
            async for response in honest(start, follow=follow):
                if response.WhichOneof("message") == "item":
                    receipt = response.item.receipt
                    del receipt.inclusion_path[:]
                    receipt.inclusion_path.extend(log.inclusion(receipt.index))
                    receipt.checkpoint = note(world, log.size, log.root)
                yield response

        with monkeypatch.context() as between:
            between.setattr(reader.session, "read_feed", lying)
            between.setattr(reader.session, "get_consistency", log.consistency)
            with pytest.raises(VerificationError):
                await reader.sync()
        assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.INVALID_DELIVERY}
        assert [item.message for item in (await reader.sync()).new] == [unread]
        assert (await reader.refresh()).exchange_size >= head.exchange_size
        with reader.store.begin() as c:
            newest = truststore.newest_size(c)
        assert newest is not None
        assert newest.size < log.size


async def test_what_the_old_key_signed_beyond_the_log_before_anybody_was_told_stops_nobody_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agency was away: it took the delivery, and learns of the replacement when it is back at its hub."""
    async with two_offices(tmp_path) as (sfc, hkma):
        world, reader = sfc.town.world, await hkma.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        head = await reader.refresh()
        await replace_keys(sfc.town)
        log = await Longer.of(reader.session, head.exchange_size)
        with reader.store.begin() as c:
            truststore.put_checkpoint(c, TrustedSize(log.size, log.root, note(world, log.size, log.root)))
        assert len((await reader.sync()).new) == 1
        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.REPLACED_KEY]
        assert len(list(reader.home.evidence_path.glob("replaced_key-*.json"))) == 1
        assert reader.trust.check_sealable()
        # By the key in force it is a second history, and nothing is forgotten.
        with reader.store.begin() as c:
            size = truststore.sizes(c)[-1].size + 1
            truststore.put_checkpoint(c, TrustedSize(size, bytes(32), note(world, size, bytes(32), world.next_log_key)))
            kept = truststore.sizes(c)
            beyond = TrustedSize(size + 50, bytes(32), note(world, size + 50, bytes(32)))
            truststore.put_checkpoint(c, beyond)
        trust, newest = reader.trust, reader.trust.history.newest
        assert newest is not None
        assert not await judge(reader.session, reader.store, trust._directory, newest, (trust.directory_size, []))
        with reader.store.begin() as c:
            assert truststore.sizes(c) == [*kept, beyond]
            c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (beyond.size,))
        await send_referral(sfc, HKMA)
        with pytest.raises(SplitViewError):
            await reader.sync()
        with reader.store.begin() as c:
            assert truststore.sizes(c)[: len(kept)] == kept
        with pytest.raises(SplitViewError):
            reader.trust.check_one_history()


async def test_a_hub_forks_beneath_no_head_in_force_by_signing_its_size_with_the_old_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with replaced(tmp_path) as after:
        reader, head = after.reader, await after.reader.refresh()
        with reader.store.begin() as c:  # as a delivery brings it whose receipt is signed anew
            c.exec_driver_sql("DELETE FROM checkpoints")
            truststore.put_checkpoint(c, TrustedSize(1, (await Longer.of(reader.session, 1, 0)).root, b""))
            truststore.put_checkpoint(
                c,
                TrustedSize(head.exchange_size, head.exchange_root, after.note(head.exchange_size, head.exchange_root)),
            )
            kept = truststore.sizes(c)
        fork = await Longer.of(reader.session, 1)
        lie = sign_head(replace(head, exchange_size=fork.size, exchange_root=fork.root), after.world.next_head_key)

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return lie

        monkeypatch.setattr(reader.session, "get_head", get_head)
        monkeypatch.setattr(reader.session, "get_consistency", fork.consistency)
        with pytest.raises(SplitViewError):
            await reader.refresh()
        assert after.kinds() == {AlarmKind.SPLIT_VIEW}
        with reader.store.begin() as c:
            assert truststore.sizes(c) == kept


async def test_a_receipt_that_a_thief_left_here_is_found_by_whoever_verifies_the_log_and_stops_nothing(
    tmp_path: Path,
) -> None:
    async with replaced(tmp_path) as after:
        reader = after.reader
        forged = await led_to_today(after)
        with reader.store.begin() as c:
            mailstore.update_message(c, bytes.fromhex(after.early), receipt=encode_receipt(forged))
        assert (await reader.verify_log()).findings == (
            f"exchange: the receipt of leaf {forged.index} does not verify",
        )
        assert after.kinds() == {AlarmKind.REPLACED_KEY}
        assert reader.trust.check_sealable()
        # By the key in force it is what it always was;.
        size = parse_checkpoint(forged.checkpoint)[0].size
        other = replace(forged, checkpoint=after.note(size, bytes(32), after.world.next_log_key))
        with reader.store.begin() as c:
            mailstore.update_message(c, bytes.fromhex(after.early), receipt=encode_receipt(other))
        await reader.verify_log()
        assert after.kinds() == {AlarmKind.REPLACED_KEY, AlarmKind.SPLIT_VIEW}
