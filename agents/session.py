"""The calls to the hub: mutual TLS 1.3 to a list of endpoints (`agents/endpoints.py`), to the next where one fails.

Every call is safe to repeat: reads change nothing, and a submission carries an envelope id that the hub knows again.
So whatever may pass by itself (no connection, a full queue, a database that restarts) is tried again for a while, with
the same bytes. Every endpoint gets its turn before a call is given up, and no attempt is waited for without end: a
stream's clock runs on through messages that bring nothing.
Refusals come out as `RefusedError` with the hub's documented reason.

Never does: verify anything. What comes back is the hub's word until `agents/trust.py` has looked at it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, NoReturn, TypeVar

import grpc
from comity.errors import Reason, RefusedError
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
from comity.values import value
from grpc import aio

from agents.endpoints import CALL_SECONDS, Endpoints
from agents.refusals import ELSEWHERE, refusal, refusal_from_status, silent, told_to_wait
from agents.transport import Identity

__all__ = [
    "LOGS",
    "PATIENCE_SECONDS",
    "EarlierReceipt",
    "Session",
    "raise_unless_ours",
    "refusal_from_status",
    "told_to_wait",
]

T = TypeVar("T")

PATIENCE_SECONDS: Final = 20.0
"""For how long a call is tried again."""
FEED_IDLE_SECONDS: Final = 75.0
"""How long a live feed may be silent: the hub shows a head each minute."""
PASS_ENTRIES: Final = 1024
PASS_BYTES: Final = 1 << 20
"""Of the directory, in one pass; it ends with the message that reaches one of the two."""
_TRY_AGAIN: Final = ELSEWHERE | {Reason.QUOTA}
_BEFORE_LOOKING: Final = frozenset({Reason.QUOTA, Reason.UNKNOWN_TLS_KEY, Reason.NOT_PERMITTED})
"""What the hub refuses a caller with, whatever the message is."""
LOGS: Final = {"directory": log_pb2.LOG_KIND_DIRECTORY, "exchange": log_pb2.LOG_KIND_EXCHANGE}
"""The two logs by name."""


@value
class EarlierReceipt(Receipt):
    """The receipt of another acknowledgement than the one that was sent: of one that this desk sent before."""

    body: bytes = b""
    """That one, as the hub says it is in the log."""
    sig: bytes = b""
    """Its signature."""


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
        credentials = grpc.ssl_channel_credentials(
            root_certificates=certificate_to_pem(tls_ca),
            private_key=identity.key.to_pem(),
            certificate_chain=identity.certificate_pem,
        )
        self.endpoints = Endpoints(endpoints, credentials)
        self.spki_sha256 = identity.key.spki_sha256
        self.patience_seconds = patience_seconds

    async def close(self) -> None:
        """Closes the connection."""
        await self.endpoints.close()

    # --- directory

    async def get_head(self, seen: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        """Returns (body, signature) of the newest head; presents the newest one seen."""
        request = directory_pb2.GetHeadRequest()
        if seen is not None:
            request.seen.body, request.seen.sig = seen
        head = (await self._call(lambda c: _directory(c).GetHead(request, timeout=CALL_SECONDS))).head
        return head.body, head.sig

    async def read_entries(self, start: int) -> list[bytes]:
        """Returns the directory's entries from an index on, as many as one pass brings: none where there are none."""

        async def read(channel: aio.Channel) -> list[bytes]:
            stream = _directory(channel).ReadEntries(directory_pb2.ReadEntriesRequest(from_index=start))
            found, size, end = list[bytes](), 0, asyncio.get_running_loop().time() + CALL_SECONDS
            async with aclosing(_each(stream, self.endpoints.attempt_seconds, _has_entries)) as responses:
                async for response in responses:
                    found += response.entries
                    size += sum(len(entry) for entry in response.entries)
                    if len(found) >= PASS_ENTRIES or size >= PASS_BYTES:
                        break
                    if asyncio.get_running_loop().time() >= end:  # it trickles: another may bring the rest sooner
                        self.endpoints.leave(channel)
                        break
            return found

        return await self._call(read, math.inf)

    async def append_statements(self, statements: Sequence[bytes]) -> int:
        """Appends serialised Statements, all or none. Returns the index of the first."""
        parsed = [directory_pb2.Statement.FromString(data) for data in statements]
        request = directory_pb2.AppendStatementsRequest(statements=parsed)
        # Not hurried: what was taken of a first attempt would stand in the way of the second.
        response = await self._call(
            lambda c: _directory(c).AppendStatements(request, timeout=CALL_SECONDS),
            math.inf,
        )
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
            lambda c: exchange_pb2_grpc.ExchangeServiceStub(c).Submit(request, timeout=CALL_SECONDS),
            changes=True,
        )
        return receipt_from_wire(response.receipt)

    async def submit_batch(self, envelopes: Sequence[envelope_pb2.Envelope]) -> list[Receipt | RefusedError]:
        """Submits up to 256 envelopes, 4 MiB together, each answered by itself.

        Returns:
            A receipt, not yet verified, or a refusal for each.
        """
        request = exchange_pb2.SubmitBatchRequest(envelopes=envelopes)
        response = await self._call(
            lambda c: exchange_pb2_grpc.ExchangeServiceStub(c).SubmitBatch(request, timeout=CALL_SECONDS),
            changes=True,
        )
        if len(response.results) != len(envelopes):
            raise RefusedError(Reason.INTERNAL, "the hub did not answer as it should")
        return [_result(result) for result in response.results]

    async def acknowledge(self, acks: Sequence[tuple[bytes, bytes]]) -> list[Receipt | RefusedError]:
        """Sends up to 256 (body, signature) acknowledgements.

        Returns:
            A receipt or a refusal for each. Where the desk had said it before in other bytes, an `EarlierReceipt`.
        """
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
        request = feed_pb2.ReadFeedRequest(from_index=start, follow=follow)
        seconds = FEED_IDLE_SECONDS if follow else self.endpoints.attempt_seconds
        async with self._connection() as channel:
            stream = feed_pb2_grpc.FeedServiceStub(channel).ReadFeed(request)
            async with aclosing(_each(stream, seconds, _is_news(follow))) as responses:
                async for response in responses:
                    yield response

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
        async with self._connection() as channel:
            call = blobs_pb2_grpc.BlobServiceStub(channel).UploadBlob()
            try:
                with contextlib.suppress(asyncio.InvalidStateError):  # the hub has answered before the end
                    async for piece in pieces:
                        async with asyncio.timeout(CALL_SECONDS):
                            await call.write(piece)
                    await call.done_writing()
                async with asyncio.timeout(CALL_SECONDS):
                    response = await call
            finally:
                call.cancel()
            return response.offset, response.complete

    async def download(self, sha256: bytes, offset: int) -> AsyncIterator[bytes]:
        """Yields a blob's bytes from an offset on, without trying again."""
        request = blobs_pb2.DownloadBlobRequest(sha256=sha256, offset=offset)
        async with self._connection() as channel:
            stream = blobs_pb2_grpc.BlobServiceStub(channel).DownloadBlob(request)
            async with aclosing(_each(stream, CALL_SECONDS, _has_data)) as responses:
                async for response in responses:
                    yield response.data

    # --- how

    async def _call(self, make: Callable[[Any], Awaitable[T]], seconds: float = 0.0, *, changes: bool = False) -> T:
        """Makes a call, on the next endpoint where one fails, until it is answered or patience ends.

        Args:
            make: begins an attempt on a connection.
            seconds: how long it may take; 0 for what is usual, infinity where it looks to that itself.
            changes: whether an attempt without an answer may have been taken. Then what a later one is refused with
                before the hub looks at the message says nothing of that: UNAVAILABLE is raised.
        """
        loop = asyncio.get_running_loop()
        give_up, untried = loop.time() + self.patience_seconds, set(self.endpoints.addresses)
        pause, open_fate = 0.05, False
        while True:
            asked = False
            try:
                async with self._connection() as channel:
                    asked = True
                    untried.discard(self.endpoints.present)
                    within = None if seconds == math.inf else seconds or self.endpoints.attempt_seconds
                    async with asyncio.timeout(within):
                        return await make(channel)
            except RefusedError as error:
                refused = error
            if not asked:
                untried.clear()  # none takes a connection
            told = told_to_wait(refused)
            open_fate = open_fate or (changes and asked and refused.reason is Reason.UNAVAILABLE)
            on = refused.reason in ELSEWHERE and bool(untried)
            if refused.reason not in _TRY_AGAIN or (loop.time() + max(pause, told) > give_up and not on):
                raise (silent() if open_fate and refused.reason in _BEFORE_LOOKING else refused) from None
            if not on:
                await asyncio.sleep(told + pause * (0.5 + random.random()))  # noqa: S311 # spreads retries, protects nothing
                pause = min(pause * 2, 5.0)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Lends the connection for one attempt, and leaves it where another process may do better.

        Raises:
            RefusedError: what became of an attempt that failed.
        """
        async with self.endpoints.lend() as channel:
            try:
                yield channel
            except grpc.RpcError as error:
                refused = refusal(error)
            except TimeoutError:
                refused = silent()
            except asyncio.CancelledError:
                raise_unless_ours()
            else:
                return
            if refused.reason in ELSEWHERE:
                self.endpoints.leave(channel)
            raise refused from None


async def _each(stream: Any, seconds: float, brings: Callable[[Any], bool]) -> AsyncGenerator[Any, None]:
    """Yields those of a stream's messages that bring something.

    Raises:
        TimeoutError: nothing was brought for so long.
    """
    try:
        while True:
            async with asyncio.timeout(seconds):
                while (response := await stream.read()) is not aio.EOF and not brings(response):
                    pass  # a sign of life is not enough
            if response is aio.EOF:
                return
            yield response
    finally:
        stream.cancel()


def _has_entries(response: directory_pb2.ReadEntriesResponse) -> bool:
    return bool(response.entries)


def _has_data(response: blobs_pb2.DownloadBlobResponse) -> bool:
    return bool(response.data)


def _is_news(follow: bool) -> Callable[[feed_pb2.ReadFeedResponse], bool]:
    """Returns what tells whether a feed's message brings anything: a head after a head does where it is followed."""
    last = ""

    def brings(response: feed_pb2.ReadFeedResponse) -> bool:
        nonlocal last
        kind = response.WhichOneof("message")
        if kind is None or (kind == last == "head" and not follow):
            return False
        last = kind
        return True

    return brings


def raise_unless_ours() -> NoReturn:
    """Tells apart who cancelled: somebody who wants this task to end, or gRPC because the channel was closed.

    A channel is closed a while after another call has gone on to the next endpoint, or where the TLS key was renewed.

    Raises:
        CancelledError: this task is to end.
        RefusedError: UNAVAILABLE: the channel was closed.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    raise RefusedError(Reason.UNAVAILABLE, "the connection was closed")


def _directory(channel: Any) -> Any:
    return directory_pb2_grpc.DirectoryServiceStub(channel)


def _log(channel: Any) -> Any:
    return log_pb2_grpc.LogServiceStub(channel)


def _result(result: exchange_pb2.SubmitResult) -> Receipt | RefusedError:
    if result.WhichOneof("result") != "receipt":
        return refusal_from_status(result.error) or RefusedError(Reason.INTERNAL, "the hub did not answer as it should")
    r = receipt_from_wire(result.receipt)
    if not result.HasField("ack"):
        return r
    place = (r.event, r.salt, r.index, r.leaf, r.inclusion_path, r.checkpoint)
    return EarlierReceipt(*place, result.ack.body, result.ack.sig)
