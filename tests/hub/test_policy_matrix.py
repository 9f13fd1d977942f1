"""Who may call what: every method of every service x every kind of caller, against a real server.

The matrix is made from the descriptors: a method that is added without a rule fails here and keeps the hub from
starting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import Reason
from comity.tls import TlsKey
from google.protobuf import message_factory

from hub import policy
from hub.errors import DETAILS_KEY
from hub.policy import RULES, CallerKind, PolicyError, check_complete, is_allowed
from hub.server import SERVICES, offered_methods
from tests.support.hub import RunningHub, reason_of, running_hub
from tests.support.world import World, make_world

_EXPECTED: dict[str, set[str]] = {
    "comity.v1.ExchangeService": {"member"},
    "comity.v1.FeedService": {"member"},
    "comity.v1.BlobService": {"member"},
    "comity.v1.DirectoryService": {"member", "suspended", "operator"},
    "comity.v1.LogService": {"member", "suspended", "operator"},
    "grpc.health.v1.Health": {"member", "suspended", "operator", "revoked", "unknown"},
}
_EXPECTED_ELSE = {"/comity.v1.LogService/GetOpening": {"member", "suspended"}}
KINDS = ("member", "suspended", "operator", "revoked", "unknown", "expired")


def expected(method: str) -> set[str]:
    """The kinds of caller that may use a method, written down apart from the table under test."""
    return _EXPECTED_ELSE.get(method, _EXPECTED[method.split("/")[1]])


@asynccontextmanager
async def hub_with_every_caller(
    url: str, home: Path, **changes: Any
) -> AsyncIterator[tuple[RunningHub, dict[str, Any]]]:
    """A hub, with settings that differ, and a channel for each kind of caller."""
    world = make_world(agencies=("sfc", "hkma"))
    second, unknown = TlsKey.generate(), TlsKey.generate()
    world.register_tls("sfc/intake", second)
    world.revoke_tls("sfc/intake", second)
    world.suspend("hkma")
    expired = world.certificate(world.desk("sfc/enforcement").tls_key, days=0, begins=world.now - 3_600_000)
    async with running_hub(url, world, home=home, **changes) as hub:
        channels = {
            "member": hub.as_desk("sfc/intake"),
            "suspended": hub.as_desk("hkma/intake"),
            "operator": hub.as_operator(),
            "revoked": hub.channel(second),
            "unknown": hub.channel(unknown),
            "expired": hub.channel(world.desk("sfc/enforcement").tls_key, expired),
        }
        yield hub, channels
        for channel in channels.values():
            await channel.close()


async def call(channel: Any, service: Any, method: Any) -> grpc.aio.AioRpcError | None:
    """Calls a method with an empty request; returns how it ended, None where it was answered."""
    request = message_factory.GetMessageClass(method.input_type)()
    reply = message_factory.GetMessageClass(method.output_type)
    name = f"/{service.full_name}/{method.name}"
    kind = ("stream" if method.client_streaming else "unary") + ("_stream" if method.server_streaming else "_unary")
    stub = getattr(channel, kind)(
        name, request_serializer=lambda m: m.SerializeToString(), response_deserializer=reply.FromString
    )
    try:
        if method.client_streaming:
            await stub(iter([request]), timeout=10)
        elif method.server_streaming:
            running = stub(request, timeout=10)
            async for _ in running:
                running.cancel()
                break
        else:
            await stub(request, timeout=10)
    except grpc.aio.AioRpcError as error:
        return error
    return None


async def test_I_09_every_method_is_denied_to_every_kind_of_caller_it_is_not_for(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    wrong = []
    async with hub_with_every_caller(migrated_sqlite_url, tmp_path) as (_, channels):
        for service in SERVICES:
            for method in service.methods:
                name = f"/{service.full_name}/{method.name}"
                for kind in KINDS:
                    error = await call(channels[kind], service, method)
                    told = error is not None and DETAILS_KEY in dict(error.trailing_metadata() or ())
                    reason = reason_of(error) if error is not None and told else None
                    denied = reason in (Reason.UNKNOWN_TLS_KEY, Reason.NOT_PERMITTED)
                    if kind in expected(name):
                        ok = not denied
                    elif kind in ("revoked", "unknown"):
                        ok = reason is Reason.UNKNOWN_TLS_KEY
                    elif kind == "expired":
                        # The handshake itself fails: no call reaches the hub.
                        ok = error is not None and error.code() is grpc.StatusCode.UNAVAILABLE
                    else:
                        ok = reason is Reason.NOT_PERMITTED
                    if not ok:
                        wrong.append((name, kind, reason))

    assert wrong == []


async def ended(channel: Any, service: Any, method: Any) -> Reason | None:
    """Calls a streaming method and reads to its end; returns why it was ended, None where it just ended."""
    request = message_factory.GetMessageClass(method.input_type)()
    stub = channel.unary_stream(
        f"/{service.full_name}/{method.name}", request_serializer=lambda m: m.SerializeToString()
    )
    try:
        async for _ in stub(request, timeout=20):
            pass
    except grpc.aio.AioRpcError as error:
        return reason_of(error)
    return None


async def test_every_stream_of_a_caller_that_nobody_knows_ends_at_the_next_look(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    seen = []
    async with hub_with_every_caller(migrated_sqlite_url, tmp_path, recheck_seconds=0.3) as (_, channels):
        for service in SERVICES:
            for method in (m for m in service.methods if m.server_streaming and not m.client_streaming):
                for kind in ("revoked", "unknown"):
                    seen.append((method.name, kind, await ended(channels[kind], service, method)))

    assert ("Watch", "revoked", Reason.UNKNOWN_TLS_KEY) in seen
    assert {reason for _, _, reason in seen} == {Reason.UNKNOWN_TLS_KEY}


async def test_every_call_is_metered_whoever_makes_it(migrated_sqlite_url: str, tmp_path: Path) -> None:
    limits = {"anonymous_requests_per_second": 1e-6, "anonymous_request_burst": 1}
    limits |= {"agency_requests_per_second": 1e-6, "agency_request_burst": 100}
    free = []
    async with hub_with_every_caller(migrated_sqlite_url, tmp_path, **limits) as (_, channels):
        health = SERVICES[-1]
        for kind in ("member", "suspended", "operator", "revoked", "unknown"):
            for _ in range(101):
                if await call(channels[kind], health, health.methods_by_name["Check"]) is not None:
                    break
            for service in SERVICES:
                for method in service.methods:
                    if kind in expected(f"/{service.full_name}/{method.name}"):
                        error = await call(channels[kind], service, method)
                        if error is None or reason_of(error) is not Reason.QUOTA:
                            free.append((method.name, kind))

    assert free == []


def test_the_table_says_what_the_matrix_expects() -> None:
    for method in offered_methods():
        for kind in CallerKind:
            names = {"anonymous": {"unknown", "revoked"}}.get(kind.value, {kind.value})
            assert is_allowed(method, kind) == bool(names & expected(method)), (method, kind)


def test_I_11_a_method_without_a_rule_or_a_rule_without_a_method_keeps_the_hub_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_complete(offered_methods())
    with pytest.raises(PolicyError, match=r"without a rule: /comity.v1.LogService/Forget"):
        check_complete([*offered_methods(), "/comity.v1.LogService/Forget"])
    with pytest.raises(PolicyError, match=r"without a method: /comity.v1.ExchangeService/Submit"):
        check_complete([m for m in offered_methods() if not m.endswith("/Submit")])
    monkeypatch.setattr(policy, "RULES", {k: v for k, v in RULES.items() if not k.endswith("/GetTile")})
    with pytest.raises(PolicyError, match="GetTile"):
        check_complete(offered_methods())
    assert not is_allowed("/comity.v1.LogService/GetTile", CallerKind.MEMBER)


async def test_I_11_a_hub_whose_table_lacks_a_method_does_not_start(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "RULES", {k: v for k, v in RULES.items() if not k.endswith("/GetTile")})
    with pytest.raises(PolicyError):
        async with running_hub(migrated_sqlite_url, make_world(agencies=()), home=tmp_path):
            pass


async def test_an_unknown_method_is_answered_the_same_for_everybody(migrated_sqlite_url: str, tmp_path: Path) -> None:
    answers = set()
    async with hub_with_every_caller(migrated_sqlite_url, tmp_path) as (_, channels):
        for kind in ("member", "operator", "unknown"):
            for name in ("/comity.v1.LogService/Nothing", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await channels[kind].unary_unary(name)(b"", timeout=5)
                answers.add((caught.value.code(), caught.value.details()))

    assert {code for code, _ in answers} == {grpc.StatusCode.UNIMPLEMENTED}
    assert len(answers) == 1


def test_a_world_without_suspension_has_no_suspended_caller() -> None:
    world: World = make_world(agencies=("sfc",))

    assert not world.directory().view().suspended("sfc")
