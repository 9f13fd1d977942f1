"""Handling only ever gets stricter, the same request twice is noticed, and linked cases show each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.handling import HandlingLoweredError
from comity.v1 import payload_pb2 as pb
from comity.wallets import parse_account
from comity.workflow.terms import Role, Verb

from agents.composing import default_handling
from agents.handlings import NotOnwardError
from tests.agents.offices import referral, send_referral
from tests.agents.onward.chain import Chain, chain

WALLET = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"


def handling(**changes: object) -> pb.Handling:
    found = default_handling()
    found.MergeFrom(pb.Handling(**changes))  # type: ignore[arg-type]
    return found


def fact() -> pb.OnChainFact:
    return pb.OnChainFact(
        account=parse_account(WALLET).caip10,
        account_as_received=WALLET,
        confidence=pb.CONFIDENCE_KIND_OWN_TRACE,
        kind=pb.FACT_KIND_FACT,
    )


async def acknowledged(there: Chain, **arguments: object) -> pb.Handling:
    """hkma answers, and the handling that its answer has."""
    hkma, _ = await there.both(there.hkma)
    contact = pb.Contact(name="Lee", telephone="+85211112222")
    body = pb.AcknowledgeCase(reference="HKMA-9", contact=contact, expected_date="2027-01-01")
    draft = await hkma.acknowledge(there.case, body, **arguments)
    found = hkma.review(draft.id).payload.handling
    hkma.discard(draft.id)
    return found


async def test_an_answer_and_a_quotation_permit_no_more_than_what_they_are_made_of(tmp_path: Path) -> None:
    async with chain(tmp_path) as there:
        hkma, _ = await there.both(there.hkma)
        with pytest.raises(HandlingLoweredError) as lowered:
            await acknowledged(there, handling=handling(tlp=pb.TLP_GREEN, onward=pb.ONWARD_FREE))
        assert lowered.value.fields == ("tlp", "onward")
        assert (await acknowledged(there)).tlp == pb.TLP_AMBER  # nobody said anything: as strict as what is answered
        assert (await acknowledged(there, handling=handling(tlp=pb.TLP_RED))).tlp == pb.TLP_RED

        # to say it to somebody else a person must have asked, and then no more is permitted there either
        with pytest.raises(NotOnwardError):
            await hkma.refer("hkpf/intake", referral(), quotes=[there.message])
        draft = await hkma.refer("hkpf/intake", referral(), quotes=[there.message], agreed=True)
        assert hkma.review(draft.id).payload.handling.tlp == pb.TLP_AMBER
        with pytest.raises(HandlingLoweredError):
            await hkma.refer(
                "hkpf/intake", referral(), quotes=[there.message], agreed=True, handling=handling(tlp=pb.TLP_CLEAR)
            )

        # what its originator keeps to the recipient alone goes nowhere, whoever agrees
        kept = await send_referral(there.sfc, "hkma/intake", referral(), handling=handling(code=pb.HANDLING_CODE_H2))
        await there.both(there.hkma)
        with pytest.raises(NotOnwardError):
            await hkma.refer("hkpf/intake", referral(), quotes=[kept], agreed=True)
        there.message = kept
        ask = await there.ask()
        sfc, _ = await there.both(there.sfc)
        with pytest.raises(NotOnwardError):
            await sfc.grant_onward(ask, pb.GrantOnward())


async def test_the_same_request_twice_is_noticed_and_linked_cases_show_each_other(tmp_path: Path) -> None:
    async with chain(tmp_path, body=referral(on_chain=[fact()])) as there:
        sfc, _ = await there.both(there.sfc)
        subject = pb.Subject(name="Chan Siu Ming", birth_date="1984-02-29")
        link = pb.CaseLink(case_id=bytes.fromhex(there.case), desk="sfc/intake", relation=pb.CASE_RELATION_EARLIER)
        again = referral(reference="SFC/2026/999", on_chain=[fact()], other_channels=["Egmont"], subjects=[subject])
        draft = await sfc.refer("hkma/intake", again)
        review = sfc.review(draft.id)
        assert [(one.kind, one.case_id) for one in review.duplicates] == [("WALLET", there.case)]
        assert "the same request went through other channels" in review.warnings
        assert review.gaps == ()  # warned of, and not prevented
        sent = await there.send(there.sfc, draft)
        hkma, _ = await there.both(there.hkma)
        opened = await hkma.open_item(sent.message_hash)
        assert [(one.kind, one.case_id) for one in opened.duplicates] == [("WALLET", there.case)]

        # a case that names another belongs to it: that it names the same is no news
        linked = await there.send(there.sfc, await sfc.refer("hkma/intake", referral(on_chain=[fact()], links=[link])))
        await there.both(there.hkma)
        for client in (sfc, hkma):
            assert client.linked_cases(linked.case_id) == [there.case]
            assert client.linked_cases(there.case) == [linked.case_id]
        other = await hkma.open_item(linked.message_hash)
        assert {one.case_id for one in other.duplicates} == {sent.case_id}

        # the store has no wallet in it, whoever looks
        stored = b"".join(path.read_bytes() for path in there.hkma.home.path.glob("store.sqlite*"))
        assert WALLET.encode() not in stored
        assert b"Chan Siu Ming" not in stored
        assert hkma.inbox()[0].verb is Verb.REFER
        assert (await there.hkma.as_(Role.ANALYST)).alarms() == []
