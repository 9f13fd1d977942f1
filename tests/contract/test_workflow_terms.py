"""The words of the workflow are those of the protocol."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from comity.v1 import directory_pb2, envelope_pb2
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Side, SignatureRole, State, Verb

PAIRS: list[tuple[type[IntEnum], Any, str]] = [
    (Family, envelope_pb2.Family, "FAMILY_"),
    (Verb, envelope_pb2.Verb, "VERB_"),
    (Precedence, envelope_pb2.Precedence, "PRECEDENCE_"),
    (SignatureRole, envelope_pb2.SignatureRole, "SIGNATURE_ROLE_"),
    (Role, directory_pb2.Role, "ROLE_"),
    (AgencyKind, directory_pb2.AgencyKind, "AGENCY_KIND_"),
]


@pytest.mark.parametrize(("ours", "theirs", "prefix"), PAIRS)
def test_numbers_and_names_equal_the_protocols_without_the_unspecified(
    ours: type[IntEnum], theirs: Any, prefix: str
) -> None:
    expected = {
        value.name.removeprefix(prefix): value.number for value in theirs.DESCRIPTOR.values if value.number != 0
    }
    assert {member.name: member.value for member in ours} == expected


@pytest.mark.parametrize("ours", [pair[0] for pair in PAIRS])
def test_the_unspecified_value_is_no_member(ours: type[IntEnum]) -> None:
    with pytest.raises(ValueError, match="0 is not a valid"):
        ours(0)


def test_each_side_has_one_other() -> None:
    assert Side.ORIGINATOR.other is Side.RECIPIENT
    assert Side.RECIPIENT.other is Side.ORIGINATOR


def test_every_state_is_named_as_it_is_stored_and_says_who_acts_next() -> None:
    for state in State:
        assert State(str(state)) is state
        assert state.name == state.value
        assert state.next_actor.endswith(".")
