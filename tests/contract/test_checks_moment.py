"""What is judged at the leaf's moment by the hub and by every recipient: times, directory, profile, agreement, key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from comity.checks import ENDING_VERBS, check_agreement, check_profile, check_rules, verify_known_signatures
from comity.directory.statements import DAY_MS
from comity.envelope import BlobRef, Envelope, SignatureRole, parse_envelope
from comity.errors import MalformedError, Reason, RefusedError
from comity.header import Header
from comity.v1 import directory_pb2
from comity.workflow.clocks import MAX_AGE, MAX_AGE_SECONDED, Deadlines
from comity.workflow.profiles import load_profile, standard_profile
from comity.workflow.terms import Family, Precedence, Role, Verb

from tests.contract.builders import (
    AUTHOR,
    NOW,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    THIRD,
    Builder,
    agreement,
    certificate,
    desk_key,
    fresh,
    secret,
)
from tests.contract.builders import Signer as Somebody
from tests.contract.envelopes import header, wire

PROFILE = standard_profile()
ALONE = [(AUTHOR, SignatureRole.AUTHOR)]
TIMES = ("deliver_by", "respond_by", "lapses_at")


def end(world: Builder, one: str, other: str) -> None:
    """Ends the standard world's agreement of two agencies."""
    first, second = sorted((one, other))
    world.by_root(one, directory_pb2.AgreementEnded(id=agreement(first, second).id))


@pytest.fixture
def world() -> Builder:
    """The standard world, with agreements on the packaged profile."""
    built = fresh()
    end(built, "police", "sfc")
    built.agree(agreement("police", "sfc", id=secret("packaged")[:16], profile_sha256=PROFILE.sha256))
    return built


def proper(world: Builder, verb: Verb = Verb.REFER, **changes: Any) -> Header:
    """A header with the profile's times."""
    fields: dict[str, Any] = {"created": NOW, "precedence": Precedence.ROUTINE} | changes
    limits: Deadlines = PROFILE.deadlines_for(
        fields.get("family", Family.REFERRAL),
        verb,
        fields["precedence"],
        fields["created"],
        fields.pop("opened", None),
        answering=fields.pop("answering", "HK"),
        own=fields.pop("own", "HK"),
    )
    times = {name: limit or 0 for name, limit in zip(TIMES, limits, strict=True)}
    recipients = fields.pop("to", (RECIPIENT, SENDER))
    return header(world, recipients, **({"verb": verb} | times | fields))


def envelope_of(plain: Header, *, seconded: bool = True) -> Envelope:
    return parse_envelope(wire(plain, signers=None if seconded else ALONE))


def reason(
    world: Builder, plain: Header, now: int = NOW, *, seconded: bool = True, opened: int | None = None
) -> Reason | None:
    """Why an envelope is refused at a moment; None where it is not."""
    opening = plain.verb is Verb.REFER
    try:
        check_rules(envelope_of(plain, seconded=seconded), world.view, now, opening=opening, opened=opened)
    except RefusedError as error:
        return error.reason
    return None


# --- times and age


@pytest.mark.parametrize("precedence", list(Precedence))
@pytest.mark.parametrize("seconded", [True, False])
def test_an_envelope_is_as_old_as_its_people_needed(world: Builder, precedence: Precedence, seconded: bool) -> None:
    oldest = (MAX_AGE_SECONDED if seconded else MAX_AGE)[precedence]
    plain = proper(world, precedence=precedence, deliver_by=NOW + 14 * DAY_MS)
    assert reason(world, plain, NOW + oldest, seconded=seconded) is None
    assert reason(world, plain, NOW + oldest + 1, seconded=seconded) is Reason.CREATED_TOO_OLD
    assert reason(world, plain, NOW - 120_001) is Reason.CREATED_IN_FUTURE


@pytest.mark.parametrize("seconded", [True, False])
def test_a_directory_is_as_old_as_its_people_needed(world: Builder, seconded: bool) -> None:
    limit = (MAX_AGE_SECONDED if seconded else MAX_AGE)[Precedence.FLASH]
    world.time = NOW // 1000
    plain = proper(world, precedence=Precedence.FLASH, created=NOW + limit)
    world.by_root("sfc", certificate("sfc/m-new00000", [Role.ANALYST], [SENDER]))
    oldest = world.time * 1000 + limit
    assert reason(world, plain, oldest, seconded=seconded) is None
    assert reason(world, plain, oldest + 1, seconded=seconded) is Reason.DIRECTORY_STALE


def test_only_a_joint_envelope_has_several_counterparts(world: Builder) -> None:
    with pytest.raises(MalformedError):
        reason(world, proper(world, to=(THIRD, RECIPIENT)))


# --- the agreed profile


@pytest.mark.parametrize("verb", [Verb.REFER, Verb.REQUEST_INFO, Verb.SUPPLY, Verb.RECALL])
@pytest.mark.parametrize("precedence", list(Precedence))
def test_nobody_must_answer_sooner_than_agreed(world: Builder, verb: Verb, precedence: Precedence) -> None:
    plain = proper(world, verb, precedence=precedence)
    assert reason(world, plain) is None
    assert reason(world, replace(plain, respond_by=plain.respond_by + 1)) is None
    assert reason(world, replace(plain, respond_by=plain.respond_by - 1)) is Reason.BAD_TIMES
    assert reason(world, replace(plain, respond_by=0)) is Reason.BAD_TIMES


def test_what_the_profile_does_not_let_lapse_does_not(world: Builder) -> None:
    assert reason(world, proper(world, lapses_at=NOW + DAY_MS), opened=NOW) is Reason.BAD_TIMES


def test_a_joint_envelope_keeps_every_counterparts_profile(world: Builder) -> None:
    joint = proper(world, to=(THIRD, RECIPIENT, SENDER), joint=True)
    assert reason(world, joint) is Reason.NO_AGREEMENT
    other = world.clone()
    other.agree(agreement("icac", "sfc"))  # on a profile that is not packaged
    assert reason(other, joint) is Reason.NOT_FOUND
    world.agree(agreement("icac", "sfc", profile_sha256=PROFILE.sha256))
    assert reason(world, joint) is None
    assert reason(world, replace(joint, respond_by=NOW + 1)) is Reason.BAD_TIMES


def test_desks_of_one_agency_have_no_profile(world: Builder) -> None:
    world.by_root("sfc", desk_key(OTHER_DESK))
    inside = proper(world, to=(OTHER_DESK, SENDER), respond_by=NOW + 1)
    check_profile(inside, world.view, NOW, opening=True, opened=None)


def test_of_two_agreements_the_senders_own_governs(world: Builder) -> None:
    """One for each direction: the one under which the sender opens; for an answer, else the other one."""
    world.by_root("police", directory_pb2.AgreementEnded(id=secret("packaged")[:16]))
    world.agree(agreement("police", "sfc", id=bytes(15) + b"1", direction=2))  # not packaged: police opens
    world.agree(agreement("police", "sfc", id=bytes(15) + b"2", direction=3, profile_sha256=PROFILE.sha256))
    assert reason(world, proper(world)) is None
    assert reason(world, proper(world, Verb.SUPPLY)) is None
    world.by_root("police", directory_pb2.AgreementEnded(id=bytes(15) + b"2"))
    assert reason(world, proper(world)) is Reason.NO_AGREEMENT
    assert reason(world, proper(world, Verb.SUPPLY)) is Reason.NOT_FOUND


# --- what outlives an agreement


def agreed(world: Builder, plain: Header, now: int = NOW) -> bool:
    """Whether an answer has an agreement."""
    try:
        check_agreement(plain, world.view, now, opening=False)
    except RefusedError as error:
        return error.reason is not Reason.NO_AGREEMENT
    return True


def test_an_ended_agreement_leaves_the_verbs_that_end_a_case_and_no_other(world: Builder) -> None:
    before = world.directory.size
    world.by_root("police", directory_pb2.AgreementEnded(id=secret("packaged")[:16]))
    ending = {verb for verb in PROFILE_VERBS if agreed(world, header(world, verb=verb))}
    ours = {Verb.RECALL, Verb.ANSWER_RECALL, Verb.WITHDRAW, Verb.CLOSE, Verb.REVOKE_GRANT}
    assert ending == ours & set(PROFILE_VERBS)
    assert ours | {Verb.UNSUBSCRIBE, Verb.ASK_RELEASE, Verb.RELEASE} == ENDING_VERBS
    with pytest.raises(RefusedError):
        check_agreement(header(world, verb=Verb.RECALL), world.view, NOW, opening=True)
    check_agreement(header(world, verb=Verb.ACCEPT), world.directory.view(before), NOW, opening=False)
    # By the profile that held last, and never with anything attached.
    assert reason(world, proper(world, Verb.RECALL)) is None
    assert reason(world, proper(world, Verb.RECALL, respond_by=NOW + 1)) is Reason.BAD_TIMES
    attached = (BlobRef(bytes(32), 5),)
    assert not agreed(world, header(world, verb=Verb.RECALL, blobs=attached))


PROFILE_VERBS = [verb for family, verb in PROFILE.spans if family is Family.REFERRAL]


def test_an_agreement_that_is_over_leaves_them_too_and_one_that_never_was_leaves_nothing(world: Builder) -> None:
    recall = header(world, verb=Verb.RECALL)
    late = NOW + 400 * DAY_MS
    assert agreed(world, recall, late)
    assert not agreed(world, replace(recall, verb=Verb.REPORT_OUTCOME), late)
    assert not agreed(world, header(world, (THIRD, SENDER), verb=Verb.RECALL))
    assert not agreed(world, replace(recall, family=Family.ASSISTANCE))


def test_the_newest_past_agreement_on_the_family_governs_as_of_a_size(world: Builder) -> None:
    before = world.directory.size
    world.agree(agreement("police", "sfc", (Family.FREEZE,), id=bytes(15) + b"3"))
    view = world.view.past_agreement
    assert (found := view("sfc", "police", Family.REFERRAL)) is not None
    assert load_profile(found.profile_sha256) is PROFILE
    world.agree(agreement("police", "sfc", id=bytes(15) + b"4"))
    newest = world.view.past_agreement("sfc", "police", Family.REFERRAL)
    assert newest is not None
    assert newest.id == bytes(15) + b"4"
    assert world.directory.view(before).past_agreement("police", "sfc", Family.REFERRAL) == found
    assert world.view.past_agreement("sfc", "icac", Family.REFERRAL) is None


# --- signatures apart from the moment


def test_signatures_are_verified_by_the_key_that_is_named_whether_it_lives_or_not(world: Builder) -> None:
    envelope = envelope_of(proper(world))
    before = world.directory.size
    verify_known_signatures(envelope, world.view)
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [SENDER], sign_key=Somebody("sfc/m-x").public))
    verify_known_signatures(envelope, world.view)
    assert world.view.sign_key(AUTHOR.kid) == AUTHOR.public
    assert world.view.sign_key(Somebody("sfc/m-unknown0").kid) is None
    renewed = Somebody(AUTHOR.owner, label="sfc/m-x")
    assert world.directory.view(before).sign_key(renewed.kid) is None
    early = world.directory.view(before).sign_keys()
    assert early[AUTHOR.kid] == AUTHOR.public
    assert list(world.view.sign_keys(early).values()) == [Somebody("sfc/m-x").public]
    broken = wire(proper(world))
    broken.signatures[1].sig = bytes(64)
    stranger = Somebody("sfc/m-unknown0")
    unknown = wire(proper(world, author=stranger.kid), signers=[(stranger, SignatureRole.AUTHOR)])
    for m in (broken, unknown):
        with pytest.raises(RefusedError) as caught:
            verify_known_signatures(parse_envelope(m), world.view)
        assert caught.value.reason is Reason.BAD_SIGNATURE
