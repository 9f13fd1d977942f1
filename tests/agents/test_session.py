"""The connection tries again what may pass by itself, and waits as long as the hub asks."""

from __future__ import annotations

import time
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.tls import TlsKey, certificate_to_pem, create_authority
from grpc import StatusCode, aio

from agents.refusals import told_to_wait
from agents.session import Session
from agents.transport import Identity
from hub.errors import DETAILS_KEY, to_status


@pytest.mark.parametrize(
    ("reason", "metadata", "seconds"),
    [
        (Reason.QUOTA, {"retry_after_seconds": "7"}, 7.0),
        (Reason.BUSY, {"retry_after_seconds": "2"}, 2.0),
        (Reason.BUSY, {}, 0.0),
        (Reason.QUOTA, {}, float("inf")),
        (Reason.QUOTA, {"retry_after_seconds": "-1"}, float("inf")),
        (Reason.UNAVAILABLE, {"retry_after_seconds": "soon"}, 0.0),
        (Reason.UNAVAILABLE, {"retry_after_seconds": "9" * 400}, 0.0),
    ],
)
def test_the_hub_says_how_long_to_wait(reason: Reason, metadata: dict[str, str], seconds: float) -> None:
    assert told_to_wait(RefusedError(reason, "refused", **metadata)) == seconds


def quota(seconds: int) -> aio.AioRpcError:
    status = to_status(RefusedError(Reason.QUOTA, "used up", retry_after_seconds=str(seconds)), "")
    details = aio.Metadata((DETAILS_KEY, status.SerializeToString()))
    return aio.AioRpcError(StatusCode.RESOURCE_EXHAUSTED, aio.Metadata(), details)


@pytest.mark.parametrize(("seconds", "attempts"), [(1, 2), (60, 1)])
async def test_a_quota_is_waited_for_within_patience_and_told_of_beyond_it(seconds: int, attempts: int) -> None:
    key = TlsKey.generate()
    certificate = create_authority(key, "test", not_before=0, not_after=1 << 40)
    session = Session(["127.0.0.1:1"], certificate, Identity(key, certificate_to_pem(certificate), 1 << 40), 5.0)
    begun: list[float] = []

    async def call(_: Any) -> str:
        begun.append(time.monotonic())
        if len(begun) == 1:
            raise quota(seconds)
        return "answered"

    try:
        if attempts == 2:
            assert await session._call(call) == "answered"
            assert begun[1] - begun[0] >= seconds
        else:
            with pytest.raises(RefusedError) as refused:
                await session._call(call)
            assert refused.value.reason is Reason.QUOTA
    finally:
        await session.close()
    assert len(begun) == attempts


async def test_a_call_that_reaches_a_process_while_it_stops_is_made_again() -> None:
    # gRPC answers it itself, with CANCELLED and nothing else; nobody on this side has cancelled it.
    key = TlsKey.generate()
    certificate = create_authority(key, "test", not_before=0, not_after=1 << 40)
    session = Session(["127.0.0.1:1"], certificate, Identity(key, certificate_to_pem(certificate), 1 << 40), 5.0)
    begun: list[float] = []

    async def call(_: Any) -> str:
        begun.append(time.monotonic())
        if len(begun) == 1:
            raise aio.AioRpcError(StatusCode.CANCELLED, aio.Metadata(), aio.Metadata(), "CANCELLED")
        return "answered"

    try:
        assert await session._call(call) == "answered"
    finally:
        await session.close()
    assert len(begun) == 2
