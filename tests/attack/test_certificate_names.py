"""Certificates that the hub's own authority signed with whatever names were asked for: the key alone says who calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest
from comity.errors import Reason
from comity.tls import TlsKey
from comity.v1 import exchange_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from tests.support.hub import reason_of, running_hub
from tests.support.world import World, make_world

OTHER = "hkma/intake"
NAMES: dict[str, tuple[str, Sequence[x509.GeneralName]]] = {
    "another desk as common name": (OTHER, []),
    "two URIs": (
        "x",
        [x509.UniformResourceIdentifier(f"spiffe://hub.example/{desk}") for desk in (OTHER, "sfc/enforcement")],
    ),
    "a wildcard": ("*", [x509.DNSName("*.hub.example"), x509.DNSName("*")]),
    "a NUL in the common name": (f"sfc/intake\x00.{OTHER}", []),
    "a NUL in a name": ("x", [x509.DNSName("hkma.example\x00.sfc.example")]),
    "a look-alike": ("hkma/intаke", [x509.UniformResourceIdentifier("spiffe://hub.example/xn--hkma-intke-p5g")]),
    "an operator's name": ("op-1", [x509.RFC822Name("op-1@hub.example")]),
}


def certificate(world: World, key: TlsKey, common: str, names: Sequence[x509.GeneralName]) -> bytes:
    """Returns a client certificate with any names in it, PEM."""
    public = serialization.load_der_public_key(key.spki)
    authority = x509.load_der_x509_certificate(world.authority)
    signer = serialization.load_pem_private_key(world.authority_key.to_pem(), None)
    assert isinstance(signer, EllipticCurvePrivateKey)
    now = datetime.datetime.fromtimestamp(world.now / 1000, datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common, _ASN1Type.UTF8String)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("kind", NAMES)
async def test_K_11_whatever_a_certificate_names_it_is_its_keys_desk_and_nobody_where_the_key_is_not_registered(
    migrated_sqlite_url: str, tmp_path: Path, kind: str
) -> None:
    world, unknown = make_world(agencies=("sfc", "hkma")), TlsKey.generate()
    key = world.desk("sfc/intake").tls_key
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.channel(key, certificate(world, key, *NAMES[kind])) as named,
        hub.channel(unknown, certificate(world, unknown, *NAMES[kind])) as stranger,
    ):
        own = exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view()))
        others = exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view(), OTHER, ["sfc/intake"]))
        assert (await ExchangeServiceStub(named).Submit(own)).receipt.leaf
        for channel, request, reason in (
            (named, others, Reason.WRONG_SENDER),
            (stranger, own, Reason.UNKNOWN_TLS_KEY),
            (stranger, others, Reason.UNKNOWN_TLS_KEY),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ExchangeServiceStub(channel).Submit(request)
            assert reason_of(caught.value) is reason
