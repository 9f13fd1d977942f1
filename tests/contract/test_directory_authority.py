"""Who may state what: every kind of statement, by every kind of signer, in every wrong place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from comity.directory.statements import Position, make_body, make_entry, sign_body
from comity.encoding import Purpose, tagged
from comity.errors import ComityError, MalformedError, Reason, RefusedError
from comity.names import HUB
from comity.v1 import directory_pb2 as pb

from tests.contract.builders import ORIGIN, Builder, Signer, root, signed
from tests.contract.directory_cases import CASE, CASES, Case

BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
STRANGER = root("police")
LATER = tuple(case for case in CASES if case.name != "hub_genesis")


def refusal(world: Builder, statement: bytes) -> RefusedError:
    """The refusal of a statement, which left the directory as it was."""
    before = world.directory.state.copy()
    with pytest.raises(RefusedError) as caught:
        world.append(statement)
    assert world.directory.state == before
    return caught.value


def rule_of(world: Builder, statement: bytes) -> str:
    refused = refusal(world, statement)
    assert refused.reason is Reason.STATEMENT_REFUSED
    return refused.metadata["rule"]


def statement_of(case: Case, world: Builder, signers: Sequence[Signer]) -> bytes:
    return world.statement(case.content, case.chains, signers)


def test_every_kind_of_statement_is_tested() -> None:
    assert set(CASE) == {field.name for field in pb.StatementBody.DESCRIPTOR.oneofs_by_name["statement"].fields}


@BY_NAME
def test_a_proper_statement_is_accepted(case: Case) -> None:
    for signers in (case.signers, *case.others):
        world = case.world()
        size = world.directory.size
        statement = statement_of(case, world, signers)
        world.append(statement)
        assert world.directory.size == size + 1
        for chain in case.chains:
            assert world.position(chain).number == case.world().position(chain).number + 1


@BY_NAME
def test_a_statement_without_one_of_its_signatures_is_refused(case: Case) -> None:
    for left_out in case.signers:
        signers = [s for s in case.signers if s is not left_out] or [STRANGER]
        world = case.world()
        rule_of(world, statement_of(case, world, signers))


@BY_NAME
def test_a_statement_by_somebody_else_is_refused(case: Case) -> None:
    for left_out in case.signers:
        world = case.world()
        rule_of(world, statement_of(case, world, [*(s for s in case.signers if s is not left_out), STRANGER]))


@BY_NAME
def test_a_signature_that_nobody_asked_for_is_refused(case: Case) -> None:
    world = case.world()
    assert rule_of(world, statement_of(case, world, [*case.signers, STRANGER])) == "signature_not_asked_for"


@BY_NAME
def test_a_signature_by_the_right_key_over_another_body_is_refused(case: Case) -> None:
    for wrong in case.signers:
        world = case.world()
        body = world.body(case.content, case.chains)
        signatures = [
            (s.kid, s.key.sign(tagged(Purpose.STATEMENT, body + b"\x00" if s is wrong else body))) for s in case.signers
        ]
        rule_of(world, sign_body(body, signatures))


@BY_NAME
def test_a_key_under_another_keys_id_is_refused(case: Case) -> None:
    world = case.world()
    body = world.body(case.content, case.chains)
    first, *rest = case.signers
    sig = tagged(Purpose.STATEMENT, body)
    signatures = [(first.kid, STRANGER.key.sign(sig)), *((s.kid, s.key.sign(sig)) for s in rest)]
    rule_of(world, sign_body(body, signatures))


@pytest.mark.parametrize("case", LATER, ids=lambda case: case.name)
def test_a_stale_position_is_refused(case: Case) -> None:
    for chain in case.chains:
        for change in (1, -1):
            world = case.world()
            right = world.position(chain)
            number = right.number + change
            if number < 0:
                continue
            previous = right.previous or b"\x01" * 32
            wrong = Position(chain, number, previous if number else b"")
            places = [wrong, *(world.position(c) for c in case.chains if c != chain)]
            refused = refusal(world, signed(make_body(ORIGIN, places, case.content), case.signers))
            assert refused.reason is Reason.STALE_POSITION
            assert refused.metadata == {"signer": chain, "number": str(right.number)}


@pytest.mark.parametrize("case", LATER, ids=lambda case: case.name)
def test_a_position_with_another_predecessor_is_refused(case: Case) -> None:
    world = case.world()
    places = [world.position(chain) for chain in case.chains]
    if places[0].number == 0:
        with pytest.raises(MalformedError):
            make_body(ORIGIN, [Position(case.chains[0], 0, bytes(32))], case.content)
        return
    places[0] = Position(places[0].signer, places[0].number, b"\x01" * 32)
    assert refusal(world, signed(make_body(ORIGIN, places, case.content), case.signers)).reason is Reason.STALE_POSITION


@BY_NAME
def test_the_positions_are_those_of_the_signers(case: Case) -> None:
    for chains in ((), ("police",), (*case.chains[:1], "exch")):
        if chains == case.chains:
            continue
        world = case.world()
        rule = rule_of(world, world.statement(case.content, chains, case.signers))
        assert rule in ("positions_of_the_signers", "key_of_the_agency", "agreement_of_theirs", "root_or_admin")


@pytest.mark.parametrize("case", LATER, ids=lambda case: case.name)
def test_a_statement_for_another_directory_is_refused(case: Case) -> None:
    world = case.world()
    statement = world.statement(case.content, case.chains, case.signers, origin="other.example/directory")
    assert refusal(world, statement).reason is Reason.WRONG_ORIGIN


@BY_NAME
def test_a_statement_is_accepted_once(case: Case) -> None:
    world = case.world()
    statement = statement_of(case, world, case.signers)
    world.append(statement)
    with pytest.raises(ComityError) as caught:
        world.append(statement)
    assert isinstance(caught.value, RefusedError)


def test_the_genesis_comes_first_and_only_once() -> None:
    case = CASE["agency_suspended"]
    assert rule_of(Builder(), Builder().statement(case.content, [HUB], case.signers)) == "genesis_first"
    world = case.world()
    assert rule_of(world, statement_of(CASE["hub_genesis"], world, CASE["hub_genesis"].signers)) == "genesis_once"


def test_time_never_decreases() -> None:
    case = CASE["duty_contact"]
    world = case.world()
    statement = statement_of(case, world, case.signers)
    last = world.directory.state.times[-1]
    world.time = last - 1
    assert rule_of(world, statement) == "time_never_decreases"
    world.append(statement, last)
    assert world.directory.state.times[-1] == last


@BY_NAME
def test_an_entry_that_is_malformed_changes_nothing(case: Case) -> None:
    world = case.world()
    before = world.directory.state.copy()
    entry = make_entry(world.time, statement_of(case, world, case.signers))
    for broken in (entry + b"\x00", entry[:-1], b"", make_entry(world.time, b""), make_entry(world.time, entry)):
        with pytest.raises(MalformedError):
            world.directory.apply(broken)
    assert world.directory.state == before
