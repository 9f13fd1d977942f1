"""Drafts: two people, the same bytes, and what happens when the world moves in between."""

from __future__ import annotations

import io
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.v1 import directory_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, State, Verb

from agents import client as client_module
from agents import keyprocess
from agents.admin import Admin
from agents.errors import IncompleteError, NotUniqueError, SuspectError, UnpinnedError
from agents.records import DraftState, MessageStatus, Standing
from tests.agents.offices import CHEAP, PASSPHRASE, Office, referral, send_referral, two_offices

HOUR = 3_600_000
CONTACT = pb.Contact(name="Lee", telephone="+85211112222")
NOTE = pb.AcknowledgeCase(reference="HKMA-9", contact=CONTACT, expected_date="2026-12-01")


async def approved(office: Office, draft_id: str) -> None:
    approver = await office.as_(Role.APPROVER)
    await approver.refresh()
    approver.approve(draft_id, approver.review(draft_id).info.message_hash)


async def test_C_11_whoever_wrote_it_cannot_approve_it_and_a_machine_or_analyst_neither(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        admin = await sfc.client()  # analyst and approver in one person
        draft = await admin.refer("hkma/intake", referral())
        review = admin.review(draft.id)
        with pytest.raises(RefusedError) as refused:
            admin.approve(draft.id, review.info.message_hash)
        assert refused.value.reason is Reason.SECOND_PERSON_MISSING
        for role in (Role.ANALYST, Role.AGENT):
            other = await sfc.as_(role)
            await other.refresh()
            with pytest.raises(CannotOpenError):  # it is not even sealed to them
                other.review(draft.id)
        approver = await sfc.as_(Role.APPROVER)
        await approver.refresh()
        assert approver.approve(draft.id, review.info.message_hash).info.approver == sfc.people[Role.APPROVER]
        with pytest.raises(RefusedError):
            approver.approve(draft.id, review.info.message_hash)


async def test_what_is_approved_is_what_was_reviewed(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await approver.refresh()
        reviewed = approver.review(draft.id).info.message_hash
        await analyst.reseal(draft.id)

        for wrong in (reviewed, "", "00" * 32):
            with pytest.raises(CannotOpenError):
                approver.approve(draft.id, wrong)
        assert approver.drafts()[0].state is DraftState.AWAITING_APPROVAL


async def test_nothing_of_a_draft_reaches_the_hub_before_it_is_sent(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        file = tmp_path / "e.bin"
        file.write_bytes(b"x" * 5000)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[file])
        await approved(sfc, draft.id)
        blob = analyst.review(draft.id).header.blobs[0]

        assert await analyst.session.upload_offset(blob.sha256) == (0, False)
        analyst.discard(draft.id)
        assert list(sfc.home.outbox_path.iterdir()) == []
        assert analyst.drafts()[0].state is DraftState.DISCARDED
        with pytest.raises(RefusedError):
            analyst.review(draft.id)
        with pytest.raises(RefusedError):
            await analyst.export_draft(draft.id, tmp_path / "discarded.draft")


async def test_a_form_with_gaps_is_no_draft_and_every_gap_is_named(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        with pytest.raises(IncompleteError) as refused:
            await analyst.refer("hkma/intake", pb.Refer(reference="x"), precedence=Precedence.FLASH)
        paths = {gap.path for gap in refused.value.gaps}
        assert {"refer.contact", "refer.summary", "refer.urgency_reason", "refer.requested_actions"} <= paths
        assert "refer.summary is missing" in refused.value.diagnostics()


async def test_a_recipients_new_key_between_the_two_signatures_asks_for_a_reseal(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst = await sfc.as_(Role.ANALYST)
        draft = await analyst.refer("hkma/intake", referral())
        await Admin(await hkma.client()).publish_desk_key(at_once=True)
        approver = await sfc.as_(Role.APPROVER)
        await approver.refresh()
        review = approver.review(draft.id)
        assert any("DESK_KEY_STALE" in gap.problem for gap in review.gaps)
        with pytest.raises(IncompleteError):
            approver.approve(draft.id, review.info.message_hash)

        resealed = await analyst.reseal(draft.id)
        assert (resealed.id, resealed.state) == (draft.id, DraftState.AWAITING_APPROVAL)
        assert resealed.message_hash != draft.message_hash
        assert analyst.check(draft.id) == []
        await approved(sfc, draft.id)
        assert (await analyst.send(draft.id)).status is MessageStatus.SUBMITTED
        agent = await hkma.as_(Role.AGENT)
        assert len((await agent.sync()).new) == 1


async def test_an_answer_by_one_person_is_resealed_by_itself_where_a_key_has_changed(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        draft = await officer.acknowledge(officer.cases()[0].case_id, NOTE)
        await Admin(await sfc.client()).publish_desk_key(at_once=True)

        assert (await officer.send(draft.id)).status is MessageStatus.SUBMITTED
        assert officer.cases()[0].state is State.ACKNOWLEDGED
        sender = await sfc.as_(Role.ANALYST)
        assert [item.verb for item in (await sender.sync()).new] == [Verb.ACKNOWLEDGE]


async def test_a_draft_that_is_too_old_says_so(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        draft = await analyst.refer("hkma/intake", referral())
        sfc.clock.shift = 97 * HOUR
        problems = [gap.problem for gap in analyst.check(draft.id)]
        assert any("CREATED_TOO_OLD" in problem for problem in problems)
        assert any("DIRECTORY_STALE" in problem for problem in problems)


async def test_a_draft_moves_inside_the_agency_as_a_file_for_those_it_is_for(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst, approver = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        draft = await analyst.refer("hkma/intake", referral())
        await analyst.export_draft(draft.id, tmp_path / "one.draft")
        data = (tmp_path / "one.draft").read_bytes()
        assert b"unlicensed" not in data
        await approver.refresh()
        assert await approver.import_draft(io.BytesIO(data)) == draft
        stranger = await hkma.as_(Role.APPROVER)
        await stranger.refresh()
        for client, wrong in ((stranger, data), (approver, b"{}"), (approver, b"garbage")):
            with pytest.raises(MalformedError):
                await client.import_draft(io.BytesIO(wrong))


async def test_who_can_read_a_draft_is_named_before_anybody_signs(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst = await sfc.as_(Role.ANALYST)
        draft = await analyst.refer("hkma/intake", referral(do_not_contact=["the suspect"], other_channels=["Egmont"]))
        readers = {reader.desk: reader for reader in analyst.who_can_read(draft.id)}
        assert set(readers["hkma/intake"].members) == {hkma.admin, *hkma.people.values()}
        assert readers["hkma/intake"].pinned
        assert readers["hkma/intake"].agency_name == "Hong Kong Monetary Authority"
        assert readers["sfc/intake"].own_copy
        assert len(analyst.review(draft.id).warnings) == 2


async def test_a_referral_is_withdrawn_before_anybody_stored_it(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        analyst = await sfc.as_(Role.ANALYST)
        case = analyst.sent()[0].case_id
        await analyst.send((await analyst.withdraw(case, pb.Withdraw(text="wrong desk"))).id)
        assert analyst.case(case)[0].state is State.WITHDRAWN
        assert {i.message: i.statuses for i in analyst.sent()}[message] == {"hkma/intake": MessageStatus.WITHDRAWN}

        reader = await hkma.as_(Role.AGENT)
        await reader.sync()
        assert message not in [item.message for item in reader.inbox() if item.standing is Standing.GOOD]
        with pytest.raises((RefusedError, NotUniqueError)):
            reader.peek(message)


async def test_a_recall_is_answered_and_a_decline_needs_two(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        officer, analyst = await hkma.as_(Role.ANALYST), await sfc.as_(Role.ANALYST)
        await officer.sync()
        await analyst.sync()
        case = officer.cases()[0].case_id
        with pytest.raises(RefusedError) as early:
            await officer.accept(case, pb.Accept(owner="x"))
        assert early.value.reason is Reason.WRONG_STATE
        assert "ACKNOWLEDGE" in early.value.metadata["allowed"]
        await officer.send((await officer.acknowledge(case, NOTE)).id)
        question = pb.Question(gap=pb.INFO_GAP_IDENTITY, text="who?")
        await officer.send((await officer.request_info(case, pb.RequestInfo(questions=[question]))).id)
        await analyst.sync()
        await analyst.send((await analyst.supply(case, pb.Supply(text="him"))).id)
        await officer.sync()
        declined = await officer.decline(case, pb.Decline(reason=pb.DECLINE_REASON_NO_POWER))
        assert declined.state is DraftState.AWAITING_APPROVAL
        await approved(hkma, declined.id)
        await officer.send(declined.id)
        await analyst.sync()
        assert analyst.case(case)[0].state is State.DECLINED

        await analyst.send((await analyst.recall(case, pb.Recall(reason=pb.RECALL_REASON_FALSE_POSITIVE))).id)
        await officer.sync()
        assert officer.case(case)[0].state is State.RECALLED
        destroyed = pb.AnswerRecall(kind=pb.RECALL_ANSWER_KIND_DESTROYED)
        await officer.send((await officer.answer_recall(case, destroyed)).id)
        await analyst.sync()
        assert Verb.ANSWER_RECALL in [item.verb for item in analyst.inbox()]
        assert analyst.alarms() == officer.alarms() == []


async def test_mail_of_an_agency_that_was_not_compared_is_kept_inert(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        officer = await hkma.as_(Role.ANALYST)
        officer.unpin("sfc")
        message = await send_referral(sfc, "hkma/intake")
        report = await officer.sync()

        assert [item.standing for item in report.new] == [Standing.UNPINNED]
        with pytest.raises(UnpinnedError):
            await officer.open_item(message)
        with pytest.raises(UnpinnedError):
            await officer.acknowledge(report.new[0].case_id, NOTE)
        sender = await sfc.client()
        await sender.refresh()
        officer.pin("sfc", sender.fingerprint("sfc"))
        assert officer.inbox()[0].standing is Standing.GOOD
        assert (await officer.open_item(message)).payload.refer.reference == "SFC/2026/117"


async def test_mail_under_a_key_that_became_suspect_is_shown_so_and_not_acted_on(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        assert officer.inbox()[0].standing is Standing.GOOD
        admin = Admin(await sfc.client(), sfc.root)
        reason = directory_pb2.REVOCATION_REASON_COMPROMISED
        await admin.revoke(sfc.people[Role.ANALYST], reason, suspect_from=sfc.clock() - HOUR)
        await officer.refresh()

        assert officer.inbox()[0].standing is Standing.SUSPECT
        assert (await officer.open_item(message)).standing is Standing.SUSPECT
        with pytest.raises(SuspectError):
            await officer.acknowledge(officer.inbox()[0].case_id, NOTE)


async def test_a_machine_never_says_that_a_person_opened_it(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        with pytest.raises(RefusedError) as refused:
            await agent.open_item(message)
        assert refused.value.reason is Reason.WRONG_ROLE
        assert agent.inbox()[0].status is MessageStatus.DELIVERED


async def test_ids_may_be_shortened_where_they_stay_unique(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        message = await send_referral(sfc, "hkma/intake")
        analyst = await sfc.as_(Role.ANALYST)
        assert analyst.peek(message[:8]).message == message
        assert analyst.case(analyst.cases()[0].case_id[:8])
        for call in (analyst.peek, analyst.case, analyst.review, analyst.receipt, analyst.dismiss_alarm):
            for prefix in ("", "zz"):
                with pytest.raises(NotUniqueError):
                    call(prefix)


async def test_an_upload_goes_on_where_it_stopped_and_so_does_a_download(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        analyst = await sfc.as_(Role.ANALYST)
        file = tmp_path / "e.bin"
        file.write_bytes(bytes(range(256)) * 8192)
        draft = await analyst.refer("hkma/intake", referral(), attachments=[file])
        await approved(sfc, draft.id)
        honest, offsets = analyst.session.upload, list[int]()

        async def cut(pieces: AsyncIterator[Any]) -> tuple[int, bool]:
            async def first_two() -> AsyncIterator[Any]:
                left = 2
                async for piece in pieces:
                    if piece.sha256:
                        offsets.append(piece.offset)
                    yield piece
                    left -= 1
                    if not left:
                        return

            return await honest(first_two())

        analyst.session.upload = cut  # type: ignore[method-assign]
        sent = await analyst.send(draft.id)
        assert offsets == sorted(offsets)
        assert len(set(offsets)) > 2

        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        opened = await officer.open_item(sent.message_hash)
        whole, starts = officer.session.download, list[int]()

        async def broken(sha256: bytes, offset: int) -> AsyncIterator[bytes]:
            starts.append(offset)
            async for data in whole(sha256, offset):
                yield data
                if len(starts) < 3:
                    raise RefusedError(Reason.UNAVAILABLE, "cut")

        officer.session.download = broken  # type: ignore[method-assign]
        saved = await officer.save_attachment(sent.message_hash, opened.attachments[0].id, tmp_path)
        assert saved.read_bytes() == file.read_bytes()
        assert starts == sorted(set(starts))
        assert len(starts) == 3


async def test_a_redirect_needs_a_grant_that_this_version_does_not_offer(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        case = officer.cases()[0].case_id
        await officer.send((await officer.acknowledge(case, NOTE)).id)
        with pytest.raises(RefusedError) as refused:
            await officer.redirect(case, pb.Redirect(desk="hkpf/cctb"))
        assert refused.value.reason is Reason.NO_GRANT


async def test_the_example_of_the_sdk_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        text = textwrap.dedent(
            "\n".join(line for line in (client_module.__doc__ or "").split("\n") if line[:4] == "    ")
        )
        example, _, last = text.rpartition("\nasyncio.run(")
        assert last.startswith("acknowledge_everything(")
        names: dict[str, Any] = {}
        exec(compile(example, "agents/client.py", "exec"), names)
        member = hkma.people[Role.ANALYST]
        keyprocess.unlock(hkma.home, member, PASSPHRASE, floor=CHEAP)
        try:
            await names["acknowledge_everything"](str(hkma.home.path), member)
        finally:
            keyprocess.lock(hkma.home, member)
        said = capsys.readouterr().out.split()
        assert said[:2] == ["REFER", "SFC/2026/117"]
        assert said[2] == "SUBMITTED"
        analyst = await sfc.as_(Role.ANALYST)
        await analyst.sync()
        assert analyst.cases()[0].state is State.ACKNOWLEDGED
        assert {i.message: i.statuses for i in analyst.sent()}[message] == {"hkma/intake": MessageStatus.OPENED}
