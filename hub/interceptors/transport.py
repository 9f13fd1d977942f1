"""The transport: gRPC over mutual TLS 1.3, with limits that hold before a call is looked at.

That nothing older than TLS 1.3 is spoken is seen to in `hub/__init__.py`, before gRPC is loaded, and looked at again on
each call (`identity`).

Never does: know a caller. The handshake proves that a key was certified, the directory says whose it is.
"""

from __future__ import annotations

from typing import Final

import grpc

from hub.certificates import ServerCertificate
from hub.config import Settings
from hub.interceptors.chain import Chain
from hub.policy import CALL_LIMIT

HANDSHAKE_MS: Final = 10_000
"""A TLS handshake that takes longer is cut."""
AHEAD_BYTES: Final = 512 * 1024
"""Bytes that a stream may send before the hub has read them."""


def make_server(settings: Settings, chain: Chain) -> grpc.aio.Server:
    """Returns a server that listens nowhere yet."""
    return grpc.aio.server(
        interceptors=[chain],
        options=[
            ("grpc.max_receive_message_length", CALL_LIMIT),
            ("grpc.max_send_message_length", CALL_LIMIT),
            ("grpc.max_concurrent_streams", settings.max_connection_streams),
            ("grpc.max_metadata_size", settings.max_metadata_bytes),
            ("grpc.absolute_max_metadata_size", settings.max_metadata_bytes),
            ("grpc.keepalive_time_ms", settings.keepalive_seconds * 1000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.http2.max_ping_strikes", 2),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
            # What a stream may send ahead of being read: fixed, where gRPC would let it grow to megabytes.
            ("grpc.http2.bdp_probe", 0),
            ("grpc.http2.lookahead_bytes", AHEAD_BYTES),
            # None: a small message must not unfold into a large one.
            ("grpc.compression_enabled_algorithms_bitset", 1),
            ("grpc.so_reuseport", 0),
        ],
    )


def server_credentials(certificate: ServerCertificate, root: bytes) -> grpc.ServerCredentials:
    """Returns credentials that present the newest certificate and take clients certified by one root.

    Args:
        certificate: of this process; asked on each handshake, from the transport's threads.
        root: the hub's own CA, PEM: the only one.
    """
    presented = certificate.present()

    def configuration() -> grpc.ServerCertificateConfiguration:
        pair = (presented.key_pem, presented.chain_pem)
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=root)

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        nonlocal presented
        newest = certificate.present()
        if newest is presented:
            return None
        presented = newest
        return configuration()

    return grpc.dynamic_ssl_server_credentials(
        configuration(),
        fetch,  # type: ignore[arg-type] # None, "as before", is documented and missing from the stubs
        require_client_authentication=True,
    )
