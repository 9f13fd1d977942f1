"""What leaves the hub when something goes wrong: a documented reason, or nothing but a trace id."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import (
    DOMAIN,
    CannotOpenError,
    MalformedError,
    Reason,
    RefusedError,
    VerificationError,
)
from comity.v1 import directory_pb2, log_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from hub.errors import CODES, code_of, is_documented, reason_of, to_status
from hub.telemetry import Telemetry, make_log
from tests.support import hub as support
from tests.support.hub import running_hub
from tests.support.world import make_world

SECRET = "SELECT secret FROM /var/lib/comity-hub/hub.sqlite AT hub-07.internal"


def info(status: Status) -> ErrorInfo:
    (detail,) = status.details
    found = ErrorInfo()
    assert detail.Unpack(found)
    return found


def test_every_reason_has_exactly_one_code() -> None:
    assert set(CODES) == set(Reason)
    assert grpc.StatusCode.OK not in CODES.values()
    assert [reason for reason, code in CODES.items() if code is grpc.StatusCode.INTERNAL] == [Reason.INTERNAL]


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.INTERNAL])
def test_a_refusal_carries_its_reason_and_metadata(reason: Reason) -> None:
    status = to_status(RefusedError(reason, "constant words", offset="7"), "t")

    assert (status.code, status.message) == (CODES[reason].value[0], "constant words")
    assert info(status) == ErrorInfo(reason=reason.value, domain=DOMAIN, metadata={"offset": "7"})


def test_errors_of_the_contract_have_reasons() -> None:
    assert reason_of(MalformedError("x", Reason.TOO_LARGE)) is Reason.TOO_LARGE
    assert reason_of(VerificationError("x")) is Reason.BAD_SIGNATURE
    assert code_of(MalformedError("x")) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("error", [ValueError(SECRET), OSError(2, SECRET), KeyError(SECRET), CannotOpenError()])
def test_I_07_an_unknown_exception_becomes_internal_with_a_trace_id_alone(error: Exception) -> None:
    status = to_status(error, "abc")

    assert not is_documented(error)
    assert (status.code, status.message) == (grpc.StatusCode.INTERNAL.value[0], "internal error")
    assert info(status) == ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"trace_id": "abc"})


def wire_text(error: grpc.aio.AioRpcError) -> str:
    """Everything that came over the wire, as text."""
    parts: list[Any] = [error.details(), *error.trailing_metadata(), *error.initial_metadata()]
    return repr(parts)


async def test_I_07_no_error_path_shows_stack_sql_path_or_hostname(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = StringIO()
    telemetry = Telemetry(make_log("info", lines))
    world = make_world(agencies=("sfc",))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, telemetry=telemetry) as hub:

        async def broken(*_: object, **__: object) -> bytes:
            raise RuntimeError(SECRET)

        monkeypatch.setattr(hub.hub.logs, "checkpoint", broken)
        async with hub.as_desk("sfc/intake") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await LogServiceStub(channel).GetCheckpoint(log_pb2.GetCheckpointRequest(log=2))
            found = support.info_of(caught.value)
            assert found.reason == "INTERNAL"
            assert dict(found.metadata).keys() == {"trace_id"}
            assert re.fullmatch("[0-9a-f]{32}", found.metadata["trace_id"])
            for word in ("SELECT", "secret", "/var", "hub-07", "Traceback", "RuntimeError", ".py", str(tmp_path)):
                assert word not in wire_text(caught.value)

            for garbage in (b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x08"):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await channel.unary_unary("/comity.v1.LogService/GetTile")(garbage)
                assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
                assert support.reason_of(caught.value) is Reason.MALFORMED

            # The database gone: UNAVAILABLE, and not a word of which one.
            hub.hub.database._engine.dispose()
            monkeypatch.setattr(hub.hub.database, "read_now", lambda *_, **__: (_ for _ in ()).throw(OSError(SECRET)))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await LogServiceStub(channel).GetLeaves(log_pb2.GetLeavesRequest(log=2, start=0, count=1))
            assert "hub-07" not in wire_text(caught.value)

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    (fault,) = [line for line in told if line["event"] == "internal error" and "GetCheckpoint" in line["method"]]
    assert (fault["error"], fault["trace_id"]) == ("RuntimeError", found.metadata["trace_id"])
    assert "broken" in fault["where"]
    assert "SELECT" not in lines.getvalue()


async def test_a_refusal_on_the_wire_names_its_reason_once(migrated_sqlite_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await LogServiceStub(channel).GetOpening(log_pb2.GetOpeningRequest(index=99))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert support.reason_of(caught.value) is Reason.NOT_FOUND
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await DirectoryServiceStub(channel).AppendStatements(directory_pb2.AppendStatementsRequest())
        assert support.reason_of(caught.value) is Reason.MALFORMED
