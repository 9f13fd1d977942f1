"""The yardstick: a bare grpc.aio server over mutual TLS that takes the same bytes and gives a receipt's bytes back.

It parses nothing, checks nothing and stores nothing: what remains is what gRPC, TLS and Python cost at best. It runs
in a process of its own, as the hub does.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import grpc

from tests.bench.wire import ECHO_METHOD, SERVICE_OPTIONS


async def serve(folder: Path) -> None:
    """Serves until it is told to end; writes its port to standard output.

    Args:
        folder: holds `ca.pem`, `server.key`, `server.pem` and `answer`, the bytes to give back.
    """
    answer = (folder / "answer").read_bytes()

    async def echo(_: bytes, __: object) -> bytes:
        return answer

    service, _, name = ECHO_METHOD.strip("/").partition("/")
    server = grpc.aio.server(options=SERVICE_OPTIONS)
    handlers: dict[str, Any] = {name: grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    credentials = grpc.ssl_server_credentials(
        [((folder / "server.key").read_bytes(), (folder / "server.pem").read_bytes())],
        root_certificates=(folder / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(port, flush=True)
    await ended.wait()
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
