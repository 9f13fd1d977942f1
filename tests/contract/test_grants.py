"""Grants: what a FORWARD must carry, who must have signed it, and every way in which it is another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from comity.directory.statements import DAY_MS
from comity.encoding import serialise
from comity.envelope import SignatureRole, parse_envelope
from comity.errors import MalformedError, Reason, RefusedError
from comity.grants import check_granted, check_grantors, check_original, leg_made_by, recallable, verify_granted
from comity.header import Header, Recipient, encode_grant, encode_header, parse_granted, parse_header
from comity.keys import SigningKey
from comity.v1 import envelope_pb2 as pb
from comity.workflow.families import TABLES
from comity.workflow.legs import Leg
from comity.workflow.onward import PROVISIONAL
from comity.workflow.terms import Family, Role, Standing, State, Verb

from tests.contract.builders import (
    AGENT,
    APPROVER,
    AUTHOR,
    NOW,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    THEIR_AUTHOR,
    THIRD,
    Builder,
    Signer,
    certificate,
    desk_kid,
    fresh,
    revocation,
    secret,
)
from tests.contract.consents import ORIGINAL, SEAL, TERMS, TWO, consent, forwarding, given, hash_of
from tests.contract.envelopes import header, wire

WORLD = fresh()
GIVEN = given(WORLD)
FORWARD = forwarding(WORLD)


def refused(step: Callable[[], Any]) -> Reason:
    with pytest.raises(RefusedError) as caught:
        step()
    return caught.value.reason


# --- in headers


def test_a_grant_is_read_as_it_was_made() -> None:
    for plain in (consent(WORLD), FORWARD):
        data = encode_header(plain)
        assert parse_header(data) == plain
        assert encode_header(parse_header(data)) == data
    assert (consent(WORLD).granted, FORWARD.grant) == (None, None)
    assert FORWARD.granted is not None
    assert FORWARD.granted.message_hash == hash_of(FORWARD.granted)
    assert FORWARD.granted.header == consent(WORLD)


@pytest.mark.parametrize(
    "terms",
    [
        {"id": bytes(15)},
        {"origin": "hub.example/other"},
        {"origin": "hub"},
        {"original_hash": bytes(31)},
        {"holder": "police"},
        {"holder": OTHER_DESK},
        {"new_desk": "icac"},
        {"new_desk": RECIPIENT},
        {"new_desk": SENDER},
        {"expires": 0},
        {"expires": NOW},
    ],
)
def test_a_grant_out_of_form_is_neither_given_nor_read(terms: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        encode_header(consent(WORLD, grant=replace(TERMS, **terms)))


def test_a_grant_goes_to_the_holder_alone_and_the_originator_may_keep_a_copy() -> None:
    assert encode_header(header(WORLD, (RECIPIENT,), verb=Verb.GRANT_ONWARD, grant=TERMS))
    both = tuple(Recipient(desk, desk_kid(desk)) for desk in (THIRD, RECIPIENT))
    with pytest.raises(MalformedError):
        encode_header(consent(WORLD, recipients=both))


def changed(data: bytes, change: Callable[[pb.Header], None]) -> bytes:
    m = pb.Header.FromString(data)
    change(m)
    return serialise(m)


def uses(number: int) -> Callable[[pb.Header], None]:
    def change(m: pb.Header) -> None:
        terms = encode_grant(TERMS)
        terms.uses = number
        m.grant.terms = serialise(terms)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.ClearField("grant"),
        lambda m: m.grant.ClearField("terms"),
        lambda m: setattr(m.grant, "terms", m.grant.terms + b"\x00"),
        lambda m: setattr(m.grant, "header", b"x"),
        lambda m: setattr(m.grant, "seal", b"x"),
        lambda m: m.grant.signatures.add(),
        lambda m: setattr(m, "verb", int(Verb.REFUSE_ONWARD)),
        lambda m: setattr(m, "verb", int(Verb.FORWARD)),
        uses(0),
        uses(2),
    ],
)
def test_a_grant_is_given_by_its_terms_alone(change: Callable[[pb.Header], None]) -> None:
    with pytest.raises(MalformedError):
        parse_header(changed(encode_header(consent(WORLD)), change))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.ClearField("grant"),
        lambda m: setattr(m.grant, "terms", serialise(encode_grant(TERMS))),
        lambda m: m.grant.ClearField("header"),
        lambda m: m.grant.ClearField("seal"),
        lambda m: setattr(m.grant, "seal", bytes((16 << 10) + 1)),
        lambda m: setattr(m.grant, "header", encode_header(header(WORLD))),
        lambda m: setattr(m.grant, "header", encode_header(FORWARD)),
        lambda m: m.grant.ClearField("signatures"),
        lambda m: m.grant.signatures.pop(),
        lambda m: m.grant.signatures.reverse(),
        lambda m: setattr(m.grant.signatures[1], "sig", bytes(63)),
        lambda m: setattr(m.grant.signatures[1], "role", 3),
        lambda m: setattr(m.grant.signatures[0], "kid", APPROVER.kid),
        lambda m: setattr(m.grant.signatures[1], "kid", AUTHOR.kid),
        lambda m: setattr(m, "case_id", consent(WORLD).case_id),
        lambda m: setattr(m, "verb", int(Verb.REFER)),
    ],
)
def test_a_grant_is_used_by_what_two_people_signed(change: Callable[[pb.Header], None]) -> None:
    with pytest.raises(MalformedError):
        parse_header(changed(encode_header(FORWARD), change))


def test_headers_that_hold_one_another_are_not_read_to_the_end() -> None:
    data = encode_header(FORWARD)
    for _ in range(60):
        data = changed(encode_header(FORWARD), lambda m, inner=data: setattr(m.grant, "header", inner))  # type: ignore[misc] # bound at once
    with pytest.raises(MalformedError, match="no grant"):
        parse_header(data)


def test_a_provisional_hold_has_a_copy_for_those_who_confirm_it() -> None:
    hold: dict[str, Any] = {"family": Family.FREEZE, "verb": Verb.REQUEST_PROVISIONAL}
    assert encode_header(header(WORLD, **hold))
    with pytest.raises(MalformedError, match="copy"):
        encode_header(header(WORLD, (RECIPIENT,), **hold))


# --- whether it is for this forwarding


def test_a_grant_covers_its_holder_its_desk_and_its_time() -> None:
    assert check_granted(FORWARD, TERMS.expires) == TERMS


def test_a_grant_may_cover_a_desk_of_the_holders_own_agency() -> None:
    inside = replace(TERMS, new_desk="police/other")
    plain = replace(
        FORWARD,
        granted=given(WORLD, grant=inside),
        recipients=(Recipient("police/cctb", bytes(32)), Recipient("police/other", bytes(32))),
    )
    assert check_granted(plain, NOW) == inside


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "hub.example/other"},
        {"family": Family.FREEZE},
        {"sender": SENDER},
        {"sender": "police/other"},
        {"recipients": (Recipient(SENDER, bytes(32)),)},
        {"recipients": (Recipient(THIRD, bytes(32)), Recipient(SENDER, bytes(32)))},
        {"granted": None},
    ],
)
def test_G_07_a_forwarding_without_a_grant_for_it_is_refused(changes: dict[str, Any]) -> None:
    assert refused(lambda: check_granted(replace(FORWARD, **changes), NOW)) is Reason.NO_GRANT


def test_G_07_a_grant_that_expired_covers_nothing() -> None:
    assert refused(lambda: check_granted(FORWARD, TERMS.expires + 1)) is Reason.NO_GRANT


def test_G_07_a_header_that_grants_nothing_is_no_grant() -> None:
    assert FORWARD.granted is not None
    empty = replace(FORWARD, granted=replace(FORWARD.granted, header=header(WORLD)))
    assert refused(lambda: check_granted(empty, NOW)) is Reason.NO_GRANT
    assert refused(lambda: leg_made_by(empty, bytes(32))) is Reason.NO_GRANT
    assert refused(lambda: leg_made_by(replace(FORWARD, granted=None), bytes(32))) is Reason.NO_GRANT


THE_ORIGINAL: dict[str, Any] = {
    "message_hash": ORIGINAL,
    "sender": SENDER,
    "counterparts": (THIRD, RECIPIENT),
    "family": Family.REFERRAL,
    "case_id": consent(WORLD).case_id,
    "verb": Verb.REFER,
}


def test_what_was_granted_is_an_envelope_of_the_originator_to_the_holder() -> None:
    check_original(GIVEN, **THE_ORIGINAL)
    check_original(GIVEN, **(THE_ORIGINAL | {"verb": Verb.SUPPLY}))


@pytest.mark.parametrize(
    "changes",
    [
        {"message_hash": secret("another")},
        {"sender": OTHER_DESK},
        {"counterparts": (THIRD,)},
        {"family": Family.FREEZE},
        {"case_id": bytes(16)},
        {"verb": Verb.FORWARD},
        {"verb": Verb.REQUEST_PROVISIONAL},
        {"verb": Verb.ORAL_NOTICE},
    ],
)
def test_G_08_a_grant_for_one_envelope_covers_no_other(changes: dict[str, Any]) -> None:
    assert refused(lambda: check_original(GIVEN, **(THE_ORIGINAL | changes))) is Reason.NO_GRANT
    nothing = replace(GIVEN, header=header(WORLD))
    assert refused(lambda: check_original(nothing, **THE_ORIGINAL)) is Reason.NO_GRANT


def test_what_opens_a_leg_by_one_persons_word_is_what_nobody_passes_on() -> None:
    rules = [rule for table in TABLES.values() for rule in table.rules]
    assert {rule.verb for rule in rules if rule.to_standing is Standing.PROVISIONAL} == PROVISIONAL


def test_a_used_grant_makes_a_leg_for_the_recall_of_the_original() -> None:
    assert leg_made_by(FORWARD, secret("forward")) == Leg(
        originator=SENDER,
        case_id=consent(WORLD).case_id,
        recipient=THIRD,
        family=Family.REFERRAL,
        state=State.FORWARDED,
        revision=1,
        opening=ORIGINAL,
        previous=ORIGINAL,
        opened=NOW,
        deliver_by=NOW + DAY_MS,
        onward=secret("forward"),
    )


# --- who signed it


def test_two_people_of_the_originator_stand_behind_a_grant() -> None:
    assert [(s.member, s.role) for s in check_grantors(GIVEN, WORLD.view, NOW)] == [
        (AUTHOR.owner, SignatureRole.AUTHOR),
        (APPROVER.owner, SignatureRole.APPROVER),
    ]
    verify_granted(GIVEN, WORLD.view.sign_key)


@pytest.mark.parametrize("index", [0, 1])
def test_a_grant_whose_signature_is_over_something_else_is_refused(index: int) -> None:
    other = given(WORLD, seal=b"another seal").signatures[index]
    pair = list(GIVEN.signatures)
    pair[index] = other
    stolen = replace(GIVEN, signatures=tuple(pair))
    assert refused(lambda: verify_granted(stolen, WORLD.view.sign_key)) is Reason.BAD_SIGNATURE
    assert refused(lambda: check_grantors(stolen, WORLD.view, NOW)) is Reason.BAD_SIGNATURE


def test_a_grant_by_a_key_that_nobody_ever_had_is_refused() -> None:
    assert refused(lambda: verify_granted(GIVEN, lambda _: None)) is Reason.BAD_SIGNATURE
    own = SigningKey.from_seed(bytes(32)).public
    assert refused(lambda: verify_granted(GIVEN, lambda _: own)) is Reason.BAD_SIGNATURE


def signed_by(second: Signer, world: Builder = WORLD) -> Callable[[], Any]:
    pair = (TWO[0], (second, SignatureRole.APPROVER))
    return lambda: check_grantors(given(world, pair), world.view, NOW)


def test_G_07_a_grant_that_the_holder_made_itself_is_refused() -> None:
    forged = (
        (THEIR_AUTHOR, SignatureRole.AUTHOR),
        (Signer("police/m-x0000000"), SignatureRole.APPROVER),
    )
    granted = given(WORLD, forged, author=THEIR_AUTHOR.kid)
    assert refused(lambda: check_grantors(granted, WORLD.view, NOW)) is Reason.BAD_SIGNATURE
    assert refused(signed_by(THEIR_AUTHOR)) is Reason.BAD_SIGNATURE


def test_C_12_a_grant_by_one_who_may_not_grant_or_approve_it_is_refused() -> None:
    assert refused(signed_by(AGENT)) is Reason.WRONG_ROLE
    machine = ((AGENT, SignatureRole.AUTHOR), (APPROVER, SignatureRole.APPROVER))
    assert (
        refused(lambda: check_grantors(given(WORLD, machine, author=AGENT.kid), WORLD.view, NOW)) is Reason.WRONG_ROLE
    )


def test_C_11_one_person_with_two_keys_grants_nothing() -> None:
    world = fresh()
    both = [Role.ANALYST, Role.APPROVER]
    world.by_root("sfc", certificate("sfc/m-both0000", both, [SENDER]))
    first = Signer("sfc/m-both0000")
    before = world.view
    second = Signer("sfc/m-both0000", label="renewed")
    world.by_root("sfc", certificate("sfc/m-both0000", both, [SENDER], sign_key=second.public))
    pair = ((first, SignatureRole.AUTHOR), (second, SignatureRole.APPROVER))
    granted = given(world, pair, author=first.kid)
    for view in (before, world.view):  # one live signing key a member: at no moment do both count
        assert refused(lambda view=view: check_grantors(granted, view, NOW)) is Reason.BAD_SIGNATURE  # type: ignore[misc]


def test_K_07_a_grant_by_a_revoked_key_is_refused() -> None:
    world = fresh()
    granted, before = given(world), world.view
    world.by_root("sfc", revocation(APPROVER.kid))
    check_grantors(granted, before, NOW)
    assert refused(lambda: check_grantors(granted, world.view, NOW)) is Reason.BAD_SIGNATURE


def test_C_10_the_signatures_of_a_forwarding_are_no_grants_and_the_other_way_round() -> None:
    plain = consent(WORLD)
    m = wire(plain)
    other = parse_envelope(m)
    lifted = parse_granted(m.header, m.seal, [(s.kid, int(s.role), s.sig) for s in other.signatures])
    check_grantors(lifted, WORLD.view, NOW)
    elsewhere = replace(lifted, seal_bytes=SEAL)
    assert refused(lambda: check_grantors(elsewhere, WORLD.view, NOW)) is Reason.BAD_SIGNATURE
    another = encode_header(consent(WORLD, grant=replace(TERMS, new_desk="icac/other")))
    assert (
        refused(lambda: check_grantors(replace(lifted, header_bytes=another), WORLD.view, NOW)) is Reason.BAD_SIGNATURE
    )


def test_a_header_without_a_grant_says_none() -> None:
    plain: Header = header(WORLD)
    assert (plain.grant, plain.granted) == (None, None)


def test_what_is_passed_on_goes_where_a_recall_of_its_originators_runs() -> None:
    made = leg_made_by(FORWARD, secret("forward"))
    own = replace(made, onward=b"", state=State.CLOSED)
    assert (recallable(made, None), recallable(made, made), recallable(made, own)) == (True, True, True)
    reverse = replace(own, originator=made.recipient, recipient=made.originator)
    for there in (reverse, replace(own, family=Family.FREEZE)):
        assert not recallable(made, there)
