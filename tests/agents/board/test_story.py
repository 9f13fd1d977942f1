"""The story of linked cases in one order, with proofs; and how cases went."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Role, Side, Verb

from agents.cli.case import _rows as timeline_rows
from agents.cli.case import _took as took_words
from agents.cli.catalogue import Language, use
from agents.client import Client
from agents.onward.links import LinkRow, put_link
from tests.agents.board.test_clocks import FAMILIES, send_hold
from tests.agents.offices import Office, send_referral, two_offices


async def acknowledge(office: Office, case: str) -> Client:
    """The officer opens what came, and acknowledges. Returns the officer's client."""
    officer = await office.as_(Role.ANALYST)
    for item in (await officer.sync()).new:
        await officer.open_item(item.message)
    contact = pb.Contact(name="Officer", telephone="+85212345678")
    body = pb.AcknowledgeCase(reference="2026/1", contact=contact, expected_date="2027-06-01")
    await officer.send((await officer.acknowledge(case, body)).id)
    return officer


async def decline(office: Office, case: str) -> None:
    """Two people decline."""
    officer, approver = await office.as_(Role.ANALYST), await office.as_(Role.APPROVER)
    body = pb.Decline(reason=pb.DECLINE_REASON_NO_POWER, text="None.")
    draft = await officer.decline(case, body)
    await approver.refresh()
    approver.approve(draft.id, approver.review(draft.id).info.message_hash)
    await officer.send(draft.id)


async def test_the_story_of_linked_cases_is_told_in_one_order_with_every_proof(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        sender = await sfc.as_(Role.ANALYST)
        await send_referral(sfc, "hkma/intake")
        first = sender.board()[0].case_id
        second = await send_hold(sfc)
        officer = await acknowledge(hkma, first)
        await send_referral(sfc, "hkma/intake")
        await officer.sync()
        third = next(row.case_id for row in officer.board() if row.case_id not in (first, second))
        assert officer.story_cases(first) == [first]
        with officer.store.begin() as c:
            for one, other in ((second, first), (third, second)):
                put_link(c, LinkRow(bytes.fromhex(one), bytes.fromhex(other), "sfc/intake", bytes(32)))

        assert officer.story_cases(first) == [first, second, third]
        assert set(officer.story_cases(third)) == {first, second, third}
        story = officer.timeline(first, linked=True)
        assert [event.log_index for event in story] == sorted(event.log_index for event in story)
        assert {event.case_id for event in story} == {first, second, third}
        assert all(event.proof for event in story)
        alone = officer.timeline(first)
        assert [event for event in story if event.case_id == first] == alone
        assert [(event.kind, event.verb) for event in alone if event.kind != "STORED"] == [
            ("SUBMITTED", Verb.REFER),
            ("OPENED", Verb.REFER),
            ("SUBMITTED", Verb.ACKNOWLEDGE),
        ]
        families = {event.case_id: event.family for event in story}
        assert families == {first: Family.REFERRAL, second: Family.FREEZE, third: Family.REFERRAL}

        columns, rows = timeline_rows(story, several=True)
        assert columns[1] == "Case"
        assert {row[1] for row in rows} == {
            f"{first[:8]} Referral",
            f"{second[:8]} Freeze",
            f"{third[:8]} Referral",
        }
        assert {row[-1] for row in rows} == {"yes"}
        use(Language.ZH_HANT)
        try:
            assert {row[1] for row in timeline_rows(story, several=True)[1]} >= {f"{second[:8]} 凍結"}
        finally:
            use(Language.EN)

        hkma.clock.shift = 400 * 86_400_000  # limits that went by stand at the end, by this side's own clock
        late = officer.timeline(first, linked=True)[len(story) :]
        assert {event.kind for event in late} == {"OVERDUE", "LAPSED"}
        assert [event.time for event in late] == sorted(event.time for event in late)
        assert all(event.own_clock and not event.proof and event.log_index == -1 for event in late)
        assert {row[-2] for row in timeline_rows(late, several=False)[1]} == {"our clock"}


async def test_statistics_tell_how_cases_went_and_why_they_were_refused(tmp_path: Path) -> None:
    async with two_offices(tmp_path, families=FAMILIES) as (sfc, hkma):
        sender = await sfc.as_(Role.ANALYST)
        await send_referral(sfc, "hkma/intake")
        case = sender.board()[0].case_id
        officer = await acknowledge(hkma, case)
        await decline(hkma, case)
        await sender.sync()
        (unread,) = sender.statistics()
        assert dict(unread.refusals) == {"UNREAD": 1}
        for item in sender.inbox(unread_only=True):
            await sender.open_item(item.message)
        (ours,), (theirs,) = sender.statistics(), officer.statistics()
        assert (ours.desk, ours.family, ours.side, ours.cases) == ("hkma/intake", Family.REFERRAL, Side.ORIGINATOR, 1)
        assert (theirs.desk, theirs.side) == ("sfc/intake", Side.RECIPIENT)
        for one in (ours, theirs):
            assert dict(one.refusals) == {"NO_POWER": 1}
            assert (one.acknowledged.count, one.executed.count) == (1, 0)
            assert one.acknowledged.median is not None
            assert 0 <= one.acknowledged.median <= 60_000
            assert "90 % within" in took_words(one.acknowledged)
            assert took_words(one.executed) == ""
            assert (one.overdue_ours, one.overdue_theirs, one.lapsed, one.expired) == (0, 0, 0, 0)
