"""DirectoryService on the wire: protobuf in, one service call, protobuf out.

Never does: decide.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc
from comity.encoding import serialise
from comity.errors import MalformedError
from comity.v1 import directory_pb2 as pb
from comity.v1 import directory_pb2_grpc

from hub.directory.service import MOST_STATEMENTS, DirectoryService, PresentedHead, SignedHead
from hub.interceptors.identity import caller

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class DirectoryRpc(directory_pb2_grpc.DirectoryServiceServicer):
    """Reads and extends the directory."""

    def __init__(self, service: DirectoryService) -> None:
        """Takes the service behind it."""
        self._service = service

    async def GetHead(self, request: pb.GetHeadRequest, context: Context) -> pb.GetHeadResponse:
        """Returns the newest head, after a look at the one that is presented."""
        seen = PresentedHead(request.seen.body, request.seen.sig) if request.HasField("seen") else None
        return pb.GetHeadResponse(head=_head(await self._service.head(seen)))

    async def ReadEntries(
        self, request: pb.ReadEntriesRequest, context: Context
    ) -> AsyncIterator[pb.ReadEntriesResponse]:
        """Streams entries from an index to the present end."""
        async for entries in self._service.read(request.from_index):
            yield pb.ReadEntriesResponse(entries=entries)

    async def AppendStatements(
        self, request: pb.AppendStatementsRequest, context: Context
    ) -> pb.AppendStatementsResponse:
        """Adds statements, all or none."""
        if not 1 <= len(request.statements) <= MOST_STATEMENTS:
            raise MalformedError("a call carries 1 to 64 statements")
        statements = [serialise(statement) for statement in request.statements]
        appended = await self._service.append(caller().account, statements)
        return pb.AppendStatementsResponse(first_index=appended.first_index, head=_head(appended.head))

    async def IssueCertificate(
        self, request: pb.IssueCertificateRequest, context: Context
    ) -> pb.IssueCertificateResponse:
        """Certifies a registered TLS key."""
        return pb.IssueCertificateResponse(certificate=self._service.issue(caller(), request.csr))


def _head(head: SignedHead) -> pb.SignedHead:
    return pb.SignedHead(body=head.body, sig=head.sig)
