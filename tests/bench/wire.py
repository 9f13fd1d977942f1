"""What the bench's processes agree on: methods, channel options, and the file of calls made ready before the clock."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

ECHO_METHOD = "/comity.bench.Echo/Echo"
SUBMIT_METHOD = "/comity.v1.ExchangeService/Submit"
BATCH_METHOD = "/comity.v1.ExchangeService/SubmitBatch"
FEED_METHOD = "/comity.v1.FeedService/ReadFeed"
SERVICE_OPTIONS = (("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 5 << 20))
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 5 << 20),
    ("grpc.use_local_subchannel_pool", 1),
)
_LENGTH = struct.Struct("<I")


def write_calls(path: Path, calls: Iterable[bytes]) -> None:
    """Writes serialised requests, each behind its length."""
    with path.open("wb") as file:
        for call in calls:
            file.write(_LENGTH.pack(len(call)))
            file.write(call)


def read_calls(path: Path) -> Sequence[bytes]:
    """Returns the requests that `write_calls` wrote."""
    data, at, calls = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        calls.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return calls
