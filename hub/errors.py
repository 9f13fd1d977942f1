"""One table: each documented reason to its gRPC code, and any exception to the `google.rpc.Status` that leaves the hub.

An error that the protocol does not know becomes INTERNAL with a trace id and nothing else: what was wrong stands in the
log under that id. Used by the error step of the interceptor chain and for the items of a batch.

Never does: log, decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import grpc
from comity.errors import DOMAIN, MalformedError, Reason, RefusedError, VerificationError
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

_C = grpc.StatusCode

CODES: Final[Mapping[Reason, grpc.StatusCode]] = MappingProxyType(
    {
        Reason.MALFORMED: _C.INVALID_ARGUMENT,
        Reason.TOO_LARGE: _C.INVALID_ARGUMENT,
        Reason.UNSUPPORTED_VERSION: _C.INVALID_ARGUMENT,
        Reason.WRONG_ORIGIN: _C.INVALID_ARGUMENT,
        Reason.UNKNOWN_TLS_KEY: _C.UNAUTHENTICATED,
        Reason.NOT_FOUND: _C.NOT_FOUND,
        Reason.NOT_PERMITTED: _C.PERMISSION_DENIED,
        Reason.WRONG_SENDER: _C.PERMISSION_DENIED,
        Reason.CREATED_TOO_OLD: _C.FAILED_PRECONDITION,
        Reason.CREATED_IN_FUTURE: _C.FAILED_PRECONDITION,
        Reason.BAD_TIMES: _C.INVALID_ARGUMENT,
        Reason.DIRECTORY_STALE: _C.FAILED_PRECONDITION,
        Reason.DESK_KEY_STALE: _C.FAILED_PRECONDITION,
        Reason.NO_AGREEMENT: _C.PERMISSION_DENIED,
        Reason.FAMILY_NOT_OFFERED: _C.PERMISSION_DENIED,
        Reason.BAD_SIGNATURE: _C.PERMISSION_DENIED,
        Reason.WRONG_ROLE: _C.PERMISSION_DENIED,
        Reason.SECOND_PERSON_MISSING: _C.FAILED_PRECONDITION,
        Reason.WRONG_PRECEDENCE: _C.INVALID_ARGUMENT,
        Reason.CIPHERTEXT_MISMATCH: _C.INVALID_ARGUMENT,
        Reason.UNKNOWN_BLOB: _C.FAILED_PRECONDITION,
        Reason.BLOB_OFFSET: _C.OUT_OF_RANGE,
        Reason.BLOB_DIGEST: _C.DATA_LOSS,
        Reason.WRONG_STATE: _C.FAILED_PRECONDITION,
        Reason.WRONG_PREVIOUS: _C.FAILED_PRECONDITION,
        Reason.WRONG_ABOUT: _C.FAILED_PRECONDITION,
        Reason.WRONG_SEQUENCE: _C.FAILED_PRECONDITION,
        Reason.UNKNOWN_CASE: _C.FAILED_PRECONDITION,
        Reason.NO_GRANT: _C.FAILED_PRECONDITION,
        Reason.TOO_LATE: _C.FAILED_PRECONDITION,
        Reason.ALREADY_EXISTS: _C.ALREADY_EXISTS,
        Reason.ERASED: _C.FAILED_PRECONDITION,
        Reason.UNKNOWN_MESSAGE: _C.NOT_FOUND,
        Reason.QUOTA: _C.RESOURCE_EXHAUSTED,
        Reason.BUSY: _C.RESOURCE_EXHAUSTED,
        Reason.STALLED: _C.RESOURCE_EXHAUSTED,
        Reason.UNAVAILABLE: _C.UNAVAILABLE,
        Reason.STATEMENT_REFUSED: _C.PERMISSION_DENIED,
        Reason.STALE_POSITION: _C.FAILED_PRECONDITION,
        Reason.INTERNAL: _C.INTERNAL,
    }
)
"""Total over `Reason`; a test holds it to that, and PROTOCOL.md, section "Errors", shows it."""

DETAILS_KEY: Final = "grpc-status-details-bin"
"""Trailing metadata that carries the serialised Status."""


def is_documented(error: BaseException) -> bool:
    """Returns whether an error may be told to a caller with its reason; any other one becomes INTERNAL."""
    return isinstance(error, MalformedError | RefusedError | VerificationError)


def reason_of(error: BaseException) -> Reason:
    """Returns the documented reason of an error; INTERNAL for one that has none."""
    if isinstance(error, MalformedError | RefusedError):
        return error.reason
    if isinstance(error, VerificationError):
        return Reason.BAD_SIGNATURE
    return Reason.INTERNAL


def code_of(error: BaseException) -> grpc.StatusCode:
    """Returns the gRPC code of an error."""
    return CODES[reason_of(error)]


def to_status(error: BaseException, trace_id: str) -> Status:
    """Returns what leaves the hub: code, message and one ErrorInfo.

    Args:
        error: anything that was raised.
        trace_id: under which the log tells more; sent with INTERNAL only.
    """
    reason = reason_of(error)
    if reason is Reason.INTERNAL:
        message, metadata = "internal error", {"trace_id": trace_id}
    else:
        message, metadata = str(error), dict(error.metadata) if isinstance(error, RefusedError) else {}
    detail = Any()
    detail.Pack(ErrorInfo(reason=reason.value, domain=DOMAIN, metadata=metadata))
    number: int = CODES[reason].value[0]
    return Status(code=number, message=message, details=[detail])
