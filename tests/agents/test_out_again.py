"""What went to a thief of replaced hub keys, or came from him, stands in the end as if he had never been there."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.receipts import AckState, Receipt
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents import mailstore, rereading
from agents.alarms import AlarmKind
from agents.records import DraftState, MessageStatus, Standing
from tests.agents.offices import referral, send_referral, two_offices
from tests.agents.replaced_keys import HKMA, replace_keys
from tests.agents.test_back_from_a_thief import answer, cannot, case_of, statuses
from tests.agents.test_feed_read_anew import SFC, items_of
from tests.agents.thieves import Thief


async def test_what_the_hub_refuses_when_it_goes_out_again_is_told_and_asked_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.ANALYST)
        sent = await send_referral(hkma, SFC)
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
        asked = list[Reason]()
        reasons = [Reason.BUSY, Reason.DESK_KEY_STALE]

        async def refuses(_: object) -> Receipt:
            asked.append(reasons.pop(0))
            raise RefusedError(asked[-1], "refused")

        with monkeypatch.context() as patch:
            patch.setattr(reader.session, "submit", refuses)
            with pytest.raises(RefusedError):
                await reader.flush()
            assert [draft.state for draft in reader.drafts()] == [DraftState.SENT]
            await reader.flush()
            await reader.flush()
        assert asked == [Reason.BUSY, Reason.DESK_KEY_STALE]
        assert statuses(reader, sent) == {MessageStatus.PENDING}
        assert [draft.state for draft in reader.drafts()] == [DraftState.DISCARDED]
        assert [(alarm.kind, alarm.subject) for alarm in reader.alarms()] == [(AlarmKind.NOT_SENT, sent)]
        assert reader.peek(sent).payload.refer.reference


async def test_what_was_withdrawn_before_the_thief_alone_does_not_go_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.ANALYST), await sfc.as_(Role.AGENT)
        approver = await hkma.as_(Role.APPROVER)
        thief = await Thief.of(reader, sfc.town.world)
        draft = await reader.refer(SFC, referral())
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        await replace_keys(sfc.town)
        with thief.between(monkeypatch):
            sent = (await reader.send(draft.id)).message_hash
            await reader.sync()
            hkma.clock.shift += 2000
            withdrawal = await reader.withdraw(case_of(reader, sent), pb.Withdraw(text="wrong desk"))
            await reader.send(withdrawal.id)
            await reader.sync()

        for _ in range(2):
            await reader.sync()
            await peer.sync()

        assert peer.inbox() == []
        assert [alarm.kind for alarm in reader.alarms()].count(AlarmKind.NOT_SENT) == 2
        assert [alarm.kind for alarm in peer.alarms()] == []


@pytest.mark.parametrize("state", [AckState.STORED, AckState.REFUSED])
async def test_what_a_thief_alone_did_not_take_is_acknowledged_again_and_its_mail_judged_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: AckState
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.ANALYST), await sfc.as_(Role.AGENT)
        came = await send_referral(sfc, HKMA)
        thief = await Thief.of(reader, sfc.town.world)
        (item,) = await items_of(reader)
        thief.brings(item)
        await replace_keys(sfc.town)

        async def refuses(acks: list[object]) -> list[RefusedError]:
            return [RefusedError(Reason.WRONG_STATE, "it is in another state")] * len(acks)

        with thief.between(monkeypatch), monkeypatch.context() as patch:
            patch.setattr(reader.session, "acknowledge", refuses)
            if state is AckState.REFUSED:
                patch.setattr(reader._intake, "_open", cannot)
            await reader.sync()
        with reader.store.begin() as c:
            assert mailstore.pending_acks(c, 10) == []
            (ack,) = mailstore.acks_of(c, bytes.fromhex(came))
            assert (ack.state, ack.receipt) == (state, b"")

        await reader.sync()
        await peer.sync()
        assert [item.standing for item in reader.inbox()] == [Standing.GOOD]
        assert {case.state for case in reader.cases()} == {State.DELIVERED}
        assert statuses(peer, came) == {MessageStatus.DELIVERED}


async def test_mail_that_is_aside_has_no_place_until_it_comes_again(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        sent = await send_referral(hkma, SFC)
        came = [await send_referral(sfc, HKMA) for _ in range(2)]
        await reader.sync()
        true = [item.log_index for item in reader.inbox()]
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
            aside = [mailstore.message(c, bytes.fromhex(message)) for message in came]
            assert len({one.log_index for one in aside if one is not None and one.log_index < 0}) == 2
        await reader.sync()
        assert ([item.log_index for item in reader.inbox()], true) == (true, sorted(true))
        assert [item.message for item in reader.sent()] == [sent]


async def test_what_has_no_place_in_its_case_yet_goes_out_again_until_it_is_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (_, hkma):
        reader = await hkma.as_(Role.ANALYST)
        first, second = await send_referral(hkma, SFC), await send_referral(hkma, SFC)
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
        submit, asked = reader.session.submit, list[object]()
        reasons = [Reason.QUOTA, Reason.WRONG_PREVIOUS, Reason.UNKNOWN_CASE]

        async def refuses(wire: object) -> Receipt:
            asked.append(wire)
            if reasons:
                raise RefusedError(reasons.pop(0), "refused")
            return await submit(wire)  # type: ignore[arg-type]

        monkeypatch.setattr(reader.session, "submit", refuses)
        await reader.flush()
        assert len(asked) == 1  # the quota says nothing of either
        await reader.flush()
        assert len(asked) == 3
        assert {draft.state for draft in reader.drafts()} == {DraftState.SENT}
        await reader.flush()
        assert len(asked) == 5
        for message in (first, second):
            assert statuses(reader, message) == {MessageStatus.SUBMITTED}
        with reader.store.begin() as c:
            rereading.go_back(c, 0)
        reasons += [Reason.WRONG_STATE] * 2
        hkma.clock.shift += 40 * 86_400_000
        await reader._outgoing.send_again(reader.session)
        assert {draft.state for draft in reader.drafts()} == {DraftState.DISCARDED}
        assert {alarm.kind for alarm in reader.alarms()} >= {AlarmKind.NOT_SENT}


async def test_what_stands_behind_a_message_of_its_case_that_waits_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, peer = await hkma.as_(Role.ANALYST), await sfc.as_(Role.ANALYST)
        case = case_of(reader, await send_referral(hkma, SFC))
        await answer(peer, case)
        with peer.store.begin() as c:
            rereading.go_back(c, 0)
        asked = list[object]()

        async def refuses(wire: object) -> Receipt:
            asked.append(wire)
            raise RefusedError(Reason.WRONG_PREVIOUS, "not there yet")

        monkeypatch.setattr(peer.session, "submit", refuses)
        await peer.flush()
        assert len(asked) == 1


async def test_a_message_is_shown_also_where_the_hub_does_not_take_its_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        came = await send_referral(sfc, HKMA)

        async def refuses(*_: object) -> int:
            raise RefusedError(Reason.UNAVAILABLE, "no answer")

        monkeypatch.setattr(reader._acks, "flush", refuses)
        found = reader.live()
        shown = await anext(found)
        assert shown is not None
        assert shown.message == came
        with pytest.raises(RefusedError):
            await anext(found)
