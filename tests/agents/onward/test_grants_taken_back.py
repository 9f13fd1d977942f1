"""A grant ends with what it is about: by REVOKE_GRANT or by a recall, whatever a home made of it when it came."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, Verb

from agents import draftchecks
from agents.alarms import AlarmKind
from agents.client import now_ms
from agents.records import Standing
from tests.agents.offices import referral
from tests.agents.onward.chain import Chain, chain, granted_by_hash, raw_forward
from tests.agents.onward.test_recalls import RECALL
from tests.support.world import DAY


async def _nobody_accuses_the_hub(there: Chain) -> None:
    for office in (there.sfc, there.hkma):
        for client in await there.both(office):
            assert AlarmKind.INVALID_DELIVERY not in {alarm.kind for alarm in client.alarms()}


@pytest.mark.parametrize("what", ["original", "opening", "grant"])
async def test_what_is_recalled_is_not_passed_on_under_a_grant_that_was_not_used(tmp_path: Path, what: str) -> None:
    async with chain(tmp_path, body=referral(summary="Platform Kestrel took deposits.")) as there:
        opening, hkma = there.message, await there.hkma.as_(Role.ANALYST)
        note = pb.AcknowledgeCase(reference="HKMA-9", contact=referral().contact, expected_date="2027-12-01")
        await hkma.send((await hkma.acknowledge(there.case, note)).id)
        gaps = pb.RequestInfo(questions=[pb.Question(gap=pb.INFO_GAP_FACTS, text="Which platform?")])
        await hkma.send((await hkma.request_info(there.case, gaps)).id)
        sfc, _ = await there.both(there.sfc)
        supplied = await sfc.supply(there.case, pb.Supply(text="Kestrel"))
        there.message = (await sfc.send(supplied.id)).message_hash
        await there.both(there.hkma)
        await hkma.open_item(there.message)
        grant = await there.grant(await there.ask())
        about = {"original": there.message, "opening": opening, "grant": grant}[what]
        await there.both(there.sfc)
        await sfc.send((await sfc.recall(there.case, RECALL, about=about)).id)
        await there.both(there.hkma)
        with pytest.raises(RefusedError) as refused:
            await hkma.forward(grant)
        assert (refused.value.reason, refused.value.metadata["state"]) == (Reason.NO_GRANT, "REVOKED")
        with pytest.raises(RefusedError) as hub:
            await raw_forward(there, await granted_by_hash(there, grant), original=there.message)
        assert hub.value.reason is Reason.NO_GRANT
        await _nobody_accuses_the_hub(there)
        for client in (sfc, hkma):
            assert [one.state for one in client.onward_grants()] == ["REVOKED"]


async def test_the_end_of_a_grant_that_was_set_aside_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chain(tmp_path) as there:
        ask = await there.ask()
        monkeypatch.setattr(draftchecks, "judge", lambda *_: None)
        grant = await there.grant(ask, now_ms() + 91 * DAY)  # for longer than anybody may
        monkeypatch.undo()
        sfc, _ = await there.both(there.sfc)
        hkma, _ = await there.both(there.hkma)
        (kept,) = [item for item in hkma.inbox() if item.verb is Verb.GRANT_ONWARD]
        assert (kept.message, kept.standing) == (grant, Standing.CONTRADICTS)
        await sfc.send((await sfc.revoke_grant(grant, pb.RevokeGrant(text="No more"))).id)
        await _nobody_accuses_the_hub(there)
