"""TLS keys and certificates: P-256 throughout, because that is what every TLS 1.3 stack takes from client and server.

A certificate only completes handshakes. Which desk calls is decided by the SHA-256 of the key's SubjectPublicKeyInfo,
looked up in the directory. Names in a client's certificate mean nothing: the subject written there is that hash.

Never does: clocks (every time is an argument), I/O, checks of names or chains (the TLS stack's work).
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from comity.errors import MalformedError

REQUEST_LIMIT: Final = 4096
"""Greatest length of a certificate request, in bytes."""
CERTIFICATE_LIMIT: Final = 16 * 1024
"""Greatest length of a certificate, PEM or DER, in bytes."""

_ERRORS = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
_DER = serialization.Encoding.DER
_PEM = serialization.Encoding.PEM
_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
_PEM_START = b"-----BEGIN CERTIFICATE-----"


class TlsKey:
    """A P-256 key pair for TLS. Its repr shows the SPKI hash only."""

    __slots__ = ("_key", "spki", "spki_sha256")

    spki: bytes
    """DER SubjectPublicKeyInfo."""
    spki_sha256: bytes
    """Its SHA-256, 32 bytes: what a TransportKey statement registers."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.spki = key.public_key().public_bytes(_DER, _SPKI)
        self.spki_sha256 = hashlib.sha256(self.spki).digest()

    @classmethod
    def generate(cls) -> TlsKey:
        """Returns a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> TlsKey:
        """Returns the key of an unencrypted PKCS#8 PEM.

        Raises:
            MalformedError: not PEM, encrypted, or not a P-256 key.
        """
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except _ERRORS:
            raise MalformedError("not a TLS private key") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise MalformedError("a TLS private key is a P-256 key")
        return cls(key)

    def to_pem(self) -> bytes:
        """Returns the unencrypted PKCS#8 PEM: secret, for the TLS stack's memory or inside a sealed key file."""
        return self._key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def request(self) -> bytes:
        """Returns a PKCS#10 certificate request, DER. It carries no name: only its public key is used."""
        return (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .sign(self._key, SHA256())
            .public_bytes(_DER)
        )

    def sign_certificate(self, builder: x509.CertificateBuilder) -> bytes:
        """Returns the certificate of a builder signed by this key, DER."""
        return builder.sign(self._key, SHA256()).public_bytes(_DER)

    def __repr__(self) -> str:
        return f"TlsKey(spki_sha256={self.spki_sha256.hex()})"


def request_spki(request: bytes) -> bytes:
    """Returns the public key of a certificate request as DER SubjectPublicKeyInfo; everything else in it is ignored.

    Raises:
        MalformedError: not a PKCS#10 request in DER, not signed by its own key, or not a P-256 key.
    """
    if len(request) > REQUEST_LIMIT:
        raise MalformedError("not a certificate request")
    try:
        parsed = x509.load_der_x509_csr(request)
        signed = parsed.is_signature_valid
        spki = _p256_spki(parsed.public_key())
    except _ERRORS:
        raise MalformedError("not a certificate request") from None
    if not signed:
        raise MalformedError("a certificate request is signed by its own key")
    return spki


def create_authority(key: TlsKey, name: str, *, not_before: int, not_after: int) -> bytes:
    """Returns a self-signed CA certificate, DER: the one the genesis names and clients take as their only root.

    Args:
        key: the authority's key.
        name: common name, for people to read.
        not_before: start of validity, Unix milliseconds UTC.
        not_after: end of validity, Unix milliseconds UTC.

    Raises:
        MalformedError: the name or the times do not fit a certificate.
    """
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError:
        raise MalformedError("not a name for a certificate authority") from None
    ski = x509.SubjectKeyIdentifier(key.spki_sha256[:20])
    builder = (
        _builder(subject, subject, key.spki, not_before, not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(ski, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski), critical=False)
    )
    return key.sign_certificate(builder)


def issue_server_certificate(
    authority: bytes, authority_key: TlsKey, spki: bytes, names: Sequence[str], *, not_before: int, not_after: int
) -> bytes:
    """Returns a certificate for a hub process, DER, good for server and client (hub to hub) authentication.

    Args:
        authority: the CA's certificate, DER.
        authority_key: its key.
        spki: DER SubjectPublicKeyInfo of the hub process.
        names: at least one host name or IP address that clients connect to.
        not_before: start of validity, Unix milliseconds UTC.
        not_after: end of validity, Unix milliseconds UTC.

    Raises:
        MalformedError: an argument does not fit a certificate, or the key is not that of the authority.
    """
    if not names:
        raise MalformedError("a server certificate needs a name")
    try:
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
    except ValueError:
        raise MalformedError("not a host name or IP address") from None
    return _issue(
        authority,
        authority_key,
        spki,
        not_before=not_before,
        not_after=not_after,
        usage=[ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        alternative=alternative,
    )


def issue_client_certificate(
    authority: bytes, authority_key: TlsKey, spki: bytes, *, not_before: int, not_after: int
) -> bytes:
    """Returns a certificate for a registered TLS key, DER, good for client authentication only. It names nobody.

    Args:
        authority: the CA's certificate, DER.
        authority_key: its key.
        spki: DER SubjectPublicKeyInfo of the registered key.
        not_before: start of validity, Unix milliseconds UTC.
        not_after: end of validity, Unix milliseconds UTC.

    Raises:
        MalformedError: an argument does not fit a certificate, or the key is not that of the authority.
    """
    return _issue(
        authority,
        authority_key,
        spki,
        not_before=not_before,
        not_after=not_after,
        usage=[ExtendedKeyUsageOID.CLIENT_AUTH],
        alternative=None,
    )


@lru_cache(maxsize=4096)
def spki_sha256_of_certificate(certificate: bytes) -> bytes:
    """Returns the SHA-256 of a certificate's SubjectPublicKeyInfo, 32 bytes. Remembered: it is asked on every call.

    Args:
        certificate: PEM (the first one of a chain) or DER.

    Raises:
        MalformedError: not a certificate of a P-256 key.
    """
    try:
        return hashlib.sha256(_p256_spki(_load(certificate).public_key())).digest()
    except _ERRORS:
        raise MalformedError("not a TLS certificate") from None


def certificate_to_pem(certificate: bytes) -> bytes:
    """Returns a DER certificate as PEM.

    Raises:
        MalformedError: not a certificate.
    """
    return _certificate(certificate).public_bytes(_PEM)


def certificate_to_der(certificate: bytes) -> bytes:
    """Returns a PEM (or DER) certificate as DER.

    Raises:
        MalformedError: not a certificate.
    """
    return _certificate(certificate).public_bytes(_DER)


def certificate_validity(certificate: bytes) -> tuple[int, int]:
    """Returns when a certificate, PEM or DER, begins and ceases to be valid, Unix milliseconds UTC.

    Raises:
        MalformedError: not a certificate.
    """
    parsed = _certificate(certificate)
    return (
        int(parsed.not_valid_before_utc.timestamp()) * 1000,
        int(parsed.not_valid_after_utc.timestamp()) * 1000,
    )


def _load(certificate: bytes) -> x509.Certificate:
    if len(certificate) > CERTIFICATE_LIMIT:
        raise ValueError
    if certificate.lstrip().startswith(_PEM_START):
        return x509.load_pem_x509_certificate(certificate)
    return x509.load_der_x509_certificate(certificate)


def _certificate(certificate: bytes) -> x509.Certificate:
    try:
        return _load(certificate)
    except _ERRORS:
        raise MalformedError("not a certificate") from None


def _p256_spki(key: object) -> bytes:
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key.public_bytes(_DER, _SPKI)
    raise ValueError


def _key_name(spki: bytes) -> x509.Name:
    """Returns a subject that names the key and nobody: strict verifiers take no empty subject."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hashlib.sha256(spki).hexdigest())])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, spki: bytes, not_before: int, not_after: int
) -> x509.CertificateBuilder:
    try:
        public = serialization.load_der_public_key(spki)
        _p256_spki(public)
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
            .public_key(public)  # type: ignore[arg-type] # _p256_spki has seen that it is a P-256 key
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.datetime.fromtimestamp(not_before / 1000, datetime.UTC))
            .not_valid_after(datetime.datetime.fromtimestamp(not_after / 1000, datetime.UTC))
        )
    except (*_ERRORS, OverflowError, OSError):
        raise MalformedError("key or times do not fit a certificate") from None


def _issue(
    authority: bytes,
    authority_key: TlsKey,
    spki: bytes,
    *,
    not_before: int,
    not_after: int,
    usage: list[x509.ObjectIdentifier],
    alternative: x509.SubjectAlternativeName | None,
) -> bytes:
    issuer = _certificate(authority)
    if spki_sha256_of_certificate(authority) != authority_key.spki_sha256:
        raise MalformedError("the key is not that of the certificate authority")
    issuer_ski = x509.SubjectKeyIdentifier(authority_key.spki_sha256[:20])
    builder = (
        _builder(_key_name(spki), issuer.subject, spki, not_before, not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(x509.SubjectKeyIdentifier(hashlib.sha256(spki).digest()[:20]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_ski), critical=False)
    )
    if alternative is not None:
        builder = builder.add_extension(alternative, critical=False)
    return authority_key.sign_certificate(builder)
