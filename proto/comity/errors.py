"""Errors that both sides speak: one class a kind of failure, one documented reason a refusal.

`Reason` is the complete list of `google.rpc.ErrorInfo.reason` values a hub may send (PROTOCOL.md, section "Errors").
Opening an envelope has one error, `CannotOpenError`, whatever went wrong: it must not become an oracle.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

DOMAIN = "comity.v1"
"""`google.rpc.ErrorInfo.domain` of every reason."""


class Reason(StrEnum):
    """Why something was refused. Each has one gRPC code, see `GRPC_CODE` and PROTOCOL.md."""

    MALFORMED = "MALFORMED"
    """Bytes that are no message of this protocol: unknown field, wrong length, not canonical."""
    TOO_LARGE = "TOO_LARGE"
    """A size limit of the protocol is exceeded."""
    UNSUPPORTED_VERSION = "UNSUPPORTED_VERSION"
    """A version or suite other than 1."""
    WRONG_ORIGIN = "WRONG_ORIGIN"
    """Made for another hub or log."""
    UNKNOWN_TLS_KEY = "UNKNOWN_TLS_KEY"
    """The caller's TLS key is not registered, not valid now, or revoked."""
    NOT_FOUND = "NOT_FOUND"
    """Absent or not for the caller: the two look the same. Of a profile that is not known here: metadata `sha256`."""
    NOT_PERMITTED = "NOT_PERMITTED"
    """This kind of caller may not use this method."""
    WRONG_SENDER = "WRONG_SENDER"
    """The envelope's sender desk is not the calling desk."""
    CREATED_TOO_OLD = "CREATED_TOO_OLD"
    """Sealed too long ago; seal again. Metadata `limit`: until when it could be taken."""
    CREATED_IN_FUTURE = "CREATED_IN_FUTURE"
    """Sealed more than 120 s ahead of the hub's clock. Metadata `limit`: the latest time that would do."""
    BAD_TIMES = "BAD_TIMES"
    """deliver_by, respond_by or lapses_at contradict `created`, one another, or the profile; metadata `limit`."""
    DIRECTORY_STALE = "DIRECTORY_STALE"
    """Sealed under a directory that is too old or not this hub's; metadata `directory_size` says where it stands."""
    DESK_KEY_STALE = "DESK_KEY_STALE"
    """A recipient's desk key is not its current one; metadata `directory_size` and `desk`. Refresh and seal again."""
    NO_AGREEMENT = "NO_AGREEMENT"
    """No agreement covers this sender, recipient and family, or the desk does not exist: the two look the same."""
    FAMILY_NOT_OFFERED = "FAMILY_NOT_OFFERED"
    """This hub does not carry that family yet, or not for this kind of agency; metadata `family` or `verb`."""
    BAD_SIGNATURE = "BAD_SIGNATURE"
    """A signature does not verify, or its key is not a live key of the sender desk."""
    WRONG_ROLE = "WRONG_ROLE"
    """The signer's roles do not allow this verb or this signature; metadata `verb`."""
    SECOND_PERSON_MISSING = "SECOND_PERSON_MISSING"
    """The verb needs an AUTHOR and an APPROVER of two different people."""
    WRONG_PRECEDENCE = "WRONG_PRECEDENCE"
    """The verb does not travel in that precedence; metadata `allowed` (comma-separated)."""
    CIPHERTEXT_MISMATCH = "CIPHERTEXT_MISMATCH"
    """Ciphertext or wraps are not those the seal names."""
    UNKNOWN_BLOB = "UNKNOWN_BLOB"
    """An attachment named in the header was not uploaded by this agency, or not completely; metadata `sha256`."""
    BLOB_OFFSET = "BLOB_OFFSET"
    """An upload began at another offset than the hub holds; metadata `offset`."""
    BLOB_DIGEST = "BLOB_DIGEST"
    """An uploaded blob does not have the digest it was announced with; the upload begins anew."""
    WRONG_STATE = "WRONG_STATE"
    """The leg's state does not admit the verb; metadata `state` and `allowed` (verbs, comma-separated)."""
    WRONG_PREVIOUS = "WRONG_PREVIOUS"
    """`previous` is not the last state-changing envelope of the leg: somebody was first."""
    WRONG_ABOUT = "WRONG_ABOUT"
    """`about` names no envelope of this leg that the verb could refer to."""
    WRONG_SEQUENCE = "WRONG_SEQUENCE"
    """The batch is not the next one of its list, another head was shown at that sequence, or the subscription carries
    another list; metadata `sequence`: the last one that the hub has, 0 where none; `head`: the head after it, where
    another one was expected."""
    UNKNOWN_CASE = "UNKNOWN_CASE"
    """No leg of that case between these desks."""
    NO_GRANT = "NO_GRANT"
    """The verb needs an onward grant; metadata `verb`."""
    TOO_LATE = "TOO_LATE"
    """A time limit of the leg went by; metadata `limit`."""
    ALREADY_EXISTS = "ALREADY_EXISTS"
    """The envelope id was used for other content; an EQUIVOCATION event records both."""
    ERASED = "ERASED"
    """The message was erased after its time; metadata `index` of its leaf."""
    UNKNOWN_MESSAGE = "UNKNOWN_MESSAGE"
    """An acknowledgement names no message delivered to that desk."""
    QUOTA = "QUOTA"
    """A quota is used up: tokens, open streams, a day's statements, attachments; metadata `retry_after_seconds`."""
    BUSY = "BUSY"
    """The hub's queue, or the agency's share of it, is full; try again with the same envelope id."""
    STALLED = "STALLED"
    """A reader took nothing for 60 s and was cut; read again from the last index."""
    UNAVAILABLE = "UNAVAILABLE"
    """The hub cannot make anything durable now; try again with the same envelope id."""
    STATEMENT_REFUSED = "STATEMENT_REFUSED"
    """A directory statement is not authorised or contradicts the directory; metadata `rule`."""
    STALE_POSITION = "STALE_POSITION"
    """Another statement of the same signer came first; metadata `signer` and `number` expected."""
    INTERNAL = "INTERNAL"
    """A fault of the hub; metadata `trace_id`. Nothing else is told."""


GRPC_CODE: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.MALFORMED: "INVALID_ARGUMENT",
        Reason.TOO_LARGE: "INVALID_ARGUMENT",
        Reason.UNSUPPORTED_VERSION: "INVALID_ARGUMENT",
        Reason.WRONG_ORIGIN: "INVALID_ARGUMENT",
        Reason.UNKNOWN_TLS_KEY: "UNAUTHENTICATED",
        Reason.NOT_FOUND: "NOT_FOUND",
        Reason.NOT_PERMITTED: "PERMISSION_DENIED",
        Reason.WRONG_SENDER: "PERMISSION_DENIED",
        Reason.CREATED_TOO_OLD: "FAILED_PRECONDITION",
        Reason.CREATED_IN_FUTURE: "FAILED_PRECONDITION",
        Reason.BAD_TIMES: "INVALID_ARGUMENT",
        Reason.DIRECTORY_STALE: "FAILED_PRECONDITION",
        Reason.DESK_KEY_STALE: "FAILED_PRECONDITION",
        Reason.NO_AGREEMENT: "PERMISSION_DENIED",
        Reason.FAMILY_NOT_OFFERED: "PERMISSION_DENIED",
        Reason.BAD_SIGNATURE: "PERMISSION_DENIED",
        Reason.WRONG_ROLE: "PERMISSION_DENIED",
        Reason.SECOND_PERSON_MISSING: "FAILED_PRECONDITION",
        Reason.WRONG_PRECEDENCE: "INVALID_ARGUMENT",
        Reason.CIPHERTEXT_MISMATCH: "INVALID_ARGUMENT",
        Reason.UNKNOWN_BLOB: "FAILED_PRECONDITION",
        Reason.BLOB_OFFSET: "OUT_OF_RANGE",
        Reason.BLOB_DIGEST: "DATA_LOSS",
        Reason.WRONG_STATE: "FAILED_PRECONDITION",
        Reason.WRONG_PREVIOUS: "FAILED_PRECONDITION",
        Reason.WRONG_ABOUT: "FAILED_PRECONDITION",
        Reason.WRONG_SEQUENCE: "FAILED_PRECONDITION",
        Reason.UNKNOWN_CASE: "FAILED_PRECONDITION",
        Reason.NO_GRANT: "FAILED_PRECONDITION",
        Reason.TOO_LATE: "FAILED_PRECONDITION",
        Reason.ALREADY_EXISTS: "ALREADY_EXISTS",
        Reason.ERASED: "FAILED_PRECONDITION",
        Reason.UNKNOWN_MESSAGE: "NOT_FOUND",
        Reason.QUOTA: "RESOURCE_EXHAUSTED",
        Reason.BUSY: "RESOURCE_EXHAUSTED",
        Reason.STALLED: "RESOURCE_EXHAUSTED",
        Reason.UNAVAILABLE: "UNAVAILABLE",
        Reason.STATEMENT_REFUSED: "PERMISSION_DENIED",
        Reason.STALE_POSITION: "FAILED_PRECONDITION",
        Reason.INTERNAL: "INTERNAL",
    }
)
"""The gRPC code that each reason travels with, by its name: a machine that knows no reason still knows what to do."""


class ComityError(Exception):
    """Root of every error this project raises on purpose."""

    def diagnostics(self) -> str:
        """Returns one line for a person: what happened and what to do next. Never any content."""
        return str(self)


class MalformedError(ComityError):
    """Bytes, text or numbers that are not of this protocol. The only error a parser raises."""

    reason: Reason

    def __init__(self, message: str, reason: Reason = Reason.MALFORMED) -> None:
        """Takes a message without any of the input in it.

        Args:
            message: what is wrong, constant text.
            reason: MALFORMED, TOO_LARGE or UNSUPPORTED_VERSION.
        """
        super().__init__(message)
        self.reason = reason


class VerificationError(ComityError):
    """A signature, proof or head that does not verify. The bytes must not be used."""


class CannotOpenError(ComityError):
    """An envelope or attachment that cannot be opened. Says nothing more."""

    def __init__(self) -> None:
        super().__init__("cannot open")


class RefusedError(ComityError):
    """A rule of the protocol refuses it. Both the hub and the agents raise it, with the same reason."""

    reason: Reason
    metadata: dict[str, str]

    def __init__(self, reason: Reason, message: str, **metadata: str) -> None:
        """Takes the reason and what a machine may need to go on.

        Args:
            reason: from the documented list.
            message: constant text, no content.
            **metadata: every variable of the message, as in the reason's documentation.
        """
        super().__init__(message)
        self.reason = reason
        self.metadata = metadata
