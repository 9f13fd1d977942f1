"""Passing on with consent: the originator's words reach a third desk, and are proved there."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, State, Verb

from agents.errors import UnpinnedError
from agents.records import Standing
from tests.agents.offices import pin, referral
from tests.agents.onward.chain import chain


async def test_the_originators_words_reach_a_third_desk_with_consent_and_are_proved_there(tmp_path: Path) -> None:
    (tmp_path / "desktop").mkdir()
    file = tmp_path / "evidence.txt"
    file.write_bytes(b"x" * 90_000)
    async with chain(tmp_path, files=[file]) as there:
        contact = pb.Contact(name="Wong", telephone="+85211112222")
        answer = pb.AcknowledgeCase(reference="HKPF-1", contact=contact, expected_date="2027-01-01")
        early, _ = await there.both(there.hkma)
        await early.send((await early.acknowledge(there.case, answer)).id)
        redirect = pb.Redirect(desk="hkpf/intake")
        with pytest.raises(RefusedError) as unasked:
            await early.redirect(there.case, redirect)
        assert unasked.value.reason is Reason.NO_GRANT

        grant = await there.grant(await there.ask())
        hkma = await there.hkma.as_(Role.ANALYST)
        assert [(g.state, g.new_desk, g.ours) for g in hkma.onward_grants()] == [("OPEN", "hkpf/intake", False)]
        sent = await there.forward(grant)

        # nobody at hkpf has compared sfc's fingerprint: what hkma passes on in sfc's name is inert
        hkpf, _ = await there.both(there.hkpf)
        item = hkpf.inbox()[0]
        assert (item.verb, item.standing) == (Verb.FORWARD, Standing.UNPINNED)
        with pytest.raises(UnpinnedError):
            await hkpf.open_item(item.message)
        with pytest.raises(UnpinnedError):
            await hkpf.open_original(item.message)
        with pytest.raises(UnpinnedError):
            await hkpf.acknowledge(sent.case_id, answer)

        await pin(there.hkpf, there.sfc)
        assert hkpf.inbox()[0].standing is Standing.GOOD
        opened = await hkpf.open_item(item.message)
        assert opened.payload.forward.text == "As discussed"
        original = await hkpf.open_original(item.message)
        assert original.message == there.message
        assert original.header.sender == "sfc/intake"
        assert original.payload.refer.summary == referral().summary
        assert original.author.startswith("sfc/m-")
        saved = await hkpf.save_original_attachment(item.message, original.attachments[0].id, tmp_path / "desktop")
        assert saved.read_bytes() == file.read_bytes()
        assert (await hkpf.acknowledge(sent.case_id, answer)).verb is Verb.ACKNOWLEDGE

        # the originator knows, by proof, who has it now
        sfc, _ = await there.both(there.sfc)
        assert [(g.state, g.forward) for g in sfc.onward_grants(there.case)] == [("USED", sent.message_hash)]
        legs = {case.recipient: case.state for case in sfc.case(there.case)}
        assert legs["hkpf/intake"] is State.FORWARDED
        assert sfc.linked_cases(there.case) == [sent.case_id]
        assert hkma.linked_cases(there.case) == [sent.case_id]
        assert hkpf.linked_cases(sent.case_id) == [there.case]
        for client in (sfc, hkma, hkpf):
            assert client.alarms() == []

        # the case it came from says where it has gone
        await hkma.send((await hkma.redirect(there.case, redirect)).id)
        assert {leg.recipient: leg.state for leg in hkma.case(there.case)} == {"hkma/intake": State.REDIRECTED}

        # once is once, at the client
        with pytest.raises(RefusedError) as again:
            await hkma.forward(grant)
        assert (again.value.reason, again.value.metadata["state"]) == (Reason.NO_GRANT, "USED")
