"""ExchangeService on the wire: protobuf in, one service call, protobuf out.

Never does: decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import grpc
from comity.envelope import MAX_BATCH_BYTES, MAX_BATCH_ENVELOPES
from comity.errors import MalformedError, Reason
from comity.receipts import Receipt, fill_receipt
from comity.v1 import envelope_pb2, exchange_pb2_grpc
from comity.v1 import exchange_pb2 as pb

from hub.errors import is_documented, to_status
from hub.exchange.examining import SentAck, SentEnvelope
from hub.exchange.service import ExchangeService, Result
from hub.interceptors.identity import caller
from hub.telemetry import Telemetry

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class ExchangeRpc(exchange_pb2_grpc.ExchangeServiceServicer):
    """Takes envelopes and acknowledgements."""

    def __init__(self, service: ExchangeService, telemetry: Telemetry) -> None:
        """Takes the service behind it, and where an internal error of one item is told."""
        self._service = service
        self._telemetry = telemetry

    async def Submit(self, request: pb.SubmitRequest, context: Context) -> pb.SubmitResponse:
        """Takes one envelope."""
        result = (await self._service.submit(caller().desk, [_envelope(request.envelope)]))[0]
        if isinstance(result, BaseException):
            raise result
        response = pb.SubmitResponse()
        fill_receipt(response.receipt, result)
        return response

    async def SubmitBatch(self, request: pb.SubmitBatchRequest, context: Context) -> pb.SubmitBatchResponse:
        """Takes up to 256 envelopes, each answered by itself."""
        if not 1 <= len(request.envelopes) <= MAX_BATCH_ENVELOPES:
            raise MalformedError("a call carries 1 to 256 envelopes", Reason.TOO_LARGE)
        envelopes = [_envelope(m) for m in request.envelopes]
        if sum([envelope.size for envelope in envelopes]) > MAX_BATCH_BYTES:
            raise MalformedError("the envelopes of a call are at most 4 MiB together", Reason.TOO_LARGE)
        response = pb.SubmitBatchResponse()
        self._fill(response.results, await self._service.submit(caller().desk, envelopes))
        return response

    async def Acknowledge(self, request: pb.AcknowledgeRequest, context: Context) -> pb.AcknowledgeResponse:
        """Records up to 256 acknowledgements, each answered by itself."""
        if not 1 <= len(request.acks) <= MAX_BATCH_ENVELOPES:
            raise MalformedError("a call carries 1 to 256 acknowledgements", Reason.TOO_LARGE)
        acks = [SentAck(m.body, m.sig) for m in request.acks]
        desk, response = caller().desk, pb.AcknowledgeResponse()
        results = await self._service.acknowledge(desk, acks)
        self._fill(response.results, results)
        for m, logged in zip(response.results, await self._service.logged_before(desk, acks, results), strict=True):
            if logged is not None:
                m.ack.body, m.ack.sig = logged
        return response

    def _fill(self, items: Any, results: Sequence[Result]) -> None:
        """Adds one SubmitResult a result. In place: a message that is put into another is copied each time."""
        for result in results:
            m = items.add()
            if isinstance(result, Receipt):
                fill_receipt(m.receipt, result)
                continue
            trace_id = ""
            if not is_documented(result):
                trace_id = f"{id(result):016x}"
                self._telemetry.log.error("item failed", error=type(result).__name__, trace_id=trace_id)
            m.error.CopyFrom(to_status(result, trace_id))


def _envelope(m: envelope_pb2.Envelope) -> SentEnvelope:
    wraps = tuple([(w.desk, w.data) for w in m.wraps])
    return SentEnvelope(m.header, m.seal, m.ciphertext, wraps, tuple([(s.kid, s.role, s.sig) for s in m.signatures]))
