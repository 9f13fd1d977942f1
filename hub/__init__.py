"""The hub: routes, orders, enforces the workflow and proves what happened, and cannot read a word of it."""

import os

# gRPC's TLS library reads this once, when `grpc` is first imported. Both suites want an RSA certificate, which a hub
# does not have: no TLS 1.2 handshake can succeed. TLS 1.3 has suites of its own and is not touched by it.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
