"""Form of directory entries and statements: what a parser accepts, whoever signed it."""

from __future__ import annotations

from typing import Any

import pytest
from comity.checkpoint import verifier_key
from comity.directory.statements import (
    DAY_MS,
    MAX_ENTRY_BYTES,
    Content,
    Position,
    make_body,
    make_entry,
    parse_body,
    parse_entry,
    parse_statement,
    sign_body,
)
from comity.encoding import Purpose, digest, serialise, tagged
from comity.errors import MalformedError, Reason
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Family, Role
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.builders import (
    AUTHOR,
    OPS,
    ORIGIN,
    SENDER,
    T0,
    admission,
    agreement,
    certificate,
    delegation,
    desk_key,
    fresh,
    genesis,
    operator_key,
    revocation,
    root,
    signed,
    transport,
)
from tests.contract.directory_cases import CASES, WITNESS

ROOT = root("sfc")
LAST = 253_402_128_000_000
CONTACT: dict[str, Any] = {"desk": SENDER, "telephone": "+85212345678", "hours": "24/7", "languages": ["en"]}
ENTRY = make_entry(T0, signed(make_body(ORIGIN, [Position("sfc", 0, b"")], transport(SENDER)), [ROOT]))
LOW_ORDER = bytes(32)


def body_of(content: Content) -> bytes:
    return make_body(ORIGIN, [Position("sfc", 0, b"")], content)


def reason(data: bytes) -> Reason:
    with pytest.raises(MalformedError) as caught:
        parse_body(data)
    return caught.value.reason


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_body_is_read_as_it_was_made(case: Any) -> None:
    positions = tuple(Position(chain, 1, b"p" * 32) for chain in case.chains)
    data = make_body(ORIGIN, positions[::-1], case.content)
    assert parse_body(data) == (ORIGIN, positions, case.name, case.content)


def test_a_statement_carries_what_was_signed_and_by_whom() -> None:
    data = body_of(transport(SENDER))
    statement = parse_statement(signed(data, [ROOT, OPS[0]]))
    assert statement.body == data
    assert statement.digest == digest(Purpose.STATEMENT, data)
    assert [k for k, _ in statement.signatures] == sorted([ROOT.kid, OPS[0].kid])
    assert statement.signed_by(ROOT.kid, ROOT.public)
    assert not statement.signed_by(ROOT.kid, OPS[0].public)
    assert not statement.signed_by(OPS[0].kid, ROOT.public)
    assert not statement.signed_by(AUTHOR.kid, AUTHOR.public)


BAD: list[Content] = [
    genesis(exchange_origin="hub"),
    genesis(log_key=LOW_ORDER),
    genesis(head_key=b"x"),
    genesis(operators=[operator_key("op-one"), operator_key("op-two")]),
    genesis(operators=[operator_key("op-one"), operator_key("op-two"), operator_key("op-two")]),
    genesis(operators=[operator_key(o) for o in ("op-one", "op-two", "op-three", "op-three")]),
    genesis(operators=[operator_key("op-one"), operator_key("op-two"), operator_key("Op", "x")]),
    genesis(operators=[operator_key("op-one"), operator_key("op-two"), pb.OperatorKey(operator="op-x")]),
    genesis(
        operators=[
            operator_key("op-one"),
            operator_key("op-two"),
            pb.OperatorKey(operator="op-x", sign_key=OPS[2].public, tls_spki_sha256=b"short"),
        ]
    ),
    genesis(
        operators=[
            operator_key("op-one"),
            operator_key("op-two"),
            pb.OperatorKey(operator="op-x", sign_key=LOW_ORDER, tls_spki_sha256=bytes(32)),
        ]
    ),
    genesis(tls_ca=b""),
    genesis(tls_ca=bytes(4097)),
    genesis(created=0),
    genesis(created=LAST + 1),
    admission("hub", root_key=ROOT.public),
    admission("customs", kind=0),
    admission("customs", kind=4),
    admission("customs", name_en=""),
    admission("customs", name_en="a\u202eb"),
    admission("customs", name_en="n" * 201),
    admission("customs", name_zh="\ue000"),
    admission("customs", jurisdiction="hk"),
    admission("customs", root_key=LOW_ORDER),
    certificate("sfc/author", [Role.ANALYST], [SENDER]),
    certificate(AUTHOR.owner, [Role.ANALYST], []),
    certificate(AUTHOR.owner, [Role.ANALYST], [], desks=["sfc/b0", "sfc/a0"]),
    certificate(AUTHOR.owner, [Role.ANALYST], [], desks=[SENDER, SENDER]),
    certificate(AUTHOR.owner, [Role.ANALYST], [], desks=[f"sfc/desk-{i:02}" for i in range(33)]),
    certificate(AUTHOR.owner, [Role.ANALYST], ["police/cctb"]),
    certificate(AUTHOR.owner, [Role.ANALYST], ["sfc"]),
    certificate(AUTHOR.owner, [], [SENDER]),
    certificate(AUTHOR.owner, [], [SENDER], roles=[2, 1]),
    certificate(AUTHOR.owner, [], [SENDER], roles=[1, 1]),
    certificate(AUTHOR.owner, [], [SENDER], roles=[0, 1]),
    certificate(AUTHOR.owner, [], [SENDER], roles=[1, 8]),
    certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], sign_key=LOW_ORDER),
    certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], wrap_key=bytes(1216)),
    certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_from=0),
    certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_until=T0 * 1000),
    certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_until=LAST + 1),
    desk_key("sfc", wrap_key=desk_key(SENDER).wrap_key),
    desk_key(SENDER, wrap_key=b"x"),
    desk_key(SENDER, epoch=0, valid_from=T0 * 1000),
    desk_key(SENDER, valid_until=T0 * 1000 + 35 * DAY_MS + 1),
    transport("sfc"),
    transport(SENDER, spki_sha256=b"short"),
    transport(SENDER, valid_until=T0 * 1000 + 400 * DAY_MS + 1),
    delegation("sfc", AUTHOR.kid),
    delegation(SENDER, b"short"),
    delegation(SENDER, AUTHOR.kid, valid_until=T0 * 1000 + 400 * DAY_MS + 1),
    pb.DutyContact(**CONTACT | {"desk": "sfc"}),
    pb.DutyContact(**CONTACT | {"telephone": "999"}),
    pb.DutyContact(**CONTACT | {"hours": ""}),
    pb.DutyContact(**CONTACT | {"hours": "day\nnight"}),
    pb.DutyContact(**CONTACT | {"languages": []}),
    pb.DutyContact(**CONTACT | {"languages": ["en"] * 17}),
    pb.DutyContact(**CONTACT | {"languages": ["english language"]}),
    revocation(b"short"),
    revocation(AUTHOR.kid, reason=0),
    revocation(AUTHOR.kid, reason=5),
    revocation(AUTHOR.kid, effective=0),
    revocation(AUTHOR.kid, effective=LAST + 1),
    revocation(AUTHOR.kid, suspect_from=-1),
    revocation(AUTHOR.kid, suspect_from=LAST + 1),
    agreement("police", "sfc", id=b"short"),
    agreement("sfc", "police"),
    agreement("sfc", "sfc"),
    agreement("hub", "sfc"),
    agreement("police", "sfc", []),
    agreement("police", "sfc", [Family.FREEZE, Family.REFERRAL]),
    agreement("police", "sfc", [Family.FREEZE, Family.FREEZE]),
    agreement("police", "sfc", families=[0, 1]),
    agreement("police", "sfc", families=[4, 5]),
    agreement("police", "sfc", direction=0),
    agreement("police", "sfc", direction=4),
    agreement("police", "sfc", legal_basis=""),
    agreement("police", "sfc", legal_basis="e\u0301"),
    agreement("police", "sfc", valid_until=0),
    agreement("police", "sfc", valid_until=LAST + 1),
    agreement("police", "sfc", profile_sha256=b""),
    pb.AgreementEnded(id=b"short"),
    pb.RootReplaced(agency="hub", new_root_key=ROOT.public),
    pb.RootReplaced(agency="sfc", new_root_key=LOW_ORDER),
    pb.OperatorReplaced(old_operator="O", new_operator=operator_key("op-new")),
    pb.OperatorReplaced(old_operator="op-one", new_operator=operator_key("O", "x")),
    pb.OperatorReplaced(old_operator="op-one"),
    pb.LogKeyReplaced(new_key=LOW_ORDER),
    pb.HeadKeyReplaced(),
    pb.AgencySuspended(agency="hub"),
    pb.AgencyResumed(),
    pb.WitnessListed(),
    pb.WitnessListed(verifier_key=verifier_key("w" * 300, WITNESS.public)),
    pb.WitnessListed(verifier_key=verifier_key("w\u202e", WITNESS.public)),
    pb.WitnessListed(verifier_key=verifier_key("w.example/w", WITNESS.public)[:-4]),
    pb.WitnessListed(verifier_key=verifier_key("w.example/w", LOW_ORDER)),
    pb.KeyDisputed(kid=b""),
]


@pytest.mark.parametrize("content", BAD, ids=lambda content: type(content).__name__)
def test_content_out_of_form_is_refused(content: Content) -> None:
    with pytest.raises(MalformedError):
        body_of(content)


@pytest.mark.parametrize("kind", [case.name for case in CASES])
def test_every_kind_is_refused_out_of_form_in_some_way(kind: str) -> None:
    type_name = getattr(pb.StatementBody(), kind).DESCRIPTOR.name
    assert type_name in {type(content).__name__ for content in BAD}


def test_a_validity_may_be_as_long_as_its_limit() -> None:
    body_of(desk_key(SENDER, valid_until=T0 * 1000 + 35 * DAY_MS))
    body_of(transport(SENDER, valid_until=T0 * 1000 + 400 * DAY_MS))
    body_of(certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_until=LAST))


def test_a_body_of_another_version_without_content_or_origin_is_refused() -> None:
    m = pb.StatementBody.FromString(body_of(transport(SENDER)))
    m.version = 2
    assert reason(serialise(m)) is Reason.UNSUPPORTED_VERSION
    m.version = 1
    m.origin = "nowhere"
    assert reason(serialise(m)) is Reason.MALFORMED
    with pytest.raises(MalformedError, match="says nothing"):
        body_of(pb.Position())
    with pytest.raises(MalformedError, match="says nothing"):
        parse_body(serialise(pb.StatementBody(version=1, origin=ORIGIN)))


@pytest.mark.parametrize(
    "positions",
    [
        [("police", 0, b""), ("icac", 0, b"")],
        [("police", 0, b""), ("police", 1, b"p" * 32)],
        [("exch", 0, b""), ("icac", 0, b""), ("police", 0, b"")],
        [("Police", 0, b"")],
        [("police", 1, b"")],
        [("police", 0, b"p" * 32)],
        [("police", 1, b"p" * 31)],
    ],
)
def test_positions_out_of_form_are_refused(positions: list[tuple[str, int, bytes]]) -> None:
    m = pb.StatementBody.FromString(body_of(transport(SENDER)))
    del m.positions[:]
    for signer, number, previous in positions:
        m.positions.add(signer=signer, number=number, previous=previous)
    assert reason(serialise(m)) is Reason.MALFORMED


def test_the_hub_has_a_position_too() -> None:
    data = make_body(ORIGIN, [Position(HUB, 3, b"p" * 32)], pb.AgencySuspended(agency="sfc"))
    assert parse_body(data)[1] == (Position(HUB, 3, b"p" * 32),)


def test_a_statement_has_one_to_four_signatures_in_strict_order_without_role() -> None:
    data = body_of(transport(SENDER))

    def refused(*signatures: pb.Statement) -> None:  # type: ignore[valid-type]
        with pytest.raises(MalformedError):
            parse_statement(serialise(pb.Statement(body=data, signatures=signatures)))  # type: ignore[arg-type]

    def sig(n: int, **changes: Any) -> Any:
        return pb.Statement().signatures.add(**{"kid": bytes([n]) * 32, "sig": bytes(64)} | changes)

    parse_statement(serialise(pb.Statement(body=data, signatures=[sig(n) for n in range(4)])))
    refused()
    refused(*(sig(n) for n in range(5)))
    refused(sig(2), sig(1))
    refused(sig(1), sig(1))
    refused(sig(1, kid=b"k" * 31))
    refused(sig(1, sig=b"s" * 65))
    refused(sig(1, role=1))


def test_an_entry_is_time_and_statement() -> None:
    time_seconds, statement = parse_entry(ENTRY)
    assert time_seconds == T0
    assert make_entry(time_seconds, statement) == ENTRY


@pytest.mark.parametrize("seconds", [0, LAST // 1000 + 1])
def test_an_entry_without_a_possible_time_is_refused(seconds: int) -> None:
    with pytest.raises(MalformedError, match="time"):
        parse_entry(make_entry(seconds, b"statement"))


def test_an_entry_of_another_version_or_too_large_is_refused() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_entry(serialise(pb.Entry(version=2, time_seconds=T0, statement=b"s")))
    assert caught.value.reason is Reason.UNSUPPORTED_VERSION
    with pytest.raises(MalformedError) as caught:
        parse_entry(make_entry(T0, bytes(MAX_ENTRY_BYTES)))
    assert caught.value.reason is Reason.TOO_LARGE


def test_every_entry_of_a_directory_is_what_its_statement_makes() -> None:
    for entry in fresh().entries:
        time_seconds, data = parse_entry(entry)
        statement = parse_statement(data)
        body = make_body(statement.origin, statement.positions, statement.content)
        assert make_entry(time_seconds, sign_body(body, statement.signatures)) == entry


@given(st.data())
def test_R_06_any_change_of_an_entry_is_malformed_or_an_entry_of_those_bytes(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ENTRY) - 1))
    piece = data.draw(st.binary(max_size=4))
    changed = data.draw(st.sampled_from([ENTRY[:place] + piece + ENTRY[place + len(piece) :], piece * 9]))
    try:
        time_seconds, inner = parse_entry(changed)
    except MalformedError:
        return
    assert make_entry(time_seconds, inner) == changed
    try:
        statement = parse_statement(inner)
    except MalformedError:
        return
    assert sign_body(statement.body, statement.signatures) == inner
    assert make_body(statement.origin, statement.positions, statement.content) == statement.body


def test_the_signed_bytes_of_a_statement_are_tagged() -> None:
    statement = parse_statement(parse_entry(ENTRY)[1])
    assert ROOT.key.sign(tagged(Purpose.STATEMENT, statement.body)) == statement.signatures[0][1]
