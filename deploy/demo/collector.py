"""A collector for traces and metrics (OTLP over gRPC), so that they too can be searched: it keeps the bytes that came.

Never does: understand them.
"""

from __future__ import annotations

import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

SERVICES = {"traces": "trace.v1.TraceService", "metrics": "metrics.v1.MetricsService"}


class Collector:
    """Listens on loopback and appends every export to `traces.otlp` or `metrics.otlp`."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder that the files go to."""
        self._lock = threading.Lock()
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        for kind, service in SERVICES.items():
            handler: Any = grpc.unary_unary_rpc_method_handler(self._keep(folder / f"{kind}.otlp"))
            name = f"opentelemetry.proto.collector.{service}"
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.environment = {
            "COMITY_HUB_OTLP_ENDPOINT": f"127.0.0.1:{port}",
            "COMITY_HUB_OTLP_INSECURE": "true",
            "COMITY_HUB_TRACE_RATIO": "1",
        }
        """What makes a hub send everything here."""
        self._server.start()

    def _keep(self, file: Path) -> Any:
        def export(request: bytes, _: object) -> bytes:
            with self._lock, file.open("ab") as kept:
                kept.write(request)
            return b""  # an empty response: everything was taken

        return export

    def close(self) -> None:
        """Ends it."""
        self._server.stop(1).wait()
