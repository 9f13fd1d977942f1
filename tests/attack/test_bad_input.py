"""What bad input gets: one documented reason, nothing stored, and one line that says what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from comity.envelope import message_hash
from comity.errors import Reason, RefusedError
from comity.v1 import blobs_pb2, envelope_pb2, exchange_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.workflow.terms import Verb
from sqlalchemy import create_engine, func, select

from agents.cli import catalogue
from agents.cli.catalogue import Language
from agents.cli.failures import report
from agents.cli.screen import Screen
from agents.errors import NEXT
from agents.refusals import refusal_from_status
from hub.faults import Faults
from hub.schema import metadata
from tests.attack.bad_input import BAD, Refusal, Scene
from tests.support.hub import running_hub
from tests.support.world import admit_agency, agree, begin_world


def rows(url: str) -> dict[str, int]:
    """Returns how many rows each table has."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in metadata.tables.items()
        }
    engine.dispose()
    return found


@asynccontextmanager
async def scene(url: str, home: Path) -> AsyncIterator[Scene]:
    """A hub that holds one stored referral; sfc and hkma have an agreement, osr has none with them."""
    world, faults = begin_world(), Faults()
    for agency in ("hkma", "osr", "sfc"):
        admit_agency(world, agency)
    agree(world, "hkma", "sfc")
    async with (
        running_hub(url, world, home=home, faults=faults, queue_size=1) as hub,
        hub.as_desk("sfc/intake") as desk,
        hub.as_desk("hkma/intake") as other,
    ):
        known = world.envelope(hub.view())
        opening = message_hash(known.header, known.seal)
        await ExchangeServiceStub(desk).Submit(exchange_pb2.SubmitRequest(envelope=known))
        body, sig = world.ack(opening, "hkma/intake")
        await ExchangeServiceStub(other).Acknowledge(
            exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)])
        )
        # Whoever asks for room has a row of totals from then on: it is there before anything is refused.
        upload = blobs_pb2.UploadBlobRequest(sha256=sha256(b"x").digest(), length=1, data=b"x")
        await BlobServiceStub(desk).UploadBlob(iter([upload]))
        old_key = world.envelope(hub.view())
        await hub.append(world.rotate_desk("hkma/intake"))
        case = envelope_pb2.Header.FromString(known.header).case_id
        here = Scene(hub, world, desk, case, opening, known, old_key, faults)
        try:
            yield here
        finally:
            here.go_on.set()


async def test_each_kind_of_bad_input_has_one_reason_and_leaves_nothing(
    migrated_database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: list[str] = []
    async with scene(migrated_database_url, tmp_path) as here:
        for bad in BAD:
            before = await asyncio.to_thread(rows, migrated_database_url)
            refusal = await bad.send(here)
            after = await asyncio.to_thread(rows, migrated_database_url)
            info = refusal.info
            if (info.reason, set(info.metadata)) != (bad.reason.value, bad.metadata):
                wrong.append(f"{bad.name}: {info.reason} {dict(info.metadata)}")
            told = refusal_from_status(refusal.status)
            if told is None or (told.reason, told.metadata) != (bad.reason, dict(info.metadata)):
                wrong.append(f"{bad.name}: the client reads {told}")
            else:
                wrong += [f"{bad.name}: the person reads {line}" for line in unclear_lines(told, capsys)]
            wrong += [f"{bad.name}: {what}" for what in told_too_much(refusal, here)]
            grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
            if (grown.pop("log_leaves", 0), set(grown) - RECORD) != (bad.leaves, set()) or bool(grown) > bad.leaves:
                wrong.append(f"{bad.name}: left {grown}")
    assert wrong == []


RECORD = {"log_batches", "log_nodes", "openings", "deliveries", "desk_counters", "equivocations"}
"""Tables in which the one EQUIVOCATION event may stand that a used id leaves."""


def told_too_much(refusal: Refusal, here: Scene) -> Iterator[str]:
    """Yields what a refusal says that it should not: content, the machine, or nothing that helps."""
    text, info = refusal.status.message, refusal.info
    if not 5 <= len(text) <= 200 or not text.isascii() or "\n" in text:
        yield f"says {text!r}"
    if info.reason == Reason.WRONG_STATE.value:
        allowed = set(info.metadata["allowed"].split(",")) - {""}
        if not allowed or not allowed <= {verb.name for verb in Verb}:
            yield f"allows {allowed}"
    if "directory_size" in info.metadata and int(info.metadata["directory_size"]) != here.hub.view().size:
        yield f"names directory {info.metadata['directory_size']}"


def unclear_lines(error: RefusedError, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """Yields what the command line says of a refusal where that is not one line that says what to do next."""
    spoken = catalogue.language()
    try:
        for language, following in zip((Language.EN, Language.ZH_HANT), NEXT[error.reason], strict=True):
            catalogue.use(language)
            capsys.readouterr()
            report(Screen(), error)
            out, line = capsys.readouterr()
            if out or line.count("\n") != 1 or following not in line or error.reason.value not in line:
                yield f"{out}{line}"
    finally:
        catalogue.use(spoken)


def test_every_kind_that_is_promised_has_its_place_in_the_table() -> None:
    promised = (
        "malformed oversize unknown-field unknown-version unknown-suite wrong-signature wrong-recipient-key"
        " stale-directory missing-agreement wrong-state missing-second-person replay unknown-blob full-queue"
    )
    for kind in promised.split():
        assert any(bad.name.startswith(kind.replace("-", " ")) for bad in BAD), kind
    assert len({bad.name for bad in BAD}) == len(BAD)


async def test_a_field_beside_what_is_signed_means_nothing_and_is_kept_nowhere(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    async with scene(migrated_sqlite_url, tmp_path) as here:
        before = await asyncio.to_thread(rows, migrated_sqlite_url)
        sent = exchange_pb2.SubmitRequest(envelope=here.known)
        plain = await ExchangeServiceStub(here.desk).Submit(sent)
        for message in (sent, sent.envelope, sent.envelope.wraps[0], sent.envelope.signatures[0]):
            message.MergeFromString(b"\xfa\x06\x09beside it")
        data = sent.SerializeToString()
        assert data.count(b"beside it") == 4
        answer = await here.desk.unary_unary("/comity.v1.ExchangeService/Submit")(data)
        assert exchange_pb2.SubmitResponse.FromString(answer) == plain
        async with here.hub.as_desk("hkma/intake") as reader:
            async for item in reader.unary_stream("/comity.v1.FeedService/ReadFeed")(b""):
                assert b"beside it" not in item
        assert await asyncio.to_thread(rows, migrated_sqlite_url) == before
