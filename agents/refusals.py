"""What a failed call means: the hub's documented reason, or that there was no sensible answer.

Never does: call; show anything to a person (`agents/errors.py`).
"""

from __future__ import annotations

import math
from typing import Final

import grpc
from comity.errors import DOMAIN, Reason, RefusedError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc import aio

_CODES: Final = {
    grpc.StatusCode.UNAVAILABLE: Reason.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.UNAVAILABLE,
    # gRPC's own word for a call that reaches a process while it stops; what this side cancels never comes here.
    grpc.StatusCode.CANCELLED: Reason.UNAVAILABLE,
    grpc.StatusCode.UNAUTHENTICATED: Reason.UNKNOWN_TLS_KEY,
    grpc.StatusCode.PERMISSION_DENIED: Reason.NOT_PERMITTED,
    grpc.StatusCode.NOT_FOUND: Reason.NOT_FOUND,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Reason.BUSY,
    grpc.StatusCode.INVALID_ARGUMENT: Reason.MALFORMED,
}
ELSEWHERE: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.STALLED})
"""What one process of the hub may say and another not: each has queues and streams of its own."""


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


def silent() -> RefusedError:
    """Returns the refusal of a hub that says nothing."""
    return RefusedError(Reason.UNAVAILABLE, "the hub did not answer in time")
