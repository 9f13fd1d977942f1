"""The connection to the hub: mutual TLS 1.3 to a list of endpoints, one after another where one does not answer.

Every call is safe to repeat: reads change nothing, and a submission carries an envelope id that the hub knows again.
So whatever may pass by itself (no connection, a full queue, a database that restarts) is tried again for a while, with
the same bytes. Refusals come out as `RefusedError` with the hub's documented reason.

Never does: verify anything. What comes back is the hub's word until `agents/trust.py` has looked at it.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import grpc
from comity.errors import DOMAIN, Reason, RefusedError
from comity.receipts import Receipt, receipt_from_wire
from comity.tls import certificate_to_pem
from comity.v1 import (
    blobs_pb2,
    blobs_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
    envelope_pb2,
    exchange_pb2,
    exchange_pb2_grpc,
    feed_pb2,
    feed_pb2_grpc,
    log_pb2,
    log_pb2_grpc,
)
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from agents.transport import Identity

T = TypeVar("T")

CALL_SECONDS: Final = 15.0
"""How long one attempt may take."""
PATIENCE_SECONDS: Final = 20.0
"""For how long a call is tried again."""
_TRY_AGAIN: Final = frozenset({Reason.BUSY, Reason.QUOTA, Reason.UNAVAILABLE, Reason.STALLED})
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 8 << 20),
    ("grpc.max_send_message_length", 8 << 20),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.enable_retries", 0),
    # Left alone, gRPC would come to wait for two minutes: longer than the patience here, and than a hub's restart.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Without a pool of its own a channel would go on over an earlier one's connection, with an earlier TLS key.
    ("grpc.use_local_subchannel_pool", 1),
)
_CODES: Final = {
    grpc.StatusCode.UNAVAILABLE: Reason.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.UNAVAILABLE,
    grpc.StatusCode.UNAUTHENTICATED: Reason.UNKNOWN_TLS_KEY,
    grpc.StatusCode.PERMISSION_DENIED: Reason.NOT_PERMITTED,
    grpc.StatusCode.NOT_FOUND: Reason.NOT_FOUND,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Reason.BUSY,
    grpc.StatusCode.INVALID_ARGUMENT: Reason.MALFORMED,
}
LOGS: Final = {"directory": log_pb2.LOG_KIND_DIRECTORY, "exchange": log_pb2.LOG_KIND_EXCHANGE}
"""The two logs by name."""


def told_to_wait(refused: RefusedError) -> float:
    """Returns how many seconds the hub asks to wait before the next attempt; 0 where it asks for nothing sensible."""
    text = refused.metadata.get("retry_after_seconds", "")
    if text.isascii() and text.isdigit() and len(text) < 7:
        return float(text)
    # A quota that does not fill again by itself: waiting would help nobody.
    return math.inf if refused.reason is Reason.QUOTA else 0.0


def refusal_from_status(status: Status) -> RefusedError | None:
    """Returns the refusal that a google.rpc.Status carries, or None where it carries none that is known."""
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN and info.reason in Reason.__members__:
            metadata = {name: value for name, value in info.metadata.items() if name not in ("reason", "message")}
            return RefusedError(Reason(info.reason), f"the hub refuses: {info.reason}", **metadata)
    return None


def refusal(error: grpc.RpcError) -> RefusedError:
    """Returns what a failed call means. Total: a hub that says nothing sensible gives UNAVAILABLE or INTERNAL."""
    code = error.code() if isinstance(error, aio.AioRpcError) else grpc.StatusCode.UNKNOWN
    if isinstance(error, aio.AioRpcError):
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin" and isinstance(value, bytes):
                found = refusal_from_status(_status(value))
                if found is not None:
                    return found
    return RefusedError(_CODES.get(code, Reason.INTERNAL), "the hub did not answer as it should")


def _status(data: bytes) -> Status:
    status = Status()
    try:
        status.ParseFromString(data)
    except ValueError:  # protobuf's DecodeError is one
        return Status()
    return status


class Session:
    """A desk's calls to the hub."""

    def __init__(
        self,
        endpoints: Sequence[str],
        tls_ca: bytes,
        identity: Identity,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Takes where to connect to and as whom.

        Args:
            endpoints: `host:port`, in order of preference; at least one.
            tls_ca: the hub's CA certificate, DER, from the pinned genesis.
            identity: the member's TLS key and certificate.
            patience_seconds: for how long a call is tried again.
        """
        if not endpoints:
            raise RefusedError(Reason.UNAVAILABLE, "the home names no endpoint of the hub")
        self._endpoints = tuple(endpoints)
        self._credentials = grpc.ssl_channel_credentials(
            root_certificates=certificate_to_pem(tls_ca),
            private_key=identity.key.to_pem(),
            certificate_chain=identity.certificate_pem,
        )
        self.spki_sha256 = identity.key.spki_sha256
        self._patience = patience_seconds
        self._at = 0
        self._channel: aio.Channel | None = None

    async def close(self) -> None:
        """Closes the connection."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    # --- directory

    async def get_head(self, seen: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        """Returns (body, signature) of the newest head; presents the newest one seen."""
        request = directory_pb2.GetHeadRequest()
        if seen is not None:
            request.seen.body, request.seen.sig = seen
        head = (await self._call(lambda c: _directory(c).GetHead(request, timeout=CALL_SECONDS))).head
        return head.body, head.sig

    async def read_entries(self, start: int) -> list[bytes]:
        """Returns the directory's entries from an index on."""

        async def read(channel: aio.Channel) -> list[bytes]:
            request = directory_pb2.ReadEntriesRequest(from_index=start)
            stream = _directory(channel).ReadEntries(request, timeout=4 * CALL_SECONDS)
            return [entry async for response in stream for entry in response.entries]

        return await self._call(read)

    async def append_statements(self, statements: Sequence[bytes]) -> int:
        """Appends serialised Statements, all or none. Returns the index of the first."""
        parsed = [directory_pb2.Statement.FromString(data) for data in statements]
        request = directory_pb2.AppendStatementsRequest(statements=parsed)
        response = await self._call(lambda c: _directory(c).AppendStatements(request, timeout=CALL_SECONDS))
        return int(response.first_index)

    async def issue_certificate(self, csr: bytes) -> bytes:
        """Returns a certificate, DER, for a TLS key that is registered."""
        request = directory_pb2.IssueCertificateRequest(csr=csr)
        response = await self._call(lambda c: _directory(c).IssueCertificate(request, timeout=CALL_SECONDS))
        return bytes(response.certificate)

    # --- exchange

    async def submit(self, envelope: envelope_pb2.Envelope) -> Receipt:
        """Submits an envelope. Returns its receipt, not yet verified."""
        request = exchange_pb2.SubmitRequest(envelope=envelope)
        response = await self._call(
            lambda c: exchange_pb2_grpc.ExchangeServiceStub(c).Submit(request, timeout=CALL_SECONDS)
        )
        return receipt_from_wire(response.receipt)

    async def acknowledge(self, acks: Sequence[tuple[bytes, bytes]]) -> list[Receipt | RefusedError]:
        """Sends up to 256 (body, signature) acknowledgements. Returns a receipt or a refusal for each."""
        request = exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=b, sig=s) for b, s in acks])
        response = await self._call(
            lambda c: exchange_pb2_grpc.ExchangeServiceStub(c).Acknowledge(request, timeout=CALL_SECONDS)
        )
        if len(response.results) != len(acks):
            raise RefusedError(Reason.INTERNAL, "the hub did not answer as it should")
        return [_result(result) for result in response.results]

    async def read_feed(self, start: int, *, follow: bool) -> AsyncIterator[feed_pb2.ReadFeedResponse]:
        """Yields the desk's items from an index on, and heads. Ends at the present end unless it follows.

        Raises:
            RefusedError: the stream broke; read again from the last index.
        """
        channel = self._open()
        request = feed_pb2.ReadFeedRequest(from_index=start, follow=follow)
        stream = feed_pb2_grpc.FeedServiceStub(channel).ReadFeed(request)
        try:
            async for response in stream:
                yield response
        except grpc.RpcError as error:
            await self._next_endpoint()
            raise refusal(error) from None
        except asyncio.CancelledError:
            raise_unless_ours()
        finally:
            stream.cancel()

    # --- log

    async def get_checkpoint(self, log: str) -> bytes:
        """Returns the newest checkpoint of a log."""
        request = log_pb2.GetCheckpointRequest(log=LOGS[log])
        response = await self._call(lambda c: _log(c).GetCheckpoint(request, timeout=CALL_SECONDS))
        return bytes(response.checkpoint)

    async def get_leaves(self, log: str, start: int, count: int) -> list[bytes]:
        """Returns leaves of a log."""
        request = log_pb2.GetLeavesRequest(log=LOGS[log], start=start, count=count)
        return list((await self._call(lambda c: _log(c).GetLeaves(request, timeout=CALL_SECONDS))).leaves)

    async def get_consistency(self, log: str, first: int, second: int) -> list[bytes]:
        """Returns a consistency path between two sizes."""
        request = log_pb2.GetConsistencyProofRequest(log=LOGS[log], first=first, second=second)
        return list((await self._call(lambda c: _log(c).GetConsistencyProof(request, timeout=CALL_SECONDS))).path)

    # --- blobs

    async def upload_offset(self, sha256: bytes) -> tuple[int, bool]:
        """Returns (bytes held, complete) of a blob at the hub."""
        request = blobs_pb2.GetUploadRequest(sha256=sha256)
        response = await self._call(
            lambda c: blobs_pb2_grpc.BlobServiceStub(c).GetUpload(request, timeout=CALL_SECONDS)
        )
        return response.offset, response.complete

    async def upload(self, pieces: AsyncIterator[blobs_pb2.UploadBlobRequest]) -> tuple[int, bool]:
        """Uploads one run of pieces, without trying again. Returns (bytes held, complete)."""
        try:
            stub = blobs_pb2_grpc.BlobServiceStub(self._open())
            response = await stub.UploadBlob(pieces)
        except grpc.RpcError as error:
            raise refusal(error) from None
        return response.offset, response.complete

    async def download(self, sha256: bytes, offset: int) -> AsyncIterator[bytes]:
        """Yields a blob's bytes from an offset on, without trying again."""
        request = blobs_pb2.DownloadBlobRequest(sha256=sha256, offset=offset)
        stream = blobs_pb2_grpc.BlobServiceStub(self._open()).DownloadBlob(request)
        try:
            async for response in stream:
                yield response.data
        except grpc.RpcError as error:
            raise refusal(error) from None
        finally:
            stream.cancel()

    # --- how

    async def _call(self, make: Callable[[Any], Awaitable[T]]) -> T:
        """Makes a call, on the next endpoint where one does not answer, until it answers or patience ends."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience
        pause = 0.05
        while True:
            told = 0.0
            try:
                return await make(self._open())
            except asyncio.CancelledError:
                raise_unless_ours(give_up=loop.time() + pause > give_up)
            except grpc.RpcError as error:
                refused = refusal(error)
                told = told_to_wait(refused)
                if refused.reason not in _TRY_AGAIN or loop.time() + max(pause, told) > give_up:
                    raise refused from None
                if refused.reason is Reason.UNAVAILABLE:
                    await self._next_endpoint()
            await asyncio.sleep(told + pause * (0.5 + random.random()))  # noqa: S311 # spreads retries, protects nothing
            pause = min(pause * 2, 5.0)

    def _open(self) -> Any:
        """Returns the channel; typed loosely because the generated stubs are typed for the blocking API."""
        if self._channel is None:
            self._channel = aio.secure_channel(self._endpoints[self._at], self._credentials, options=_OPTIONS)
        return self._channel

    async def _next_endpoint(self) -> None:
        if len(self._endpoints) > 1:
            await self.close()
            self._at = (self._at + 1) % len(self._endpoints)


def raise_unless_ours(*, give_up: bool = True) -> None:
    """Tells apart who cancelled: somebody who wants this task to end, or gRPC because the channel was closed.

    A channel is closed where another call has gone on to the next endpoint, or the TLS key was renewed.

    Args:
        give_up: raise also in the second case.

    Raises:
        CancelledError: this task is to end.
        RefusedError: UNAVAILABLE: the channel was closed.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    if give_up:
        raise RefusedError(Reason.UNAVAILABLE, "the connection was closed")


def _directory(channel: Any) -> Any:
    return directory_pb2_grpc.DirectoryServiceStub(channel)


def _log(channel: Any) -> Any:
    return log_pb2_grpc.LogServiceStub(channel)


def _result(result: exchange_pb2.SubmitResult) -> Receipt | RefusedError:
    if result.WhichOneof("result") == "receipt":
        return receipt_from_wire(result.receipt)
    return refusal_from_status(result.error) or RefusedError(Reason.INTERNAL, "the hub did not answer as it should")
