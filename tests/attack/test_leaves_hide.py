"""What an agency that is no party makes of public leaves, though it knows every event that could stand behind them."""

from __future__ import annotations

from pathlib import Path

from comity.encoding import Purpose, digest
from comity.envelope import message_hash
from comity.header import parse_header
from comity.receipts import AckState, commitment, delivery_commitment, parse_event, parse_leaf
from comity.v1 import exchange_pb2, log_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub
from comity.workflow.terms import Verb

from tests.support.hub import running_hub
from tests.support.world import make_world


async def test_A_16_a_leaf_tells_no_outsider_which_of_the_events_it_knows_stands_behind_it(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma", "osr"))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as sfc,
        hub.as_desk("hkma/intake") as hkma,
        hub.as_desk("osr/intake") as outsider,
    ):
        receipts = []
        for _ in range(6):
            envelope = world.envelope(hub.view())
            taken = await ExchangeServiceStub(sfc).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
            receipts.append(taken.receipt)
            opening = message_hash(envelope.header, envelope.seal)
            for state in (AckState.STORED, AckState.OPENED):
                body, sig = world.ack(opening, "hkma/intake", state)
                acks = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)])
                receipts.append((await ExchangeServiceStub(hkma).Acknowledge(acks)).results[0].receipt)
            case = parse_header(envelope.header).case_id
            recall = world.envelope(hub.view(), verb=Verb.RECALL, case_id=case, about=opening)
            answer = await ExchangeServiceStub(sfc).Submit(exchange_pb2.SubmitRequest(envelope=recall))
            receipts.append(answer.receipt)
        events = {receipt.index: receipt.event for receipt in receipts}
        assert len({parse_event(event).kind for event in events.values()}) >= 2

        request = log_pb2.GetLeavesRequest(log=log_pb2.LOG_KIND_EXCHANGE, start=0, count=max(events) + 1)
        leaves = (await LogServiceStub(outsider).GetLeaves(request)).leaves
        # The kind does not show in the length, nor in anything but the commitment.
        assert len({len(leaves[index]) for index in events}) == 1
        parsed = {index: parse_leaf(leaves[index]) for index in events}
        assert len({leaf.commitment for leaf in parsed.values()}) == len(events)
        assert len({leaf.directory_root for leaf in parsed.values()}) == 1

        # It holds every event byte for byte, and what it could take for a salt: nothing fits any leaf.
        public = [bytes(32), b"", *(leaf.directory_root for leaf in parsed.values()), *leaves]
        guesses = {digest(Purpose.LEAF, salt, event) for event in events.values() for salt in public}
        assert guesses.isdisjoint(leaf.commitment for leaf in parsed.values())
        # Whom it went to does not show either, though there are few desks and numbers are small.
        deliveries = {d for event in events.values() for d in parse_event(event).deliveries}
        named = {delivery_commitment(salt, desk, n) for salt in public for desk in world.desks for n in range(40)}
        assert named.isdisjoint(deliveries)

        # The parties have what it lacks.
        for receipt in receipts:
            assert commitment(receipt.salt, receipt.event) == parsed[receipt.index].commitment
        salts = [receipt.salt for receipt in receipts]
        assert len(set(salts)) == len(salts)
        assert {len(salt) for salt in salts} == {32}
