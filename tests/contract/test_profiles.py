"""Deadline profiles as files: strict in both versions, found by the digest of their bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from importlib import resources
from types import MappingProxyType
from typing import Any

import pytest
from comity.errors import MalformedError, Reason, RefusedError
from comity.workflow.clocks import Deadlines, Instrument, WorkingDays
from comity.workflow.families import TABLES
from comity.workflow.profiles import know_profiles, load_profile, packaged_profiles, parse_profile
from comity.workflow.referral import REFERRAL
from comity.workflow.tables import Presence
from comity.workflow.terms import Family, Precedence, Verb
from hypothesis import given
from hypothesis import strategies as st

SECOND, DAY = 1_000, 86_400_000
T0 = 1_800_000_000_000
FLASH = Precedence.FLASH
REFERRAL_FAMILY = Family.REFERRAL
LAPSING = MappingProxyType(
    {
        **TABLES,
        Family.REFERRAL: replace(
            REFERRAL,
            rules=(replace(REFERRAL.rules[0], lapses=Presence.REQUIRED), *REFERRAL.rules[1:]),
        ),
    }
)


def packaged(name: str) -> dict[str, Any]:
    text = resources.files("comity.workflow").joinpath("profiles", f"{name}.json").read_text("utf-8")
    return dict(json.loads(text))


def standard() -> dict[str, Any]:
    return packaged("standard-1")


def changed(change: Callable[[dict[str, Any]], object], name: str = "standard-1") -> bytes:
    document = deepcopy(packaged(name))
    change(document)
    return json.dumps(document).encode()


def verb_of(document: dict[str, Any], verb: str) -> dict[str, Any]:
    entry: dict[str, Any] = document["families"]["REFERRAL"][verb]
    return entry


SPANS = {"ROUTINE": 1, "URGENT": 1, "FLASH": 1}
BAD: dict[str, Callable[[dict[str, Any]], object]] = {
    "a field too many": lambda d: d.update(more=1),
    "a field too few": lambda d: d.pop("name"),
    "another version": lambda d: d.update(version=3),
    "fields of the next version": lambda d: d.update(version=2),
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
    "a verb that is younger": lambda d: d["families"]["REFERRAL"].update(ASK_ONWARD=verb_of(d, "CLOSE")),
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


def test_a_profile_of_the_first_version_may_lapse_too() -> None:
    def lapse(document: dict[str, Any]) -> None:
        verb_of(document, "REFER")["lapse_after_seconds"] = {"ROUTINE": 60, "URGENT": 60, "FLASH": 30}

    profile = parse_profile(changed(lapse), LAPSING)
    found = profile.deadlines_for(REFERRAL_FAMILY, Verb.REFER, FLASH, T0 + 10 * SECOND, opened=T0)
    assert found.lapses_at == T0 + 30 * SECOND


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


# --- version 2


def freeze_of(document: dict[str, Any], verb: str) -> dict[str, Any]:
    entry: dict[str, Any] = document["families"]["FREEZE"][verb]
    return entry


LAPSE = {"from": "opening", "ROUTINE": 1, "URGENT": 1, "FLASH": 1}
DAYS = {"working_days": 1, "by": "answering"}
BAD_2: dict[str, Callable[[dict[str, Any]], object]] = {
    "no calendars": lambda d: d.pop("calendars"),
    "no instruments": lambda d: d.pop("instruments"),
    "the version before": lambda d: d.update(version=1),
    "no default calendar": lambda d: d["calendars"].pop("default"),
    "calendars that are no object": lambda d: d.update(calendars=[]),
    "a calendar of three letters": lambda d: d["calendars"].update(HKG=d["calendars"]["HK"]),
    "a calendar of small letters": lambda d: d["calendars"].update(hk=d["calendars"]["HK"]),
    "65 calendars": lambda d: d["calendars"].update({f"A{chr(65 + n // 8)}{n}": {} for n in range(65)}),
    "a calendar that is none": lambda d: d["calendars"].update(FR={}),
    "instruments that are no object": lambda d: d.update(instruments=[]),
    "an instrument without a limit": lambda d: d["instruments"]["INJUNCTION"].pop("max_days"),
    "an instrument of no day": lambda d: d["instruments"]["INJUNCTION"].update(max_days=0),
    "an instrument of eleven years": lambda d: d["instruments"]["INJUNCTION"].update(max_days=3661),
    "an instrument that binds 1": lambda d: d["instruments"]["INJUNCTION"].update(binding=1),
    "an instrument that extends null": lambda d: d["instruments"]["INJUNCTION"].update(extendable=None),
    "an instrument in small letters": lambda d: d["instruments"].update(injunction=d["instruments"]["INJUNCTION"]),
    "a verb too few": lambda d: d["families"]["FREEZE"].pop("VARY"),
    "an onward verb too few": lambda d: d["families"]["REFERRAL"].pop("FORWARD"),
    "no working day": lambda d: freeze_of(d, "REQUEST")["respond_within"].update(ROUTINE=DAYS | {"working_days": 0}),
    "251 of them": lambda d: freeze_of(d, "REQUEST")["respond_within"].update(ROUTINE=DAYS | {"working_days": 251}),
    "days of nobody": lambda d: freeze_of(d, "REQUEST")["respond_within"].update(ROUTINE={"working_days": 1}),
    "days of the asker": lambda d: freeze_of(d, "REQUEST")["respond_within"].update(ROUTINE=DAYS | {"by": "asking"}),
    "delivery in working days": lambda d: freeze_of(d, "REQUEST")["deliver_within"].update(ROUTINE=DAYS),
    "a lapse in working days": lambda d: freeze_of(d, "REQUEST")["lapse_after"].update(ROUTINE=DAYS),
    "a lapse from nowhere": lambda d: freeze_of(d, "CONFIRM")["lapse_after"].pop("from"),
    "a lapse from yesterday": lambda d: freeze_of(d, "CONFIRM")["lapse_after"].update({"from": "yesterday"}),
    "a lapse of eleven years": lambda d: freeze_of(d, "CONFIRM")["lapse_after"].update(FLASH=3661 * 86_400),
    "a lapse that is a number": lambda d: freeze_of(d, "CONFIRM").update(lapse_after=60),
    "no lapse where one must be": lambda d: freeze_of(d, "CONFIRM").update(lapse_after=None),
    "a lapse where none can be": lambda d: freeze_of(d, "VARY").update(lapse_after=LAPSE),
    "no own answer where one is due": lambda d: freeze_of(d, "ACCEPT").update(respond_within=None),
}


@pytest.mark.parametrize("name", BAD_2)
def test_a_profile_of_the_second_version_that_is_not_exactly_right_is_refused(name: str) -> None:
    parse_profile(changed(lambda d: None, "standard-3"))
    with pytest.raises(MalformedError):
        parse_profile(changed(BAD_2[name], "standard-3"))


def test_the_greatest_values_of_the_second_version_are_accepted() -> None:
    def widen(document: dict[str, Any]) -> None:
        freeze_of(document, "REQUEST")["respond_within"].update(ROUTINE=DAYS | {"working_days": 250})
        freeze_of(document, "REQUEST")["lapse_after"].update(ROUTINE=3660 * 86_400)
        document["instruments"] = {"INJUNCTION": {"binding": False, "max_days": 3660, "extendable": False}}

    profile = parse_profile(changed(widen, "standard-3"))
    spans = profile.spans_of(Family.FREEZE, Verb.REQUEST)
    assert spans.respond is not None
    assert spans.respond[Precedence.ROUTINE] == WorkingDays(250)
    assert profile.instrument("INJUNCTION") == Instrument(binding=False, max_days=3660, extendable=False)


def test_a_profile_may_cover_one_family_and_leave_out_what_is_optional() -> None:
    def narrow(document: dict[str, Any]) -> None:
        document["families"] = {"FREEZE": document["families"]["FREEZE"]}
        freeze_of(document, "REQUEST")["lapse_after"] = None
        document["instruments"] = {}

    profile = parse_profile(changed(narrow, "standard-3"))
    assert {family for family, _ in profile.spans} == {Family.FREEZE}
    assert profile.deadlines_for(Family.FREEZE, Verb.REQUEST, FLASH, T0).lapses_at is None


# --- files of a configured folder


def test_a_profile_that_was_made_known_is_found_by_its_digest_and_a_packaged_one_stays() -> None:
    data = changed(lambda d: d.update(name="of-our-own"), "standard-3")
    unknown = parse_profile(data).sha256
    with pytest.raises(RefusedError) as caught:
        load_profile(unknown)
    assert caught.value.reason is Reason.NOT_FOUND
    (made,) = know_profiles([data])
    assert load_profile(unknown) is made
    assert unknown not in packaged_profiles()
    for sha256, profile in packaged_profiles().items():
        assert load_profile(sha256) is profile


def test_of_files_of_which_one_is_no_profile_none_is_known() -> None:
    data = changed(lambda d: d.update(name="in-bad-company"), "standard-3")
    with pytest.raises(MalformedError):
        know_profiles([data, b"{}"])
    with pytest.raises(RefusedError):
        load_profile(parse_profile(data).sha256)
