"""A reader that is stopped while the hub leaves it waiting, or lacks what it needs: its mail is taken all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Never

import pytest
from comity.checkpoint import parse_checkpoint
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow import profiles
from comity.workflow.profiles import UnknownProfileError
from comity.workflow.terms import Role, State
from sqlalchemy import delete, func, select

from agents import schema, verifying
from agents.client import Client
from agents.intake import TRIES
from agents.records import MessageStatus
from tests.agents.offices import Office, referral, send_referral, two_offices


def tries(reader: Client) -> int:
    """How often items were begun and not ended, as whoever is killed now leaves it behind."""
    with reader.store.begin() as c:
        return int(c.execute(select(func.coalesce(func.sum(schema.tries.c.count), 0))).scalar_one())


async def stopped(reader: Client, waiting: asyncio.Event) -> int:
    """Stops a reader where it waits; returns what was counted while it waited."""
    reading = asyncio.create_task(reader.sync())
    await asyncio.wait_for(waiting.wait(), 20)
    counted = tries(reader)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert tries(reader) == 0
    return counted


async def hang(waiting: asyncio.Event) -> Never:
    waiting.set()
    await asyncio.Event().wait()
    raise AssertionError


async def taken(sfc: Office, hkma: Office, message: str) -> None:
    """Checks that a message is taken after all, and its sender told so."""
    reader = await hkma.as_(Role.AGENT)
    report = await reader.sync()
    assert ([item.message for item in report.new], report.quarantined) == ([message], 0)
    sender = await sfc.as_(Role.ANALYST)
    await sender.sync()
    assert sender.sent()[-1].statuses == {"hkma/intake": MessageStatus.DELIVERED}


async def test_a_hub_cannot_have_a_message_refused_by_hanging_on_a_question_until_the_reader_is_stopped(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        await (await hkma.as_(Role.AGENT)).sync()
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        size = parse_checkpoint(note := sender.trust.newest_note())[0].size
        approver = await sfc.as_(Role.APPROVER)
        draft = await sender.refer("hkma/intake", referral())
        await approver.refresh()
        approver.approve(draft.id, approver.review(draft.id).info.message_hash)
        message = (await sender.send(draft.id)).message_hash
        assert note
        for _ in range(TRIES):
            reader, waiting = await hkma.as_(Role.AGENT), asyncio.Event()
            with reader.store.begin() as c:  # the sender has seen a size that this home has not
                c.execute(delete(schema.checkpoints).where(schema.checkpoints.c.size == size))
            honest = reader.session.get_consistency

            async def hanging(log: str, first: int, second: int) -> list[bytes]:
                if size in (first, second):
                    await hang(waiting)  # noqa: B023 # called before the next turn
                return await honest(log, first, second)  # noqa: B023 # as before

            await reader.refresh()
            reader.session.get_consistency = hanging  # type: ignore[method-assign]
            assert await stopped(reader, waiting) == 0
        await taken(sfc, hkma, message)


async def test_a_hub_cannot_have_a_message_refused_by_hanging_on_an_acknowledgement_before_it(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        for turn in range(TRIES + 1):
            reader, waiting, asked = await hkma.as_(Role.AGENT), asyncio.Event(), list[int]()

            async def later(acks: Any) -> list[Any]:
                asked.append(len(acks))  # noqa: B023 # called before the next turn
                if turn and len(asked) > 1:  # noqa: B023 # as before
                    await hang(waiting)  # noqa: B023 # as before
                return [RefusedError(Reason.BUSY, "later") for _ in acks]

            reader.session.acknowledge = later  # type: ignore[method-assign]
            if turn:
                assert await stopped(reader, waiting) == 0
                continue
            await reader.sync()
            sender = await sfc.as_(Role.ANALYST)
            case = sender.sent()[0].case_id
            await sender.send((await sender.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        reader = await hkma.as_(Role.AGENT)
        report = await reader.sync()
        assert (len(report.new), report.quarantined) == (1, 0)
        assert reader.cases()[0].state is State.WITHDRAWN


@pytest.mark.parametrize("how", [asyncio.CancelledError, KeyboardInterrupt])
async def test_whoever_stops_a_reader_in_the_midst_of_a_message_says_nothing_against_it(
    tmp_path: Path, how: type[BaseException]
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        for _ in range(TRIES):
            reader = await hkma.as_(Role.AGENT)

            def interrupted(*_: Any) -> Never:
                raise how

            reader._intake._open = interrupted  # type: ignore[method-assign,assignment]
            at = reader._intake.cursor()
            async for response in reader.session.read_feed(0, follow=False):
                await reader.refresh()
                if response.WhichOneof("message") == "item" and response.item.receipt.index >= at.next_index:
                    with pytest.raises(how):
                        await reader._intake.take(reader.session, response.item)
            assert tries(reader) == 0
        await taken(sfc, hkma, message)


async def test_a_home_without_the_agreed_profile_stops_before_its_mail_and_takes_it_once_the_file_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        with monkeypatch.context() as without:  # whoever sends reads on at once
            without.setattr(verifying, "check_rules", lambda *_, **__: profiles.load_profile(bytes(32)))
            message = await send_referral(sfc, "hkma/intake")
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.AGENT)
        with monkeypatch.context() as without:
            digest = profiles.standard_profile().sha256.hex()
            without.setattr(profiles, "packaged_profiles", dict)
            without.setattr(profiles, "_known", {})
            for client in (sender, reader):  # of its own copy a sender says no more than of what it received
                for _ in range(TRIES + 1):
                    with pytest.raises(UnknownProfileError) as stopped_at:
                        await client.sync()
                    assert stopped_at.value.metadata == {"sha256": digest}
                assert (client.alarms(), tries(client)) == ([], 0)
        await taken(sfc, hkma, message)
        assert (sender.alarms(), reader.alarms()) == ([], [])
