"""No grant, another's, one that is over, used or revoked: refused by the holder's client, and by the hub past it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from comity.envelope import signing_bytes
from comity.errors import Reason, RefusedError
from comity.header import Grant
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Role, Verb

from agents.client import now_ms
from agents.composing import Wish, default_handling
from agents.errors import ContentRefusedError, NotUniqueError
from agents.keys import KeyUse, find
from tests.agents.offices import pin
from tests.agents.onward.chain import Chain, chain, granted_by_hash, raw_forward
from tests.support.world import DAY


async def refused(there: Chain, grant: str, state: str) -> None:
    """hkma's client refuses by name, and the hub refuses what passes the client by."""
    hkma = await there.hkma.as_(Role.ANALYST)
    with pytest.raises(RefusedError) as client:
        await hkma.forward(grant)
    assert (client.value.reason, client.value.metadata["state"]) == (Reason.NO_GRANT, state)
    with pytest.raises(RefusedError) as hub:
        await raw_forward(there, await granted_by_hash(there, grant))
    assert hub.value.reason is Reason.NO_GRANT


async def test_G_07_nothing_is_passed_on_without_a_grant_under_one_that_is_over_or_to_another_agency(
    tmp_path: Path,
) -> None:
    async with chain(tmp_path) as there:
        hkma, approver = await there.both(there.hkma)
        with pytest.raises(NotUniqueError):
            await hkma.forward("00" * 32)

        # the originator's own client holds a grant against what was asked
        ask = await there.ask()
        sfc, _ = await there.both(there.sfc)
        with pytest.raises(ContentRefusedError) as long:
            await sfc.grant_onward(ask, pb.GrantOnward(), expires=now_ms() + 91 * DAY)
        assert (long.value.code, long.value.path) == ("GRANT_TOO_LONG", "grant.expires")

        terms = Grant(
            bytes(16),
            sfc.trust.exchange_origin,
            bytes.fromhex(there.message),
            "hkma/intake",
            "icac/intake",
            now_ms() + DAY,
        )
        wish = Wish(
            Verb.GRANT_ONWARD,
            pb.GrantOnward(),
            default_handling(),
            ("hkma/intake",),
            sfc._reading.legs(there.case)[0],
            about=bytes.fromhex(ask),
            grant=terms,
        )
        with pytest.raises(ContentRefusedError) as unasked:
            sfc._drafts.create(wish)
        assert unasked.value.code == "GRANT_NOT_ASKED"

        expires = now_ms() + 4000
        grant = await there.grant(ask, expires)
        granted = await granted_by_hash(there, grant)
        with pytest.raises(RefusedError) as elsewhere:
            await raw_forward(there, granted, to="sfc/intake")
        assert elsewhere.value.reason is Reason.NO_GRANT

        # a grant that the holder has made itself, in the originator's name
        forged = []
        for signature, client in zip(granted.signatures, (hkma, approver), strict=True):
            data = signing_bytes(granted.header_bytes, granted.seal_bytes, signature.role)
            forged.append(replace(signature, sig=client.keys.sign(find(client.keys, KeyUse.SIGN).kid, data)))
        with pytest.raises(RefusedError) as own:
            await raw_forward(there, replace(granted, signatures=tuple(forged)))
        assert own.value.reason is Reason.BAD_SIGNATURE

        await asyncio.sleep(max(0, expires + 1100 - now_ms()) / 1000)  # a leaf says whole seconds
        await refused(there, grant, "EXPIRED")


async def test_G_08_a_grant_is_used_once_and_can_be_revoked_before_but_not_after(tmp_path: Path) -> None:
    async with chain(tmp_path) as there:
        sfc, _ = await there.both(there.sfc)
        in_time = await there.grant(await there.ask())
        await sfc.send((await sfc.revoke_grant(in_time, pb.RevokeGrant(text="not any more"))).id)
        assert [grant.state for grant in sfc.onward_grants(there.case)] == ["REVOKED"]
        await there.both(there.hkma)
        await refused(there, in_time, "REVOKED")

        used = await there.grant(await there.ask())
        hkma, _ = await there.both(there.hkma)
        spare = (await hkma.forward(used)).id
        await there.forward(used)
        assert [gap.path for gap in hkma.check(spare)] == ["grant"]
        await refused(there, used, "USED")

        # too late: the hub says so to an originator who has not heard of it yet, and its client once it has
        draft = await sfc.revoke_grant(used, pb.RevokeGrant(text="too late"))
        with pytest.raises(RefusedError) as late:
            await sfc.send(draft.id)
        assert late.value.reason is Reason.WRONG_STATE
        await sfc.sync()
        assert sorted(grant.state for grant in sfc.onward_grants()) == ["REVOKED", "USED"]
        assert [(gap.path, gap.problem[:10]) for gap in sfc.check(draft.id)][-1] == ("about", "GRANT_USED")
        hkpf, _ = await there.both(there.hkpf)
        await pin(there.hkpf, there.sfc)
        assert len(hkpf.inbox()) == 1
        for client in (sfc, hkma, hkpf):
            assert client.alarms() == []
