"""TLS keys and certificates, handed to a real TLS 1.3 stack in memory."""

from __future__ import annotations

import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
from comity.errors import MalformedError
from comity.tls import (
    CERTIFICATE_LIMIT,
    REQUEST_LIMIT,
    TlsKey,
    certificate_to_der,
    certificate_to_pem,
    certificate_validity,
    create_authority,
    issue_client_certificate,
    issue_server_certificate,
    request_spki,
    spki_sha256_of_certificate,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

# The TLS stack looks at its own clock: these certificates are valid in its present.
BEGIN = 1_600_000_000_000
END = 4_000_000_000_000

CA_KEY = TlsKey.generate()
CA = create_authority(CA_KEY, "Test hub", not_before=BEGIN, not_after=END)
KEY = TlsKey.generate()
SERVER = issue_server_certificate(
    CA, CA_KEY, KEY.spki, ["localhost", "127.0.0.1", "::1"], not_before=BEGIN, not_after=END
)
CLIENT = issue_client_certificate(CA, CA_KEY, KEY.spki, not_before=BEGIN, not_after=END)


def der(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def handshake(folder: Path, server: tuple[bytes, TlsKey], client: tuple[bytes, TlsKey], host: str) -> ssl.SSLObject:
    """Returns the server's side after a mutual handshake; raises ssl.SSLError where either side refuses."""
    contexts = []
    for name, (certificate, key), protocol in (
        ("server", server, ssl.PROTOCOL_TLS_SERVER),
        ("client", client, ssl.PROTOCOL_TLS_CLIENT),
    ):
        chain, secret = folder / f"{name}.crt", folder / f"{name}.key"
        chain.write_bytes(certificate_to_pem(certificate))
        secret.write_bytes(key.to_pem())
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=CA)
        context.load_cert_chain(chain, secret)
        contexts.append(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_side = contexts[0].wrap_bio(to_server, to_client, server_side=True)
    client_side = contexts[1].wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(4):
        for side in (client_side, server_side):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return server_side


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_both_sides_complete_a_strict_tls_1_3_handshake(tmp_path: Path, host: str) -> None:
    server_side = handshake(tmp_path, (SERVER, KEY), (CLIENT, KEY), host)
    assert server_side.version() == "TLSv1.3"
    seen = server_side.getpeercert(binary_form=True)
    assert seen is not None
    assert spki_sha256_of_certificate(seen) == KEY.spki_sha256


def test_a_server_is_refused_under_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, (SERVER, KEY), (CLIENT, KEY), "elsewhere.example")


def test_a_client_certificate_cannot_serve(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, (CLIENT, KEY), (CLIENT, KEY), "localhost")


def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    other_key = TlsKey.generate()
    other = create_authority(other_key, "Test hub", not_before=BEGIN, not_after=END)
    certificate = issue_client_certificate(other, other_key, KEY.spki, not_before=BEGIN, not_after=END)
    with pytest.raises(ssl.SSLError):
        handshake(tmp_path, (SERVER, KEY), (certificate, KEY), "localhost")


def test_K_11_a_client_certificate_names_nobody() -> None:
    certificate = x509.load_der_x509_certificate(CLIENT)
    (name,) = certificate.subject
    assert name.value == KEY.spki_sha256.hex()
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_K_11_names_in_a_certificate_request_are_ignored() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "police/fraud")]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    assert request_spki(request) == der(key)
    issued = issue_client_certificate(CA, CA_KEY, request_spki(request), not_before=BEGIN, not_after=END)
    assert b"police" not in issued
    assert b"example" not in issued
    constraints = x509.load_der_x509_certificate(issued).extensions.get_extension_for_class(x509.BasicConstraints)
    assert not constraints.value.ca


def test_a_key_survives_pem_and_shows_no_secret() -> None:
    again = TlsKey.from_pem(KEY.to_pem())
    assert again.spki == KEY.spki
    assert again.spki_sha256 == hashlib.sha256(KEY.spki).digest()
    assert repr(KEY) == f"TlsKey(spki_sha256={KEY.spki_sha256.hex()})"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        KEY.to_pem()[:-40],
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        ),
    ],
)
def test_other_things_are_no_tls_keys(data: bytes) -> None:
    with pytest.raises(MalformedError, match="TLS private key"):
        TlsKey.from_pem(data)


def test_a_request_carries_its_key() -> None:
    assert request_spki(KEY.request()) == KEY.spki


def test_a_request_must_be_signed_by_its_own_key() -> None:
    request = KEY.request()
    spki = request.index(KEY.spki)
    forged = request[:spki] + TlsKey.generate().spki + request[spki + len(KEY.spki) :]
    with pytest.raises(MalformedError, match="signed by its own key"):
        request_spki(forged)


def test_a_request_of_another_kind_of_key_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    with pytest.raises(MalformedError, match="certificate request"):
        request_spki(request.public_bytes(serialization.Encoding.DER))
    with pytest.raises(MalformedError, match="certificate request"):
        request_spki(bytes(REQUEST_LIMIT + 1))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # a later release of the library refuses those itself
@given(st.binary(max_size=300), st.integers(0, 400))
def test_parsers_are_total(data: bytes, at: int) -> None:
    for parser, good in (
        (request_spki, KEY.request()),
        (spki_sha256_of_certificate, CLIENT),
        (certificate_validity, CLIENT),
    ):
        for given_bytes in (data, good[:at] + data + good[at + 1 :]):
            try:
                assert parser(given_bytes)
            except MalformedError as error:
                refused = str(error)
                assert "not a" in refused or "signed by its own key" in refused


def test_the_spki_hash_is_that_of_pem_and_der() -> None:
    assert spki_sha256_of_certificate(CLIENT) == KEY.spki_sha256
    assert spki_sha256_of_certificate(certificate_to_pem(CLIENT)) == KEY.spki_sha256
    assert spki_sha256_of_certificate(b"\n" + certificate_to_pem(CLIENT) + certificate_to_pem(CA)) == KEY.spki_sha256
    assert certificate_to_der(certificate_to_pem(CLIENT)) == certificate_to_der(CLIENT) == CLIENT


def test_a_certificate_of_another_kind_of_key_has_no_spki_hash() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    certificate = (
        x509.CertificateBuilder(subject_name=x509.Name([]), issuer_name=x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime.fromtimestamp(BEGIN / 1000, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(END / 1000, datetime.UTC))
        .sign(key, None)
        .public_bytes(serialization.Encoding.DER)
    )
    with pytest.raises(MalformedError, match="not a TLS certificate"):
        spki_sha256_of_certificate(certificate)
    for data in (b"", bytes(CERTIFICATE_LIMIT + 1)):
        with pytest.raises(MalformedError, match="not a TLS certificate"):
            spki_sha256_of_certificate(data)
        with pytest.raises(MalformedError, match="not a certificate"):
            certificate_to_pem(data)


def test_validity_is_what_was_asked_for_to_the_second() -> None:
    assert certificate_validity(CA) == (BEGIN, END)
    issued = issue_client_certificate(CA, CA_KEY, KEY.spki, not_before=BEGIN + 1999, not_after=END - 1)
    assert certificate_validity(issued) == (BEGIN + 1000, END - 1000)


def test_each_certificate_has_its_own_serial_number() -> None:
    serials = {
        x509.load_der_x509_certificate(
            issue_client_certificate(CA, CA_KEY, KEY.spki, not_before=BEGIN, not_after=END)
        ).serial_number
        for _ in range(5)
    }
    assert len(serials) == 5


@pytest.mark.parametrize(("begin", "end"), [(END, BEGIN), (BEGIN, 2**62), (-(2**62), END), (-(10**13), END)])
def test_times_that_fit_no_certificate_are_refused(begin: int, end: int) -> None:
    with pytest.raises(MalformedError, match="key or times"):
        issue_client_certificate(CA, CA_KEY, KEY.spki, not_before=begin, not_after=end)


def test_arguments_that_fit_no_certificate_are_refused() -> None:
    for spki in (b"", der(ec.generate_private_key(ec.SECP384R1())), der(ed25519.Ed25519PrivateKey.generate())):
        with pytest.raises(MalformedError, match="key or times"):
            issue_client_certificate(CA, CA_KEY, spki, not_before=BEGIN, not_after=END)
    with pytest.raises(MalformedError, match="not that of the certificate authority"):
        issue_client_certificate(CA, KEY, KEY.spki, not_before=BEGIN, not_after=END)
    with pytest.raises(MalformedError, match="not a certificate"):
        issue_client_certificate(b"", CA_KEY, KEY.spki, not_before=BEGIN, not_after=END)
    with pytest.raises(MalformedError, match="needs a name"):
        issue_server_certificate(CA, CA_KEY, KEY.spki, [], not_before=BEGIN, not_after=END)
    with pytest.raises(MalformedError, match="host name"):
        issue_server_certificate(CA, CA_KEY, KEY.spki, ["bücher.example"], not_before=BEGIN, not_after=END)
    with pytest.raises(MalformedError, match="not a name"):
        create_authority(CA_KEY, "", not_before=BEGIN, not_after=END)
