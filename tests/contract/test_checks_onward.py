"""Where no agreement is needed: a recall under a used grant. And what the profile asks of freezes, by jurisdiction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from comity.checks import (
    check_agreement,
    check_parties,
    check_profile,
    check_rules,
    needs_no_agreement,
    onward_deadlines,
)
from comity.directory.statements import DAY_MS
from comity.envelope import BlobRef, SignatureRole, parse_envelope
from comity.errors import Reason, RefusedError
from comity.header import Header
from comity.workflow.clocks import HOUR, MINUTE, Deadlines
from comity.workflow.profiles import standard_profile
from comity.workflow.terms import AgencyKind, Family, Precedence, Role, Verb

from tests.contract.builders import (
    AUTHOR,
    HOLDER,
    NOW,
    SENDER,
    THIRD,
    TWO_OPS,
    Builder,
    Signer,
    admission,
    agreement,
    certificate,
    desk_key,
    fresh,
    root,
    secret,
)
from tests.contract.consents import TERMS, forwarding, given
from tests.contract.envelopes import header, wire

PROFILE = standard_profile()
ALONE = [(AUTHOR, SignatureRole.AUTHOR)]
TO_THIRD = (THIRD, SENDER)


@pytest.fixture(scope="module")
def world() -> Builder:
    """The standard world, with agreements on the packaged profile with police and a British desk, none with icac."""
    built = fresh()
    families = (Family.REFERRAL, Family.FREEZE, Family.ASSISTANCE)
    built.agree(agreement("icac", "police", id=secret("a")[:16], profile_sha256=PROFILE.sha256))
    built.add(admission("fca", AgencyKind.AUTHORITY, jurisdiction="GB"), ["fca"], [root("fca"), *TWO_OPS])
    built.by_root("fca", desk_key("fca/desk"), certificate("fca/m-author00", [Role.ANALYST], ["fca/desk"]))
    built.agree(agreement("fca", "sfc", families, id=secret("b")[:16], profile_sha256=PROFILE.sha256))
    return built


def recall(world: Builder, to: tuple[str, ...] = TO_THIRD, **changes: Any) -> Header:
    """A recall of what reached the third desk under a grant."""
    limits = onward_deadlines(Verb.RECALL, NOW)
    fields = {"verb": Verb.RECALL, "about": secret("original"), "deliver_by": limits.deliver_by}
    return header(world, to, **({**fields, "respond_by": limits.respond_by} | changes))


def reason(world: Builder, plain: Header, *, onward: bool, opened: int | None = NOW, now: int = NOW) -> Reason | None:
    """Why all checks but the signatures' refuse an envelope, under a used grant or not."""
    envelope = parse_envelope(wire(plain, signers=ALONE))
    try:
        check_rules(envelope, world.view, now, opening=False, opened=opened, onward=onward)
        check_parties(envelope, world.view, now, opening=False, onward=onward)
    except RefusedError as error:
        return error.reason
    return None


def test_a_recall_and_its_answer_need_no_agreement_where_a_grant_was_used(world: Builder) -> None:
    assert reason(world, recall(world), onward=True) is None
    assert reason(world, recall(world), onward=False) is Reason.NO_AGREEMENT
    answer = recall(world, verb=Verb.ANSWER_RECALL, respond_by=0)
    assert reason(world, answer, onward=True) is None


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in (Verb.RECALL, Verb.ANSWER_RECALL)])
def test_nothing_else_goes_where_nothing_was_agreed(world: Builder, verb: Verb) -> None:
    plain = replace(recall(world), verb=verb)
    assert not needs_no_agreement(plain, onward=True)
    for step in (check_agreement, check_profile):
        more = {"opened": NOW} if step is check_profile else {}
        with pytest.raises(RefusedError) as caught:
            step(plain, world.view, NOW, opening=False, onward=True, **more)
        assert caught.value.reason is Reason.NO_AGREEMENT


def test_nothing_is_attached_where_nothing_was_agreed(world: Builder) -> None:
    attached = recall(world, blobs=(BlobRef(bytes(32), 5),))
    assert reason(world, attached, onward=True) is Reason.NO_AGREEMENT


def test_a_third_desk_has_a_day_to_answer(world: Builder) -> None:
    limits = onward_deadlines(Verb.RECALL, NOW)
    assert limits == Deadlines(NOW + 14 * DAY_MS, NOW + 2 * DAY_MS, None)
    assert onward_deadlines(Verb.ANSWER_RECALL, NOW).respond_by is None
    sooner = recall(world, respond_by=NOW + DAY_MS - 1)
    assert reason(world, sooner, onward=True) is Reason.BAD_TIMES
    held_back = recall(world, respond_by=NOW + DAY_MS)
    for now, right in ((NOW, None), (NOW + 1000, Reason.BAD_TIMES)):
        assert reason(world, held_back, onward=True, now=now) is right
        assert reason(world, recall(world), onward=True, now=now) is None
    assert reason(world, recall(world, respond_by=NOW + 9 * DAY_MS), onward=True) is None


def test_where_there_is_an_agreement_its_profile_governs_a_recall_under_a_grant_too(world: Builder) -> None:
    to = ("fca/desk", SENDER)
    least = PROFILE.deadlines_for(Family.REFERRAL, Verb.RECALL, Precedence.FLASH, NOW, NOW, answering="GB", own="HK")
    assert least.respond_by is not None
    for onward in (True, False):
        plain = recall(world, to, precedence=Precedence.FLASH, respond_by=least.respond_by)
        assert reason(world, plain, onward=onward) is None
        assert reason(world, replace(plain, respond_by=least.respond_by - 1), onward=onward) is Reason.BAD_TIMES


def test_a_suspended_or_unknown_third_desk_is_no_more_than_one_without_an_agreement(world: Builder) -> None:
    plain = recall(world)
    nobody = replace(
        plain, recipients=tuple(replace(r, desk=r.desk.replace("icac", "nobody")) for r in plain.recipients)
    )
    assert reason(world, nobody, onward=True) is Reason.NO_AGREEMENT


# --- forwarding


def test_a_forwarding_is_checked_for_its_grant_by_everybody(world: Builder) -> None:
    times = PROFILE.deadlines_for(Family.REFERRAL, Verb.FORWARD, Precedence.ROUTINE, NOW, answering="HK", own="HK")
    fields: dict[str, Any] = {"deliver_by": times.deliver_by, "respond_by": times.respond_by}
    signer = [(Signer("police/m-author00"), SignatureRole.AUTHOR)]

    def judged(plain: Header) -> Reason | None:
        try:
            check_rules(parse_envelope(wire(plain, signers=signer)), world.view, NOW, opening=True, opened=None)
        except RefusedError as error:
            return error.reason
        return None

    assert judged(forwarding(world, **fields)) is None
    elsewhere = given(world, grant=replace(TERMS, new_desk="icac/other"))
    assert judged(forwarding(world, elsewhere, **fields)) is Reason.NO_GRANT
    over = given(world, created=NOW - DAY_MS, grant=replace(TERMS, expires=NOW - 1))
    assert judged(forwarding(world, over, **fields)) is Reason.NO_GRANT


# --- freezes and clocks of one's own


def times_of(verb: Verb, at: str, **more: Any) -> Deadlines:
    return PROFILE.deadlines_for(Family.ASSISTANCE, verb, Precedence.ROUTINE, NOW, **({"answering": at} | more))


def profiled(world: Builder, plain: Header, *, opening: bool, opened: int | None) -> Reason | None:
    try:
        check_profile(plain, world.view, NOW, opening=opening, opened=opened)
    except RefusedError as error:
        return error.reason
    return None


def test_working_days_are_those_of_the_side_that_is_to_act(world: Builder) -> None:
    there, here = times_of(Verb.REQUEST, "GB").respond_by, times_of(Verb.REQUEST, "HK").respond_by
    assert there is not None
    assert here is not None
    assert here < there
    to = ("fca/desk", SENDER)
    request = header(world, to, family=Family.ASSISTANCE, verb=Verb.REQUEST, respond_by=there)
    assert profiled(world, request, opening=True, opened=None) is None
    assert profiled(world, replace(request, respond_by=here), opening=True, opened=None) is Reason.BAD_TIMES
    own = times_of(Verb.ACCEPT, "GB", own="HK").respond_by or 0
    promise = header(world, to, family=Family.ASSISTANCE, verb=Verb.ACCEPT, respond_by=own)
    assert profiled(world, promise, opening=False, opened=NOW) is None
    assert profiled(world, replace(promise, respond_by=own - HOUR), opening=False, opened=NOW) is None
    assert profiled(world, replace(promise, respond_by=own + 1), opening=False, opened=NOW) is Reason.BAD_TIMES


@pytest.mark.parametrize(
    ("verb", "span"),
    [(Verb.REQUEST_PROVISIONAL, HOUR), (Verb.CONFIRM, 24 * HOUR), (Verb.COMPLETE, 72 * HOUR)],
)
def test_nobody_extends_a_provisional_hold_beyond_what_is_agreed_from_its_opening_on(
    world: Builder, verb: Verb, span: int
) -> None:
    opened = NOW - 30 * MINUTE
    opening = verb is Verb.REQUEST_PROVISIONAL
    begin = NOW if opening else opened
    flash = {"family": Family.FREEZE, "verb": verb, "precedence": Precedence.FLASH}
    respond = {"respond_by": NOW + HOUR if opening else 0}
    plain = header(world, ("fca/desk", SENDER), **flash, **respond, lapses_at=begin + span)
    at = None if opening else opened
    assert profiled(world, plain, opening=opening, opened=at) is None
    assert profiled(world, replace(plain, lapses_at=begin + span + 1), opening=opening, opened=at) is Reason.BAD_TIMES


def test_a_holder_answers_and_opens_nothing_not_even_by_forwarding(world: Builder) -> None:
    view = world.view
    assert view.may_take("exch", Family.FREEZE, opening=False)
    assert not view.may_take("exch", Family.FREEZE, opening=True)
    for family in (Family.REFERRAL, Family.ASSISTANCE, Family.WATCHLIST):
        assert not view.may_take("exch", family, opening=False)
    answer = header(world, (SENDER,), sender=HOLDER, family=Family.FREEZE, verb=Verb.ACKNOWLEDGE)
    check_agreement(answer, view, NOW, opening=False)
    with pytest.raises(RefusedError) as caught:
        check_agreement(replace(answer, verb=Verb.FORWARD), view, NOW, opening=True)
    assert caught.value.reason is Reason.FAMILY_NOT_OFFERED
