"""Whoever has the hub's first keys and stands between an agency and its hub: he has a log of his own."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory import Head, sign_head
from comity.envelope import Signature, SignatureRole, message_hash, parse_header, signatures_digest
from comity.merkle import leaf_hash
from comity.receipts import (
    AckState,
    Event,
    EventKind,
    Leaf,
    Receipt,
    ack_digest,
    ack_signature_digest,
    commitment,
    delivery_commitment,
    encode_event,
    encode_leaf,
    parse_ack,
    parse_event,
    receipt_from_wire,
    receipt_to_wire,
)
from comity.v1 import envelope_pb2, feed_pb2

from agents.client import Client
from tests.agents.replaced_keys import Longer, note
from tests.support.world import World


@dataclass
class Thief:
    """He answers one client in the hub's place, as the directory was before the replacement."""

    client: Client
    world: World
    head: Head
    log: Longer
    number: int
    """Of the client's last delivery that was true."""
    copies: bool = True
    """He shows the client what it sends."""
    items: list[feed_pb2.FeedItem] = field(default_factory=list)

    @classmethod
    async def of(cls, client: Client, world: World, *, junk: int = 100) -> Thief:
        """Goes on from the true log as it stands now."""
        head = await client.refresh()
        size = parse_checkpoint(await client.session.get_checkpoint("exchange"))[0].size
        return cls(client, world, head, await Longer.of(client.session, size, junk), client._intake.cursor().number)

    def logs(self, event: Event, seconds: int = 0) -> Receipt:
        """Puts an event into his log; what its receipt proves is added where it is shown."""
        salt, data = secrets.token_bytes(32), encode_event(event)
        named = Leaf(
            seconds or self.client.clock() // 1000,
            self.head.directory_size,
            self.head.directory_root,
            commitment(salt, data),
        )
        leaf, index = encode_leaf(named), self.log.size
        self.log.hashes.append(leaf_hash(leaf))
        return Receipt(data, salt, index, leaf, (), b"")

    def proved(self, receipt: Receipt) -> Receipt:
        """Returns a receipt with its proof, in his log as it is now."""
        path = tuple(self.log.inclusion(receipt.index))
        return replace(receipt, inclusion_path=path, checkpoint=note(self.world, self.log.size, self.log.root))

    def brings(self, item: feed_pb2.FeedItem, seconds: int = 0) -> None:
        """Delivers something true, next, in an event of his own."""
        found = feed_pb2.FeedItem()
        found.CopyFrom(item)
        found.number = self.number = self.number + 1
        ours = delivery_commitment(item.delivery_salt, self.client.desk, found.number)
        event = replace(parse_event(receipt_from_wire(item.receipt).event), deliveries=(ours,))
        found.receipt.CopyFrom(receipt_to_wire(self.logs(event, seconds)))
        found.consistency_size = 0
        self.items.append(found)

    @contextlib.contextmanager
    def between(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Answers in the hub's place."""
        with monkeypatch.context() as patch:
            patch.setattr(self.client.session, "get_consistency", self.log.consistency)
            for name in ("get_head", "read_entries", "read_feed", "submit", "submit_batch", "acknowledge"):
                patch.setattr(self.client.session, name, getattr(self, name))
            yield

    async def get_head(self, _seen: object) -> tuple[bytes, bytes]:
        found = replace(self.head, exchange_size=self.log.size, exchange_root=self.log.root)
        return sign_head(found, self.world.head_key)

    async def read_entries(self, _start: int) -> list[bytes]:
        return []

    async def read_feed(self, start: int, *, follow: bool) -> AsyncIterator[Any]:
        for item in self.items:
            if item.receipt.index >= start:
                item.receipt.CopyFrom(receipt_to_wire(self.proved(receipt_from_wire(item.receipt))))
                yield feed_pb2.ReadFeedResponse(item=item)

    async def submit(self, envelope: envelope_pb2.Envelope) -> Receipt:
        header, salt = parse_header(envelope.header), secrets.token_bytes(32)
        signatures = [Signature(s.kid, SignatureRole(s.role), s.sig) for s in envelope.signatures]
        deliveries = [secrets.token_bytes(32) for _ in header.recipients]
        desks = [recipient.desk for recipient in header.recipients]
        shown = self.copies and self.client.desk in desks
        if shown:
            self.number += 1
            deliveries[desks.index(self.client.desk)] = delivery_commitment(salt, self.client.desk, self.number)
        event = Event(
            EventKind.SUBMITTED,
            message_hash(envelope.header, envelope.seal),
            signatures_digest(signatures),
            tuple(s.kid for s in envelope.signatures),
            tuple(sorted(deliveries)),
        )
        receipt = self.logs(event)
        if shown:
            item = feed_pb2.FeedItem(number=self.number, delivery_salt=salt, envelope=envelope)
            wraps = [wrap for wrap in envelope.wraps if wrap.desk == self.client.desk]
            del item.envelope.wraps[:]
            item.envelope.wraps.extend(wraps)
            item.receipt.CopyFrom(receipt_to_wire(receipt))
            self.items.append(item)
        return self.proved(receipt)

    async def submit_batch(self, envelopes: Sequence[envelope_pb2.Envelope]) -> list[Receipt]:
        return [await self.submit(envelope) for envelope in envelopes]

    async def acknowledge(self, acks: Sequence[tuple[bytes, bytes]]) -> list[Receipt]:
        found = list[Receipt]()
        for body, sig in acks:
            ack = parse_ack(body)
            kind = EventKind.REFUSED if ack.state is AckState.REFUSED else EventKind.ACKNOWLEDGED
            event = Event(
                kind,
                ack.message_hash,
                ack_signature_digest(ack.kid, sig),
                (ack.kid,),
                (secrets.token_bytes(32),),
                ack_digest(body),
                ack_state=ack.state,
            )
            found.append(self.logs(event))
        return [self.proved(receipt) for receipt in found]
