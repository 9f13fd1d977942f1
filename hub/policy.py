"""Who may call what: every method of the hub in one table, default deny.

A method without a rule, or a rule without a method, keeps the server from starting. A rule says which kinds of caller
may use a method at all; whose data a caller then sees is decided by each feature, where absent and forbidden look the
same.

Never does: I/O, protobuf, looking callers up (`hub/interceptors/identity.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

KIB: Final = 1024


class CallerKind(StrEnum):
    """What kind of caller the directory knows behind a TLS key."""

    MEMBER = "member"
    """A desk of an admitted agency."""
    SUSPENDED = "suspended"
    """A desk of a suspended agency: it may look things up and mend its keys, and exchanges nothing."""
    OPERATOR = "operator"
    """An operator of the hub: no desk, no mail."""
    ANONYMOUS = "anonymous"
    """A TLS key that is not registered, not valid now, or revoked."""


class PolicyError(Exception):
    """The table and the services do not name the same methods. The server must not start."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one method."""

    callers: frozenset[CallerKind]
    """Kinds that may use it."""
    request_limit: int
    """Greatest length of one request message, in bytes."""
    live: bool = False
    """A stream without an end: no default deadline."""


_M, _S, _O, _A = CallerKind.MEMBER, CallerKind.SUSPENDED, CallerKind.OPERATOR, CallerKind.ANONYMOUS

_TRAFFIC: Final = frozenset({_M})
"""What an exchange is made of: member desks that are not suspended."""
_PARTIES: Final = frozenset({_M, _S})
"""Proof of what happened to a desk: its own even while it is suspended."""
_EVERYONE_KNOWN: Final = frozenset({_M, _S, _O})
"""The directory and the log. A suspended agency must still be able to revoke a stolen key and to check proofs."""
_ANYBODY: Final = frozenset(CallerKind)
"""Health, and nothing else. Whoever is not known is metered by its TLS key, and its streams end at the next look."""

CALL_LIMIT: Final = 4 * KIB * KIB + 256 * KIB
"""Greatest length of any request message, in bytes: a batch of 4 MiB and its framing."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # What is sent and answered. The hub never lets an operator near it.
        "/comity.v1.ExchangeService/Submit": Rule(_TRAFFIC, KIB * KIB + 4 * KIB),
        "/comity.v1.ExchangeService/SubmitBatch": Rule(_TRAFFIC, CALL_LIMIT),
        "/comity.v1.ExchangeService/Acknowledge": Rule(_TRAFFIC, 512 * KIB),
        "/comity.v1.FeedService/ReadFeed": Rule(_TRAFFIC, KIB, live=True),
        # Sealed attachments.
        "/comity.v1.BlobService/GetUpload": Rule(_TRAFFIC, KIB),
        "/comity.v1.BlobService/UploadBlob": Rule(_TRAFFIC, 260 * KIB, live=True),
        "/comity.v1.BlobService/DownloadBlob": Rule(_TRAFFIC, KIB, live=True),
        # Who exists. Statements carry their own authority in their signatures.
        "/comity.v1.DirectoryService/GetHead": Rule(_EVERYONE_KNOWN, 2 * KIB),
        "/comity.v1.DirectoryService/ReadEntries": Rule(_EVERYONE_KNOWN, KIB, live=True),
        "/comity.v1.DirectoryService/AppendStatements": Rule(_EVERYONE_KNOWN, 64 * 33 * KIB),
        "/comity.v1.DirectoryService/IssueCertificate": Rule(_EVERYONE_KNOWN, 8 * KIB),
        # What is proven.
        "/comity.v1.LogService/GetCheckpoint": Rule(_EVERYONE_KNOWN, KIB),
        "/comity.v1.LogService/GetTile": Rule(_EVERYONE_KNOWN, KIB),
        "/comity.v1.LogService/GetLeaves": Rule(_EVERYONE_KNOWN, KIB),
        "/comity.v1.LogService/GetInclusionProof": Rule(_EVERYONE_KNOWN, KIB),
        "/comity.v1.LogService/GetConsistencyProof": Rule(_EVERYONE_KNOWN, KIB),
        "/comity.v1.LogService/GetOpening": Rule(_PARTIES, KIB),
        # Whether the hub is well. It tells one word. What asks without a registered key, asks with Check.
        "/grpc.health.v1.Health/Check": Rule(_ANYBODY, KIB),
        "/grpc.health.v1.Health/List": Rule(_ANYBODY, KIB),
        "/grpc.health.v1.Health/Watch": Rule(_ANYBODY, KIB, live=True),
    }
)
"""Every method by its full name. Reflection is not offered."""


def check_complete(methods: Iterable[str]) -> None:
    """Refuses to start with a method that nobody classified, or a rule for a method that is gone.

    Args:
        methods: full names of every method the server offers.

    Raises:
        PolicyError: the two sets differ; the message names the methods.
    """
    offered = set(methods)
    unruled, idle = sorted(offered - RULES.keys()), sorted(RULES.keys() - offered)
    if unruled:
        raise PolicyError(f"methods without a rule: {', '.join(unruled)}")
    if idle:
        raise PolicyError(f"rules without a method: {', '.join(idle)}")


def is_allowed(method: str, kind: CallerKind) -> bool:
    """Returns whether a kind of caller may use a method; False for a method nobody classified."""
    rule = RULES.get(method)
    return rule is not None and kind in rule.callers
