"""Every method of every service is classified, and as its own comment in the contract says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from comity.v1 import blobs_pb2, directory_pb2, exchange_pb2, feed_pb2, log_pb2
from google.protobuf.descriptor import MethodDescriptor

from hub.policy import RULES, CallerKind, PolicyError, check_complete, is_allowed
from tests.support.sources import ROOT

CONTRACT = (blobs_pb2, directory_pb2, exchange_pb2, feed_pb2, log_pb2)
TRAFFIC = ("ExchangeService", "FeedService", "BlobService")
HEALTH = "/grpc.health.v1.Health/"
LOCAL = {"screening"}
"""Contracts of an agency's own services on its own machines: no method of theirs is the hub's."""


def methods() -> Iterator[MethodDescriptor]:
    """Every method of the contract, from its descriptors."""
    for module in CONTRACT:
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def full_name(method: MethodDescriptor) -> str:
    """A method's name on the wire."""
    return f"/{method.containing_service.full_name}/{method.name}"


def callers_in_comment(method: MethodDescriptor) -> str:
    """What the contract says about who may call a method."""
    text = (ROOT / "proto" / method.containing_service.file.name).read_text(encoding="utf-8")
    before = text[: re.search(rf"^  rpc {method.name}\(", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    comment = re.search(r"(?:^  //[^\n]*\n)+\Z", before, re.MULTILINE)
    said = re.search(r"Callers: ([^.]*)\.", comment[0]) if comment else None
    return said[1] if said else ""


def test_the_list_of_contract_modules_is_complete() -> None:
    with_service = {
        path.stem
        for path in (ROOT / "proto" / "comity" / "v1").glob("*.proto")
        if re.search(r"^service ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert with_service - LOCAL == {module.__name__.rpartition(".")[2].removesuffix("_pb2") for module in CONTRACT}


def test_every_method_of_the_contract_has_a_rule_and_no_rule_is_left_over() -> None:
    assert {full_name(method) for method in methods()} == {name for name in RULES if not name.startswith(HEALTH)}


@pytest.mark.parametrize("kind", CallerKind)
def test_each_kind_of_caller_may_use_what_the_contract_says_and_nothing_else(kind: CallerKind) -> None:
    word = {CallerKind.MEMBER: "member desks", CallerKind.OPERATOR: "operators"}.get(kind)
    expected = {full_name(method) for method in methods() if word and word in callers_in_comment(method)}
    allowed = {name for name in RULES if is_allowed(name, kind) and not name.startswith(HEALTH)}

    if kind is CallerKind.SUSPENDED:
        assert allowed == {
            name for name in RULES if not name.startswith(HEALTH) and not re.search("|".join(TRAFFIC), name)
        }
    else:
        assert allowed == expected


def test_traffic_is_closed_to_everybody_but_live_members() -> None:
    traffic = [name for name in RULES if any(f".{service}/" in name for service in TRAFFIC)]

    assert len(traffic) == 7
    assert all(RULES[name].callers == {CallerKind.MEMBER} for name in traffic)


def test_a_method_nobody_classified_is_refused_to_all() -> None:
    with pytest.raises(PolicyError, match="NewService/DoIt"):
        check_complete([*RULES, "/comity.v1.NewService/DoIt"])
    with pytest.raises(PolicyError, match="without a method"):
        check_complete(list(RULES)[1:])
    assert not any(is_allowed("/comity.v1.NewService/DoIt", kind) for kind in CallerKind)
