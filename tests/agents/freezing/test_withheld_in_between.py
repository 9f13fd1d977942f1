"""What the hub withholds is taken before what goes on from it: both sides add up the same, in the log's order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from comity.v1 import feed_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, Verb

from agents import mailstore
from agents.client import Client, now_ms
from agents.records import Standing
from tests.agents.freezing.freezes import (
    DAY,
    NEXT,
    accepted,
    line,
    notice,
    offices,
    provisional,
    report,
    reported,
    request,
    seconded,
)


def _lines(client: Client, case: str) -> list[tuple[int, str, str]]:
    return [(line.row.number, str(line.row.requested), str(line.row.held)) for line in client.freeze(case).lines]


@pytest.mark.parametrize("told", [True, False], ids=["its case is told", "nothing is told"])
async def test_what_goes_on_with_a_freeze_waits_for_what_is_withheld_before_it(tmp_path: Path, told: bool) -> None:
    async with offices(tmp_path) as (sfc, hkma):
        analyst, officer = await sfc.as_(Role.ANALYST), await hkma.as_(Role.ANALYST)
        hold = provisional()
        case = (await analyst.send((await analyst.request_hold("hkma/intake", hold)).id)).case_id
        elsewhere = provisional()
        elsewhere.lines[0].account, elsewhere.lines[0].account_as_received = NEXT, NEXT.rpartition(":")[2]
        other = (await analyst.send((await analyst.request_hold("hkma/intake", elsewhere)).id)).case_id
        await accepted(hkma, case)
        await officer.send((await officer.report_execution(case, reported(report(requested="500", held="500")))).id)
        await analyst.sync()

        further = line(2, account=NEXT, account_as_received=NEXT.rpartition(":")[2])
        full = request(*hold.lines, further, instrument=notice())
        withheld = {(await seconded(sfc, await analyst.complete_hold(case, full))).log_index}
        await analyst.sync()
        await seconded(sfc, await analyst.convert(case, pb.Convert(instrument=notice(end=now_ms() + 89 * DAY))))
        approver = await sfc.as_(Role.APPROVER)
        await approver.send((await approver.confirm_hold(other)).id)
        honest = officer.session.read_feed

        async def lying(start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
            async for response in honest(start, follow=follow):
                if response.item.receipt.index in withheld:
                    envelope = response.item.envelope
                    envelope.ClearField("ciphertext")
                    envelope.ClearField("wraps")
                    if not told:
                        response.item.ClearField("envelope")
                yield response

        officer.session.read_feed = lying  # type: ignore[method-assign]
        await officer.sync()
        verbs = [item.verb for item in officer.inbox()]
        assert Verb.CONVERT not in verbs
        assert (Verb.CONFIRM in verbs) is told  # what is surely of another case goes on

        withheld.clear()
        await officer.sync()
        await analyst.sync()
        assert {item.standing for item in officer.inbox()} == {Standing.GOOD}
        assert {Verb.COMPLETE, Verb.CONVERT, Verb.CONFIRM} <= {item.verb for item in officer.inbox()}
        assert _lines(officer, case) == _lines(analyst, case) == [(1, "500", "500"), (2, "1000", "0")]
        assert officer.freeze(case).ends == analyst.freeze(case).ends
        assert not officer.freeze(case).broken
        refused = next(item.message for item in officer.inbox() if item.verb is Verb.COMPLETE)
        with officer.store.begin() as c:
            assert mailstore.debts(c) == []
            mailstore.update_message(c, bytes.fromhex(refused), standing=Standing.QUARANTINED.value)
        assert officer.freeze(case).broken  # what was refused here counts at its sender's
