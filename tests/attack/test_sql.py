"""SQL where a name, a digest or a text belongs: it is a value everywhere, and a part of no statement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.errors import MalformedError, Reason
from comity.header import parse_header
from comity.v1 import blobs_pb2, directory_pb2, exchange_pb2, log_pb2
from comity.v1.blobs_pb2_grpc import BlobServiceStub
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub
from comity.workflow.terms import Role, Verb
from sqlalchemy import Engine, MetaData, create_engine, event, func, select, text

from agents.errors import NotUniqueError
from hub.db import Database
from hub.schema import metadata
from hub.server import SERVICES
from tests.agents.offices import referral, send_referral, two_offices
from tests.attack.calls import call, exactly, with_one_field
from tests.support.hub import info_of, running_hub
from tests.support.world import World, make_world

MARK = "zqx"
"""In every one of them, and in no statement of ours."""
TEXTS = (
    f"{MARK}'; DROP TABLE log_leaves; --",
    f'{MARK}" OR "1"="1',
    f"{MARK}' OR '1'='1' /*",
    f"{MARK}%s %(a)s %b :agency ? $1 {{0}} \\",
    f"{MARK}'||(SELECT leaf FROM log_leaves)||'",
    f"{MARK}%_' ESCAPE '",
)
HEADERS = (("x-order-by", TEXTS[0]), ("x-filter-bin", TEXTS[3].encode()))
SURE = {Reason.INTERNAL.value, Reason.UNAVAILABLE.value, Reason.BUSY.value, Reason.QUOTA.value}
"""Reasons that would mean that it went wrong somewhere behind, or that it was not looked at."""


@contextlib.contextmanager
def every_statement() -> Iterator[list[str]]:
    """Collects the text of every statement that goes to any database."""
    said: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def rows(url: str) -> dict[str, int]:
    """Returns how many rows each table has; the tables and columns are those of the schema."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        ours = {name: {column.name for column in table.columns} for name, table in metadata.tables.items()}
        seen = {name: {column.name for column in table.columns} for name, table in found.tables.items()}
        assert {name: seen.get(name) for name in ours} == ours
        counts = {
            name: int(connection.execute(select(func.count()).select_from(t)).scalar_one())
            for name, t in metadata.tables.items()
        }
    engine.dispose()
    return counts


async def test_I_03_sql_in_every_field_of_every_call_is_no_part_of_any_statement(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    asked = 0
    async with running_hub(migrated_database_url, world, home=tmp_path, agency_request_burst=1_000_000) as hub:
        before = rows(migrated_database_url)
        with every_statement() as said:
            async with hub.as_desk("sfc/intake") as desk, hub.as_operator() as operator:
                for service in SERVICES:
                    if service.full_name.startswith("grpc."):
                        continue
                    for method in service.methods:
                        for request in with_one_field(method.input_type, TEXTS):
                            for channel in (desk, operator):
                                reason = await call(channel, service, method, request, HEADERS)
                                assert reason not in SURE, (method.name, request)
                                asked += 1
        assert [statement for statement in said if MARK in statement] == []
        assert rows(migrated_database_url) == before
    assert asked > 300
    assert said


async def test_I_03_signed_sql_is_kept_as_it_is_and_does_nothing(migrated_database_url: str, tmp_path: Path) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_database_url, world, home=tmp_path, agency_request_burst=1_000_000) as hub,
        hub.as_desk("sfc/intake") as desk,
    ):
        before = rows(migrated_database_url)
        with every_statement() as said:
            contacts = [
                world.as_admin(
                    "sfc",
                    directory_pb2.DutyContact(
                        desk="sfc/intake", telephone="+85212345678", hours=words, languages=["en"]
                    ),
                )
                for words in TEXTS
            ]
            statements = [directory_pb2.Statement.FromString(data) for data in contacts]
            await DirectoryServiceStub(desk).AppendStatements(
                directory_pb2.AppendStatementsRequest(statements=statements)
            )
            taken = [await submit(desk, world, hub.view(), exactly(words, 16)) for words in TEXTS]
            wrong = [await refused(desk, world, hub.view(), words) for words in TEXTS]
            await blobs(desk)
        assert [statement for statement in said if MARK in statement] == []
        view = hub.view()
        contact = view.contact("sfc/intake")
        assert contact is not None
        assert contact.hours == TEXTS[-1]

        after = rows(migrated_database_url)
        grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        assert grown.pop("log_leaves") == len(TEXTS) + len(taken)
        assert grown.pop("envelopes") == grown.pop("openings") == len(taken)
        assert grown.pop("deliveries") == 2 * len(taken)
        assert set(grown) <= {"log_batches", "log_nodes", "desk_counters", "legs", "envelope_blobs", "blob_totals"}
        assert {tuple(found) for found in wrong} == {("WRONG_ABOUT", "WRONG_ABOUT", "UNKNOWN_CASE", "UNKNOWN_BLOB")}
        for index in taken:
            opening = await LogServiceStub(desk).GetOpening(log_pb2.GetOpeningRequest(index=index))
            assert opening.receipt.event


async def submit(desk: Any, world: World, view: Any, case: bytes) -> int:
    """Opens a case whose id is SQL; returns its leaf's index."""
    request = exchange_pb2.SubmitRequest(envelope=world.envelope(view, case_id=case))
    answer = await ExchangeServiceStub(desk).Submit(request)
    return int(answer.receipt.index)


async def refused(desk: Any, world: World, view: Any, words: str) -> list[str]:
    """Signs envelopes and an acknowledgement that name SQL; returns why they are refused."""
    digest = exactly(words)
    asked = [
        world.envelope(view, verb=Verb.WITHDRAW, case_id=exactly(words, 16), about=digest),
        world.envelope(view, verb=Verb.RECALL, case_id=exactly(words, 16), about=digest),
        world.envelope(view, verb=Verb.SUPPLY, case_id=digest[16:], previous=digest),
        world.envelope(view, blobs=[(digest, 8192)]),
    ]
    reasons = []
    for envelope in asked:
        assert parse_header(envelope.header)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ExchangeServiceStub(desk).Submit(exchange_pb2.SubmitRequest(envelope=envelope))
        reasons.append(info_of(caught.value).reason)
    body, sig = world.ack(digest, "sfc/intake")
    answer = await ExchangeServiceStub(desk).Acknowledge(
        exchange_pb2.AcknowledgeRequest(acks=[exchange_pb2.SignedAck(body=body, sig=sig)])
    )
    assert answer.results[0].HasField("error")
    return reasons


async def blobs(desk: Any) -> None:
    """Asks for attachments whose digest is SQL."""
    for words in TEXTS:
        answer = await BlobServiceStub(desk).GetUpload(blobs_pb2.GetUploadRequest(sha256=exactly(words)))
        assert (answer.offset, answer.complete) == (0, False)


async def test_I_03_the_clients_own_store_takes_sql_as_text(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        with every_statement() as said:
            for words in TEXTS:
                await send_referral(sfc, "hkma/intake", referral(reference=words, summary=words))
            reader = await hkma.as_(Role.ANALYST)
            await reader.sync()
            seen = [await reader.open_item(item.message) for item in reader.inbox()]
            for words in (*TEXTS, "%", "_", "' OR ''='"):
                for look in (reader.timeline, reader.peek, reader.receipt, reader.review, reader.dismiss_alarm):
                    with pytest.raises((NotUniqueError, MalformedError)):
                        look(words)
        assert [opened.payload.refer.reference for opened in seen] == list(TEXTS)
        assert [statement for statement in said if MARK in statement] == []


def test_the_listener_sees_a_statement_that_was_put_together(migrated_database_url: str) -> None:
    database = Database.open(migrated_database_url)
    try:
        with every_statement() as said:
            database.read_now(lambda c: c.execute(text(f"SELECT '{MARK}'")).all())
        assert any(MARK in statement for statement in said)
    finally:
        database.close()
