"""Freeze, assistance and onward consent over a real hub with TLS: what leaves it, down to each refusal's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from comity.envelope import message_hash
from comity.errors import RefusedError
from comity.receipts import EventKind, parse_event, receipt_from_wire, verify_receipt
from comity.v1 import envelope_pb2, exchange_pb2, feed_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from comity.workflow.terms import Family, Verb

from tests.support.core import Core
from tests.support.exchanges import HOLDER, ORIGINATOR, THIRD, Exchange, NotTakenError, granting, onward
from tests.support.hub import RunningHub, info_of, reason_of, running_hub
from tests.support.world import make_world


class Wire:
    """Takes the place of a core: everything goes through the hub's own server."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self.world, self.directory, self.clock = hub.world, hub.hub.directory, hub.hub._clock

    async def submit(self, envelope: envelope_pb2.Envelope) -> list[Any]:
        """Submits as the sender's desk; returns a receipt, or a refusal as it came."""
        desk = next(d for d in self.world.desks if envelope.signatures[0].kid in kids(self, d))
        request = exchange_pb2.SubmitRequest(envelope=envelope)
        async with self._hub.as_desk(desk) as channel:
            try:
                answer = await ExchangeServiceStub(channel).Submit(request)
            except grpc.aio.AioRpcError as error:
                return [RefusedError(reason_of(error), error.details() or "", **info_of(error).metadata)]
        return [receipt_from_wire(answer.receipt)]

    async def acknowledge(self, ack: tuple[bytes, bytes]) -> list[Any]:
        """Acknowledges as the holder's desk."""
        request = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=ack[0], sig=ack[1])])
        async with self._hub.as_desk(HOLDER) as channel:
            answer = await ExchangeServiceStub(channel).Acknowledge(request)
        return [receipt_from_wire(result.receipt) for result in answer.results]

    def verified(self, receipt: Any) -> Any:
        """Verifies a receipt as a client does."""
        return verify_receipt(receipt, self.world.exchange_origin, [self.world.log_key.public])

    async def read(self, desk: str) -> list[feed_pb2.FeedItem]:
        """Returns a desk's present feed."""
        async with self._hub.as_desk(desk) as channel:
            stream = FeedServiceStub(channel).ReadFeed(feed_pb2.ReadFeedRequest())
            return [answer.item async for answer in stream if answer.HasField("item")]


def kids(wire: Wire, desk: str) -> set[bytes]:
    """Returns the key ids of a desk's members."""
    return {member.kid for member in wire.world.desk(desk).members.values()}


async def refusal(case: Exchange, verb: Verb, **options: Any) -> tuple[str, dict[str, str]]:
    """Returns why the hub refuses an envelope, and what it names."""
    with pytest.raises(NotTakenError) as refused:
        await case.say(verb, **options)
    return refused.value.reason, dict(refused.value.metadata)


async def test_the_families_go_over_the_wire_and_each_refusal_names_what_would_do(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma", "hkpf"))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path) as hub:
        core = cast("Core", Wire(hub))
        freeze = Exchange(core, Family.FREEZE)
        await freeze.say(Verb.REQUEST_PROVISIONAL)
        await freeze.stored()
        reason, named = await refusal(freeze, Verb.ASK_RELEASE)
        assert (reason, named["state"]) == ("WRONG_STATE", "DELIVERED")
        assert {"CONFIRM", "COMPLETE", "RECALL"} <= set(named["allowed"].split(","))
        await freeze.say(Verb.CONFIRM, about=freeze.opening)
        await freeze.say(Verb.COMPLETE, about=freeze.opening)
        for verb in (Verb.ACKNOWLEDGE, Verb.ACCEPT, Verb.REPORT_EXECUTION):
            await freeze.say(verb, by="recipient")
        await freeze.say(Verb.ASK_RELEASE)
        stale = freeze.envelope(Verb.RELEASE, by="recipient", about=Verb.ASK_RELEASE, previous=freeze.opening)
        with pytest.raises(NotTakenError, match="WRONG_PREVIOUS"):
            await freeze.send(stale)
        await freeze.say(Verb.RELEASE, by="recipient", about=Verb.ASK_RELEASE)

        asked = Exchange(core, Family.ASSISTANCE)
        await asked.say(Verb.ORAL_NOTICE)
        await asked.stored()
        await asked.say(Verb.COMPLETE, about=asked.opening)
        for verb in (Verb.ACKNOWLEDGE, Verb.ANSWER_FIRST, Verb.ACCEPT, Verb.REPLY_PART, Verb.REPLY):
            await asked.say(verb, by="recipient")
        await asked.say(Verb.FEEDBACK)
        await asked.say(Verb.CLOSE)

        case, granted = await granting(core, Family.ASSISTANCE)
        forward = onward(case).envelope(Verb.FORWARD, granted=granted)
        name = await onward(case).send(forward)
        assert await refusal(onward(case), Verb.FORWARD, granted=granted) == ("NO_GRANT", {"verb": "FORWARD"})
        late = await refusal(case, Verb.REVOKE_GRANT, about=granted.message_hash)
        assert late == ("WRONG_STATE", {"state": "USED", "allowed": ""})
        for desk in (ORIGINATOR, HOLDER):
            items = await cast("Wire", core).read(desk)
            (told,) = [i for i in items if parse_event(i.receipt.event).kind is EventKind.GRANT_USED]
            shown = told.envelope
            assert message_hash(shown.header, shown.seal) == name == parse_event(told.receipt.event).other_hash
            assert [s.sig for s in shown.signatures] == [s.sig for s in forward.signatures]
            assert (shown.ciphertext, len(shown.wraps)) == (b"", 0)
        assert all(i.envelope.ciphertext for i in await cast("Wire", core).read(THIRD))
