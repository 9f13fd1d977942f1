"""BlobService on the wire: protobuf in, one service call, protobuf out.

Never does: decide.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc
from comity.errors import MalformedError
from comity.v1 import blobs_pb2 as pb
from comity.v1 import blobs_pb2_grpc

from hub.blobs.service import BlobService
from hub.interceptors.identity import caller

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class BlobRpc(blobs_pb2_grpc.BlobServiceServicer):
    """Moves sealed attachments."""

    def __init__(self, service: BlobService) -> None:
        """Takes the service behind it."""
        self._service = service

    async def GetUpload(self, request: pb.GetUploadRequest, context: Context) -> pb.GetUploadResponse:
        """Says how far an upload is."""
        offset, complete = await self._service.uploaded(caller(), request.sha256)
        return pb.GetUploadResponse(offset=offset, complete=complete)

    async def UploadBlob(self, request: AsyncIterator[pb.UploadBlobRequest], context: Context) -> pb.UploadBlobResponse:
        """Takes a blob in pieces; the first message names it."""
        try:
            first = await anext(request)
        except StopAsyncIteration:
            raise MalformedError("an upload begins with the blob's name") from None
        offset, complete = await self._service.upload(
            caller(), first.sha256, first.length, first.offset, _pieces(first, request)
        )
        return pb.UploadBlobResponse(offset=offset, complete=complete)

    async def DownloadBlob(
        self, request: pb.DownloadBlobRequest, context: Context
    ) -> AsyncIterator[pb.DownloadBlobResponse]:
        """Streams a blob from an offset."""
        async for piece in self._service.download(caller(), request.sha256, request.offset):
            yield pb.DownloadBlobResponse(data=piece)


async def _pieces(first: pb.UploadBlobRequest, rest: AsyncIterator[pb.UploadBlobRequest]) -> AsyncIterator[bytes]:
    yield first.data
    async for message in rest:
        if message.sha256 or message.length or message.offset:
            raise MalformedError("only the first message names the blob")
        yield message.data
