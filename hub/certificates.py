"""The hub's own certificate authority: certificates for registered TLS keys, and for this process.

The server's key is made when the process starts, lives in memory only and is replaced, with a new certificate, after
half of its validity: connections that exist go on, new ones see the new certificate.

Never does: ask who may have a certificate (`hub/directory/service.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comity.errors import MalformedError
from comity.tls import (
    TlsKey,
    certificate_to_pem,
    issue_client_certificate,
    issue_server_certificate,
    spki_sha256_of_certificate,
)

from hub.clock import Clock

DAY_MS = 86_400_000
_SKEW_MS = 3_600_000
"""Certificates are valid from an hour ago: clients' clocks differ."""


class Authority:
    """The CA whose certificate stands in the genesis."""

    def __init__(self, certificate: bytes, key: TlsKey, *, client_days: int = 365) -> None:
        """Takes the certificate (DER), its key and the longest validity given to clients.

        Raises:
            MalformedError: the key is not that of the certificate.
        """
        if spki_sha256_of_certificate(certificate) != key.spki_sha256:
            raise MalformedError("the key is not that of the certificate authority")
        self.certificate = certificate
        self._key = key
        self._client_ms = client_days * DAY_MS

    @property
    def pem(self) -> bytes:
        """The CA's certificate: the only root of either side."""
        return certificate_to_pem(self.certificate)

    def issue_client(self, spki: bytes, now: int, until: int | None) -> bytes:
        """Returns a client certificate, DER.

        Args:
            spki: DER SubjectPublicKeyInfo.
            now: Unix milliseconds UTC.
            until: end of the key's registration; None for an operator's, which has none.
        """
        end = now + self._client_ms if until is None else min(until, now + self._client_ms)
        return issue_client_certificate(self.certificate, self._key, spki, not_before=now - _SKEW_MS, not_after=end)

    def issue_server(self, spki: bytes, names: Sequence[str], now: int, until: int) -> bytes:
        """Returns a certificate for a hub process, DER.

        Raises:
            MalformedError: a name is no host name or address.
        """
        return issue_server_certificate(
            self.certificate, self._key, spki, names, not_before=now - _SKEW_MS, not_after=until
        )


@dataclass(frozen=True, slots=True)
class Presented:
    """What the server presents in handshakes."""

    key_pem: bytes
    chain_pem: bytes
    renew_at: int
    """Unix milliseconds UTC."""

    def __repr__(self) -> str:
        return f"Presented(renew_at={self.renew_at})"


class ServerCertificate:
    """The certificate of this process, renewed while it runs. Asked from the transport's threads."""

    def __init__(self, authority: Authority, names: Sequence[str], days: int, clock: Clock) -> None:
        """Makes the first one.

        Raises:
            MalformedError: a name is no host name or address.
        """
        self._authority, self._names, self._days, self._clock = authority, tuple(names), days, clock
        self._presented = self._make()

    def _make(self) -> Presented:
        now, key = self._clock.now_ms(), TlsKey.generate()
        lifetime = self._days * DAY_MS
        certificate = self._authority.issue_server(key.spki, self._names, now, now + lifetime)
        chain = certificate_to_pem(certificate) + self._authority.pem
        return Presented(key.to_pem(), chain, now + lifetime // 2)

    def present(self) -> Presented:
        """Returns what to present now, made anew when it is time."""
        if self._clock.now_ms() >= self._presented.renew_at:
            self.renew()
        return self._presented

    def renew(self) -> None:
        """Makes a new key and certificate at once."""
        self._presented = self._make()
