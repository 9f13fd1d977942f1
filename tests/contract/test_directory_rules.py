"""The own rules of every kind of directory statement; each test fails without its rule."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from comity.checkpoint import verifier_key
from comity.directory.statements import DAY_MS, Content
from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import Use, kid
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import AgencyKind, Family, Role

from tests.contract.builders import (
    ADMIN,
    AUTHOR,
    NOW,
    OPS,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    T0,
    THEIR_AUTHOR,
    TWO_OPS,
    Builder,
    Signer,
    admission,
    agreement,
    certificate,
    delegation,
    desk_key,
    desk_kid,
    fresh,
    genesis,
    operator,
    operator_key,
    revocation,
    root,
    signing_key,
    tls_hash,
    transport,
    wrap_key,
)

ROOT = root("sfc")
SECOND_ADMIN = Signer("sfc/m-admin111")


@pytest.fixture
def world() -> Builder:
    world = fresh()
    world.time = NOW // 1000
    return world


def rule(world: Builder, content: Content, chains: Sequence[str], signers: Sequence[Signer]) -> str:
    """The rule that refuses a statement."""
    with pytest.raises(RefusedError) as caught:
        world.add(content, chains, signers)
    assert caught.value.reason is Reason.STATEMENT_REFUSED
    assert caught.value.metadata["rule"] in str(caught.value)
    return caught.value.metadata["rule"]


def by_root(world: Builder, content: Content) -> str:
    return rule(world, content, ["sfc"], [ROOT])


# --- genesis


def test_the_two_logs_have_two_origins() -> None:
    same = genesis(exchange_origin="hub.example/directory")
    assert rule(Builder(), same, [HUB], OPS) == "two_logs_two_origins"


# --- agencies


def test_an_agency_is_admitted_once(world: Builder) -> None:
    again = admission("sfc", root_key=root("sfc", "other").public)
    assert rule(world, again, ["sfc"], [root("sfc", "other"), *TWO_OPS]) == "agency_admitted_once"


def test_an_unknown_agency_states_nothing(world: Builder) -> None:
    unknown = root("customs")
    member = certificate("customs/m-aaaaaaaa", [Role.ANALYST], ["customs/desk"])
    replaced = pb.RootReplaced(agency="customs", new_root_key=signing_key("new").public)
    assert rule(world, member, ["customs"], [unknown]) == "agency_unknown"
    assert rule(world, desk_key("customs/desk"), ["customs"], [unknown]) == "agency_unknown"
    assert rule(world, agreement("customs", "sfc"), ["customs", "sfc"], [unknown, ROOT]) == "agency_unknown"
    assert rule(world, replaced, ["customs"], [unknown]) == "agency_unknown"
    assert rule(world, pb.AgencySuspended(agency="customs"), [HUB], TWO_OPS) == "agency_unknown"


def test_an_agency_is_suspended_and_resumed_in_turn(world: Builder) -> None:
    stop, go = pb.AgencySuspended(agency="icac"), pb.AgencyResumed(agency="icac")
    assert rule(world, go, [HUB], TWO_OPS) == "already_so"
    world.add(stop, [HUB], TWO_OPS)
    assert rule(world, stop, [HUB], TWO_OPS) == "already_so"
    world.add(go, [HUB], TWO_OPS)
    assert rule(world, go, [HUB], TWO_OPS) == "already_so"


def test_a_replaced_root_states_nothing_more(world: Builder) -> None:
    new = root("sfc", "second")
    world.add(pb.RootReplaced(agency="sfc", new_root_key=new.public), ["sfc"], [ROOT, new])
    assert by_root(world, transport(SENDER, "another")) == "root_admin_or_delegate"
    world.add(transport(SENDER, "another"), ["sfc"], [new])


# --- members


def test_only_the_root_makes_an_admin(world: Builder) -> None:
    content = certificate(SECOND_ADMIN.owner, [Role.ADMIN], [SENDER])
    assert rule(world, content, ["sfc"], [ADMIN]) == "admins_by_the_root"
    assert rule(world, content, ["sfc"], [ROOT, ADMIN]) == "signature_not_asked_for"
    world.by_root("sfc", content)


def test_only_the_root_certifies_an_admin_anew(world: Builder) -> None:
    content = certificate(ADMIN.owner, [Role.ANALYST], [SENDER])
    assert rule(world, content, ["sfc"], [ADMIN]) == "admins_by_the_root"
    world.by_root("sfc", content)
    assert world.view.member(ADMIN.owner, NOW).roles == {Role.ANALYST}  # type: ignore[union-attr]


@pytest.mark.parametrize("ending", ["revoked", "disputed", "expired"])
def test_only_the_root_certifies_anew_who_was_an_admin_last(world: Builder, ending: str) -> None:
    until = NOW + 1 if ending == "expired" else NOW + DAY_MS
    world.by_root("sfc", certificate(SECOND_ADMIN.owner, [Role.ADMIN], [SENDER], valid_until=until))
    if ending == "revoked":
        world.by_root("sfc", revocation(SECOND_ADMIN.kid))
    if ending == "disputed":
        world.by_root("sfc", pb.KeyDisputed(kid=SECOND_ADMIN.kid))
    world.time += 10
    new = Signer(SECOND_ADMIN.owner, label="new key")
    content = certificate(
        SECOND_ADMIN.owner, [Role.ANALYST], [SENDER], sign_key=new.public, wrap_key=wrap_key("new").public
    )
    assert world.view.member(SECOND_ADMIN.owner, world.time * 1000) is None
    assert rule(world, content, ["sfc"], [ADMIN]) == "admins_by_the_root"
    world.by_root("sfc", content)


def test_a_renewal_of_the_same_keys_keeps_their_ids(world: Builder) -> None:
    renewed = certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_until=NOW + 2 * DAY_MS)
    world.add(renewed, ["sfc"], [ADMIN])
    record = world.view.member_key(AUTHOR.kid, NOW)
    assert record is not None
    assert record.valid_until == NOW + 2 * DAY_MS


def test_a_revoked_key_is_not_certified_again(world: Builder) -> None:
    content = certificate(AUTHOR.owner, [Role.ANALYST], [SENDER])
    for blocked in (AUTHOR.kid, kid(AUTHOR.owner, Use.WRAP, content.wrap_key)):
        other = world.clone()
        other.by_root("sfc", revocation(blocked))
        assert by_root(other, content) == "key_revoked"
    world.by_root("sfc", pb.KeyDisputed(kid=AUTHOR.kid))
    assert by_root(world, content) == "key_revoked"


# --- desks


def test_epochs_ascend_by_one(world: Builder) -> None:
    assert by_root(world, desk_key(SENDER, 3)) == "epochs_ascend_by_one"
    assert by_root(world, desk_key(SENDER, 1, wrap_key=wrap_key("x").public)) == "epochs_ascend_by_one"
    assert by_root(world, desk_key(OTHER_DESK, 2)) == "epochs_ascend_by_one"
    world.by_root("sfc", desk_key(OTHER_DESK, 1), desk_key(SENDER, 2))


def test_epochs_begin_in_order(world: Builder) -> None:
    first = world.view.desk_keys(SENDER)[0].valid_from
    assert by_root(world, desk_key(SENDER, 2, valid_from=first - 1)) == "epochs_begin_in_order"
    world.by_root("sfc", desk_key(SENDER, 2, valid_from=first))


def test_a_desk_key_that_is_over_is_not_published(world: Builder) -> None:
    world.time += 1
    content = desk_key(SENDER, 2, valid_from=T0 * 1000, valid_until=world.time * 1000)
    world.time -= 1
    assert by_root(world, content) == "validity_over"
    world.time -= 1
    content.valid_until += 1
    world.by_root("sfc", content)


def test_a_delegate_renews_the_keys_of_its_desk_and_nothing_else(world: Builder) -> None:
    content = desk_key(SENDER, 2)
    assert rule(world, content, ["sfc"], [AUTHOR]) == "root_admin_or_delegate"
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid, valid_from=NOW + 5_000, valid_until=NOW + 10_000))
    assert rule(world, content, ["sfc"], [AUTHOR]) == "root_admin_or_delegate"
    world.time = NOW // 1000 + 10
    late = world.clone()
    world.time = NOW // 1000 + 5
    world.add(content, ["sfc"], [AUTHOR])
    assert rule(late, content, ["sfc"], [AUTHOR]) == "root_admin_or_delegate"
    assert rule(world, desk_key(OTHER_DESK), ["sfc"], [AUTHOR]) == "root_admin_or_delegate"
    contact = pb.DutyContact(desk=SENDER, telephone="+85212345678", hours="24/7", languages=["en"])
    assert rule(world, contact, ["sfc"], [AUTHOR]) == "root_or_admin"


def test_a_delegate_works_at_the_desk(world: Builder) -> None:
    assert by_root(world, delegation(OTHER_DESK, AUTHOR.kid)) == "delegate_works_at_the_desk"
    assert by_root(world, delegation(SENDER, b"\x01" * 32)) == "delegate_works_at_the_desk"
    assert by_root(world, delegation(SENDER, THEIR_AUTHOR.kid)) == "delegate_works_at_the_desk"
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [OTHER_DESK]))
    assert rule(world, desk_key(SENDER, 2), ["sfc"], [AUTHOR]) == "root_admin_or_delegate"


def test_a_delegate_whose_key_is_revoked_renews_nothing(world: Builder) -> None:
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid), revocation(AUTHOR.kid))
    assert rule(world, desk_key(SENDER, 2), ["sfc"], [AUTHOR]) == "root_admin_or_delegate"
    assert by_root(world, delegation(SENDER, AUTHOR.kid)) == "delegate_works_at_the_desk"


def test_a_revoked_tls_key_is_not_registered_again(world: Builder) -> None:
    world.by_root("sfc", transport(SENDER))
    world.by_root("sfc", revocation(kid(SENDER, Use.TLS, tls_hash(SENDER))))
    assert by_root(world, transport(SENDER)) == "key_revoked"


# --- revocations and disputes


@pytest.mark.parametrize("make", [revocation, lambda key_id: pb.KeyDisputed(kid=key_id)], ids=["revoked", "disputed"])
def test_an_agency_ends_its_own_keys_only_and_not_its_root(world: Builder, make: object) -> None:
    for key_id in (ROOT.kid, THEIR_AUTHOR.kid, b"\x01" * 32, OPS[0].kid, desk_kid(RECIPIENT)):
        assert by_root(world, make(key_id)) == "key_of_the_agency"  # type: ignore[operator]
    # The hub's keys bear the hub's name, which is no agency's.
    assert rule(world, make(OPS[0].kid), [HUB], TWO_OPS) == "agency_unknown"  # type: ignore[operator]
    for key_id in (AUTHOR.kid, desk_kid(SENDER), kid(SENDER, Use.TLS, tls_hash(SENDER))):
        world.add(make(key_id), ["sfc"], [ADMIN])  # type: ignore[operator]
        assert world.view.blocked(key_id)


def test_a_key_is_revoked_and_disputed_once(world: Builder) -> None:
    world.by_root("sfc", revocation(AUTHOR.kid), pb.KeyDisputed(kid=AUTHOR.kid))
    assert by_root(world, revocation(AUTHOR.kid)) == "revoked_once"
    assert by_root(world, pb.KeyDisputed(kid=AUTHOR.kid)) == "already_so"


def test_a_revocation_acts_at_once(world: Builder) -> None:
    later = (world.time + 1) * 1000
    assert by_root(world, revocation(AUTHOR.kid, effective=later + 1)) == "revocations_act_at_once"
    world.time -= 1
    world.by_root("sfc", revocation(AUTHOR.kid, effective=later))


def test_only_the_root_revokes_an_admins_keys(world: Builder) -> None:
    wrap = kid(ADMIN.owner, Use.WRAP, wrap_key(f"wrap of {ADMIN.owner}").public)
    world.by_root("sfc", certificate(SECOND_ADMIN.owner, [Role.ADMIN], [SENDER]))
    for key_id in (ADMIN.kid, wrap):
        assert rule(world, revocation(key_id), ["sfc"], [SECOND_ADMIN]) == "admins_by_the_root"
        assert rule(world, revocation(key_id), ["sfc"], [ROOT, SECOND_ADMIN]) == "signature_not_asked_for"
        world.by_root("sfc", revocation(key_id))
    assert rule(world, transport(SENDER, "another"), ["sfc"], [ADMIN]) == "root_admin_or_delegate"


def test_an_admin_that_is_not_valid_yet_or_no_longer_states_nothing(world: Builder) -> None:
    when = (world.time + 3) * 1000
    content = certificate(SECOND_ADMIN.owner, [Role.ADMIN], [SENDER], valid_from=when, valid_until=when + 1000)
    world.by_root("sfc", content)
    assert rule(world, transport(SENDER, "another"), ["sfc"], [SECOND_ADMIN]) == "root_admin_or_delegate"
    late = world.clone()
    late.time += 1
    assert rule(late, transport(SENDER, "another"), ["sfc"], [SECOND_ADMIN]) == "root_admin_or_delegate"
    world.add(transport(SENDER, "another"), ["sfc"], [SECOND_ADMIN])


# --- agreements


def test_an_agreement_is_signed_once_and_ended_once(world: Builder) -> None:
    ended = pb.AgreementEnded(id=agreement("police", "sfc").id)
    again = agreement("police", "sfc")
    assert rule(world, again, ["police", "sfc"], [root("police"), ROOT]) == "agreement_signed_once"
    world.by_root("police", ended)
    assert by_root(world, ended) == "agreement_of_theirs"
    assert rule(world, again, ["police", "sfc"], [root("police"), ROOT]) == "agreement_signed_once"


def test_an_agreement_is_ended_by_its_parties_only(world: Builder) -> None:
    ended = pb.AgreementEnded(id=agreement("police", "sfc").id)
    assert rule(world, ended, ["icac"], [root("icac")]) == "agreement_of_theirs"
    assert by_root(world, pb.AgreementEnded(id=bytes(16))) == "agreement_of_theirs"


def test_an_agreement_that_is_over_is_not_signed(world: Builder) -> None:
    over = agreement("icac", "sfc", valid_until=(world.time + 1) * 1000)
    assert rule(world, over, ["icac", "sfc"], [root("icac"), ROOT]) == "validity_over"
    over.valid_until += 2000
    world.agree(over)


@pytest.mark.parametrize(
    ("first", "second", "families", "direction", "accepted"),
    [
        ("exch", "police", (Family.FREEZE,), 3, True),
        ("exch", "police", (Family.FREEZE,), 1, False),
        ("exch", "police", (Family.FREEZE,), 2, False),
        ("exch", "police", (Family.REFERRAL,), 3, False),
        ("exch", "police", (Family.REFERRAL, Family.FREEZE), 3, False),
        ("police", "tether", (Family.FREEZE,), 2, True),
        ("police", "tether", (Family.FREEZE,), 3, False),
        ("exch", "tether", (Family.FREEZE,), 2, False),
        ("exch", "tether", (Family.FREEZE,), 3, False),
        ("exch", "police", (Family.WATCHLIST, Family.FREEZE), 3, False),
    ],
)
def test_a_holder_and_an_issuer_only_take_freezes(
    world: Builder, first: str, second: str, families: tuple[Family, ...], direction: int, accepted: bool
) -> None:
    world.admit("tether", AgencyKind.ISSUER)
    content = agreement(first, second, families, direction=direction)
    if accepted:
        world.agree(content)
        assert world.view.agreement_by_id(content.id) is not None
    else:
        assert rule(world, content, [first, second], [root(first), root(second)]) == "holders_take_freezes_only"


# --- the hub


def test_an_operator_takes_the_place_of_one_who_is_there(world: Builder) -> None:
    def replaced(old: str, new: str, label: str = "") -> pb.OperatorReplaced:
        return pb.OperatorReplaced(old_operator=old, new_operator=operator_key(new, label))

    assert rule(world, replaced("op-four", "op-five"), [HUB], TWO_OPS) == "operator_unknown"
    assert rule(world, replaced("op-three", "op-two", "new"), [HUB], TWO_OPS) == "operator_known"
    world.add(replaced("op-three", "op-four"), [HUB], TWO_OPS)
    assert rule(world, replaced("op-three", "op-five"), [HUB], TWO_OPS) == "operator_unknown"
    stop = pb.AgencySuspended(agency="icac")
    assert rule(world, stop, [HUB], [OPS[0], OPS[2]]) == "two_operators"
    # The same person with new keys, who signs for its own replacement.
    world.add(replaced("op-four", "op-four", "new"), [HUB], [OPS[0], operator("op-four")])
    world.add(stop, [HUB], [OPS[0], operator("op-four", "new")])


def test_a_witness_key_is_a_key_line_of_a_good_key(world: Builder) -> None:
    for line in ("", "w.example/w", verifier_key("w.example/w", bytes(32))):
        with pytest.raises(MalformedError):
            world.add(pb.WitnessListed(verifier_key=line), [HUB], TWO_OPS)
