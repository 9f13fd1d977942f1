"""The protocol's limits on times, and the deadline profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from importlib import resources
from types import MappingProxyType
from typing import Any

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.clocks import (
    Deadlines,
    check_times,
    load_profile,
    packaged_profiles,
    parse_profile,
    standard_profile,
)
from comity.workflow.families import TABLES
from comity.workflow.referral import REFERRAL
from comity.workflow.tables import Presence
from comity.workflow.terms import Family, Precedence, Verb
from comity.workflow.watchlist import WATCHLIST
from hypothesis import given
from hypothesis import strategies as st

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


def test_the_standard_profile_is_found_by_the_digest_of_its_bytes() -> None:
    data = resources.files("comity.workflow").joinpath("profiles", "standard-2.json").read_bytes()
    profile = standard_profile()
    assert profile.sha256 == hashlib.sha256(data).digest()
    assert load_profile(profile.sha256) is profile
    assert packaged_profiles()[profile.sha256].name == "standard-2"


def test_the_first_standard_profile_stays_as_old_agreements_name_it_and_the_second_only_adds_to_it() -> None:
    old = load_profile(bytes.fromhex("296b22b8405c5e76aa8c2add3cc533dabfb71fea17dc78284eeb4b0ecc43d625"))
    new = standard_profile()
    assert {family for family, _ in old.spans} == {REFERRAL_FAMILY}
    assert {key: spans for key, spans in new.spans.items() if key in old.spans} == old.spans
    assert {family for family, _ in new.spans} == {REFERRAL_FAMILY, Family.WATCHLIST}
    assert refusal(lambda: old.deadlines_for(Family.WATCHLIST, Verb.OFFER, ROUTINE, T0)) == (
        Reason.FAMILY_NOT_OFFERED,
        {"verb": "OFFER"},
    )


@pytest.mark.parametrize(("precedence", "span"), [(ROUTINE, DAY), (URGENT, 4 * HOUR), (FLASH, HOUR)])
def test_a_challenge_is_to_be_answered_in_a_day_four_hours_or_one_and_nothing_else_of_a_watchlist_is(
    precedence: Precedence, span: int
) -> None:
    profile = standard_profile()
    for verb in WATCHLIST.verbs:
        deadlines = profile.deadlines_for(Family.WATCHLIST, verb, precedence, T0)
        assert deadlines.respond_by == (T0 + span if verb is Verb.CHALLENGE else None), verb
        check(
            precedence=precedence,
            deliver_by=deadlines.deliver_by,
            respond_by=deadlines.respond_by,
            lapses_at=deadlines.lapses_at,
        )


def test_a_profile_that_does_not_come_with_this_version_is_not_found() -> None:
    assert refusal(lambda: load_profile(bytes(32))) == (Reason.NOT_FOUND, {"sha256": "00" * 32})


@pytest.mark.parametrize(("precedence", "span"), [(ROUTINE, DAY), (URGENT, 4 * HOUR), (FLASH, 15 * MINUTE)])
def test_a_referral_is_to_be_acknowledged_in_a_day_four_hours_or_fifteen_minutes(
    precedence: Precedence, span: int
) -> None:
    deadlines = standard_profile().deadlines_for(REFERRAL_FAMILY, Verb.REFER, precedence, T0)
    assert deadlines.respond_by == T0 + span
    assert deadlines.lapses_at is None


@pytest.mark.parametrize("precedence", Precedence)
@pytest.mark.parametrize("rule", REFERRAL.rules, ids=lambda rule: rule.verb.name)
def test_what_the_standard_profile_proposes_the_protocol_accepts(rule: Any, precedence: Precedence) -> None:
    profile = standard_profile()
    deadlines = profile.deadlines_for(REFERRAL_FAMILY, rule.verb, precedence, T0)
    assert (deadlines.respond_by is not None) == rule.answer_due
    check(
        precedence=precedence,
        deliver_by=deadlines.deliver_by,
        respond_by=deadlines.respond_by,
        lapses_at=deadlines.lapses_at,
    )
    profile.check_deadlines(REFERRAL_FAMILY, rule.verb, precedence, deadlines, created=T0)


def test_nobody_is_made_overdue_sooner_than_agreed_and_later_is_the_senders_choice() -> None:
    profile = standard_profile()
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
    profile = standard_profile()
    deadlines = Deadlines(T0 + DAY, extra.get("respond_by"), extra.get("lapses_at"))
    with pytest.raises(RefusedError) as caught:
        profile.check_deadlines(REFERRAL_FAMILY, Verb.CLOSE, ROUTINE, deadlines, created=T0)
    assert caught.value.reason is Reason.BAD_TIMES


def test_a_verb_that_the_profile_does_not_cover_is_not_offered() -> None:
    step = lambda: standard_profile().deadlines_for(Family.FREEZE, Verb.REQUEST, ROUTINE, T0)  # noqa: E731 # one use
    assert refusal(step) == (Reason.FAMILY_NOT_OFFERED, {"verb": "REQUEST"})


def test_reminders_come_at_50_80_and_95_percent() -> None:
    assert standard_profile().reminders(T0, T0 + 100 * MINUTE) == (
        T0 + 50 * MINUTE,
        T0 + 80 * MINUTE,
        T0 + 95 * MINUTE,
    )


# --- lapses, which referrals do not have

LAPSING = MappingProxyType(
    {
        **TABLES,
        Family.REFERRAL: replace(
            REFERRAL,
            rules=(replace(REFERRAL.rules[0], lapses=Presence.REQUIRED), *REFERRAL.rules[1:]),
        ),
    }
)


def standard() -> dict[str, Any]:
    text = resources.files("comity.workflow").joinpath("profiles", "standard-1.json").read_text("utf-8")
    return dict(json.loads(text))


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = deepcopy(standard())
    change(document)
    return json.dumps(document).encode()


def lapse(document: dict[str, Any]) -> None:
    document["families"]["REFERRAL"]["REFER"]["lapse_after_seconds"] = {"ROUTINE": 60, "URGENT": 60, "FLASH": 30}


def test_a_lapse_counts_from_the_opening_and_may_be_sooner_but_not_later() -> None:
    profile = parse_profile(changed(lapse), LAPSING)
    first = profile.deadlines_for(REFERRAL_FAMILY, Verb.REFER, FLASH, T0)
    assert first.lapses_at == T0 + 30 * SECOND
    later = profile.deadlines_for(REFERRAL_FAMILY, Verb.REFER, FLASH, T0 + 10 * SECOND, opened=T0)
    assert later.lapses_at == T0 + 30 * SECOND

    def check_lapse(lapses_at: int) -> None:
        given = first._replace(lapses_at=lapses_at)
        profile.check_deadlines(REFERRAL_FAMILY, Verb.REFER, FLASH, given, created=T0, opened=T0)

    check_lapse(T0 + 29 * SECOND)
    check_lapse(T0 + 30 * SECOND)
    assert refusal(lambda: check_lapse(T0 + 30 * SECOND + 1))[0] is Reason.BAD_TIMES


# --- the file


def verb_of(document: dict[str, Any], verb: str) -> dict[str, Any]:
    entry: dict[str, Any] = document["families"]["REFERRAL"][verb]
    return entry


SPANS = {"ROUTINE": 1, "URGENT": 1, "FLASH": 1}
BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "a field too many": lambda d: d.update(more=1),
    "a field too few": lambda d: d.pop("name"),
    "another version": lambda d: d.update(version=2),
    "a version that is true": lambda d: d.update(version=True),
    "an empty name": lambda d: d.update(name=""),
    "a name that is a number": lambda d: d.update(name=1),
    "a name that is not ASCII": lambda d: d.update(name="標準"),
    "a name with a control character": lambda d: d.update(name="a\nb"),
    "reminders that are no list": lambda d: d.update(reminders_percent=50),
    "a reminder at 0": lambda d: d.update(reminders_percent=[0, 50]),
    "a reminder at 100": lambda d: d.update(reminders_percent=[50, 100]),
    "a reminder that is true": lambda d: d.update(reminders_percent=[True]),
    "reminders out of order": lambda d: d.update(reminders_percent=[80, 50]),
    "a reminder twice": lambda d: d.update(reminders_percent=[50, 50]),
    "families that are no object": lambda d: d.update(families=[]),
    "a family that there is not": lambda d: d["families"].update(GOSSIP={}),
    "a family that is no object": lambda d: d["families"].update(REFERRAL=[]),
    "a verb too few": lambda d: d["families"]["REFERRAL"].pop("CLOSE"),
    "a verb too many": lambda d: d["families"]["REFERRAL"].update(PUBLISH=verb_of(d, "CLOSE")),
    "a span too few": lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].pop("FLASH"),
    "spans that are no object": lambda d: verb_of(d, "CLOSE").update(deliver_within_seconds=60),
    "no delivery": lambda d: verb_of(d, "CLOSE").update(deliver_within_seconds=None),
    "a span of 0": lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].update(FLASH=0),
    "a span with a fraction": lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].update(FLASH=1.5),
    "a span in words": lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].update(FLASH="60"),
    "delivery beyond 14 days": lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].update(FLASH=14 * 86_400 + 1),
    "an answer beyond a year": lambda d: verb_of(d, "REFER")["respond_within_seconds"].update(FLASH=366 * 86_400 + 1),
    "an answer where none is due": lambda d: verb_of(d, "CLOSE").update(respond_within_seconds=SPANS),
    "no answer where one is due": lambda d: verb_of(d, "REFER").update(respond_within_seconds=None),
    "a lapse where nothing lapses": lambda d: verb_of(d, "REFER").update(lapse_after_seconds=SPANS),
}


@pytest.mark.parametrize("name", BAD)
def test_a_profile_that_is_not_exactly_right_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        parse_profile(changed(BAD[name]))


def test_no_lapse_where_one_is_needed_is_refused() -> None:
    with pytest.raises(MalformedError, match="lapses"):
        parse_profile(json.dumps(standard()).encode(), LAPSING)


def test_the_smallest_span_is_a_second() -> None:
    profile = parse_profile(changed(lambda d: verb_of(d, "CLOSE")["deliver_within_seconds"].update(FLASH=1)))
    assert profile.deadlines_for(REFERRAL_FAMILY, Verb.CLOSE, FLASH, T0).deliver_by == T0 + SECOND


def test_the_greatest_spans_are_accepted() -> None:
    def widen(document: dict[str, Any]) -> None:
        verb_of(document, "REFER")["deliver_within_seconds"].update(FLASH=14 * 86_400)
        verb_of(document, "REFER")["respond_within_seconds"].update(FLASH=366 * 86_400)
        document["reminders_percent"] = [1, 99]

    deadlines = parse_profile(changed(widen)).deadlines_for(REFERRAL_FAMILY, Verb.REFER, FLASH, T0)
    assert deadlines == Deadlines(T0 + 14 * DAY, T0 + 366 * DAY, None)


def test_another_version_is_told_apart() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_profile(changed(BAD["another version"]))
    assert caught.value.reason is Reason.UNSUPPORTED_VERSION


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"null",
        b"[" * 60_000,
        b'{"version": 1, "version": 1}',
        b"9" * 5_000,
        b'{"version": NaN}',
    ],
)
def test_bytes_that_are_no_profile_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_profile(data)


def test_a_profile_larger_than_64_kib_is_refused_before_it_is_read() -> None:
    text = json.dumps(standard())
    parse_profile(text.ljust(64 << 10).encode())
    with pytest.raises(MalformedError) as caught:
        parse_profile(text.ljust((64 << 10) + 1).encode())
    assert caught.value.reason is Reason.TOO_LARGE


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_random_bytes_raise_nothing_but_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_profile(data)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["version", "name", "reminders_percent", "families", "REFERRAL", "REFER"]), JSON_VALUES)
def test_a_profile_with_any_value_in_any_place_raises_nothing_but_malformed(place: str, value: object) -> None:
    document = standard()
    if place == "REFER":
        document["families"]["REFERRAL"]["REFER"] = value
    elif place == "REFERRAL":
        document["families"]["REFERRAL"] = value
    else:
        document[place] = value
    try:
        profile = parse_profile(json.dumps(document).encode())
    except MalformedError:
        return
    assert place in ("version", "name", "reminders_percent", "families")
    assert len(profile.sha256) == 32
