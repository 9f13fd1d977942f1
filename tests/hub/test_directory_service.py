"""The directory on the wire: heads, entries, statements, certificates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import grpc
import pytest
from comity.checkpoint import verify_checkpoint
from comity.directory import Directory, Head, parse_entry, sign_head, verify_head
from comity.directory.statements import parse_statement
from comity.errors import Reason
from comity.keys import SigningKey
from comity.receipts import EventKind
from comity.tls import TlsKey, certificate_to_pem, certificate_validity, spki_sha256_of_certificate
from comity.v1 import directory_pb2 as pb
from comity.v1 import log_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub
from comity.workflow.terms import Role

from hub.directory.service import HubDirectory
from hub.log.commands import Record
from hub.log.domain import LogName
from hub.telemetry import Telemetry, make_log
from tests.support.hub import RunningHub, info_of, reason_of, running_hub
from tests.support.people import make_member
from tests.support.world import DAY, certificate_of, make_world


@pytest.fixture
async def hub(migrated_database_url: str, tmp_path: Path) -> AsyncIterator[RunningHub]:
    async with running_hub(migrated_database_url, make_world(agencies=("sfc", "hkma")), home=tmp_path) as running:
        yield running


def head_of(hub: RunningHub, **changes: object) -> Head:
    """A head as this hub would sign it, changed at will."""
    directory = hub.hub.directory.current
    fields = {
        "directory_origin": hub.world.origin,
        "directory_size": directory.size,
        "directory_root": directory.root,
        "exchange_origin": hub.world.exchange_origin,
        "exchange_size": 0,
        "exchange_root": bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        "time": hub.world.now,
    }
    return Head(**(fields | changes))  # type: ignore[arg-type]


def presented(head: Head, key: SigningKey) -> pb.GetHeadRequest:
    body, sig = sign_head(head, key)
    return pb.GetHeadRequest(seen=pb.SignedHead(body=body, sig=sig))


async def test_entries_replay_to_the_head_that_was_signed(hub: RunningHub) -> None:
    async with hub.as_desk("hkma/intake") as channel:
        stub = DirectoryServiceStub(channel)
        answer = await stub.GetHead(pb.GetHeadRequest())
        head = verify_head(answer.head.body, answer.head.sig, hub.world.head_key.public)
        replayed = Directory()
        async for part in stub.ReadEntries(pb.ReadEntriesRequest()):
            for entry in part.entries:
                replayed.apply(entry)
        rest = [e async for part in stub.ReadEntries(pb.ReadEntriesRequest(from_index=5)) for e in part.entries]
        beyond = [part async for part in stub.ReadEntries(pb.ReadEntriesRequest(from_index=1 << 40))]

    assert (replayed.size, replayed.root) == (head.directory_size, head.directory_root)
    assert len(rest) == replayed.size - 5
    assert beyond == []


async def test_entries_come_in_pieces_that_fit_a_message(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.directory.service.PAGE_BYTES", 3000)
    async with hub.as_desk("hkma/intake") as channel:
        parts = [p async for p in DirectoryServiceStub(channel).ReadEntries(pb.ReadEntriesRequest())]

    assert len(parts) > 3
    assert sum(len(p.entries) for p in parts) == hub.hub.directory.current.size
    assert all(len(p.entries) == 1 or p.ByteSize() < 3200 for p in parts)


async def test_statements_stand_or_fall_together_and_their_signatures_count_not_the_caller(hub: RunningHub) -> None:
    world = hub.world
    before = hub.hub.directory.current.size
    new = make_member("sfc", Role.ANALYST)
    good = world.as_admin("sfc", certificate_of(world, new, ["sfc/intake"]))
    stranger = SigningKey.generate()
    bad = world.state(
        certificate_of(world, make_member("sfc", Role.ANALYST), ["sfc/intake"]), ["sfc"], [(b"x" * 32, stranger)]
    )
    async with hub.as_desk("hkma/intake") as channel:
        stub = DirectoryServiceStub(channel)

        async def append(*statements: bytes) -> pb.AppendStatementsResponse:
            request = pb.AppendStatementsRequest(statements=[pb.Statement.FromString(s) for s in statements])
            return await stub.AppendStatements(request)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await append(good, bad)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert info_of(caught.value).metadata["rule"] == "root_or_admin"
        assert hub.hub.directory.current.size == before

        answer = await append(good)
        head = verify_head(answer.head.body, answer.head.sig, world.head_key.public)
        assert (answer.first_index, head.directory_size) == (before, before + 1)
        assert hub.view().member(new.id, world.now) is not None
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await append(good)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert reason_of(caught.value) is Reason.STALE_POSITION
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await append(*[good] * 65)
        assert reason_of(caught.value) is Reason.MALFORMED


async def test_a_head_this_hub_signed_earlier_is_accepted_and_a_strangers_is_not(hub: RunningHub) -> None:
    async with hub.as_desk("sfc/intake") as channel:
        stub = DirectoryServiceStub(channel)
        first = await stub.GetHead(pb.GetHeadRequest())
        await hub.append(hub.world.revoke_tls("hkma/intake"))
        for _ in range(2):
            again = await stub.GetHead(pb.GetHeadRequest(seen=first.head))
            assert verify_head(again.head.body, again.head.sig, hub.world.head_key.public)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetHead(presented(head_of(hub), SigningKey.generate()))
        assert reason_of(caught.value) is Reason.BAD_SIGNATURE
        other = head_of(hub, exchange_origin="other.example/exchange")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetHead(presented(other, hub.world.head_key))
        assert reason_of(caught.value) is Reason.WRONG_ORIGIN
        assert not hub.hub._failure


async def test_an_answer_covers_the_head_that_was_presented_whichever_process_signed_that(hub: RunningHub) -> None:
    async with hub.as_desk("sfc/intake") as channel:
        stub = DirectoryServiceStub(channel)
        first = await stub.GetHead(pb.GetHeadRequest())
        held = verify_head(first.head.body, first.head.sig, hub.world.head_key.public)
        await hub.hub.sequencer.submit(Record(EventKind.OPERATOR))
        note = await hub.hub.logs.checkpoint(LogName.EXCHANGE)
        grown = verify_checkpoint(note, hub.world.exchange_origin, hub.world.log_key.public)
        assert grown.size == held.exchange_size + 1
        newer = head_of(hub, exchange_size=grown.size, exchange_root=grown.root)
        # Within the second for which a head is handed out again.
        answer = (await stub.GetHead(presented(newer, hub.world.head_key))).head
        assert verify_head(answer.body, answer.sig, hub.world.head_key.public).exchange_size == grown.size


@pytest.mark.parametrize("what", ["longer directory", "longer exchange log", "another root"])
async def test_a_hub_that_meets_its_own_signature_on_another_log_stops_serving(
    migrated_sqlite_url: str, tmp_path: Path, what: str
) -> None:
    lines = StringIO()
    telemetry = Telemetry(make_log("info", lines))
    world = make_world(agencies=("sfc",))
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, telemetry=telemetry) as hub:
        changes = {
            "longer directory": {"directory_size": 1000},
            "longer exchange log": {"exchange_size": 1000},
            "another root": {"directory_root": bytes(32)},
        }[what]
        async with hub.as_desk("sfc/intake") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await DirectoryServiceStub(channel).GetHead(presented(head_of(hub, **changes), world.head_key))
            assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
            async with asyncio.timeout(5):
                assert await hub.hub.stopped() == "own signature on another log"
            with pytest.raises(grpc.aio.AioRpcError):
                await LogServiceStub(channel).GetCheckpoint(log_pb2.GetCheckpointRequest(log=2), timeout=2)
    assert "own signature on another log" in lines.getvalue()


async def test_certificates_are_issued_for_registered_keys_of_the_callers_agency_only(hub: RunningHub) -> None:
    world = hub.world
    second, unknown = TlsKey.generate(), TlsKey.generate()
    await hub.append(world.register_tls("sfc/enforcement", second, days=20))

    async def issue(channel: grpc.aio.Channel, key: TlsKey) -> bytes:
        request = pb.IssueCertificateRequest(csr=key.request())
        answer = await DirectoryServiceStub(channel).IssueCertificate(request)
        return answer.certificate

    async with hub.as_desk("sfc/intake") as own, hub.as_desk("hkma/intake") as other, hub.as_operator() as operator:
        for channel in (own, operator):
            certificate = await issue(channel, second)
            assert spki_sha256_of_certificate(certificate) == second.spki_sha256
            assert certificate_validity(certificate)[1] <= world.now + 20 * DAY
        refusals = []
        for channel, key in ((other, second), (own, unknown), (own, world.operators[0].tls_key), (operator, unknown)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await issue(channel, key)
            refusals.append((caught.value.code(), caught.value.details(), reason_of(caught.value)))
        assert set(refusals) == {
            (
                grpc.StatusCode.PERMISSION_DENIED,
                "no such TLS key is registered for the caller's agency",
                Reason.NOT_PERMITTED,
            )
        }
        assert spki_sha256_of_certificate(await issue(operator, world.operators[2].tls_key))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await DirectoryServiceStub(own).IssueCertificate(pb.IssueCertificateRequest(csr=b"no request"))
        assert reason_of(caught.value) is Reason.MALFORMED
        certificate = await issue(own, second)
        async with hub.channel(second, certificate_to_pem(certificate)) as issued:
            await DirectoryServiceStub(issued).GetHead(pb.GetHeadRequest())


def test_a_published_directory_is_never_shortened() -> None:
    world = make_world(agencies=("sfc",))
    long, short = world.directory(), Directory()
    directory = HubDirectory()
    directory.publish(long)
    directory.publish(short)

    assert directory.current is long


async def test_what_another_process_appends_holds_here_within_seconds(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_postgres_url, world, home=tmp_path / "one") as one,
        running_hub(migrated_postgres_url, world, home=tmp_path / "two") as two,
        two.as_desk("sfc/intake") as channel,
    ):
        await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())
        await one.append(world.revoke_tls("sfc/intake"))
        async with asyncio.timeout(5):
            while two.view().transport_desk(world.desk("sfc/intake").tls_key.spki_sha256, world.now):  # noqa: ASYNC110 # nothing tells a test of it
                await asyncio.sleep(0.05)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await DirectoryServiceStub(channel).GetHead(pb.GetHeadRequest())
    assert reason_of(caught.value) is Reason.UNKNOWN_TLS_KEY


async def test_stored_entries_carry_the_statements_as_they_were_signed(hub: RunningHub) -> None:
    async with hub.as_operator() as channel:
        parts = [p async for p in DirectoryServiceStub(channel).ReadEntries(pb.ReadEntriesRequest())]
    entries = [entry for part in parts for entry in part.entries]

    assert [parse_entry(e)[1] for e in entries] == hub.world.statements[: len(entries)]
    assert parse_statement(parse_entry(entries[0])[1]).kind == "hub_genesis"
