"""Who calls: the SHA-256 of the client's TLS key, looked up in the directory on every call.

A certificate only completes the handshake; names in it are ignored. What a certificate says is remembered by its exact
bytes, what the directory says never is: a revocation holds from the next call on.

Never does: decide what a caller may do (`hub/policy.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from comity.directory import View
from comity.errors import MalformedError
from comity.names import agency_of
from comity.tls import certificate_validity, spki_sha256_of_certificate

from hub.clock import Clock
from hub.policy import CallerKind


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands at the other end of a connection, by the directory as it is now."""

    kind: CallerKind
    desk: str = ""
    """`agency/desk` of a member, suspended or not; empty otherwise."""
    agency: str = ""
    """Its agency; empty otherwise."""
    operator: str = ""
    """Operator id; empty for all others."""
    spki: bytes = b""
    """SHA-256 of the TLS key's SubjectPublicKeyInfo; empty where no certificate could be read."""
    certificate_until: int = 0
    """Unix milliseconds UTC at which the certificate of this connection ceases to be valid."""

    @property
    def account(self) -> str:
        """Whose quota a call counts against. No two kinds can have one name: a name has no space."""
        if self.agency:
            return self.agency
        return f"operator {self.operator}" if self.operator else f"key {self.spki.hex()}"


_CALLER: ContextVar[Caller] = ContextVar("caller")


def caller() -> Caller:
    """Returns who makes the present call. Only inside a call that came through the chain.

    Raises:
        LookupError: there is no call.
    """
    return _CALLER.get()


def set_caller(who: Caller) -> None:
    """Makes `who` the caller of the present task."""
    _CALLER.set(who)


@lru_cache(maxsize=4096)
def _read(pem: bytes) -> tuple[bytes, int, int]:
    """Returns (SPKI hash, valid from, valid until) of a client's certificate."""
    return spki_sha256_of_certificate(pem), *certificate_validity(pem)


class Identity:
    """Looks callers up."""

    def __init__(self, view: Callable[[], View], clock: Clock) -> None:
        """Takes the newest published directory and the clock."""
        self._view = view
        self._clock = clock

    def authenticate(self, spki: bytes, certificate_until: int | None = None) -> Caller:
        """Returns who a TLS key speaks for at this moment. A stream asks again while it lasts.

        Args:
            spki: SHA-256 of the SubjectPublicKeyInfo.
            certificate_until: end of the certificate's validity, Unix milliseconds UTC; None where it does not matter.
        """
        now, view = self._clock.now_ms(), self._view()
        until = certificate_until or 0
        if certificate_until is not None and now >= certificate_until:
            return Caller(CallerKind.ANONYMOUS, spki=spki, certificate_until=until)
        desk = view.transport_desk(spki, now)
        if desk is not None:
            agency = agency_of(desk)
            kind = CallerKind.SUSPENDED if view.suspended(agency) else CallerKind.MEMBER
            return Caller(kind, desk=desk, agency=agency, spki=spki, certificate_until=until)
        operator = view.operator_of_tls(spki)
        if operator is not None:
            return Caller(CallerKind.OPERATOR, operator=operator, spki=spki, certificate_until=until)
        return Caller(CallerKind.ANONYMOUS, spki=spki, certificate_until=until)

    def again(self, who: Caller) -> Caller:
        """Returns who the same connection speaks for now."""
        return self.authenticate(who.spki, who.certificate_until)

    def of_connection(self, properties: Mapping[str, Iterable[bytes]]) -> Caller:
        """Returns who is at the other end of a connection.

        Args:
            properties: what the transport says about the connection (gRPC's auth context).
        """
        # The server offers nothing older; that a client got through with it would be a fault of ours.
        if list(properties.get("ssl_tls_version", ())) != [b"TLSv1.3"]:
            return Caller(CallerKind.ANONYMOUS)
        try:
            spki, begins, until = _read(next(iter(properties.get("x509_pem_cert", ())), b""))
        except MalformedError:
            return Caller(CallerKind.ANONYMOUS)
        if self._clock.now_ms() < begins:
            return Caller(CallerKind.ANONYMOUS, spki=spki, certificate_until=until)
        return self.authenticate(spki, until)
