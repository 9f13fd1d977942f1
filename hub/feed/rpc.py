"""FeedService on the wire.

Never does: decide. Stalled readers and revoked callers are cut around it (`hub/interceptors`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import grpc
from comity.envelope import Signature
from comity.receipts import receipt_to_wire
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, feed_pb2_grpc
from comity.v1 import feed_pb2 as pb

from hub.feed.domain import Content, FeedItem, Tie
from hub.feed.service import FeedService
from hub.interceptors.identity import caller

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class FeedRpc(feed_pb2_grpc.FeedServiceServicer):
    """Streams a desk's items."""

    def __init__(self, service: FeedService) -> None:
        """Takes the service behind it."""
        self._service = service

    async def ReadFeed(self, request: pb.ReadFeedRequest, context: Context) -> AsyncIterator[pb.ReadFeedResponse]:
        """Streams the calling desk's items from an index on."""
        who = caller()
        reading = self._service.read(who.desk, request.from_index, follow=request.follow)
        # What came with one checkpoint needs one proof, and what is read again none: that would cost the database more
        # than the page, as often as somebody likes. After the first head all is live.
        last, live = 0, False
        with self._service.shown.reading(who.spki):
            async with aclosing(cast("Any", reading)) as items:
                async for item in items:
                    if isinstance(item, FeedItem):
                        size, before = item.log_size, last
                        last = size
                        tie = await self._service.tie(who.spki, size) if live and size != before else None
                        yield pb.ReadFeedResponse(item=_item(item, tie))
                    else:
                        live = True
                        yield pb.ReadFeedResponse(head=directory_pb2.SignedHead(body=item.body, sig=item.sig))


def _item(item: FeedItem, tie: Tie | None) -> pb.FeedItem:
    return pb.FeedItem(
        number=item.number,
        delivery_salt=item.delivery_salt,
        receipt=receipt_to_wire(item.receipt),
        envelope=_remains(item) if item.content is None else _envelope(item.desk, item.content),
        ack=None if item.ack is None else exchange_pb2.SignedAck(body=item.ack[0], sig=item.ack[1]),
        consistency_size=0 if tie is None else tie.size,
        consistency_path=() if tie is None else tie.path,
    )


def _remains(item: FeedItem) -> envelope_pb2.Envelope | None:
    if item.passed_on is not None:
        signed = item.passed_on
        return envelope_pb2.Envelope(header=signed.header, seal=signed.seal, signatures=_people(signed.signatures))
    if item.remains is None:
        return None
    header, seal = item.remains
    return envelope_pb2.Envelope(header=header, seal=seal, signatures=_people(item.remains_signed))


def _envelope(desk: str, content: Content) -> envelope_pb2.Envelope:
    return envelope_pb2.Envelope(
        header=content.header,
        seal=content.seal,
        ciphertext=content.ciphertext,
        wraps=[envelope_pb2.Wrap(desk=desk, data=content.wrap)],
        signatures=_people(content.signatures),
    )


def _people(signatures: Sequence[Signature]) -> list[envelope_pb2.Signature]:
    return [
        envelope_pb2.Signature(kid=s.kid, role=int(s.role), sig=s.sig)  # type: ignore[arg-type] # the numbers are the proto's
        for s in signatures
    ]
