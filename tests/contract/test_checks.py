"""Parties, keys, agreement and signatures of an envelope, against a directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from comity.checks import (
    DIRECTORY_MAX_AGE_MS,
    Signer,
    check_directory_age,
    check_parties,
    no_agreement,
    verify_signatures,
)
from comity.directory.statements import DAY_MS
from comity.envelope import Envelope, SignatureRole, parse_envelope
from comity.errors import MalformedError, Reason, RefusedError
from comity.header import Header
from comity.names import HUB
from comity.v1 import directory_pb2, envelope_pb2
from comity.workflow.actions import action_of
from comity.workflow.referral import REFERRAL
from comity.workflow.signers import check_signers
from comity.workflow.terms import AgencyKind, Family, Role, Verb

from tests.contract.builders import (
    AGENT,
    APPROVER,
    AUTHOR,
    HOLDER,
    NOW,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    THEIR_AUTHOR,
    THIRD,
    TWO_OPS,
    Builder,
    agreement,
    certificate,
    desk_key,
    desk_kid,
    fresh,
    revocation,
)
from tests.contract.builders import Signer as Somebody
from tests.contract.envelopes import header, wire

A, B = SignatureRole.AUTHOR, SignatureRole.APPROVER


@pytest.fixture
def world() -> Builder:
    return fresh()


def envelope_of(plain: Header, *signers: tuple[Somebody, SignatureRole]) -> Envelope:
    return parse_envelope(wire(plain, signers=signers or None))


def reason(world: Builder, plain: Header, *, opening: bool = True, signers: Sequence[Any] = ()) -> Reason | None:
    """Why an envelope is refused under a world as it stands; None where it is not."""
    envelope = envelope_of(plain, *signers)
    try:
        verify_signatures(envelope, check_parties(envelope, world.view, NOW, opening=opening))
    except RefusedError as error:
        return error.reason
    return None


def test_a_proper_envelope_passes_and_its_signers_are_known(world: Builder) -> None:
    envelope = envelope_of(header(world))
    signers = check_parties(envelope, world.view, NOW, opening=True)
    verify_signatures(envelope, signers)
    assert signers == (
        Signer(AUTHOR.owner, AUTHOR.kid, AUTHOR.public, frozenset({Role.ANALYST}), A),
        Signer(APPROVER.owner, APPROVER.kid, APPROVER.public, frozenset({Role.APPROVER}), B),
    )


# --- agreement


def test_absent_agreement_desk_and_agency_look_the_same(world: Builder) -> None:
    unknown = [
        replace(header(world, (THIRD,))),
        replace(header(world, ("police/none",))),
        replace(header(world, ("customs/desk",))),
        replace(header(world, (HOLDER,))),
    ]
    errors = []
    for plain in unknown:
        with pytest.raises(RefusedError) as caught:
            check_parties(envelope_of(plain), world.view, NOW, opening=True)
        errors.append((caught.value.reason, str(caught.value), caught.value.metadata))
    expected = no_agreement()
    assert errors == [(Reason.NO_AGREEMENT, str(expected), {})] * 4


def test_a_suspended_recipient_looks_absent_and_a_suspended_sender_may_not_send(world: Builder) -> None:
    plain = header(world)
    for suspended, expected in (("police", Reason.NO_AGREEMENT), ("sfc", Reason.FAMILY_NOT_OFFERED)):
        other = world.clone()
        other.add(directory_pb2.AgencySuspended(agency=suspended), [HUB], TWO_OPS)
        assert reason(other, plain) is expected
        other.add(directory_pb2.AgencyResumed(agency=suspended), [HUB], TWO_OPS)
        assert reason(other, plain) is None


def test_an_agreement_is_of_a_family(world: Builder) -> None:
    assert reason(world, header(world, family=Family.ASSISTANCE, verb=Verb.REQUEST)) is Reason.NO_AGREEMENT
    assert reason(world, header(world, family=Family.FREEZE, verb=Verb.REQUEST)) is None


def test_an_ended_agreement_is_none(world: Builder) -> None:
    plain = header(world)
    world.by_root("police", directory_pb2.AgreementEnded(id=agreement("police", "sfc").id))
    assert reason(world, plain) is Reason.NO_AGREEMENT


def test_the_direction_of_an_agreement_matters_for_opening_only(world: Builder) -> None:
    world.by_root("police", directory_pb2.AgreementEnded(id=agreement("police", "sfc").id))
    one_way = agreement("police", "sfc", (Family.REFERRAL,), id=bytes(16), direction=2)
    world.agree(one_way)
    plain = header(world)
    assert reason(world, plain) is Reason.NO_AGREEMENT
    assert reason(world, plain, opening=False) is None
    assert reason(world, header(world, family=Family.FREEZE), opening=False) is Reason.NO_AGREEMENT


def test_who_may_open_under_a_one_way_agreement_may_also_answer(world: Builder) -> None:
    world.by_root("police", directory_pb2.AgreementEnded(id=agreement("police", "sfc").id))
    world.agree(agreement("police", "sfc", (Family.REFERRAL,), id=bytes(16), direction=3))
    for opening in (True, False):
        assert reason(world, header(world), opening=opening) is None


def test_desks_of_one_agency_need_no_agreement(world: Builder) -> None:
    world.by_root("sfc", desk_key(OTHER_DESK))
    assert reason(world, header(world, (OTHER_DESK,))) is None


def test_every_counterpart_needs_an_agreement(world: Builder) -> None:
    assert reason(world, header(world, (THIRD, RECIPIENT))) is Reason.NO_AGREEMENT
    world.agree(agreement("icac", "sfc"))
    assert reason(world, header(world, (THIRD, RECIPIENT))) is None


def test_a_holder_opens_nothing_and_answers_a_freeze(world: Builder) -> None:
    member = Somebody("exch/m-author00")
    world.by_root("exch", certificate(member.owner, [Role.ANALYST], [HOLDER]))
    answer = header(
        world, (SENDER,), sender=HOLDER, author=member.kid, family=Family.FREEZE, verb=Verb.REPORT_EXECUTION
    )
    signers = [(member, A)]
    assert reason(world, answer, opening=False, signers=signers) is None
    assert reason(world, answer, opening=True, signers=signers) is Reason.FAMILY_NOT_OFFERED
    referral = replace(answer, family=Family.REFERRAL, verb=Verb.ACKNOWLEDGE)
    assert reason(world, referral, opening=False, signers=signers) is Reason.FAMILY_NOT_OFFERED


# --- desk keys


def test_G_06_a_desk_key_that_is_not_the_current_one_is_stale(
    world: Builder,
) -> None:
    plain = header(world)
    for desk in (RECIPIENT, SENDER):
        other = world.clone()
        other.by_root(desk.split("/")[0], desk_key(desk, 2, valid_from=NOW))
        with pytest.raises(RefusedError) as caught:
            check_parties(envelope_of(plain), other.view, NOW, opening=True)
        assert caught.value.reason is Reason.DESK_KEY_STALE
        assert caught.value.metadata == {"desk": desk, "directory_size": str(other.directory.size)}
        check_parties(envelope_of(plain), other.view, NOW - 1, opening=True)


def test_a_desk_without_a_key_is_absent_but_the_senders_own_is_stale(world: Builder) -> None:
    plain = header(world)
    for desk, expected in ((RECIPIENT, Reason.NO_AGREEMENT), (SENDER, Reason.DESK_KEY_STALE)):
        other = world.clone()
        other.by_root(desk.split("/")[0], revocation(desk_kid(desk)))
        assert reason(other, plain) is expected


# --- signers


def test_C_05_nobody_else_signs_in_the_authors_place(world: Builder) -> None:
    """Another member re-signs the author's header and seal: under its own key id, and under the author's."""
    plain = header(world)
    genuine = wire(plain, signers=[(AUTHOR, A)])
    for other in (THEIR_AUTHOR, APPROVER, AGENT):
        stolen = envelope_pb2.Envelope()
        stolen.CopyFrom(genuine)
        stolen.signatures[0].sig = wire(plain, seal_of(genuine), [(other, A)]).signatures[0].sig
        envelope = parse_envelope(stolen)
        with pytest.raises(RefusedError) as caught:
            verify_signatures(envelope, check_parties(envelope, world.view, NOW, opening=True))
        assert caught.value.reason is Reason.BAD_SIGNATURE
        stolen.signatures[0].kid = other.kid
        with pytest.raises(MalformedError) as malformed:
            parse_envelope(stolen)
        assert malformed.value.reason is Reason.BAD_SIGNATURE


def seal_of(m: envelope_pb2.Envelope) -> Any:
    """The sealed parts of an envelope, to be signed anew."""

    class Parts:
        seal, ciphertext, wraps = m.seal, m.ciphertext, tuple(w.data for w in m.wraps)

    return Parts


@pytest.mark.parametrize("role", [A, B])
def test_a_member_of_another_agency_or_desk_signs_nothing(world: Builder, role: SignatureRole) -> None:
    elsewhere = Somebody("sfc/m-elsewher")
    world.by_root("sfc", certificate(elsewhere.owner, [Role.ANALYST, Role.APPROVER], [OTHER_DESK]))
    for other in (THEIR_AUTHOR, elsewhere, Somebody("sfc/m-unknown0")):
        signers = [(other, A)] if role is A else [(AUTHOR, A), (other, B)]
        plain = header(world, author=signers[0][0].kid)
        assert reason(world, plain, signers=signers) is Reason.BAD_SIGNATURE


def test_C_10_an_approval_of_one_envelope_is_worth_nothing_on_another(world: Builder) -> None:
    first, second = wire(header(world)), wire(header(world, case_id=bytes(16)))
    second.signatures[1].CopyFrom(first.signatures[1])
    again = wire(header(world))
    again.signatures[1].CopyFrom(first.signatures[1])  # the same header, sealed anew
    as_author = wire(header(world))
    as_author.signatures[1].sig = as_author.signatures[0].sig
    for m in (second, again, as_author):
        envelope = parse_envelope(m)
        with pytest.raises(RefusedError) as caught:
            verify_signatures(envelope, check_parties(envelope, world.view, NOW, opening=True))
        assert caught.value.reason is Reason.BAD_SIGNATURE


def second_person(world: Builder, *signers: tuple[Somebody, SignatureRole]) -> None:
    """Runs the check for two people on an envelope, with roles as the directory has them."""
    envelope = envelope_of(header(world, author=signers[0][0].kid), *signers)
    known = check_parties(envelope, world.view, NOW, opening=True)
    verify_signatures(envelope, known)
    action = action_of(
        envelope.header,
        envelope.message_hash,
        known,
        counterpart=RECIPIENT,
        sender_kind=AgencyKind.AUTHORITY,
        counterpart_kind=AgencyKind.AUTHORITY,
        about_facts=None,
    )
    rule = REFERRAL.opening(Verb.REFER)
    assert rule is not None
    check_signers(rule, action)


def test_C_11_author_and_approver_are_two_people_with_one_live_key_each(world: Builder) -> None:
    both = Somebody("sfc/m-bothbths")
    world.by_root("sfc", certificate(both.owner, [Role.ANALYST, Role.APPROVER], [SENDER]))
    second_person(world, (AUTHOR, A), (both, B))
    with pytest.raises(RefusedError) as caught:
        second_person(world, (both, A), (both, B))
    assert caught.value.reason is Reason.SECOND_PERSON_MISSING
    # A second key of the same member takes the first one's place, so the two cannot sign together.
    second = Somebody(both.owner, label="second key")
    again = certificate(both.owner, [Role.ANALYST, Role.APPROVER], [SENDER], sign_key=second.public)
    world.by_root("sfc", again)
    for pair in (((both, A), (second, B)), ((second, A), (both, B))):
        with pytest.raises(RefusedError) as caught:
            second_person(world, *pair)
        assert caught.value.reason is Reason.BAD_SIGNATURE


def test_C_12_the_approvers_role_is_that_of_the_directory_size_that_counts(world: Builder) -> None:
    second_person(world, (AUTHOR, A), (APPROVER, B))
    with pytest.raises(RefusedError) as caught:
        second_person(world, (APPROVER, A), (AUTHOR, B))
    assert caught.value.reason is Reason.WRONG_ROLE
    before = world.directory.size
    world.by_root("sfc", certificate(APPROVER.owner, [Role.ANALYST], [SENDER]))
    envelope = envelope_of(header(world))
    roles = [
        check_parties(envelope, world.directory.view(size), NOW, opening=True)[1].roles
        for size in (before, world.directory.size)
    ]
    assert roles == [{Role.APPROVER}, {Role.ANALYST}]
    with pytest.raises(RefusedError) as caught:
        second_person(world, (AUTHOR, A), (APPROVER, B))
    assert caught.value.reason is Reason.WRONG_ROLE


def test_K_07_mail_of_a_stolen_key_is_refused_from_the_size_of_the_revocation_however_it_is_dated(
    world: Builder,
) -> None:
    before = world.directory.size
    backdated = envelope_of(header(world, created=NOW - DAY_MS))
    world.by_root("sfc", revocation(AUTHOR.kid))
    check_parties(backdated, world.directory.view(before), NOW, opening=True)
    with pytest.raises(RefusedError) as caught:
        check_parties(backdated, world.view, NOW, opening=True)
    assert caught.value.reason is Reason.BAD_SIGNATURE


# --- freshness of the directory


def test_a_header_is_sealed_under_this_directory_not_too_long_ago(world: Builder) -> None:
    plain = header(world)
    view = world.directory.view
    check_directory_age(plain, view(), NOW, 0)
    world.time = NOW // 1000
    world.by_root("sfc", certificate("sfc/m-new00000", [Role.ANALYST], [SENDER]))
    superseded = world.time * 1000
    check_directory_age(plain, view(), superseded + DIRECTORY_MAX_AGE_MS, DIRECTORY_MAX_AGE_MS)
    for stale, moment in (
        (plain, superseded + DIRECTORY_MAX_AGE_MS + 1),
        (replace(plain, directory_root=bytes(32)), NOW),
        (replace(plain, directory_size=plain.directory_size - 1), NOW),
        (replace(plain, directory_size=world.directory.size + 1), NOW),
        (replace(plain, directory_size=0), NOW),
    ):
        with pytest.raises(RefusedError) as caught:
            check_directory_age(stale, view(), moment, DIRECTORY_MAX_AGE_MS)
        assert caught.value.reason is Reason.DIRECTORY_STALE
        assert caught.value.metadata == {"directory_size": str(world.directory.size)}
