"""A thief of replaced hub keys stood between an agency and its hub: what went by way of him has its true course."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from comity.errors import CannotOpenError, Reason, RefusedError
from comity.receipts import Receipt, delivery_commitment, encode_receipt, parse_event, parse_receipt
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents import mailstore, rereading
from agents.alarms import AlarmKind
from agents.client import Client
from agents.mailstore import Cursor, EventRow
from agents.records import MessageStatus, Standing
from agents.tied import OvertakenError, Tied
from agents.truststore import TrustedSize, checkpoint, newest_size, put_checkpoint
from agents.verifying import Verifier
from tests.agents.offices import referral, send_referral, two_offices
from tests.agents.replaced_keys import HKMA, replace_keys
from tests.agents.test_feed_read_anew import SFC, items_of, places
from tests.agents.thieves import Thief

CONTACT = pb.Contact(name="Lee Siu Ming", telephone="+85287654321")


async def answer(peer: Client, case: str) -> list[str]:
    """Acknowledges a case, then accepts it. Returns the messages."""
    await peer.sync()
    noted = pb.AcknowledgeCase(reference="SFC-1", contact=CONTACT, expected_date="2027-01-01")
    first = await peer.send((await peer.acknowledge(case, noted)).id)
    second = await peer.send((await peer.accept(case, pb.Accept(owner="Enforcement"))).id)
    return [first.message_hash, second.message_hash]


def case_of(reader: Client, message: str) -> str:
    return next(item.case_id for item in reader.sent() if item.message == message)


def statuses(client: Client, message: str) -> set[MessageStatus]:
    return set(next(item.statuses for item in client.sent() if item.message == message).values())


async def test_what_a_thief_made_come_out_of_turn_is_judged_anew_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.ANALYST), await sfc.as_(Role.ANALYST)
        case = case_of(reader, await send_referral(hkma, SFC))
        await reader.sync()
        noted, accepted = await answer(peer, case)
        thief = await Thief.of(reader, sfc.town.world)
        stored, *unread = await items_of(reader)
        await replace_keys(sfc.town)
        for item in (stored, *reversed(unread)):
            thief.brings(item)
        with thief.between(monkeypatch):
            report = await reader.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([noted], 1)
        assert {case.state for case in reader.cases()} == {State.ACKNOWLEDGED}
        for alarm in reader.alarms():
            reader.dismiss_alarm(alarm.id)

        assert [item.message for item in (await reader.sync()).new] == [accepted]
        assert {case.state for case in reader.cases()} == {State.IN_PROGRESS}
        assert {item.standing for item in reader.inbox()} == {Standing.GOOD}
        assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.REPLACED_KEY}
        found = places(reader)
        true = await items_of_all(reader)
        assert [index for index, _, _ in found] == [item.receipt.index for item in true]
        assert all(believed for _, _, believed in found)
        await peer.sync()
        for message in (noted, accepted):
            assert statuses(peer, message) == {MessageStatus.DELIVERED}
        for client in (reader, peer):
            assert (await client.verify_log()).findings == ()


async def items_of_all(reader: Client) -> list[object]:
    found = reader.session.read_feed(0, follow=False)
    return [response.item async for response in found if response.WhichOneof("message") == "item"]


async def test_what_came_too_late_by_the_readers_own_clock_is_refused_again_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        thief = await Thief.of(reader, sfc.town.world)
        late = await send_referral(sfc, HKMA)
        (item,) = await items_of(reader)
        await replace_keys(sfc.town)
        with reader.store.begin() as c:
            before = mailstore.legs(c)
        thief.brings(item, hkma.clock() // 1000)
        hkma.clock.shift = 40 * 86_400_000
        with thief.between(monkeypatch):
            assert (await reader.sync()).quarantined == 1
        with reader.store.begin() as c:
            once = mailstore.legs(c)
            rereading.go_back(c, item.receipt.index)
            assert mailstore.legs(c) == before
            assert mailstore.message(c, bytes.fromhex(late)) is None
            assert mailstore.acks_of(c, bytes.fromhex(late)) == []
        hkma.clock.shift = 0
        assert [found.message for found in (await reader.sync()).new] == [late]
        assert len(once) == len(before) + 1


@pytest.mark.parametrize("copies", [True, False])
async def test_what_was_sent_and_acknowledged_to_a_thief_goes_out_again_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: bool
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.ANALYST), await sfc.as_(Role.AGENT)
        came = await send_referral(sfc, HKMA)
        thief = await Thief.of(reader, sfc.town.world)
        thief.copies = copies
        (item,) = await items_of(reader)
        thief.brings(item)
        approver = await hkma.as_(Role.APPROVER)
        draft = await reader.refer(SFC, referral())
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        await replace_keys(sfc.town)
        with thief.between(monkeypatch):
            await reader.sync()
            sent = (await reader.send(draft.id)).message_hash
            assert statuses(reader, sent) == {MessageStatus.SUBMITTED}
        with reader.store.begin() as c:
            assert mailstore.pending_acks(c, 10) == []
        await peer.sync()
        assert statuses(peer, came) == {MessageStatus.SUBMITTED}

        await reader.sync()
        assert statuses(reader, sent) == {MessageStatus.SUBMITTED}
        assert [found.message for found in (await peer.sync()).new] == [sent]
        assert statuses(peer, came) == {MessageStatus.DELIVERED}
        await reader.sync()
        assert statuses(reader, sent) == {MessageStatus.DELIVERED}
        assert len(reader.cases()) == len(peer.cases()) == 2
        assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.REPLACED_KEY}
        assert [index for index, _, _ in places(reader)] == [one.receipt.index for one in await items_of_all(reader)]
        with reader.store.begin() as c:
            for event in mailstore.events(c):
                delivered = parse_event(parse_receipt(event.receipt).event).deliveries
                assert delivery_commitment(event.salt, HKMA, event.number) in delivered
        for client in (reader, peer):
            assert (await client.verify_log()).findings == ()


async def test_what_the_hub_has_all_the_same_is_as_before_once_it_was_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.ANALYST)
        sent = await send_referral(hkma, SFC)
        await reader.sync()
        before = reader.sent()
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
        assert statuses(reader, sent) == {MessageStatus.PENDING}
        assert {item.log_index for item in reader.sent()} == {-1}

        async def nothing(_: object) -> Receipt:
            raise AssertionError("it is sent once more")

        monkeypatch.setattr(reader.session, "submit", nothing)
        await reader.sync()
        assert reader.sent() == before


async def test_an_own_copy_that_did_not_count_in_a_thiefs_event_counts_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.ANALYST)

        def refuses(*_: object) -> None:
            raise RefusedError(Reason.WRONG_STATE, "out of turn")

        with monkeypatch.context() as between:
            between.setattr(Verifier, "check_rules", refuses)
            await send_referral(hkma, SFC)
            await reader.sync()
        assert (reader.cases(), [believed for _, _, believed in places(reader)]) == ([], [False])
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
        await reader.sync()
        assert len(reader.cases()) == 1
        assert [believed for _, _, believed in places(reader)] == [True]


async def test_a_receipt_that_a_thief_gave_to_another_process_is_not_kept_once_his_log_was_forgotten(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.AGENT)
        found = TrustedSize(1 << 40, bytes(32), b"note")
        tied = Tied(found, None, None, kept=True)
        with reader.store.begin() as c:
            put_checkpoint(c, found)
            tied.keep(c)
            c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (found.size,))
            with pytest.raises(OvertakenError):
                tied.keep(c)


async def test_what_another_process_has_forgotten_is_tied_again(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.AGENT)
        await send_referral(hkma, SFC)
        await reader.sync()
        history, session = reader.trust.history, reader.session
        with reader.store.begin() as c:
            newest = newest_size(c)
        assert newest is not None
        tied = await history.tie(session, newest.size, newest.root, newest.note)
        history.kept(tied)
        with reader.store.begin() as c:
            c.exec_driver_sql("DELETE FROM checkpoints WHERE size = ?", (newest.size,))
        again = await history.tie_again(session, replace(tied, kept=True))
        with reader.store.begin() as c:
            again.keep(c)
            assert checkpoint(c, newest.size) == newest


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET verb = ?",
        "UPDATE messages SET log_index = 0 WHERE verb != ?",
        "UPDATE messages SET standing = 'GOOD' WHERE verb != ?",
        "UPDATE legs SET fields = json_set(fields, '$.previous', fields ->> '$.case_id') WHERE originator != ?",
        "UPDATE legs SET fields = json_set(fields, '$.opening', fields ->> '$.case_id') WHERE originator != ?",
        "LOGGED",
    ],
)
async def test_what_counts_here_whatever_the_thief_did_is_not_judged_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader, late = await hkma.as_(Role.AGENT), await send_referral(hkma.town.offices["sfc"], HKMA)

        async def no_acks(*_: object) -> int:
            return 0

        monkeypatch.setattr(reader._acks, "flush", no_acks)
        monkeypatch.setattr(reader._intake, "_open", cannot)
        assert (await reader.sync()).quarantined == 1
        with reader.store.begin() as c:
            (event,) = mailstore.events(c)
            if change == "LOGGED":  # the refusal stands in the log that is left
                true = replace(parse_receipt(event.receipt), index=0)
                mailstore.settle_ack(c, mailstore.acks_of(c, bytes.fromhex(late))[0], encode_receipt(true))
            else:
                c.exec_driver_sql(change, (int(Verb.FORWARD),))
            legs = mailstore.legs(c)
            rereading.go_back(c, event.log_index)
            assert rereading.is_read_anew(c)
            assert mailstore.legs(c) == legs
            assert len(mailstore.acks_of(c, bytes.fromhex(late))) == 1
            assert mailstore.message(c, bytes.fromhex(late)) is not None


def cannot(*_: object) -> None:
    raise CannotOpenError


async def test_whoever_missed_a_going_back_goes_as_far_as_all_of_them(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        for _ in range(3):
            await send_referral(sfc, HKMA)
        await reader.sync()
        first, second, third = (index for index, _, _ in places(reader))
        with reader.store.begin() as c:
            assert rereading.went_back(c, 0) == (0, -1)
            rereading.go_back(c, second)
        await reader.sync()
        with reader.store.begin() as c:
            rereading.go_back(c, third)
            assert rereading.went_back(c, 0) == (2, first)
            assert rereading.went_back(c, 1) == (2, second)


async def test_what_stood_as_far_up_as_can_be_is_put_aside_time_and_again(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, top = await hkma.as_(Role.AGENT), (1 << 62) - 8
        await send_referral(sfc, HKMA)
        await reader.sync()
        with reader.store.begin() as c:
            (event,) = mailstore.events(c)
            for times in range(1, 5):
                for at in range(3):
                    index = top + at
                    mailstore.put_event(c, _at(event, index))
                mailstore.set_cursor(c, Cursor(top + 4, 9, event.time))
                rereading.go_back(c, event.log_index + 1)
                aside = c.exec_driver_sql("SELECT log_index FROM events WHERE log_index < 0").scalars().all()
                assert sorted(aside, reverse=True) == [-1 - at for at in range(3 * times)]


def _at(event: EventRow, index: int) -> EventRow:
    return EventRow(index, 9, event.salt, event.kind, bytes(32), event.desk, event.time, event.receipt, True)
