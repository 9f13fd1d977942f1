"""What was passed on may be recalled where it was never read: that desk accuses nobody, and can answer."""

from __future__ import annotations

from pathlib import Path

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Precedence, Role, Verb

from agents import mailstore
from agents.alarms import AlarmKind
from agents.records import Standing
from tests.agents.assisting.bureaus import Bureaus, MovedClock
from tests.agents.offices import Clock, pin, referral, send_referral
from tests.agents.onward.chain import Chain, chain
from tests.agents.onward.test_recalls import DESTROYED, RECALL, answer

FORTNIGHT = 15 * 86_400_000


class Skewed(Clock):
    """A computer's clock that may be wrong."""

    def __init__(self, right: Clock) -> None:
        super().__init__()
        self.right = right

    def __call__(self) -> int:
        return self.right() + self.shift


async def _passed_on(there: Chain, number: str, precedence: Precedence = Precedence.ROUTINE) -> str:
    """hkma passes another referral on. Returns the FORWARD's hash."""
    there.message = await send_referral(there.sfc, "hkma/intake", referral(reference=number))
    analyst, _ = await there.both(there.hkma)
    await analyst.open_item(there.message)
    there.case = analyst.peek(there.message).header.case_id.hex()
    grant = await there.grant(await there.ask())
    analyst, _ = await there.both(there.hkma)
    return (await there.send(there.hkma, await analyst.forward(grant, precedence=precedence))).message_hash


async def _recalled(there: Chain, case: str) -> None:
    """sfc recalls a case, and hkpf answers."""
    sfc, _ = await there.both(there.sfc)
    for draft in await sfc.recall_all(case, RECALL):
        await sfc.send(draft.id)
    await answer(await there.hkpf.as_(Role.ANALYST), case, DESTROYED)


async def test_who_refused_missed_or_never_saw_it_answers_its_recall(tmp_path: Path) -> None:
    clock = MovedClock()
    async with chain(tmp_path, clock=clock) as there:
        there.hkpf.clock = Skewed(clock)
        await there.sfc.hire(Role.AGENT)
        await pin(there.hkpf, there.sfc)
        await pin(there.sfc, there.hkpf)
        hkma, hkpf = await there.hkma.as_(Role.ANALYST), await there.hkpf.as_(Role.ANALYST)
        refused = await _passed_on(there, "SFC/2026/201")
        cases = [there.case]
        there.hkpf.clock.shift = FORTNIGHT  # by this desk's clock, which is wrong, its time went by
        await hkpf.sync()
        there.hkpf.clock.shift = 0
        assert [(item.message, item.standing) for item in hkpf.inbox()] == [(refused, Standing.EXPIRED)]
        await _recalled(there, there.case)

        missed = await _passed_on(there, "SFC/2026/202", Precedence.FLASH)
        cases.append(there.case)
        await Bureaus(there.sfc, there.hkpf, clock).wait(25 * 3_600_000)  # all that comes of it is what is left of it
        await hkpf.sync()
        assert [item.verb for item in hkpf.inbox()] == [Verb.FORWARD, Verb.RECALL]
        with hkpf.store.begin() as c:
            assert {leg.onward.hex() for leg in mailstore.legs(c) if leg.onward} == {refused, missed}
        await _recalled(there, there.case)

        withdrawn = await _passed_on(there, "SFC/2026/203")
        cases.append(there.case)
        own = hkma.peek(withdrawn).header.case_id.hex()
        await hkma.send((await hkma.withdraw(own, pb.Withdraw(text="wrong desk"))).id)
        await hkpf.sync()
        await _recalled(there, there.case)

        sfc, _ = await there.both(there.sfc)
        for case in cases:
            (line,) = [line for line in sfc.recall_list(case) if line.desk == "hkpf/intake"]
            assert (line.through, line.answer, line.overdue) == ("hkma/intake", "DESTROYED", False)
        with hkpf.store.begin() as c:
            kept = [mailstore.message(c, bytes.fromhex(one)) for one in (refused, missed, withdrawn)]
        # what was set aside goes with the rest
        assert [None if one is None else one.standing for one in kept] == [Standing.DESTROYED, None, None]
        for client in (sfc, hkma, hkpf):
            assert not {AlarmKind.INVALID_DELIVERY, AlarmKind.DELIVERY_GAP} & {a.kind for a in client.alarms()}
