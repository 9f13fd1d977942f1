"""What a replay remembers.

`since` and `until` are directory sizes: a fact holds for a reader at size n where since <= n and n < until (until is
None while it holds). Validities are Unix milliseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.workflow.terms import AgencyKind, Family, Role


@dataclass(frozen=True, slots=True)
class Span:
    """From which size on, and up to which size, a fact holds."""

    since: int
    """First directory size at which it holds."""
    until: int | None = None
    """First directory size at which it no longer holds."""

    def at(self, size: int) -> bool:
        """Returns whether it holds at a directory size."""
        return self.since <= size and (self.until is None or size < self.until)


@dataclass(frozen=True, slots=True)
class RootKey(Span):
    """An agency's root key, while it is the root."""

    key: bytes = b""
    """Ed25519, 32 bytes."""
    body: bytes = b""
    """The statement that introduced it: what two officers compare the fingerprint of."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An admitted agency."""

    agency: str
    kind: AgencyKind
    name_en: str
    name_zh: str
    jurisdiction: str
    since: int
    roots: tuple[RootKey, ...]
    suspensions: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class MemberKey(Span):
    """A member's certificate: a signing key, a wrapping key, desks and roles."""

    member: str = ""
    agency: str = ""
    desks: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    sign_kid: bytes = b""
    sign_key: bytes = b""
    wrap_kid: bytes = b""
    wrap_key: bytes = b""
    valid_from: int = 0
    valid_until: int = 0


@dataclass(frozen=True, slots=True)
class DeskKey(Span):
    """One epoch of a desk's sealing key."""

    desk: str = ""
    epoch: int = 0
    kid: bytes = b""
    key: bytes = b""
    valid_from: int = 0
    valid_until: int = 0


@dataclass(frozen=True, slots=True)
class TransportKeyRecord(Span):
    """A TLS key of a desk."""

    desk: str = ""
    kid: bytes = b""
    spki_sha256: bytes = b""
    valid_from: int = 0
    valid_until: int = 0


@dataclass(frozen=True, slots=True)
class Delegation(Span):
    """A member key that may renew the keys of a desk."""

    desk: str = ""
    kid: bytes = b""
    valid_from: int = 0
    valid_until: int = 0


@dataclass(frozen=True, slots=True)
class Contact(Span):
    """A desk's duty contact."""

    desk: str = ""
    telephone: str = ""
    hours: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement(Span):
    """An agreement between two agencies."""

    id: bytes = b""
    first: str = ""
    second: str = ""
    families: frozenset[Family] = frozenset()
    direction: int = 1
    """1 both, 2 the first may open, 3 the second may open."""
    legal_basis: str = ""
    valid_until: int = 0
    profile_sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class Revocation:
    """The end of a key."""

    since: int
    kid: bytes
    reason: int
    effective: int
    suspect_from: int
    """Unix milliseconds UTC from which mail under it is suspect; 0 where none is."""


@dataclass(frozen=True, slots=True)
class Operator(Span):
    """An operator of the hub."""

    operator: str = ""
    kid: bytes = b""
    key: bytes = b""
    tls_spki_sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class HubKey(Span):
    """A log or head key, or a witness's verifier key line."""

    key: bytes = b""
    line: str = ""
