"""What one operator can do alone: look at the directory and at proofs. Whatever changes anything takes two."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import grpc
import pytest
from comity.directory.statements import parse_statement
from comity.errors import Reason
from comity.v1 import directory_pb2 as pb
from comity.v1 import exchange_pb2, feed_pb2, log_pb2
from comity.v1.directory_pb2_grpc import DirectoryServiceStub
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from comity.v1.feed_pb2_grpc import FeedServiceStub
from comity.v1.log_pb2_grpc import LogServiceStub

from hub.policy import RULES, CallerKind
from tests.support.hub import RunningHub, info_of, reason_of, running_hub
from tests.support.world import World, admit_agency, make_world

LOOKS = {"GetHead", "ReadEntries", "GetCheckpoint", "GetTile", "GetLeaves", "GetInclusionProof", "GetConsistencyProof"}
CHANGES = {"AppendStatements", "IssueCertificate"}
"""The first takes what is signed by those whom it needs; the second certifies what is in the directory already."""


def admission(world: World, agency: str, operators: int) -> bytes:
    """Returns the admission of an agency as so many operators sign it, in a world that goes on without it."""
    beside = copy.deepcopy(world)
    signing, beside.operators = beside.operators[:operators], beside.operators[:operators]
    assert len(signing) == operators
    before = len(beside.statements)
    admit_agency(beside, agency)
    return beside.statements[before]


async def append(hub: RunningHub, statement: bytes) -> tuple[str, int]:
    """Submits a statement as an operator; returns (rule that refuses it, or nothing; index of its leaf)."""
    request = pb.AppendStatementsRequest(statements=[pb.Statement.FromString(statement)])
    async with hub.as_operator(1) as channel:
        try:
            answer = await DirectoryServiceStub(channel).AppendStatements(request)
        except grpc.aio.AioRpcError as error:
            return info_of(error).metadata.get("rule", ""), -1
        entries = [
            e async for p in DirectoryServiceStub(channel).ReadEntries(pb.ReadEntriesRequest()) for e in p.entries
        ]
    assert entries[answer.first_index].endswith(statement) or statement in entries[answer.first_index]
    return "", answer.first_index


async def test_I_08_an_operator_alone_admits_nobody_suspends_nobody_and_sees_no_mail(
    migrated_database_url: str, tmp_path: Path
) -> None:
    world = make_world(agencies=("sfc", "hkma"))
    async with running_hub(migrated_database_url, world, home=tmp_path) as hub:
        size = hub.hub.directory.current.size
        alone = copy.deepcopy(world)
        suspending = alone.as_operators(pb.AgencySuspended(agency="hkma"), count=1)
        for statement in (admission(world, "hkpf", 1), suspending):
            rule, _ = await append(hub, statement)
            assert rule == "two_operators"
        assert hub.hub.directory.current.size == size
        assert hub.view().agency("hkpf") is None
        assert not hub.view().suspended("hkma")

        calls: list[Any] = [
            lambda c: ExchangeServiceStub(c).Submit(exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view()))),
            lambda c: FeedServiceStub(c).ReadFeed(feed_pb2.ReadFeedRequest()).read(),
            lambda c: LogServiceStub(c).GetOpening(log_pb2.GetOpeningRequest(index=0)),
        ]
        async with hub.as_operator(2) as channel:
            for call in calls:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await call(channel)
                assert reason_of(refused.value) is Reason.NOT_PERMITTED

        # Two do: it is in the log before it holds.
        rule, index = await append(hub, world.suspend("hkma"))
        assert (rule, index) == ("", size)
        assert hub.view().suspended("hkma")
        assert len(parse_statement(world.statements[-1]).signatures) == 2


def test_I_08_no_method_lets_an_operator_raise_a_quota_prune_or_export() -> None:
    mine = {name.rpartition("/")[2] for name, rule in RULES.items() if CallerKind.OPERATOR in rule.callers}
    health = {name.rpartition("/")[2] for name in RULES if name.startswith("/grpc.health")}
    assert mine - health == LOOKS | CHANGES
