"""A hub that logs, answers or withholds what suits it, and a counterpart that seals junk; the client is unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError, VerificationError
from comity.receipts import EventKind
from comity.v1 import directory_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State

from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.grants import load_grants, parse_grant
from agents.keys import UnknownKeyError
from agents.records import MessageStatus, Standing
from hub.exchange.work import ExchangeWork
from hub.log.commands import Acknowledge, SubmitEnvelope
from hub.log.domain import Draft, Party
from tests.agents.offices import Office, referral, send_referral, two_offices

SIDES = (Party("sfc/intake"), Party("hkma/intake"))


@dataclass(frozen=True)
class Forged:
    """A command that only a dishonest hub knows: it logs whatever event it is given."""

    draft: Draft
    weight: int = 256


@pytest.fixture(autouse=True)
def dishonest(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ExchangeWork._one

    def one(self: ExchangeWork, book: Any, command: Any, moment: Any, view: Any) -> Any:
        if isinstance(command, Forged):
            return book.draft(command.draft)
        return honest(self, book, command, moment, view)

    monkeypatch.setattr(ExchangeWork, "_one", one)


async def forge(office: Office, draft: Draft) -> None:
    await office.town.hub.sequencer.submit(Forged(draft))  # type: ignore[arg-type]


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


@pytest.mark.parametrize("kind", [EventKind.WITHDRAWN, EventKind.EXPIRED])
async def test_a_hub_cannot_make_stored_mail_disappear_by_logging_its_end(tmp_path: Path, kind: EventKind) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.ANALYST)
        await reader.sync()
        await forge(sfc, Draft(kind, SIDES, message_hash=bytes.fromhex(message), effective_time=1))
        await reader.sync()

        assert reader.inbox()[0].standing is Standing.GOOD
        assert AlarmKind.INVALID_DELIVERY in kinds(reader)
        assert (await reader.open_item(message)).payload.refer.reference == "SFC/2026/117"


@pytest.mark.parametrize("kind", [EventKind.WITHDRAWN, EventKind.EXPIRED])
async def test_a_hub_cannot_tell_a_sender_of_an_end_that_was_not(tmp_path: Path, kind: EventKind) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        message = await send_referral(sfc, "hkma/intake")
        sender = await sfc.as_(Role.ANALYST)
        await forge(sfc, Draft(kind, SIDES, message_hash=bytes.fromhex(message), effective_time=1))
        await sender.sync()

        assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.SUBMITTED}
        assert AlarmKind.INVALID_DELIVERY in kinds(sender)
        sfc.clock.shift = 5 * 60_000 + 5_000
        assert AlarmKind.NOT_STORED in kinds(sender)


@pytest.mark.parametrize(
    "reason", [Reason.WRONG_STATE, Reason.TOO_LATE, Reason.ERASED, Reason.UNKNOWN_MESSAGE, Reason.ALREADY_EXISTS]
)
async def test_a_hub_cannot_make_stored_mail_disappear_by_refusing_its_acknowledgement(
    tmp_path: Path, reason: Reason
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.ANALYST)

        async def lying(acks: Any) -> list[Any]:
            return [RefusedError(reason, "the hub refuses") for _ in acks]

        reader.session.acknowledge = lying  # type: ignore[method-assign]
        await reader.sync()
        assert reader.inbox()[0].standing is Standing.GOOD
        # After WRONG_STATE the withdrawal must follow in the feed; all else cannot be true of what the log has named.
        assert (AlarmKind.INVALID_DELIVERY in kinds(reader)) == (reason is not Reason.WRONG_STATE)
        assert (await reader.open_item(message)).payload.refer.reference == "SFC/2026/117"


async def test_honest_withdrawal_before_storing_raises_no_alarm_on_either_side(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        sender = await sfc.as_(Role.ANALYST)
        case = sender.sent()[0].case_id
        await sender.send((await sender.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        reader = await hkma.as_(Role.AGENT)
        report = await reader.sync()

        assert (kinds(sender), kinds(reader)) == ([], [])
        assert report.quarantined == 0
        assert sender.case(case)[0].state is State.WITHDRAWN


async def test_a_withdrawal_that_crosses_the_storing_ends_the_message_on_the_envelopes_word(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)

        async def later(acks: Any) -> list[Any]:
            return [RefusedError(Reason.BUSY, "later") for _ in acks]

        honest = reader.session.acknowledge
        reader.session.acknowledge = later  # type: ignore[method-assign]
        await reader.sync()
        assert reader.inbox()[0].standing is Standing.GOOD
        sender = await sfc.as_(Role.ANALYST)
        case = sender.sent()[0].case_id
        await sender.send((await sender.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        reader.session.acknowledge = honest  # type: ignore[method-assign]
        await reader.sync()

        assert {i.message: i.standing for i in reader.inbox()}[message] is Standing.WITHDRAWN
        assert reader.cases()[0].state is State.WITHDRAWN
        assert kinds(reader) == []


async def test_a_member_without_the_desk_key_does_not_use_up_the_tries_of_a_message(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        member = hkma.people[Role.ANALYST]
        for data in load_grants(hkma.home, member):
            if parse_grant(data).epoch:
                for file in hkma.home.grants_path(member).iterdir():
                    if file.read_bytes() == data:
                        file.unlink()
        for _ in range(5):
            with pytest.raises(UnknownKeyError):
                await (await hkma.as_(Role.ANALYST)).sync()
        colleague = await hkma.as_(Role.AGENT)
        report = await colleague.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([message], 0)


async def test_a_hub_cannot_have_a_message_refused_by_breaking_off_while_it_is_verified(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        await reader.sync()
        message = await send_referral(sfc, "hkma/intake")
        honest = reader.trust.check_gossip

        async def broken(*_: Any) -> None:
            raise RefusedError(Reason.INTERNAL, "the hub did not answer as it should")

        reader.trust.check_gossip = broken  # type: ignore[method-assign,assignment]
        for _ in range(5):
            with pytest.raises(RefusedError):
                await reader.sync()
        reader.trust.check_gossip = honest  # type: ignore[method-assign]
        report = await reader.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([message], 0)


async def test_a_hub_cannot_have_a_message_refused_by_showing_forgeries_in_its_place_first(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        honest = reader.session.read_feed

        async def lying(start: int, *, follow: bool) -> Any:
            async for response in honest(start, follow=follow):
                if response.WhichOneof("message") == "item":
                    response.item.delivery_salt = bytes(32)
                yield response

        reader.session.read_feed = lying  # type: ignore[method-assign]
        for _ in range(5):
            with pytest.raises(VerificationError):
                await reader.sync()
        reader.session.read_feed = honest  # type: ignore[method-assign]
        report = await reader.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([message], 0)


async def test_a_counterpart_cannot_stop_a_desks_feed_with_a_checkpoint_that_is_none(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sender = await sfc.as_(Role.ANALYST)
        await sender.refresh()
        honest = sender.trust.newest_note
        sender.trust.newest_note = lambda: b"junk"  # type: ignore[method-assign]
        await send_with(sender, sfc)
        sender.trust.newest_note = honest  # type: ignore[method-assign]
        sound = await send_referral(sfc, "hkma/intake")

        reader = await hkma.as_(Role.AGENT)
        report = await reader.sync()
        assert ([item.message for item in report.new], report.quarantined) == ([sound], 1)
        assert AlarmKind.INVALID_DELIVERY in kinds(reader)


async def test_a_thief_cannot_backdate_mail_to_before_the_theft(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        thief = await sfc.as_(Role.ANALYST)
        stolen = sfc.clock() - 10_000
        thief._drafts._clock = lambda: stolen - 10_000
        await send_with(thief, sfc)
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        admin = Admin(await sfc.client(), sfc.root)
        reason = directory_pb2.REVOCATION_REASON_COMPROMISED
        await admin.revoke(sfc.people[Role.ANALYST], reason, suspect_from=stolen)
        await officer.refresh()
        assert officer.inbox()[0].standing is Standing.SUSPECT


async def send_with(analyst: Client, office: Office) -> str:
    draft = await analyst.refer("hkma/intake", referral())
    approver = await office.as_(Role.APPROVER)
    await approver.refresh()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    return (await analyst.send(draft.id)).message_hash


@pytest.mark.parametrize("kind", [SubmitEnvelope, Acknowledge])
async def test_an_event_that_the_hub_delivers_to_nobody_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    honest = ExchangeWork._one

    def silent(self: ExchangeWork, book: Any, command: Any, moment: Any, view: Any) -> Any:
        outcome = honest(self, book, command, moment, view)
        if isinstance(command, kind):
            book.drafts[-1].parties = ()
        return outcome

    async with two_offices(tmp_path) as (sfc, hkma):
        if kind is Acknowledge:
            await send_referral(sfc, "hkma/intake")
        monkeypatch.setattr(ExchangeWork, "_one", silent)
        with pytest.raises(VerificationError):
            await (send_referral(sfc, "hkma/intake") if kind is SubmitEnvelope else (await hkma.as_(Role.AGENT)).sync())


async def test_a_leaf_from_the_future_makes_nobody_overdue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead:
        def now_ms(self) -> int:
            return sfc.clock() + 3_600_000

    async with two_offices(tmp_path) as (sfc, hkma):
        monkeypatch.setattr(sfc.town.hub.sequencer._batching, "_clock", Ahead())
        await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        with pytest.raises(VerificationError):
            await reader.sync()
        assert (reader.cases(), kinds(reader)) == ([], [AlarmKind.INVALID_DELIVERY])
