"""gRPC's standard health service. Knows the hub as a whole (the empty name) and each of its services by name.

Never does: decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeAlias

import grpc
from comity.errors import Reason, RefusedError
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc

from hub.health.service import REMEMBERED_SECONDS, HealthService

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_State = pb.HealthCheckResponse


class HealthRpc(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # generated without types
    """Says whether the hub is well."""

    def __init__(self, service: HealthService, services: Iterable[str]) -> None:
        """Takes the service behind it and the names of those that clients may ask about."""
        self._service = service
        self._names = ("", *services)

    async def _state(self) -> Any:
        return _State.SERVING if await self._service.is_serving() else _State.NOT_SERVING

    async def Check(self, request: pb.HealthCheckRequest, context: Context) -> pb.HealthCheckResponse:
        """Says whether one service, or the hub, is well."""
        if request.service not in self._names:
            raise RefusedError(Reason.NOT_FOUND, "no such service")
        return pb.HealthCheckResponse(status=await self._state())

    async def List(self, request: pb.HealthListRequest, context: Context) -> pb.HealthListResponse:
        """Says it of every service."""
        answer = pb.HealthCheckResponse(status=await self._state())
        return pb.HealthListResponse(statuses=dict.fromkeys(self._names, answer))

    async def Watch(self, request: pb.HealthCheckRequest, context: Context) -> AsyncIterator[pb.HealthCheckResponse]:
        """Says it, and again whenever it changes."""
        if request.service not in self._names:
            yield pb.HealthCheckResponse(status=_State.SERVICE_UNKNOWN)
            return
        last = None
        while True:
            state = await self._state()
            if state != last:
                last = state
                yield pb.HealthCheckResponse(status=state)
            await asyncio.sleep(REMEMBERED_SECONDS)
