"""FeedService on the wire.

Never does: decide. Stalled readers and revoked callers are cut around it (`hub/interceptors`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import grpc
from comity.receipts import receipt_to_wire
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2, feed_pb2_grpc
from comity.v1 import feed_pb2 as pb

from hub.feed.domain import Content, FeedItem
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
        desk = caller().desk
        async with aclosing(cast("Any", self._service.read(desk, request.from_index, follow=request.follow))) as items:
            async for item in items:
                if isinstance(item, FeedItem):
                    yield pb.ReadFeedResponse(item=_item(item))
                else:
                    yield pb.ReadFeedResponse(head=directory_pb2.SignedHead(body=item.body, sig=item.sig))


def _item(item: FeedItem) -> pb.FeedItem:
    return pb.FeedItem(
        number=item.number,
        delivery_salt=item.delivery_salt,
        receipt=receipt_to_wire(item.receipt),
        envelope=_remains(item) if item.content is None else _envelope(item.desk, item.content),
        ack=None if item.ack is None else exchange_pb2.SignedAck(body=item.ack[0], sig=item.ack[1]),
    )


def _remains(item: FeedItem) -> envelope_pb2.Envelope | None:
    return None if item.remains is None else envelope_pb2.Envelope(header=item.remains[0], seal=item.remains[1])


def _envelope(desk: str, content: Content) -> envelope_pb2.Envelope:
    return envelope_pb2.Envelope(
        header=content.header,
        seal=content.seal,
        ciphertext=content.ciphertext,
        wraps=[envelope_pb2.Wrap(desk=desk, data=content.wrap)],
        signatures=[
            envelope_pb2.Signature(kid=s.kid, role=int(s.role), sig=s.sig)  # type: ignore[arg-type] # the numbers are the proto's
            for s in content.signatures
        ],
    )
