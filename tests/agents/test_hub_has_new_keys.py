"""A hub whose log and head keys are replaced under its members: they follow by the directory, and notice nothing."""

from __future__ import annotations

from pathlib import Path

from comity.receipts import parse_receipt, verify_receipt
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from tests.agents.offices import send_referral, two_offices


async def test_members_follow_the_hub_to_its_next_keys_and_old_proofs_stay_proofs(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        town, world = sfc.town, sfc.town.world
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.AGENT)
        early = await send_referral(sfc, "hkma/intake")
        assert [item.message for item in (await reader.sync()).new] == [early]

        # Nobody is told; whoever meets the first leaf or head that the new keys signed reads the directory on.
        await town.append([world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))])
        late = await send_referral(sfc, "hkma/intake")
        await town.append([world.as_operators(pb.HeadKeyReplaced(new_key=world.next_head_key.public))])
        latest = await send_referral(sfc, "hkma/intake")
        report = await reader.sync()
        assert (report.quarantined, {item.message for item in report.new}) == (0, {late, latest})
        await sender.sync()

        for client in (sender, reader):
            assert (await client.verify_log()).findings == ()
            assert client.alarms() == []
        # Each receipt under the key of its time.
        origin = world.exchange_origin
        for message, key in ((early, world.log_key), (late, world.next_log_key), (latest, world.next_log_key)):
            assert sender.verify_receipt(message).receipt
            assert verify_receipt(parse_receipt(sender.receipt(message)), origin, [key.public])
