"""An answer that was lost: what a later attempt is refused with says nothing of whether the message was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Role

from agents import session
from agents.records import MessageStatus
from tests.agents.offices import referral, two_offices

BEFORE_LOOKING = (Reason.QUOTA, Reason.UNKNOWN_TLS_KEY, Reason.NOT_PERMITTED)


@pytest.mark.parametrize("reason", BEFORE_LOOKING)
async def test_a_message_whose_answer_was_lost_stays_pending_whatever_the_caller_is_refused_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: Reason
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        honest, lost = session.exchange_pb2_grpc.ExchangeServiceStub, []

        class Losing:
            def __init__(self, channel: Any) -> None:
                self.honest = honest(channel)

            async def Submit(self, request: Any, **how: Any) -> Any:
                if lost:
                    raise RefusedError(reason, "not now")
                lost.append(await self.honest.Submit(request, **how))
                raise TimeoutError

        with monkeypatch.context() as patch:
            patch.setattr(session.exchange_pb2_grpc, "ExchangeServiceStub", Losing)
            with pytest.raises(RefusedError) as told:
                await analyst.send(draft.id)
        assert told.value.reason is Reason.UNAVAILABLE
        (message,) = analyst.sent()
        assert set(message.statuses.values()) == {MessageStatus.PENDING}

        reader = await hkma.as_(Role.ANALYST)
        await reader.sync()
        assert len(reader.inbox()) == 1
        assert (await analyst.send(draft.id)).status is MessageStatus.SUBMITTED


async def test_what_is_refused_before_anything_was_lost_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, _):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)

        class Refusing:
            def __init__(self, _: Any) -> None:
                pass

            async def Submit(self, *_: Any, **__: Any) -> Any:
                raise RefusedError(Reason.QUOTA, "used up", retry_after_seconds="60")

        with monkeypatch.context() as patch:
            patch.setattr(session.exchange_pb2_grpc, "ExchangeServiceStub", Refusing)
            with pytest.raises(RefusedError) as told:
                await analyst.send(draft.id)
        assert told.value.reason is Reason.QUOTA
        assert analyst.sent() == []
