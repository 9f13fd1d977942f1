"""Repair and hearing where something comes twice, comes to nobody, or a process ends between two steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.errors import Reason, RefusedError, VerificationError
from comity.header import parse_header
from comity.receipts import Receipt, VerifiedReceipt
from comity.v1 import envelope_pb2, payload_pb2
from comity.watchlists import entry_id
from comity.workflow.terms import Verb

from agents import rereading
from agents.alarms import AlarmKind
from agents.session import Session
from agents.sync.owner import comparing, hearing, lists, outbox, places, repairing, reports, settling
from agents.sync.owner.repairing import Problem, Repaired, RepairError, repair
from tests.agents.owner.market import Follower, Owner, entry, market
from tests.agents.owner.test_false_refusal import begun
from tests.agents.owner.test_put_back import kinds


def halt(owner: Owner) -> None:
    with owner.publisher.store.write() as c:
        lists.halt(c, owner.row.number, Reason.WRONG_SEQUENCE.value)


async def challenge(owner: Owner, follower: Follower) -> str:
    """A follower challenges the first entry. Returns the message."""
    body = payload_pb2.ChallengeEntry(
        list_id=owner.row.list_id,
        entry_id=entry_id(entry(1)),
        entry_version=1,
        ground=payload_pb2.CHALLENGE_GROUND_SERVICE_WALLET,
        text="The hot wallet of an exchange.",
    )
    await follower.follow(owner.office.home.desk)
    return (await follower.analyst.send((await follower.analyst.challenge_entry(follower.case, body)).id)).message_hash


@pytest.mark.parametrize("sent", [True, False])
async def test_a_subscriber_who_cannot_be_sent_to_keeps_no_list_halted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bool
) -> None:
    async with market(tmp_path, 2) as (owner, followers):
        await begun(owner, followers)
        with owner.publisher.store.read() as c:
            gone, other = (found.case_id for found in outbox.active(c, owner.row.number))
        submit, asked = Session.submit_batch, list[bytes]()

        async def refuses(self: Session, envelopes: list[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
            cases = [parse_header(wire.header).case_id for wire in envelopes]
            asked.extend(cases)
            fine = [wire for wire, case in zip(envelopes, cases, strict=True) if case != gone]
            answers = iter(await submit(self, fine) if fine else [])
            error = RefusedError(Reason.NO_AGREEMENT, "it has ended")
            return [error if case == gone else next(answers) for case in cases]

        monkeypatch.setattr(Session, "submit_batch", refuses)
        if not sent:  # something is on its way to whom nothing can be sent
            await owner.publish(entry(2))
        halt(owner)
        with owner.publisher.store.write() as c:
            before = outbox.unsent(c, 10)
        assert [out.case_id for out in before] == ([] if sent else [gone])
        asked.clear()

        assert await repair(owner.publisher, owner.row.number) == Repaired(0, 0, 0)
        assert asked == [gone, other]
        assert not owner.now.halted
        with owner.publisher.store.write() as c:
            assert [out.number for out in outbox.unsent(c, 10)] == [out.number for out in before]


async def test_a_repair_that_was_killed_before_the_alarm_ended_ends_it_when_it_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, followers):
        await begun(owner, followers)
        with owner.publisher.store.write() as c:
            comparing.halt(c, owner.analyst, owner.now, 99)

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(repairing, "_withdraw", killed)
            with pytest.raises(KeyboardInterrupt):
                await repair(owner.publisher, owner.row.number)
        assert (owner.now.halted, kinds(owner.analyst)) == ("", [AlarmKind.LIST_FORKED])

        with pytest.raises(RepairError) as nothing:
            await repair(owner.publisher, owner.row.number)
        assert nothing.value.problem is Problem.NOTHING
        assert owner.analyst.alarms() == []


async def test_what_was_read_before_another_process_went_back_is_not_heard_at_that_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, followers):
        await begun(owner, followers)
        message = await challenge(owner, followers[0])
        await owner.analyst.sync()
        arrived, store = hearing.mailrows.arrived, owner.publisher.store
        with store.read() as c:
            before = places.cursor(c)

        def overtaken(c: Any, after: int, limit: int) -> list[Any]:
            monkeypatch.setattr(hearing.mailrows, "arrived", arrived)
            found = arrived(c, after, limit)
            rereading.go_back(c, before + 1)
            with store.write() as own:
                places.go_back(own, *rereading.went_back(c, 0))
            return found

        monkeypatch.setattr(hearing.mailrows, "arrived", overtaken)
        assert owner.publisher.hear() == 0
        with store.read() as c:
            assert places.cursor(c) == before
            assert reports.challenges(c) == []
        await owner.analyst.sync()
        assert owner.publisher.hear() == 1
        with store.read() as c:
            assert [one.message_hash.hex() for one in reports.challenges(c)] == [message]


async def test_a_receipt_that_names_other_signers_proves_nothing_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = settling.verify_receipt

    async def others(*args: Any) -> VerifiedReceipt:
        found = await verify(*args)
        return replace(found, event=replace(found.event, kids=(bytes(32),)))

    async with market(tmp_path) as (owner, followers):
        await begun(owner, followers)
        monkeypatch.setattr(settling, "verify_receipt", others)
        with pytest.raises(VerificationError, match="other signers"):
            await owner.publish(entry(2))
        with owner.publisher.store.write() as c:
            assert [out.verb for out in outbox.unsent(c, 10)] == [Verb.PUBLISH]


async def test_a_list_that_was_halted_while_it_was_being_repaired_keeps_its_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with market(tmp_path) as (owner, followers):
        await begun(owner, followers)
        compared = repairing.first_otherwise

        def meanwhile(*args: Any) -> int:
            with owner.publisher.store.write() as c:
                comparing.halt(c, owner.analyst, owner.now, 99)
            return compared(*args)

        monkeypatch.setattr(repairing, "first_otherwise", meanwhile)
        with pytest.raises(RepairError):
            await repair(owner.publisher, owner.row.number)
        assert owner.now.halted
        assert kinds(owner.analyst) == [AlarmKind.LIST_FORKED]
