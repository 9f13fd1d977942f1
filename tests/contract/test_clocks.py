"""The protocol's limits on times, and what the packaged deadline profiles say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.clocks import Deadlines, Instrument, Profile, check_times
from comity.workflow.families import TABLES
from comity.workflow.profiles import load_profile, packaged_profiles, standard_profile
from comity.workflow.terms import Family, Precedence, Verb
from comity.workflow.watchlist import WATCHLIST

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
T0 = 1_800_000_000_000
ROUTINE, URGENT, FLASH = Precedence.ROUTINE, Precedence.URGENT, Precedence.FLASH
REFERRAL_FAMILY = Family.REFERRAL


def refusal(step: Callable[[], object]) -> tuple[Reason, dict[str, str]]:
    with pytest.raises(RefusedError) as caught:
        step()
    return caught.value.reason, caught.value.metadata


def check(now_ms: int = T0, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "precedence": ROUTINE,
        "created": T0,
        "deliver_by": T0 + 14 * DAY,
        "respond_by": None,
        "lapses_at": None,
        "has_approver": False,
    }
    check_times(**{**fields, **changes}, now_ms=now_ms)


# --- limits of the protocol


@pytest.mark.parametrize(
    ("precedence", "has_approver", "age"),
    [
        (ROUTINE, False, 24 * HOUR),
        (URGENT, False, 24 * HOUR),
        (FLASH, False, 15 * MINUTE),
        (ROUTINE, True, 96 * HOUR),
        (URGENT, True, 96 * HOUR),
        (FLASH, True, 60 * MINUTE),
    ],
)
def test_created_is_accepted_up_to_its_greatest_age_and_no_longer(
    precedence: Precedence, has_approver: bool, age: int
) -> None:
    check(T0 + age, precedence=precedence, has_approver=has_approver)
    late = refusal(lambda: check(T0 + age + 1, precedence=precedence, has_approver=has_approver))
    assert late == (Reason.CREATED_TOO_OLD, {"limit": str(T0 + age)})


def test_created_is_accepted_up_to_two_minutes_ahead() -> None:
    check(T0 - 120 * SECOND)
    ahead = refusal(lambda: check(T0 - 120 * SECOND - 1))
    assert ahead == (Reason.CREATED_IN_FUTURE, {"limit": str(T0 - 1)})


def test_delivery_is_limited_to_fourteen_days() -> None:
    limit = {"limit": str(T0 + 14 * DAY)}
    assert refusal(lambda: check(deliver_by=T0 + 14 * DAY + 1)) == (Reason.BAD_TIMES, limit)


@pytest.mark.parametrize("field", ["deliver_by", "respond_by", "lapses_at"])
def test_every_limit_is_after_created(field: str) -> None:
    check(**{field: T0 + 1})
    assert refusal(lambda: check(**{field: T0})) == (Reason.BAD_TIMES, {"limit": str(T0)})


@pytest.mark.parametrize("field", ["deliver_by", "lapses_at"])
def test_what_can_no_longer_be_delivered_or_has_lapsed_is_too_late(field: str) -> None:
    check(T0 + HOUR, **{field: T0 + HOUR})
    late = refusal(lambda: check(T0 + HOUR + 1, **{field: T0 + HOUR}))
    assert late == (Reason.TOO_LATE, {"limit": str(T0 + HOUR)})


def test_an_answer_wanted_before_the_second_person_signed_does_not_stop_the_message() -> None:
    check(T0 + 90 * HOUR, respond_by=T0 + 24 * HOUR, has_approver=True)


# --- the standard profiles

FIRST = "296b22b8405c5e76aa8c2add3cc533dabfb71fea17dc78284eeb4b0ecc43d625"
SECOND_ONE = "a20ca0c280331564fdbcad90d4fff2784ab79c7087d4d9274284224fd6cf2737"
ONWARD = {Verb.ASK_ONWARD, Verb.GRANT_ONWARD, Verb.REFUSE_ONWARD, Verb.FORWARD, Verb.REVOKE_GRANT}
ROWS = [(table.family, verb) for table in TABLES.values() for verb in table.verbs]


def plain() -> Profile:
    """The profile before the standard one, which counts plain hours."""
    return load_profile(bytes.fromhex(SECOND_ONE))


def test_the_standard_profile_is_found_by_the_digest_of_its_bytes() -> None:
    data = resources.files("comity.workflow").joinpath("profiles", "standard-3.json").read_bytes()
    profile = standard_profile()
    assert profile.sha256 == hashlib.sha256(data).digest()
    assert load_profile(profile.sha256) is profile
    assert packaged_profiles()[profile.sha256].name == "standard-3"


def test_the_older_standard_profiles_stay_as_old_agreements_name_them_and_each_only_adds_to_the_one_before() -> None:
    first, second, third = load_profile(bytes.fromhex(FIRST)), plain(), standard_profile()
    assert {family for family, _ in first.spans} == {REFERRAL_FAMILY}
    assert {key: spans for key, spans in second.spans.items() if key in first.spans} == first.spans
    assert {family for family, _ in second.spans} == {REFERRAL_FAMILY, Family.WATCHLIST}
    assert set(second.spans) < set(third.spans)
    assert set(third.spans) - set(second.spans) >= {(REFERRAL_FAMILY, verb) for verb in ONWARD}
    assert refusal(lambda: first.deadlines_for(Family.WATCHLIST, Verb.OFFER, ROUTINE, T0)) == (
        Reason.FAMILY_NOT_OFFERED,
        {"verb": "OFFER"},
    )


def test_the_standard_profile_covers_every_verb_of_every_family() -> None:
    assert set(standard_profile().spans) == set(ROWS)


@pytest.mark.parametrize(("precedence", "span"), [(ROUTINE, DAY), (URGENT, 4 * HOUR), (FLASH, HOUR)])
def test_a_challenge_was_to_be_answered_in_a_day_four_hours_or_one_and_nothing_else_of_a_watchlist(
    precedence: Precedence, span: int
) -> None:
    for verb in WATCHLIST.verbs:
        deadlines = plain().deadlines_for(Family.WATCHLIST, verb, precedence, T0)
        assert deadlines.respond_by == (T0 + span if verb is Verb.CHALLENGE else None), verb


def test_a_profile_that_does_not_come_with_this_version_is_not_found() -> None:
    assert refusal(lambda: load_profile(bytes(32))) == (Reason.NOT_FOUND, {"sha256": "00" * 32})


@pytest.mark.parametrize(
    ("family", "verb", "spans"),
    [
        (REFERRAL_FAMILY, Verb.REFER, (4 * HOUR, 15 * MINUTE)),
        (Family.FREEZE, Verb.REQUEST, (HOUR, 5 * MINUTE)),
        (Family.FREEZE, Verb.ACKNOWLEDGE, (8 * HOUR, 8 * HOUR)),
        (Family.ASSISTANCE, Verb.ACKNOWLEDGE, (8 * HOUR, 2 * HOUR)),
        (Family.ASSISTANCE, Verb.REPLY, (90 * DAY, 90 * DAY)),
    ],
)
def test_what_is_urgent_counts_plain_hours(family: Family, verb: Verb, spans: tuple[int, int]) -> None:
    for precedence, span in zip((URGENT, FLASH), spans, strict=True):
        for side in ("", "HK", "GB"):
            found = standard_profile().deadlines_for(family, verb, precedence, T0, T0, answering=side, own=side)
            assert found.respond_by == T0 + span


def test_a_hold_lapses_after_an_hour_a_day_when_confirmed_and_three_when_completed_from_the_opening_on() -> None:
    opened = T0 - 30 * MINUTE
    for verb, span in ((Verb.REQUEST_PROVISIONAL, HOUR), (Verb.CONFIRM, DAY), (Verb.COMPLETE, 3 * DAY)):
        assert standard_profile().deadlines_for(Family.FREEZE, verb, FLASH, T0, opened).lapses_at == opened + span
    notice = standard_profile().deadlines_for(Family.ASSISTANCE, Verb.ORAL_NOTICE, URGENT, T0)
    assert notice.lapses_at == T0 + DAY


def test_an_extension_counts_from_itself_and_not_from_the_opening() -> None:
    found = standard_profile().deadlines_for(Family.FREEZE, Verb.EXTEND, ROUTINE, T0, T0 - 300 * DAY)
    assert found.lapses_at == T0 + 366 * DAY


def test_what_is_agreed_about_an_instrument_is_found_by_its_name() -> None:
    standard = standard_profile()
    assert standard.instrument("RESTRAINT_ORDER") == Instrument(binding=True, max_days=1830, extendable=True)
    for name in ("VOLUNTARY_HOLD", "LETTER_OF_NO_CONSENT", "STOP_PAYMENT"):
        found = standard.instrument(name)
        assert found is not None
        assert not found.binding
    assert standard.instrument("GOODWILL") is None
    assert plain().instrument("RESTRAINT_ORDER") is None


@pytest.mark.parametrize("precedence", Precedence)
def test_what_the_standard_profile_proposes_the_protocol_and_the_profile_accept(precedence: Precedence) -> None:
    profile = standard_profile()
    for family, verb in ROWS:
        deadlines = profile.deadlines_for(family, verb, precedence, T0, answering="GB", own="HK")
        due = {rule.answer_due for rule in TABLES[family].rules if rule.verb is verb}
        assert (deadlines.respond_by is not None) in due
        check(
            precedence=precedence,
            deliver_by=deadlines.deliver_by,
            respond_by=deadlines.respond_by,
            lapses_at=deadlines.lapses_at,
        )
        profile.check_deadlines(family, verb, precedence, deadlines, created=T0, answering="GB", own="HK")


def test_nobody_is_made_overdue_sooner_than_agreed_and_later_is_the_senders_choice() -> None:
    profile = plain()
    agreed = profile.deadlines_for(REFERRAL_FAMILY, Verb.REFER, ROUTINE, T0)
    limit = T0 + DAY

    def check_respond_by(respond_by: int | None) -> None:
        given = agreed._replace(respond_by=respond_by)
        profile.check_deadlines(REFERRAL_FAMILY, Verb.REFER, ROUTINE, given, created=T0)

    check_respond_by(limit + DAY)
    assert refusal(lambda: check_respond_by(limit - 1)) == (Reason.BAD_TIMES, {"limit": str(limit)})
    assert refusal(lambda: check_respond_by(None)) == (Reason.BAD_TIMES, {})


@pytest.mark.parametrize("extra", [{"respond_by": T0 + DAY}, {"lapses_at": T0 + DAY}])
def test_an_answer_or_a_lapse_that_the_profile_does_not_have_is_refused(extra: dict[str, int]) -> None:
    profile = plain()
    deadlines = Deadlines(T0 + DAY, extra.get("respond_by"), extra.get("lapses_at"))
    with pytest.raises(RefusedError) as caught:
        profile.check_deadlines(REFERRAL_FAMILY, Verb.CLOSE, ROUTINE, deadlines, created=T0)
    assert caught.value.reason is Reason.BAD_TIMES


def test_a_verb_that_the_profile_does_not_cover_is_not_offered() -> None:
    for family, verb in ((Family.FREEZE, Verb.REQUEST), (REFERRAL_FAMILY, Verb.ASK_ONWARD)):
        with pytest.raises(RefusedError) as caught:
            plain().deadlines_for(family, verb, ROUTINE, T0)
        assert (caught.value.reason, caught.value.metadata) == (Reason.FAMILY_NOT_OFFERED, {"verb": verb.name})


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.ACCEPT])
def test_nobody_gives_itself_longer_than_agreed_and_sooner_is_its_own_choice(verb: Verb) -> None:
    profile = standard_profile()
    agreed = profile.deadlines_for(Family.FREEZE, verb, URGENT, T0, T0, answering="GB", own="HK")
    limit = T0 + 8 * HOUR
    assert agreed.respond_by == limit

    def check_respond_by(respond_by: int | None) -> None:
        given = agreed._replace(respond_by=respond_by)
        profile.check_deadlines(Family.FREEZE, verb, URGENT, given, created=T0, opened=T0, answering="GB", own="HK")

    check_respond_by(T0 + 1)
    assert refusal(lambda: check_respond_by(limit + 1)) == (Reason.BAD_TIMES, {"limit": str(limit)})
    assert refusal(lambda: check_respond_by(None)) == (Reason.BAD_TIMES, {})


def test_reminders_come_at_50_80_and_95_percent() -> None:
    assert standard_profile().reminders(T0, T0 + 100 * MINUTE) == (
        T0 + 50 * MINUTE,
        T0 + 80 * MINUTE,
        T0 + 95 * MINUTE,
    )


def test_a_lapse_may_be_sooner_than_agreed_but_not_later() -> None:
    profile, opened = standard_profile(), T0 - 10 * MINUTE
    first = profile.deadlines_for(Family.FREEZE, Verb.CONFIRM, FLASH, T0, opened)
    assert first.lapses_at == opened + DAY

    def check_lapse(lapses_at: int | None) -> None:
        given = first._replace(lapses_at=lapses_at)
        profile.check_deadlines(Family.FREEZE, Verb.CONFIRM, FLASH, given, created=T0, opened=opened)

    check_lapse(None)  # whether it must stand there is for the table to say
    check_lapse(opened + DAY - 1)
    check_lapse(opened + DAY)
    assert refusal(lambda: check_lapse(opened + DAY + 1))[0] is Reason.BAD_TIMES
