"""Handling: the most restrictive wins, whatever is merged with whatever in whatever order."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import IntEnum
from typing import Any

import pytest
from comity.errors import MalformedError
from comity.handling import (
    DEFAULT,
    EvidentialUse,
    Handling,
    HandlingCode,
    HandlingLoweredError,
    InformationGrade,
    Onward,
    PermittedAction,
    SourceGrade,
    Tlp,
    check_reply,
    lowered,
    may_forward,
    merge,
    merge_all,
    texts,
)
from comity.v1 import payload_pb2
from hypothesis import given
from hypothesis import strategies as st

AGENCIES = ("hkma", "ica", "police")
subsets = st.frozensets(st.sampled_from(["one", "two", "three"]))
dates = st.none() | st.integers(1, 5)


@st.composite
def handlings(draw: st.DrawFn) -> Handling:
    code = draw(st.sampled_from(HandlingCode))
    text = draw(subsets)
    return Handling(
        tlp=draw(st.sampled_from(Tlp)),
        code=code,
        code_texts=text or (frozenset({"one"}) if code is HandlingCode.H3 else text),
        source_grade=draw(st.sampled_from(SourceGrade)),
        information_grade=draw(st.sampled_from(InformationGrade)),
        permitted_action=draw(st.sampled_from(PermittedAction)),
        may_tell_affected=draw(st.booleans()),
        purposes=draw(subsets),
        legal_gateways=draw(subsets),
        evidential_use=draw(st.sampled_from(EvidentialUse)),
        onward=draw(st.sampled_from(Onward)),
        onward_agencies=draw(st.frozensets(st.sampled_from(AGENCIES))),
        retain_until=draw(dates),
        review_at=draw(dates),
        original_languages=draw(subsets),
        translators=draw(subsets),
    )


def test_numbers_and_names_equal_the_payloads_without_the_unspecified() -> None:
    pairs: list[tuple[type[IntEnum], Any, str, str]] = [
        (Tlp, payload_pb2.Tlp, "TLP_", ""),
        (HandlingCode, payload_pb2.HandlingCode, "HANDLING_CODE_", ""),
        (SourceGrade, payload_pb2.SourceGrade, "SOURCE_GRADE_", ""),
        (InformationGrade, payload_pb2.InformationGrade, "INFORMATION_GRADE_", "G"),
        (PermittedAction, payload_pb2.PermittedAction, "PERMITTED_ACTION_", ""),
        (EvidentialUse, payload_pb2.EvidentialUse, "EVIDENTIAL_USE_", ""),
        (Onward, payload_pb2.Onward, "ONWARD_", ""),
    ]
    for ours, theirs, prefix, letter in pairs:
        expected = {letter + v.name.removeprefix(prefix): v.number for v in theirs.DESCRIPTOR.values if v.number}
        assert {member.name: member.value for member in ours} == expected
        with pytest.raises(ValueError, match="0 is not a valid"):
            ours(0)


def test_every_field_of_the_payloads_handling_is_carried() -> None:
    ours = {name for name in dir(Handling) if not name.startswith("_")}
    assert {field.name for field in payload_pb2.Handling.DESCRIPTOR.fields} <= ours


# --- the lattice


@given(handlings(), handlings())
def test_a_merge_does_not_depend_on_the_order(a: Handling, b: Handling) -> None:
    assert merge(a, b) == merge(b, a)


@given(handlings(), handlings(), handlings())
def test_a_merge_does_not_depend_on_the_grouping(a: Handling, b: Handling, c: Handling) -> None:
    assert merge(a, merge(b, c)) == merge(merge(a, b), c) == merge_all(a, (b, c))


@given(handlings())
def test_a_merge_with_itself_changes_nothing(a: Handling) -> None:
    assert merge(a, a) == a
    assert merge_all(a, ()) == a


@given(handlings(), handlings(), handlings())
def test_a_stricter_part_never_makes_a_looser_whole(a: Handling, b: Handling, c: Handling) -> None:
    stricter = merge(a, b)
    assert lowered(merge(a, c), merge(stricter, c)) == ()
    assert merge(merge(stricter, c), merge(a, c)) == merge(stricter, c)


@given(handlings(), handlings())
def test_a_merge_is_at_least_as_strict_as_either_part(a: Handling, b: Handling) -> None:
    whole = merge(a, b)
    assert whole.tlp >= max(a.tlp, b.tlp)
    assert whole.code >= max(a.code, b.code)
    assert whole.code_texts >= a.code_texts | b.code_texts
    assert whole.source_grade >= max(a.source_grade, b.source_grade)
    assert whole.information_grade >= max(a.information_grade, b.information_grade)
    assert whole.permitted_action <= min(a.permitted_action, b.permitted_action)
    assert whole.may_tell_affected <= min(a.may_tell_affected, b.may_tell_affected)
    assert whole.purposes <= a.purposes & b.purposes
    assert whole.legal_gateways >= a.legal_gateways | b.legal_gateways
    assert whole.evidential_use <= min(a.evidential_use, b.evidential_use)
    assert whole.onward <= min(a.onward, b.onward)
    for part in (a, b):
        if part.retain_until is not None:
            assert whole.retain_until is not None
            assert whole.retain_until <= part.retain_until
        if part.review_at is not None:
            assert whole.review_at is not None
            assert whole.review_at <= part.review_at
    assert whole.original_languages == a.original_languages | b.original_languages
    assert whole.translators == a.translators | b.translators


@given(handlings(), handlings(), st.sampled_from(AGENCIES), st.booleans())
def test_what_may_not_be_forwarded_may_not_be_forwarded_as_a_part_of_something(
    a: Handling, b: Handling, agency: str, granted: bool
) -> None:
    both = may_forward(a, agency, granted=granted) and may_forward(b, agency, granted=granted)
    assert both or not may_forward(merge(a, b), agency, granted=granted)


@pytest.mark.parametrize("other", [HandlingCode.H2, HandlingCode.H3])
def test_not_in_court_survives_a_merge_into_a_higher_code(other: HandlingCode) -> None:
    a = Handling(code=HandlingCode.H1, evidential_use=EvidentialUse.CERTIFIED)
    b = Handling(
        code=other,
        code_texts=frozenset({"ask first"}) if other is HandlingCode.H3 else frozenset(),
        evidential_use=EvidentialUse.CERTIFIED,
    )
    whole = merge(a, b)
    assert (whole.code, whole.evidential_use) == (other, EvidentialUse.INTELLIGENCE_ONLY)


def test_amber_strict_is_above_amber() -> None:
    assert merge(Handling(tlp=Tlp.AMBER), Handling(tlp=Tlp.AMBER_STRICT)).tlp is Tlp.AMBER_STRICT


# --- one handling by itself


def test_the_defaults_are_restrictive() -> None:
    assert (
        Handling(
            tlp=Tlp.AMBER_STRICT,
            code=HandlingCode.H0,
            source_grade=SourceGrade.X,
            information_grade=InformationGrade.G4,
            permitted_action=PermittedAction.NONE,
            may_tell_affected=False,
            evidential_use=EvidentialUse.INTELLIGENCE_ONLY,
            onward=Onward.ASK,
        )
        == DEFAULT
    )
    assert not may_forward(DEFAULT, "hkma")


def test_h1_makes_it_intelligence_only() -> None:
    h = Handling(code=HandlingCode.H1, evidential_use=EvidentialUse.CERTIFIED)
    assert h.evidential_use is EvidentialUse.INTELLIGENCE_ONLY


def test_h2_forbids_to_pass_it_on_even_to_those_listed() -> None:
    h = Handling(code=HandlingCode.H2, onward=Onward.LISTED, onward_agencies=frozenset({"hkma"}))
    assert (h.onward, h.onward_agencies) == (Onward.FORBIDDEN, frozenset())


def test_h0_leaves_evidence_and_onward_as_they_were_said() -> None:
    h = Handling(evidential_use=EvidentialUse.CERTIFIED, onward=Onward.FREE)
    assert (h.evidential_use, h.onward) == (EvidentialUse.CERTIFIED, Onward.FREE)


def test_h3_and_its_text_stand_together() -> None:
    assert Handling(code_texts=frozenset({"ask first"})).code is HandlingCode.H3
    with pytest.raises(MalformedError):
        Handling(code=HandlingCode.H3)


def test_a_list_of_nobody_is_ask_and_a_list_beside_another_rule_is_dropped() -> None:
    assert Handling(onward=Onward.LISTED).onward is Onward.ASK
    assert Handling(onward=Onward.FREE, onward_agencies=frozenset({"hkma"})).onward_agencies == frozenset()
    a = Handling(onward=Onward.LISTED, onward_agencies=frozenset({"hkma"}))
    b = Handling(onward=Onward.LISTED, onward_agencies=frozenset({"ica"}))
    assert merge(a, b).onward is Onward.ASK


# --- texts on the wire


def test_texts_of_a_merge_travel_as_one_and_come_back_as_the_same_clauses() -> None:
    h = Handling(
        code_texts=frozenset({"b", "a"}),
        legal_gateways=frozenset({"SFO s.378(3)", "MoU 4"}),
        translators=frozenset({"T"}),
    )
    assert (h.code_text, h.legal_gateway, h.translator) == ("a | b", "MoU 4 | SFO s.378(3)", "T")
    assert texts(h.code_text) == h.code_texts
    assert texts("") == frozenset()
    assert DEFAULT.code_text == ""


@pytest.mark.parametrize(("tags", "wire"), [((), ""), (("en",), "en"), (("en", "zh-Hant"), "mul")])
def test_several_languages_travel_as_multiple(tags: tuple[str, ...], wire: str) -> None:
    assert Handling(original_languages=frozenset(tags)).original_language == wire


# --- replies


@given(handlings(), handlings())
def test_a_reply_that_was_merged_with_the_original_is_accepted(original: Handling, own: Handling) -> None:
    check_reply(original, merge(original, own))


LOOSE = Handling(
    tlp=Tlp.CLEAR,
    permitted_action=PermittedAction.EXTERNAL_DIRECT,
    may_tell_affected=True,
    purposes=frozenset({"one", "two"}),
    evidential_use=EvidentialUse.CERTIFIED,
    onward=Onward.FREE,
)
STRICTER: dict[str, Handling] = {
    "tlp": replace(LOOSE, tlp=Tlp.GREEN),
    "permitted_action": replace(LOOSE, permitted_action=PermittedAction.EXTERNAL_INDIRECT),
    "may_tell_affected": replace(LOOSE, may_tell_affected=False),
    "purposes": replace(LOOSE, purposes=frozenset({"one"})),
    "legal_gateways": replace(LOOSE, legal_gateways=frozenset({"MoU 4"})),
    "evidential_use": replace(LOOSE, evidential_use=EvidentialUse.WITH_CONSENT),
    "onward": replace(LOOSE, onward=Onward.ASK),
    "onward,onward_agencies": replace(LOOSE, onward=Onward.LISTED, onward_agencies=frozenset({"hkma"})),
    "retain_until": replace(LOOSE, retain_until=5),
    "review_at": replace(LOOSE, review_at=5),
    "code,code_texts": replace(LOOSE, code_texts=frozenset({"ask first"})),
    "code,evidential_use": replace(LOOSE, code=HandlingCode.H1),
    "code,onward": replace(LOOSE, code=HandlingCode.H2),
}


@pytest.mark.parametrize("names", STRICTER)
def test_a_reply_that_permits_more_in_one_field_is_refused_and_names_it(names: str) -> None:
    with pytest.raises(HandlingLoweredError) as caught:
        check_reply(STRICTER[names], LOOSE)
    assert caught.value.fields == tuple(names.split(","))
    assert names.replace(",", ", ") in caught.value.diagnostics()


@pytest.mark.parametrize("names", STRICTER)
def test_a_reply_may_permit_less(names: str) -> None:
    check_reply(LOOSE, STRICTER[names])


def test_a_later_date_in_a_reply_is_refused() -> None:
    early, late = replace(LOOSE, retain_until=5, review_at=3), replace(LOOSE, retain_until=6, review_at=4)
    assert lowered(early, late) == ("retain_until", "review_at")
    assert lowered(late, early) == ()


def test_grades_and_languages_of_a_reply_are_its_own() -> None:
    graded = replace(LOOSE, source_grade=SourceGrade.A, information_grade=InformationGrade.G1)
    spoken = replace(graded, original_languages=frozenset({"en"}), translators=frozenset({"T"}))
    assert lowered(LOOSE, graded) == lowered(spoken, LOOSE) == ()


def test_every_field_is_either_protective_or_describes_the_text() -> None:
    describing = {"source_grade", "information_grade", "original_languages", "translators"}
    found = {name for names in STRICTER for name in names.split(",")}
    assert {field.name for field in fields(Handling)} == found | describing


# --- passing on

LISTED = {"onward": Onward.LISTED, "onward_agencies": frozenset({"hkma"})}


@pytest.mark.parametrize(
    ("changes", "without", "with_grant"),
    [
        ({"onward": Onward.FREE}, True, True),
        ({"onward": Onward.FREE, "tlp": Tlp.AMBER}, True, True),
        ({"onward": Onward.FREE, "tlp": Tlp.AMBER_STRICT}, False, True),
        ({"onward": Onward.FREE, "tlp": Tlp.RED}, False, False),
        ({"onward": Onward.FREE, "code": HandlingCode.H2}, False, False),
        (LISTED, True, True),
        ({**LISTED, "onward_agencies": frozenset({"ica"})}, False, True),
        ({**LISTED, "tlp": Tlp.AMBER_STRICT}, False, True),
        ({"onward": Onward.ASK}, False, True),
        ({"onward": Onward.FORBIDDEN}, False, False),
    ],
)
def test_passing_on_needs_what_the_handling_says(changes: dict[str, Any], without: bool, with_grant: bool) -> None:
    handling = replace(LOOSE, **changes)
    assert may_forward(handling, "hkma") is without
    assert may_forward(handling, "hkma", granted=True) is with_grant
