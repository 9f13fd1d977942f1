"""What the directory says, as of a size and a moment."""

from __future__ import annotations

import pytest
from comity.directory.statements import DAY_MS
from comity.keys import Use, fingerprint, kid, same_fingerprint
from comity.merkle import append, leaf_hash
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import AgencyKind, Family, Role

from tests.contract.builders import (
    ADMIN,
    APPROVER,
    AUTHOR,
    EXCHANGE,
    HEAD_KEY,
    HOLDER,
    LOG_KEY,
    NOW,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    T0,
    TWO_OPS,
    Builder,
    Signer,
    agreement,
    certificate,
    delegation,
    desk_key,
    desk_kid,
    fresh,
    operator_key,
    revocation,
    root,
    signing_key,
    tls_hash,
    transport,
)

ROOT = root("sfc")


@pytest.fixture
def world() -> Builder:
    world = fresh()
    world.time = NOW // 1000
    return world


def test_a_view_has_the_size_and_root_of_the_log(world: Builder) -> None:
    frontier = Builder().directory.state.frontier
    for size, entry in enumerate(world.entries, start=1):
        frontier = append(frontier, [leaf_hash(entry)]).frontier
        view = world.directory.view(size)
        assert (view.size, view.root) == (size, frontier.root())
        assert world.view.root_at(size) == frontier.root()
    assert (world.directory.size, world.directory.root) == (len(world.entries), frontier.root())


def test_there_is_no_view_of_a_size_that_is_not_there(world: Builder) -> None:
    for size in (0, -1, world.directory.size + 1):
        with pytest.raises(ValueError, match="size"):
            world.directory.view(size)
    with pytest.raises(ValueError, match="size"):
        Builder().directory.view()
    assert world.view.root_at(0) is None
    assert world.view.root_at(world.directory.size + 1) is None
    assert world.directory.view(2).root_at(3) is None


def test_a_size_is_stale_from_the_entry_after_it(world: Builder) -> None:
    size = world.directory.size
    assert world.view.stale_since(size) is None
    world.by_root("sfc", transport(SENDER, "another"))
    assert world.view.stale_since(size) == world.time
    assert world.view.stale_since(0) == T0
    assert world.directory.view(size).stale_since(size) is None


def test_an_agency_is_there_from_its_admission(world: Builder) -> None:
    before = world.directory.size
    world.admit("customs", AgencyKind.ISSUER)
    agency = world.view.agency("customs")
    assert agency is not None
    assert (agency.kind, agency.jurisdiction) == (AgencyKind.ISSUER, "HK")
    assert world.view.root_key("customs") == root("customs").public
    earlier = world.directory.view(before)
    assert earlier.agency("customs") is None
    assert earlier.root_key("customs") is None
    assert earlier.root_body("customs") is None
    assert not earlier.suspended("customs")
    assert not earlier.may_take("customs", Family.REFERRAL, opening=True)


def test_a_replaced_root_holds_until_the_size_that_replaces_it(world: Builder) -> None:
    new, before = root("sfc", "second"), world.directory.size
    old_body = world.view.root_body("sfc")
    world.add(pb.RootReplaced(agency="sfc", new_root_key=new.public), ["sfc"], [ROOT, new])
    assert world.view.root_key("sfc") == new.public
    assert world.directory.view(before).root_key("sfc") == ROOT.public
    assert world.directory.view(before).root_body("sfc") == old_body
    new_body = world.view.root_body("sfc")
    assert new_body is not None
    assert old_body is not None
    assert fingerprint(new_body) != fingerprint(old_body)


def test_K_14_a_fingerprint_with_one_digit_wrong_is_not_pinned(world: Builder) -> None:
    for body in (world.view.root_body("sfc"), world.directory.state.genesis_body):
        assert body
        shown = fingerprint(body)
        assert same_fingerprint(shown, body)
        for place, digit in enumerate(shown):
            if digit.isdigit():
                wrong = shown[:place] + str((int(digit) + 1) % 10) + shown[place + 1 :]
                assert not same_fingerprint(wrong, body)
    assert not same_fingerprint(fingerprint(world.view.root_body("sfc") or b""), world.view.root_body("police") or b"")


def test_a_superseded_certificate_is_over_from_that_size(world: Builder) -> None:
    before = world.directory.size
    new = Signer(AUTHOR.owner, label="renewed")
    content = certificate(AUTHOR.owner, [Role.ANALYST, Role.APPROVER], [OTHER_DESK], sign_key=new.public)
    world.by_root("sfc", content)
    assert world.view.member_key(AUTHOR.kid, NOW) is None
    now = world.view.member_key(new.kid, NOW)
    assert now is not None
    assert (now.desks, now.roles) == ({OTHER_DESK}, {Role.ANALYST, Role.APPROVER})
    then = world.directory.view(before).member_key(AUTHOR.kid, NOW)
    assert then is not None
    assert (then.desks, then.roles) == ({SENDER}, {Role.ANALYST})
    assert world.directory.view(before).member_key(new.kid, NOW) is None


def test_C_11_a_member_has_one_live_signing_key(world: Builder) -> None:
    new = Signer(AUTHOR.owner, label="renewed")
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], sign_key=new.public))
    live = [key_id for key_id in (AUTHOR.kid, new.kid) if world.view.member_key(key_id, NOW)]
    assert live == [new.kid]
    # Back to the old one: the same key id, a new certificate.
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [SENDER]))
    assert [key_id for key_id in (AUTHOR.kid, new.kid) if world.view.member_key(key_id, NOW)] == [AUTHOR.kid]


def test_a_certificate_holds_from_its_begin_until_before_its_end(world: Builder) -> None:
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], valid_from=NOW, valid_until=NOW + 10))
    held = [world.view.member_key(AUTHOR.kid, moment) is not None for moment in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert held == [False, True, True, False]


@pytest.mark.parametrize("ending", ["revoked", "disputed"])
def test_a_blocked_key_is_dead_from_that_size_whatever_the_moment(world: Builder, ending: str) -> None:
    before = world.directory.size
    blocked = [AUTHOR.kid, desk_kid(SENDER), kid(SENDER, Use.TLS, tls_hash(SENDER))]
    for key_id in blocked:
        world.by_root("sfc", revocation(key_id) if ending == "revoked" else pb.KeyDisputed(kid=key_id))
    earlier = world.directory.view(before)
    for moment in (T0 * 1000, NOW):
        assert world.view.member_key(AUTHOR.kid, moment) is None
        assert world.view.desk_key(SENDER, moment) is None
        assert world.view.transport_desk(tls_hash(SENDER), moment) is None
        assert earlier.member_key(AUTHOR.kid, moment) is not None
        assert earlier.desk_key(SENDER, moment) is not None
        assert earlier.transport_desk(tls_hash(SENDER), moment) == SENDER
    assert [world.view.blocked(key_id) for key_id in blocked] == [True] * 3
    assert [earlier.blocked(key_id) for key_id in blocked] == [False] * 3
    assert [world.view.disputed(key_id) for key_id in blocked] == [ending == "disputed"] * 3
    assert [earlier.disputed(key_id) for key_id in blocked] == [False] * 3


def test_mail_is_suspect_from_the_moment_that_the_revocation_names(world: Builder) -> None:
    before = world.directory.size
    world.by_root("sfc", revocation(AUTHOR.kid, suspect_from=NOW - 5), revocation(APPROVER.kid))
    assert [world.view.suspect(AUTHOR.kid, NOW - ago) for ago in (6, 5, 0)] == [False, True, True]
    assert not world.view.suspect(APPROVER.kid, NOW)
    assert not world.view.suspect(ADMIN.kid, NOW)
    assert not world.directory.view(before).suspect(AUTHOR.kid, NOW)


def test_the_members_of_an_agency_are_its_live_ones_in_order(world: Builder) -> None:
    assert [m.member for m in world.view.members_of("sfc", NOW)] == [
        "sfc/m-admin000",
        "sfc/m-agent000",
        "sfc/m-approver",
        "sfc/m-author00",
    ]
    world.by_root("sfc", revocation(AUTHOR.kid))
    assert "sfc/m-author00" not in [m.member for m in world.view.members_of("sfc", NOW)]
    assert world.view.members_of("icac", NOW) == []
    assert world.view.member("sfc/m-unknown0", NOW) is None
    assert world.view.member_key(b"\x01" * 32, NOW) is None


def test_the_current_epoch_is_the_highest_that_has_begun(world: Builder) -> None:
    before = world.directory.size
    world.by_root("sfc", desk_key(SENDER, 2))
    second = T0 * 1000 + DAY_MS

    def epoch(moment: int) -> int | None:
        key = world.view.desk_key(SENDER, moment)
        return key and key.epoch

    assert [epoch(m) for m in (T0 * 1000 - 1, T0 * 1000, second - 1, second)] == [None, 1, 1, 2]
    # An epoch that is over does not bring back the one before it, whose validity ends even earlier.
    assert epoch(second + 30 * DAY_MS) is None
    assert [k.epoch for k in world.view.desk_keys(SENDER)] == [1, 2]
    assert [k.epoch for k in world.directory.view(before).desk_keys(SENDER)] == [1]
    earlier = world.directory.view(before).desk_key(SENDER, second)
    assert earlier is not None
    assert earlier.epoch == 1


def test_a_revoked_epoch_leaves_the_desk_without_a_key(world: Builder) -> None:
    world.by_root("sfc", desk_key(SENDER, 2, valid_from=T0 * 1000), revocation(desk_kid(SENDER, 2)))
    assert world.view.desk_key(SENDER, NOW) is None


def test_the_desks_are_those_that_published_a_key(world: Builder) -> None:
    assert world.view.desks() == [HOLDER, "icac/ops", RECIPIENT, SENDER]
    assert world.directory.view(5).desks() == []
    assert world.view.desk_key("sfc/none", NOW) is None
    assert world.view.desk_keys("sfc/none") == []


def test_K_10_two_tls_keys_of_a_desk_are_live_in_overlap(world: Builder) -> None:
    world.by_root("sfc", transport(SENDER, "second", valid_from=NOW, valid_until=NOW + 10))
    found = [world.view.transport_desk(tls_hash("second"), m) for m in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert found == [None, SENDER, SENDER, None]
    assert world.view.transport_desk(tls_hash(SENDER), NOW) == SENDER
    assert world.view.transport_desk(tls_hash("unknown"), NOW) is None
    assert [k.spki_sha256 for k in world.view.transport_keys(SENDER)] == [tls_hash(SENDER), tls_hash("second")]


def test_a_tls_key_is_renewed_under_its_id(world: Builder) -> None:
    world.by_root("sfc", transport(SENDER, valid_from=NOW + DAY_MS, valid_until=NOW + 400 * DAY_MS))
    assert [world.view.transport_desk(tls_hash(SENDER), m) for m in (NOW, NOW + 399 * DAY_MS)] == [SENDER, SENDER]
    assert len({k.kid for k in world.view.transport_keys(SENDER)}) == 1


def test_a_delegation_holds_for_its_desk_and_time(world: Builder) -> None:
    before = world.directory.size
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid, valid_from=NOW, valid_until=NOW + 10))
    held = [world.view.delegated(SENDER, AUTHOR.kid, m) for m in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert held == [False, True, True, False]
    assert not world.view.delegated(OTHER_DESK, AUTHOR.kid, NOW)
    assert not world.view.delegated(SENDER, APPROVER.kid, NOW)
    assert not world.directory.view(before).delegated(SENDER, AUTHOR.kid, NOW)


def test_the_newest_duty_contact_counts(world: Builder) -> None:
    sizes = []
    for telephone in ("+85211111111", "+85222222222"):
        world.by_root("sfc", pb.DutyContact(desk=SENDER, telephone=telephone, hours="24/7", languages=["en"]))
        sizes.append(world.directory.size)
    for size, telephone in zip(sizes, ("+85211111111", "+85222222222"), strict=True):
        contact = world.directory.view(size).contact(SENDER)
        assert contact is not None
        assert contact.telephone == telephone
    assert world.directory.view(sizes[0] - 1).contact(SENDER) is None
    assert world.view.contact(RECIPIENT) is None


def test_an_agency_is_suspended_between_two_sizes(world: Builder) -> None:
    sizes = [world.directory.size]
    for content in (pb.AgencySuspended, pb.AgencyResumed, pb.AgencySuspended):
        world.add(content(agency="sfc"), [HUB], TWO_OPS)
        sizes.append(world.directory.size)
    assert [world.directory.view(size).suspended("sfc") for size in sizes] == [False, True, False, True]
    take = [world.directory.view(size).may_take("sfc", Family.REFERRAL, opening=True) for size in sizes]
    assert take == [True, False, True, False]


def test_an_agreement_holds_for_its_families_time_and_direction(world: Builder) -> None:
    find = world.view.agreement
    assert find("sfc", "police", Family.REFERRAL, NOW)
    assert find("police", "sfc", Family.REFERRAL, NOW)
    assert find("sfc", "police", Family.WATCHLIST, NOW) is None
    assert find("sfc", "icac", Family.REFERRAL, NOW) is None
    last = T0 * 1000 + 365 * DAY_MS
    assert find("sfc", "police", Family.REFERRAL, last - 1)
    assert find("sfc", "police", Family.REFERRAL, last) is None
    assert find("sfc", "exch", Family.FREEZE, NOW)
    assert find("exch", "sfc", Family.FREEZE, NOW) is None
    world.agree(agreement("icac", "police", (Family.REFERRAL,), direction=2))
    assert world.view.agreement("icac", "police", Family.REFERRAL, NOW)
    assert world.view.agreement("police", "icac", Family.REFERRAL, NOW) is None


def test_an_ended_agreement_holds_at_the_sizes_before(world: Builder) -> None:
    content, before = agreement("police", "sfc"), world.directory.size
    world.by_root("police", pb.AgreementEnded(id=content.id))
    assert world.view.agreement("sfc", "police", Family.REFERRAL, NOW) is None
    assert world.directory.view(before).agreement("sfc", "police", Family.REFERRAL, NOW)
    assert content.id not in [a.id for a in world.view.agreements("sfc")]
    assert content.id in [a.id for a in world.directory.view(before).agreements("police")]
    ended = world.view.agreement_by_id(content.id)
    assert ended is not None
    assert ended.until == world.directory.size
    assert world.directory.view(3).agreement_by_id(content.id) is None
    assert world.view.agreement_by_id(bytes(16)) is None


def test_the_directory_as_of_a_moment_is_that_before_its_second_however_much_came_later() -> None:
    world = fresh()
    first, size = world.view.as_of(T0 * 1000 + 1000), world.directory.size
    assert first is not None
    assert (first.size, world.view.as_of(T0 * 1000 + 999)) == (1, None)
    entered = world.time * 1000
    world.time += 100
    world.by_root("icac", desk_key("icac/ops", 2))
    for moment, expected in (
        (entered, size - 1),
        (entered + 999, size - 1),
        (entered + 1000, size),
        (world.time * 1000 + 999, size),
        (world.time * 1000 + 1000, size + 1),
        (NOW * 2, size + 1),
    ):
        found = world.view.as_of(moment)
        assert found is not None
        assert (found.size, found.root) == (expected, world.directory.view(expected).root)
    earlier = world.directory.view(3).as_of(NOW)
    assert earlier is not None
    assert earlier.size == 3


def test_holders_answer_freezes_and_open_nothing(world: Builder) -> None:
    may = world.view.may_take
    assert may("sfc", Family.WATCHLIST, opening=True)
    assert may("exch", Family.FREEZE, opening=False)
    assert not may("exch", Family.WATCHLIST, opening=False)
    assert not may("exch", Family.FREEZE, opening=True)
    assert not may("exch", Family.WATCHLIST, opening=True)
    assert not may("exch", Family.REFERRAL, opening=False)


def test_the_hubs_keys_and_operators_are_those_of_the_size(world: Builder) -> None:
    before = world.directory.size
    log, head = signing_key("second log").public, signing_key("second head").public
    world.add(pb.LogKeyReplaced(new_key=log), [HUB], TWO_OPS)
    world.add(pb.HeadKeyReplaced(new_key=head), [HUB], TWO_OPS)
    replaced = pb.OperatorReplaced(old_operator="op-one", new_operator=operator_key("op-four"))
    world.add(replaced, [HUB], TWO_OPS)
    earlier = world.directory.view(before)
    assert (earlier.log_key(), earlier.head_key()) == (LOG_KEY.public, HEAD_KEY.public)
    assert (world.view.log_key(), world.view.head_key()) == (log, head)
    assert earlier.log_keys() == [LOG_KEY.public]
    assert world.view.log_keys() == [log, LOG_KEY.public]
    assert [earlier.replaced_from(key) for key in (LOG_KEY.public, HEAD_KEY.public)] == [None, None]
    assert [world.view.replaced_from(key) for key in (LOG_KEY.public, log)] == [before + 1, None]
    assert [world.view.replaced_from(key) for key in (HEAD_KEY.public, head)] == [before + 2, None]
    assert [o.operator for o in earlier.operators()] == ["op-one", "op-two", "op-three"]
    assert [o.operator for o in world.view.operators()] == ["op-two", "op-three", "op-four"]
    assert earlier.operator_of_tls(tls_hash("operator op-one")) == "op-one"
    assert world.view.operator_of_tls(tls_hash("operator op-one")) is None
    assert world.view.operator_of_tls(tls_hash("operator op-four")) == "op-four"


def test_a_signers_next_position_is_told(world: Builder) -> None:
    assert world.view.position("customs") == (0, b"")
    number, previous = world.view.position("sfc")
    statement = world.directory.clone().apply(fresh_entry(world))
    assert (number, previous) == (statement.positions[0].number, statement.positions[0].previous)
    assert statement.origin == world.directory.state.origin
    assert world.directory.state.exchange_origin == EXCHANGE


def fresh_entry(world: Builder) -> bytes:
    return world.clone().add(transport(SENDER, "another"), ["sfc"], [ROOT])


def test_a_fact_entered_the_directory_at_the_time_of_its_entry_whatever_it_says_of_itself(world: Builder) -> None:
    world.time += 3600
    world.by_root("sfc", desk_key(SENDER, 2, valid_from=NOW))
    entry = world.time
    world.time += 3600
    world.by_root("sfc", transport(SENDER, "later"))
    newest = world.view.desk_keys(SENDER)[-1]
    assert newest.valid_from == NOW
    assert world.view.entered(newest) == entry * 1000 > NOW
