"""Two originals reach one desk under two grants: each is recalled there by itself, also one that was never read."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents.records import Standing
from tests.agents.offices import pin, referral
from tests.agents.onward.chain import Chain, chain
from tests.agents.onward.test_recalls import DESTROYED, RECALL, answer


async def _supplied(there: Chain) -> str:
    """hkma asks, and sfc sends it something more of the case. Returns that message's hash."""
    hkma, _ = await there.both(there.hkma)
    gaps = pb.RequestInfo(questions=[pb.Question(gap=pb.INFO_GAP_FACTS, text="Which platform?")])
    await hkma.send((await hkma.request_info(there.case, gaps)).id)
    sfc, _ = await there.both(there.sfc)
    sent = await sfc.send((await sfc.supply(there.case, pb.Supply(text="Kestrel"), to=("hkma/intake",))).id)
    hkma, _ = await there.both(there.hkma)
    await hkma.open_item(sent.message_hash)
    return sent.message_hash


async def test_a_second_original_is_recalled_by_itself_where_it_was_read_and_where_it_never_came(
    tmp_path: Path,
) -> None:
    async with chain(tmp_path, body=referral(summary="Platform Kestrel took deposits.")) as there:
        await pin(there.hkpf, there.sfc)
        await pin(there.sfc, there.hkpf)
        hkma, _ = await there.both(there.hkma)
        note = pb.AcknowledgeCase(reference="HKMA-9", contact=referral().contact, expected_date="2027-12-01")
        await hkma.send((await hkma.acknowledge(there.case, note)).id)
        first = (await there.forward(await there.grant(await there.ask()))).message_hash
        there.message = read = await _supplied(there)
        second = (await there.forward(await there.grant(await there.ask()))).message_hash
        hkpf, sfc = [(await there.both(office))[0] for office in (there.hkpf, there.sfc)]

        await sfc.send((await sfc.recall(there.case, RECALL, to=("hkpf/intake",), about=read)).id)
        await answer(hkpf, there.case, DESTROYED)
        standings = {item.message: item.standing for item in hkpf.inbox()}
        assert (standings[first], standings[second]) == (Standing.GOOD, Standing.DESTROYED)

        there.message = unread = await _supplied(there)
        third = await there.forward(await there.grant(await there.ask()))
        await hkma.send((await hkma.withdraw(third.case_id, pb.Withdraw(text="wrong desk"))).id)
        sfc, _ = await there.both(there.sfc)
        await sfc.send((await sfc.recall(there.case, RECALL, to=("hkpf/intake",), about=unread)).id)
        await answer(hkpf, there.case, DESTROYED)
        sfc, _ = await there.both(there.sfc)
        assert [line.answer for line in sfc.recall_list(there.case) if line.desk == "hkpf/intake"] == ["DESTROYED"] * 2
        assert {leg.recipient: leg.state for leg in sfc.case(there.case)}["hkpf/intake"] is State.FORWARDED
        assert [item.standing for item in hkpf.inbox() if item.verb is Verb.RECALL] == [Standing.GOOD] * 2
        for client in (sfc, await there.hkma.as_(Role.ANALYST), hkpf):
            assert client.alarms() == []
