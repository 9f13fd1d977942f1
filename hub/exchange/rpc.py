"""ExchangeService on the wire: protobuf in, one service call, protobuf out.

Never does: decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import grpc
from comity.envelope import MAX_BATCH_BYTES, MAX_BATCH_ENVELOPES, Envelope, parse_envelope
from comity.errors import MalformedError, Reason
from comity.receipts import Receipt, parse_ack, receipt_to_wire
from comity.v1 import envelope_pb2, exchange_pb2_grpc
from comity.v1 import exchange_pb2 as pb

from hub.errors import is_documented, to_status
from hub.exchange.service import ExchangeService, Result
from hub.exchange.verifier import GivenAck
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
        return pb.SubmitResponse(receipt=receipt_to_wire(result))

    async def SubmitBatch(self, request: pb.SubmitBatchRequest, context: Context) -> pb.SubmitBatchResponse:
        """Takes up to 256 envelopes, each answered by itself."""
        if not 1 <= len(request.envelopes) <= MAX_BATCH_ENVELOPES:
            raise MalformedError("a call carries 1 to 256 envelopes", Reason.TOO_LARGE)
        if request.ByteSize() > MAX_BATCH_BYTES:
            raise MalformedError("the envelopes of a call are at most 4 MiB together", Reason.TOO_LARGE)
        results = await self._service.submit(caller().desk, [_envelope(m) for m in request.envelopes])
        return pb.SubmitBatchResponse(results=self._results(results))

    async def Acknowledge(self, request: pb.AcknowledgeRequest, context: Context) -> pb.AcknowledgeResponse:
        """Records up to 256 acknowledgements, each answered by itself."""
        if not 1 <= len(request.acks) <= MAX_BATCH_ENVELOPES:
            raise MalformedError("a call carries 1 to 256 acknowledgements", Reason.TOO_LARGE)
        results = await self._service.acknowledge(caller().desk, [_ack(m) for m in request.acks])
        return pb.AcknowledgeResponse(results=self._results(results))

    def _results(self, results: Sequence[Result]) -> list[pb.SubmitResult]:
        return [self._result(result) for result in results]

    def _result(self, result: Result) -> pb.SubmitResult:
        if isinstance(result, Receipt):
            return pb.SubmitResult(receipt=receipt_to_wire(result))
        trace_id = ""
        if not is_documented(result):
            trace_id = f"{id(result):016x}"
            self._telemetry.log.error("item failed", error=type(result).__name__, trace_id=trace_id)
        return pb.SubmitResult(error=to_status(result, trace_id))


def _envelope(m: envelope_pb2.Envelope) -> Envelope | MalformedError:
    try:
        return parse_envelope(m)
    except MalformedError as error:
        return error


def _ack(m: pb.SignedAck) -> GivenAck | MalformedError:
    try:
        return GivenAck(parse_ack(m.body), m.body, m.sig)
    except MalformedError as error:
        return error
