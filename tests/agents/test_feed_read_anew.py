"""A thief of the hub's replaced keys leads an agency up a log of his own: its feed goes on where the true one does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory import sign_head
from comity.errors import Reason, RefusedError
from comity.merkle import leaf_hash
from comity.receipts import EventKind, Leaf, encode_leaf, parse_event, parse_receipt
from comity.v1 import feed_pb2
from comity.workflow.terms import Role

from agents import mailstore, rereading
from agents.alarms import AlarmKind
from agents.client import Client
from agents.session import Session
from agents.verifying import Item, Verifier
from tests.agents.offices import send_referral, two_offices
from tests.agents.replaced_keys import HKMA, Longer, note, replace_keys

SFC = "sfc/intake"


async def items_of(reader: Client) -> list[feed_pb2.FeedItem]:
    """Returns what the hub has for a desk that it has not read."""
    found = reader.session.read_feed(reader._intake.cursor().next_index, follow=False)
    return [response.item async for response in found if response.WhichOneof("message") == "item"]


def places(reader: Client) -> list[tuple[int, int, bool]]:
    """Index, kind and whether it was believed of all that is kept of the feed."""
    with reader.store.begin() as c:
        assert not rereading.is_read_anew(c)
        found = mailstore.events(c)
        assert mailstore.debts(c) == []
        for message in mailstore.messages(c, outgoing=True) + mailstore.messages(c, outgoing=False):
            assert parse_receipt(message.receipt).index == message.log_index
    return [(event.log_index, int(event.kind), event.believed) for event in found]


async def test_what_was_read_high_up_a_thiefs_log_is_read_at_its_true_place_and_has_its_effect_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        world, reader, peer = sfc.town.world, await hkma.as_(Role.AGENT), await sfc.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        await reader.sync()
        before = await reader.refresh()
        # Not read yet: this desk's own message, that it was stored, and one that came.
        await send_referral(hkma, SFC)
        await peer.sync()
        early = await send_referral(sfc, HKMA)
        unread = await items_of(reader)
        kinds = {parse_event(item.receipt.event).kind for item in unread}
        assert kinds == {EventKind.SUBMITTED, EventKind.ACKNOWLEDGED}
        size = parse_checkpoint(await reader.session.get_checkpoint("exchange"))[0].size
        await replace_keys(sfc.town)
        late = await send_referral(sfc, HKMA)
        # All of it far up a log of the thief's, and behind it the place of something that he says was erased.
        log, seconds = await Longer.of(reader.session, size, junk=300), reader.clock() // 1000
        leaf = encode_leaf(Leaf(seconds, before.directory_size, before.directory_root, bytes(32)))
        erased = feed_pb2.FeedItem(number=unread[-1].number + 1)
        erased.receipt.leaf = leaf
        unread.append(erased)
        for at, item in enumerate(unread, log.size):
            item.receipt.index = at
        log.hashes += [leaf_hash(item.receipt.leaf) for item in unread]
        for item in unread:
            del item.receipt.inclusion_path[:]
            item.receipt.inclusion_path.extend(log.inclusion(item.receipt.index))
            item.receipt.checkpoint = note(world, log.size, log.root)
            item.consistency_size = 0
        lie = sign_head(replace(before, exchange_size=log.size, exchange_root=log.root), world.head_key)

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return lie

        async def nothing(*_: object) -> list[bytes]:
            return []

        async def feed(start: int, *, follow: bool) -> AsyncIterator[Any]:
            for item in unread:
                if item.receipt.index >= start:
                    yield feed_pb2.ReadFeedResponse(item=item)

        async def no_acks(*_: object) -> int:
            return 0

        with monkeypatch.context() as between:
            between.setattr(reader.session, "get_head", get_head)
            between.setattr(reader.session, "get_consistency", log.consistency)
            between.setattr(reader.session, "read_entries", nothing)
            between.setattr(reader.session, "read_feed", feed)
            between.setattr(reader._acks, "flush", no_acks)
            assert [item.message for item in (await reader.sync()).new] == [early]
        assert reader._intake.cursor().next_index == log.size
        assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.INVALID_DELIVERY}
        reader.dismiss_alarm(reader.alarms()[0].id)
        said = {(case.case_id, case.state) for case in reader.cases()}
        # Back at the hub: a stream that was opened too far up is ended, and the feed goes on where it should.
        with pytest.raises(RefusedError) as ended:
            async for _ in reader.live():
                pass
        assert ended.value.reason is Reason.STALLED
        assert [item.message for item in (await reader.sync()).new] == [late]
        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.REPLACED_KEY]
        assert {(case.case_id, case.state) for case in reader.cases()} > said
        assert all(index < reader.trust.check_sealable().exchange_size for index, _, _ in places(reader))
        assert (await reader.verify_log()).findings == ()
        await send_referral(sfc, HKMA)
        assert len((await reader.sync()).new) == 1


async def test_a_feed_that_is_read_anew_from_its_beginning_has_no_effect_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody between an agency and its hub, without any key of it, gives no proofs when a key was replaced."""
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.AGENT), await sfc.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        second = await send_referral(hkma, SFC)
        await peer.sync()
        await reader.sync()
        await reader.sync()
        before = places(reader)
        cases = {(case.case_id, case.state) for case in reader.cases()}
        await replace_keys(sfc.town)

        async def no_proof(*_: object) -> list[bytes]:
            raise RefusedError(Reason.NOT_FOUND, "no such size")

        with monkeypatch.context() as between:
            between.setattr(reader.session, "get_consistency", no_proof)
            await reader.refresh()
        assert reader._intake.cursor() == mailstore.Cursor()
        # While it is read again another process goes back once more: what is under way then is taken after it.
        honest, moments = Verifier.item, {second}

        async def item(self: Verifier, session: Session, wire: Any, after: mailstore.Cursor) -> Item:
            found = await honest(self, session, wire, after)
            if moments & (at := {found.verified.event.message_hash.hex()}):
                moments.difference_update(at)
                with reader.store.begin() as c:
                    rereading.go_back(c, 0)
            return found

        read_feed = reader.session.read_feed

        async def feed(start: int, *, follow: bool) -> AsyncIterator[Any]:
            async for response in read_feed(start, follow=follow):
                if response.item.receipt.index == before[0][0]:  # erased meanwhile, as by and by all is
                    for name in ("event", "salt"):
                        response.item.receipt.ClearField(name)
                    response.item.ClearField("envelope")
                yield response

        monkeypatch.setattr(Verifier, "item", item)
        with monkeypatch.context() as later:
            later.setattr(reader.session, "read_feed", feed)
            assert (await reader.sync()).new == ()
        assert places(reader)[: len(before)] == before
        moments.add(new := await send_referral(sfc, HKMA))
        assert [found.message for found in (await reader.sync()).new] == [new]
        assert moments == set()
        after = places(reader)
        assert after[: len(before)] == before
        assert {(case.case_id, case.state) for case in reader.cases()} > cases
        assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.REPLACED_KEY}
        assert (await reader.verify_log()).findings == ()


async def test_a_stream_that_was_opened_before_another_process_went_back_leaves_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        await reader.sync()
        place = reader._intake.cursor().next_index
        sent = [await send_referral(sfc, HKMA) for _ in range(3)]
        unread = await items_of(reader)
        with reader.store.begin() as c:  # as a thief leaves it: beyond two that were never read
            stood = mailstore.cursor(c)
            mailstore.set_cursor(c, mailstore.Cursor(unread[2].receipt.index, unread[1].number, stood.time))
        honest, gone_back = reader.session.read_feed, list[int]()

        async def feed(start: int, *, follow: bool) -> AsyncIterator[Any]:
            async for response in honest(start, follow=follow):
                if not gone_back:
                    gone_back.append(start)
                    with reader.store.begin() as c:  # another process of this home
                        rereading.go_back(c, place)
                yield response

        monkeypatch.setattr(reader.session, "read_feed", feed)
        assert [item.message for item in (await reader.sync()).new] == sent
        assert reader.alarms() == []
