"""LogService on the wire: protobuf in, one service call, protobuf out.

Never does: decide.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc
from comity.errors import MalformedError
from comity.receipts import receipt_to_wire
from comity.v1 import log_pb2 as pb
from comity.v1 import log_pb2_grpc

from hub.interceptors.identity import caller
from hub.log.domain import LogName
from hub.log.service import LogService

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class LogRpc(log_pb2_grpc.LogServiceServicer):
    """Proves what the two logs hold."""

    def __init__(self, service: LogService) -> None:
        """Takes the service behind it."""
        self._service = service

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, context: Context) -> pb.GetCheckpointResponse:
        """Returns the newest checkpoint of a log."""
        return pb.GetCheckpointResponse(checkpoint=await self._service.checkpoint(_log(request.log)))

    async def GetTile(self, request: pb.GetTileRequest, context: Context) -> pb.GetTileResponse:
        """Returns one tile of hashes."""
        hashes = await self._service.tile(_log(request.log), request.level, request.index, request.width)
        return pb.GetTileResponse(hashes=hashes)

    async def GetLeaves(self, request: pb.GetLeavesRequest, context: Context) -> pb.GetLeavesResponse:
        """Returns leaves as they were hashed."""
        return pb.GetLeavesResponse(leaves=await self._service.leaves(_log(request.log), request.start, request.count))

    async def GetInclusionProof(
        self, request: pb.GetInclusionProofRequest, context: Context
    ) -> pb.GetInclusionProofResponse:
        """Proves that a leaf is in the log of a size."""
        path = await self._service.inclusion(_log(request.log), request.index, request.size)
        return pb.GetInclusionProofResponse(path=path)

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, context: Context
    ) -> pb.GetConsistencyProofResponse:
        """Proves that the log of one size begins with that of a smaller one."""
        log = _log(request.log)
        path = await self._service.consistency(log, request.first, request.second)
        if log is LogName.EXCHANGE:
            self._service.shown.note(caller().spki, request.second)
        return pb.GetConsistencyProofResponse(path=path)

    async def GetOpening(self, request: pb.GetOpeningRequest, context: Context) -> pb.GetOpeningResponse:
        """Returns an event that the calling desk is a party to."""
        opening = await self._service.opening(caller().desk, request.index)
        return pb.GetOpeningResponse(
            receipt=receipt_to_wire(opening.receipt),
            delivery_salt=opening.delivery_salt,
            delivery_number=opening.delivery_number,
        )


def _log(number: int) -> LogName:
    try:
        return LogName(number)
    except ValueError:
        raise MalformedError("unknown log") from None
