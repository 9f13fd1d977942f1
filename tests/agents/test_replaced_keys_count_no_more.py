"""The hub's replaced keys in a thief's hands: what they sign from then on does not count, and stops nobody's work."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import verify_checkpoint
from comity.directory import sign_head
from comity.errors import Reason, RefusedError, VerificationError
from comity.keys import SigningKey
from comity.merkle import leaf_hash
from comity.receipts import Leaf, Receipt, commitment, encode_leaf, encode_receipt, parse_receipt
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents import truststore
from agents.alarms import AlarmKind
from agents.errors import ReplacedKeyError, SplitViewError
from agents.history import HUB_SLACK_MS, REPLACED_TOLD
from agents.proving import verify_place
from tests.agents.offices import send_referral, two_offices
from tests.agents.replaced_keys import HKMA, After, replaced


@pytest.fixture
async def after(tmp_path: Path) -> AsyncIterator[After]:
    """Mail, then other keys, then mail under them."""
    async with replaced(tmp_path) as found:
        yield found


def feed_signed_anew(after: After) -> list[bytes]:
    """Has every item of the feed come with its checkpoint under the old log key; returns what is so signed."""
    honest, signed = after.reader.session.read_feed, list[bytes]()

    async def lying(start: int, *, follow: bool) -> AsyncIterator[Any]:
        async for response in honest(start, follow=follow):
            if response.WhichOneof("message") == "item":
                receipt = response.item.receipt
                said = verify_checkpoint(
                    receipt.checkpoint, after.world.exchange_origin, after.world.next_log_key.public
                )
                receipt.checkpoint = after.note(said.size, said.root)
                signed.append(receipt.checkpoint)
            yield response

    after.reader.session.read_feed = lying  # type: ignore[method-assign,assignment]
    return signed


async def test_no_delivery_counts_whose_leaf_is_from_after_the_key_that_signed_its_receipt(after: After) -> None:
    late = await send_referral(after.sfc, HKMA)
    signed = feed_signed_anew(after)
    with pytest.raises(VerificationError):
        await after.reader.sync()
    assert late not in {item.message for item in after.reader.inbox()}
    assert after.kinds() == {AlarmKind.INVALID_DELIVERY}
    # Nor its place alone, as of what the hub says it has erased.
    honest = parse_receipt(after.sender.receipt(late))
    reader = after.reader
    with pytest.raises(VerificationError, match="expected key"):
        await verify_place(reader.trust, reader.session, replace(honest, checkpoint=signed[0]))
    leaf, _ = await verify_place(reader.trust, reader.session, honest)
    assert leaf.directory_size == reader.directory().size


async def test_a_forged_receipt_in_a_file_is_not_good(after: After) -> None:
    reader, view = after.reader, after.reader.directory()
    real = parse_receipt(reader.receipt(after.early))
    old = reader.trust.view(view.size - 2)

    def forged(size: int, root: bytes, at: int, key: SigningKey) -> bytes:
        leaf = encode_leaf(Leaf(at, size, root, commitment(real.salt, real.event)))
        note = after.note(1, leaf_hash(leaf), key)
        return encode_receipt(Receipt(real.event, real.salt, 0, leaf, (), note))

    now, entered = int(time.time()), view.stale_since(old.size - 1) or 0
    for size, root in ((view.size, view.root), (old.size, bytes(32)), (view.size + 1, view.root)):
        with pytest.raises(VerificationError):
            reader.verify_receipt(forged(size, root, now, after.world.log_key))
    # One of the old key's time is of another log, and that does not stop the work of whoever looks into a file.
    file = forged(old.size, old.root, entered, after.world.log_key)
    with pytest.raises(VerificationError, match="no history seen here"):
        reader.verify_receipt(file)
    with pytest.raises(ReplacedKeyError):
        await reader.prove_receipt(file)
    assert reader.trust.check_sealable()
    # A true one that was not seen here is proved by the hub.
    unseen = await send_referral(after.sfc, HKMA)
    true = after.sender.receipt(unseen)
    with pytest.raises(VerificationError, match="no history seen here"):
        reader.verify_receipt(true)
    assert (await reader.prove_receipt(true)).event.message_hash.hex() == unseen
    assert reader.verify_receipt(true).event.message_hash.hex() == unseen
    assert reader.verify_receipt(after.early).event.message_hash.hex() == after.early


async def test_a_thief_of_the_old_log_key_stops_no_agency_that_it_writes_to(
    after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = after.reader
    last = parse_receipt(reader.receipt(after.early))
    # What the old key signed in its time goes on to count, from a member that has seen nothing since.
    message = await after.passes_off(last.checkpoint, monkeypatch)
    assert [item.message for item in (await reader.sync()).new] == [message]
    assert reader.alarms() == []
    # Of a size from after it, it says nothing, whatever the root.
    head = reader.trust.head
    assert head is not None
    for root in (bytes(32), head.exchange_root):
        await after.passes_off(after.note(head.exchange_size, root), monkeypatch)
        assert (await reader.sync()).quarantined == 1
    assert after.kinds() == {AlarmKind.INVALID_DELIVERY}
    # Of its own time, another root is told of, with evidence, and stops nothing.
    await after.passes_off(after.note(last.index + 1, bytes(32)), monkeypatch)
    assert (await reader.sync()).quarantined == 1
    assert AlarmKind.REPLACED_KEY in after.kinds()
    assert list(reader.home.evidence_path.glob("replaced_key-*.json"))
    assert reader.trust.check_sealable()
    # The key that is in force shows a second history as ever.
    await after.passes_off(after.note(head.exchange_size, bytes(32), after.world.next_log_key), monkeypatch)
    with pytest.raises(SplitViewError):
        await reader.sync()
    assert AlarmKind.SPLIT_VIEW in after.kinds()
    with pytest.raises(SplitViewError):
        reader.trust.check_sealable()


async def test_what_a_machine_was_shown_under_the_old_log_key_stops_nothing_when_it_is_tied(after: After) -> None:
    trust, size = after.reader.trust, parse_receipt(after.reader.receipt(after.early)).index + 1
    with pytest.raises(ReplacedKeyError):
        trust.note_gossip(after.note(size + 1, bytes(32)), size + 10)
    with after.reader.store.begin() as c:
        c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (size,))
    trust.history._tied.clear()
    note = after.note(size, bytes(32))
    found = trust.note_gossip(note, size + 10)
    assert found is not None

    async def unproved(*_: object) -> list[bytes]:
        raise RefusedError(Reason.NOT_FOUND, "no such size")

    for answer in (after.reader.session.get_consistency, unproved):
        with after.reader.store.begin() as c:
            truststore.put_gossip_due(c, found)
        after.reader.session.get_consistency = answer  # type: ignore[method-assign]
        await trust.settle_gossip(after.reader.session)
        with after.reader.store.begin() as c:
            assert truststore.gossip_due(c) == []
    assert after.kinds() == {AlarmKind.REPLACED_KEY}
    assert trust.check_sealable()


@pytest.mark.parametrize("first", [True, False])
async def test_a_checkpoint_by_the_old_key_hushes_none_by_the_key_in_force(after: After, first: bool) -> None:
    trust, size = after.reader.trust, parse_receipt(after.reader.receipt(after.early)).index + 1
    with after.reader.store.begin() as c:
        c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (size,))
    trust.history._tied.clear()
    notes = [after.note(size, bytes(32)), after.note(size, bytes(32), after.world.next_log_key)]
    for note in notes if first else reversed(notes):  # as two machines' batches of one reading bring them
        found = trust.note_gossip(note, size + 10)
        assert found is not None
        with after.reader.store.begin() as c:
            truststore.put_gossip_due(c, found)
    with pytest.raises(SplitViewError):
        await trust.settle_gossip(after.reader.session)
    assert after.kinds() == {AlarmKind.REPLACED_KEY, AlarmKind.SPLIT_VIEW}
    with after.reader.store.begin() as c:
        assert truststore.gossip_due(c) == []
    with pytest.raises(SplitViewError):
        trust.check_sealable()


async def test_no_head_by_the_old_key_is_from_after_it_and_none_stops_sealing(after: After) -> None:
    reader, world = after.reader, after.world
    trust, newest = reader.trust, reader.trust.head
    assert newest is not None
    old = trust.view(newest.directory_size - 1)
    entered = (reader.directory().stale_since(newest.directory_size - 1) or 0) * 1000

    def shown(**changes: Any) -> tuple[bytes, bytes]:
        head = replace(newest, directory_size=old.size, directory_root=old.root, exchange_size=1, time=entered)
        return sign_head(replace(head, **changes), world.head_key)

    # One that was long on its way is taken for what it is, and is not the newest.
    trust.see_head(*shown(time=entered + 100_000))
    assert (trust.head, reader.alarms()) == (newest, [])
    late = {"time": entered + HUB_SLACK_MS + 1, "exchange_size": newest.exchange_size}
    fork = {"exchange_size": newest.exchange_size + 5, "exchange_root": bytes(32)}
    for number, lie in enumerate((late, fork, {"directory_root": bytes(32)}), 1):
        with pytest.raises(ReplacedKeyError):
            trust.see_head(*shown(**lie))
        assert len(reader.alarms()) == number

        async def get_head(_: object, lie: dict[str, Any] = lie) -> tuple[bytes, bytes]:
            return shown(**lie)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader.session, "get_head", get_head)
            with pytest.raises(ReplacedKeyError):
                await trust.refresh(reader.session)
    assert after.kinds() == {AlarmKind.REPLACED_KEY}
    assert trust.check_sealable() == newest
    # A thief may sign without end: once some were told of, no more are until people have looked.
    for number in range(2 * REPLACED_TOLD):
        with pytest.raises(ReplacedKeyError):
            trust.see_head(*shown(exchange_size=newest.exchange_size + 10 + number, exchange_root=bytes(32)))
    assert len(reader.alarms()) == len(list(reader.home.evidence_path.iterdir())) == REPLACED_TOLD
    reader.dismiss_alarm(reader.alarms()[0].id)
    with pytest.raises(ReplacedKeyError):
        trust.see_head(*shown(exchange_size=newest.exchange_size + 100, exchange_root=bytes(32)))
    assert len(reader.alarms()) == REPLACED_TOLD
    assert len(list(reader.home.evidence_path.iterdir())) == REPLACED_TOLD + 1
    # By the key in force, the same is what it always was.
    with pytest.raises(SplitViewError):
        trust.see_head(*sign_head(replace(newest, directory_root=bytes(32)), world.next_head_key))
    assert AlarmKind.SPLIT_VIEW in after.kinds()


async def test_a_log_that_is_verified_while_its_key_is_replaced_has_nothing_found_in_it(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        town, world = sfc.town, sfc.town.world
        sender = await sfc.as_(Role.ANALYST)
        await send_referral(sfc, HKMA)
        await sender.sync()
        honest, waiting = sender.session.get_checkpoint, ["exchange"]

        async def meanwhile(log: str) -> bytes:
            if log in waiting:
                waiting.remove(log)
                await town.append([world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))])
            return await honest(log)

        sender.session.get_checkpoint = meanwhile  # type: ignore[method-assign]
        report = await sender.verify_log()
        assert (report.findings, waiting) == ((), [])
        assert sender.alarms() == []
