"""The local screening API: `comity.v1.ScreeningService`, for the agency's own systems on this machine.

A Unix socket lies in a folder that only its owner may enter: the file system says who may ask. On the loopback address
anybody on the machine can connect, so a token is asked for there. Nothing else is listened on.

Never does: leave this machine, write the store, put what was asked into an error or a log line.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

import grpc
from comity.errors import DOMAIN, ComityError, MalformedError, Reason
from comity.v1 import screening_pb2 as pb
from comity.v1 import screening_pb2_grpc
from google.protobuf import any_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from agents.sync.screening.reading import ScreeningReader, ScreeningStoreError
from agents.sync.screening.screening import Age, Query, Screener, Screening
from agents.sync.screening.wire import age_to_wire, queries_of, result_to_wire

MAX_REQUEST_BYTES: Final = 8 << 20
"""Greatest length of a request."""
MAX_STREAMS: Final = 32
"""So many streams may be open at once."""
MAX_CALLS: Final = 256
"""So many calls that have brought their message may be under way at once."""
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_concurrent_streams", MAX_CALLS),  # of one connection
    ("grpc.so_reuseport", 0),
)
_DETAILS_KEY: Final = "grpc-status-details-bin"
_LOOPBACK: Final = ("127.0.0.1:", "[::1]:")
_GRACE_SECONDS: Final = 2.0

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_CODES: Final = {
    Reason.MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.TOO_LARGE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.NOT_PERMITTED: grpc.StatusCode.PERMISSION_DENIED,
    Reason.BUSY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Reason.INTERNAL: grpc.StatusCode.INTERNAL,
}


class AddressError(ComityError):
    """The screening API cannot listen there."""


class ScreeningRpc(screening_pb2_grpc.ScreeningServiceServicer):
    """Answers. One thread screens, so that the loop goes on; calls take turns."""

    def __init__(self, screener: Screener, screened: Callable[[Screening], None] | None = None) -> None:
        """Takes what screens, and who is told of every answer."""
        self._screener = screener
        self._screened = screened
        self._thread = ThreadPoolExecutor(1, "screening")
        self._streams = self._calls = 0

    async def Screen(self, request: pb.ScreenRequest, context: Context) -> pb.ScreenResponse:  # noqa: N802 # gRPC's
        """Screens up to 10,000 texts."""
        if self._calls >= MAX_CALLS:
            await _refuse(context, Reason.BUSY, "too many calls are under way")
        self._calls += 1
        try:
            found = await self._answer(request, context)
        finally:
            self._calls -= 1
        return pb.ScreenResponse(
            results=map(result_to_wire, found.results), lists=[age_to_wire(age) for age in found.lists]
        )

    async def ScreenStream(  # noqa: N802 # gRPC's
        self, request_iterator: AsyncIterator[pb.ScreenStreamRequest], context: Context
    ) -> AsyncIterator[pb.ScreenStreamResponse]:
        """Screens as they come."""
        if self._streams >= MAX_STREAMS:
            await _refuse(context, Reason.BUSY, "too many streams are open")
        self._streams += 1
        try:
            told: tuple[tuple[object, ...], ...] | None = None
            async for request in request_iterator:
                found = await self._answer(request, context)
                now = _positions(found.lists)
                lists = [age_to_wire(age) for age in found.lists] if now != told else []
                told = now
                yield pb.ScreenStreamResponse(results=map(result_to_wire, found.results), lists=lists)
        finally:
            self._streams -= 1

    def close(self) -> None:
        """Ends the thread, after what it has begun."""
        self._thread.shutdown()

    async def _answer(self, request: pb.ScreenRequest | pb.ScreenStreamRequest, context: Context) -> Screening:
        try:
            queries = queries_of(request)
        except MalformedError as error:
            await _refuse(context, error.reason, str(error))
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._screen, queries)
        except (ScreeningStoreError, MalformedError, sqlite3.Error):
            await _refuse(context, Reason.UNAVAILABLE, "the screening store, or the queue of sightings, cannot be used")
        except Exception:  # noqa: BLE001 # gRPC would send its text, and with it what was asked
            await _refuse(context, Reason.INTERNAL, "internal error")

    def _screen(self, queries: list[Query]) -> Screening:
        found = self._screener.screen(queries)
        if self._screened is not None:
            self._screened(found)
        return found


class TokenGuard(grpc.aio.ServerInterceptor):  # type: ignore[misc, unused-ignore] # grpc has no types
    """Lets in callers that show the token, before anything of theirs is read or counted."""

    def __init__(self, token: str) -> None:
        """Takes the token."""
        self._expected = f"Bearer {token}".encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Returns the call's handler, or one that refuses it without waiting for a message."""
        shown = dict(handler_call_details.invocation_metadata or ()).get("authorization", b"")
        given = shown if isinstance(shown, bytes) else shown.encode()
        if secrets.compare_digest(given, self._expected):
            return await continuation(handler_call_details)
        return grpc.stream_stream_rpc_method_handler(_not_admitted)


async def _not_admitted(_: AsyncIterator[bytes], context: Context) -> None:
    await _refuse(context, Reason.NOT_PERMITTED, "the token is missing or wrong")


class ScreeningServer:
    """A running API."""

    def __init__(self, server: grpc.aio.Server, rpc: ScreeningRpc, reader: ScreeningReader, address: str) -> None:
        self._server = server
        self._rpc = rpc
        self._reader = reader
        self.address = address
        """Where it listens, as a client is told: `unix:/path` or `127.0.0.1:port`."""

    async def stop(self) -> None:
        """Ends it; calls under way are given two seconds."""
        await self._server.stop(_GRACE_SECONDS)
        self._rpc.close()
        self._reader.close()


async def serve_screening(
    store_path: Path,
    address: str,
    *,
    token: str = "",
    max_age_ms: int | None = None,
    clock: Callable[[], int] | None = None,
    screened: Callable[[Screening], None] | None = None,
) -> ScreeningServer:
    """Starts the API.

    Args:
        store_path: the screening store; it exists.
        address: `unix:/path/to.sock` in a folder of the owner's alone (made where it is missing), or
            `127.0.0.1:port` or `[::1]:port` with a token; port 0 takes a free one.
        token: what callers on the loopback address show, as `authorization: Bearer TOKEN`; at least 16 characters.
        max_age_ms: age of a list from which nothing is clear, where its terms set no other; None for what the store
            says of it, now and later.
        clock: Unix milliseconds UTC; None for this machine's.
        screened: told of the answers to each request, before they leave, by one thread at a time; such as a
            `sightings.Reporter`.

    Raises:
        AddressError: not such an address, the folder is open to others, or the address is taken.
        ScreeningStoreError: the store cannot be opened.
    """
    _check(address, token)
    reader = await asyncio.to_thread(ScreeningReader.open, store_path)
    try:
        screener = await asyncio.to_thread(_screener, reader, max_age_ms, clock)
        rpc = ScreeningRpc(screener, screened)
        # grpc's own limit counts a call before anybody has looked who makes it: strangers could fill it.
        guards = () if address.startswith("unix:") else (TokenGuard(token),)
        server = grpc.aio.server(options=_OPTIONS, interceptors=guards)
        screening_pb2_grpc.add_ScreeningServiceServicer_to_server(rpc, server)  # type: ignore[no-untyped-call, unused-ignore]
        bound = _bind(server, address)
        await server.start()
    except BaseException:
        reader.close()
        raise
    return ScreeningServer(server, rpc, reader, bound)


def _screener(reader: ScreeningReader, max_age_ms: int | None, clock: Callable[[], int] | None) -> Screener:
    if clock is None:
        return Screener(reader, max_age_ms=max_age_ms)
    return Screener(reader, max_age_ms=max_age_ms, clock=clock)


def _check(address: str, token: str) -> None:
    if address.startswith("unix:"):
        return
    host_ok = address.startswith(_LOOPBACK)
    port = address.rpartition(":")[2]
    if not host_ok or not port.isascii() or not port.isdigit() or int(port) > 0xFFFF:
        raise AddressError("the screening API listens on a Unix socket or on the loopback address only")
    if len(token) < 16:
        raise AddressError("on the loopback address callers show a token of at least 16 characters")


def _bind(server: grpc.aio.Server, address: str) -> str:
    if not address.startswith("unix:"):
        return f"{address.rpartition(':')[0]}:{_bound(server, address)}"
    path = Path(address.removeprefix("unix:")).absolute()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_mode & 0o077:
        raise AddressError("the folder of the screening API's socket is open to others")
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):  # left by a process that was killed
            path.unlink()
    _bound(server, f"unix:{path}")
    path.chmod(0o600)
    return f"unix:{path}"


def _bound(server: grpc.aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError:
        raise AddressError("the screening API's address cannot be listened on") from None


def _positions(lists: tuple[Age, ...]) -> tuple[tuple[object, ...], ...]:
    return tuple((age.held.key, age.held.sequence, age.held.status, age.stale) for age in lists)


async def _refuse(context: Context, reason: Reason, message: str) -> NoReturn:
    detail = any_pb2.Any()
    detail.Pack(ErrorInfo(reason=reason.value, domain=DOMAIN))
    code = _CODES[reason]
    number: int = code.value[0]
    status = Status(code=number, message=message, details=[detail])
    await context.abort(code, message, ((_DETAILS_KEY, status.SerializeToString()),))
